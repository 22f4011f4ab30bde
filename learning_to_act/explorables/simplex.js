/* Rock-paper-scissors on a triangle: every point is a policy, its colour what the best reply wins from it. */
import { add, animate, axes, clamp, dot, explorable, fmt, hatch, html, path,
  percent, raised, range, redo, round, scale, softmax, sum, svg, tex, text, unique } from "./draw.js";

// ---- pure ----
export const NAMES = ["rock", "paper", "scissors"];
/* PAYOFF[game][a][b]: what playing a against b earns. What one side wins, the other loses: M is antisymmetric. */
export const PAYOFF = {
  classic: [[0, -1, 1], [1, 0, -1], [-1, 1, 0]],
  rock2: [[0, -1, 2], [1, 0, -1], [-2, 1, 0]],
};
/* What each reply earns a round against the policy; the largest is the policy's exploitability. */
export const replies = (policy, payoff) => payoff.map(row => dot(row, policy));
export const exploitability = (policy, payoff) => Math.max(...replies(policy, payoff));
export const bestReply = (policy, payoff) =>
  replies(policy, payoff).reduce((best, v, i, all) => (v > all[best] + 1e-12 ? i : best), 0);
/* How often the reply wins, draws and loses against the policy. */
export const rates = (reply, policy) =>
  ({ win: policy[(reply + 2) % 3], draw: policy[reply], lose: policy[(reply + 1) % 3] });
/* One natural-gradient step of a softmax policy: logits move by the payoffs (the replicator), less temperature times
   log policy. */
export function naturalStep(logits, other, payoff, { step = 0.1, temperature = 0 } = {}) {
  const log = logits.map(z => z - Math.max(...logits)), norm = Math.log(sum(log.map(Math.exp)));
  const next = log.map((z, a) => z + step * (dot(payoff[a], other) - temperature * (z - norm)));
  return next.map(z => z - Math.max(...next));
}
export const begin = (policy, opponent = policy) => {
  const logits = p => p.map(v => Math.log(Math.max(v, 1e-12)));
  return { steps: 0, mine: logits(policy), theirs: logits(opponent), total: [0, 0, 0] };
};
/* One round of self-play: alternating (the second answers the first's new policy), or both at once. */
export function playRound(s, payoff, { simultaneous = false, temperature = 0, step = 0.1 } = {}) {
  const options = { step, temperature }, mine = naturalStep(s.mine, softmax(s.theirs), payoff, options);
  const theirs = naturalStep(s.theirs, softmax(simultaneous ? s.mine : mine), payoff, options), policy = softmax(mine);
  return { steps: s.steps + 1, mine, theirs, total: s.total.map((t, a) => t + policy[a]) };
}
export const average = s => (s.steps ? s.total.map(t => t / s.steps) : softmax(s.mine));
/* The part of a polygon (vertices are policies) where f, linear, is at least 0. */
export function clip(polygon, f) {
  return polygon.flatMap((a, i) => {
    const b = polygon[(i + 1) % polygon.length], fa = f(a), fb = f(b);
    const cut = (fa < 0) !== (fb < 0) ? [a.map((v, k) => v + (b[k] - v) * fa / (fa - fb))] : [];
    return fa >= 0 ? [a, ...cut] : cut;
  });
}
const CORNERS = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
export const region = (reply, payoff) =>
  payoff.reduce((part, row) => clip(part, p => dot(payoff[reply], p) - dot(row, p)), CORNERS);
export const below = (level, payoff) =>
  payoff.reduce((part, row) => clip(part, p => level - dot(row, p)), CORNERS);
/* Back into the triangle: nothing negative, sum one. */
export function project(policy) {
  const low = policy.map(v => Math.max(0, v)), total = sum(low);
  return total ? low.map(v => v / total) : [1 / 3, 1 / 3, 1 / 3];
}
/* Right moves a hundredth from rock to scissors, Up adds a hundredth to paper. */
export function keyMove(policy, name, big) {
  const by = big || name.startsWith("Page") ? 0.1 : 0.01, [rock, paper, scissors] = policy;
  if (name === "Home") return [1, 0, 0];
  if (name === "End") return [0, 0, 1];
  if (name === "ArrowRight" || name === "ArrowLeft") {
    const move = name === "ArrowRight" ? Math.min(by, rock) : -Math.min(by, scissors);
    return [round(rock - move, 0.001), paper, round(scissors + move, 0.001)];
  }
  if (["ArrowUp", "PageUp", "ArrowDown", "PageDown"].includes(name)) {
    const up = round(clamp(paper + (name.endsWith("Up") ? by : -by), 0, 1), 0.001) - paper;
    const half = clamp(up / 2, up - scissors, rock);
    return [rock - half, paper + up, scissors - (up - half)].map(v => Math.max(0, round(v, 0.001)));
  }
}

