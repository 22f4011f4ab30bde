/* Clip or squash: how a bell gets into a box, and what happens to the mean score when the wrong action is stored. */
import { add, arrow, clamp, explorable, fmt, html, path, percent, random, range, redo, round, scale, stepKey, sum, svg,
  tex, text } from "./draw.js";

// ---- pure ----
export const WAYS = { clip: u => clamp(u, -1, 1), tanh: Math.tanh };
export const density = z => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
function simpson(f, a, b, n) {
  const h = (b - a) / n;
  return h / 3 * (f(a) + f(b) + sum(range(n - 1).map(i => (i % 2 ? 2 : 4) * f(a + (i + 1) * h))));
}
/* The mean of f(u) over the bell, in pieces: clipping has corners at its limits. */
export function average(f, { mu, sigma }) {
  const ends = [-9, clamp((-1 - mu) / sigma, -9, 9), clamp((1 - mu) / sigma, -9, 9), 9];
  const part = z => density(z) * f(mu + sigma * z);
  return sum(range(3).map(i => (ends[i + 1] > ends[i] ? simpson(part, ends[i], ends[i + 1], 400) : 0)));
}
// Phi
export const below = z => (z < -9 ? 0 : 0.5 + Math.sign(z) * simpson(density, 0, Math.min(Math.abs(z), 9), 100));
// what clipping leaves at -1, at 1
export const spikes = ({ mu, sigma }) => [below((-1 - mu) / sigma), below((mu - 1) / sigma)];
export function executedDensity({ way, mu, sigma }, a) {        // inside the box; clipping's spikes are not in it
  const u = way === "tanh" ? Math.atanh(a) : a;
  return density((u - mu) / sigma) / sigma / (way === "tanh" ? 1 - a * a : 1);
}
/* Mean scores of the stored action, the true slope of E[constant + executed] in mu, and the one that the program
   computes. */
export function found(s) {
  const executed = WAYS[s.way], record = s.stored === "executed" ? executed : u => u;
  const score = a => (a - s.mu) / s.sigma ** 2, reward = u => s.constant + executed(u);
  return {
    mean: average(u => score(record(u)), s),
    width: average(u => (record(u) - s.mu) * score(record(u)) - 1, s),
    truth: average(u => (executed(u) - executed(s.mu)) * score(u), s),
    computed: average(u => reward(u) * score(record(u)), s),
  };
}
export const QUANTILES = range(25).map(i => {         // of the standard bell, equally likely: by bisection
  let low = -5, high = 5;
  for (const _ of range(40)) {
    const z = (low + high) / 2;
    if (below(z) < (i + 0.5) / 25) low = z; else high = z;
  }
  return low;
});
/* The mean score of mu over `n` draws, and half the width of its 95 % interval. */
function tried({ way, stored, mu, sigma }, n, uniform) {
  const record = stored === "executed" ? WAYS[way] : u => u;
  const draw = () => mu + sigma * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const scores = range(n).map(() => (record(draw()) - mu) / sigma ** 2);
  const mean = sum(scores) / n;
  return [mean, 1.96 * Math.sqrt(sum(scores.map(v => (v - mean) ** 2)) / (n - 1) / n)];
}

// ---- drawing ----
const MU = [-1.5, 1.5], SIGMA = [0.3, 1.5], LEFT = 14, RIGHT = 14, DRAWS = 1000;
const RECORDS = { clip: ["the draw a", "the clipped action"], tanh: ["the draw u", "tanh u"] };

const ENDS = [-1, 1], NUMBER = "pg-fig-policy pg-fig-strong pg-fig-halo", MIDDLE = { "text-anchor": "middle" };

