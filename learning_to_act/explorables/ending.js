/* Live or die: two ways for an episode to end, and what a program counts after each. */
import { add, arrow, clamp, explorable, fmt, html, range, redo, scale, svg, text } from "./draw.js";

// ---- pure ----
export const GAMMA = 0.5;
export const value = pay => (0.5 + 0.5 * pay) / (1 - 0.5 * GAMMA);     // V = 1/2 (1 + gamma V) + 1/2 pay
export const begin = pay => -1 + GAMMA * value(pay);     // V of a life's first observation: getting in costs 1
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
const amount = (counted, pay) => counted === "nothing" ? "nothing" : fmt(after(counted, pay), 3);

const makeStrips = ui => ui.plot({
  label: "Two episodes of six steps", kind: "img", height: () => 196,
  layout(plot, width) {
    plot.cell = Math.min(64, (width - 74) / STEPS);
    add(plot.back, text(0, 12, "an episode that terminates", { class: "pg-fig-label" }),
      text(0, 112, "an episode that a time limit cuts", { class: "pg-fig-label" }));
  },
});

/* One episode: its steps, the wall that ends it, and what is counted behind the wall. */
function drawStrip(cell, { y, last, wall, counted, pay }) {
  const right = cell * STEPS;
  const step = i => {
    const ends = i === STEPS - 1;
    return [
      svg("rect", { x: i * cell + 2, y, width: cell - 4, height: 36,
        rx: 4, class: ends ? "pg-corridor-odd" : "pg-corridor-cell" }),
      text(i * cell + cell / 2, y + 23, ends ? last : "work",
        { "text-anchor": "middle", class: ends ? "pg-fig-strong" : "" }),
    ];
  };
  return [
    range(STEPS).map(step),
    svg("line", { x1: right + 3, x2: right + 3, y1: y - 6, y2: y + 42, class: wall }),
    text(right + 12, y + 16, SIGNS[counted], { class: `pg-fig-strong ${counted === "value" ? "pg-fig-good" : ""}` }),
    text(right + 12, y + 33, amount(counted, pay), { class: "pg-fig-note" }),
  ];
}

function drawStrips(strips, { after_quit, after_cut, pay }) {
  redo(strips.live,
    drawStrip(strips.cell, { y: 22, last: "quit", wall: "pg-bins-miss", counted: after_quit, pay }),
    drawStrip(strips.cell, { y: 122, last: "work", wall: "pg-dial-limit", counted: after_cut, pay }));
  const said = counted => amount(counted, pay) + WORDS[counted];
  strips.el.setAttribute("aria-label",
    `After quitting the program counts ${said(after_quit)}; after the cut it counts ${said(after_cut)}.`);
}

const makeBars = ui => ui.plot({
  label: "The two advantages and the slope", kind: "img", height: () => 196,
  layout(plot, width) {
    plot.x = scale([-2, 2], [10, width - 10]);
    add(plot.back, svg("line", { x1: plot.x(0), x2: plot.x(0), y1: 8, y2: 188, class: "pg-dial-zero" }));
  },
});

function drawAdvantage(bars, y, words, v) {
  const { x } = bars;
  return [
    text(0, y - 13, words, { class: "pg-fig-note pg-fig-halo" }),
    text(bars.width, y - 13, fmt(v, 4), { class: "pg-fig-good pg-fig-strong pg-fig-halo", "text-anchor": "end" }),
    svg("rect", { x: Math.min(x(0), x(v)), y: y - 6, width: Math.max(1, Math.abs(x(v) - x(0))), height: 14, rx: 2,
      class: "pg-fig-good" }),
  ];
}

