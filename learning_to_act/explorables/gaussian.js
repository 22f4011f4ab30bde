/* A Gaussian policy over one action: each sample pulls the mean (reach) and the width; many samples climb. */
import { add, animate, arrow, axes, clamp, explorable, fmt, html, path, random, range, redo, round, scale, stepKey, sum,
  svg, text, tex, unique } from "./draw.js";

// ---- pure ----
/* How good an action is: a base and some bumps [centre, height, width], so that averages over a bell are exact. */
export const CURVES = {
  peaks: { base: 0, bumps: [[-1.2, 1, 0.6], [1.8, 2, 0.8]] },
  peak: { base: 0, bumps: [[0.8, 2, 1.2]] },
  valley: { base: 2, bumps: [[0.3, -1.7, 1]] },
};
export const MU = [-3.5, 3.5], SIGMA = [0.1, 3], START = -3, PEAK = 1.8;
/* The mean of f over the bell N(mu, sigma^2): each bump grows wider and flatter. With sigma = 0 it is f itself. */
export function seen({ base, bumps }, mu, sigma) {
  return base + sum(bumps.map(([c, h, w]) => {
    const v = w * w + sigma * sigma;
    return h * w / Math.sqrt(v) * Math.exp(-((mu - c) ** 2) / (2 * v));
  }));
}
export const good = (curve, a) => seen(curve, a, 0);
export function gradient({ bumps }, mu, sigma) {      // of the same mean, in mu and in log sigma
  const g = [0, 0];
  for (const bump of bumps) {
    const [c, , w] = bump, v = w * w + sigma * sigma, J = seen({ base: 0, bumps: [bump] }, mu, sigma);
    g[0] -= J * (mu - c) / v;
    g[1] += J * ((mu - c) ** 2 / v - 1) * sigma * sigma / v;
  }
  return g;
}
/* What the draw a = mu + sigma z pulls at mu and at log sigma: (f(a) - b) times each score. */
export function pulls({ curve, mu, sigma, baseline }, z, b = baseline ? seen(CURVES[curve], mu, sigma) : 0) {
  const worth = good(CURVES[curve], mu + sigma * z) - b;
  return [worth * z / sigma, worth * (z * z - 1)];
}
export function estimate(s, draws) {                  // mean pulls, and half the width of their 95 % intervals
  const b = s.baseline ? seen(CURVES[s.curve], s.mu, s.sigma) : 0, all = draws.map(z => pulls(s, z, b)), n = all.length;
  return [0, 1].map(k => {
    const mean = sum(all.map(p => p[k])) / n;
    return { mean, half: 1.96 * Math.sqrt(sum(all.map(p => (p[k] - mean) ** 2)) / (n - 1) / n) };
  });
}
export function climbed(s, draws, rate = 0.15) {      // one step along the estimated gradient, in mu and in log sigma
  const [g, w] = estimate(s, draws);
  return { ...s, mu: clamp(s.mu + rate * g.mean, ...MU), sigma: clamp(s.sigma * Math.exp(rate * w.mean), ...SIGMA) };
}
export const normal = uniform => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

// ---- drawing ----
const STEPS = 400, BATCH = 20, SEED = 2, SHOWN = 12, LEFT = 26, RIGHT = 8;
const bell = z => Math.exp(-z * z / 2);

const NUMBER = "pg-fig-policy pg-fig-strong pg-fig-halo", MIDDLE = { "text-anchor": "middle" };
const side = mu => (mu > 0 ? -1 : 1);                 // where the handle of sigma stays inside the picture