/* The bell above, what it becomes below, and the two handles of the bell. */
function flowPlot(ui, change) {
  const plot = ui.plot({
    label: "The bell that is drawn from, and the action that is executed", height: () => 432,
    layout(plot, width) {
      const u = scale([-4, 4], [LEFT, width - RIGHT]), a = scale([-1.12, 1.12], [LEFT, width - RIGHT]);
      Object.assign(plot, { u, a, ground: 138, top: 158, box: 236, floor: 408 });
      const level = y => svg("line", { x1: LEFT, x2: width - RIGHT, y1: y, y2: y, class: "pg-fig-axis" });
      add(plot.back, text(0, 12, "what the policy draws", { class: "pg-fig-label" }),
        level(plot.ground), level(plot.floor),
        [-1, 0, 1].map(v => text(a(v), plot.floor + 18, fmt(v, 0), { class: "pg-fig-tick", ...MIDDLE })),
        ENDS.map(v => svg("line", { x1: u(v), x2: u(v), y1: 30, y2: plot.ground + 4, class: "pg-dial-limit" })));
    },
  });
  const moveMean = v => change({ mu: clamp(round(v, 0.02), ...MU) });
  const moveWidth = v => change({ sigma: clamp(round(v, 0.02), ...SIGMA) });
  const keys = (k, ends, move) => (name, big) => {
    const v = stepKey(name, big, ui.state[k], { min: ends[0], max: ends[1], step: 0.1, page: 0.5 });
    if (v !== undefined) move(v);
    return v !== undefined;
  };
  plot.mean = plot.handle({ label: "Mean of the bell", drag: px => moveMean(plot.u.invert(px)),
    key: keys("mu", MU, moveMean) });
  plot.wide = plot.handle({ label: "Standard deviation of the bell",
    shape: svg("rect", { x: -7, y: -7, width: 14, height: 14, rx: 2, class: "pg-fig-knob" }),
    drag: px => moveWidth(Math.abs(plot.u.invert(px) - ui.state.mu)), key: keys("sigma", SIGMA, moveWidth) });
  return plot;
}
/* The ways from the bell to the executed actions, equally likely each. */
function ways({ u, a, ground, top, box, floor, width }, s) {
  const executed = WAYS[s.way], m = (top + box) / 2;
  return QUANTILES.map(z => s.mu + s.sigma * z).map(v => {
    const x0 = u(v), x1 = a(executed(v)), from = x0.toFixed(1), to = x1.toFixed(1);
    return x0 < 0 || x0 > width ? "" : `M${from} ${ground}V${top}C${from} ${m} ${to} ${m} ${to} ${box}V${floor}`;
  }).join("");
}
/* What clipping leaves at the end `at` of the box; `tall` is the height of a density. */
function spike({ a, floor }, s, mass, at, tall) {
  if (!(mass > 0.0005)) return false;
  const y = floor - 100 * mass, share = mass < 0.005 ? "under 1\u202f%" : percent(mass);
  const clear = Math.min(y, tall(executedDensity(s, 0.4 * at)), tall(executedDensity(s, 0.95 * at))) - 12;
  return [
    svg("line", { x1: a(at), x2: a(at), y1: floor, y2: y, class: "pg-dial-spike" }),
    svg("circle", { cx: a(at), cy: y, r: 6, class: "pg-fig-policy" }),
    text(a(at) - 10 * at, clear, `${share} exactly here`, { class: NUMBER, "text-anchor": at > 0 ? "end" : "start" }),
  ];
}
/* The law of the executed action, inside the box and on its ends. */
function lawBelow(plot, s) {
  const { a, floor } = plot;
  const inside = range(161).map(i => Math.tanh((i - 80) / 14)), heights = inside.map(v => executedDensity(s, v));
  const most = Math.max(0.6, ...heights), tall = h => floor - 96 * h / most;
  const law = path(inside.map((v, i) => [a(v), tall(heights[i])]));
  return [
    svg("path", { d: `${law}L${a(1)} ${floor}L${a(-1)} ${floor}Z`, class: "pg-estimate-bell" }),
    svg("path", { d: law, class: "pg-estimate-outline" }),
    s.way === "clip" && spikes(s).map((mass, i) => spike(plot, s, mass, 2 * i - 1, tall)),
  ];
}
function drawFlow(flow, s) {
  const { u, ground } = flow, side = s.mu > 0 ? -1 : 1;
  const hill = v => ground - 100 * Math.sqrt(0.3 / s.sigma) * Math.exp(-(((v - s.mu) / s.sigma) ** 2) / 2);
  const outline = path(range(161).map(i => -4 + i / 20).map(v => [u(v), hill(v)]));
  const top = hill(s.mu), edge = u(s.mu + side * s.sigma), waist = hill(s.mu + s.sigma);
  redo(flow.live, svg("path", { d: ways(flow, s), class: "pg-dial-way" }),
    svg("path", { d: `${outline}Z`, class: "pg-estimate-bell" }),
    svg("path", { d: outline, class: "pg-estimate-outline" }),
    lawBelow(flow, s),
    ENDS.map(v => text(u(v), ground + 15, fmt(v, 0), { class: "pg-fig-tick pg-fig-halo", ...MIDDLE })),
    text(flow.width / 2, 200, s.way === "clip" ? "clip(a, \u22121, 1)" : "tanh u",
      { class: "pg-fig-strong pg-fig-halo", ...MIDDLE }),
    text(0, 284, "what is executed", { class: "pg-fig-label pg-fig-halo" }),
    svg("line", { x1: u(s.mu), x2: edge, y1: waist, y2: waist, class: "pg-gaussian-span" }),
    text(u(s.mu), top - 15, `\u03bc = ${fmt(s.mu)}`, { class: NUMBER, ...MIDDLE }),
    text(edge + 13 * side, waist + 4, `\u03c3 = ${fmt(s.sigma)}`,
      { class: NUMBER, "text-anchor": side > 0 ? "start" : "end" }));
  flow.mean.place(u(s.mu), top,
    { now: round(s.mu, 0.01), min: MU[0], max: MU[1], words: `mean ${fmt(s.mu)}` });
  flow.wide.place(edge, waist,
    { now: round(s.sigma, 0.01), min: SIGMA[0], max: SIGMA[1], words: `standard deviation ${fmt(s.sigma)}` });
}

