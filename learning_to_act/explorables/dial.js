/* The dial: bias, variance and error of GAE against lambda, for a critic of any quality and a batch of any size, by
   enumeration. */
import { add, arrow, axes, clamp, explorable, fmt, html, path, range, redo, round, scale, stepKey, sum, svg,
  text } from "./draw.js";

// ---- pure ----
const VALUES = [-0.09375, 0.8125, -3, 0.25];          // of A, B, C, D in two doors, both logits 0
/* Every episode: its probability is the same for all; rewards, values at each step, and the score (component, factor)
   of each. */
export const EPISODES = {
  doors: range(8).map(k => [k & 1, k >> 1 & 1, k >> 2]).map(([a, b, last]) => ({
    rewards: [-a, 3 * b, b ? -3 : last / 2],
    values: [0, 1, b ? 2 : 3].map(s => VALUES[s]),
    scores: [[0, a - 0.5], [0, b - 0.5], b ? [0, 0] : [1, last - 0.5]],
  })),
  coins: range(8).map(k => [k & 1, 2 * (k >> 1 & 1) - 1, 2 * (k >> 2) - 1]).map(([a, x, y]) => ({
    rewards: [0, x, y + a], values: [0.5, a, a], scores: [[0, a - 0.5], [0, 0], [0, 0]],
  })),
};
export const WORLDS = { doors: { gamma: 0.5, truth: [-5 / 64, 1 / 64] }, coins: { gamma: 1, truth: [1 / 4, 0] } };
/* Mean (two components) and summed variance of one episode's estimate, with the critic c V. */
export function moments(world, c, lam) {
  const { gamma } = WORLDS[world], episodes = EPISODES[world];
  const estimates = episodes.map(({ rewards, values, scores }) => {
    const g = [0, 0];
    let following = 0;
    for (let t = 2; t >= 0; t--) {
      following = rewards[t] + gamma * c * (values[t + 1] ?? 0) - c * values[t] + gamma * lam * following;
      g[scores[t][0]] += gamma ** t * scores[t][1] * following;
    }
    return g;
  });
  const mean = [0, 1].map(k => sum(estimates.map(g => g[k])) / episodes.length);
  return { mean, variance: sum(estimates.map(g => (g[0] - mean[0]) ** 2 + (g[1] - mean[1]) ** 2)) / episodes.length };
}
export function errors(world, c, lam, n) {
  const { mean, variance } = moments(world, c, lam), { truth } = WORLDS[world];
  const bias = (mean[0] - truth[0]) ** 2 + (mean[1] - truth[1]) ** 2;
  return { mean, bias, noise: variance / n, total: bias + variance / n };
}
/* The least error: a coarse search, then thirds of the interval round its best. */
export function bestLambda(world, c, n) {
  const total = lam => errors(world, c, lam, n).total;
  const coarse = range(33).map(i => total(i / 32)), at = coarse.indexOf(Math.min(...coarse)) / 32;
  let [low, high] = [Math.max(0, at - 1 / 32), Math.min(1, at + 1 / 32)];
  for (const _ of range(20)) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    if (total(left) <= total(right)) high = right; else low = left;
  }
  return (low + high) / 2 < 1e-4 ? 0 : (low + high) / 2;
}
export function quieterAllTheWay(world, c) {
  const variance = i => moments(world, c, i / 20).variance;
  return range(20).every(i => variance(i + 1) < variance(i) - 1e-12);
}

// ---- drawing ----
const worldOf = s => (s.setting === "coins" ? "coins" : "doors"), LEFT = 46, RIGHT = 12;
function nice(v) {                                    // a round number a little above
  const p = 10 ** Math.floor(Math.log10(v));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].map(k => k * p).find(k => k >= v * 1.02);
}

