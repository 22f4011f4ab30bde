/* Score sampler: samples from a bell pull its mean, each as strongly as f says; the mean of the pulls is the slope of
   E[f]. */
import { add, arrow, axes, clamp, explorable, fmt, html, path, random,
  range, redo, round, scale, stepKey, sum, svg, tex, text } from "./draw.js";

// ---- pure ----
export const KNOTS = [-3, -1.5, 0, 1.5, 3];
/* f(x): straight lines between the knots, flat outside; or a step at 0. */
export function height(kind, f, x) {
  if (kind === "step") return x > 0 ? 1 : 0;
  const at = clamp((x - KNOTS[0]) / 1.5, 0, KNOTS.length - 1), i = Math.min(Math.floor(at), KNOTS.length - 2);
  return f[i] + (at - i) * (f[i + 1] - f[i]);
}
export function slope(kind, f, x) {                   // f'(x), where there is one
  if (kind === "step" || x <= KNOTS[0] || x >= KNOTS.at(-1)) return 0;
  const i = Math.floor((x - KNOTS[0]) / 1.5);
  return (f[i + 1] - f[i]) / 1.5;
}
/* (f(x) - b) times the score. */
export const pull = (s, x) => (height(s.kind, s.f, x) - s.baseline) * (x - s.mu);
const bell = z => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
/* The truth by quadrature (the error of 4,000 midpoints over +-8 is below 1e-5): slope of E[f], best baseline, and the
   variance of one pull at the baseline b and at 0. */
export function exact({ kind, f, mu, baseline }) {
  const n = 4000, dz = 16 / n;
  let truth = 0, best = 0, second = 0, square = 0;
  for (let k = 0; k < n; k++) {
    const z = -8 + (k + 0.5) * dz, w = bell(z) * dz, y = height(kind, f, mu + z);
    truth += w * y * z;
    best += w * y * z * z;
    second += w * (y * z) ** 2;
    square += w * ((y - baseline) * z) ** 2;
  }
  return { truth, best, variance: square - truth * truth, plain: second - truth * truth };
}
export function normals(n, uniform) {                 // Box and Muller
  const z = new Float64Array(n);
  for (let i = 0; i < n; i++) z[i] = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return z;
}
/* Many estimates of the slope, each from `samples` of the draws mu + z: by the score function and along the path. */
export function estimates(s, z) {
  const n = Math.floor(z.length / s.samples), score = new Float64Array(n), pathwise = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let k = i * s.samples; k < (i + 1) * s.samples; k++) {
      score[i] += pull(s, s.mu + z[k]) / s.samples;
      pathwise[i] += slope(s.kind, s.f, s.mu + z[k]) / s.samples;
    }
  }
  return { score, pathwise };
}
/* Shares per bin; what lies outside is counted in the last bin on its side. */
export function histogram(values, low, high, bins) {
  const counts = range(bins).map(() => 0);
  for (const v of values) counts[clamp(Math.floor((v - low) / (high - low) * bins), 0, bins - 1)] += 1 / values.length;
  return counts;
}

// ---- drawing ----
const REPEATS = 200, BINS = 41, SHOWN = 14, LEFT = 34, RIGHT = 10;

