/* Wrong in the right way: eight values to bend, the error they make, and the gradient they give. */
import { add, arrow, clamp, explorable, fmt, hatch, html, range, redo, round,
  scale, stepKey, sum, svg, text } from "./draw.js";

// ---- pure ----
export const TRUE_Q = [0.40625, -0.59375, 0.125, 1.5, -3, -3, 0, 0.5];       // leave and take in A, B, C, D
export const WEIGHT = [0.5, 0.5, 0.25, 0.25, 0.0625, 0.0625, 0.0625, 0.0625];         // d(s) pi(a|s)
const COMPONENT = [0, 0, 0, 0, null, null, 1, 1], SCORE = i => (i % 2 ? 0.5 : -0.5);
export const gradient = q => [0, 1].map(k =>
  sum(q.map((v, i) => (COMPONENT[i] === k ? WEIGHT[i] * SCORE(i) * v : 0))));
export const error = q => sum(q.map((v, i) => WEIGHT[i] * (v - TRUE_Q[i]) ** 2));
/* The closest that V plus a linear function of the scores comes to Q: w = F^-1 g. */
export function fitted() {
  const g = gradient(TRUE_Q);
  const fisher = [0, 1].map(k => sum(WEIGHT.map((d, i) => (COMPONENT[i] === k ? d / 4 : 0))));
  const w = g.map((v, k) => v / fisher[k]);
  return TRUE_Q.map((_, i) => {
    const V = (TRUE_Q[i - i % 2] + TRUE_Q[i - i % 2 + 1]) / 2;
    return V + (COMPONENT[i] === null ? 0 : w[COMPONENT[i]] * SCORE(i));
  });
}
const distance = (g, truth) => Math.hypot(g[0] - truth[0], g[1] - truth[1]);

// ---- drawing ----
const LOW = -4, HIGH = 4, NAMES = range(8).map(i => `${"ABCD"[i >> 1]}, ${i % 2 ? "take" : "leave"}`);
const row = i => 40 + 38 * i;
const pair = g => `(${g.map(v => fmt(v, 4)).join(", ")})`;

function layoutBars(plot, width) {
  plot.x = scale([LOW, HIGH], [104, width - 34]);
  plot.hatch = hatch(plot.back, "good");
  add(plot.back, text(0, 12, "what the critic says of each action", { class: "pg-fig-label" }),
    svg("line", { x1: plot.x(0), x2: plot.x(0), y1: 22, y2: 330, class: "pg-fig-axis" }),
    range(8).map(i => text(0, row(i) + 5, NAMES[i])));
}
function drawBars({ bars, knobs }, { q }) {
  const { x } = bars;
  redo(bars.live, q.map((v, i) => [
    svg("rect", {
      x: Math.min(x(0), x(v)), y: row(i) - 9, width: Math.max(1, Math.abs(x(v) - x(0))), height: 18, rx: 2,
      fill: bars.hatch, class: "pg-simplex-bar",
    }),
    svg("line", { x1: x(TRUE_Q[i]), x2: x(TRUE_Q[i]), y1: row(i) - 14, y2: row(i) + 14, class: "pg-estimate-truth" }),
    text(x(v) + (v < 0 ? -15 : 15), row(i) + 5, fmt(v),
      { class: "pg-fig-good pg-fig-halo", "text-anchor": v < 0 ? "end" : "start" }),
  ]));
  q.forEach((v, i) => {
    const words = `${fmt(v)}, the truth is ${fmt(TRUE_Q[i])}`;
    knobs[i].place(x(v), row(i), { now: round(v, 0.001), min: LOW, max: HIGH, words });
  });
}