/* The three curves against lambda, and the handle that turns it. */
function errorPlot(ui) {
  const plot = ui.plot({
    label: "Squared bias, variance and their sum against lambda", height: () => 320,
    layout(p, width) {
      p.x = scale([0, 1], [LEFT, width - RIGHT]);
      p.floor = 264;
      axes(p, { x: p.x, y: scale([0, 1], [p.floor, 26]), xticks: [0, 0.25, 0.5, 0.75, 1], xlabel: "\u03bb, the dial" });
      add(p.back, text(0, 12, "squared distance from the true gradient", { class: "pg-fig-label" }));
    },
  });
  const turn = v => ui.set({ lam: clamp(round(v, 0.005), 0, 1) });
  const key = (name, big) => {
    const v = stepKey(name, big, ui.state.lam, { min: 0, max: 1, step: 0.01 });
    if (v !== undefined) turn(v);
    return v !== undefined;
  };
  plot.knob = plot.handle({ label: "lambda", anywhere: true, drag: x => turn(plot.x.invert(x)), key });
  return plot;
}
/* The names of the curves, where the handle is not, and none on another. */
function curveNames({ x }, s, rows, y) {
  const names = [["total", "sum", "pg-fig-strong"], ["noise", "variance / N", ""], ["bias", "bias\u00b2", ""]];
  const place = s.lam > 0.3 ? 0.06 : 0.94, row = rows[Math.round(place * 80)];
  const spots = names.map(([key, label, look]) => ({ label, look, y: y(row[key]) + (key === "bias" ? 17 : -7) }));
  spots.sort((a, b) => a.y - b.y);
  for (let i = 1; i < spots.length; i++) spots[i].y = Math.max(spots[i].y, spots[i - 1].y + 15);
  return spots.map(spot => text(x(place), spot.y, spot.label,
    { class: `${spot.look} pg-fig-halo`, "text-anchor": place < 0.5 ? "start" : "end" }));
}
function drawErrors(plot, s, now, best) {
  const world = worldOf(s), at = lam => errors(world, s.c, lam, 2 ** s.log2_n), { x, floor } = plot;
  const rows = range(81).map(i => ({ lam: i / 80, ...at(i / 80) })), top = nice(Math.max(...rows.map(r => r.total)));
  const y = scale([0, top], [floor, 26]), line = key => path(rows.map(r => [x(r.lam), y(r[key])]));
  const grid = v => [
    svg("line", { x1: LEFT, x2: plot.width - RIGHT, y1: y(v), y2: y(v), class: "pg-fig-grid" }),
    text(LEFT - 7, y(v) + 4, v ? String(Number(v.toPrecision(3))) : "0",
      { class: "pg-fig-tick", "text-anchor": "end" }),
  ];
  const least = y(at(best).total);
  redo(plot.live, [0, top / 2, top].map(grid),
    svg("path", { d: line("bias"), class: "pg-corridor-mean", "stroke-dasharray": "6 4" }),
    svg("path", { d: line("noise"), class: "pg-estimate-outline" }),
    svg("path", { d: line("total"), class: "pg-corridor-curve" }),
    svg("line", { x1: x(best), x2: x(best), y1: floor, y2: least, class: "pg-corridor-stem" }),
    svg("circle", { cx: x(best), cy: least, r: 4.5, class: "pg-corridor-mark" }),
    curveNames(plot, s, rows, y));
  plot.knob.place(x(s.lam), y(now.total), { now: round(s.lam, 0.001), min: 0, max: 1,
    words: `lambda ${fmt(s.lam, 3)}, error ${fmt(now.total, 4)}` });
}

