/* Wrong in the right way: eight values to bend, the error they make, and the gradient they give. */
import { add, arrow, clamp, explorable, fmt, hatch, html, range, redo, round, scale, stepKey, sum, svg, text } from "./draw.js";

// ---- pure ----
export const TRUE_Q = [0.40625, -0.59375, 0.125, 1.5, -3, -3, 0, 0.5];       // leave and take in A, B, C, D
export const WEIGHT = [0.5, 0.5, 0.25, 0.25, 0.0625, 0.0625, 0.0625, 0.0625];         // d(s) pi(a|s)
const COMPONENT = [0, 0, 0, 0, null, null, 1, 1], SCORE = i => (i % 2 ? 0.5 : -0.5);
export const gradient = q => [0, 1].map(k => sum(q.map((v, i) => (COMPONENT[i] === k ? WEIGHT[i] * SCORE(i) * v : 0))));
export const error = q => sum(q.map((v, i) => WEIGHT[i] * (v - TRUE_Q[i]) ** 2));
/* The closest that V plus a linear function of the scores comes to Q: w = F^-1 g. */
export function fitted() {
  const g = gradient(TRUE_Q), fisher = [0, 1].map(k => sum(WEIGHT.map((d, i) => (COMPONENT[i] === k ? d / 4 : 0)))), w = g.map((v, k) => v / fisher[k]);
  return TRUE_Q.map((_, i) => (TRUE_Q[i - i % 2] + TRUE_Q[i - i % 2 + 1]) / 2 + (COMPONENT[i] === null ? 0 : w[COMPONENT[i]] * SCORE(i)));
}

// ---- drawing ----
const LOW = -4, HIGH = 4, NAMES = range(8).map(i => `${"ABCD"[i >> 1]}, ${i % 2 ? "take" : "leave"}`);

