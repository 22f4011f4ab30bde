/* Bins against dimensions: how many numbers it takes to say which action, three ways. */
import { add, clamp, explorable, fmt, hatch, html, raised, range, redo, round,
  scale, stepKey, svg, tex, text } from "./draw.js";

// ---- pure ----
/* BigInt: 101 bins in 10 joints are 101^10 cells, more than a float counts exactly. */
export const tableCells = (joints, bins) => BigInt(bins) ** BigInt(joints);
export const factoredLogits = (joints, bins) => joints * bins;
export const gaussianNumbers = joints => 2 * joints;
/* Centres of an even grid over [-1, 1]; no torque is further than half a cell from one. */
export const centres = bins => range(bins).map(i => -1 + (2 * i + 1) / bins);
export const worstMiss = bins => 1 / bins;
export const nearest = (torque, bins) => clamp(Math.floor((torque + 1) / 2 * bins), 0, bins - 1);
export const group = n => String(n).replace(/\d(?=(\d{3})+$)/g, "$&\u202f");
export function inWords(n) {                          // 19 487 171 -> "19.5 million"
  /** @type {[number, string][]} */
  const names = [[1e18, "\u00d710\u00b9\u2078"], [1e15, "quadrillion"], [1e12, "trillion"], [1e9, "billion"],
    [1e6, "million"]];
  const [size, name] = names.find(([s]) => Number(n) >= s) ?? [];
  return name ? `${(Number(n) / size).toPrecision(3)} ${name}` : group(n);
}

// ---- drawing ----
function drawLine({ line, knob }, { torque, bins }) {
  const { x } = line, at = nearest(torque, bins), grid = centres(bins), wide = x(-1 + 2 / bins) - x(-1), y = 48;
  const bin = (v, i) => svg("rect", {
    x: x(v) - wide / 2 + Math.min(1, wide / 6), y: y - 9,
    width: wide - Math.min(2, wide / 3), height: 18, rx: Math.min(3, wide / 4),
    class: i === at ? "pg-bins-bin pg-bins-chosen" : "pg-bins-bin",
  });
  redo(line.live, grid.map(bin),
    svg("line", { x1: x(torque), x2: x(grid[at]), y1: y + 22, y2: y + 22, class: "pg-bins-miss" }),
    svg("line", { x1: x(grid[at]), x2: x(grid[at]), y1: y + 10, y2: y + 26, class: "pg-bins-miss" }),
    text(clamp(x(torque), 60, line.width - 60), y + 44, `off by ${fmt(Math.abs(torque - grid[at]), 3)}`,
      { class: "pg-fig-good", "text-anchor": "middle" }));
  const words = `${fmt(torque, 3)}, nearest bin ${fmt(grid[at], 3)}`;
  knob.place(x(torque), y, { now: torque, min: -1, max: 1, words });
}

const MOST = 21, GIANT = 9;                           // powers of ten: the end of the scale, and a billion
function layoutChart(plot, width) {
  plot.x = scale([0, MOST], [0, width - 4]);
  plot.hatch = hatch(plot.back, "good");
  const anchor = v => (v === 0 ? "start" : v === MOST ? "end" : "middle");
  const tick = v => [
    svg("line", { x1: plot.x(v), x2: plot.x(v), y1: 4, y2: 184, class: v === GIANT ? "pg-bins-limit" : "pg-fig-grid" }),
    text(plot.x(v), 202, v ? `10${raised(v)}` : "1",
      { class: v === GIANT ? "pg-fig-strong" : "pg-fig-tick", "text-anchor": anchor(v) }),
  ];
  const note = width > 480 ? "10\u2079: 4 GB at four bytes each" : "4 GB";
  add(plot.back, range(8).map(i => tick(3 * i)), text(plot.x(GIANT) + 6, 14, note, { class: "pg-fig-note" }));
}
function drawChart(chart, { joints, bins }) {
  const rows = [
    ["joint table", tableCells(joints, bins), "cells"],
    ["softmax for each joint", factoredLogits(joints, bins), "logits"],
    ["Gaussian", gaussianNumbers(joints), "numbers"],
  ];
  redo(chart.live, rows.map(([name, n, unit], i) => {
    const y = 26 + i * 56, width = Math.max(2, chart.x(Math.log10(Number(n))));
    const look = i ? { class: "pg-fig-policy" } : { fill: chart.hatch, class: "pg-simplex-bar" };
    return [
      svg("text", { x: 0, y: y + 8, class: "pg-fig-halo" }, svg("tspan", { class: "pg-fig-strong" }, name),
        svg("tspan", { class: i ? "" : "pg-fig-good" }, `  ${inWords(n)} ${unit}`)),
      svg("rect", { x: 0, y: y + 15, width, height: 18, rx: 2, ...look }),
    ];
  }));
  chart.el.setAttribute("aria-label", rows.map(([name, n, unit]) => `${name}: ${inWords(n)} ${unit}`).join("; "));
}

function build(ui) {
  const line = ui.plot({
    label: "One joint's torque and the bins on offer", height: () => 96,
    layout(plot, width) {
      plot.x = scale([-1, 1], [14, width - 14]);
      add(plot.back, text(0, 14, "one joint: wanted torque and nearest bin", { class: "pg-fig-label" }));
    },
  });
  const knob = line.handle({
    label: "Torque you want", anywhere: true,
    drag: x => ui.set({ torque: clamp(round(line.x.invert(x), 0.001), -1, 1) }),
    key: (name, big) => {
      const torque = stepKey(name, big, ui.state.torque, { min: -1, max: 1, step: 0.01 });
      if (torque !== undefined) ui.set({ torque });
      return torque !== undefined;
    },
  });
  const chart = ui.plot({
    label: "Numbers needed, on a log scale", kind: "img", height: () => 216, layout: layoutChart,
  });
  const formula = ui.formula(tex`\good{k}^D = \good{\live{k}}^{\live{d}} = \good{\live{cells}}`,
    tex`\quad \pol{k}\,D = \pol{\live{logits}}`, tex`\quad 2D = \pol{\live{numbers}}`);
  const said = html("p", { class: "pg-fig-say" });
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.slider("joints D", "joints", { min: 1, max: 10, step: 1 }),
      ui.slider("bins per joint k", "bins", { min: 2, max: 101, step: 1 }), ui.resetButton()),
    line.holder, chart.holder, html("div", {}, formula, said)));

  return s => {
    ui.challenge(s.bins === 11 && s.joints === 9);
    drawLine({ line, knob }, s);
    drawChart(chart, s);
    formula.show({
      k: String(s.bins), d: String(s.joints), cells: group(tableCells(s.joints, s.bins)),
      logits: String(factoredLogits(s.joints, s.bins)), numbers: String(gaussianNumbers(s.joints)),
    });
    said.textContent = `With ${s.bins} bins a torque is missed by up to ${fmt(worstMiss(s.bins), 3)}. `
      + `Halving that multiplies the table by ${group(2n ** BigInt(s.joints))}, the softmaxes by 2, the Gaussian by 1.`;
  };
}
export default explorable({
  name: "bins", settings: ["joints", "bins", "torque"],
  challenge: "With 11 bins, find the first number of joints whose table passes a billion (10\u2079) cells.",
  repair: s => ({
    joints: clamp(Math.round(s.joints), 1, 10), bins: clamp(Math.round(s.bins), 2, 101), torque: clamp(s.torque, -1, 1),
  }),
  build,
});
