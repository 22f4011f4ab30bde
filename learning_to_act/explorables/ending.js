/* Live or die: two ways for an episode to end, and what a program counts after each. */
import { add, arrow, clamp, explorable, fmt, html, range, redo, scale, svg, text } from "./draw.js";

// ---- pure ----
export const GAMMA = 0.5;
export const value = pay => (0.5 + 0.5 * pay) / (1 - 0.5 * GAMMA);       // V = 1/2 (1 + gamma V) + 1/2 pay
export const begin = pay => -1 + GAMMA * value(pay);                     // V of a life's first observation: getting in costs 1
const after = (counted, pay) => GAMMA * ({ nothing: 0, value: value(pay), reset: begin(pay) })[counted];
/* The two advantages as the program sees them, and the slope of one visit, a quarter of their difference. */
export function seen({ after_quit, after_cut, pay }) {
  const V = value(pay), work = 1 + after(after_cut, pay) - V, quit = pay + after(after_quit, pay) - V;
  return { V, work, quit, slope: (work - quit) / 4 };
}
export const RIGHT_FLAGS = { after_quit: "nothing", after_cut: "value" };
export const wrongFlags = s => Object.keys(RIGHT_FLAGS).filter(k => s[k] !== RIGHT_FLAGS[k]);

// ---- drawing ----
const STEPS = 6;
const SIGNS = { nothing: "+ 0", value: "+ \u03b3V", reset: "+ \u03b3V\u2080" };
const WORDS = { nothing: "", value: ", the value", reset: ", the value of a new life's first observation" };