/* The numbers, as arrows from zero. */
function gaugePlot(ui) {
  return ui.plot({
    label: "Mean scores and slopes", kind: "img", height: () => 300,
    layout(plot, width) {
      const zero = ([y1, y2]) => svg("line", { x1: width / 2, x2: width / 2, y1, y2, class: "pg-dial-zero" });
      add(plot.back, text(0, 14, "the mean score: should be 0", { class: "pg-fig-score pg-fig-strong" }),
        text(0, 170, "the slope in \u03bc of J = E[c + action]", { class: "pg-fig-strong" }),
        [[26, 134], [182, 290]].map(zero));
    },
  });
}
/* Arrows one below the other, for a `list` of [words, value, look, the interval that was measured]. */
function gaugeRows(width, list, top, least) {
  const middle = width / 2, reach = Math.max(least, ...list.map(([, v]) => Math.abs(v)));
  const x = v => middle + v / reach * (middle - 4), inside = v => clamp(x(v), 0, width);
  return list.map(([words, v, look, half], i) => {
    const y = top + 54 * i, line = y + 9, zero = Math.abs(v) < 0.0005;
    return [
      text(0, y - 8, words, { class: "pg-fig-note pg-fig-halo" }),
      text(width, y - 8, fmt(v, 3), { class: `${look} pg-fig-strong pg-fig-halo`, "text-anchor": "end" }),
      zero ? svg("circle", { cx: middle, cy: line, r: 4, class: look })
        : svg("path", { d: arrow([middle, line], [x(v), line], 14), class: look }),
      half && svg("path", {
        d: `M${inside(half[0] - half[1])} ${line}H${inside(half[0] + half[1])}M${x(half[0])} ${y + 2}v14`,
        class: "pg-dial-tested",
      }),
    ];
  });
}
function drawGauge(gauge, { mean, width, truth, computed }, tested) {
  const scores = [["of \u03bc", mean, "pg-fig-score", tested], ["of log \u03c3", width, "pg-fig-score"]];
  const slopes = [["the truth", truth, "pg-dial-true"], ["as computed", computed, "pg-fig-good"]];
  redo(gauge.live, gaugeRows(gauge.width, scores, 46, 0.8), gaugeRows(gauge.width, slopes, 202, 1.6));
  gauge.el.setAttribute("aria-label", `Mean score of mu ${fmt(mean, 3)}, of log sigma ${fmt(width, 3)}.`
    + ` True slope ${fmt(truth, 3)}, computed slope ${fmt(computed, 3)}.`);
}

