/* Line, tent and truth: what the surrogate promises in the corridor, where the clip cuts it, and what the return
   does. */
import { axes, clamp, explorable, fmt, html, path, range, redo, round, scale, stepKey, svg, text } from "./draw.js";

// ---- pure ----
export const truth = p => (2 * p - 4) / (p * (1 - p));
export const line = p => -12 + 8 * (p - 0.5);
/* Two cells want to go right (slope +32 together), the reversed one left (-24): beyond the band one side stops
   voting. */
export function clipped(p, epsilon) {
  const worth = (ratio, A) => Math.min(ratio * A, clamp(ratio, 1 - epsilon, 1 + epsilon) * A);
  const both = right => worth(2 * p, right) + worth(2 - 2 * p, -right);
  return -12 + CELLS.reduce((sum, { visits, right }) => sum + visits * 0.5 * both(right), 0);
}
/* Discounted visits d(s) and the advantage of going right in each cell, at p = 1/2: d = (6, 4, 2), A = (1, -3, 5). */
export const CELLS = [{ visits: 6, right: 1 }, { visits: 4, right: -3 }, { visits: 2, right: 5 }];
export const kl = p => 0.5 * Math.log(0.25 / (p * (1 - p)));
export const safe = (p, from = 0.5) => truth(p) >= truth(from) - 1e-9;
export function ball(delta) {                          // the largest p with KL(1/2 || p) = delta, by bisection
  let low = 0.5, high = 1 - 1e-9;
  for (const _ of range(60)) {
    const p = (low + high) / 2;
    if (kl(p) < delta) low = p; else high = p;
  }
  return low;
}

// ---- drawing ----
const MIN = 0.3, MAX = 0.95, LOW = -30, HIGH = -6, LEFT = 46, RIGHT = 12;

const makeChart = ui => ui.plot({
  label: "Return, surrogate and clipped surrogate over the probability of going right",
  height: width => clamp(width * 0.56, 280, 380),
  layout(plot, width, height) {
    plot.x = scale([MIN, MAX], [LEFT, width - RIGHT]);
    plot.y = scale([LOW, HIGH], [height - 46, 40]);
    axes(plot, { x: plot.x, y: plot.y, xticks: [0.3, 0.5, 0.7, 0.9], yticks: [-30, -24, -18, -12, -6],
      yshow: v => fmt(v, 0), xlabel: "probability of right, p", ylabel: "expected return" });
  },
});

function makeKnob(ui, chart) {
  const move = p => ui.set({ p: clamp(p, MIN, MAX) });
  return chart.handle({
    label: "Probability of going right", anywhere: true, drag: x => move(round(chart.x.invert(x), 0.005)),
    key(name, big) {
      const p = stepKey(name, big, ui.state.p, { min: MIN, max: MAX, step: 0.005 });
      if (p !== undefined) move(p);
      return p !== undefined;
    },
  });
}

/* What stands behind the three functions: all that is no farther from the start than p, and the start's return. */
function drawBall({ x, y, width }, p) {
  const half = Math.abs(p - 0.5), from = x(Math.max(MIN, 0.5 - half));
  return [
    svg("rect", { x: from, width: Math.max(0, x(0.5 + half) - from), y: 40, height: y(LOW) - 40,
      class: "pg-training-ball" }),
    svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(-12), y2: y(-12), class: "pg-corridor-stem" }),
  ];
}

function drawFunctions({ x, y }, epsilon) {
  const curve = f => path(range(131).map(i => MIN + i * 0.005).map(v => [x(v), y(clamp(f(v), LOW, HIGH))]));
  return [
    svg("path", { d: curve(line), class: "pg-training-line" }),
    svg("path", { d: curve(v => clipped(v, epsilon)), class: "pg-training-tent" }),
    svg("path", { d: curve(truth), class: "pg-corridor-curve" }),
  ];
}

