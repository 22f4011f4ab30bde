/* Training replay: CartPole from stored states, the curve of its training, and each step's score and weight. */
import { add, animate, arrow, axes, clamp, explorable, fmt, hatch, html, path, range, redo, round, scale, stepKey, sum,
  svg, tex, text } from "./draw.js";

// ---- pure ----
const running = changes => { let total = 0; return changes.map(change => (total += change)); };
/* A stored episode: the cart in metres, the pole in degrees, whether each step went right, and 1 - pi(a). */
export const decode = ({ x, angle, score }) => ({
  length: x.length, x: running(x).map(v => v / 1000), angle: running(angle).map(v => v / 10),
  right: score.map(v => v > 0), doubt: score.map(v => (Math.abs(v) - 1) / 100),
});
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b), n = sorted.length;
  return (sorted[Math.floor((n - 1) / 2)] + sorted[Math.floor(n / 2)]) / 2;
}
/* The return of `left` steps that pay 1 each. */
export const toGo = (left, gamma) => (1 - gamma ** left) / (1 - gamma);
/* What the recipe takes off at each step, the mean return-to-go of the episodes that still run, and what it divides by:
   the root mean square of what is left. Each step pays 1, so the lengths say it all. */
export function compare(lengths, gamma) {
  const baseline = range(Math.max(...lengths)).map(t => {
    const alive = lengths.filter(n => n > t);
    return sum(alive.map(n => toGo(n - t, gamma))) / alive.length;
  });
  let squares = 0;
  for (const n of lengths) for (let t = 0; t < n; t++) squares += (toGo(n - t, gamma) - baseline[t]) ** 2;
  return { baseline, unit: Math.max(Math.sqrt(squares / sum(lengths)), 1e-8) };
}
export const weights = (length, { baseline, unit }, gamma) =>
  range(length).map(t => (toGo(length - t, gamma) - baseline[t]) / unit);
export const firstStanding = (checkpoints, level) => checkpoints.findIndex(c => median(c.lengths) >= level);

// ---- drawing ----
const LEVEL = 200, FULL = 500, PLACE = { shortest: 0, middle: 9, longest: 19 }, LEFT = 36, RIGHT = 12, MARGIN = 28;
const LIMIT = 12, TRACK = 2.4;                        // where an episode ends: degrees, metres
const ROWS = { film: 62, score: 152, weight: 262, bottom: 304 };
const STRONG = "pg-fig-policy pg-fig-strong", TICK = { class: "pg-fig-tick", "text-anchor": "middle" };

/* The cart with its pole, standing at `at`, `metre` pixels to the metre. */
function cart([px, py], angle, metre) {
  const w = 0.46 * metre, h = 0.24 * metre, rad = angle * Math.PI / 180, top = py - h, wheel = 0.07 * metre;
  const foot = top - wheel, tip = { x2: px + metre * Math.sin(rad), y2: foot - metre * Math.cos(rad) };
  return [
    svg("rect", { x: px - w / 2, y: foot, width: w, height: h, rx: 0.05 * metre, class: "pg-training-cart" }),
    [-0.3, 0.3].map(k => svg("circle", { cx: px + k * w, cy: py - wheel, r: wheel, class: "pg-training-wheel" })),
    svg("line", { x1: px, y1: foot, ...tip, class: "pg-training-pole", "stroke-width": Math.max(2, 0.08 * metre) }),
  ];
}
/* All steps as one path: bars with gaps, or one area where they would be too thin. */
function bars(values, x, y) {
  const wide = x(1) - x(0), gap = Math.max(0.5, (wide - 16) / 2), floor = y(0).toFixed(1);
  if (wide < 5) {
    const tops = values.map((v, t) => `V${y(v).toFixed(1)}H${x(t + 1).toFixed(2)}`).join("");
    return `M${x(0)} ${floor}${tops}V${floor}Z`;
  }
  const bar = (v, t) =>
    `M${(x(t) + gap).toFixed(1)} ${floor}V${y(v).toFixed(1)}H${(x(t + 1) - gap).toFixed(1)}V${floor}Z`;
  return values.map(bar).join("");
}
const halves = v => fmt(v, v % 1 ? 1 : 0);            // a median of whole numbers
const niceStep = length => [5, 10, 20, 50, 100].find(v => length / v <= 6);

