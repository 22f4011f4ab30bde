/* Controller replay: a point mass in its phase plane, pushed by the mean of a linear Gaussian policy, at every stage of
   training. */
import { add, animate, arrow, axes, clamp, explorable, fmt, html, path, range, redo, round, scale, stepKey, svg, tex,
  text, unique } from "./draw.js";

// ---- pure ----
// at rest: position and speed this small, at the last six states (one second)
export const NEAR = 0.2, LAST = 6;
export const force = ([w, k], [x, v]) => w * x + k * v;
/* Every state on the way, the start included, when the mean is followed without noise: s' = A s + B a. */
export function follow({ A, B, horizon }, theta, start) {
  const states = [start];
  for (let t = 0; t < horizon; t++) {
    const [x, v] = states[t], a = force(theta, states[t]);
    states.push([0, 1].map(i => A[i][0] * x + A[i][1] * v + B[i] * a));
  }
  return states;
}
// from rest, in the last second
export const farthest = states => Math.max(...states.slice(-LAST).flat().map(Math.abs));
export const holds = (training, theta, start) => farthest(follow(training, theta, start)) < NEAR;
export const firstToHold = training =>
  training.thetas.findIndex(theta => training.starts.every(start => holds(training, theta, start)));
/* Where a path is after a share of its time. */
function between(states, share) {
  const steps = states.length - 1, t = share * steps, i = Math.min(Math.floor(t), steps - 1);
  return [0, 1].map(k => states[i][k] + (t - i) * (states[i + 1][k] - states[i][k]));
}

// ---- drawing ----
const EDGE = 2.8, MOST = 2.5, LEFT = 40, RIGHT = 8, COSTS = [400, 4];

const MIDDLE = { class: "pg-fig-tick", "text-anchor": "middle" }, WORDS = { class: "pg-fig-label" };

/* The phase plane, a square; in it the reader's own start, which place([x, v]) moves. */
function phasePlot(ui, place) {
  const clip = unique("phase");
  const plot = ui.plot({
    label: "Phase plane: the mean force and the paths from every start", height: width => Math.min(width + 26, 430),
    layout(plot, width, height) {
      const size = Math.min(width - LEFT - RIGHT, height - 74), left = LEFT + (width - LEFT - RIGHT - size) / 2;
      const x = scale([-EDGE, EDGE], [left, left + size]), y = scale([-EDGE, EDGE], [24 + size, 24]);
      const square = { x: left, y: 24, width: size, height: size };
      Object.assign(plot, { size, x, y, inside: { "clip-path": `url(#${clip})` } });
      add(plot.back, svg("clipPath", { id: clip }, svg("rect", square)),
        svg("rect", { ...square, class: "pg-simplex-edge" }),
        [-2, 0, 2].map(v => [text(x(v), 24 + size + 18, fmt(v, 0), MIDDLE),
          text(left - 8, y(v) + 4, fmt(v, 0), { class: "pg-fig-tick", "text-anchor": "end" })]),
        svg("line", { x1: x(0), x2: x(0), y1: 24, y2: 24 + size, class: "pg-fig-grid" }),
        svg("line", { x1: left, x2: left + size, y1: y(0), y2: y(0), class: "pg-fig-grid" }),
        text(left + size / 2, 24 + size + 38, "position", { class: "pg-fig-label", "text-anchor": "middle" }),
        text(left, 12, "speed, and the mean force as arrows", WORDS));
    },
  });
  const key = (name, big) => {
    const by = big || name.startsWith("Page") ? 0.5 : 0.1, [x, v] = ui.state.start;
    const to = {
      ArrowRight: [x + by, v], ArrowLeft: [x - by, v], ArrowUp: [x, v + by], PageUp: [x, v + by],
      ArrowDown: [x, v - by], PageDown: [x, v - by], Home: [-MOST, v], End: [MOST, v],
    }[name];
    if (to) place(to);
    return Boolean(to);
  };
  plot.mine = plot.handle({ label: "Your start", colour: "where", key,
    drag: (px, py) => place([plot.x.invert(px), plot.y.invert(py)]) });
  return plot;
}
/* The mean force all over the plane, as arrows up and down. */
function forces({ x, y, size }, theta) {
  const grid = range(9).map(i => EDGE * (i - 4) / 4.5);
  return grid.flatMap(a => grid.map(b => {
    const f = force(theta, [a, b]), long = Math.sign(f) * Math.min(Math.abs(f) * size / 46, size / 10.5);
    return arrow([x(a), y(b)], [x(a), y(b) - long], 7);
  })).join("");
}
/* The paths `ran`, the reader's own first; which stored starts are `held`; the masses after a share of the time. */
function drawPhase(phase, { start }, theta, { ran, held, starts, share }) {
  const { x, y, inside } = phase, at = ([a, b]) => [x(a), y(b)];
  const [w, k] = theta;
  const zero = Math.abs(k) > 1e-6 && [[-9, 9 * w / k], [9, -9 * w / k]];         // where w x + k v = 0
  const point = s => { const [px, py] = at(s); return `M${px.toFixed(1)} ${py.toFixed(1)}h0`; };
  const way = (states, i) => [
    svg("path", { d: path(states.map(at)), class: i ? "pg-control-path" : "pg-control-path pg-control-mine" }),
    svg("path", { d: states.map(point).join(""), class: i ? "pg-control-steps" : "pg-control-steps pg-control-mine" }),
  ];
  const mark = (s, i) => {
    const [px, py] = at(s);
    return held[i] ? svg("circle", { cx: px, cy: py, r: 6, class: "pg-control-held" })
      : svg("path", { d: `M${px - 5} ${py - 5}l10 10m0 -10l-10 10`, class: "pg-control-lost" });
  };
  const mass = (states, i) => {
    const [px, py] = at(/** @type {any} */ (between(states, share)));
    return svg("circle", { cx: px, cy: py, r: i ? 5 : 7, class: "pg-corridor-agent" });
  };
  const rest = { x: x(-NEAR), y: y(NEAR), width: x(NEAR) - x(-NEAR), height: y(-NEAR) - y(NEAR),
    class: "pg-control-rest" };
  redo(phase.live,
    svg("g", inside, svg("path", { d: forces(phase, theta), class: "pg-control-force" }),
      zero && svg("path", { d: path(zero.map(at)), class: "pg-control-zero" }), ran.map(way), svg("rect", rest)),
    starts.map(mark),
    share > 0 && svg("g", inside, ran.map(mass)));
  phase.mine.place(...at(start), { now: round(start[0], 0.01), min: -MOST, max: MOST,
    words: `position ${fmt(start[0])}, speed ${fmt(start[1])}` });
}