/* The slope of a visit as an arrow from zero, or a dot where there is none. */
function drawSlope({ x, width }, slope) {
  const tip = clamp(x(8 * slope), 4, width - 4), less = slope < 0;
  return [
    text(0, 137, "the step in \u03b8: + is work more", { class: "pg-fig-note pg-fig-halo" }),
    text(width, 137, fmt(slope, 4), { class: "pg-fig-score pg-fig-strong pg-fig-halo", "text-anchor": "end" }),
    Math.abs(slope) < 1e-9 ? svg("circle", { cx: x(0), cy: 158, r: 4, class: "pg-fig-score" })
      : svg("path", { d: arrow([x(0), 158], [tip, 158], 15), class: "pg-fig-score" }),
    text(x(0) + (less ? -8 : 8), 186, less ? "quit more" : "work more",
      { class: "pg-fig-strong pg-fig-halo", "text-anchor": less ? "end" : "start" }),
  ];
}

function drawBars(bars, { work, quit, slope }) {
  redo(bars.live, drawAdvantage(bars, 32, "advantage of work", work),
    drawAdvantage(bars, 86, "advantage of quit", quit), drawSlope(bars, slope));
  bars.el.setAttribute("aria-label",
    `Advantage of work ${fmt(work, 4)}, of quit ${fmt(quit, 4)}; slope of a visit ${fmt(slope, 4)}.`);
}

function verdict(s, wrong) {
  if (!wrong.length) return "Both flags are right";
  if (wrong.length === 2) return "Both flags are wrong";
  if (wrong[0] === "after_quit") return "A value is counted after the end";
  if (s.after_cut === "nothing") return "The cut is taken for an end";
  return `After the cut stands the value of a life not yet begun, V\u2080 = ${fmt(begin(s.pay), 3)}`;
}

function inWords(s, { V, slope }, wrong) {
  const truth = seen({ ...s, ...RIGHT_FLAGS }).slope;
  const against = slope * truth < 0 ? ": such a visit teaches the opposite." : ".";
  return `V = ${fmt(V, 3)}. ${verdict(s, wrong)}: the slope of a visit is ${fmt(slope, 4)}`
    + (wrong.length ? `, the truth ${fmt(truth, 4)}${against}` : ".");
}

function makeControls(ui) {
  const quit = [["nothing", "nothing"], ["value", "\u03b3V"]];
  const cut = [...quit, ["reset", "\u03b3V\u2080, reset"]];
  return [
    ui.row(html("span", {}, "after a termination count"),
      ui.choice("Counted after a termination", "after_quit", quit)),
    ui.row(html("span", {}, "after a cut count"), ui.choice("Counted after a cut", "after_cut", cut),
      ui.resetButton()),
  ];
}

function build(ui) {
  const ways = new Set();                             // the wrong flags that alone have made the last step say quit
  const strips = makeStrips(ui), bars = makeBars(ui);
  ui.onReset(() => ways.clear());
  const said = html("p", { class: "pg-fig-say" });
  ui.body.append(html("div", { class: "pg-fig-stack" },
    makeControls(ui), html("div", { class: "pg-fig-columns pg-fig-even" }, strips.holder, bars.holder),
    ui.slider("what quitting pays", "pay", { min: 0.5, max: 2, step: 0.05, show: v => fmt(v), wide: true }), said));

  return s => {
    const found = seen(s), wrong = wrongFlags(s), given = Math.abs(s.pay - 1.25) < 1e-9;
    if (given && wrong.length === 1 && found.slope < 0) ways.add(wrong[0]);
    ui.challenge(ways.size === 2);
    drawStrips(strips, s);
    drawBars(bars, found);
    said.textContent = inWords(s, found, wrong) + (ways.size === 1 ? " One way found; there is another." : "");
  };
}
export default explorable({
  name: "ending", settings: ["after_quit", "after_cut", "pay"],
  challenge: "Quitting pays 1.25. Make the last step say quit with one wrong flag, in two different ways.",
  repair: s => ({
    after_quit: s.after_quit === "value" ? "value" : "nothing",
    after_cut: ["nothing", "reset"].includes(s.after_cut) ? s.after_cut : "value",
    pay: clamp(s.pay, 0.5, 2),
  }),
  build,
});