/* chosen({ checkpoint, episode }): all that depends on the chosen episode alone. */
function library({ gamma, checkpoints }) {
  const memo = new Map();
  return ({ checkpoint, episode }) => {
    const key = `${checkpoint}:${episode}`;
    if (!memo.has(key)) {
      const { lengths, episodes } = checkpoints[checkpoint], film = decode(episodes[episode]);
      const reference = compare(lengths, gamma), psi = weights(film.length, reference, gamma);
      const most = Math.max(1.5, ...psi.map(Math.abs));
      memo.set(key, { key, lengths, film, reference, psi, middle: median(lengths), most });
    }
    return memo.get(key);
  };
}

/* Training: every run's curve, and the handle that goes to a checkpoint. */
function chartPlot(ui, data, train) {
  const last = data.checkpoints.length - 1;
  const plot = ui.plot({
    label: "Return against updates", height: () => 262,
    layout(plot, width) {
      const x = scale([0, last], [LEFT, width - RIGHT]), y = scale([0, FULL], [212, 28]);
      const line = values => values.map((v, k) => [x(k), y(v)]);
      Object.assign(plot, { x, y });
      axes(plot, { x, y, yticks: [100, 200, 300, 400, 500], xlabel: "updates",
        ylabel: "return: steps until it falls, at most 500" });
      add(plot.back,
        svg("path", { d: `${path([...line(data.high), ...line(data.low).reverse()])}Z`, class: "pg-training-band" }),
        data.returns.slice(1).map(run => svg("path", { d: path(line(run)), class: "pg-training-run" })),
        svg("path", { d: path(line(data.mean)), class: "pg-training-mean" }),
        svg("path", { d: path(line(data.returns[0])), class: "pg-training-curve" }),
        text(x(7.4), y(330), "this run", { class: "pg-fig-good pg-fig-strong pg-fig-halo", "text-anchor": "end" }),
        ["dashed: mean of ten runs", "and its 95\u202f% interval"].map((words, i) =>
          text(width - RIGHT, y(120) + 17 * i, words, { class: "pg-fig-halo pg-fig-note", "text-anchor": "end" })));
    },
  });
  const drag = x => {
    const k = clamp(Math.round(plot.x.invert(x)), 0, last);
    if (k !== ui.state.checkpoint) train(k);
  };
  const key = (name, big) => {
    const k = stepKey(name, big, ui.state.checkpoint, { min: 0, max: last, step: 1, page: 5 });
    if (k !== undefined) train(k);
    return k !== undefined;
  };
  plot.knob = plot.handle({ label: "Updates made", anywhere: true, drag, key });
  return plot;
}
function drawChart(chart, data, { checkpoint: k }, middle) {
  const { x, y } = chart, reached = data.returns[0][k], words = k ? `${k} update${k > 1 ? "s" : ""}` : "untrained";
  const back = clamp(x(k), LEFT - 4, chart.width - 40);
  redo(chart.live, svg("line", { x1: x(k), x2: x(k), y1: y(0) + 5, y2: y(reached), class: "pg-training-drop" }),
    [0, 5, 10, 15, 20].filter(v => Math.abs(x(v) - back) > 42).map(v => text(x(v), y(0) + 18, String(v), TICK)),
    text(back, y(0) + 18, words, { class: STRONG, "text-anchor": "middle" }));
  chart.knob.place(x(k), y(reached), { now: k, min: 0, max: data.checkpoints.length - 1,
    words: `${words}: mean return ${fmt(reached, 0)} in training, median of 20 stored episodes ${halves(middle)}` });
}

