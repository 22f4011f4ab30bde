/* Push and pull: one softmax over three actions; each sample pulls along its score, as strongly as Q says. */
import { add, arrow, choose, clamp, explorable, fmt, hatch, html, percent,
  random, range, redo, round, scale, softmax, stepKey, sum, svg, tex, text, unique } from "./draw.js";

// ---- pure ----
export const PRESETS = {
  even: { policy: [1 / 3, 1 / 3, 1 / 3], q: [1, 2, 3] },
  confident: { policy: [0.8, 0.15, 0.05], q: [0, 1, 4] },
  backfire: { policy: [0.05, 0.05, 0.9], q: [0, 0, 1] },
};
/* The score of action a with respect to the logits: one at the action taken, less the probabilities. */
export const score = (policy, a) => policy.map((p, i) => (i === a ? 1 : 0) - p);
export const sampledStep = (policy, q, a) => score(policy, a).map(v => v * q[a]);
export const expectedStep = (policy, q) => policy.map((_, i) =>
  sum(policy.map((p, a) => p * sampledStep(policy, q, a)[i])));
/* Standard deviation of one sampled step: the root of the mean squared distance from the expected step. */
export function spread(policy, q, constant = 0) {
  const moved = q.map(v => v + constant), centre = expectedStep(policy, moved);
  const squared = a => sum(sampledStep(policy, moved, a).map((v, i) => (v - centre[i]) ** 2));
  return Math.sqrt(sum(policy.map((p, a) => p * squared(a))));
}
/* The plane of logits that sum to zero, seen from straight above: lengths are kept. */
const UNIT = [210, 90, 330].map(degrees => {
  const angle = degrees * Math.PI / 180;
  return [Math.cos(angle), Math.sin(angle)].map(v => v * Math.sqrt(2 / 3));
});
export const inPlane = v => [0, 1].map(k => sum(v.map((x, a) => x * UNIT[a][k])));
export function withProbability(policy, a, p) {       // the others keep their proportions
  const rest = 1 - policy[a], others = 1 - p;
  return policy.map((v, i) => (i === a ? p : rest > 1e-9 ? v * others / rest : others / 2));
}
// dots side by side, densely
export const sunflower = i => [Math.sqrt(i) * Math.cos(i * 2.39996), Math.sqrt(i) * Math.sin(i * 2.39996)];

// ---- drawing ----
const REACH = 2.75, LOW = -5, HIGH = 5, MOST = 400, LEFT = 68, RIGHT = 50;
const radius = width => Math.min(width - 16, 340) * 0.57;
const values = s => s.q.map(v => v + s.constant);
const rowQ = a => 38 + a * 36, rowP = a => 184 + a * 36;