// ---- drawing ----
const LEVELS = [0.25, 0.5, 0.75, 1, 1.5], TRAIL = 600, MOST = 30000;
const listed = show => NAMES.map((name, i) => `${name} ${show(i)}`).join(", ");

/* The payoff of a reply is linear in the plane: an exact gradient. `earns` is what the reply earns at the corners. */
function shade(id, earns, corner, side, tall) {
  const [left, bottom] = corner, origin = earns[0];
  const gx = (earns[2] - origin) / side, gy = (earns[1] - (origin + earns[2]) / 2) / -tall;
  const g2 = gx * gx + gy * gy, x1 = left - origin * gx / g2, y1 = bottom - origin * gy / g2;
  const ends = { x1, y1, x2: x1 + 2 * gx / g2, y2: y1 + 2 * gy / g2 };
  const stops = range(11).map(i => i / 10).map(offset => svg("stop", {
    offset, "stop-color": "var(--pg-good)", "stop-opacity": (0.06 + 0.56 * offset ** 0.8).toFixed(3),
  }));
  return svg("linearGradient", { id, gradientUnits: "userSpaceOnUse", ...ends }, stops);
}
/* The words in the part of the triangle that a reply beats. */
function replyWords({ at }, part, reply) {
  const centre = [0, 1, 2].map(k => sum(part.map(p => p[k])) / part.length), away = CORNERS[(reply + 2) % 3];
  const [x, low] = at(centre.map((v, k) => 0.85 * v + 0.15 * away[k])), y = low - (reply === 2 ? 2 : 16);
  const look = { class: "pg-simplex-reply", "text-anchor": "middle" };
  return [text(x, y, NAMES[reply], look), text(x, y + 16, "beats you", look)];
}
function cornerWords(corner, i, M) {
  const [x, y] = corner, anchor = ["start", "middle", "end"][i], dx = [-6, 0, 6][i], dy = [24, -13, 24][i];
  return svg("text", { x: x + dx, y: y + dy, "text-anchor": anchor },
    svg("tspan", { class: "pg-fig-strong" }, `always ${NAMES[i]} `),
    svg("tspan", { class: "pg-fig-good" }, fmt(-exploitability(CORNERS[i], M), 0)));
}
function layoutTriangle(plot, width, height, M) {
  const tall = height - 78, side = tall / 0.866, left = (width - side) / 2, bottom = height - 50;
  const corner = [[left, bottom], [left + side / 2, bottom - tall], [left + side, bottom]];
  const ids = range(3).map(() => unique("reply")), parts = range(3).map(reply => region(reply, M));
  plot.at = policy => [0, 1].map(k => sum(policy.map((v, i) => v * corner[i][k])));
  plot.policyAt = (px, py) => {
    const paper = (bottom - py) / tall, scissors = (px - left) / side - paper / 2;
    return [1 - paper - scissors, paper, scissors];
  };
  const outline = part => path(part.map(plot.at)) + "Z";
  add(plot.back,
    svg("defs", {}, ids.map((id, reply) => shade(id, M[reply], corner[0], side, tall))),
    parts.map((part, reply) => svg("path", { d: outline(part), fill: `url(#${ids[reply]})` })),
    LEVELS.map(level => svg("path", { d: outline(below(level, M)), class: "pg-simplex-level" })),
    parts.map(part => svg("path", { d: outline(part), class: "pg-simplex-border" })),
    svg("path", { d: outline(below(0.05, M)), class: "pg-simplex-goal" }),
    svg("path", { d: path(corner) + "Z", class: "pg-simplex-edge" }),
    parts.map((part, reply) => replyWords(plot, part, reply)),
    corner.map(([x, y]) => svg("rect", { x: x - 5, y: y - 5, width: 10, height: 10, class: "pg-simplex-corner" })),
    corner.map((at, i) => cornerWords(at, i, M)),
    text(width / 2, bottom + 46, "corners: all that an argmax can be",
      { class: "pg-fig-note", "text-anchor": "middle" }));
}
function drawTriangle({ triangle, point }, policy, worst, { run, trail }) {
  const { at } = triangle;
  const opponent = ([x, y]) => svg("circle", { cx: x, cy: y, r: 6.5, class: "pg-simplex-opponent" });
  const mean = ([x, y]) => [
    svg("rect", {
      x: x - 5, y: y - 5, width: 10, height: 10, transform: `rotate(45 ${x} ${y})`, class: "pg-simplex-average",
    }),
    text(x + 10, y + 18, "average", { class: "pg-fig-halo" }),
  ];
  redo(triangle.live,
    trail.length > 1 && svg("path", { d: path(trail.map(at)), class: "pg-simplex-trail" }),
    run && opponent(at(softmax(run.theirs))), run && mean(at(average(run))));
  const words = `${listed(i => percent(policy[i]))}; exploitability ${fmt(worst)}`;
  point.place(...at(policy), { now: round(worst, 0.001), min: 0, max: 2, words });
}