/* What is said below: of the draws, of the slope, and of a mean that is 0 by symmetry alone. */
function inWords(s, f, tested) {
  const verdict = () => (Math.abs(tested[0]) > tested[1] ? ", not 0: a bug." : ", which may well be 0.");
  const draws = tested
    ? `${fmt(DRAWS, 0)} draws: mean score ${fmt(tested[0], 3)} \u00b1 ${fmt(tested[1], 3)}${verdict()} ` : "";
  const slope = s.stored === "drawn" ? "The computed slope is the true one, at every constant."
    : f.truth * f.computed < 0 ? "The computed slope has the wrong sign."
    : `The computed slope is off by ${fmt(f.computed - f.truth, 3)}.`;
  const symmetry = s.stored === "executed" && Math.abs(f.mean) < 1e-6
    ? " By symmetry the mean score of \u03bc is 0 here; that of log \u03c3 still gives the bug away." : "";
  return draws + slope + symmetry;
}
function build(ui) {
  let uniform = random(1), tested = null;             // the average score of 1,000 draws, at the reader's request
  const fresh = () => { tested = null; };
  const flow = flowPlot(ui, patch => { fresh(); ui.set(patch); }), gauge = gaugePlot(ui);
  const test = () => {
    tested = tried(ui.state, DRAWS, uniform);
    ui.redraw();
    ui.say(said.textContent);
  };
  ui.onReset(() => { fresh(); uniform = random(1); });

  const records = Object.entries(RECORDS).map(([way, [drawn, executed]]) => {
    const options = [["drawn", drawn], ["executed", executed]];
    return { way, el: ui.choice("What the program stored", "stored", options, undefined, fresh) };
  });
  const line = ui.formula(
    tex`\E\Bigl[\score{\frac{\text{stored} - \mu}{\sigma^2}}\Bigr] = \live{mean}`,
    tex`\quad \frac{\partial J}{\partial \mu} = \live{truth}`,
    html("span", {}, "computed: ", html("span", { class: "good", "data-v": "computed" })));
  const said = html("p", { class: "pg-fig-say" });
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.choice("How the bell gets into the box", "way", [["clip", "clip"], ["tanh", "squash"]], undefined, fresh),
      html("span", {}, "stored:"), records.map(r => r.el), ui.resetButton()),
    html("div", { class: "pg-fig-columns" }, flow.holder, gauge.holder),
    ui.slider("constant c", "constant", { min: 0, max: 5, step: 0.1, show: v => fmt(v, 1), wide: true }),
    ui.row(ui.button("Average 1\u202f000 draws", test, { class: "pg-fig-main" })),
    html("div", {}, line, said)));

  return s => {
    const f = found(s), given = s.mu === ui.defaults.mu && s.sigma === ui.defaults.sigma;
    ui.challenge(given && Math.abs(f.mean) < 1e-6);
    for (const r of records) r.el.hidden = r.way !== s.way;
    drawFlow(flow, s);
    drawGauge(gauge, f, tested);
    line.show({ mean: fmt(f.mean, 3), truth: fmt(f.truth, 3), computed: fmt(f.computed, 3) });
    said.textContent = inWords(s, f, tested);
  };
}
const repair = ({ way, stored, mu, sigma, constant }) => ({
  way: WAYS[way] ? way : "clip", stored: stored === "drawn" ? "drawn" : "executed",
  mu: clamp(mu, ...MU), sigma: clamp(sigma, ...SIGMA), constant: clamp(constant, 0, 5),
});
export default explorable({
  name: "squash", settings: ["way", "stored", "mu", "sigma", "constant"],
  challenge: "Make the mean score of \u03bc zero, without touching \u03bc or \u03c3.", repair, build,
});
