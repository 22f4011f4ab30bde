/* The short corridor (Sutton & Barto, Example 13.1): all cells look the same, in the second one the moves are
   swapped. */
import { animate, axes, clamp, explorable, fmt, html, path,
  random, range, redo, round, scale, stepKey, svg, tex, text } from "./draw.js";

// ---- pure ----
/* Chance that the *action* with probability p (right) moves forward in cell i. */
export const forward = (p, i) => (i === 1 ? 1 - p : p);
/* Expected steps from the first visit to each cell to the first visit to the next: e_i = (1 + b_i e_{i-1}) / f_i, and
   at the left wall a step back is lost. */
export function crossingTimes(p, cells) {
  const times = [];
  for (let i = 0; i < cells; i++) {
    const back = i ? 1 - forward(p, i) : 0;
    times.push((1 + back * (times[i - 1] ?? 0)) / forward(p, i));
  }
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
const SHOW = "Show what the agent cannot see", MIDDLE = { "text-anchor": "middle" };

// the corridor itself
function shaft(x0, x1, y, w) {
  const s = Math.sign(x1 - x0), h = Math.min(11, Math.abs(x1 - x0)), t = w / 2, neck = x1 - s * h;
  const upper = [[x0, y - t], [neck, y - t], [neck, y - t - 4]];
  const lower = [[neck, y + t + 4], [neck, y + t], [x0, y + t]];
  return path([...upper, [x1, y], ...lower]) + "Z";
}
function drawStrip(strip, { p, cells }, step, revealed) {
  const start = strip.width < 480 ? 0 : LEFT, size = (strip.width - start - (start && RIGHT)) / (cells + 1);
  const top = 26, tall = 72, mid = top + tall / 2, below = top + tall + 21;
  const at = step ? step.visited[step.index] : 0, reach = Math.min(44, size * 0.34);
  const left = i => start + size * i, centre = i => left(i) + size / 2;
  const box = (i, look) => svg("rect",
    { x: left(i) + 3, y: top, width: size - 6, height: tall, rx: 9, class: look });
  const arrow = (x, way, share) => svg("path",
    { d: shaft(x + 3 * way, x + (3 + reach) * way, mid - 6, 1 + 6 * share), class: "pg-fig-policy" });
  redo(strip.live,
    range(cells).map(i => [
      box(i, `pg-corridor-cell${revealed && i === 1 ? " pg-corridor-odd" : ""}`),
      arrow(centre(i), 1, p), arrow(centre(i), -1, 1 - p),
      step && text(centre(i), below, `${step.counts[i]}\u00d7`, { ...MIDDLE, class: "pg-fig-where" }),
    ]),
    box(cells, "pg-corridor-exit"),
    text(centre(cells), mid + 1, "exit", { ...MIDDLE, class: "pg-fig-note" }),
    revealed ? text(centre(1), top - 9, "right goes left here", { ...MIDDLE, class: "pg-fig-where" })
      : text(left(0) + 4, top - 9, "to the agent, every cell looks the same", { class: "pg-fig-note" }),
    !step && text(centre(0), below, "start", { ...MIDDLE, class: "pg-fig-note" }),
    svg("circle", { cx: centre(at), cy: top + tall - 17, r: 7, class: "pg-corridor-agent" }));
  strip.el.setAttribute("aria-label", `A corridor of ${cells} cells that look alike, the exit at the right.`
    + ` In each the agent presses right with probability ${fmt(p)}.`
    + (revealed ? " In the second cell the moves are swapped." : "")
    + (step ? ` The agent has made ${step.index} steps.` : ""));
}

// J over p
function layoutHill(plot, width, height) {
  plot.x = scale([0, 1], [LEFT, width - RIGHT]);
  plot.y = scale([LOW, 0], [height - 46, 30]);
  axes(plot, {
    x: plot.x, y: plot.y, yticks: [-100, -75, -50, -25, 0], yshow: v => fmt(v, 0), xlabel: "probability of right, p",
    ylabel: width < 480 ? "expected return J" : "expected return J = minus the steps to the exit",
  });
}
const level = (chart, v) => chart.y(Math.max(v, LOW));         // what lies below the picture stands on its floor
const shown = v => `${v < LOW ? "\u2193\u2009" : ""}${fmt(v, v < -1000 ? 0 : 1)}`;
function curveOf({ x, y }, cells) {
  const points = range(491).map(i => 0.01 + i * 0.002).map(v => [x(v), corridorValue(v, cells)]);
  return path(points.filter(([, v]) => v >= LOW).map(([px, v]) => [px, y(v)]));
}
/* The mark of an epsilon-greedy policy v, with its words on one side (1: right). The words and the line of p give way
   to each other: either the words begin beyond the line, or the line has a gap. */
function greedyMark(chart, { p, cells }, v, side) {
  const { x, y } = chart, wide = chart.width >= 480, j = corridorValue(v, cells), px = x(v), py = level(chart, j);
  const words = wide ? `\u03b5-greedy, prefers ${side > 0 ? "left" : "right"}` : "\u03b5-greedy";
  const up = j < LOW ? 16 : 0, long = 8 * words.length;
  const into = side * (x(p) - px) - 12;               // how far into the words the line of p comes
  const beyond = into > -8 && into < (wide ? 0.3 : 1) * long, own = px + 12 * side;
  const from = beyond ? x(p) + 8 * side : own;
  const gap = into > 0 && from === own && into < long + 4 ? [py + 10 - up, py - 26 - up] : [];
  const at = { x: from, "text-anchor": side > 0 ? "start" : "end" }, turned = `rotate(45 ${px} ${py})`;
  const drawing = [
    svg("line", { x1: px, x2: px, y1: y(LOW), y2: py, class: "pg-corridor-stem" }),
    svg("rect", { x: px - 5, y: py - 5, width: 10, height: 10, transform: turned, class: "pg-corridor-mark" }),
    text(0, py - 12 - up, words, { ...at, class: "pg-fig-halo pg-fig-note" }),
    text(0, py + 5 - up, shown(j), { ...at, class: "pg-fig-halo pg-fig-good" }),
  ];
  return { drawing, gap };
}
/* The mean of the walks at one p, with its interval. */
function meanBar(chart, p, sample) {
  const { mean, half } = interval(sample), px = chart.x(sample.p), show = v => level(chart, v);
  const line = (v, w) => `M${px - w} ${show(v)}h${2 * w}`;
  const ends = half >= 0
    ? line(mean - half, 13) + line(mean + half, 13) + `M${px} ${show(mean - half)}V${show(mean + half)}` : "";
  const look = sample.p === p ? "pg-corridor-mean" : "pg-corridor-mean pg-corridor-old";
  return svg("path", { class: look, d: line(mean, 18) + ends });
}
function drawHill({ chart, knob }, s, { curve, best, found, samples }) {
  const { x, y } = chart, { p, epsilon, cells } = s, J = corridorValue(p, cells), top = level(chart, J);
  const marks = greedyMarks(epsilon), hill = cells === 3 ? 0.43 : 0.57;
  const both = [greedyMark(chart, s, marks.left, 1), greedyMark(chart, s, marks.right, -1)];
  const drop = [y(LOW) + 5, ...both.flatMap(mark => mark.gap), top].map(v => Math.max(v, top));
  const dashes = range(drop.length / 2).map(i => `M${x(p)} ${drop[2 * i]}V${drop[2 * i + 1]}`).join("");
  const ticks = (chart.width >= 480 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1]).filter(v => Math.abs(x(v) - x(p)) > 42);
  const halo = { class: "pg-fig-halo pg-fig-good pg-fig-strong" };
  redo(chart.live,
    svg("path", { d: dashes, class: "pg-corridor-drop" }),
    svg("path", { d: curve, class: "pg-corridor-curve" }),
    text(x(hill), y(corridorValue(hill, cells)) + 30, "J(p)", { class: "pg-fig-good pg-fig-strong", ...MIDDLE }),
    ticks.map(v => text(x(v), y(LOW) + 18, String(v), { ...MIDDLE, class: "pg-fig-tick" })),
    text(x(p), y(LOW) + 18, `p = ${fmt(p)}`, { ...MIDDLE, class: "pg-fig-policy pg-fig-strong" }),
    both.map(mark => mark.drawing),
    samples.filter(sample => sample.cells === cells).map(sample => meanBar(chart, p, sample)),
    found && svg("path", { d: `M${x(best.p)} ${y(best.J) - 7}v-9`, class: "pg-corridor-best" }),
    p > best.p ? text(Math.min(x(p) + 9, chart.width - 36), top - 13, shown(J), halo)
      : text(Math.max(x(p) - 9, LEFT + 40), top - 13, shown(J), { "text-anchor": "end", ...halo }));
  const words = `p = ${fmt(p)}, expected return ${fmt(J)}`;
  knob.place(x(p), top, { now: p, min: MIN, max: MAX, words });
}

