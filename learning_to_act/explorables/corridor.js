/* The short corridor (Sutton & Barto, Example 13.1): all cells look the same, in the second one the moves are swapped. */
import { animate, axes, clamp, explorable, fmt, html, path,
  random, range, redo, round, scale, stepKey, svg, tex, text } from "./draw.js";

// ---- pure ----
/* Chance that the *action* with probability p (right) moves forward in cell i. */
export const forward = (p, i) => (i === 1 ? 1 - p : p);
/* Expected steps from the first visit to each cell to the first visit to the next: e_i = (1 + b_i e_{i-1}) / f_i, and at the left wall a step back is lost. */
export function crossingTimes(p, cells) {
  const times = [];
  for (let i = 0; i < cells; i++) times.push((1 + (i ? 1 - forward(p, i) : 0) * (times[i - 1] ?? 0)) / forward(p, i));
  if (cells) times[0] = 1 / forward(p, 0);
  return times;
}
export const corridorValue = (p, cells = 3) => -crossingTimes(p, cells).reduce((a, b) => a + b, 0);
export function bestPolicy(cells) {                   // golden section: J has one hill
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = 1e-3, high = 1 - 1e-3;
  while (high - low > 1e-9) {
    const a = high - ratio * (high - low), b = low + ratio * (high - low);
    if (corridorValue(a, cells) < corridorValue(b, cells)) low = a; else high = b;
  }
  return (low + high) / 2;
}
export const greedyMarks = epsilon => ({ left: epsilon / 2, right: 1 - epsilon / 2 });
/* One episode: the cells visited, the exit last. */
export function walk(p, cells, uniform, limit = 100000) {
  const visited = [0];
  while (visited.at(-1) < cells && visited.length <= limit) {
    const i = visited.at(-1), right = uniform() < p;
    visited.push(Math.max(0, i + (right === (i !== 1) ? 1 : -1)));
  }
  return visited;
}
/* Mean and half the width of its 95 % interval, from the sums of x and of x squared. */
export function interval({ n, total, squares }) {
  const mean = total / n, variance = n > 1 ? Math.max(0, (squares - n * mean * mean) / (n - 1)) : NaN;
  return { mean, half: 1.96 * Math.sqrt(variance / n) };
}

// ---- drawing ----
const LOW = -100, MIN = 0.01, MAX = 0.99, LEFT = 42, RIGHT = 10;