// the function, the bell and its samples
function layoutStage(plot, width) {
  const x = scale([-4, 4], [LEFT, width - RIGHT]), y = scale([-1, 4], [150, 34]), ground = 262;
  Object.assign(plot, { x, y, floor: 318, ground });
  axes(plot, { x, y, yticks: [0, 2, 4] });
  const tick = v => text(x(v), y.range[0] + 16, fmt(v, v % 1 ? 1 : 0),
    { class: "pg-fig-tick", "text-anchor": "middle" });
  add(plot.back, text(0, 12, "how good a sample is, f(x)", { class: "pg-fig-label" }),
    text(0, 186, "the bell, and how its samples pull", { class: "pg-fig-label" }),
    svg("line", { x1: LEFT, x2: width - RIGHT, y1: ground, y2: ground, class: "pg-fig-axis" }),
    KNOTS.map(tick));
}
function knotHandle(ui, stage, i) {
  const bend = v => ui.state.f.map((old, k) => (k === i ? clamp(round(v, 0.05), -1, 4) : old));
  const move = v => ui.set({ kind: "curve", f: bend(v) });
  return stage.handle({
    label: `f at x = ${fmt(KNOTS[i], 1)}`, colour: "good", drag: (_, y) => move(stage.y.invert(y)),
    key: (name, big) => {
      const v = stepKey(name, big, ui.state.f[i], { min: -1, max: 4, step: 0.1, page: 0.5 });
      if (v !== undefined) move(v);
      return v !== undefined;
    },
  });
}
function meanHandle(ui, stage) {
  const move = v => ui.set({ mu: clamp(round(v, 0.02), -2, 2) });
  return stage.handle({
    label: "Mean of the bell", drag: x => move(stage.x.invert(x)),
    key: (name, big) => {
      const v = stepKey(name, big, ui.state.mu, { min: -2, max: 2, step: 0.05, page: 0.5 });
      if (v !== undefined) move(v);
      return v !== undefined;
    },
  });
}
function drawStage({ stage, knots, knob }, s, drawn) {
  const { x, y, ground } = stage, grid = range(161).map(i => -4 + i / 20);
  const hill = v => ground - 60 * bell(v - s.mu) / bell(0), level = y(s.baseline);
  const line = s.kind === "step" ? [[-4, 0], [0, 0], [0, 1], [4, 1]] : grid.map(v => [v, height(s.kind, s.f, v)]);
  const curve = path(grid.map(v => [x(v), hill(v)]));
  const sample = (z, i) => {
    const v = s.mu + z, row = ground + 26 + 4 * (i % SHOWN), force = pull(s, v);
    const from = [x(v), row], to = [x(clamp(v + force * 0.4, -4, 4)), row];
    return [
      svg("line", { x1: x(v), x2: x(v), y1: hill(v), y2: row, class: "pg-estimate-stem" }),
      svg("circle", { cx: x(v), cy: row, r: 2.6, class: "pg-fig-policy" }),
      svg("path", { d: arrow(from, to, 7), class: "pg-fig-score" }),
    ];
  };
  redo(stage.live,
    svg("path", { d: path(line.map(([a, b]) => [x(a), y(b)])), class: "pg-estimate-f" }),
    s.baseline !== 0 && [
      svg("line", { x1: LEFT, x2: stage.width - RIGHT, y1: level, y2: level, class: "pg-estimate-baseline" }),
      text(LEFT + 4, level - 6, `baseline ${fmt(s.baseline)}`, { class: "pg-fig-halo pg-fig-strong" }),
    ],
    svg("path", { d: `${curve}L${x(4)} ${ground}L${x(-4)} ${ground}Z`, class: "pg-estimate-bell" }),
    svg("path", { d: curve, class: "pg-estimate-outline" }),
    drawn.slice(-SHOWN).map(sample),
    text(x(s.mu), ground + 16, `\u03bc = ${fmt(s.mu)}`,
      { class: "pg-fig-policy pg-fig-strong pg-fig-halo", "text-anchor": "middle" }));
  knots.forEach((knot, i) => {
    knot.style.display = s.kind === "step" ? "none" : "";
    knot.place(x(KNOTS[i]), y(s.f[i]), { now: s.f[i], min: -1, max: 4, words: fmt(s.f[i]) });
  });
  knob.place(x(s.mu), hill(s.mu), { now: s.mu, min: -2, max: 2, words: `mean ${fmt(s.mu)}` });
}

// many estimates
function layoutChart(plot, width) {
  plot.bottom = [146, 302];
  add(plot.back, text(0, 12, "200 estimates by the score function", { class: "pg-fig-score pg-fig-strong" }),
    text(0, 192, "and by the path: the mean of f\u2032(x)", { class: "pg-fig-strong" }),
    plot.bottom.map(y => svg("line", { x1: 0, x2: width, y1: y, y2: y, class: "pg-fig-axis" })));
}
function deviation(values) {
  const list = [...values], mean = sum(list) / list.length;
  return Math.sqrt(sum(list.map(v => (v - mean) ** 2)) / (list.length - 1));
}
function drawChart(chart, s, { truth, plain }, noise) {
  const reach = Math.max(4.2 * Math.sqrt(plain / 20), 0.2);
  const x = scale([truth - reach, truth + reach], [0, chart.width]), w = chart.width / BINS;
  const made = estimates(s, noise.subarray(0, REPEATS * s.samples));
  const bars = (values, floor, look, tall) => {
    const counts = histogram(values, ...x.domain, BINS), top = Math.max(...counts, 0.12);
    return counts.map((c, i) => c > 0 && svg("rect", {
      x: i * w + 0.5, y: floor - tall * c / top, width: Math.max(1, w - 1), height: tall * c / top, class: look,
    }));
  };
  const beside = row => (row && s.kind === "step" ? [0, 2 * truth]               // the path says 0
    : [truth - reach / 2, truth + reach / 2]);
  const room = v => Math.abs(x(v) - x(truth)) > 36 && x(v) < chart.width - 16;
  const tick = (v, y) => text(x(v), y + 18, fmt(v),
    { class: v === truth ? "pg-fig-strong" : "pg-fig-tick", "text-anchor": "middle" });
  redo(chart.live,
    bars(made.score, chart.bottom[0], "pg-fig-score", 112),
    bars(made.pathwise, chart.bottom[1], "pg-estimate-path", 92),
    chart.bottom.map((y, i) => [
      svg("line", { x1: x(truth), x2: x(truth), y1: y - (i ? 96 : 124), y2: y + 4, class: "pg-estimate-truth" }),
      [truth, ...beside(i).filter(room)].map(v => tick(v, y)),
    ]),
    text(x(truth) + 6, chart.bottom[0] - 114, "truth", { class: "pg-fig-strong pg-fig-halo" }));
  const [score, pathwise] = [made.score, made.pathwise].map(values => fmt(deviation(values)));
  chart.el.setAttribute("aria-label",
    `${REPEATS} estimates from ${s.samples} samples each. True slope ${fmt(truth)}.`
    + ` The score function's estimates scatter by ${score}, the pathwise ones by ${pathwise}.`);
}

