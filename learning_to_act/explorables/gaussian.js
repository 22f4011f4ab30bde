/* A Gaussian policy over one action: each sample pulls the mean (reach) and the width; many samples climb. */
import { add, animate, arrow, axes, clamp, explorable, fmt, html, path, random, range, redo, round, scale, stepKey, sum, svg, text,
  tex, unique } from "./draw.js";

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

function build(ui) {
  let uniform, drawn, trail = [], stop = null, fair = false;      // drawn: z, so that samples move with the bell
  const begin = () => { uniform = random(SEED); drawn = range(SHOWN).map(() => normal(uniform)); };
  begin();
  const halt = () => { stop?.(); stop = null; climbButton.textContent = "Climb"; };

  const stage = ui.plot({
    label: "How good each action is, the bell, and how its samples pull", height: () => 442,
    layout(plot, width) {
      Object.assign(plot, { x: scale([-5, 5], [LEFT, width - RIGHT]), y: scale([0, 2.1], [142, 28]), ground: 268, lanes: [308, 382] });
      axes(plot, { x: plot.x, y: plot.y, yticks: [0, 1, 2], yshow: v => fmt(v, 0) });
      add(plot.back, svg("text", { x: 0, y: 12, class: "pg-x-label" }, svg("tspan", { class: "pg-x-good" }, "f(a)"),
        width < 480 ? ", and as the bell sees it" : ", how good an action is; and f as the bell sees it (solid)"),
        [-4, -2, 0, 2, 4].map(v => text(plot.x(v), 158, fmt(v, 0), { class: "pg-x-tick", "text-anchor": "middle" })),
        svg("line", { x1: LEFT, x2: width - RIGHT, y1: plot.ground, y2: plot.ground, class: "pg-x-axis" }));
    },
  });
  const change = patch => { halt(); trail = []; if ("mu" in patch) fair = false; ui.set(patch); };
  const moveMean = v => change({ mu: clamp(round(v, 0.02), ...MU) });
  const moveWidth = v => change({ sigma: clamp(round(v, 0.01), ...SIGMA) });
  const meanKnob = stage.handle({ label: "Mean of the bell", drag: px => moveMean(stage.x.invert(px)),
    key: (name, big) => { const v = stepKey(name, big, ui.state.mu, { min: MU[0], max: MU[1], step: 0.1, page: 0.5 });
      if (v !== undefined) moveMean(v); return v !== undefined; } });
  const widthKnob = stage.handle({ label: "Standard deviation of the bell", shape: svg("rect", { x: -7, y: -7, width: 14, height: 14, rx: 2,
    class: "pg-x-knob" }), drag: px => moveWidth(Math.abs(stage.x.invert(px) - ui.state.mu)),
    key: (name, big) => { const v = stepKey(name, big, ui.state.sigma, { min: SIGMA[0], max: SIGMA[1], step: 0.05, page: 0.5 });
      if (v !== undefined) moveWidth(v); return v !== undefined; } });
  const side = mu => (mu > 0 ? -1 : 1);               // where the handle of sigma stays inside the picture

  function drawStage(s) {
    const { x, y, ground, lanes } = stage, grid = range(201).map(i => -5 + i / 20), curve = CURVES[s.curve], J = seen(curve, s.mu, s.sigma);
    const tall = 82 * clamp(0.4 / s.sigma, 0.12, 1) ** 0.4, hill = a => ground - tall * bell((a - s.mu) / s.sigma);
    const outline = path(range(121).map(i => s.mu + s.sigma * (-4 + i / 15)).filter(a => a >= -5 && a <= 5).map(a => [x(a), hill(a)]));
    const b = s.baseline ? J : 0, edge = v => clamp(v, x(-5), x(5)), outward = side(s.mu) * (Math.abs(s.mu) > 3.1 ? 1 : -1), long = v => 26 * Math.sign(v) * Math.min(Math.abs(v), 2.2);
    redo(stage.live, svg("path", { d: path(grid.map(a => [x(a), y(good(curve, a))])), class: "pg-e-f" }),
      svg("path", { d: path(grid.map(a => [x(a), y(seen(curve, a, s.sigma))])), class: "pg-g-seen" }),
      svg("line", { x1: x(s.mu), x2: x(s.mu), y1: y(J), y2: ground, class: "pg-g-plumb" }),
      svg("circle", { cx: x(s.mu), cy: y(J), r: 5, class: "pg-x-good" }),
      text(x(s.mu) + 9 * outward, y(J) - 8, `J = ${fmt(J)}`, { class: "pg-x-good pg-x-strong pg-x-halo", "text-anchor": outward > 0 ? "start" : "end" }),
      svg("path", { d: `${outline}L${edge(x(s.mu + 4 * s.sigma))} ${ground}L${edge(x(s.mu - 4 * s.sigma))} ${ground}Z`, class: "pg-e-bell" }),
      svg("path", { d: outline, class: "pg-e-outline" }),
      svg("line", { x1: x(s.mu), x2: x(s.mu + side(s.mu) * s.sigma), y1: hill(s.mu + s.sigma), y2: hill(s.mu + s.sigma), class: "pg-g-span" }),
      text(x(s.mu), hill(s.mu) - 15, `\u03bc = ${fmt(s.mu)}`, { class: "pg-x-policy pg-x-strong pg-x-halo", "text-anchor": "middle" }),
      text(x(s.mu + side(s.mu) * s.sigma) + 13 * side(s.mu), hill(s.mu + s.sigma) + 4, `\u03c3 = ${fmt(s.sigma)}`,
        { class: "pg-x-policy pg-x-strong pg-x-halo", "text-anchor": s.mu > 0 ? "end" : "start" }),
      drawn.slice(-SHOWN).map((z, i) => {
        const a = s.mu + s.sigma * z, [g, w] = pulls(s, z, b), out = z < 0 ? -1 : 1, px = x(a);
        if (a < -5 || a > 5) return null;
        return [svg("line", { x1: px, x2: px, y1: hill(a), y2: lanes[1] + 4.5 * i, class: "pg-e-stem" }),
          [[long(g * s.sigma), lanes[0]], [out * long(w), lanes[1]]].map(([v, top]) => [
            svg("circle", { cx: px, cy: top + 4.5 * i, r: 2.6, class: "pg-x-policy" }),
            svg("path", { d: arrow([px, top + 4.5 * i], [px + v, top + 4.5 * i], 7), class: "pg-x-score" })])];
      }),
      text(0, lanes[0] - 9, "reach: which way a sample pulls \u03bc", { class: "pg-x-label pg-x-halo" }),
      text(0, lanes[1] - 9, "width: outward widens, inward narrows", { class: "pg-x-label pg-x-halo" }));
    meanKnob.place(x(s.mu), hill(s.mu), { now: round(s.mu, 0.01), min: MU[0], max: MU[1], words: `mean ${fmt(s.mu)}, J ${fmt(J)}` });
    widthKnob.place(x(s.mu + side(s.mu) * s.sigma), hill(s.mu + s.sigma),
      { now: round(s.sigma, 0.01), min: SIGMA[0], max: SIGMA[1], words: `standard deviation ${fmt(s.sigma)}` });
  }

  // J over both parameters, with the gradient's arrow everywhere
  const map = ui.plot({
    label: "J over the mean and the standard deviation", kind: "img", height: () => 442,
    layout(plot, width, height) {
      const box = { x: 36, y: 24, width: width - 44, height: height - 72 }, mask = unique("height"), [W, H] = [61, 41];
      const u = scale(SIGMA.map(Math.log), [box.y + box.height, box.y]);
      plot.x = scale(MU, [box.x, box.x + box.width]); plot.y = sigma => u(Math.log(sigma));
      const curve = CURVES[plot.curve = ui.state.curve], at = (i, j) => [MU[0] + 7 * i / (W - 1), Math.exp(u.invert(box.y + box.height * j / (H - 1)))];
      const values = range(H).map(j => range(W).map(i => seen(curve, ...at(i, j)))), top = Math.max(...values.flat()), low = Math.min(...values.flat());
      const canvas = Object.assign(document.createElement("canvas"), { width: W, height: H }), pen = canvas.getContext("2d"), image = pen.createImageData(W, H);
      range(H).forEach(j => range(W).forEach(i => image.data.set([255, 255, 255, 255 * (0.03 + 0.67 * (values[j][i] - low) / (top - low))], 4 * (j * W + i))));
      pen.putImageData(image, 0, 0);
      const field = range(9).flatMap(j => range(11).map(i => {
        const from = [box.x + box.width * (i + 0.5) / 11, box.y + box.height * (j + 0.5) / 9], g = gradient(curve, plot.x.invert(from[0]), Math.exp(u.invert(from[1])));
        const v = [g[0] * box.width / 7, -g[1] * box.height / (u.domain[1] - u.domain[0])], size = Math.hypot(...v) || 1, l = Math.min(22, 4 * Math.sqrt(size));
        return arrow(from, [from[0] + v[0] / size * l, from[1] + v[1] / size * l], 6);
      }));
      add(plot.back, svg("mask", { id: mask, style: "mask-type: alpha" }, svg("image", { ...box, href: canvas.toDataURL(), preserveAspectRatio: "none" })),
        svg("rect", { ...box, class: "pg-x-good", mask: `url(#${mask})` }), svg("rect", { ...box, class: "pg-s-edge" }), svg("path", { d: field.join(""), class: "pg-g-field" }),
        text(0, 12, "J, and the way it rises, over \u03bc and \u03c3", { class: "pg-x-label" }),
        [-3, -2, -1, 0, 1, 2, 3].map(v => text(plot.x(v), height - 30, fmt(v, 0), { class: "pg-x-tick", "text-anchor": "middle" })),
        [0.1, 0.3, 1, 3].map(v => text(box.x - 7, plot.y(v) + 4 + (v === 3 ? 5 : 0), String(v), { class: "pg-x-tick", "text-anchor": "end" })),
        text(box.x + box.width / 2, height - 9, "mean \u03bc", { class: "pg-x-label", "text-anchor": "middle" }),
        svg("text", { transform: `translate(11 ${box.y + box.height / 2 + 24}) rotate(-90)`, class: "pg-x-label", "text-anchor": "middle" }, "\u03c3"));
    },
  });
  function drawMap(s) {
    if (map.curve !== s.curve) map.relayout();
    const { x, y } = map;
    redo(map.live, trail.length > 1 && svg("path", { d: path(trail.map(([a, b]) => [x(a), y(b)])), class: "pg-g-trail" }),
      svg("circle", { cx: x(s.mu), cy: y(s.sigma), r: 7, class: "pg-g-here" }));
    map.el.setAttribute("aria-label", `J over the mean and the standard deviation. Here, at ${fmt(s.mu)} and ${fmt(s.sigma)}, the gradient is ${gradient(CURVES[s.curve], s.mu, s.sigma).map(v => fmt(v)).join(" and ")}.`);
  }

  const sample = n => () => {
    halt();
    drawn.push(...range(n).map(() => normal(uniform)));
    drawn = drawn.slice(-5000);
    ui.redraw();
    const found = estimate(ui.state, drawn), exact = gradient(CURVES[ui.state.curve], ui.state.mu, ui.state.sigma);
    ui.say(`${fmt(drawn.length, 0)} samples. By mu ${fmt(found[0].mean, 3)}, truly ${fmt(exact[0], 3)}; by log sigma ${fmt(found[1].mean, 3)}, truly ${fmt(exact[1], 3)}.`);
  };
  const climbButton = ui.button("Climb", () => {
    if (stop) return halt();
    fair ||= ui.state.curve === "peaks" && ui.state.mu === START;
    const fresh = random(SEED);                          // the same draws at every climb: only the bell it starts from decides
    let s = ui.state, done = 0;
    trail = [[s.mu, s.sigma]];
    climbButton.textContent = "Stop";
    stop = animate(6, share => {
      for (; done < Math.round(share * STEPS); done++) {
        drawn = range(BATCH).map(() => normal(fresh));
        trail.push([(s = climbed(s, drawn)).mu, s.sigma]);
      }
      ui.set({ mu: s.mu, sigma: s.sigma });
    }, () => { halt(); ui.say(`After ${STEPS} steps the mean is ${fmt(s.mu)}, sigma ${fmt(s.sigma)}, J ${fmt(seen(CURVES[s.curve], s.mu, s.sigma))}.`); }, ui);
  }, { class: "pg-x-main" });
  const clear = () => { halt(); begin(); trail = []; fair = false; };
  ui.onReset(clear);

  const lines = [
    tex`\frac{\partial J}{\partial \mu} = \E\Bigl[\good{(f - b)}\,\score{\frac{a - \mu}{\sigma^2}}\Bigr] = \live{exact}`,
    tex`\frac{\partial J}{\partial \log \sigma} = \E\Bigl[\good{(f - b)}\,\score{\Bigl(\frac{(a - \mu)^2}{\sigma^2} - 1\Bigr)}\Bigr] = \live{exact}`,
  ].map(formula => ui.formula(formula, html("span", { "data-v": "sampled" })));
  const said = html("p", { class: "pg-x-say" });
  ui.body.append(html("div", { class: "pg-x-stack" },
    ui.row(ui.choice("The curve", "curve", [["peaks", "two peaks"], ["peak", "one peak"], ["valley", "a valley"]], undefined, clear),
      ui.toggle("baseline b = J", "baseline"), ui.resetButton()),
    html("div", { class: "pg-x-columns pg-x-even" }, stage.holder, map.holder),
    ui.row(climbButton, ui.button("Sample", sample(1)), ui.button("Sample 100", sample(100)),
      ui.button("Back to the far start", () => { halt(); trail = []; fair = false; ui.set({ mu: START }); })),
    html("div", {}, lines, said)));

  return s => {
    const exact = gradient(CURVES[s.curve], s.mu, s.sigma), found = estimate(s, drawn);
    ui.challenge(fair && Math.abs(s.mu - PEAK) < 0.25);
    drawStage(s); drawMap(s);
    lines.forEach((line, k) => line.show({ exact: fmt(exact[k], 3),
      sampled: `${fmt(drawn.length, 0)} samples: ${fmt(found[k].mean, 3)} \u00b1 ${fmt(found[k].half, 3)}` }));
    const small = v => Math.abs(v) < 0.01;
    said.textContent = `${small(exact[0]) ? "The mean stays" : `The mean is drawn to the ${exact[0] > 0 ? "right" : "left"}`}; the bell ${small(exact[1]) ? "keeps its width" : exact[1] > 0 ? "is made wider" : "is made narrower"}.`;
  };
}
export default explorable({
  name: "gaussian", settings: ["curve", "mu", "sigma", "baseline"],
  challenge: "From the far start (\u03bc = \u22123), set \u03c3 alone and press Climb: reach the higher peak.",
  repair: s => ({ curve: CURVES[s.curve] ? s.curve : "peaks", mu: clamp(s.mu, ...MU), sigma: clamp(s.sigma, ...SIGMA), baseline: Boolean(s.baseline) }), build,
});