// beside it: what each reply earns, or the course of self-play
function layoutPanel(plot, width) {
  plot.hatch = hatch(plot.back, "good");
  plot.len = scale([0, 1], [0, width - 74 - 52]);
  plot.mid = 74 + (width - 74 - 46) * 0.46;
}
function drawPanel(panel, policy, earned, best, most) {         // most: what a reply can earn at all
  const { width, mid, len } = panel, unit = (width - 46 - mid) / most, row = (i, top) => top + i * 30;
  const played = (v, i) => [
    text(0, row(i, 42), NAMES[i]),
    svg("rect", { x: 74, y: row(i, 42) - 14, width: Math.max(1, len(v)), height: 18, rx: 2, class: "pg-fig-policy" }),
    text(74 + len(v) + 8, row(i, 42), percent(v), { class: "pg-fig-policy" }),
  ];
  const reply = (v, i) => {
    const strong = i === best && v > 0.005, y = row(i, 186);
    return [
      text(0, y, NAMES[i], { class: strong ? "pg-fig-strong" : "" }),
      svg("rect", {
        x: mid + Math.min(0, v * unit), y: y - 14, width: Math.max(1, Math.abs(v) * unit), height: 18, rx: 2,
        fill: panel.hatch, class: "pg-simplex-bar",
      }),
      text(mid + v * unit + (v < 0 ? -7 : 7), y, fmt(v),
        { class: `pg-fig-good${strong ? " pg-fig-strong" : ""}`, "text-anchor": v < 0 ? "end" : "start" }),
    ];
  };
  redo(panel.live,
    text(0, 14, "you play", { class: "pg-fig-label" }), policy.map(played),
    text(0, 158, "what a reply wins from you, a round", { class: "pg-fig-label" }),
    svg("line", { x1: mid, x2: mid, y1: 168, y2: 258, class: "pg-fig-axis" }), earned.map(reply));
  panel.el.setAttribute("aria-label",
    `You play ${listed(i => percent(policy[i]))}. Replies win: ${listed(i => fmt(earned[i]))}.`);
}
function layoutCourse(plot, width, height) {
  const power = v => (v === 0 ? "1" : v === 1 ? "10" : v > -4 && v < 0 ? String(10 ** v) : `10${raised(v)}`);
  plot.x = scale([0, 4.5], [44, width - 8]);
  plot.y = scale([-4, 0.35], [height - 46, 26]);
  axes(plot, {
    x: plot.x, y: plot.y, xticks: range(5), yticks: [-4, -3, -2, -1, 0], xshow: power, yshow: power,
    xlabel: "steps of self-play", ylabel: "exploitability",
  });
}
function drawCourse(course, history) {
  const { x, y } = course, last = history.at(-1);
  if (!last) {
    const look = { class: "pg-fig-note", "text-anchor": "middle" };
    redo(course.live, text((x(0) + x(4.5)) / 2, y(-1.5) + 4, "press Run", look));
    return;
  }
  const spot = (h, k) => [x(Math.log10(h.steps)), y(clamp(Math.log10(h[k]), -4, 0.35))];
  const close = Math.abs(spot(last, "now")[1] - spot(last, "mean")[1]) < 15;
  const line = k => svg("path", { d: path(history.map(h => spot(h, k))), class: `pg-simplex-${k}` });
  const end = k => {
    const [px, py] = spot(last, k), flip = px > course.width - 120, low = k === "mean";
    const down = low ? (close ? 20 : flip ? 20 : 5) : (close || flip ? -10 : 5);
    return [
      low ? svg("rect", { x: px - 4, y: py - 4, width: 8, height: 8, class: "pg-simplex-average" })
        : svg("circle", { cx: px, cy: py, r: 4, class: "pg-fig-policy" }),
      text(px + (flip ? -6 : 9), py + down, `${low ? "average" : "now"} ${fmt(last[k], last[k] < 0.01 ? 4 : 3)}`,
        { class: `pg-fig-halo ${low ? "" : "pg-fig-policy"}`, "text-anchor": flip ? "end" : "start" }),
    ];
  };
  redo(course.live, line("now"), line("mean"), end("now"), end("mean"));
}