function drawNames({ x, y, width }, epsilon) {
  const top = (1 + epsilon) / 2;
  return [
    svg("line", { x1: x(0.5), x2: x(0.5), y1: y(-12) - 6, y2: y(-12) + 6, class: "pg-corridor-best" }),
    text(x(0.5), y(-12) + 22, "start", { class: "pg-fig-note pg-fig-halo", "text-anchor": "middle" }),
    text(x(0.36), y(line(0.36)) - 10, "the line L",
      { class: "pg-fig-policy pg-fig-strong pg-fig-halo", "text-anchor": "middle" }),
    text(Math.min(x(top) + 4, width - 80), y(clipped(top, epsilon)) - 10, "the tent",
      { class: "pg-fig-where pg-fig-strong pg-fig-halo" }),
    text(x(0.34), y(truth(0.34)) + 26, "the truth J", { class: "pg-fig-good pg-fig-strong pg-fig-halo" }),
  ];
}

function drawChart(chart, knob, { p, epsilon }) {
  const { x, y } = chart, height = y(clamp(truth(p), LOW, HIGH));
  redo(chart.live, drawBall(chart, p), drawFunctions(chart, epsilon), drawNames(chart, epsilon),
    svg("path", { d: `M${x(p)} ${height}V${y(line(p))}`, class: "pg-corridor-drop" }),
    svg("circle", { cx: x(p), cy: y(clipped(p, epsilon)), r: 5, class: "pg-fig-where" }),
    svg("circle", { cx: x(p), cy: y(line(p)), r: 5, class: "pg-fig-policy" }));
  knob.place(x(p), height, { now: round(p, 0.001), min: MIN, max: MAX,
    words: `p = ${fmt(p, 3)}: promised ${fmt(line(p), 1)}, return ${fmt(truth(p), 1)}, KL ${fmt(kl(p), 4)}` });
}

const atP = ({ p, epsilon }) => `At p = ${fmt(p, 3)} the line promises ${fmt(line(p), 2)}, `
  + `the tent ${fmt(clipped(p, epsilon), 2)}; the return is ${fmt(truth(p), 2)}. `
  + `KL(old \u2016 new) = ${fmt(kl(p), 4)}.`;
const atTop = (top, epsilon) => `The tent's top is at p = ${fmt(top, 3)}: `
  + `it promises ${fmt(clipped(top, epsilon), 2)}, and the return there is ${fmt(truth(top), 2)}, `
  + (safe(top) ? "no worse than the start." : "worse than the start.");

function build(ui) {
  const chart = makeChart(ui), knob = makeKnob(ui, chart);
  const said = html("p", { class: "pg-fig-say" }), numbers = html("p", { class: "pg-fig-say" });
  ui.body.append(html("div", { class: "pg-fig-stack" }, chart.holder, numbers, said,
    ui.row(ui.choice("Which challenge", "task", [["ball", "the ball"], ["clip", "the clip"]]),
      ui.slider("clip \u03b5", "epsilon", { min: 0.05, max: 0.6, step: 0.005, show: v => fmt(v, 3) }),
      ui.resetButton())));
  return s => {
    const top = (1 + s.epsilon) / 2, found = kl(s.p) >= 0.0555 && s.p > 0.5 && safe(s.p);
    ui.challenge(s.task === "ball" ? found : !safe(top) && s.epsilon <= 0.345);
    drawChart(chart, knob, s);
    numbers.textContent = atP(s);
    said.textContent = atTop(top, s.epsilon);
  };
}
const TASKS = {
  ball: "Find the largest KL ball in which going right never does harm: "
    + "at least 0.0555, and the return not below the start's.",
  clip: "Find the smallest \u03b5 (at most 0.345) whose tent has its top "
    + "where the return is worse than at the start.",
};
export default explorable({
  name: "tent", settings: ["p", "epsilon", "task"],
  challenge: s => [s.task, s.task === "ball" ? TASKS.ball : TASKS.clip],
  repair: s => ({
    p: clamp(s.p, MIN, MAX), epsilon: clamp(s.epsilon, 0.05, 0.6), task: s.task === "clip" ? "clip" : "ball",
  }),
  build,
});