/* The curve, the bell with its two handles, and the lanes of the pulls. */
function stagePlot(ui, change) {
  const plot = ui.plot({
    label: "How good each action is, the bell, and how its samples pull", height: () => 442,
    layout(plot, width) {
      const x = scale([-5, 5], [LEFT, width - RIGHT]), y = scale([0, 2.1], [142, 28]), ground = 268;
      Object.assign(plot, { x, y, ground, lanes: [308, 382] });
      axes(plot, { x, y, yticks: [0, 1, 2], yshow: v => fmt(v, 0) });
      add(plot.back, svg("text", { x: 0, y: 12, class: "pg-fig-label" }, svg("tspan", { class: "pg-fig-good" }, "f(a)"),
        width < 480 ? ", and as the bell sees it" : ", how good an action is; and f as the bell sees it (solid)"),
        [-4, -2, 0, 2, 4].map(v => text(x(v), 158, fmt(v, 0), { class: "pg-fig-tick", ...MIDDLE })),
        svg("line", { x1: LEFT, x2: width - RIGHT, y1: ground, y2: ground, class: "pg-fig-axis" }));
    },
  });
  const moveMean = v => change({ mu: clamp(round(v, 0.02), ...MU) });
  const moveWidth = v => change({ sigma: clamp(round(v, 0.01), ...SIGMA) });
  const keys = (k, ends, step, move) => (name, big) => {
    const v = stepKey(name, big, ui.state[k], { min: ends[0], max: ends[1], step, page: 0.5 });
    if (v !== undefined) move(v);
    return v !== undefined;
  };
  plot.mean = plot.handle({ label: "Mean of the bell", drag: px => moveMean(plot.x.invert(px)),
    key: keys("mu", MU, 0.1, moveMean) });
  plot.wide = plot.handle({ label: "Standard deviation of the bell",
    shape: svg("rect", { x: -7, y: -7, width: 14, height: 14, rx: 2, class: "pg-fig-knob" }),
    drag: px => moveWidth(Math.abs(plot.x.invert(px) - ui.state.mu)), key: keys("sigma", SIGMA, 0.05, moveWidth) });
  return plot;
}
/* f, f as the bell sees it, and J above the mean. */
function hills({ x, y, ground }, s, J) {
  const grid = range(201).map(i => -5 + i / 20), curve = CURVES[s.curve];
  const outward = side(s.mu) * (Math.abs(s.mu) > 3.1 ? 1 : -1);
  return [
    svg("path", { d: path(grid.map(a => [x(a), y(good(curve, a))])), class: "pg-estimate-f" }),
    svg("path", { d: path(grid.map(a => [x(a), y(seen(curve, a, s.sigma))])), class: "pg-gaussian-seen" }),
    svg("line", { x1: x(s.mu), x2: x(s.mu), y1: y(J), y2: ground, class: "pg-gaussian-plumb" }),
    svg("circle", { cx: x(s.mu), cy: y(J), r: 5, class: "pg-fig-good" }),
    text(x(s.mu) + 9 * outward, y(J) - 8, `J = ${fmt(J)}`,
      { class: "pg-fig-good pg-fig-strong pg-fig-halo", "text-anchor": outward > 0 ? "start" : "end" }),
  ];
}
/* The bell with its mean and its width; hill(a) is its height in pixels. */
function bellAndNumbers({ x, ground }, s, hill) {
  const inside = range(121).map(i => s.mu + s.sigma * (-4 + i / 15)).filter(a => a >= -5 && a <= 5);
  const outline = path(inside.map(a => [x(a), hill(a)])), edge = v => clamp(v, x(-5), x(5));
  const right = edge(x(s.mu + 4 * s.sigma)), left = edge(x(s.mu - 4 * s.sigma));
  const waist = hill(s.mu + s.sigma), end = x(s.mu + side(s.mu) * s.sigma);
  return [
    svg("path", { d: `${outline}L${right} ${ground}L${left} ${ground}Z`, class: "pg-estimate-bell" }),
    svg("path", { d: outline, class: "pg-estimate-outline" }),
    svg("line", { x1: x(s.mu), x2: end, y1: waist, y2: waist, class: "pg-gaussian-span" }),
    text(x(s.mu), hill(s.mu) - 15, `\u03bc = ${fmt(s.mu)}`, { class: NUMBER, ...MIDDLE }),
    text(end + 13 * side(s.mu), waist + 4, `\u03c3 = ${fmt(s.sigma)}`,
      { class: NUMBER, "text-anchor": s.mu > 0 ? "end" : "start" }),
  ];
}
/* The i-th sample shown, z: a stem from the bell down to its two pulls, with b for the baseline. */
function samplePulls({ x, lanes }, s, z, i, b, hill) {
  const a = s.mu + s.sigma * z, [g, w] = pulls(s, z, b), out = z < 0 ? -1 : 1, px = x(a);
  if (a < -5 || a > 5) return null;
  const long = v => 26 * Math.sign(v) * Math.min(Math.abs(v), 2.2);
  return [
    svg("line", { x1: px, x2: px, y1: hill(a), y2: lanes[1] + 4.5 * i, class: "pg-estimate-stem" }),
    [[long(g * s.sigma), lanes[0]], [out * long(w), lanes[1]]].map(([v, top]) => [
      svg("circle", { cx: px, cy: top + 4.5 * i, r: 2.6, class: "pg-fig-policy" }),
      svg("path", { d: arrow([px, top + 4.5 * i], [px + v, top + 4.5 * i], 7), class: "pg-fig-score" }),
    ]),
  ];
}
function drawStage(stage, s, drawn) {
  const { x, ground, lanes } = stage, J = seen(CURVES[s.curve], s.mu, s.sigma), b = s.baseline ? J : 0;
  const tall = 82 * clamp(0.4 / s.sigma, 0.12, 1) ** 0.4, hill = a => ground - tall * bell((a - s.mu) / s.sigma);
  redo(stage.live, hills(stage, s, J), bellAndNumbers(stage, s, hill),
    drawn.slice(-SHOWN).map((z, i) => samplePulls(stage, s, z, i, b, hill)),
    text(0, lanes[0] - 9, "reach: which way a sample pulls \u03bc", { class: "pg-fig-label pg-fig-halo" }),
    text(0, lanes[1] - 9, "width: outward widens, inward narrows", { class: "pg-fig-label pg-fig-halo" }));
  stage.mean.place(x(s.mu), hill(s.mu),
    { now: round(s.mu, 0.01), min: MU[0], max: MU[1], words: `mean ${fmt(s.mu)}, J ${fmt(J)}` });
  stage.wide.place(x(s.mu + side(s.mu) * s.sigma), hill(s.mu + s.sigma),
    { now: round(s.sigma, 0.01), min: SIGMA[0], max: SIGMA[1], words: `standard deviation ${fmt(s.sigma)}` });
}