function layoutField(plot, width) {
  add(plot.back, text(0, 12, "weighted squared error", { class: "pg-fig-label" }),
    text(0, 118, "the gradient that it gives", { class: "pg-fig-label" }));
  plot.gauge = scale([0, 1], [0, width]);
}
function drawField(field, g, e) {
  const truth = gradient(TRUE_Q), { width } = field, same = distance(g, truth) < 1e-6;
  const unit = Math.min(width / 2 - 26, 84) / Math.max(0.1, ...g.map(Math.abs)), zero = [width / 2, 226];
  const at = v => [zero[0] + unit * v[0], zero[1] - unit * v[1]], end = { "text-anchor": "end" };
  const full = Math.max(1, field.gauge(Math.min(e, 1)));
  redo(field.live,
    svg("rect", { x: 0, y: 26, width, height: 18, rx: 3, class: "pg-corridor-cell" }),
    svg("rect", { x: 0, y: 26, width: full, height: 18, rx: 3, class: "pg-fig-good" }),
    text(0, 66, `${fmt(e, 4)}${e > 1 ? ", beyond the bar" : ""}`, { class: "pg-fig-strong" }),
    svg("line", { x1: zero[0], x2: zero[0], y1: 134, y2: 318, class: "pg-dial-zero" }),
    svg("line", { x1: 4, x2: width - 4, y1: zero[1], y2: zero[1], class: "pg-fig-grid" }),
    text(width - 4, zero[1] - 6, "\u03b8\u2081", { class: "pg-fig-tick", ...end }),
    text(zero[0] + 6, 144, "\u03b8\u2082", { class: "pg-fig-tick" }),
    svg("path", { d: arrow(zero, at(truth), 12), class: "pg-dial-true" }),
    svg("path", { d: arrow(zero, at(g), 12), class: "pg-fig-good" }),
    text(4, 306, "the truth", { class: "pg-fig-strong" }),
    text(4, 326, pair(truth), { class: "pg-fig-note" }),
    text(width, 306, same ? "the critic's: the same" : "the critic's", { class: "pg-fig-good pg-fig-strong", ...end }),
    text(width, 326, pair(g), { class: "pg-fig-note", ...end }));
  field.el.setAttribute("aria-label",
    `Weighted squared error ${fmt(e, 4)}. The critic's gradient is ${pair(g)}, the truth ${pair(truth)}.`);
}
function verdict(g, e, off) {
  if (off < 1e-6) {
    return e < 1e-9 ? "Values and gradient are the true ones."
      : "The gradient is exact all the same: what is wrong, the scores cannot see.";
  }
  if (g[0] >= 0) return "The first component no longer points down: the agent would take where it should leave.";
  return `The gradient is off by ${fmt(off, 4)}.`;
}

function build(ui) {
  const bars = ui.plot({ label: "The critic's eight values", height: () => 336, layout: layoutBars });
  const move = (i, v) => ui.set({ q: ui.state.q.map((old, k) => (k === i ? clamp(v, LOW, HIGH) : old)) });
  const knobs = range(8).map(i => bars.handle({
    label: `Value of ${NAMES[i]}`, colour: "good",
    drag: x => move(i, round(bars.x.invert(x), 0.01)),
    key: (name, big) => {
      const at = Math.round(ui.state.q[i] * 1e5) / 1e5;
      const by = stepKey(name, big, 0, { min: LOW, max: HIGH, step: 0.05, page: 0.5 });
      if (by === undefined) return false;
      move(i, name === "Home" || name === "End" ? by : at + by);
      return true;
    },
  }));
  const field = ui.plot({ label: "The gradient it gives", kind: "img", height: () => 336, layout: layoutField });
  const put = (q, words) => () => { ui.set({ q }); ui.say(words); };
  const said = html("p", { class: "pg-fig-say" });
  const tasks = [["exact", "wrong, and exact"], ["lie", "nearly right, and wrong"]];
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.choice("Task", "task", tasks, () => ({ q: TRUE_Q })), ui.resetButton()),
    html("div", { class: "pg-fig-columns pg-fig-even" }, bars.holder, field.holder),
    ui.row(ui.button("The true Q", put(TRUE_Q, "The true values.")),
      ui.button("Fit to scores", put(fitted(), "Fitted to the scores."), { class: "pg-fig-main" }),
      ui.button("All zero", put(range(8).map(() => 0), "All values zero."))),
    said));

  return s => {
    const g = gradient(s.q), e = error(s.q), off = distance(g, gradient(TRUE_Q));
    ui.challenge(s.task === "exact" ? off < 1e-6 && e > 0.4 : g[0] >= -1e-12 && e <= 0.02);
    drawBars({ bars, knobs }, s);
    drawField(field, g, e);
    said.textContent = `Error ${fmt(e, 4)}. ${verdict(g, e, off)}`;
  };
}
const TASKS = {
  exact: "Make the error larger than .4, and the gradient exact.",
  lie: "Keep the error at .02 or less, and turn the first component's sign (0 will do).",
};
export default explorable({
  name: "wrongright", settings: ["task", "q"], challenge: s => [s.task, TASKS[s.task]],
  repair: s => ({ task: TASKS[s.task] ? s.task : "exact", q: s.q.map(v => clamp(v, LOW, HIGH)) }), build,
});