/* The 20 episodes, and which of them plays. */
function dotsPlot(ui) {
  return ui.plot({
    label: "Lengths of 20 episodes", kind: "img", height: () => 126,
    layout(plot, width) {
      const x = scale([0, FULL], [8, width - RIGHT]);
      plot.x = x;
      add(plot.back, text(0, 12, "lengths of 20 fresh episodes", { class: "pg-fig-label" }),
        svg("line", { x1: x(LEVEL), x2: x(LEVEL), y1: 24, y2: 106, class: "pg-training-goal" }),
        svg("line", { x1: x(0), x2: x(FULL), y1: 102, y2: 102, class: "pg-fig-axis" }),
        [0, 100, 200, 300, 400, 500].map(v => text(x(v), 120, String(v),
          { class: v === LEVEL ? "pg-fig-strong" : "pg-fig-tick", "text-anchor": "middle" })));
    },
  });
}
function drawDots(dots, episode, { lengths, middle }) {
  const { x } = dots, columns = lengths.map(n => Math.round(x(n) / 8)), seen = {}, words = halves(middle);
  const late = middle > 300;
  const dot = (column, i) => {
    const many = columns.filter(c => c === column).length, level = seen[column] = (seen[column] ?? 0) + 1;
    return svg("circle", { cx: 8 * column, cy: 97 - Math.min(8, 74 / many) * (level - 1), r: 3.6,
      class: i === PLACE[episode] ? "pg-training-dot pg-training-chosen" : "pg-training-dot" });
  };
  redo(dots.live, svg("line", { x1: x(middle), x2: x(middle), y1: 24, y2: 106, class: "pg-training-median" }),
    columns.map(dot),
    text(x(middle) + (late ? -7 : 7), 34, `median ${words}`,
      { class: "pg-fig-strong pg-fig-halo", "text-anchor": late ? "end" : "start" }));
  dots.el.setAttribute("aria-label", `Lengths of 20 episodes: ${lengths.join(", ")}. Median ${words}.`);
}

function scenePlot(ui) {
  return ui.plot({
    label: "The cart", kind: "img", height: width => 66 + (width - 24) / 4.8,
    layout(plot, width, height) {
      const x = scale([-TRACK, TRACK], [12, width - 12]), ground = height - 22, metre = x(1) - x(0);
      Object.assign(plot, { x, ground, metre });
      const post = v =>
        svg("line", { x1: x(v), x2: x(v), y1: ground - 0.5 * metre, y2: ground, class: "pg-training-post" });
      add(plot.back, svg("line", { x1: 0, x2: width, y1: ground, y2: ground, class: "pg-fig-axis" }),
        [-TRACK, TRACK].map(post),
        [[-TRACK, "start", 0], [TRACK, "end", width]].map(([v, anchor, px]) =>
          text(px, ground + 17, `${fmt(v, 1)} m`, { class: "pg-fig-tick", "text-anchor": anchor })));
    },
  });
}
function drawScene(scene, film, t) {
  const { x, ground, metre } = scene, px = x(film.x[t]), hinge = ground - 0.31 * metre;
  const side = film.right[t] ? 1 : -1, doing = film.right[t] ? "right" : "left", ends = t === film.length - 1;
  const end = film.length < FULL ? ": then it falls" : ": time is up";
  const ray = degrees => [Math.sin, k => -Math.cos(k)].map((f, i) =>
    [px, hinge][i] + 1.08 * metre * f(degrees * Math.PI / 180));
  const push = arrow(...[0.27, 0.8].map(reach => [px + side * reach * metre, ground - 0.19 * metre]), 10);
  redo(scene.live,
    svg("path", { d: [-LIMIT, LIMIT].map(v => path([[px, hinge], ray(v)])).join(""), class: "pg-training-limit" }),
    cart([px, ground], film.angle[t], metre),
    svg("path", { d: push, class: "pg-fig-policy" }),
    text(clamp(px, 70, scene.width - 70), ground + 17, `${doing}, \u03c0 = ${fmt(1 - film.doubt[t])}`,
      { class: `${STRONG} pg-fig-halo`, "text-anchor": "middle" }),
    text(0, 13, `step ${t + 1} of ${film.length}${ends ? end : ""}`, { class: "pg-fig-label" }));
  scene.el.setAttribute("aria-label", `Step ${t + 1} of ${film.length}: the cart at ${fmt(film.x[t])} metres,`
    + ` the pole at ${fmt(film.angle[t], 1)} degrees, pushed ${doing}.`);
}