/* Self-play: its buttons, and what has been played: the state of the run, the last policies, the exploitability. */
function selfPlay(ui) {
  const played = { run: null, trail: [], history: [] };
  let stop = null;
  const payoff = () => PAYOFF[ui.state.game], now = () => exploitability(softmax(played.run.mine), payoff());
  const mean = () => exploitability(average(played.run), payoff());
  function advance(count) {
    const { simultaneous, entropy, policy } = ui.state, options = { simultaneous, temperature: entropy ? 0.1 : 0 };
    played.run ??= begin(policy);
    if (!played.trail.length) played.trail.push(policy);
    for (let i = Math.min(count, MOST - played.run.steps); i > 0; i--) {
      const run = played.run = playRound(played.run, payoff(), options);
      played.trail.push(softmax(run.mine));
      if (run.steps < 100 || run.steps % Math.ceil(run.steps / 100) === 0) {
        played.history.push({ steps: run.steps, now: now(), mean: mean() });
      }
    }
    if (played.trail.length > TRAIL) played.trail = played.trail.slice(-TRAIL);
  }
  const sayRun = () => ui.say(`After ${played.run.steps} steps: exploitability ${fmt(now(), 3)},`
    + ` of the average policy ${fmt(mean(), 4)}.`);
  const rest = () => { stop = null; runButton.textContent = "Run"; };
  const runButton = ui.button("Run", () => {
    if (stop) { stop(); rest(); sayRun(); return; }
    const from = played.run?.steps ?? 0;
    runButton.textContent = "Stop";
    stop = animate(10, share => {
      advance(Math.round(from + share * 1000) - (played.run?.steps ?? 0));
      ui.redraw();
    }, () => { rest(); sayRun(); }, ui);
  }, { class: "pg-fig-main" });
  const leap = n => () => {
    if (stop) runButton.click();
    advance(n);
    ui.redraw();
    sayRun();
  };
  const forget = () => { stop?.(); rest(); Object.assign(played, { run: null, trail: [], history: [] }); };
  ui.onReset(forget);
  const row = ui.row(ui.button("Step", leap(1)), runButton, ui.button("+1\u202f000", leap(1000)),
    ui.button("+10\u202f000", leap(10000)), ui.toggle("simultaneous steps", "simultaneous"),
    ui.toggle("entropy bonus", "entropy"));
  return { played, forget, row };
}

// what the figure says
function playSentence({ simultaneous }, run, worst, M) {
  if (!run) {
    return `You and a copy of you play each other. ${simultaneous ? "At once" : "In turns"},`
      + " each moves a little towards what would have earned more.";
  }
  return `${fmt(run.steps, 0)} step${run.steps === 1 ? "" : "s"}. You (filled) lose ${fmt(worst, 3)} a round to a best`
    + ` reply; your average policy so far loses ${fmt(exploitability(average(run), M), 4)}.`
    + " The open circle is the other player.";
}
function replySentence(policy, best, worst) {
  if (worst < 0.005) return "No reply earns as much as 0.005 a round from you. You are as good as safe.";
  const { win, draw, lose } = rates(best, policy);
  return `Best reply: ${NAMES[best]}. It wins ${percent(win)} of the rounds, draws ${percent(draw)},`
    + ` loses ${percent(lose)}, and takes ${fmt(worst)} a round from you.`;
}