function build(ui) {
  let uniform = random(1), samples = new Map(), revealed = false, stop = null, step = null, found = false;
  const uid = () => `${ui.state.cells}:${ui.state.p}`;
  const record = visited => {
    const x = 1 - visited.length, old = samples.get(uid()) ?? { n: 0, total: 0, squares: 0, p: ui.state.p, cells: ui.state.cells };
    samples.set(uid(), { ...old, n: old.n + 1, total: old.total + x, squares: old.squares + x * x });
  };

  // the corridor itself
  const strip = ui.plot({
    label: "The corridor, its exit at the right", kind: "img", height: () => 128,
    layout(plot, width) {
      const left = width < 480 ? 0 : LEFT;
      plot.cell = i => { const size = (width - left - (left && RIGHT)) / (ui.state.cells + 1); return [left + size * i, size]; };
    },
  });
  function drawStrip({ p, cells }) {
    const [, size] = strip.cell(0), top = 26, tall = 72, mid = top + tall / 2, reach = Math.min(44, size * 0.34);
    const at = step ? step.visited[step.index] : 0, middle = { "text-anchor": "middle" };
    const centre = i => strip.cell(i)[0] + size / 2,
      arrow = (x, way, share) => svg("path", { d: shaft(x + 3 * way, x + (3 + reach) * way, mid - 6, 1 + 6 * share),
      class: "pg-x-policy" });
    redo(strip.live,
      range(cells).map(i => [
        svg("rect", { x: strip.cell(i)[0] + 3, y: top, width: size - 6, height: tall, rx: 9,
          class: `pg-c-cell${revealed && i === 1 ? " pg-c-odd" : ""}` }),
        arrow(centre(i), 1, p), arrow(centre(i), -1, 1 - p),
        step && text(centre(i), top + tall + 21, `${step.counts[i]}\u00d7`, { ...middle, class: "pg-x-where" })]),
      svg("rect", { x: strip.cell(cells)[0] + 3, y: top, width: size - 6, height: tall, rx: 9, class: "pg-c-exit" }),
      text(centre(cells), mid + 1, "exit", { ...middle, class: "pg-x-note" }),
      revealed && text(centre(1), top - 9, "right goes left here", { ...middle, class: "pg-x-where" }),
      !revealed && text(strip.cell(0)[0] + 4, top - 9, "to the agent, every cell looks the same", { class: "pg-x-note" }),
      !step && text(centre(0), top + tall + 21, "start", { ...middle, class: "pg-x-note" }),
      svg("circle", { cx: centre(at), cy: top + tall - 17, r: 7, class: "pg-c-agent" }));
    strip.el.setAttribute("aria-label",
      `A corridor of ${cells} cells that look alike, the exit at the right. In each the agent presses right with probability ${fmt(p)}.`
      + (revealed ? " In the second cell the moves are swapped." : "") + (step ? ` The agent has made ${step.index} steps.` : ""));
  }
  function shaft(x0, x1, y, w) {
    const s = Math.sign(x1 - x0), h = Math.min(11, Math.abs(x1 - x0)), t = w / 2;
    return path([[x0, y - t], [x1 - s * h, y - t], [x1 - s * h, y - t - 4], [x1, y], [x1 - s * h, y + t + 4], [x1 - s * h, y + t],
      [x0, y + t]]) + "Z";
  }

  // J over p
  const chart = ui.plot({
    label: "Expected return over the probability of going right", height: width => clamp(width * 0.52, 250, 340),
    layout(plot, width, height) {
      plot.x = scale([0, 1], [LEFT, width - RIGHT]); plot.y = scale([LOW, 0], [height - 46, 30]);
      axes(plot, { x: plot.x, y: plot.y, yticks: [-100, -75, -50, -25, 0],
        yshow: v => fmt(v, 0), xlabel: "probability of right, p", ylabel: width < 480 ? "expected return J"
          : "expected return J = minus the steps to the exit" });
    },
  });
  const knob = chart.handle({
    label: "Probability of going right", anywhere: true,
    drag: x => move(round(chart.x.invert(x), 0.01)),
    key: (name, big) => { const p = stepKey(name, big, ui.state.p, { min: MIN, max: MAX, step: 0.01 }); if (p !== undefined) move(p);
      return p !== undefined; },
  });
  const move = p => { halt(); step = null; ui.set({ p: clamp(p, MIN, MAX) }); };
  let curveOf = null, curve = "";
  function drawChart({ p, epsilon, cells }) {
    const { x, y } = chart, drawn = `${cells}:${chart.width}`, J = corridorValue(p, cells), show = v => y(Math.max(v, LOW));
    if (curveOf !== drawn) {
      const points = range(491).map(i => 0.01 + i * 0.002).map(v => [x(v), corridorValue(v, cells)]).filter(([, v]) => v >= LOW);
      curve = path(points.map(([px, v]) => [px, y(v)]));
      curveOf = drawn;
    }
    const marks = greedyMarks(epsilon), best = bestPolicyOf(cells);
    const wide = chart.width >= 480, value = v => `${v < LOW ? "\u2193\u2009" : ""}${fmt(v, v < -1000 ? 0 : 1)}`;
    const gaps = [], mark = (v, side) => {            // side: where the words stand, 1 right of the mark
      const j = corridorValue(v, cells), px = x(v), py = show(j), up = j < LOW ? 16 : 0,
        words = wide ? `\u03b5-greedy, prefers ${side > 0 ? "left" : "right"}` : "\u03b5-greedy";
      const long = 8 * words.length, into = side * (x(p) - px) - 12;              // how far into the words the line of p comes
      const from = into > -8 && into < (wide ? 0.3 : 1) * long ? x(p) + 8 * side : px + 12 * side;        // they give way to it, or it to them
      if (into > 0 && from === px + 12 * side && into < long + 4) gaps.push([py + 10 - up, py - 26 - up]);
      const at = { x: from, "text-anchor": side > 0 ? "start" : "end" };
      return [svg("line", { x1: px, x2: px, y1: y(LOW), y2: py, class: "pg-c-stem" }),
        svg("rect", { x: px - 5, y: py - 5, width: 10, height: 10, transform: `rotate(45 ${px} ${py})`, class: "pg-c-mark" }),
        text(0, py - 12 - up, words, { ...at, class: "pg-x-halo pg-x-note" }),
        text(0, py + 5 - up, value(j), { ...at, class: "pg-x-halo pg-x-good" })];
    };
    const bars = [...samples.values()].filter(s => s.cells === cells).map(s => {
      const { mean, half } = interval(s), px = x(s.p), line = (v, w) => `M${px - w} ${show(v)}h${2 * w}`;
      return svg("path", { class: s.p === p ? "pg-c-mean" : "pg-c-mean pg-c-old",
        d: line(mean, 18) + (half >= 0 ? line(mean - half, 13) + line(mean + half, 13) + `M${px} ${show(mean - half)}V${show(mean + half)}`
          : "") });
    });
    const hill = cells === 3 ? 0.43 : 0.57, ticks = wide ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1];
    const both = [mark(marks.left, 1), mark(marks.right, -1)], drop = [y(LOW) + 5, ...gaps.flat(), show(J)].map(v => Math.max(v, show(J)));
    redo(chart.live, svg("path", { d: range(drop.length / 2).map(i => `M${x(p)} ${drop[2 * i]}V${drop[2 * i + 1]}`).join(""), class: "pg-c-drop" }),
      svg("path", { d: curve, class: "pg-c-curve" }),
      text(x(hill), y(corridorValue(hill, cells)) + 30, "J(p)", { class: "pg-x-good pg-x-strong", "text-anchor": "middle" }),
      ticks.filter(v => Math.abs(x(v) - x(p)) > 42).map(v => text(x(v), y(LOW) + 18, String(v),
        { "text-anchor": "middle", class: "pg-x-tick" })),
      text(x(p), y(LOW) + 18, `p = ${fmt(p)}`, { "text-anchor": "middle", class: "pg-x-policy pg-x-strong" }),
      both, bars,
      found && svg("path", { d: `M${x(best.p)} ${y(best.J) - 7}v-9`, class: "pg-c-best" }),
      p > best.p ? text(Math.min(x(p) + 9, chart.width - 36), show(J) - 13, value(J), { class: "pg-x-halo pg-x-good pg-x-strong" })
        : text(Math.max(x(p) - 9, LEFT + 40), show(J) - 13, value(J), { "text-anchor": "end", class: "pg-x-halo pg-x-good pg-x-strong" }));
    knob.place(x(p), show(J), { now: p, min: MIN, max: MAX, words: `p = ${fmt(p)}, expected return ${fmt(J)}` });
  }
  const bests = {};
  const bestPolicyOf = cells => bests[cells] ??= (p => ({ p, J: corridorValue(p, cells) }))(bestPolicy(cells));

  // walking
  const halt = () => { stop?.(); stop = null; walkButton.textContent = "Walk"; };
  const state = visited => ({ visited, index: 0, counts: range(ui.state.cells).map(() => 0) });
  function goWalk() {
    if (stop) { halt(); step = null; return ui.redraw(); }
    const visited = walk(ui.state.p, ui.state.cells, uniform), last = visited.length - 1;
    step = state(visited);
    walkButton.textContent = "Stop";
    stop = animate(Math.min(last * 0.22, 7), share => {
      step.index = Math.round(share * last);
      step.counts = range(ui.state.cells).map(i => visited.slice(0, step.index + (step.index < last ? 1 : 0)).filter(c => c === i).length);
      if (share === 1) record(visited);
      ui.redraw();
    }, () => { halt(); ui.say(`The walk took ${last} steps.`); }, ui);
  }
  const goMany = times => () => {
    halt(); step = null;
    for (let i = 0; i < times; i++) record(walk(ui.state.p, ui.state.cells, uniform));
    ui.redraw();
    const s = samples.get(uid()), { mean, half } = interval(s);
    ui.say(`${fmt(s.n, 0)} walks: mean return ${fmt(mean, 1)}, plus or minus ${fmt(half, 1)}.`);
  };
  const walkButton = ui.button("Walk", goWalk, { class: "pg-x-main" });
  const revealButton = ui.button("Show what the agent cannot see", () => {
    revealed = !revealed; revealButton.textContent = revealed ? "Hide it again" : "Show what the agent cannot see"; ui.redraw();
  });
  ui.onReset(() => { halt(); step = null; revealed = false; revealButton.textContent = "Show what the agent cannot see"; samples.clear();
    uniform = random(1); });

  const said = html("p", { class: "pg-x-say" }), lines = {
    3: ui.formula(tex`\good{J}(\pol{p}) = \frac{2\pol{p} - 4}{\pol{p}(1 - \pol{p})}`,
      tex`{} = \frac{2 \cdot \pol{\live{p}} - 4}{\pol{\live{p}}(1 - \pol{\live{p}})} = \good{\live{J}}`),
    5: ui.formula(tex`\good{J}(\pol{p}) = -\frac{6}{\pol{p}} - \frac{2}{1 - \pol{p}} - \frac{4(1 - \pol{p})}{\pol{p}^2} - \frac{3(1 - \pol{p})^2}{\pol{p}^3}`,
      tex`{} = \good{\live{J}}`),
  };
  ui.body.append(html("div", { class: "pg-x-stack" },
    strip.holder, ui.row(walkButton, ui.button("Walk 100", goMany(100)), ui.button("Walk 1\u202f000", goMany(1000)), revealButton,
      ui.resetButton()), chart.holder,
    html("div", {}, ...Object.values(lines), said),
    ui.row(ui.choice("Length of the corridor", "cells", [[3, "three cells"], [5, "five cells"]]),
      ui.slider("exploration \u03b5", "epsilon", { min: 0.02, max: 1, step: 0.02, show: v => fmt(v) }))));

  let wasCells = ui.state.cells;
  return s => {
    if (s.cells !== wasCells) { halt(); step = null; wasCells = s.cells; }
    const J = corridorValue(s.p, s.cells), gap = bestPolicyOf(s.cells).J - J;
    found = ui.challenge(gap <= 0.05);
    drawStrip(s); drawChart(s);
    for (const [n, line] of Object.entries(lines)) line.hidden = Number(n) !== s.cells;
    lines[s.cells].show({ p: fmt(s.p), q: fmt(1 - s.p), J: fmt(J) });
    const here = samples.get(uid());
    said.textContent = `${fmt(gap)} below the best that any p can do.` + (step?.index ? ` This walk: ${step.index} steps.` : "")
      + (here ? ` Mean of ${fmt(here.n, 0)} walk${here.n > 1 ? "s" : ""} at this p: ${fmt(interval(here).mean, 1)}${here.n > 1 ? ` \u00b1 ${fmt(interval(here).half, 1)}` : ""}.` : "");
  };
}
export default explorable({
  name: "corridor", settings: ["p", "epsilon", "cells"],
    challenge: s => [s.cells, `Find a policy within 0.05 of the best that ${s.cells === 3 ? "three" : "five"} cells allow.`],
  repair: s => ({ p: clamp(s.p, MIN, MAX), epsilon: clamp(s.epsilon, 0.02, 1), cells: s.cells === 5 ? 5 : 3 }), build,
});
