/* Two balls: in two doors, the plain gradient is best in a circle of logits, the natural one in a ball of policies. */
import { add, arrow, clamp, explorable, fmt, html, path, range, redo, round, scale, svg, text } from "./draw.js";

// ---- pure ----
export const sigmoid = x => 1 / (1 + Math.exp(-x));
export const value = ([a, b]) => { const p = sigmoid(a), q = sigmoid(b); return -p / 4 + (1 - p) * q / 8; };
export const gain = theta => value(theta) - value([0, 0]);
/* Discounted visits of A and B together, of D, and of everything, at theta. */
export const visits = theta => ({ doors: 1.5, d: (1 - sigmoid(theta[0])) / 4, all: 1.75 });
export function gradient([a, b]) {
  const p = sigmoid(a), q = sigmoid(b);
  return [-p * (1 - p) * (1 / 4 + q / 8), (1 - p) * q * (1 - q) / 8];
}
export function natural([a, b]) {                     // F is diagonal: visits times p (1 - p)
  const p = sigmoid(a), q = sigmoid(b), d = visits([a, b]), g = gradient([a, b]);
  return [g[0] / (d.doors * p * (1 - p)), g[1] / (d.d * q * (1 - q))];
}
/* KL(uniform || theta), the mean over the discounted visits of the uniform policy. */
export const kl = ([a, b]) => {
  const one = x => Math.log(1 / (2 * Math.sqrt(sigmoid(x) * (1 - sigmoid(x)))));
  return (1.5 * one(a) + 0.125 * one(b)) / 1.75;
};
export function reach(direction, delta) {             // how far along `direction` the KL is delta, by bisection
  let low = 0, high = 60;
  for (const _ of range(60)) {
    const m = (low + high) / 2;
    if (kl(direction.map(v => m * v)) < delta) low = m; else high = m;
  }
  return direction.map(v => low * v);
}
export const contour = (delta, n = 120) => range(n).map(i =>
  reach([Math.cos(2 * Math.PI * i / n), Math.sin(2 * Math.PI * i / n)], delta));
export function plain(stretch) {                      // theta_1 = stretch phi
  const g = gradient([0, 0]);
  return [stretch ** 2 * g[0], g[1]];
}
export function climb(step, goal = 0.12, most = 2000) {
  /** @type {[number, number]} */
  let theta = [0, 0], count = 0;
  while (value(theta) < goal && count < most) {
    const s = step(theta);
    theta = [theta[0] + s[0], theta[1] + s[1]];
    count += 1;
  }
  return count;
}

// ---- drawing ----
const LIMIT = 3, LEFT = 40, RIGHT = 10, CELLS = 24;

function layoutMap(plot, width, height) {
  const size = Math.min(width - LEFT - RIGHT, height - 70), n = CELLS, cell = size / n, bottom = 20 + size;
  plot.x = scale([-LIMIT, LIMIT], [LEFT, LEFT + size]);
  plot.y = scale([-LIMIT, LIMIT], [bottom, 20]);
  plot.unit = size / (2 * LIMIT);
  const shade = k => {
    const i = k % n, j = Math.floor(k / n);
    const J = value([-LIMIT + (i + 0.5) * 2 * LIMIT / n, -LIMIT + (j + 0.5) * 2 * LIMIT / n]);
    return svg("rect", {
      x: LEFT + i * cell, y: bottom - (j + 1) * cell, width: cell + 0.6, height: cell + 0.6, class: "pg-bins-cell",
      style: `--s: ${Math.round(clamp((J + 0.25) / 0.375, 0, 1) * 55)}%`,
    });
  };
  add(plot.back, range(n * n).map(shade),
    text(LEFT, 12, "\u03b8\u2082: the second door's logit", { class: "pg-fig-label" }),
    text(LEFT + size / 2, bottom + 38, "\u03b8\u2081: the first doors' logit",
      { class: "pg-fig-label", "text-anchor": "middle" }),
    [-2, 0, 2].map(v => [
      text(plot.x(v), bottom + 18, fmt(v, 0), { class: "pg-fig-tick", "text-anchor": "middle" }),
      text(LEFT - 8, plot.y(v) + 4, fmt(v, 0), { class: "pg-fig-tick", "text-anchor": "end" }),
    ]));
}
function drawMap({ map, knob }, { theta, delta, stretch }) {
  /** @type {(v: any) => [number, number]} */
  const at = v => [map.x(v[0]), map.y(v[1])];
  const centre = at([0, 0]), n = reach(natural([0, 0]), delta), p = plain(stretch);
  const radius = Math.hypot(...reach(plain(1), delta)), length = radius / Math.hypot(...p), g = p.map(v => v * length);
  redo(map.live,
    svg("circle", { cx: centre[0], cy: centre[1], r: radius * map.unit, class: "pg-bins-circle" }),
    svg("path", { d: `${path(contour(delta).map(at))}Z`, class: "pg-bins-ball" }),
    svg("path", { d: arrow(centre, at(g), 12), class: "pg-fig-good" }),
    svg("path", { d: arrow(centre, at(n), 12), class: "pg-fig-score" }),
    text(...at([g[0] - 0.1, g[1] - 0.28]), "plain",
      { class: "pg-fig-good pg-fig-strong pg-fig-halo", "text-anchor": "end" }),
    text(...at([n[0] + 0.1, n[1] + 0.12]), "natural", { class: "pg-fig-score pg-fig-strong pg-fig-halo" }));
  const step = `step (${fmt(theta[0])}, ${fmt(theta[1])})`;
  knob.place(...at(theta), {
    now: round(theta[0], 0.01), min: -LIMIT, max: LIMIT,
    words: `${step}, KL ${fmt(kl(theta), 4)}, gain ${fmt(gain(theta), 4)}`,
  });
}
function sentence(s) {
  const best = reach(natural([0, 0]), s.delta), worse = reach(plain(s.stretch), s.delta);
  return `Your step: KL ${fmt(kl(s.theta), 4)}, gain ${fmt(gain(s.theta), 4)}. At KL ${fmt(s.delta, 3)}`
    + ` the plain direction gains ${fmt(gain(worse), 4)}, the natural one ${fmt(gain(best), 4)}.`;
}