/* The plane of the gradient's two components. */
function fieldPlot(ui) {
  return ui.plot({
    label: "The expected arrow beside the true one", kind: "img", height: () => 236,
    layout(p, width) {
      add(p.back, text(0, 12, "where the average update points", { class: "pg-fig-label" }));
      p.at = v => [width / 2 + v[0] * p.unit, 130 - v[1] * p.unit];
    },
  });
}
function drawField(field, s, mean) {
  const { truth } = WORLDS[worldOf(s)], flat = worldOf(s) === "coins";
  const reach = Math.max(...[truth, mean].flat().map(Math.abs), 0.05);
  const tall = Math.max(Math.abs(truth[1]), Math.abs(mean[1]));
  field.unit = (field.width / 2 - 26) / reach;
  if (field.unit * tall > 84) field.unit = 84 / tall;
  const [zx, zy] = field.at([0, 0]);
  const both = [[truth, "pg-dial-true", "the truth", -10], [mean, "pg-fig-good", "on average", 20]];
  const vector = ([v, look, words, dy], i) => {
    const shift = flat ? (i ? 14 : -14) : 0, [px, py] = field.at(v), length = Math.hypot(px - zx, py - zy);
    const below = i && !flat ? zy + 22 : py + shift + dy;
    return [
      length < 1 ? svg("circle", { cx: zx, cy: zy + shift, r: 4, class: look })
        : svg("path", { d: arrow([zx, zy + shift], [px, py + shift], 13), class: look }),
      text(clamp(px, 40, field.width - 40), below, words, { class: `${look} pg-fig-halo`, "text-anchor": "middle" }),
    ];
  };
  redo(field.live, svg("line", { x1: zx, x2: zx, y1: 40, y2: 200, class: "pg-dial-zero" }),
    svg("line", { x1: 8, x2: field.width - 8, y1: zy, y2: zy, class: "pg-fig-grid" }),
    both.map(vector),
    text(field.width - 8, zy - 6 + (flat ? 60 : 0), flat ? "choose 1 more" : "\u03b8\u2081",
      { class: "pg-fig-tick pg-fig-halo", "text-anchor": "end" }),
    !flat && text(zx + 6, 48, "\u03b8\u2082", { class: "pg-fig-tick" }));
  const told = v => `(${v.map(part => fmt(part, 4)).join(", ")})`;
  field.el.setAttribute("aria-label", `On average the update is ${told(mean)}; the truth is ${told(truth)}.`);
}

function inWords(s, now, best) {
  const world = worldOf(s), [at0, at1] = [0, 1].map(lam => moments(world, s.c, lam).variance);
  const advice = s.c === 1 ? "With the true V there is no bias at any \u03bb." : `Best here: \u03bb = ${fmt(best, 3)}.`;
  return `\u03bb = ${fmt(s.lam)}: bias\u00b2 ${fmt(now.bias, 4)} and variance/N ${fmt(now.noise, 4)}`
    + ` make ${fmt(now.total, 4)}. ${advice}`
    + ` The variance of one episode is ${fmt(at0, 3)} at \u03bb = 0 and ${fmt(at1, 3)} at \u03bb = 1.`
    + (world === "doors" && now.mean[0] > 1e-9 ? " The first component has the wrong sign." : "");
}
function build(ui) {
  const plot = errorPlot(ui), field = fieldPlot(ui);
  const said = html("p", { class: "pg-fig-say" });
  const tasks = [["doors", "two doors: find \u03bb"], ["critic", "two doors: find a critic"], ["coins", "coins"]];
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.choice("World and task", "setting", tasks,
      setting => ({ lam: 0.5, c: 0.5, log2_n: setting === "coins" ? 6 : 2 })), ui.resetButton()),
    html("div", { class: "pg-fig-columns" }, plot.holder, field.holder),
    ui.slider("the critic knows c of V", "c", { min: 0, max: 1, step: 0.05, show: v => fmt(v), wide: true }),
    ui.slider("episodes averaged, N", "log2_n", { min: 0, max: 8, step: 1, show: v => String(2 ** v), wide: true }),
    said));

  return s => {
    const world = worldOf(s), n = 2 ** s.log2_n, now = errors(world, s.c, s.lam, n), best = bestLambda(world, s.c, n);
    const given = s.c === 0.5 && n === (s.setting === "coins" ? 64 : 4);
    ui.challenge(s.setting === "critic" ? quieterAllTheWay(world, s.c) : given && Math.abs(s.lam - best) <= 0.02);
    drawErrors(plot, s, now, best);
    drawField(field, s, now.mean);
    said.textContent = inWords(s, now, best);
  };
}
const TASKS = {
  doors: "Half-learned critic, four episodes: put \u03bb within .02 of the best.",
  critic: "Find a critic for which turning \u03bb down, anywhere from 1 to 0, raises the variance.",
  coins: "Half-learned critic, 64 episodes: put \u03bb within .02 of the best.",
};
const repair = ({ setting, lam, c, log2_n }) => ({
  setting: TASKS[setting] ? setting : "doors", lam: clamp(lam, 0, 1), c: clamp(c, 0, 1),
  log2_n: clamp(Math.round(log2_n), 0, 8),
});
export default explorable({
  name: "dial", settings: ["setting", "lam", "c", "log2_n"], challenge: s => [s.setting, TASKS[s.setting]],
  repair, build,
});
