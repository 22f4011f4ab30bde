/* Estimator race: five weights with one mean; their error falls with the same slope from different heights. */
import { add, axes, clamp, explorable, fmt, html, path, raised,
  redo, round, scale, stepKey, svg, tex, text } from "./draw.js";

// ---- pure ----
export const WEIGHTS = [["total", "total return"], ["togo", "reward-to-go"], ["q", "exact Q"],
  ["baseline", "reward-to-go less V"], ["advantage", "exact advantage"]];
/* Variance of one trajectory: a parabola in the offset c, and the loan's own share. */
export const variance = ([v0, v01, v1, loaned], c, loan) => v0 + 2 * c * v01 + c * c * v1 + loan * loan * loaned;
export const relativeError = ({ length, rows }, name, { offset, loan }, n) =>
  Math.sqrt(variance(rows[name], offset, loan) / n) / length;
/* How many trajectories it takes. */
export const needed = (table, name, state) => relativeError(table, name, state, 1) ** 2 / state.target ** 2;

// ---- drawing ----
const N = [1, 1e6], E = [0.003, 60], TARGETS = [0.01, 1], LEFT = 44, RIGHT = 12;
const power = v => (v < 1 ? fmt(v, v < 0.01 ? 3 : v < 0.1 ? 2 : 1) : fmt(v, 0));
function count(v) {
  if (v < 1e4) return fmt(Math.max(1, Math.ceil(v - 1e-9)), 0);
  const exponent = Math.floor(Math.log10(v));
  return `${fmt(v / 10 ** exponent, 1)} \u00b7 10${raised(exponent)}`;
}
function log(domain, span) {                          // a scale of powers of ten
  const f = scale(domain.map(Math.log10), span);
  return Object.assign(v => f(Math.log10(v)), { invert: p => 10 ** f.invert(p), range: span });
}

function layoutChart(plot, width) {
  const x = log(N, [LEFT, width - RIGHT]), y = log(E, [280, 26]), few = width < 420;
  Object.assign(plot, { x, y });
  axes(plot, {
    x, y, yticks: [0.01, 0.1, 1, 10], yshow: power,
    xticks: few ? [1, 1e2, 1e4, 1e6] : [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6],
    xshow: v => (v === 1 ? "1" : v === 10 ? "10" : `10${raised(Math.log10(v))}`), xlabel: "number of trajectories",
    ylabel: few ? "relative error of the estimate" : "error of the estimate, relative to the gradient",
  });
}
function drawChart({ chart, knob }, s, rows) {
  const { x, y } = chart, right = chart.width - RIGHT;
  const inside = (n, e) => [x(clamp(n, ...N)), y(clamp(e, ...E))];
  redo(chart.live,
    svg("line", { x1: LEFT, x2: right, y1: y(s.target), y2: y(s.target), class: "pg-race-target" }),
    rows.map(({ name, at, need }) => {
      const from = Math.max(N[0], (at(1) / E[1]) ** 2), to = Math.min(N[1], (at(1) / E[0]) ** 2);
      const ends = [inside(from, at(from)), inside(to, at(to))];
      return [
        svg("path", { d: path(ends), class: `pg-race-line pg-race-${name}` }),
        need >= N[0] && need <= N[1] && svg("circle", { cx: x(need), cy: y(s.target), r: 4, class: "pg-race-dot" }),
      ];
    }),
    text(right - 18, y(s.target) - 8, `error ${fmt(s.target, s.target < 0.1 ? 3 : 2)}`,
      { class: "pg-fig-strong pg-fig-halo", "text-anchor": "end" }));
  const words = `relative error ${fmt(s.target, 3)}`;
  knob.place(right, y(s.target), { now: s.target, min: TARGETS[0], max: TARGETS[1], words });
}
function drawList(list, s, rows) {
  redo(list.live, rows.map(({ name, words, need }, i) => {
    const top = 34 + i * 58, end = clamp(list.x(Math.max(1, need)), 2, list.width - 8);
    return [
      text(0, top + 12, words),
      text(list.width - 8, top + 12, count(need), { class: "pg-fig-strong", "text-anchor": "end" }),
      svg("line", { x1: 0, x2: end, y1: top + 26, y2: top + 26, class: `pg-race-line pg-race-${name}` }),
      svg("circle", { cx: end, cy: top + 26, r: 4, class: "pg-race-dot" }),
    ];
  }));
  const each = rows.map(r => `${r.words} ${count(r.need)}`).join(", ");
  list.el.setAttribute("aria-label", `For a relative error of ${fmt(s.target, 3)}: ${each} trajectories.`);
}
function sentence(s, needs) {
  const [total, togo, q, baseline] = needs;
  const why = s.loan ? "in the total the loan cancels; what comes after the first step still has the debt to pay"
    : "what is dropped cancelled more noise than it made";
  const times = fmt(total / baseline, 1);
  return `The total return needs ${times} times the trajectories of reward-to-go with a baseline.`
    + (total < togo * 0.999 ? ` And it beats reward-to-go: ${why}.` : "")
    + (q > baseline ? " Even the exact Q, which has no noise from the future, is worse than sampled returns"
      + " with a baseline." : "");
}

