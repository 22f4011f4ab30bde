/* Coasting: the clipped gradient is exactly 0, and Adam's momentum carries the ratio on. */
import { axes, clamp, explorable, fmt, html, path, range, redo, scale, svg, text } from "./draw.js";

// ---- pure ----
export const sigmoid = x => 1 / (1 + Math.exp(-x));
const weight = (ratio, A, epsilon) => ((A > 0 ? ratio <= 1 + epsilon : ratio >= 1 - epsilon) ? ratio * A : 0);
/* One state, arms worth +1 and -1; or two doors' first observation: two states that share a logit and want opposite
   things. */
const STATES = {
  false: [{ visits: 1, A: [-1, 1] }],
  true: [{ visits: 1, A: [1 / 2, -1 / 2] }, { visits: 0.5, A: [-11 / 16, 11 / 16] }],
};
export function slope(theta, { epsilon, shared }) {    // of the clipped objective, by the logit
  const p = sigmoid(theta), ratios = [2 - 2 * p, 2 * p], scores = [-p, 1 - p];
  const push = (A, action) => weight(ratios[action], A[action], epsilon) * scores[action];
  return STATES[shared].reduce((total, { visits, A }) => total + visits * 0.5 * (push(A, 0) + push(A, 1)), 0);
}
/* [ratio of the second action after each step, slope before it], by Adam with beta_2 = .999. */
export function run(s) {
  let theta = 0, mean = 0, square = 0;
  return range(s.steps).map(i => {
    const g = slope(theta, s);
    mean = s.momentum * mean + (1 - s.momentum) * g;
    square = 0.999 * square + 0.001 * g * g;
    theta += s.rate * (mean / (1 - s.momentum ** (i + 1))) / (Math.sqrt(square / (1 - 0.999 ** (i + 1))) + 1e-8);
    return [2 * sigmoid(theta), g];
  });
}
export function idle(trace) {
  let n = 0;
  for (let i = trace.length - 1; i >= 0 && trace[i][1] === 0; i--) n += 1;
  return n;
}

// ---- drawing ----
const LEFT = 44, RIGHT = 12;

const makeChart = ui => ui.plot({
  label: "The ratio after each step of Adam, and the gradient underneath", kind: "img", height: () => 380,
  layout(plot, width) {
    plot.y = scale([0.2, 2], [236, 30]);
    plot.g = scale([-0.5, 0.5], [350, 262]);
    plot.x = scale([0, 60], [LEFT, width - RIGHT]);
    axes(plot, { x: plot.x, y: plot.y, yticks: [0.5, 1, 1.5, 2], yshow: v => fmt(v, 1),
      ylabel: "ratio of the second action, new over old" });
    axes(plot, { x: plot.x, y: plot.g, xticks: [0, 10, 20, 30, 40, 50, 60], yticks: [0], ylabel: "gradient" });
  },
});

function drawTrace({ live, x, y, g, width }, trace, epsilon) {
  const height = r => y(clamp(r, 0.2, 2)), high = y(1 + epsilon), low = y(1 - epsilon);
  const reach = Math.max(1e-3, ...trace.map(([, v]) => Math.abs(v)));
  redo(live,
    svg("rect", { x: LEFT, width: width - RIGHT - LEFT, y: high, height: low - high, class: "pg-training-ball" }),
    text(width - RIGHT - 4, low - 6, "the band", { class: "pg-fig-note pg-fig-halo", "text-anchor": "end" }),
    svg("path", { d: path([[x(0), y(1)], ...trace.map(([r], i) => [x(i + 1), height(r)])]), class: "pg-coast-trace" }),
    trace.map(([r], i) => svg("circle", { cx: x(i + 1), cy: height(r), r: 3, class: "pg-fig-policy" })),
    trace.map(([, v], i) => svg("line",
      { x1: x(i + 1), x2: x(i + 1), y1: g(0), y2: g(0.45 * v / reach), class: "pg-coast-bar" })));
}

function inWords({ steps, epsilon }, last, quiet) {
  return `After ${steps} steps the ratio is ${fmt(last, 3)}; `
    + `the band ends at ${fmt(1 - epsilon)} and ${fmt(1 + epsilon)}. `
    + (quiet ? `The gradient has been exactly 0 for the last ${quiet} steps.` : "The gradient is not 0.");
}

function makeControls(ui) {
  const show = v => fmt(v);
  return [
    ui.row(ui.slider("learning rate", "rate", { min: 0.02, max: 0.5, step: 0.02, show }),
      ui.slider("momentum \u03b2\u2081", "momentum", { min: 0, max: 0.95, step: 0.05, show }),
      ui.slider("clip \u03b5", "epsilon", { min: 0.05, max: 0.4, step: 0.05, show }),
      ui.slider("steps", "steps", { min: 5, max: 60, step: 1 })),
    ui.row(ui.toggle("one logit for two states (two doors)", "shared"), ui.resetButton()),
  ];
}

function build(ui) {
  const chart = makeChart(ui), said = html("p", { class: "pg-fig-say" });
  ui.body.append(html("div", { class: "pg-fig-stack" }, chart.holder, said, makeControls(ui)));
  return s => {
    const trace = run(s), last = trace.at(-1)[0], quiet = idle(trace);
    const most = Math.max(...trace.map(([r]) => Math.abs(r - 1)));
    ui.challenge(!s.shared && last > 1.5 && quiet >= 20);
    drawTrace(chart, trace, s.epsilon);
    const words = inWords(s, last, quiet);
    said.textContent = words;
    chart.el.setAttribute("aria-label", `${words} Farthest from 1: ${fmt(most, 3)}.`);
  };
}
export default explorable({
  name: "coast", settings: ["rate", "momentum", "epsilon", "steps", "shared"],
  challenge: "Two arms: reach a ratio above 1.5 although the gradient has been exactly 0 for 20 steps.",
  repair: s => ({
    rate: clamp(s.rate, 0.02, 0.5), momentum: clamp(s.momentum, 0, 0.95), epsilon: clamp(s.epsilon, 0.05, 0.4),
    steps: Math.round(clamp(s.steps, 5, 60)), shared: Boolean(s.shared),
  }),
  build,
});