function build(ui) {
  const bars = ui.plot({
    label: "The critic's eight values", height: () => 336,
    layout(p, width) {
      p.x = scale([LOW, HIGH], [104, width - 34]);
      p.hatch = hatch(p.back, "good");
      add(p.back, text(0, 12, "what the critic says of each action", { class: "pg-x-label" }), svg("line", { x1: p.x(0), x2: p.x(0), y1: 22, y2: 330, class: "pg-x-axis" }),
        range(8).map(i => text(0, row(i) + 5, NAMES[i])));
    },
  });
  const row = i => 40 + 38 * i;
  const move = (i, v) => ui.set({ q: ui.state.q.map((old, k) => (k === i ? clamp(v, LOW, HIGH) : old)) });
  const knobs = range(8).map(i => bars.handle({ label: `Value of ${NAMES[i]}`, colour: "good", drag: x => move(i, round(bars.x.invert(x), 0.01)),
    key: (name, big) => { const at = Math.round(ui.state.q[i] * 1e5) / 1e5, by = stepKey(name, big, 0, { min: LOW, max: HIGH, step: 0.05, page: 0.5 });
      if (by === undefined) return false;
      move(i, name === "Home" || name === "End" ? by : at + by);
      return true; } }));
  function drawBars(s) {
    redo(bars.live, s.q.map((v, i) => [svg("rect", { x: Math.min(bars.x(0), bars.x(v)), y: row(i) - 9, width: Math.max(1, Math.abs(bars.x(v) - bars.x(0))), height: 18, rx: 2, fill: bars.hatch, class: "pg-s-bar" }),
      svg("line", { x1: bars.x(TRUE_Q[i]), x2: bars.x(TRUE_Q[i]), y1: row(i) - 14, y2: row(i) + 14, class: "pg-e-truth" }),
      text(bars.x(v) + (v < 0 ? -15 : 15), row(i) + 5, fmt(v), { class: "pg-x-good pg-x-halo", "text-anchor": v < 0 ? "end" : "start" })]));
    s.q.forEach((v, i) => knobs[i].place(bars.x(v), row(i), { now: round(v, 0.001), min: LOW, max: HIGH, words: `${fmt(v)}, the truth is ${fmt(TRUE_Q[i])}` }));
  }
  const field = ui.plot({
    label: "The gradient it gives", kind: "img", height: () => 336,
    layout(p, width) { add(p.back, text(0, 12, "weighted squared error", { class: "pg-x-label" }), text(0, 118, "the gradient that it gives", { class: "pg-x-label" })); p.gauge = scale([0, 1], [0, width]); },
  });
  function drawField(g, e) {
    const truth = gradient(TRUE_Q), reach = Math.max(0.1, ...g.map(Math.abs)), unit = Math.min(field.width / 2 - 26, 84) / reach, zero = [field.width / 2, 226];
    const at = v => [zero[0] + unit * v[0], zero[1] - unit * v[1]], tip = at(g), goal = at(truth), same = Math.hypot(g[0] - truth[0], g[1] - truth[1]) < 1e-6;
    redo(field.live, svg("rect", { x: 0, y: 26, width: field.width, height: 18, rx: 3, class: "pg-c-cell" }), svg("rect", { x: 0, y: 26, width: Math.max(1, field.gauge(Math.min(e, 1))), height: 18, rx: 3, class: "pg-x-good" }),
      text(0, 66, `${fmt(e, 4)}${e > 1 ? ", beyond the bar" : ""}`, { class: "pg-x-strong" }),
      svg("line", { x1: zero[0], x2: zero[0], y1: 134, y2: 318, class: "pg-q-zero" }), svg("line", { x1: 4, x2: field.width - 4, y1: zero[1], y2: zero[1], class: "pg-x-grid" }),
      text(field.width - 4, zero[1] - 6, "\u03b8\u2081", { class: "pg-x-tick", "text-anchor": "end" }), text(zero[0] + 6, 144, "\u03b8\u2082", { class: "pg-x-tick" }),
      svg("path", { d: arrow(zero, goal, 12), class: "pg-q-true" }), svg("path", { d: arrow(zero, tip, 12), class: "pg-x-good" }),
      text(4, 306, "the truth", { class: "pg-x-strong" }), text(4, 326, `(${truth.map(v => fmt(v, 4)).join(", ")})`, { class: "pg-x-note" }),
      text(field.width, 306, same ? "the critic's: the same" : "the critic's", { class: "pg-x-good pg-x-strong", "text-anchor": "end" }), text(field.width, 326, `(${g.map(v => fmt(v, 4)).join(", ")})`, { class: "pg-x-note", "text-anchor": "end" }));
    field.el.setAttribute("aria-label", `Weighted squared error ${fmt(e, 4)}. The critic's gradient is (${g.map(v => fmt(v, 4)).join(", ")}), the truth (${truth.map(v => fmt(v, 4)).join(", ")}).`);
  }
  const put = (q, words) => () => { ui.set({ q }); ui.say(words); };
  const said = html("p", { class: "pg-x-say" });
  ui.body.append(html("div", { class: "pg-x-stack" },
    ui.row(ui.choice("Task", "task", [["exact", "wrong, and exact"], ["lie", "nearly right, and wrong"]], () => ({ q: TRUE_Q })), ui.resetButton()),
    html("div", { class: "pg-x-columns pg-x-even" }, bars.holder, field.holder),
    ui.row(ui.button("The true Q", put(TRUE_Q, "The true values.")), ui.button("Fit to scores", put(fitted(), "Fitted to the scores."), { class: "pg-x-main" }),
      ui.button("All zero", put(range(8).map(() => 0), "All values zero."))), said));

  return s => {
    const g = gradient(s.q), e = error(s.q), truth = gradient(TRUE_Q), exact = Math.hypot(g[0] - truth[0], g[1] - truth[1]) < 1e-6;
    ui.challenge(s.task === "exact" ? exact && e > 0.4 : g[0] >= -1e-12 && e <= 0.02);
    drawBars(s); drawField(g, e);
    said.textContent = `Error ${fmt(e, 4)}. ${exact ? e < 1e-9 ? "Values and gradient are the true ones." : "The gradient is exact all the same: what is wrong, the scores cannot see." : g[0] >= 0 ? "The first component no longer points down: the agent would take where it should leave."
      : `The gradient is off by ${fmt(Math.hypot(g[0] - truth[0], g[1] - truth[1]), 4)}.`}`;
  };
}
const TASKS = { exact: "Make the error larger than .4, and the gradient exact.", lie: "Keep the error at .02 or less, and turn the first component's sign (0 will do)." };
export default explorable({
  name: "wrongright", settings: ["task", "q"], challenge: s => [s.task, TASKS[s.task]],
  repair: s => ({ task: TASKS[s.task] ? s.task : "exact", q: s.q.map(v => clamp(v, LOW, HIGH)) }), build,
});