/* The episode's steps: `fixed` is drawn once for each episode, `cursor` at each step; its handle seeks a step. */
function stepsPlot(ui, chosen, it) {
  const plot = ui.plot({
    label: "The steps of the episode: film, score and weight", height: () => 332,
    layout(plot, width) {
      plot.wide = width >= 520;
      const score = plot.wide ? "the score, 1 \u2212 \u03c0(a): how much likelier its action can still become;"
        + " up for right, down for left" : "score 1 \u2212 \u03c0(a): up right, down left";
      const weight = plot.wide ? "the weight \u03c8: above 0, more of what was done; below 0, less of it"
        : "weight \u03c8: up for more of it, down for less";
      add(plot.back, text(0, 100, score, { class: "pg-fig-score pg-fig-strong" }),
        text(0, 208, weight, { class: "pg-fig-good pg-fig-strong" }));
    },
  });
  const fixed = svg("g"), cursor = svg("g"), stripes = hatch(plot.live, "good");
  add(plot.live, fixed, cursor);
  const key = (name, big) => {
    const { film } = chosen(ui.state), page = Math.max(2, round(film.length / 10, 1));
    const t = stepKey(name, big, it.at(ui.state, film), { min: 0, max: film.length - 1, step: 1, page });
    if (t !== undefined) it.seek(t);
    return t !== undefined;
  };
  const head = plot.handle({ label: "Step of the episode", colour: "ink", anywhere: true, key,
    drag: x => it.seek(plot.x.invert(x)) });
  return Object.assign(plot, { fixed, cursor, stripes, head, drawn: "" });
}
/* Some moments of the film, each in its frame. */
function filmFrames(count, film, width) {
  const wide = (width - 4 - MARGIN) / count, metre = Math.min(38, wide / 1.6);
  return range(count).map(i => {
    const left = MARGIN + i * wide, reach = wide / 2 - 12;
    const when = Math.min(film.length - 1, Math.floor((i + 0.5) / count * film.length));
    return [
      svg("rect", { x: left + 1.5, y: 0.5, width: wide - 3, height: ROWS.film, rx: 4, class: "pg-training-frame" }),
      cart([left + wide / 2 + reach * film.x[when] / TRACK, ROWS.film - 5], film.angle[when], metre),
    ];
  });
}
/* The film, and the bars of all scores and weights on their scales. */
function drawEpisode({ fixed, stripes, wide, width, x }, { film, psi }, score, weight) {
  const line = (y, v, words) => [
    svg("line", { x1: MARGIN, x2: width - 4, y1: y(v), y2: y(v), class: v ? "pg-fig-grid" : "pg-fig-axis" }),
    text(MARGIN - 6, y(v) + 4, words, { class: "pg-fig-tick", "text-anchor": "end" }),
  ];
  const every = niceStep(film.length), numbers = range(Math.floor(film.length / every)).map(i => (i + 1) * every);
  redo(fixed, filmFrames(wide ? 9 : 5, film, width),
    [1, 0, -1].map(v => [line(score, v, String(Math.abs(v))), line(weight, v, fmt(v, 0))]),
    svg("path", { d: bars(film.doubt.map((v, i) => (film.right[i] ? v : -v)), x, score), class: "pg-fig-score" }),
    svg("path", { d: bars(psi, x, weight), fill: stripes, class: "pg-training-weight" }),
    numbers.map(v => text(Math.min(x(v - 0.5), width - 12), ROWS.bottom + 18, String(v), TICK)),
    text(0, ROWS.bottom + 18, "step", { class: "pg-fig-label" }));
}
function drawSteps(steps, episode, t) {
  const { key, film, psi, most } = episode, x = steps.x = scale([0, film.length], [MARGIN, steps.width - 4]);
  const score = scale([-1, 1], [ROWS.score + 34, ROWS.score - 34]);
  const weight = scale([-most, most], [ROWS.weight + 36, ROWS.weight - 36]);
  if (steps.drawn !== `${key}:${steps.width}`) {
    steps.drawn = `${key}:${steps.width}`;
    drawEpisode(steps, episode, score, weight);
  }
  const mid = x(t + 0.5), parts = [[0, 84], [score(1) - 2, score(-1) + 2], [ROWS.weight - 38, ROWS.bottom]];
  redo(steps.cursor,
    svg("path", { d: parts.map(([a, b]) => `M${mid} ${a}V${b}`).join(""), class: "pg-training-cursor" }));
  const words = `${film.right[t] ? "right" : "left"}: score ${fmt(film.doubt[t])}, weight ${fmt(psi[t])}`;
  steps.head.place(mid, ROWS.film + 11,
    { now: t + 1, min: 1, max: film.length, words: `step ${t + 1} of ${film.length}, ${words}` });
}

