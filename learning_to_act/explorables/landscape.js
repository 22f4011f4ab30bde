/* The return of "two doors" as a landscape over its two logits: the theorem's arrow, the one found by poking, and
   what goes wrong without d or without gamma^t. */
import { add, animate, arrow, clamp, explorable, fmt, hatch, html, path,
  raised, range, redo, round, scale, sum, svg, tex, text, unique } from "./draw.js";

// ---- pure ----
/* States A, B, C, D; actions leave, take; -1 is the end. A and B look alike: both obey the first logit, D the
   second. */
export const WORLD = {
  next: [[1, 1], [3, 2], [-1, -1], [-1, -1]], reward: [[0, -1], [0, 3], [-3, -3], [0, 0.5]], gamma: 0.5,
  logit: [0, 0, null, 1],
};
const STATES = "ABCD";
export const sigmoid = z => 1 / (1 + Math.exp(-z));
const take = (theta, s) => (WORLD.logit[s] === null ? 0.5 : sigmoid(theta[WORLD.logit[s]]));
/* Q, V and the visits, discounted or not. Every state leads to a later letter or the end, so one sweep each is
   exact. */
export function evaluate(theta, gamma = WORLD.gamma) {
  const V = [0, 0, 0, 0], Q = [], visits = [1, 0, 0, 0], plain = [1, 0, 0, 0];
  for (const s of [3, 2, 1, 0]) {
    Q[s] = [0, 1].map(a => WORLD.reward[s][a] + gamma * (WORLD.next[s][a] < 0 ? 0 : V[WORLD.next[s][a]]));
    V[s] = (1 - take(theta, s)) * Q[s][0] + take(theta, s) * Q[s][1];
  }
  for (const s of range(4)) for (const a of [0, 1]) {
    const to = WORLD.next[s][a], p = a ? take(theta, s) : 1 - take(theta, s);
    if (to >= 0) { visits[to] += gamma * p * visits[s]; plain[to] += p * plain[s]; }
  }
  return { J: V[0], V, Q, visits, plain };
}
export const value = theta => evaluate(theta).J;
const weights = ({ visits, plain }, field) => ({ theorem: visits, gamma: plain, visits: [1, 1, 1, 1] })[field];
/* What each state adds to each logit's direction: weight(s) sum_a grad pi(a|s) Q(s,a); the weight is what the field
   says. */
export function shares(theta, field = "theorem") {
  const found = evaluate(theta), { Q } = found, weight = weights(found, field);
  return range(4).map(s => [0, 1].map(k => {
    const p = take(theta, s);
    return WORLD.logit[s] === k ? weight[s] * p * (1 - p) * (Q[s][1] - Q[s][0]) : 0;
  }));
}
export const direction = (theta, field) => [0, 1].map(k => sum(shares(theta, field).map(share => share[k])));
/* Central differences of fourth order: nudge each logit four times and solve the world again. */
export const differences = (theta, h = 1e-3) => [0, 1].map(k => {
  const J = n => value(theta.map((t, i) => (i === k ? t + n * h : t)));
  return (8 * (J(1) - J(-1)) - (J(2) - J(-2))) / (12 * h);
});
/* Once round the square, against the clock, from its lower left corner. */
export const loopPoint = share => {
  const side = Math.min(3, Math.floor(share * 4)), t = share * 4 - side;
  return [[-2 + 4 * t, -2], [2, -2 + 4 * t], [2 - 4 * t, 2], [-2, 2 - 4 * t]][side];
};
/* Work of the arrows along the walked part of the loop, by midpoints. */
export function work(field, share = 1, pieces = 2000) {
  let total = 0;
  for (let i = 0; i < pieces * share; i++) {
    const [a, b] = [i / pieces, Math.min(share, (i + 1) / pieces)].map(loopPoint);
    const f = direction([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], field);
    total += f[0] * (b[0] - a[0]) + f[1] * (b[1] - a[1]);
  }
  return total;
}
export const climb = (theta, rate, field) =>
  direction(theta, field).map((g, k) => clamp(theta[k] + rate * g, -EDGE, EDGE));
export const BEST = 0.125, WORST = -0.25;
export const onPlateau = theta =>
  Math.hypot(...direction(theta)) < 1e-3 && value(theta) <= BEST - (BEST - WORST) / 2;
