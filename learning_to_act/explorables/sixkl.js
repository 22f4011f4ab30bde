/* Six places for a KL: two laws on a line, and which gradient each estimate gives in the loss and in the reward. */
import { add, arrow, clamp, explorable, fmt, html, random, range, redo, round,
  scale, stepKey, sum, svg, text } from "./draw.js";

// ---- pure ----
export const VALUES = { k1: d => d, k2: d => d * d / 2, k3: d => Math.exp(-d) - 1 + d };
export const SLOPES = { k1: () => 1, k2: d => d, k3: d => 1 - Math.exp(-d) };
export const PLACES = ["loss", "reward"].flatMap(where => ["k1", "k2", "k3"].map(k => `${k}-${where}`));
/* What weighs the score of a drawn answer: the estimate's derivative in the loss, its value in the reward. */
export const weigh = (place, d) => (place.endsWith("loss") ? SLOPES : VALUES)[place.slice(0, 2)](d);
export const laws = ({ p, ref }) => [[1 - p, p], [1 - ref, ref]];
export const ratio = (s, y) => { const [pi, q] = laws(s); return Math.log(pi[y] / q[y]); };
export const score = (s, y) => y - s.p;                    // of the one logit of answer 1
export const gradient = (place, s) => sum([0, 1].map(y => laws(s)[0][y] * weigh(place, ratio(s, y)) * score(s, y)));
export function spread(place, s) {
  const square = sum([0, 1].map(y => laws(s)[0][y] * (weigh(place, ratio(s, y)) * score(s, y)) ** 2));
  return Math.sqrt(Math.max(0, square - gradient(place, s) ** 2));
}
/* The slopes of the two KLs in the logit, in closed form: of KL(pi, ref), and of KL(ref, pi). */
export const reverse = ({ p, ref }) => p * (1 - p) * (Math.log(p / (1 - p)) - Math.log(ref / (1 - ref)));
export const forward = ({ p, ref }) => p - ref;
/* Mean of the draws, and half the width of its 95 % interval. */
function estimate(draws) {
  const mean = sum(draws) / draws.length, squares = sum(draws.map(d => (d - mean) ** 2));
  return { mean, half: 1.96 * Math.sqrt(squares / Math.max(1, draws.length - 1) / draws.length) };
}

// ---- drawing ----
const ROWS = [["reverse", "wanted: KL from the policy"], ["forward", "the other KL, from the reference"],
  ...PLACES.map(one => [one, one.replace("-loss", " as a loss").replace("-reward", " in the reward")])];
const slopeOf = (key, s) => (key === "reverse" ? reverse(s) : key === "forward" ? forward(s) : gradient(key, s));

function layoutTrack(plot, width) {
  plot.x = scale([0, 1], [14, width - 14]);
  const tick = v => text(plot.x(v), 112, String(v), { class: "pg-fig-tick", "text-anchor": "middle" });
  add(plot.back, svg("line", { x1: plot.x(0), x2: plot.x(1), y1: 58, y2: 58, class: "pg-fig-axis" }),
    [0, 0.25, 0.5, 0.75, 1].map(tick), text(0, 12, "probability of the second answer", { class: "pg-fig-label" }));
}
function drawTrack({ track, knobs }, s) {
  const { x, width } = track, g = gradient(s.place, s), tip = clamp(x(s.p) - 160 * g, 8, width - 8);
  const words = (at, room, y, said, look) => text(clamp(at, room, width - room), y, said,
    { class: `${look} pg-fig-strong pg-fig-halo`, "text-anchor": "middle" });
  redo(track.live,
    Math.abs(g) > 1e-4 && svg("path", { d: arrow([x(s.p), 58], [tip, 58], 13), class: "pg-fig-score" }),
    words(x(s.p), 40, 38, `policy ${fmt(s.p)}`, "pg-fig-policy"),
    words(x(s.ref), 52, 90, `reference ${fmt(s.ref)}`, "pg-fig-good"));
  for (const key of ["p", "ref"]) {
    knobs[key].place(x(s[key]), 58, { now: s[key], min: 0.01, max: 0.99, words: fmt(s[key]) });
  }
}
function drawChart(chart, s, draws) {
  const middle = chart.width / 2, numbers = ROWS.map(([key]) => slopeOf(key, s)), wanted = reverse(s);
  const reach = Math.max(0.05, ...numbers.map(Math.abs));
  const x = v => middle + clamp(v / reach, -1.2, 1.2) * (middle - 8) / 1.2;
  const slope = (v, y, look) => (Math.abs(v) < 5e-5 ? svg("circle", { cx: middle, cy: y, r: 4, class: look })
    : svg("path", { d: arrow([middle, y], [x(v), y], 13), class: look }));
  const tested = ({ mean, half }, y) => svg("path",
    { d: `M${x(mean - half)} ${y}H${x(mean + half)}M${x(mean)} ${y - 7}v14`, class: "pg-dial-tested" });
  redo(chart.live, ROWS.map(([key, words], i) => {
    const v = numbers[i], y = 14 + 43 * i, chosen = key === s.place, away = i > 1 && v * wanted < -1e-6;
    const look = i < 2 ? "pg-fig-policy" : "pg-fig-score", strong = chosen || away ? " pg-fig-strong" : "";
    return [
      chosen && svg("rect", { x: 0, y: y - 13, width: chart.width, height: 40, rx: 4, class: "pg-landscape-chosen" }),
      text(4, y, words + (away ? ": away" : ""), { class: `pg-fig-note pg-fig-halo${strong}` }),
      slope(v, y + 14, look),
      chosen && draws.length > 0 && tested(estimate(draws), y + 14),
      text(chart.width - 4, y, fmt(v, 4), { class: `${look} pg-fig-strong pg-fig-halo`, "text-anchor": "end" }),
    ];
  }));
  chart.el.setAttribute("aria-label", ROWS.map(([, words], i) => `${words} ${fmt(numbers[i], 4)}`).join("; "));
}
function sentence(g, wanted) {
  if (Math.abs(wanted) < 1e-9) return "Policy and reference are one law: every true gradient is 0.";
  if (Math.abs(g) < 1e-9) return "In expectation nothing pulls; single draws still do, so this is noise.";
  return `Descending, the policy is ${g * wanted > 0 ? "pulled towards" : "pushed away from"} the reference,`
    + ` with ${fmt(Math.abs(g / wanted))} times the KL's strength.`;
}
function met(s, g, wanted) {
  if (s.task === "away") return g * wanted < 0 && Math.abs(g) > 0.01;
  return s.place === "k3-loss" && Math.abs(g) >= 10 * Math.abs(wanted) && Math.abs(wanted) > 1e-6;
}