/* Playing: at(state, film) is the step that is shown, seek(t) goes to another; goTo(patch) to another episode. */
function player(ui, chosen) {
  let stop = null, now = null;                        // now: the step while it plays
  const words = () => (stop ? "Stop" : ui.still() ? "Next steps" : "Play");
  const it = { playing: () => Boolean(stop) };
  it.at = (s, film) => clamp(Math.floor(now ?? s.step), 0, film.length - 1);
  it.halt = () => { stop?.(); stop = null; now = null; it.button.textContent = words(); };
  it.seek = t => { it.halt(); ui.set({ step: clamp(Math.floor(t), 0, chosen(ui.state).film.length - 1) }); };
  it.goTo = patch => {                                // at the same share of it
    const { film } = chosen(ui.state), share = it.at(ui.state, film) / film.length;
    it.halt();
    return { ...patch, step: Math.floor(share * chosen({ ...ui.state, ...patch }).film.length) };
  };
  const play = () => {
    const { film } = chosen(ui.state), end = film.length - 1, t = it.at(ui.state, film);
    if (stop) return it.seek(t);
    const from = t < end ? t : 0;
    if (ui.still()) return it.seek(t < end ? Math.min(end, from + Math.ceil(film.length / 10)) : 0);
    const frame = share => { now = from + share * (end - from); ui.redraw(); };
    const over = () => {
      it.seek(end);
      ui.say(film.length < FULL ? `The pole fell after ${film.length} steps.` : "The pole stood for all 500 steps.");
    };
    stop = animate(clamp((end - from) / 50, 1.5, 10), frame, over, ui);
    it.button.textContent = words();
  };
  it.button = ui.button(words(), play, { class: "pg-fig-main" });
  return it;
}

