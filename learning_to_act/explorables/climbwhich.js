/* Which function do you climb? The weight in front of grad p, its integral, and two prompts that share one step. */
import {
  add, axes, clamp, explorable, fmt, hatch, html, path, percent, range, redo, round, scale, stepKey, sum, svg, tex,
  text,
} from "./draw.js";

// ---- pure ----
/* c_G(p): E[sqrt(m (1 - m))] / (p (1 - p)) with m the share of right answers of G; p (1 - p) is cancelled in each
   term. */
export function grpo(p, G) {
  let ways = 1, total = 0;
  for (let k = 1; k < G; k++) {
    ways *= (G - k + 1) / k;
    total += ways * Math.sqrt(k * (G - k)) / G * p ** (k - 1) * (1 - p) ** (G - k - 1);
  }
  return total;
}
export const mixed = (p, G) => 1 - p ** G - (1 - p) ** G;
export const WEIGHTS = {
  rloo: () => 1,
  grpo,
  until_mixed: (p, G) => grpo(p, G) / mixed(p, G),
  successes: (p, G) => sum(range(G).map(j => (1 - p) ** j)),
  passk: (p, G) => G * (1 - p) ** (G - 1),
};
export function weight({ method, group, sample }, p) {
  const divided = method === "grpo" || method === "until_mixed";
  return WEIGHTS[method](p, group) * (sample && divided ? Math.sqrt((group - 1) / group) : 1);
}
export function shares(s) {
  const w = [weight(s, s.p1), weight(s, s.p2)];
  return w.map(v => v / (w[0] + w[1]));
}
export function flat(s) {
  const w = range(9).map(i => weight(s, (i + 1) / 10));
  return Math.max(...w) - Math.min(...w) < 1e-9;
}
/* What is climbed, from p = low on, by Simpson's rule; scaled so that it rises by 1. */
export function climbed(s, low = 0.005, n = 199) {
  const step = (1 - 2 * low) / (n - 1), ps = range(n).map(i => low + step * i), w = ps.map(p => weight(s, p));
  const out = [0];
  for (let i = 1; i < n; i++) out.push(out[i - 1] + (w[i - 1] + 4 * weight(s, ps[i] - step / 2) + w[i]) / 6);
  return ps.map((p, i) => [p, out[i] / out[n - 1]]);
}

// ---- drawing ----
const NAMES = {
  rloo: "RLOO", grpo: "GRPO", until_mixed: "GRPO, each prompt sampled until its group is mixed,",
  successes: "mean over successes", passk: "pass@k",
};
const SHORT = { ...NAMES, until_mixed: "until mixed", successes: "successes" };
const GRID = range(197).map(i => 0.01 + 0.98 * i / 196);
const colourOf = i => i ? "pg-fig-good" : "pg-fig-policy";   // of the first and the second prompt

const makeCurve = ui => ui.plot({
  label: "Weight of a prompt against its success rate, with two prompts to drag", height: () => 250,
  layout(plot, width) {
    plot.x = scale([0, 1], [44, width - 14]);
    axes(plot, { x: plot.x, y: scale([0, 1], [206, 26]), xticks: [0, 0.25, 0.5, 0.75, 1],
      xlabel: "success rate p of a prompt", ylabel: "weight in front of the gradient of p" });
  },
});

function makeKnob(ui, curve, key, i) {
  const move = v => ui.set({ [key]: clamp(round(v, 0.01), 0.01, 0.99) });
  return curve.handle({
    label: `Success rate of prompt ${i + 1}`, colour: i ? "good" : "policy", drag: x => move(curve.x.invert(x)),
    key(name, big) {
      const v = stepKey(name, big, ui.state[key], { min: 0.01, max: 0.99, step: 0.01 });
      if (v !== undefined) move(v);
      return v !== undefined;
    },
  });
}

function drawGrid(curve, y, most) {
  const tick = most > 20 ? 20 : most > 8 ? 5 : most > 3 ? 2 : 1;
  return range(Math.floor(most / tick) + 1).map(i => [
    svg("line", { x1: 44, x2: curve.width - 14, y1: y(i * tick), y2: y(i * tick), class: "pg-fig-grid" }),
    text(36, y(i * tick) + 4, String(i * tick), { class: "pg-fig-tick", "text-anchor": "end" }),
  ]);
}