/* J over the box as the opacity of a mask, `u` the scale of log sigma: the address of a picture. */
function heights(curve, box, u) {
  const [W, H] = [61, 41];
  const at = (i, j) => [MU[0] + 7 * i / (W - 1), Math.exp(u.invert(box.y + box.height * j / (H - 1)))];
  const values = range(H).map(j => range(W).map(i => seen(curve, ...at(i, j))));
  const top = Math.max(...values.flat()), low = Math.min(...values.flat());
  const canvas = Object.assign(document.createElement("canvas"), { width: W, height: H });
  const pen = canvas.getContext("2d"), image = pen.createImageData(W, H);
  const opacity = (i, j) => 255 * (0.03 + 0.67 * (values[j][i] - low) / (top - low));
  range(H).forEach(j => range(W).forEach(i => image.data.set([255, 255, 255, opacity(i, j)], 4 * (j * W + i))));
  pen.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
/* The gradient's arrows all over the box. */
function field(curve, box, x, u) {
  return range(9).flatMap(j => range(11).map(i => {
    const from = [box.x + box.width * (i + 0.5) / 11, box.y + box.height * (j + 0.5) / 9];
    const g = gradient(curve, x.invert(from[0]), Math.exp(u.invert(from[1])));
    const v = [g[0] * box.width / 7, -g[1] * box.height / (u.domain[1] - u.domain[0])];
    const size = Math.hypot(...v) || 1, l = Math.min(22, 4 * Math.sqrt(size));
    return arrow(from, [from[0] + v[0] / size * l, from[1] + v[1] / size * l], 6);
  })).join("");
}
/* J over both parameters, with the gradient's arrow everywhere. */
function mapPlot(ui) {
  return ui.plot({
    label: "J over the mean and the standard deviation", kind: "img", height: () => 442,
    layout(plot, width, height) {
      const box = { x: 36, y: 24, width: width - 44, height: height - 72 }, mask = unique("height");
      const u = scale(SIGMA.map(Math.log), [box.y + box.height, box.y]);
      plot.x = scale(MU, [box.x, box.x + box.width]); plot.y = sigma => u(Math.log(sigma));
      const curve = CURVES[plot.curve = ui.state.curve];
      const middle = `translate(11 ${box.y + box.height / 2 + 24}) rotate(-90)`;
      add(plot.back, svg("mask", { id: mask, style: "mask-type: alpha" },
        svg("image", { ...box, href: heights(curve, box, u), preserveAspectRatio: "none" })),
        svg("rect", { ...box, class: "pg-fig-good", mask: `url(#${mask})` }),
        svg("rect", { ...box, class: "pg-simplex-edge" }),
        svg("path", { d: field(curve, box, plot.x, u), class: "pg-gaussian-field" }),
        text(0, 12, "J, and the way it rises, over \u03bc and \u03c3", { class: "pg-fig-label" }),
        range(7).map(i => i - 3).map(v => text(plot.x(v), height - 30, fmt(v, 0), { class: "pg-fig-tick", ...MIDDLE })),
        [0.1, 0.3, 1, 3].map(v => text(box.x - 7, plot.y(v) + 4 + (v === 3 ? 5 : 0), String(v),
          { class: "pg-fig-tick", "text-anchor": "end" })),
        text(box.x + box.width / 2, height - 9, "mean \u03bc", { class: "pg-fig-label", ...MIDDLE }),
        svg("text", { transform: middle, class: "pg-fig-label", ...MIDDLE }, "\u03c3"));
    },
  });
}
function drawMap(map, s, trail) {
  if (map.curve !== s.curve) map.relayout();
  const { x, y } = map, rises = gradient(CURVES[s.curve], s.mu, s.sigma).map(v => fmt(v)).join(" and ");
  redo(map.live,
    trail.length > 1 && svg("path", { d: path(trail.map(([a, b]) => [x(a), y(b)])), class: "pg-gaussian-trail" }),
    svg("circle", { cx: x(s.mu), cy: y(s.sigma), r: 7, class: "pg-gaussian-here" }));
  map.el.setAttribute("aria-label", "J over the mean and the standard deviation."
    + ` Here, at ${fmt(s.mu)} and ${fmt(s.sigma)}, the gradient is ${rises}.`);
}

/* The samples, and the climb that draws its own. `trail` is where the bell has been, `fair` whether the climb began at
   the far start. */
function sampling(ui) {
  let uniform, stop = null;
  const it = { drawn: [], trail: [], fair: false };   // drawn: z, so that samples move with the bell
  const begin = () => { uniform = random(SEED); it.drawn = range(SHOWN).map(() => normal(uniform)); };
  begin();
  it.halt = () => { stop?.(); stop = null; it.button.textContent = "Climb"; };
  it.clear = () => { it.halt(); begin(); it.trail = []; it.fair = false; };
  it.sample = n => () => {
    it.halt();
    it.drawn.push(...range(n).map(() => normal(uniform)));
    it.drawn = it.drawn.slice(-5000);
    ui.redraw();
    const [g, w] = estimate(ui.state, it.drawn).map(pull => fmt(pull.mean, 3));
    const exact = gradient(CURVES[ui.state.curve], ui.state.mu, ui.state.sigma).map(v => fmt(v, 3));
    ui.say(`${fmt(it.drawn.length, 0)} samples. By mu ${g}, truly ${exact[0]}; by log sigma ${w}, truly ${exact[1]}.`);
  };
  const climb = () => {
    if (stop) return it.halt();
    it.fair ||= ui.state.curve === "peaks" && ui.state.mu === START;
    const fresh = random(SEED);                       // the same draws at every climb: only where it starts decides
    let s = ui.state, done = 0;
    it.trail = [[s.mu, s.sigma]];
    it.button.textContent = "Stop";
    stop = animate(6, share => {
      for (; done < Math.round(share * STEPS); done++) {
        it.drawn = range(BATCH).map(() => normal(fresh));
        it.trail.push([(s = climbed(s, it.drawn)).mu, s.sigma]);
      }
      ui.set({ mu: s.mu, sigma: s.sigma });
    }, () => {
      it.halt();
      const J = seen(CURVES[s.curve], s.mu, s.sigma);
      ui.say(`After ${STEPS} steps the mean is ${fmt(s.mu)}, sigma ${fmt(s.sigma)}, J ${fmt(J)}.`);
    }, ui);
  };
  it.button = ui.button("Climb", climb, { class: "pg-fig-main" });
  return it;
}

const meanFormula = () =>
  tex`\frac{\partial J}{\partial \mu} = \E\Bigl[\good{(f - b)}\,\score{\frac{a - \mu}{\sigma^2}}\Bigr] = \live{exact}`;
const widthFormula = () =>
  tex`\frac{\partial J}{\partial \log \sigma} =
    \E\Bigl[\good{(f - b)}\,\score{\Bigl(\frac{(a - \mu)^2}{\sigma^2} - 1\Bigr)}\Bigr] = \live{exact}`;
function inWords(exact) {                             // where the exact gradient leads
  const [byMean, byWidth] = exact, small = v => Math.abs(v) < 0.01;
  const mean = small(byMean) ? "The mean stays" : `The mean is drawn to the ${byMean > 0 ? "right" : "left"}`;
  const width = small(byWidth) ? "keeps its width" : byWidth > 0 ? "is made wider" : "is made narrower";
  return `${mean}; the bell ${width}.`;
}
function build(ui) {
  const it = sampling(ui);
  const change = patch => {
    it.halt();
    it.trail = [];
    if ("mu" in patch) it.fair = false;
    ui.set(patch);
  };
  const stage = stagePlot(ui, change), map = mapPlot(ui);
  ui.onReset(it.clear);

  const lines = [meanFormula(), widthFormula()].map(formula =>
    ui.formula(formula, html("span", { "data-v": "sampled" })));
  const said = html("p", { class: "pg-fig-say" });
  const curves = [["peaks", "two peaks"], ["peak", "one peak"], ["valley", "a valley"]];
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.choice("The curve", "curve", curves, undefined, it.clear),
      ui.toggle("baseline b = J", "baseline"), ui.resetButton()),
    html("div", { class: "pg-fig-columns pg-fig-even" }, stage.holder, map.holder),
    ui.row(it.button, ui.button("Sample", it.sample(1)), ui.button("Sample 100", it.sample(100)),
      ui.button("Back to the far start", () => change({ mu: START }))),
    html("div", {}, lines, said)));

  return s => {
    const exact = gradient(CURVES[s.curve], s.mu, s.sigma), found = estimate(s, it.drawn);
    ui.challenge(it.fair && Math.abs(s.mu - PEAK) < 0.25);
    drawStage(stage, s, it.drawn);
    drawMap(map, s, it.trail);
    lines.forEach((line, k) => line.show({ exact: fmt(exact[k], 3),
      sampled: `${fmt(it.drawn.length, 0)} samples: ${fmt(found[k].mean, 3)} \u00b1 ${fmt(found[k].half, 3)}` }));
    said.textContent = inWords(exact);
  };
}
const repair = ({ curve, mu, sigma, baseline }) => ({
  curve: CURVES[curve] ? curve : "peaks",
  mu: clamp(mu, ...MU), sigma: clamp(sigma, ...SIGMA), baseline: Boolean(baseline),
});
export default explorable({
  name: "gaussian", settings: ["curve", "mu", "sigma", "baseline"],
  challenge: "From the far start (\u03bc = \u22123), set \u03c3 alone and press Climb: reach the higher peak.",
  repair, build,
});