function build(ui) {
  let uniform = random(1), draws = [];
  const track = ui.plot({
    label: "Policy and reference on a line from 0 to 1", height: () => 118, layout: layoutTrack,
  });
  const knob = (key, label, colour, shape) => {
    const move = v => { draws = []; ui.set({ [key]: clamp(round(v, 0.01), 0.01, 0.99) }); };
    return track.handle({
      label, colour, shape, drag: x => move(track.x.invert(x)),
      key: (name, big) => {
        const v = stepKey(name, big, ui.state[key], { min: 0.01, max: 0.99, step: 0.01 });
        if (v !== undefined) move(v);
        return v !== undefined;
      },
    });
  };
  const square = svg("rect", { x: -8, y: -8, width: 16, height: 16, rx: 2, class: "pg-fig-knob" });
  const knobs = { ref: knob("ref", "Reference", "good", square), p: knob("p", "Policy", "policy") };
  const chart = ui.plot({
    label: "Eight gradients in the logit", kind: "img", height: () => 352,
    layout(plot, width) {
      add(plot.back, svg("line", { x1: width / 2, x2: width / 2, y1: 18, y2: 346, class: "pg-dial-zero" }));
    },
  });

  const sample = () => {
    const s = ui.state;
    draws = range(100).map(() => (uniform() < s.p ? 1 : 0)).map(y => weigh(s.place, ratio(s, y)) * score(s, y));
    ui.redraw();
    ui.say(`100 draws: mean ${fmt(sum(draws) / 100, 3)}.`);
  };
  ui.onReset(() => { draws = []; uniform = random(1); });
  const hole = (v, look) => html("span", { class: look, "data-v": v });
  const line = ui.formula("gradient wanted", hole("a", "pg-fig-policy pg-fig-strong"),
    "\u2002this place", hole("b", "pg-fig-score pg-fig-strong"),
      "\u2002spread of one draw", hole("c", "pg-fig-strong"));
  const said = html("p", { class: "pg-fig-say" });
  const places = (label, some) => ui.choice(label, "place", some.map(one => [one, one.replace("-", ": ")]), undefined,
    () => { draws = []; });
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.choice("Task", "task", [["away", "pushes away"], ["strong", "too strong"]]), ui.resetButton()),
    ui.row(places("As a loss", PLACES.slice(0, 3)), places("In the reward", PLACES.slice(3))),
    track.holder, chart.holder, ui.row(ui.button("Sample 100", sample, { class: "pg-fig-main" })),
    html("div", {}, line, said)));

  return s => {
    const g = gradient(s.place, s), wanted = reverse(s);
    ui.challenge(met(s, g, wanted));
    drawTrack({ track, knobs }, s);
    drawChart(chart, s, draws);
    line.show({ a: fmt(wanted, 4), b: fmt(g, 4), c: fmt(spread(s.place, s), 2) });
    said.textContent = sentence(g, wanted);
  };
}
const TASKS = {
  away: "Find a place from which the penalty pushes the policy away from the reference.",
  strong: "Find a policy and a reference for which k3, as a loss, pulls ten times as hard as the KL that is wanted.",
};
export default explorable({
  name: "sixkl", settings: ["p", "ref", "place", "task"], challenge: s => [s.task, TASKS[s.task]],
  repair: s => ({
    p: clamp(s.p, 0.01, 0.99), ref: clamp(s.ref, 0.01, 0.99), place: PLACES.includes(s.place) ? s.place : "k2-loss",
    task: TASKS[s.task] ? s.task : "away",
  }),
  build,
});