function build(ui) {
  let climbed = null;
  const map = ui.plot({
    label: "Map of the two logits, with the circle and the KL contour around the uniform policy",
    height: width => Math.min(width, 520), layout: layoutMap,
  });
  const move = (a, b) => ui.set({ theta: [clamp(a, -LIMIT, LIMIT), clamp(b, -LIMIT, LIMIT)] });
  const knob = map.handle({
    label: "The step: two logits", anywhere: true,
    drag: (x, y) => move(round(map.x.invert(x), 0.01), round(map.y.invert(y), 0.01)),
    key: (name, big) => {
      const by = big ? 0.2 : 0.02, [a, b] = ui.state.theta;
      const go = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[name];
      if (name === "Home") { move(0, 0); return true; }
      if (go) move(round(a + go[0], 0.01), round(b + go[1], 0.01));
      return Boolean(go);
    },
  });
  const said = html("p", { class: "pg-fig-say" }), other = html("p", { class: "pg-fig-small" });
  const climbButton = ui.button("Climb", () => {
    climbed = [climb(gradient), climb(natural)];
    ui.redraw();
    ui.say(`Steps of size 1 to a return of 0.12: ${climbed[0]} plain, ${climbed[1]} natural.`);
  }, { class: "pg-fig-main" });
  ui.onReset(() => { climbed = null; });
  ui.body.append(html("div", { class: "pg-fig-stack" }, map.holder, said, other, ui.row(climbButton,
    ui.slider("KL of the ball", "delta", { min: 0.002, max: 0.1, step: 0.002, show: v => fmt(v, 3) }),
    ui.slider("stretch of \u03b8\u2081", "stretch", { min: 1, max: 4, step: 0.1, show: v => fmt(v, 1) }),
    ui.resetButton())));

  return s => {
    ui.challenge(kl(s.theta) <= 0.01 + 1e-9 && gain(s.theta) >= 0.0298);
    drawMap({ map, knob }, s);
    said.textContent = sentence(s);
    other.textContent = climbed
      ? `Steps of size 1 to a return of 0.12: ${climbed[0]} along the plain gradient,`
        + ` ${climbed[1]} along the natural one.`
      : "The circle is what a step of fixed length may reach, the long ellipse what a fixed KL allows.";
  };
}
export default explorable({
  name: "balls", settings: ["theta", "delta", "stretch"],
  challenge: "With a KL of at most 0.01, gain 0.0298 or more. The plain gradient stops at 0.0248.",
  repair: s => ({
    theta: s.theta.map(v => clamp(v, -LIMIT, LIMIT)), delta: clamp(s.delta, 0.002, 0.1),
    stretch: clamp(s.stretch, 1, 4),
  }),
  build,
});