// values and probabilities, as bars
function layoutBars(plot, width) {
  plot.hatch = hatch(plot.back, "good");
  plot.x = c => scale([LOW + Math.min(0, c), HIGH + Math.max(0, c)], [LEFT, width - RIGHT]);
  plot.p = scale([0, 1], [LEFT, width - RIGHT]);
  add(plot.back, text(0, 14, "how good each action is", { class: "pg-fig-label" }),
    text(0, 160, "how likely it is", { class: "pg-fig-label" }),
    range(3).map(a => [text(0, rowQ(a) + 5, `action ${a + 1}`), text(0, rowP(a) + 5, `action ${a + 1}`)]));
}
function valueHandle(ui, bars, a) {
  const move = v => ui.set({ q: ui.state.q.map((old, i) => (i === a ? clamp(round(v, 0.05), LOW, HIGH) : old)) });
  return bars.handle({
    label: `Value of action ${a + 1}`, colour: "good",
    drag: x => move(bars.x(ui.state.constant).invert(x) - ui.state.constant),
    key: (name, big) => {
      const v = stepKey(name, big, ui.state.q[a], { min: LOW, max: HIGH, step: 0.1 });
      if (v !== undefined) move(v);
      return v !== undefined;
    },
  });
}
function probabilityHandle(ui, bars, a, before) {     // before: what else a move does, first
  const move = p => {
    before();
    ui.set({ policy: withProbability(ui.state.policy, a, clamp(round(p, 0.005), 0.01, 0.98)) });
  };
  return bars.handle({
    label: `Probability of action ${a + 1}`, drag: x => move(bars.p.invert(x)),
    key: (name, big) => {
      const p = stepKey(name, big, round(ui.state.policy[a], 0.01), { min: 0.01, max: 0.98, step: 0.01 });
      if (p !== undefined) move(p);
      return p !== undefined;
    },
  });
}
function drawBars({ bars, qHandles, pHandles }, { policy, q, constant }) {
  const x = bars.x(constant), now = values({ q, constant }), zero = x(0);
  const valueBar = (v, a) => [
    svg("rect", {
      x: Math.min(zero, x(v)), y: rowQ(a) - 9, width: Math.max(1, Math.abs(x(v) - zero)), height: 18, rx: 2,
      fill: bars.hatch, class: "pg-simplex-bar",
    }),
    text(x(v) + (v < 0 ? -15 : 15), rowQ(a) + 5, fmt(v),
      { class: "pg-fig-good pg-fig-halo", "text-anchor": v < 0 ? "end" : "start" }),
  ];
  const probabilityBar = (p, a) => [
    svg("rect",
      { x: LEFT, y: rowP(a) - 9, width: Math.max(1, bars.p(p) - LEFT), height: 18, rx: 2, class: "pg-fig-policy" }),
    text(bars.p(p) + 15, rowP(a) + 5, percent(p), { class: "pg-fig-policy" }),
  ];
  redo(bars.live,
    svg("line", { x1: zero, x2: zero, y1: 24, y2: rowQ(2) + 14, class: "pg-fig-axis" }),
    svg("line", { x1: LEFT, x2: LEFT, y1: 170, y2: rowP(2) + 14, class: "pg-fig-axis" }),
    now.map(valueBar), policy.map(probabilityBar));
  now.forEach((v, a) => {
    const words = constant ? `${fmt(q[a])}, with the constant ${fmt(v)}` : fmt(v);
    qHandles[a].place(x(v), rowQ(a), { now: round(q[a], 0.01), min: LOW, max: HIGH, words });
  });
  policy.forEach((p, a) =>
    pHandles[a].place(bars.p(p), rowP(a), { now: round(p, 0.001), min: 0, max: 1, words: percent(p) }));
}

