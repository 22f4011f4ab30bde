/* The rambling tree: four answers, three logits, and what a rule for length does to each in expectation. */
import {
  add, arrow, clamp, explorable, fmt, hatch, html, percent, range, redo, round, scale, stepKey, sum, svg, tex, text,
} from "./draw.js";

// ---- pure ----
export const LENGTHS = [2, 4];
/* [probability, reward, length, score of the three logits] of right-stop, right-ramble, wrong-stop, wrong-ramble. */
/** @type {(s: any) => any[]} */
export const leaves = ({ p, after_right: a, after_wrong: b }) => [
  [p * (1 - a), 1, LENGTHS[0], [1 - p, -a, 0]], [p * a, 1, LENGTHS[1], [1 - p, 1 - a, 0]],
  [(1 - p) * (1 - b), 0, LENGTHS[0], [-p, 0, -b]], [(1 - p) * b, 0, LENGTHS[1], [-p, 0, 1 - b]],
];
/* Weight of each answer's score in a group: leave-one-out, then the rule. At the old policy GSPO's ratio, a T-th root,
   has the mean score as its derivative. */
export function weights(rule, rewards, lengths) {
  const G = rewards.length, mean = sum(rewards) / G, all = sum(lengths);
  const divisor = i => rule === "token" ? all / G : rule === "sum" ? 1 : lengths[i];
  return rewards.map((r, i) => (r - mean) * G / (G - 1) / divisor(i) / G);
}
/* The expected step on the three logits, over every group. */
export function expected(s) {
  const answers = leaves(s), total = [0, 0, 0];
  for (let code = 0; code < 4 ** s.group; code++) {
    const group = range(s.group).map(i => answers[Math.floor(code / 4 ** i) % 4]);
    const chance = group.reduce((c, one) => c * one[0], 1);
    const w = weights(s.rule, group.map(one => one[1]), group.map(one => one[2]));
    group.forEach((one, i) => one[3].forEach((v, k) => { total[k] += chance * w[i] * v; }));
  }
  return total;
}
export const meanLength = s => sum(leaves(s).map(([c, , T]) => c * T));
/* How fast the mean length moves along the expected step. */
export function lengthening(s) {
  const step = expected(s);
  const slope = [0, 1, 2].map(k => sum(leaves(s).map(([c, , T, score]) => c * T * score[k])));
  return sum(step.map((v, k) => v * slope[k]));
}

// ---- drawing ----
const ROWS = [["p", "right"], ["after_right", "ramble, when right"], ["after_wrong", "ramble, when wrong"]];
const RULES = [["sum", "sum"], ["sequence", "per answer"], ["token", "per token"], ["gspo", "GSPO"]];
const LEAVES = ["right, 2 tokens", "right, 4 tokens", "wrong, 2 tokens", "wrong, 4 tokens"];

const makeBars = ui => ui.plot({
  label: "Three probabilities of the tree", height: () => 262,
  layout(plot, width) {
    plot.x = scale([0, 1], [4, width - 46]);
    plot.hatch = hatch(plot.back, "good");
    add(plot.back, ROWS.map(([, words], i) => text(0, 14 + 44 * i, words, { class: "pg-fig-label" })),
      text(0, 154, "the four answers", { class: "pg-fig-label" }),
      LEAVES.map((words, i) => text(0, 178 + 24 * i, words, { class: "pg-fig-note" })));
  },
});

function makeKnob(ui, bars, key, words) {
  const move = v => ui.set({ [key]: clamp(round(v, 0.01), 0.05, 0.95) });
  return bars.handle({
    label: `Probability: ${words}`, drag: x => move(bars.x.invert(x)),
    key(name, big) {
      const v = stepKey(name, big, ui.state[key], { min: 0.05, max: 0.95, step: 0.01 });
      if (v !== undefined) move(v);
      return v !== undefined;
    },
  });
}

function drawBars(bars, knobs, s) {
  const x = bars.x, left = 118, leaf = scale([0, 1], [left, bars.width - 46]);
  const branch = ([key], i) => [
    svg("rect", { x: x(0), y: 22 + 44 * i, width: x(s[key]) - x(0), height: 16, rx: 2, class: "pg-fig-policy" }),
    text(x(s[key]) + 15, 35 + 44 * i, percent(s[key]), { class: "pg-fig-policy pg-fig-strong" }),
  ];
  const answer = ([c, r], i) => [
    svg("rect", { x: left, y: 166 + 24 * i, width: Math.max(1, leaf(c) - left), height: 15, rx: 2,
      ...(r ? { fill: bars.hatch, class: "pg-simplex-bar" } : { class: "pg-fig-policy" }) }),
    text(leaf(c) + 6, 178 + 24 * i, percent(c), { class: r ? "pg-fig-good" : "pg-fig-policy" }),
  ];
  redo(bars.live, ROWS.map(branch), leaves(s).map(answer));
  ROWS.forEach(([key], i) => knobs[i].place(x(s[key]), 30 + 44 * i,
    { now: s[key], min: 0.05, max: 0.95, words: percent(s[key]) }));
}