/* The expected return through training, and the handle that goes to an update. */
function chartPlot(ui, training, goTo) {
  const last = training.thetas.length - 1;
  const plot = ui.plot({
    label: "Expected return through training", height: () => 222,
    layout(plot, width) {
      const x = scale([0, last], [LEFT, width - RIGHT - 6]), log = scale(COSTS.map(Math.log), [172, 30]);
      const y = J => log(Math.log(clamp(-J, COSTS[1], COSTS[0]))), best = y(training.best);
      Object.assign(plot, { x, y });
      axes(plot, { x, y: Object.assign(v => y(v), { range: [172, 30] }), yticks: [-10, -100], yshow: v => fmt(v, 0),
        xticks: [0, 10, 20, 30, 40], xlabel: "updates", ylabel: "" });
      add(plot.back, text(0, 12, "expected return J, on a log scale", WORDS),
        svg("line", { x1: LEFT, x2: width - RIGHT, y1: best, y2: best, class: "pg-control-best" }),
        text(LEFT + 6, best - 6, `the best there is, ${fmt(training.best)}`, { class: "pg-fig-note" }),
        svg("path", { d: path(training.returns.map((J, k) => [x(k), y(J)])), class: "pg-corridor-curve" }));
    },
  });
  const key = (name, big) => {
    const k = stepKey(name, big, ui.state.update, { min: 0, max: last, step: 1, page: 5 });
    if (k !== undefined) goTo(k);
    return k !== undefined;
  };
  plot.knob = plot.handle({ label: "Updates of training", colour: "good", anywhere: true, key,
    drag: px => goTo(plot.x.invert(px)) });
  return plot;
}