// the plane of logits
function layoutPlane(plot, width, height, clipId) {
  const unit = radius(width) / REACH, cx = width / 2, cy = radius(width) + 26;
  plot.unit = unit;
  plot.at = v => (([x, y]) => [cx + unit * x, cy - unit * y])(inPlane(v));
  const ray = a => {
    const [x, y] = plot.at([0, 0, 0].map((_, i) => (i === a ? REACH / Math.sqrt(2 / 3) : 0)));
    const [x0, y0] = plot.at([0, 0, 0]);
    return [
      svg("line", { x1: x0, y1: y0, x2: x, y2: y, class: "pg-fig-grid" }),
      text(clamp(x + [-14, 0, 14][a], 0, width), y + (a === 1 ? -8 : 20), `action ${a + 1} likelier`,
        { class: "pg-fig-note", "text-anchor": ["start", "middle", "end"][a] }),
    ];
  };
  add(plot.back, svg("clipPath", { id: clipId }, svg("rect", { x: 0, y: 0, width, height })), range(3).map(ray),
    text(cx, height - 2, "the plane of logits, not of probabilities",
      { class: "pg-fig-note", "text-anchor": "middle" }));
}
/* What one sample may do, what the samples did, and how far they scatter: cut off at the edge of the picture. */
function pulls({ unit }, { policy, samples, origin, ends, tip, size }) {
  const seen = [0, 0, 0];
  return [
    svg("circle", { cx: tip[0], cy: tip[1], r: Math.max(0.5, size * unit), class: "pg-push-spread" }),
    ends.map(([x, y]) => svg("line", { x1: origin[0], y1: origin[1], x2: x, y2: y, class: "pg-push-pull" })),
    ends.map(([x, y], a) =>
      svg("circle", { cx: x, cy: y, r: 2 + 9 * Math.sqrt(policy[a]), class: "pg-push-possible" })),
    samples.map(a => {
      const [dx, dy] = sunflower(seen[a]++);
      return svg("circle", { cx: ends[a][0] + 2.7 * dx, cy: ends[a][1] + 2.7 * dy, r: 1.7, class: "pg-push-sample" });
    }),
  ];
}
function scoreArrow({ at }, policy, a) {
  const origin = at([0, 0, 0]), end = at(score(policy, a));
  const u = end[0] - origin[0], v = end[1] - origin[1], length = Math.hypot(u, v) || 1;
  const x = end[0] + u / length * 9 + (Math.abs(u) < 9 ? 9 : 0), y = end[1] + v / length * 9 + 5;
  return [
    svg("path", { d: arrow(origin, end, 10), class: "pg-fig-score" }),
    text(x, y, `e${"\u2081\u2082\u2083"[a]}\u2009\u2212\u2009\u03c0`,
      { class: "pg-fig-score pg-fig-strong pg-fig-halo", "text-anchor": x < origin[0] - 9 ? "end" : "start" }),
  ];
}
function drawPlane(plane, { policy, q, constant }, samples, clipId) {
  const { at, unit } = plane, now = values({ q, constant }), origin = at([0, 0, 0]);
  const centre = expectedStep(policy, now), tip = at(centre), size = spread(policy, now);
  const ends = range(3).map(a => at(sampledStep(policy, now, a)));
  const inside = ([x, y]) => x > 4 && x < plane.width - 4 && y > 4 && y < plane.height - 4;
  const mean = samples.length > 0
    && at([0, 1, 2].map(i => sum(samples.map(a => sampledStep(policy, now, a)[i])) / samples.length));
  const left = tip[0] < origin[0], outside = ends.some(e => !inside(e));
  const beside = [tip[0] + size * unit * 0.64 + 6, tip[1] - size * unit * 0.77 - 4];     // the circle of the spread
  redo(plane.live,
    svg("g", { "clip-path": `url(#${clipId})` }, pulls(plane, { policy, samples, origin, ends, tip, size })),
    range(3).map(a => scoreArrow(plane, policy, a)),
    svg("path", { d: arrow(origin, tip, 12), class: "pg-push-step" }),
    inside(tip) && text(tip[0] + (left ? -7 : 7), tip[1] + (tip[1] > origin[1] + 12 ? 17 : -7), "expected step",
      { class: "pg-fig-strong pg-fig-halo", "text-anchor": left ? "end" : "start" }),
    mean && inside(mean) && svg("rect", {
      x: mean[0] - 5, y: mean[1] - 5, width: 10, height: 10, transform: `rotate(45 ${mean[0]} ${mean[1]})`,
      class: "pg-simplex-average",
    }),
    inside([beside[0] + 60, beside[1]]) && beside[1] > 20
      && text(beside[0], beside[1], `spread ${fmt(size)}`, { class: "pg-fig-good pg-fig-halo" }),
    outside && text(0, 12, "steps leave", { class: "pg-fig-note" }),
    outside && text(0, 29, "the picture", { class: "pg-fig-note" }));
  const step = centre.map(v => fmt(v)).join(", ");
  plane.el.setAttribute("aria-label",
    `The expected step in logits is (${step}); single sampled steps scatter round it by ${fmt(size)}.`);
}

function sentence({ constant }, before, now) {
  if (!constant) return `One sampled step scatters by ${fmt(now)} round the expected step.`;
  return `One sampled step scatters by ${fmt(now)}: ${percent(now / before)} of the ${fmt(before)}`
    + " without the constant. The expected step has not moved.";
}
const GOALS = { even: 0.5, confident: 0.64, backfire: 0.75 };        // the part of the spread that may be left
function met(s, before, now) {
  const { q, policy } = PRESETS[s.preset];
  const asGiven = q.every((v, a) => Math.abs(v - s.q[a]) < 1e-9 && Math.abs(policy[a] - s.policy[a]) < 1e-9);
  return asGiven && now <= GOALS[s.preset] * before;
}