const estimate = (s, drawn) => sum(drawn.map(z => pull(s, s.mu + z))) / drawn.length;
function baselineWords(gain) {
  const as = fmt(20 * gain, 0);
  if (gain > 1.005) return `With this baseline 20 samples are as good as ${as} without.`;
  if (gain < 0.995) return `This baseline does harm: 20 samples are now as good as ${as} without.`;
  return "No baseline yet.";
}
function sentence(s, gain, drawn) {
  const jump = " The pathwise estimate is 0, each time and for certain: it never sees the jump.", n = drawn.length;
  return baselineWords(gain) + (s.kind === "step" ? jump : "")
    + (n ? ` Your ${fmt(n, 0)} sample${n > 1 ? "s" : ""}: ${fmt(estimate(s, drawn), 3)}.` : "");
}

function build(ui) {
  const noise = normals(REPEATS * 200, random(7));
  let uniform = random(3), drawn = [];                // z of the reader's own samples: they move with the mean

  const stage = ui.plot({
    label: "The function f, the bell and its samples", height: () => 330, layout: layoutStage,
  });
  const knots = range(5).map(i => knotHandle(ui, stage, i)), knob = meanHandle(ui, stage);
  const chart = ui.plot({ label: "Estimates of the slope", kind: "img", height: () => 330, layout: layoutChart });

  const draw = n => () => {
    drawn.push(...normals(n, uniform));
    drawn = drawn.slice(-5000);
    ui.redraw();
    const found = estimate(ui.state, drawn), { truth } = exact(ui.state);
    ui.say(`${drawn.length} samples. Estimate ${fmt(found)}, truth ${fmt(truth)}.`);
  };
  ui.onReset(() => { drawn = []; uniform = random(3); });

  const line = ui.formula(tex`\frac{1}{N} \sum_i \good{(f(x_i) - b)}\,\score{(x_i - \mu)}`,
    tex`{} \to \frac{d}{d\mu} \E[f] = \live{truth}`);
  const said = html("p", { class: "pg-fig-say" });
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.choice("The function", "kind", [["curve", "a curve to bend"], ["step", "a step"]]),
      ui.choice("Samples in each estimate", "samples", [[20, "20 samples each"], [200, "200 each"]]),
      ui.resetButton()),
    html("div", { class: "pg-fig-columns pg-fig-even" }, stage.holder, chart.holder),
    ui.slider("baseline b", "baseline", { min: -1, max: 4, step: 0.02, show: v => fmt(v), wide: true }),
    ui.row(ui.button("Sample", draw(1)), ui.button("Sample 100", draw(100), { class: "pg-fig-main" })),
    html("div", {}, line, said)));

  return s => {
    const found = exact(s), gain = found.plain / found.variance;
    ui.challenge(s.kind === "step" ? gain >= 3.6 : gain >= 10);
    drawStage({ stage, knots, knob }, s, drawn);
    drawChart(chart, s, found, noise);
    line.show({ truth: fmt(found.truth, 3) });
    said.textContent = sentence(s, gain, drawn);
  };
}
const TASKS = {
  curve: "Find the baseline that makes 20 samples as good as 200.",
  step: "Find the baseline that makes 20 samples on the step as good as 72.",
};
export default explorable({
  name: "sampler", settings: ["kind", "mu", "f", "baseline", "samples"], challenge: s => [s.kind, TASKS[s.kind]],
  repair: s => ({
    kind: s.kind === "step" ? "step" : "curve", mu: clamp(s.mu, -2, 2), f: s.f.map(v => clamp(v, -1, 4)),
    baseline: clamp(s.baseline, -1, 4), samples: s.samples === 200 ? 200 : 20,
  }),
  build,
});
