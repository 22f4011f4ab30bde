/* Clip or squash: how a bell gets into a box, and what happens to the mean score when the wrong action is stored. */
import { add, arrow, clamp, explorable, fmt, html, path, percent, random, range, redo, round, scale, stepKey, sum, svg, tex, text } from "./draw.js";

// ---- pure ----
export const WAYS = { clip: u => clamp(u, -1, 1), tanh: Math.tanh };
export const density = z => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
function simpson(f, a, b, n) {
  const h = (b - a) / n;
  return h / 3 * (f(a) + f(b) + sum(range(n - 1).map(i => (i % 2 ? 2 : 4) * f(a + (i + 1) * h))));
}
/* The mean of f(u) over the bell, in pieces: clipping has corners at its limits. */
export function average(f, { mu, sigma }) {
  const ends = [-9, clamp((-1 - mu) / sigma, -9, 9), clamp((1 - mu) / sigma, -9, 9), 9];
  return sum(range(3).map(i => (ends[i + 1] > ends[i] ? simpson(z => density(z) * f(mu + sigma * z), ends[i], ends[i + 1], 400) : 0)));
}
export const below = z => (z < -9 ? 0 : 0.5 + Math.sign(z) * simpson(density, 0, Math.min(Math.abs(z), 9), 100));       // Phi
export const spikes = ({ mu, sigma }) => [below((-1 - mu) / sigma), below((mu - 1) / sigma)];     // what clipping leaves at -1, at 1
export function executedDensity({ way, mu, sigma }, a) {        // inside the box; clipping's spikes are not in it
  const u = way === "tanh" ? Math.atanh(a) : a;
  return density((u - mu) / sigma) / sigma / (way === "tanh" ? 1 - a * a : 1);
}
/* Mean scores of the stored action, the true slope of E[constant + executed] in mu, and the one that the program computes. */
export function found(s) {
  const executed = WAYS[s.way], record = s.stored === "executed" ? executed : u => u;
  const score = a => (a - s.mu) / s.sigma ** 2, reward = u => s.constant + executed(u);
  return {
    mean: average(u => score(record(u)), s), width: average(u => (record(u) - s.mu) * score(record(u)) - 1, s),
    truth: average(u => (executed(u) - executed(s.mu)) * score(u), s), computed: average(u => reward(u) * score(record(u)), s),
  };
}
export const QUANTILES = range(25).map(i => {         // of the standard bell, equally likely: by bisection
  let low = -5, high = 5;
  for (const _ of range(40)) { const z = (low + high) / 2; if (below(z) < (i + 0.5) / 25) low = z; else high = z; }
  return low;
});

// ---- drawing ----
const MU = [-1.5, 1.5], SIGMA = [0.3, 1.5], LEFT = 14, RIGHT = 14, DRAWS = 1000;
const RECORDS = { clip: ["the draw a", "the clipped action"], tanh: ["the draw u", "tanh u"] };