function build(ui) {
  const ways = new Set();
  const strips = ui.plot({
    label: "Two episodes of six steps", kind: "img", height: () => 196,
    layout(p, width) { p.cell = Math.min(64, (width - 74) / STEPS); add(p.back, text(0, 12, "an episode that terminates", { class: "pg-x-label" }), text(0, 112, "an episode that a time limit cuts", { class: "pg-x-label" })); },
  });
  function drawStrips(s) {
    const { cell } = strips, right = cell * STEPS, amount = counted => counted === "nothing" ? "nothing" : fmt(after(counted, s.pay), 3);
    const strip = (y, last, wall, counted) => [range(STEPS).map(i => [svg("rect", { x: i * cell + 2, y, width: cell - 4, height: 36, rx: 4, class: i === STEPS - 1 ? "pg-c-odd" : "pg-c-cell" }),
      text(i * cell + cell / 2, y + 23, i === STEPS - 1 ? last : "work", { "text-anchor": "middle", class: i === STEPS - 1 ? "pg-x-strong" : "" })]),
      svg("line", { x1: right + 3, x2: right + 3, y1: y - 6, y2: y + 42, class: wall }),
      text(right + 12, y + 16, SIGNS[counted], { class: `pg-x-strong ${counted === "value" ? "pg-x-good" : ""}` }), text(right + 12, y + 33, amount(counted), { class: "pg-x-note" })];
    redo(strips.live, strip(22, "quit", "pg-b-miss", s.after_quit), strip(122, "work", "pg-q-limit", s.after_cut));
    strips.el.setAttribute("aria-label", `After quitting the program counts ${amount(s.after_quit)}${WORDS[s.after_quit]}; after the cut it counts ${amount(s.after_cut)}${WORDS[s.after_cut]}.`);
  }
  const bars = ui.plot({
    label: "The two advantages and the slope", kind: "img", height: () => 196,
    layout(p, width) { p.x = scale([-2, 2], [10, width - 10]); add(p.back, svg("line", { x1: p.x(0), x2: p.x(0), y1: 8, y2: 188, class: "pg-q-zero" })); },
  });
  function drawBars(s, f) {
    const row = (y, words, v, look) => [text(0, y - 13, words, { class: "pg-x-note pg-x-halo" }), text(bars.width, y - 13, fmt(v, 4), { class: `${look} pg-x-strong pg-x-halo`, "text-anchor": "end" }),
      svg("rect", { x: Math.min(bars.x(0), bars.x(v)), y: y - 6, width: Math.max(1, Math.abs(bars.x(v) - bars.x(0))), height: 14, rx: 2, class: look })];
    const tip = clamp(bars.x(8 * f.slope), 4, bars.width - 4);
    redo(bars.live, row(32, "advantage of work", f.work, "pg-x-good"), row(86, "advantage of quit", f.quit, "pg-x-good"),
      text(0, 137, "the step in \u03b8: + is work more", { class: "pg-x-note pg-x-halo" }), text(bars.width, 137, fmt(f.slope, 4), { class: "pg-x-score pg-x-strong pg-x-halo", "text-anchor": "end" }),
      Math.abs(f.slope) < 1e-9 ? svg("circle", { cx: bars.x(0), cy: 158, r: 4, class: "pg-x-score" }) : svg("path", { d: arrow([bars.x(0), 158], [tip, 158], 15), class: "pg-x-score" }),
      text(bars.x(0) + (f.slope < 0 ? -8 : 8), 186, f.slope < 0 ? "quit more" : "work more", { class: "pg-x-strong pg-x-halo", "text-anchor": f.slope < 0 ? "end" : "start" }));
    bars.el.setAttribute("aria-label", `Advantage of work ${fmt(f.work, 4)}, of quit ${fmt(f.quit, 4)}; slope of a visit ${fmt(f.slope, 4)}.`);
  }
  ui.onReset(() => ways.clear());
  const said = html("p", { class: "pg-x-say" });
  ui.body.append(html("div", { class: "pg-x-stack" },
    ui.row(html("span", {}, "after a termination count"), ui.choice("Counted after a termination", "after_quit", [["nothing", "nothing"], ["value", "\u03b3V"]])),
    ui.row(html("span", {}, "after a cut count"), ui.choice("Counted after a cut", "after_cut", [["nothing", "nothing"], ["value", "\u03b3V"], ["reset", "\u03b3V\u2080, reset"]]), ui.resetButton()),
    html("div", { class: "pg-x-columns pg-x-even" }, strips.holder, bars.holder),
    ui.slider("what quitting pays", "pay", { min: 0.5, max: 2, step: 0.05, show: v => fmt(v), wide: true }), said));

  return s => {
    const f = seen(s), wrong = wrongFlags(s), given = Math.abs(s.pay - 1.25) < 1e-9, truth = seen({ ...s, ...RIGHT_FLAGS }).slope;
    if (given && wrong.length === 1 && f.slope < 0) ways.add(wrong[0]);
    ui.challenge(ways.size === 2);
    drawStrips(s); drawBars(s, f);
    said.textContent = `V = ${fmt(f.V, 3)}. ${!wrong.length ? "Both flags are right" : wrong.length === 2 ? "Both flags are wrong" : wrong[0] === "after_quit" ? "A value is counted after the end" : s.after_cut === "reset" ? `After the cut stands the value of a life not yet begun, V\u2080 = ${fmt(begin(s.pay), 3)}` : "The cut is taken for an end"}: `
      + `the slope of a visit is ${fmt(f.slope, 4)}${wrong.length ? `, the truth ${fmt(truth, 4)}${f.slope * truth < 0 ? ": such a visit teaches the opposite." : "."}` : "."}${ways.size === 1 ? " One way found; there is another." : ""}`;
  };
}
export default explorable({
  name: "ending", settings: ["after_quit", "after_cut", "pay"], challenge: "Quitting pays 1.25. Make the last step say quit with one wrong flag, in two different ways.",
  repair: s => ({ after_quit: s.after_quit === "value" ? "value" : "nothing", after_cut: ["nothing", "reset"].includes(s.after_cut) ? s.after_cut : "value", pay: clamp(s.pay, 0.5, 2) }), build,
});