function drawCurve(curve, knobs, s) {
  const w = GRID.map(p => weight(s, p)), ps = [s.p1, s.p2];
  const most = clamp(1.1 * Math.max(...w.slice(8, -8), weight(s, s.p1), weight(s, s.p2)), 1.5, 70);
  const y = scale([0, most], [206, 26]);
  const name = (p, i) => text(curve.x(p) + (p > 0.85 ? -13 : 13), y(weight(s, p)) - 10 - 4 * i,
    `${i ? "second" : "first"} ${fmt(weight(s, p))}`,
    { class: `${colourOf(i)} pg-fig-strong pg-fig-halo`, "text-anchor": p > 0.85 ? "end" : "start" });
  redo(curve.live, drawGrid(curve, y, most),
    svg("path", { d: path(GRID.map((p, i) => [curve.x(p), y(Math.min(w[i], most))])), class: "pg-estimate-outline" }),
    ps.map(name));
  ps.forEach((p, i) => knobs[i].place(curve.x(p), y(weight(s, p)),
    { now: p, min: 0.01, max: 0.99, words: `${fmt(p)}, weight ${fmt(weight(s, p))}` }));
}

const makeBelow = ui => ui.plot({
  label: "What is climbed", kind: "img", height: () => 250,
  layout(plot, width) {
    plot.x = scale([0, 1], [44, width - 14]);
    plot.y = scale([0, 1], [130, 26]);
    plot.bar = scale([0, 1], [0, width - 50]);
    plot.hatch = hatch(plot.back, "good");
    axes(plot, { x: plot.x, y: plot.y, xticks: [0, 0.5, 1], ylabel: "what it climbs (scaled from 0 to 1)" });
    add(plot.back, text(0, 178, "how the two prompts share a step", { class: "pg-fig-label" }));
  },
});

function drawBelow(below, s) {
  const part = shares(s);
  const bar = (v, i) => [
    svg("rect", { x: 0, y: 190 + 28 * i, width: Math.max(1, below.bar(v)), height: 18, rx: 2,
      ...(i ? { fill: below.hatch, class: "pg-simplex-bar" } : { class: "pg-fig-policy" }) }),
    text(below.bar(v) + 6, 204 + 28 * i, percent(v), { class: `${colourOf(i)} pg-fig-strong` }),
  ];
  redo(below.live,
    svg("path", { d: path([[below.x(0), below.y(0)], [below.x(1), below.y(1)]]), class: "pg-bins-miss" }),
    svg("path", { d: path(climbed(s).map(([p, v]) => [below.x(p), below.y(v)])), class: "pg-estimate-outline" }),
    part.map(bar));
  below.el.setAttribute("aria-label",
    `The first prompt gets ${percent(part[0])} of the step, the second ${percent(part[1])}.`);
}

function inWords(s, ratio) {
  const who = `${NAMES[s.method]} with ${s.group} answers weighs`;
  return flat(s) ? `${who} all prompts alike: it climbs p itself, in steps of ${fmt(weight(s, s.p1))}.`
    : `${who} the first prompt ${fmt(ratio)} times as much as the second.`;
}

function build(ui) {
  const curve = makeCurve(ui), knobs = ["p1", "p2"].map((key, i) => makeKnob(ui, curve, key, i));
  const below = makeBelow(ui);
  const line = ui.formula("first weight over second:", tex`\frac{\pol{\live{a}}}{\good{\live{b}}} = \live{r}`);
  const said = html("p", { class: "pg-fig-say" }), methods = Object.entries(SHORT);
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.choice("Task", "task", [["five", "five times"], ["same", "the same"]]), ui.resetButton()),
    ui.row(ui.choice("Method", "method", methods.slice(0, 3)),
      ui.choice("Another method", "method", methods.slice(3))),
    ui.row(ui.slider("answers G (and k)", "group", { min: 2, max: 64, step: 1 }),
      ui.toggle("sample std, as libraries have it", "sample")),
    html("div", { class: "pg-fig-columns pg-fig-even" }, curve.holder, below.holder), html("div", {}, line, said)));

  return s => {
    const a = weight(s, s.p1), b = weight(s, s.p2), given = s.p1 === 0.05 && s.p2 === 0.5;
    const fiveTimes = given && a / b >= 5 && a / b <= 6;
    ui.challenge(s.task === "five" ? fiveTimes : s.group === 3 && s.method !== "rloo" && flat(s));
    drawCurve(curve, knobs, s);
    drawBelow(below, s);
    line.show({ a: fmt(a), b: fmt(b), r: fmt(a / b) });
    said.textContent = inWords(s, a / b);
  };
}
const TASKS = {
  five: "Leave the prompts at 0.05 and 0.5. Find a method and a G for which the first weighs 5 to 6 times the second.",
  same: "With three answers, one method besides RLOO weighs all prompts alike. Find it.",
};
export default explorable({
  name: "climbwhich", settings: ["method", "group", "p1", "p2", "sample", "task"],
  challenge: s => [s.task, TASKS[s.task]],
  repair: s => ({
    method: WEIGHTS[s.method] ? s.method : "grpo", group: clamp(Math.round(s.group), 2, 64),
    p1: clamp(s.p1, 0.01, 0.99), p2: clamp(s.p2, 0.01, 0.99),
    sample: Boolean(s.sample), task: TASKS[s.task] ? s.task : "five",
  }),
  build,
});