function build(ui) {
  let uniform = random(1), tested = null;             // the average score of 1,000 draws, at the reader's request
  const change = patch => { tested = null; ui.set(patch); };

  const flow = ui.plot({
    label: "The bell that is drawn from, and the action that is executed", height: () => 432,
    layout(plot, width) {
      Object.assign(plot, { u: scale([-4, 4], [LEFT, width - RIGHT]), a: scale([-1.12, 1.12], [LEFT, width - RIGHT]), ground: 138, top: 158, box: 236, floor: 408 });
      add(plot.back, text(0, 12, "what the policy draws", { class: "pg-x-label" }),
        svg("line", { x1: LEFT, x2: width - RIGHT, y1: plot.ground, y2: plot.ground, class: "pg-x-axis" }),
        svg("line", { x1: LEFT, x2: width - RIGHT, y1: plot.floor, y2: plot.floor, class: "pg-x-axis" }),
        [-1, 0, 1].map(v => text(plot.a(v), plot.floor + 18, fmt(v, 0), { class: "pg-x-tick", "text-anchor": "middle" })),
        [-1, 1].map(v => svg("line", { x1: plot.u(v), x2: plot.u(v), y1: 30, y2: plot.ground + 4, class: "pg-q-limit" })));
    },
  });
  const moveMean = v => change({ mu: clamp(round(v, 0.02), ...MU) }), moveWidth = v => change({ sigma: clamp(round(v, 0.02), ...SIGMA) });
  const meanKnob = flow.handle({ label: "Mean of the bell", drag: px => moveMean(flow.u.invert(px)),
    key: (name, big) => { const v = stepKey(name, big, ui.state.mu, { min: MU[0], max: MU[1], step: 0.1, page: 0.5 });
      if (v !== undefined) moveMean(v); return v !== undefined; } });
  const widthKnob = flow.handle({ label: "Standard deviation of the bell", shape: svg("rect", { x: -7, y: -7, width: 14, height: 14, rx: 2,
    class: "pg-x-knob" }), drag: px => moveWidth(Math.abs(flow.u.invert(px) - ui.state.mu)),
    key: (name, big) => { const v = stepKey(name, big, ui.state.sigma, { min: SIGMA[0], max: SIGMA[1], step: 0.1, page: 0.5 });
      if (v !== undefined) moveWidth(v); return v !== undefined; } });

  function drawFlow(s) {
    const { u, a, ground, top, box, floor } = flow, executed = WAYS[s.way], side = s.mu > 0 ? -1 : 1;
    const hill = v => ground - 100 * Math.sqrt(0.3 / s.sigma) * Math.exp(-(((v - s.mu) / s.sigma) ** 2) / 2);
    const outline = path(range(161).map(i => -4 + i / 20).map(v => [u(v), hill(v)]));
    const inside = range(161).map(i => Math.tanh((i - 80) / 14)), heights = inside.map(v => executedDensity(s, v)), most = Math.max(0.6, ...heights);
    const tall = h => floor - 96 * h / most, law = path(inside.map((v, i) => [a(v), tall(heights[i])]));
    const spike = (mass, at) => mass > 0.0005 && [svg("line", { x1: a(at), x2: a(at), y1: floor, y2: floor - 100 * mass, class: "pg-q-spike" }),
      svg("circle", { cx: a(at), cy: floor - 100 * mass, r: 6, class: "pg-x-policy" }),
      text(a(at) - 10 * at, Math.min(floor - 100 * mass, tall(executedDensity(s, 0.4 * at)), tall(executedDensity(s, 0.95 * at))) - 12, `${mass < 0.005 ? "under 1\u202f%" : percent(mass)} exactly here`,
        { class: "pg-x-policy pg-x-strong pg-x-halo", "text-anchor": at > 0 ? "end" : "start" })];
    redo(flow.live, svg("path", { d: QUANTILES.map(z => s.mu + s.sigma * z).map(v => {
      const x0 = u(v), x1 = a(executed(v)), m = (top + box) / 2;
      return x0 < 0 || x0 > flow.width ? "" : `M${x0.toFixed(1)} ${ground}V${top}C${x0.toFixed(1)} ${m} ${x1.toFixed(1)} ${m} ${x1.toFixed(1)} ${box}V${floor}`;
    }).join(""), class: "pg-q-way" }),
      svg("path", { d: `${outline}Z`, class: "pg-e-bell" }), svg("path", { d: outline, class: "pg-e-outline" }),
      svg("path", { d: `${law}L${a(1)} ${floor}L${a(-1)} ${floor}Z`, class: "pg-e-bell" }), svg("path", { d: law, class: "pg-e-outline" }),
      s.way === "clip" && spikes(s).map((mass, i) => spike(mass, 2 * i - 1)),
      [-1, 1].map(v => text(u(v), ground + 15, fmt(v, 0), { class: "pg-x-tick pg-x-halo", "text-anchor": "middle" })),
      text(flow.width / 2, 200, s.way === "clip" ? "clip(a, \u22121, 1)" : "tanh u", { class: "pg-x-strong pg-x-halo", "text-anchor": "middle" }),
      text(0, 284, "what is executed", { class: "pg-x-label pg-x-halo" }),
      svg("line", { x1: u(s.mu), x2: u(s.mu + side * s.sigma), y1: hill(s.mu + s.sigma), y2: hill(s.mu + s.sigma), class: "pg-g-span" }),
      text(u(s.mu), hill(s.mu) - 15, `\u03bc = ${fmt(s.mu)}`, { class: "pg-x-policy pg-x-strong pg-x-halo", "text-anchor": "middle" }),
      text(u(s.mu + side * s.sigma) + 13 * side, hill(s.mu + s.sigma) + 4, `\u03c3 = ${fmt(s.sigma)}`,
        { class: "pg-x-policy pg-x-strong pg-x-halo", "text-anchor": side > 0 ? "start" : "end" }));
    meanKnob.place(u(s.mu), hill(s.mu), { now: round(s.mu, 0.01), min: MU[0], max: MU[1], words: `mean ${fmt(s.mu)}` });
    widthKnob.place(u(s.mu + side * s.sigma), hill(s.mu + s.sigma), { now: round(s.sigma, 0.01), min: SIGMA[0], max: SIGMA[1], words: `standard deviation ${fmt(s.sigma)}` });
  }

  // the numbers, as arrows from zero
  const gauge = ui.plot({
    label: "Mean scores and slopes", kind: "img", height: () => 300,
    layout(plot, width) {
      add(plot.back, text(0, 14, "the mean score: should be 0", { class: "pg-x-score pg-x-strong" }), text(0, 170, "the slope in \u03bc of J = E[c + action]", { class: "pg-x-strong" }),
        [[26, 134], [182, 290]].map(([y1, y2]) => svg("line", { x1: width / 2, x2: width / 2, y1, y2, class: "pg-q-zero" })));
    },
  });
  function drawGauge(s, f) {
    const middle = gauge.width / 2, rows = (list, top, least) => {
      const reach = Math.max(least, ...list.map(([, v]) => Math.abs(v))), x = v => middle + v / reach * (middle - 4);
      return list.map(([words, v, look, half], i) => {
        const y = top + 54 * i, zero = Math.abs(v) < 0.0005;
        return [text(0, y - 8, words, { class: "pg-x-note pg-x-halo" }), text(gauge.width, y - 8, fmt(v, 3), { class: `${look} pg-x-strong pg-x-halo`, "text-anchor": "end" }),
          zero ? svg("circle", { cx: middle, cy: y + 9, r: 4, class: look }) : svg("path", { d: arrow([middle, y + 9], [x(v), y + 9], 14), class: look }),
          half && svg("path", { d: `M${clamp(x(half[0] - half[1]), 0, gauge.width)} ${y + 9}H${clamp(x(half[0] + half[1]), 0, gauge.width)}M${x(half[0])} ${y + 2}v14`, class: "pg-q-tested" })];
      });
    };
    redo(gauge.live, rows([["of \u03bc", f.mean, "pg-x-score", tested], ["of log \u03c3", f.width, "pg-x-score"]], 46, 0.8),
      rows([["the truth", f.truth, "pg-q-true"], ["as computed", f.computed, "pg-x-good"]], 202, 1.6));
    gauge.el.setAttribute("aria-label", `Mean score of mu ${fmt(f.mean, 3)}, of log sigma ${fmt(f.width, 3)}. True slope ${fmt(f.truth, 3)}, computed slope ${fmt(f.computed, 3)}.`);
  }

  const test = () => {
    const s = ui.state, record = s.stored === "executed" ? WAYS[s.way] : u => u;
    const scores = range(DRAWS).map(() => (record(s.mu + s.sigma * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())) - s.mu) / s.sigma ** 2);
    const mean = sum(scores) / DRAWS;
    tested = [mean, 1.96 * Math.sqrt(sum(scores.map(v => (v - mean) ** 2)) / (DRAWS - 1) / DRAWS)];
    ui.redraw();
    ui.say(said.textContent);
  };
  const fresh = () => { tested = null; };
  ui.onReset(() => { fresh(); uniform = random(1); });

  const records = Object.entries(RECORDS).map(([way, [drawn, executed]]) => ({ way, el: ui.choice("What the program stored", "stored", [["drawn", drawn], ["executed", executed]], undefined, fresh) }));
  const line = ui.formula(tex`\E\Bigl[\score{\frac{\text{stored} - \mu}{\sigma^2}}\Bigr] = \live{mean}`,
    tex`\quad \frac{\partial J}{\partial \mu} = \live{truth}`, html("span", {}, "computed: ", html("span", { class: "good", "data-v": "computed" })));
  const said = html("p", { class: "pg-x-say" });
  ui.body.append(html("div", { class: "pg-x-stack" },
    ui.row(ui.choice("How the bell gets into the box", "way", [["clip", "clip"], ["tanh", "squash"]], undefined, fresh), html("span", {}, "stored:"), records.map(r => r.el), ui.resetButton()),
    html("div", { class: "pg-x-columns" }, flow.holder, gauge.holder),
    ui.slider("constant c", "constant", { min: 0, max: 5, step: 0.1, show: v => fmt(v, 1), wide: true }),
    ui.row(ui.button("Average 1\u202f000 draws", test, { class: "pg-x-main" })),
    html("div", {}, line, said)));

  return s => {
    const f = found(s), given = s.mu === ui.defaults.mu && s.sigma === ui.defaults.sigma;
    ui.challenge(given && Math.abs(f.mean) < 1e-6);
    for (const r of records) r.el.hidden = r.way !== s.way;
    drawFlow(s); drawGauge(s, f);
    line.show({ mean: fmt(f.mean, 3), truth: fmt(f.truth, 3), computed: fmt(f.computed, 3) });
    said.textContent = (tested ? `${fmt(DRAWS, 0)} draws: mean score ${fmt(tested[0], 3)} \u00b1 ${fmt(tested[1], 3)}${Math.abs(tested[0]) > tested[1] ? ", not 0: a bug." : ", which may well be 0."} ` : "")
      + (s.stored === "drawn" ? "The computed slope is the true one, at every constant."
        : f.truth * f.computed < 0 ? "The computed slope has the wrong sign." : `The computed slope is off by ${fmt(f.computed - f.truth, 3)}.`)
      + (s.stored === "executed" && Math.abs(f.mean) < 1e-6 ? " By symmetry the mean score of \u03bc is 0 here; that of log \u03c3 still gives the bug away." : "");
  };
}
export default explorable({
  name: "squash", settings: ["way", "stored", "mu", "sigma", "constant"], challenge: "Make the mean score of \u03bc zero, without touching \u03bc or \u03c3.",
  repair: s => ({ way: WAYS[s.way] ? s.way : "clip", stored: s.stored === "drawn" ? "drawn" : "executed", mu: clamp(s.mu, ...MU),
    sigma: clamp(s.sigma, ...SIGMA), constant: clamp(s.constant, 0, 5) }), build,
});