function stripPlot(ui) {
  return ui.plot({
    label: "The mass on its line", kind: "img", height: () => 92,
    layout(plot, width) {
      plot.x = scale([-EDGE, EDGE], [14, width - 14]);
      add(plot.back, text(0, 12, "the mass from your start, and its force", WORDS),
        svg("line", { x1: 4, x2: width - 4, y1: 62, y2: 62, class: "pg-fig-axis" }),
        svg("line", { x1: plot.x(0), x2: plot.x(0), y1: 56, y2: 68, class: "pg-fig-axis" }),
        text(plot.x(0), 84, "rest", MIDDLE));
    },
  });
}
function drawStrip(strip, theta, { ran, share, seconds }) {
  const now = between(ran[0], share), a = force(theta, /** @type {any} */ (now));
  const px = strip.x(clamp(now[0], -EDGE, EDGE)), time = share > 0 ? `${fmt(share * seconds, 1)} s` : "";
  redo(strip.live, svg("rect", { x: px - 9, y: 44, width: 18, height: 18, rx: 3, class: "pg-control-mass" }),
    svg("path", { d: arrow([px, 36], [px + clamp(14 * a, -90, 90), 36], 9), class: "pg-fig-policy" }),
    text(strip.width, 84, time, { class: "pg-fig-note", "text-anchor": "end" }));
  strip.el.setAttribute("aria-label", `The mass at ${fmt(now[0])}, pushed with ${fmt(a)}.`);
}

/* What is said below; `first` is the first update that holds from every stored start. */
function inWords(update, { ran, held, seconds }, first) {
  const far = farthest(ran[0]), away = `still up to ${fmt(far, far < 10 ? 2 : 0)} away`;
  return `After ${update} update${update === 1 ? "" : "s"}`
    + ` the mean brings ${held.filter(Boolean).length} of the ${held.length} stored starts to rest (\u25cf),`
    + ` within ${fmt(NEAR, 1)} in the last of ${fmt(seconds, 0)} seconds.`
    + ` From your start it is ${far < NEAR ? "at rest too" : away}.`
    + (held.every(Boolean) && update > first ? " Some earlier one did it already." : "");
}
function build(ui) {
  const training = ui.model.get("training"), { thetas, starts, returns } = training;
  const last = thetas.length - 1, first = firstToHold(training);
  // share: of the time that Play has shown; ran: the paths of this update
  const it = { starts, seconds: training.horizon * training.dt, share: 0, ran: [], held: [] };
  let stop = null;
  const halt = () => { stop?.(); stop = null; it.share = 0; playButton.textContent = "Play"; };
  const place = at => { halt(); ui.set({ start: at.map(v => clamp(round(v, 0.02), -MOST, MOST)) }); };
  const goTo = k => { halt(); ui.set({ update: clamp(Math.round(k), 0, last) }); };
  const phase = phasePlot(ui, place), chart = chartPlot(ui, training, goTo), strip = stripPlot(ui);

  const playButton = ui.button("Play", () => {
    if (stop) { halt(); return ui.redraw(); }
    playButton.textContent = "Stop";
    stop = animate(it.seconds, share => { it.share = share; ui.redraw(); },
      () => { stop = null; playButton.textContent = "Play"; ui.say(said.textContent); }, ui);
  }, { class: "pg-fig-main" });
  ui.onReset(halt);

  const line = ui.formula(
    tex`\pol{\mu} = \pol{\live{w}}\;\text{position} \sign{sign} \pol{\live{k}}\;\text{speed}`,
    tex`\quad \pol{\sigma} = \pol{\live{sigma}}`, tex`\quad \good{J} = \good{\live{J}}`);
  const said = html("p", { class: "pg-fig-say" });
  ui.body.append(html("div", { class: "pg-fig-stack" },
    html("div", { class: "pg-fig-columns" }, phase.holder,
      html("div", { class: "pg-fig-stack" }, chart.holder, strip.holder)),
    ui.row(playButton, ui.resetButton()), html("div", {}, line, said)));

  return s => {
    const theta = thetas[s.update], [w, k, spread] = theta, J = returns[s.update];
    it.ran = [s.start, ...starts].map(start => follow(training, theta, start));
    it.held = starts.map(start => holds(training, theta, start));
    ui.challenge(s.update === first);
    drawPhase(phase, s, theta, it);
    drawStrip(strip, theta, it);
    const held = `holds from ${it.held.filter(Boolean).length} of ${it.held.length} starts`;
    chart.knob.place(chart.x(s.update), chart.y(J),
      { now: s.update, min: 0, max: last, words: `${s.update} updates, return ${fmt(J)}, ${held}` });
    line.show({ w: fmt(w), sign: k < 0 ? "\u2212" : "+", k: fmt(Math.abs(k)),
      sigma: fmt(Math.exp(spread)), J: fmt(J) });
    said.textContent = inWords(s.update, it, first);
  };
}
export default explorable({
  name: "controller", settings: ["update", "start"],
  challenge: "Find the first checkpoint that comes to rest from every stored start.",
  repair: ({ update, start }) =>
    ({ update: clamp(Math.round(update), 0, 40), start: start.map(v => clamp(v, -MOST, MOST)) }),
  build,
});