function build(ui) {
  const tables = ui.model.get("table");
  const chart = ui.plot({ label: "Error against number of trajectories", height: () => 330, layout: layoutChart });
  const move = v => ui.set({ target: clamp(v, ...TARGETS) });
  const knob = chart.handle({
    label: "Wanted relative error", colour: "ink", anywhere: true,
    drag: (_, y) => move(Number(chart.y.invert(y).toPrecision(2))),
    key: (name, big) => {
      const at = round(Math.log10(ui.state.target), 0.05);
      const v = stepKey(name, big, at, { min: -2, max: 0, step: 0.05, page: 0.5 });
      if (v !== undefined) move(Number((10 ** v).toPrecision(3)));
      return v !== undefined;
    },
  });
  const list = ui.plot({
    label: "Trajectories needed", kind: "img", height: () => 330,
    layout(plot, width) {
      plot.x = log([1, 1e6], [0, width - 8]);
      add(plot.back, text(0, 14, "trajectories for that error", { class: "pg-fig-label" }));
    },
  });

  const line = ui.formula(
    tex`\text{error} = \frac{\sqrt{\good{\Var} / N}}{\lVert \nabla J \rVert} = \frac{\good{\live{sd}}}{\sqrt{N}}`,
    html("span", {}, "for reward-to-go"));
  const said = html("p", { class: "pg-fig-say" });
  ui.body.append(html("div", { class: "pg-fig-stack" },
    html("div", { class: "pg-fig-columns" }, chart.holder, list.holder),
    html("div", {},
      ui.row(ui.choice("Horizon", "horizon", [[2, "2 steps"], [4, "4"], [6, "6"], [8, "8"]]), ui.resetButton()),
      html("div", { class: "pg-race-sliders" },
        ui.slider("add to every reward", "offset", { min: 0, max: 3, step: 0.05, show: v => fmt(v), wide: true }),
        ui.slider("loan of the world", "loan", { min: 0, max: 4, step: 0.05, show: v => fmt(v), wide: true }))),
    html("p", { class: "pg-fig-small" }, "The loan: a coin of the world pays it, or charges it, with the first reward"
      + " and undoes that with the last. The agent sees neither."),
    html("div", {}, line, said)));

  return s => {
    const table = tables[s.horizon];
    const rows = WEIGHTS.map(([name, words]) =>
      ({ name, words, at: n => relativeError(table, name, s, n), need: needed(table, name, s) }));
    const needs = rows.map(r => r.need), [total, togo] = needs;
    drawChart({ chart, knob }, s, rows);
    drawList(list, s, rows);
    ui.challenge(total < togo * 0.999);
    line.show({ sd: fmt(rows[1].at(1)) });
    said.textContent = sentence(s, needs);
  };
}
export default explorable({
  name: "race", settings: ["horizon", "offset", "loan", "target"],
  challenge: "Find a setting in which the total return beats reward-to-go.",
  repair: s => ({
    horizon: [2, 4, 6, 8].includes(s.horizon) ? s.horizon : 6, offset: clamp(s.offset, 0, 3), loan: clamp(s.loan, 0, 4),
    target: clamp(s.target, ...TARGETS),
  }),
  build,
});