const makeGauge = ui => ui.plot({
  label: "Expected step on each logit", kind: "img", height: () => 262,
  layout(plot, width) {
    const zero = (y1, y2) => svg("line", { x1: width / 2, x2: width / 2, y1, y2, class: "pg-dial-zero" });
    add(plot.back, text(0, 14, "expected step on each logit, in 256ths", { class: "pg-fig-label" }), zero(26, 186),
      text(0, 204, "the mean length moves, in 1024ths", { class: "pg-fig-label" }), zero(214, 258));
  },
});

/* One number as an arrow from the middle, which a value of `most` would fill, or a dot where it is zero. */
function drawNumber({ width }, v, { most, y, words, look }) {
  const middle = width / 2, end = middle + clamp(v / most, -1, 1) * (middle - 60);
  return [
    text(0, y - 9, words, { class: "pg-fig-note pg-fig-halo" }),
    Math.abs(v) < 5e-4 ? svg("circle", { cx: middle, cy: y + 8, r: 4, class: look })
      : svg("path", { d: arrow([middle, y + 8], [end, y + 8], 13), class: look }),
    text(width, y - 9, fmt(v), { class: `${look} pg-fig-strong pg-fig-halo`, "text-anchor": "end" }),
  ];
}

function drawGauge(gauge, s, step, longer) {
  const [right, whenRight, whenWrong] = step.map(v => 256 * v), look = "pg-fig-score";
  redo(gauge.live, drawNumber(gauge, right, { most: 48, y: 44, words: "right", look }),
    drawNumber(gauge, whenRight, { most: 8, y: 96, words: "ramble, when right", look }),
    drawNumber(gauge, whenWrong, { most: 8, y: 148, words: "ramble, when wrong", look }),
    drawNumber(gauge, 1024 * longer,
      { most: 12, y: 236, words: `now ${fmt(meanLength(s))} tokens`, look: "pg-fig-good" }));
  gauge.el.setAttribute("aria-label", `Steps in 256ths: right ${fmt(right)}, ramble when right ${fmt(whenRight)}, `
    + `ramble when wrong ${fmt(whenWrong)}. Mean length in 1024ths: ${fmt(1024 * longer)}.`);
}

const way = v => v > 0 ? "longer" : "shorter";
function inWords(step, longer, pulls) {
  if (!pulls) {
    return "Both ramble logits stay where they are, as the true gradient says: the reward does not depend on them.";
  }
  return `Wrong answers are pulled ${way(step[2])}, right ones ${way(step[1])}, `
    + "though the reward does not depend on length. "
    + (Math.abs(longer) < 1e-9 ? "On average neither." : `On average answers get ${way(longer)}.`);
}

function build(ui) {
  const bars = makeBars(ui), knobs = ROWS.map(([key, words]) => makeKnob(ui, bars, key, words));
  const gauge = makeGauge(ui);
  const line = ui.formula("expected step:",
    tex`\frac{1}{256}\,(\score{\live{a}}, \score{\live{b}}, \score{\live{c}})`);
  const said = html("p", { class: "pg-fig-say" });
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.choice("Task", "task", [["fall", "shorter"], ["still", "neither"]]), ui.resetButton()),
    ui.row(ui.choice("Rule", "rule", RULES)), ui.row(ui.slider("answers G", "group", { min: 2, max: 4, step: 1 })),
    html("div", { class: "pg-fig-columns pg-fig-even" }, bars.holder, gauge.holder), html("div", {}, line, said)));

  return s => {
    const step = expected(s), longer = lengthening(s), answer = s.rule === "sequence" || s.rule === "gspo";
    const pulls = Math.max(Math.abs(step[1]), Math.abs(step[2])) > 1e-4;
    const reached = s.task === "fall" ? longer < -1e-6 : Math.abs(longer) < 1e-9 && pulls;
    ui.challenge(answer && s.after_right === 0.5 && s.after_wrong === 0.5 && reached);
    drawBars(bars, knobs, s);
    drawGauge(gauge, s, step, longer);
    line.show({ a: fmt(256 * step[0]), b: fmt(256 * step[1]), c: fmt(256 * step[2]) });
    said.textContent = inWords(step, longer, pulls);
  };
}
const TASKS = {
  fall: "Under \u201cper answer\u201d answers get longer here. "
    + "Move only the chance of being right until they get shorter.",
  still: "Under \u201cper answer\u201d both ramble logits are pulled. "
    + "Move only the chance of being right until the mean length stands still all the same.",
};
const inside = v => clamp(v, 0.05, 0.95);
export default explorable({
  name: "tree", settings: ["p", "after_right", "after_wrong", "rule", "group", "task"],
  challenge: s => [s.task, TASKS[s.task]],
  repair: s => ({
    p: inside(s.p), after_right: inside(s.after_right), after_wrong: inside(s.after_wrong),
    rule: RULES.some(([k]) => k === s.rule) ? s.rule : "sequence",
    group: clamp(Math.round(s.group), 2, 4), task: TASKS[s.task] ? s.task : "fall",
  }),
  build,
});