/* The four plots with the handle, in their order on the page. */
function plots(ui, forget) {
  const triangle = ui.plot({
    label: "All policies: corners are rock, paper and scissors", height: width => Math.min(width, 440) * 0.866 + 26,
    layout: (plot, width, height) => layoutTriangle(plot, width, height, PAYOFF[ui.state.game]),
  });
  const move = policy => { forget(); ui.set({ policy }); };
  const point = triangle.handle({
    label: "Your policy", anywhere: true,
    drag: (x, y) => move(project(triangle.policyAt(x, y)).map(v => round(v, 0.001))),
    key: (name, big) => {
      const policy = keyMove(ui.state.policy, name, big);
      if (policy) move(policy);
      return Boolean(policy);
    },
  });
  const panel = ui.plot({
    label: "Your policy, and what each reply earns against it", kind: "img", height: () => 268, layout: layoutPanel,
  });
  const course = ui.plot({
    label: "Exploitability over the steps of self-play", kind: "img", height: () => 268, layout: layoutCourse,
  });
  return { triangle, point, panel, course };
}

function build(ui) {
  const { played, forget, row } = selfPlay(ui), { triangle, point, panel, course } = plots(ui, forget);
  const said = html("p", { class: "pg-fig-say" });
  const formula = ui.formula(
    tex`\text{exploitability} = \max_b\,-\sum_a \pol{\pi}(a)\,\good{M}_{ab}`,
    tex`{} = \max(\good{\live{r0}}, \good{\live{r1}}, \good{\live{r2}}) = \good{\live{worst}}`);
  const step = html("div", {}, [
    tex`\log \pol{\pi}(a) \leftarrow \log \pol{\pi}(a) +
       0.1(\text{what }a\good{\text{ earns}}\text{ now})`,
    tex`\log \pol{\pi}(a) \leftarrow \log \pol{\pi}(a) +
       0.1(\text{what }a\good{\text{ earns}}\text{ now} - 0.1 \log \pol{\pi}(a))`,
  ].map(rule => ui.formula(rule, ", then normalise")));
  ui.body.append(html("div", { class: "pg-fig-stack" },
    ui.row(ui.choice("Game", "game", [["classic", "classic"], ["rock2", "rock\u2019s win pays 2"]]),
      ui.choice("Mode", "mode", [["reply", "best reply"], ["selfplay", "self-play"]]), ui.resetButton()),
    html("div", { class: "pg-fig-columns" },
      triangle.holder, html("div", { class: "pg-fig-stack" }, panel.holder, course.holder)),
    row, html("div", {}, said, formula, step)));

  let drawn = "", mode = ui.state.mode;
  return s => {
    const rules = `${s.game}${s.simultaneous}${s.entropy}`, playing = s.mode === "selfplay";
    if (rules !== drawn || s.mode !== mode) {          // another game: another map, and self-play starts afresh
      if (drawn || s.mode !== mode) forget();
      triangle.relayout();
      drawn = rules;
      mode = s.mode;
    }
    const { run, history } = played, policy = run ? softmax(run.mine) : s.policy, M = PAYOFF[s.game];
    const earned = replies(policy, M), best = bestReply(policy, M), worst = earned[best];
    ui.challenge(worst < 0.05 && !run && !playing);
    panel.holder.hidden = formula.hidden = playing;
    course.holder.hidden = row.hidden = step.hidden = !playing;
    drawTriangle({ triangle, point }, policy, worst, played);
    if (playing) drawCourse(course, history); else drawPanel(panel, policy, earned, best, s.game === "classic" ? 1 : 2);
    formula.show({ r0: fmt(earned[0]), r1: fmt(earned[1]), r2: fmt(earned[2]), worst: fmt(worst) });
    [...step.children].forEach((line, i) => { line.hidden = Boolean(i) !== s.entropy; });
    said.textContent = playing ? playSentence(s, run, worst, M) : replySentence(policy, best, worst);
  };
}
const TASKS = {
  classic: "Find a policy that nobody can exploit: below 0.05 a round.",
  rock2: "Rock\u2019s win now pays 2, and the middle is wrong. Again: below 0.05 a round.",
};
export default explorable({
  name: "simplex", settings: ["policy", "game", "mode", "simultaneous", "entropy"],
  challenge: s => [s.game, TASKS[s.game]],
  repair: s => ({
    ...s, policy: project(s.policy), game: PAYOFF[s.game] ? s.game : "classic",
    mode: s.mode === "selfplay" ? "selfplay" : "reply",
  }),
  build,
});