/* Segments of the line f = level over a grid of values. */
export function contour(values, level) {
  const segments = [];
  for (let i = 0; i + 1 < values.length; i++) for (let j = 0; j + 1 < values.length; j++) {
    const square = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
    const cuts = square.flatMap((a, k) => {
      const b = square[(k + 1) % 4], va = values[a[0]][a[1]] - level, vb = values[b[0]][b[1]] - level;
      return (va < 0) !== (vb < 0) ? [a.map((x, d) => x + (b[d] - x) * va / (va - vb))] : [];
    });
    for (let k = 0; k + 1 < cuts.length; k += 2) segments.push([cuts[k], cuts[k + 1]]);
  }
  return segments;
}

// ---- drawing ----
const EDGE = 6, GRID = 61, LONG = 620;                // LONG: pixels for a gradient of length 1, on a map 340 wide
const FIELDS = [["theorem", "the theorem"], ["visits", "forget d"], ["gamma", "drop \u03b3\u1d57"]];
const onGrid = i => -EDGE + 2 * EDGE * i / (GRID - 1);

/* A picture of the values, one pixel each: the higher, the less transparent. */
function relief(grid) {
  const canvas = Object.assign(document.createElement("canvas"), { width: GRID, height: GRID });
  const pen = canvas.getContext("2d"), image = pen.createImageData(GRID, GRID);
  for (const i of range(GRID)) for (const j of range(GRID)) {
    const opacity = 0.04 + 0.66 * (grid[i][j] - WORST) / (BEST - WORST);
    image.data.set([255, 255, 255, 255 * opacity], 4 * ((GRID - 1 - j) * GRID + i));
  }
  pen.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
function layoutMap(plot, width, height) {
  const size = Math.min(height - 46, width - 44), left = Math.max(40, (width - size) / 2), mask = unique("height");
  plot.x = scale([-EDGE, EDGE], [left, left + size]);
  plot.y = scale([-EDGE, EDGE], [size + 4, 4]);
  const grid = range(GRID).map(i => range(GRID).map(j => value([onGrid(i), onGrid(j)])));
  const at = ([i, j]) => [plot.x(onGrid(i)), plot.y(onGrid(j))], box = { x: left, y: 4, width: size, height: size };
  const level = k => contour(grid, -0.225 + 0.05 * k).map(s => path(s.map(at))).join("");
  add(plot.back,
    svg("mask", { id: mask, style: "mask-type: alpha" },
      svg("image", { ...box, href: relief(grid), preserveAspectRatio: "none" })),
    svg("rect", { ...box, class: "pg-fig-good", mask: `url(#${mask})` }),
    range(8).map(k => svg("path", { d: level(k), class: "pg-simplex-level" })),
    svg("rect", { ...box, class: "pg-simplex-edge" }),
    [-6, -3, 0, 3, 6].map(v => [
      text(plot.x(v), size + 20, fmt(v, 0), { class: "pg-fig-tick", "text-anchor": "middle" }),
      text(left - 7, plot.y(v) + 4, fmt(v, 0), { class: "pg-fig-tick", "text-anchor": "end" }),
    ]),
    text(left + size / 2, size + 39, "\u03b8\u2081: take, at A and at B",
      { class: "pg-fig-label", "text-anchor": "middle" }),
    text(left + 8, 22, "best 0.125", { class: "pg-landscape-mark" }),
    text(left + size - 8, size - 6, "worst \u22120.25", { class: "pg-landscape-mark", "text-anchor": "end" }),
    svg("text", {
      transform: `translate(${left - 27} ${size / 2 + 4}) rotate(-90)`, class: "pg-fig-label", "text-anchor": "middle",
    }, "\u03b8\u2082: take, at D"));
}
function logitsHandle(ui, map, move) {
  return map.handle({
    label: "The two logits", anywhere: true,
    drag: (x, y) => move([map.x.invert(x), map.y.invert(y)].map(v => round(v, 0.01))),
    key: (name, big) => {
      const by = big || name.startsWith("Page") ? 1 : 0.1, [a, b] = ui.state.theta;
      const to = {
        ArrowRight: [a + by, b], ArrowLeft: [a - by, b], ArrowUp: [a, b + by], PageUp: [a, b + by],
        ArrowDown: [a, b - by], PageDown: [a, b - by], Home: [-EDGE, b], End: [EDGE, b],
      }[name];
      if (to) move(to.map(v => round(v, 0.01)));
      return Boolean(to);
    },
  });
}
function drawMap({ map, point }, { theta, field }, { g, poked, trail, walked }) {
  const at = ([a, b]) => [map.x(a), map.y(b)], from = at(theta), long = LONG * (map.y(-EDGE) - map.y(EDGE)) / 340;
  const along = (v, head) => arrow(from, [from[0] + long * v[0], from[1] - long * v[1]], head);
  const loop = path([[-2, -2], [2, -2], [2, 2], [-2, 2]].map(at)) + "Z";
  redo(map.live,
    walked !== null && svg("path", { d: loop, class: "pg-landscape-loop" }),
    trail.length > 1 && svg("path", { d: path(trail.map(at)), class: "pg-simplex-trail" }),
    svg("path", { d: along(poked, 19), class: "pg-landscape-poked" }),
    svg("path", { d: along(g, 10), class: "pg-push-step" }),
    field !== "theorem" && svg("path", { d: along(direction(theta, field), 10), class: "pg-landscape-wrong" }));
  const words = `theta 1 ${fmt(theta[0])}, theta 2 ${fmt(theta[1])}, J ${fmt(value(theta), 4)}`;
  point.place(...from, { now: round(theta[0], 0.01), min: -EDGE, max: EDGE, words });
}

// each state's share of the arrow
function layoutBars(plot, width) {
  plot.hatch = hatch(plot.back, "good");
  plot.x = scale([-0.3, 0.5], [64, width - 4]);
  add(plot.back,
    svg("text", { x: 0, y: 14, class: "pg-fig-label" }, svg("tspan", { class: "pg-fig-where" }, "visits"),
      " and share of the arrow"),
    svg("line", { x1: plot.x(0), x2: plot.x(0), y1: 28, y2: 184, class: "pg-fig-axis" }));
}
function drawBars(bars, { theta, field }) {
  const parts = shares(theta, field), weight = weights(evaluate(theta), field), { x } = bars;
  const share = (v, k, y) => [
    svg("rect", {
      x: Math.min(x(0), x(v)), y: y - 9, width: Math.max(1, Math.abs(x(v) - x(0))), height: 18, rx: 2,
      fill: bars.hatch, class: "pg-simplex-bar",
    }),
    text(x(Math.max(v, 0)) + 8, y + 5, `${fmt(v, 4)} in \u03b8${"\u2081\u2082"[k]}`, { class: "pg-fig-halo" }),
  ];
  redo(bars.live, range(4).map(s => {
    const y = 46 + s * 40, k = WORLD.logit[s];
    return [
      text(0, y + 5, STATES[s], { class: "pg-fig-strong" }),
      svg("circle", { cx: 38, cy: y, r: 15 * Math.sqrt(weight[s]), class: "pg-landscape-visits" }),
      k === null ? text(x(0) + 8, y + 5, "nothing to choose", { class: "pg-fig-note pg-fig-halo" })
        : share(parts[s][k], k, y),
    ];
  }));
  const words = s => `${STATES[s]}: weight ${fmt(weight[s], 3)}, share ${fmt(sum(parts[s]), 4)}`;
  bars.el.setAttribute("aria-label", range(4).map(words).join("; "));
}

// what the figure says
function pokedSentence(poked, off) {
  const [digit, exponent] = off.toExponential(0).split("e");
  const size = off < 1e-15 ? `less than 10${raised("-15")}` : `${digit}\u2009\u00d7\u200910${raised(exponent)}`;
  return `By poking: (${fmt(poked[0], 6)}, ${fmt(poked[1], 6)}). The two differ by ${size}.`;
}
function sentence({ theta, field }, g, walked) {
  const other = direction(theta, field), arrowIs = `the arrow (dashed) is (${fmt(other[0], 4)}, ${fmt(other[1], 4)}).`;
  const wrong = field === "theorem" ? "" : ` ${field === "visits" ? "Without d" : "Without \u03b3\u1d57"} ${arrowIs}`;
  const said = `J = ${fmt(value(theta), 4)}; \u2207J is ${fmt(Math.hypot(...g), 4)} long.${wrong}`;
  if (walked === null) return said;
  const lesson = field === "theorem" ? " A gradient brings you back no richer."
    : " Not zero: this arrow is nobody\u2019s gradient.";
  return `${said} Work along the loop so far: ${fmt(work(field, walked), 3)}.${walked === 1 ? lesson : ""}`;
}

/* Climbing and walking: the two buttons, where they have been, and how to begin afresh. */
function motion(ui) {
  const way = { trail: [], walked: null };
  let stop = null;
  const halt = () => {
    stop?.();
    stop = null;
    climbButton.textContent = "Climb";
    loopButton.textContent = "Walk a loop";
  };
  const fresh = () => { halt(); way.trail = []; way.walked = null; };
  const climbButton = ui.button("Climb", () => {
    if (stop) return halt();
    fresh();
    let theta = ui.state.theta, done = 0;
    const begin = value(theta), steps = 300;
    way.trail = [theta];
    climbButton.textContent = "Stop";
    stop = animate(4, share => {
      for (; done < Math.round(share * steps); done++) {
        theta = climb(theta, ui.state.rate, ui.state.field);
        way.trail.push(theta);
      }
      ui.set({ theta });
    }, () => {
      halt();
      ui.say(`After ${steps} steps J went from ${fmt(begin, 3)} to ${fmt(value(theta), 3)}.`);
    }, ui);
  }, { class: "pg-fig-main" });
  const loopButton = ui.button("Walk a loop", () => {
    if (stop) return halt();
    fresh();
    loopButton.textContent = "Stop";
    stop = animate(5, share => { way.walked = share; ui.set({ theta: loopPoint(share) }); },
      () => { halt(); ui.say(`Once round, the arrows did work ${fmt(work(ui.state.field), 3)}.`); }, ui);
  });
  ui.onReset(fresh);
  return { way, fresh, climbButton, loopButton };
}

function build(ui) {
  const { way, fresh, climbButton, loopButton } = motion(ui);
  const map = ui.plot({
    label: "The return over the two logits", height: width => Math.min(width + 2, 400), layout: layoutMap,
  });
  const point = logitsHandle(ui, map, theta => { fresh(); ui.set({ theta }); });
  const bars = ui.plot({
    label: "Each state's share of the arrow", kind: "img", height: () => 196, layout: layoutBars,
  });

  const formula = ui.formula(
    tex`\nabla J = \sum_s \where{d(s)} \sum_a \nabla \pol{\pi}(a \mid s)\,\good{Q(s, a)}`,
    tex`{} = (\live{g0}, \live{g1})`);
  const said = html("p", { class: "pg-fig-say" }), also = html("p", { class: "pg-fig-say pg-fig-small" });
  const beside = html("div", { class: "pg-fig-stack" }, bars.holder, html("div", {}, formula, also));
  ui.body.append(html("div", { class: "pg-fig-stack" },
    html("div", { class: "pg-fig-columns" }, map.holder, beside),
    ui.row(ui.choice("Follow", "field", FIELDS, undefined, fresh), climbButton, loopButton, ui.resetButton()),
    ui.slider("step size", "rate", { min: 1, max: 40, step: 1 }), said));

  return s => {
    const g = direction(s.theta), poked = differences(s.theta), { trail, walked } = way;
    ui.challenge(onPlateau(s.theta) && walked === null);
    drawMap({ map, point }, s, { g, poked, trail, walked });
    drawBars(bars, s);
    formula.show({ g0: fmt(g[0], 6), g1: fmt(g[1], 6) });
    also.textContent = pokedSentence(poked, Math.hypot(g[0] - poked[0], g[1] - poked[1]));
    said.textContent = sentence(s, g, walked);
  };
}
export default explorable({
  name: "landscape", settings: ["theta", "field", "rate"],
  challenge: "Find a plateau: an arrow shorter than 0.001, with J at least half the range below the best.",
  repair: s => ({
    theta: s.theta.map(v => clamp(v, -EDGE, EDGE)),
    field: FIELDS.some(([f]) => f === s.field) ? s.field : "theorem", rate: clamp(s.rate, 1, 40),
  }),
  build,
});
