/* Six places for a KL: two laws on a line, and which gradient each estimate gives in the loss and in the reward. */
import { add, arrow, clamp, explorable, fmt, html, random, range, redo, round, scale, stepKey, sum, svg, text } from "./draw.js";

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
export const spread = (place, s) => Math.sqrt(Math.max(0, sum([0, 1].map(y => laws(s)[0][y] * (weigh(place, ratio(s, y)) * score(s, y)) ** 2)) - gradient(place, s) ** 2));
/* The slopes of the two KLs in the logit, in closed form. */
export const reverse = ({ p, ref }) => p * (1 - p) * (Math.log(p / (1 - p)) - Math.log(ref / (1 - ref)));      // KL(pi, ref)
export const forward = ({ p, ref }) => p - ref;                                                                  // KL(ref, pi)

// ---- drawing ----
const ROWS = [["reverse", "wanted: KL from the policy"], ["forward", "the other KL, from the reference"], ...PLACES.map(one => [one, one.replace("-loss", " as a loss").replace("-reward", " in the reward")])];

function build(ui) {
  let uniform = random(1), draws = [];
  const change = patch => { draws = []; ui.set(patch); };
  const track = ui.plot({
    label: "Policy and reference on a line from 0 to 1", height: () => 118,
    layout(plot, width) {
      plot.x = scale([0, 1], [14, width - 14]);
      add(plot.back, svg("line", { x1: plot.x(0), x2: plot.x(1), y1: 58, y2: 58, class: "pg-x-axis" }),
        [0, 0.25, 0.5, 0.75, 1].map(v => text(plot.x(v), 112, String(v), { class: "pg-x-tick", "text-anchor": "middle" })),
        text(0, 12, "probability of the second answer", { class: "pg-x-label" }));
    },
  });
  const knob = (key, label, colour) => {
    const move = v => change({ [key]: clamp(round(v, 0.01), 0.01, 0.99) });
    return track.handle({ label, colour, drag: x => move(track.x.invert(x)),
      shape: key === "ref" ? svg("rect", { x: -8, y: -8, width: 16, height: 16, rx: 2, class: "pg-x-knob" }) : undefined,
      key: (name, big) => { const v = stepKey(name, big, ui.state[key], { min: 0.01, max: 0.99, step: 0.01 }); if (v !== undefined) move(v);
        return v !== undefined; } });
  };
  const knobRef = knob("ref", "Reference", "good"), knobP = knob("p", "Policy", "policy");
  function drawTrack(s) {
    const { x } = track, g = gradient(s.place, s), tip = clamp(x(s.p) - 160 * g, 8, track.width - 8);
    redo(track.live, Math.abs(g) > 1e-4 && svg("path", { d: arrow([x(s.p), 58], [tip, 58], 13), class: "pg-x-score" }),
      text(clamp(x(s.p), 40, track.width - 40), 38, `policy ${fmt(s.p)}`, { class: "pg-x-policy pg-x-strong pg-x-halo", "text-anchor": "middle" }),
      text(clamp(x(s.ref), 52, track.width - 52), 90, `reference ${fmt(s.ref)}`, { class: "pg-x-good pg-x-strong pg-x-halo", "text-anchor": "middle" }));
    knobP.place(x(s.p), 58, { now: s.p, min: 0.01, max: 0.99, words: fmt(s.p) });
    knobRef.place(x(s.ref), 58, { now: s.ref, min: 0.01, max: 0.99, words: fmt(s.ref) });
  }
  const chart = ui.plot({
    label: "Eight gradients in the logit", kind: "img", height: () => 352,
    layout(plot, width) {
      add(plot.back, svg("line", { x1: width / 2, x2: width / 2, y1: 18, y2: 346, class: "pg-q-zero" }));
    },
  });
  const value = (key, s) => (key === "reverse" ? reverse(s) : key === "forward" ? forward(s) : gradient(key, s));
  function drawChart(s) {
    const middle = chart.width / 2, numbers = ROWS.map(([key]) => value(key, s)), reach = Math.max(0.05, ...numbers.map(Math.abs));
    const x = v => middle + clamp(v / reach, -1.2, 1.2) * (middle - 8) / 1.2, wanted = reverse(s);
    redo(chart.live, ROWS.map(([key, words], i) => {
      const v = numbers[i], y = 14 + 43 * i, chosen = key === s.place, away = i > 1 && v * wanted < -1e-6;
      const look = i < 2 ? "pg-x-policy" : "pg-x-score", mean = chosen && draws.length ? sum(draws) / draws.length : null;
      const half = mean === null ? 0 : 1.96 * Math.sqrt(sum(draws.map(d => (d - mean) ** 2)) / Math.max(1, draws.length - 1) / draws.length);
      return [chosen && svg("rect", { x: 0, y: y - 13, width: chart.width, height: 40, rx: 4, class: "pg-l-chosen" }),
        text(4, y, words + (away ? ": away" : ""), { class: `pg-x-note pg-x-halo${chosen || away ? " pg-x-strong" : ""}` }),
        Math.abs(v) < 5e-5 ? svg("circle", { cx: middle, cy: y + 14, r: 4, class: look }) : svg("path", { d: arrow([middle, y + 14], [x(v), y + 14], 13), class: look }),
        mean !== null && svg("path", { d: `M${x(mean - half)} ${y + 14}H${x(mean + half)}M${x(mean)} ${y + 7}v14`, class: "pg-q-tested" }),
        text(chart.width - 4, y, fmt(v, 4), { class: `${look} pg-x-strong pg-x-halo`, "text-anchor": "end" })];
    }));
    chart.el.setAttribute("aria-label", ROWS.map(([, words], i) => `${words} ${fmt(numbers[i], 4)}`).join("; "));
  }
  const sample = () => {
    const s = ui.state;
    draws = range(100).map(() => (uniform() < s.p ? 1 : 0)).map(y => weigh(s.place, ratio(s, y)) * score(s, y));
    ui.redraw();
    ui.say(`100 draws: mean ${fmt(sum(draws) / 100, 3)}.`);
  };
  ui.onReset(() => { draws = []; uniform = random(1); });
  const line = ui.formula("gradient wanted", html("span", { class: "pg-x-policy pg-x-strong", "data-v": "a" }), "\u2002this place", html("span", { class: "pg-x-score pg-x-strong", "data-v": "b" }),
    "\u2002spread of one draw", html("span", { class: "pg-x-strong", "data-v": "c" }));
  const said = html("p", { class: "pg-x-say" });
  ui.body.append(html("div", { class: "pg-x-stack" },
    ui.row(ui.choice("Task", "task", [["away", "pushes away"], ["strong", "too strong"]]), ui.resetButton()),
    ui.row(ui.choice("As a loss", "place", PLACES.slice(0, 3).map(one => [one, one.replace("-", ": ")]), undefined, () => { draws = []; }),
      ui.choice("In the reward", "place", PLACES.slice(3).map(one => [one, one.replace("-", ": ")]), undefined, () => { draws = []; })),
    track.holder, chart.holder, ui.row(ui.button("Sample 100", sample, { class: "pg-x-main" })), html("div", {}, line, said)));

  return s => {
    const g = gradient(s.place, s), wanted = reverse(s);
    ui.challenge(s.task === "away" ? g * wanted < 0 && Math.abs(g) > 0.01 : s.place === "k3-loss" && Math.abs(g) >= 10 * Math.abs(wanted) && Math.abs(wanted) > 1e-6);
    drawTrack(s); drawChart(s);
    line.show({ a: fmt(wanted, 4), b: fmt(g, 4), c: fmt(spread(s.place, s), 2) });
    said.textContent = Math.abs(wanted) < 1e-9 ? "Policy and reference are one law: every true gradient is 0."
      : Math.abs(g) < 1e-9 ? "In expectation nothing pulls; single draws still do, so this is noise."
        : `Descending, the policy is ${g * wanted > 0 ? "pulled towards" : "pushed away from"} the reference, with ${fmt(Math.abs(g / wanted))} times the KL's strength.`;
  };
}
const TASKS = { away: "Find a place from which the penalty pushes the policy away from the reference.",
  strong: "Find a policy and a reference for which k3, as a loss, pulls ten times as hard as the KL that is wanted." };
export default explorable({
  name: "sixkl", settings: ["p", "ref", "place", "task"], challenge: s => [s.task, TASKS[s.task]],
  repair: s => ({ p: clamp(s.p, 0.01, 0.99), ref: clamp(s.ref, 0.01, 0.99), place: PLACES.includes(s.place) ? s.place : "k2-loss",
    task: TASKS[s.task] ? s.task : "away" }), build,
});