/* Walking: the buttons, the walk that is being shown (`step`), and the returns at every p that was tried. */
function walking(ui) {
  const samples = new Map(), way = { step: null, samples };
  let uniform = random(1), stop = null;
  const uid = () => `${ui.state.cells}:${ui.state.p}`;
  const record = visited => {
    const { p, cells } = ui.state, x = 1 - visited.length;
    const old = samples.get(uid()) ?? { n: 0, total: 0, squares: 0, p, cells };
    samples.set(uid(), { ...old, n: old.n + 1, total: old.total + x, squares: old.squares + x * x });
  };
  const halt = () => { stop?.(); stop = null; walkButton.textContent = "Walk"; };
  const forget = () => { halt(); way.step = null; };
  function goWalk() {
    if (stop) { forget(); return ui.redraw(); }
    const { p, cells } = ui.state, visited = walk(p, cells, uniform), last = visited.length - 1;
    const step = way.step = { visited, index: 0, counts: range(cells).map(() => 0) };
    walkButton.textContent = "Stop";
    stop = animate(Math.min(last * 0.22, 7), share => {
      step.index = Math.round(share * last);
      const left = visited.slice(0, step.index + (step.index < last ? 1 : 0));
      step.counts = range(ui.state.cells).map(i => left.filter(c => c === i).length);
      if (share === 1) record(visited);
      ui.redraw();
    }, () => { halt(); ui.say(`The walk took ${last} steps.`); }, ui);
  }
  const goMany = times => () => {
    forget();
    for (let i = 0; i < times; i++) record(walk(ui.state.p, ui.state.cells, uniform));
    ui.redraw();
    const s = samples.get(uid()), { mean, half } = interval(s);
    ui.say(`${fmt(s.n, 0)} walks: mean return ${fmt(mean, 1)}, plus or minus ${fmt(half, 1)}.`);
  };
  const walkButton = ui.button("Walk", goWalk, { class: "pg-fig-main" });
  const buttons = [walkButton, ui.button("Walk 100", goMany(100)), ui.button("Walk 1\u202f000", goMany(1000))];
  const reset = () => { forget(); samples.clear(); uniform = random(1); };
  return { way, forget, reset, buttons, here: () => samples.get(uid()) };
}
function sentence(gap, step, here) {
  const walked = step?.index ? ` This walk: ${step.index} steps.` : "";
  const said = `${fmt(gap)} below the best that any p can do.${walked}`;
  if (!here) return said;
  const { mean, half } = interval(here), many = here.n > 1;
  return `${said} Mean of ${fmt(here.n, 0)} walk${many ? "s" : ""} at this p: ${fmt(mean, 1)}`
    + `${many ? ` \u00b1 ${fmt(half, 1)}` : ""}.`;
}
function formulas(ui) {
  return {
    3: ui.formula(
      tex`\good{J}(\pol{p}) = \frac{2\pol{p} - 4}{\pol{p}(1 - \pol{p})}`,
      tex`{} = \frac{2 \cdot \pol{\live{p}} - 4}{\pol{\live{p}}(1 - \pol{\live{p}})} = \good{\live{J}}`),
    5: ui.formula(
      tex`\good{J}(\pol{p}) = -\frac{6}{\pol{p}} - \frac{2}{1 - \pol{p}}
         - \frac{4(1 - \pol{p})}{\pol{p}^2} - \frac{3(1 - \pol{p})^2}{\pol{p}^3}`,
      tex`{} = \good{\live{J}}`),
  };
}