function build(ui) {
  let uniform = random(1), samples = [];
  const forget = () => { samples = []; };

  const bars = ui.plot({ label: "Value and probability of each action", height: () => 272, layout: layoutBars });
  const qHandles = range(3).map(a => valueHandle(ui, bars, a));
  const pHandles = range(3).map(a => probabilityHandle(ui, bars, a, forget));
  const clipId = unique("plane");
  const plane = ui.plot({
    label: "Scores and steps in the plane of logits", kind: "img", height: width => radius(width) * 1.5 + 80,
    layout: (plot, width, height) => layoutPlane(plot, width, height, clipId),
  });

  // samples, steps
  const sample = n => () => {
    for (let i = 0; i < n; i++) samples.push(choose(ui.state.policy, uniform()));
    samples = samples.slice(-MOST);
    ui.redraw();
    const [one, two, three] = range(3).map(a => samples.filter(taken => taken === a).length);
    ui.say(`${samples.length} samples: action 1 ${one} times, action 2 ${two}, action 3 ${three}.`);
  };
  const follow = () => {
    const { policy } = ui.state, step = expectedStep(policy, values(ui.state));
    forget();
    ui.set({ policy: softmax(policy.map((p, i) => Math.log(Math.max(p, 1e-9)) + step[i])) });
    ui.say(`The policy is now ${ui.state.policy.map(percent).join(", ")}.`);
  };
  ui.onReset(() => { forget(); uniform = random(1); });

  const sums = ui.formula(
    tex`\sum_a \pol{\pi}(a)\,\score{(e_a - \pi)}\,\good{(Q(a) \sign{sign} \live{c})}`,
    tex`{} = (\live{g0}, \live{g1}, \live{g2})`);
  const said = html("p", { class: "pg-fig-say" });
  const presets = ui.choice("Setting", "preset",
    [["even", "even"], ["confident", "confident"], ["backfire", "nearly sure"]],
    preset => ({ ...PRESETS[preset], constant: 0 }), forget);
  const signed = v => (v > 0 ? "+" : "") + fmt(v);
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(presets, ui.resetButton()),
    html("div", { class: "pg-fig-columns pg-fig-even" }, bars.holder, plane.holder),
    ui.slider("add to every Q", "constant", { min: -5, max: 10, step: 0.05, show: signed, wide: true }),
    ui.row(ui.button("Sample", sample(1)), ui.button("Sample 100", sample(100), { class: "pg-fig-main" }),
      ui.button("Take the expected step", follow)),
    html("div", {}, sums, said)));

  return s => {
    const before = spread(s.policy, s.q), now = spread(s.policy, s.q, s.constant);
    ui.challenge(met(s, before, now));
    drawBars({ bars, qHandles, pHandles }, s);
    drawPlane(plane, s, samples, clipId);
    const [g0, g1, g2] = expectedStep(s.policy, values(s)).map(v => fmt(v)), sign = s.constant < 0 ? "\u2212" : "+";
    sums.show({ sign, c: fmt(Math.abs(s.constant)), g0, g1, g2 });
    said.textContent = sentence(s, before, now);
  };
}
const TASKS = {
  even: "Find a constant that halves the spread of the samples.",
  confident: "Squeeze the spread to 64\u202f% of what it is. Less than 63\u202f% no constant can do.",
  backfire: "The mean value, 0.9, is a bad baseline here: it widens the spread. Find one that shrinks it to 75\u202f%.",
};
const normal = list => list.map(v => v / sum(list));
const valid = list => (Math.min(...list) < 0.002 ? normal(list.map(v => Math.max(0.002, v))) : normal(list));
export default explorable({
  name: "pushpull", settings: ["preset", "policy", "q", "constant"], challenge: s => [s.preset, TASKS[s.preset]],
  repair: s => ({
    preset: PRESETS[s.preset] ? s.preset : "even", policy: valid(s.policy), q: s.q.map(v => clamp(v, LOW, HIGH)),
    constant: clamp(s.constant, -5, 10),
  }),
  build,
});