/* The answer to "This is the first", for checkpoint k of median `middle`; `first` is the right one. */
function answer(k, first, middle, checkpoints) {
  const words = halves(middle);
  if (k === first) {
    return `Yes: the median is ${words}, and one update before it was ${halves(median(checkpoints[k - 1].lengths))}.`;
  }
  return middle < LEVEL ? `Not yet: the median here is ${words}.`
    : `The median here is ${words}, but an earlier checkpoint passes ${LEVEL} too.`;
}
/* What step t teaches. */
function inWords({ film, psi, lengths }, t) {
  const doing = film.right[t] ? "right" : "left";
  if (lengths[0] === FULL) {
    return "All 20 stand for 500 steps. Every weight is 0: there is nothing to tell good from bad.";
  }
  if (lengths.at(-2) <= t) {
    return "No other still runs, so the mean it is compared with is its own: this step teaches nothing.";
  }
  if (psi[t] > 0.005) {
    return "Discounted, this episode has more to come than the average of those still running:"
      + ` ${doing} becomes more likely here.`;
  }
  if (psi[t] < -0.005) {
    return "Discounted, this episode has less to come than the average of those still running:"
      + ` ${doing} becomes less likely here, whether or not it was to blame.`;
  }
  return "Discounted, this episode has as much to come as the average of those still running:"
    + " this step teaches nothing.";
}
function build(ui) {
  const data = ui.model.get("data"), { gamma, checkpoints } = data, first = firstStanding(checkpoints, LEVEL);
  const chosen = library(data), it = player(ui, chosen);
  const train = k => ui.set(it.goTo({ checkpoint: clamp(Math.round(k), 0, checkpoints.length - 1) }));
  const chart = chartPlot(ui, data, train), dots = dotsPlot(ui), scene = scenePlot(ui);
  const steps = stepsPlot(ui, chosen, it);
  let verdict = "", was = "";
  const claim = () => {
    verdict = answer(ui.state.checkpoint, first, chosen(ui.state).middle, checkpoints);
    ui.set({});
    ui.say(verdict);
  };
  ui.onReset(() => { it.halt(); verdict = ""; });

  const line = ui.formula(
    tex`\good{\psi}_t = \frac{G_t - b_t}{c} = \frac{\live{G} - \live{b}}{\live{c}} = \good{\live{psi}}\quad`,
    tex`\good{\psi}_t\,\score{(1 - \pi(a_t \mid s_t))} = \good{\live{psi}} \cdot \score{\live{doubt}} = \live{push}`);
  const said = html("p", { class: "pg-fig-say" });
  const small = html("p", { class: "pg-fig-small" },
    "Weights as the lab\u2019s recipe computes them from these 20 episodes: b is the mean return-to-go of those"
    + " still running, c brings all weights to unit size.");
  const episodes = [["shortest", "shortest"], ["middle", "middle"], ["longest", "longest"]];
  ui.body.append(html("div", { class: "pg-fig-stack" },
    html("div", { class: "pg-fig-columns" }, chart.holder,
      html("div", { class: "pg-fig-stack" }, dots.holder, scene.holder)),
    ui.row(it.button, ui.choice("The episode", "episode", episodes, episode => it.goTo({ episode })),
      ui.button("This is the first", claim), ui.resetButton()),
    steps.holder, html("div", {}, line, said), small));

  return s => {
    const episode = chosen(s), { key, film, psi, reference } = episode;
    if (was !== key) {
      if (was) verdict = "";
      if (it.playing()) it.halt();
      was = key;
    }
    ui.challenge(verdict.startsWith("Yes"));
    const t = it.at(s, film);
    drawChart(chart, data, s, episode.middle);
    drawDots(dots, s.episode, episode);
    drawScene(scene, film, t);
    drawSteps(steps, episode, t);
    line.show({ G: fmt(toGo(film.length - t, gamma), 1), b: fmt(reference.baseline[t], 1), c: fmt(reference.unit, 1),
      psi: fmt(psi[t]), doubt: fmt(film.doubt[t]), push: fmt(psi[t] * film.doubt[t]) });
    said.textContent = (verdict && `${verdict} `) + inWords(episode, t);
  };
}
const repair = ({ checkpoint, episode, step }) => ({
  checkpoint: clamp(Math.round(checkpoint), 0, 20), episode: episode in PLACE ? episode : "middle",
  step: clamp(Math.round(step), 0, FULL - 1),
});
export default explorable({
  name: "replay", settings: ["checkpoint", "episode", "step"],
  challenge: "Find the first checkpoint whose median over 20 episodes is 200 steps or more.", repair, build,
});