function build(ui) {
  const { way, forget, reset, buttons, here } = walking(ui);
  let revealed = false, wasCells = ui.state.cells, curve = "", drawn = "";
  const strip = ui.plot({
    label: "The corridor, its exit at the right", kind: "img", height: () => 128, layout: () => {},
  });
  const chart = ui.plot({
    label: "Expected return over the probability of going right", height: width => clamp(width * 0.52, 250, 340),
    layout: layoutHill,
  });
  const move = p => { forget(); ui.set({ p: clamp(p, MIN, MAX) }); };
  const knob = chart.handle({
    label: "Probability of going right", anywhere: true, drag: x => move(round(chart.x.invert(x), 0.01)),
    key: (name, big) => {
      const p = stepKey(name, big, ui.state.p, { min: MIN, max: MAX, step: 0.01 });
      if (p !== undefined) move(p);
      return p !== undefined;
    },
  });
  const bests = {};
  const bestOf = cells => bests[cells] ??= (p => ({ p, J: corridorValue(p, cells) }))(bestPolicy(cells));

  const reveal = yes => { revealed = yes; revealButton.textContent = yes ? "Hide it again" : SHOW; };
  const revealButton = ui.button(SHOW, () => { reveal(!revealed); ui.redraw(); });
  ui.onReset(() => { reset(); reveal(false); });
  const said = html("p", { class: "pg-fig-say" }), lines = formulas(ui);
  ui.body.append(html("div", { class: "pg-fig-stack" },
    strip.holder, ui.row(...buttons, revealButton, ui.resetButton()), chart.holder,
    html("div", {}, ...Object.values(lines), said),
    ui.row(ui.choice("Length of the corridor", "cells", [[3, "three cells"], [5, "five cells"]]),
      ui.slider("exploration \u03b5", "epsilon", { min: 0.02, max: 1, step: 0.02, show: v => fmt(v) }))));

  return s => {
    if (s.cells !== wasCells) { forget(); wasCells = s.cells; }
    const J = corridorValue(s.p, s.cells), best = bestOf(s.cells), gap = best.J - J;
    const found = ui.challenge(gap <= 0.05), ground = `${s.cells}:${chart.width}`;
    if (drawn !== ground) { curve = curveOf(chart, s.cells); drawn = ground; }
    drawStrip(strip, s, way.step, revealed);
    drawHill({ chart, knob }, s, { curve, best, found, samples: [...way.samples.values()] });
    for (const [n, line] of Object.entries(lines)) line.hidden = Number(n) !== s.cells;
    lines[s.cells].show({ p: fmt(s.p), q: fmt(1 - s.p), J: fmt(J) });
    said.textContent = sentence(gap, way.step, here());
  };
}
export default explorable({
  name: "corridor", settings: ["p", "epsilon", "cells"],
  challenge: s => [s.cells,
    `Find a policy within 0.05 of the best that ${s.cells === 3 ? "three" : "five"} cells allow.`],
  repair: s => ({ p: clamp(s.p, MIN, MAX), epsilon: clamp(s.epsilon, 0.02, 1), cells: s.cells === 5 ? 5 : 3 }), build,
});
