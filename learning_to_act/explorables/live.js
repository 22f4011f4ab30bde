/* Live training: REINFORCE on CartPole in the page, in a worker, while the reader changes its settings. */
import { add, axes, clamp, explorable, fmt, html, path, put, range, redo, scale, svg, text } from "./draw.js";

// ---- pure: what trains ----
/* Plain functions that need nothing but each other (PARTS), for their text is also the worker's program. */
/* Engines differ in the last bits of Math.exp, sin and cos. These use only what IEEE 754 fixes (+ - * / and the square
   root), so that a seed gives the same run in every browser. */
export function exponential(x) {                      // relative error below 1e-15; 0 below e^-708
  if (!(x > -708)) return x < 0 ? 0 : NaN;
  if (x > 709) return Infinity;
  const k = Math.floor(x * 1.4426950408889634 + 0.5);
  const r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
  let s = 1 + r * (1 / 13);
  s = 1 + r * s * (1 / 12); s = 1 + r * s * (1 / 11); s = 1 + r * s * (1 / 10);
  s = 1 + r * s * (1 / 9); s = 1 + r * s * (1 / 8); s = 1 + r * s * (1 / 7);
  s = 1 + r * s * (1 / 6); s = 1 + r * s * (1 / 5); s = 1 + r * s * 0.25;
  s = 1 + r * s * (1 / 3); s = 1 + r * s * 0.5; s = 1 + r * s;
  let power = 1, base = k < 0 ? 0.5 : 2;
  for (let n = Math.abs(k); n; n >>= 1, base *= base) if (n & 1) power *= base;
  return s * power;
}
export function tangent(x) {                          // the hyperbolic tangent, to 1e-15 of 1
  if (x > 20) return 1;
  return x < -20 ? -1 : 1 - 2 / (exponential(2 * x) + 1);
}
export function sine(x) {                             // |x| up to 1: a pole has fallen long before
  const q = x * x;
  let s = 1;
  for (let n = 18; n; n -= 2) s = 1 - q * s / (n * (n + 1));
  return x * s;
}
export function cosine(x) {
  const q = x * x;
  let s = 1;
  for (let n = 17; n > 0; n -= 2) s = 1 - q * s / (n * (n + 1));
  return s;
}
export function uniform(run) {                        // mulberry32; its state is a number of the run
  run.random = (run.random + 0x6D2B79F5) | 0;
  let t = Math.imul(run.random ^ (run.random >>> 15), 1 | run.random);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
/* One step of Gymnasium's CartPole-v1 (Barto, Sutton & Anderson 1983, Euler's rule): `state` [position, speed, angle,
   angular speed] is changed; true if the episode has terminated. */
export function push(state, right) {
  const [x, v, angle, turn] = state, sin = sine(angle), cos = cosine(angle);
  const pull = ((right ? 10 : -10) + 0.05 * turn * turn * sin) / 1.1;
  const bend = (9.8 * sin - cos * pull) / (0.5 * (4 / 3 - 0.1 * cos * cos / 1.1));
  state[0] = x + 0.02 * v; state[1] = v + 0.02 * (pull - 0.05 * bend * cos / 1.1);
  state[2] = angle + 0.02 * turn; state[3] = turn + 0.02 * bend;
  return Math.abs(state[0]) > 2.4 || Math.abs(state[2]) > 12 * 2 * 3.141592653589793 / 360;
}
/* The book's CartPole policy, MLPSoftmax((4, hidden, 2)): theta holds weights (4, hidden), offsets, weights
   (hidden, 2), offsets. Leaves the hidden signals in `signals`; returns the probability of a push to the right. */
export function rightness(theta, state, at, signals) {
  const hidden = signals.length, second = 5 * hidden;
  const a = state[at], b = state[at + 1], c = state[at + 2], d = state[at + 3];
  let z = theta[second + 2 * hidden + 1] - theta[second + 2 * hidden];
  for (let j = 0; j < hidden; j++) {
    const h = tangent(theta[4 * hidden + j] + a * theta[j] + b * theta[hidden + j]
      + c * theta[2 * hidden + j] + d * theta[3 * hidden + j]);
    signals[j] = h;
    z += h * (theta[second + 2 * j + 1] - theta[second + 2 * j]);
  }
  return z > 0 ? 1 / (1 + exponential(-z)) : 1 - 1 / (1 + exponential(z));
}
/* sum over steps of weights times the score, (d,): obs flat (4 numbers a step), actions 0 or 1. */
export function weightedScore(theta, obs, actions, weights, hidden) {
  const total = new Float64Array(theta.length), signals = new Float64Array(hidden);
  const second = 5 * hidden, last = second + 2 * hidden;
  for (let t = 0; t < actions.length; t++) {
    if (!weights[t]) continue;
    const p = rightness(theta, obs, 4 * t, signals);
    const g = weights[t] * ((actions[t] ? 1 : 0) - p);                    // by the logit of right; of left, -g
    const a = obs[4 * t], b = obs[4 * t + 1], c = obs[4 * t + 2], d = obs[4 * t + 3];
    for (let j = 0; j < hidden; j++) {
      const h = signals[j], back = g * (theta[second + 2 * j + 1] - theta[second + 2 * j]) * (1 - h * h);
      total[j] += back * a; total[hidden + j] += back * b;
      total[2 * hidden + j] += back * c; total[3 * hidden + j] += back * d;
      total[4 * hidden + j] += back;
      total[second + 2 * j] -= g * h; total[second + 2 * j + 1] += g * h;
    }
    total[last] -= g; total[last + 1] += g;
  }
  return total;
}
/* The weight of every step of the batch, episodes one after the other: (gamma^t) (G_t - baseline at t), over their
   root mean square. */
export function weigh(lengths, { baseline, keep, gamma }) {
  const longest = Math.max(...lengths), sums = new Float64Array(longest), alive = new Int32Array(longest);
  const toGo = [1];                                                       // each step pays 1: the return of k + 1 steps
  for (let k = 1; k < longest; k++) toGo.push(1 + gamma * toGo[k - 1]);
  for (const n of lengths) for (let t = 0; t < n; t++) { sums[t] += toGo[n - t - 1]; alive[t]++; }
  const psi = new Float64Array(lengths.reduce((a, b) => a + b, 0));
  let i = 0, squares = 0;
  for (const n of lengths) {
    for (let t = 0, discount = 1; t < n; t++, discount *= keep ? gamma : 1) {
      const mine = toGo[n - t - 1];
      const base = baseline === "none" ? 0
        : baseline === "batch_mean" ? sums[t] / alive[t]
        : (sums[t] - mine) / Math.max(alive[t] - 1, 1);
      psi[i] = discount * (mine - base);
      squares += psi[i] * psi[i++];
    }
  }
  const unit = Math.max(Math.sqrt(squares / psi.length), 1e-8);
  return psi.map(v => v / unit);
}
/* A run at its start: random weights of variance 1 / inputs, the last layer's a hundred times smaller, as in the
   package. */
export function begin(seed, hidden = 64) {
  const theta = new Float64Array(7 * hidden + 2);
  const run = { random: seed * 7919 | 0, hidden, updates: 0, steps: 0, mean: 0, theta, lost: "" };
  for (let j = 0; j < 4 * hidden; j++) run.theta[j] = (uniform(run) - 0.5) * Math.sqrt(12 / 4);
  for (let j = 5 * hidden; j < 7 * hidden; j++) run.theta[j] = 0.01 * (uniform(run) - 0.5) * Math.sqrt(12 / hidden);
  run.average = new Float64Array(run.theta.length); run.square = new Float64Array(run.theta.length);
  run.best = { theta: run.theta.slice(), mean: 0, updates: 0 };
  return run;
}
export function climb(run, gradient, rate) {          // Adam, uphill (Kingma & Ba 2015)
  const { theta, average, square } = run;
  run.one = (run.one ?? 1) * 0.9; run.two = (run.two ?? 1) * 0.999;
  for (let i = 0; i < theta.length; i++) {
    average[i] = 0.9 * average[i] + 0.1 * gradient[i];
    square[i] = 0.999 * square[i] + 0.001 * gradient[i] * gradient[i];
    theta[i] += rate * (average[i] / (1 - run.one)) / (Math.sqrt(square[i] / (1 - run.two)) + 1e-8);
  }
}
/* One update: `batch` episodes, their weights, one step of Adam. Yields after each episode, so a page can breathe. */
export function* updating(run, settings) {
  const { batch, rate } = settings, room = 500;
  const obs = new Float64Array(4 * room * batch), actions = new Uint8Array(room * batch);
  const state = [0, 0, 0, 0], signals = new Float64Array(run.hidden), lengths = [];
  let at = 0, doubt = 0;
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < 4; i++) state[i] = 0.1 * uniform(run) - 0.05;
    let t = 0;
    for (let over = false; !over && t < room; t++, at++) {
      obs.set(state, 4 * at);
      const p = rightness(run.theta, state, 0, signals), right = uniform(run) < p;
      actions[at] = right ? 1 : 0;
      doubt += (right ? 1 - p : p) ** 2;
      over = push(state, right);
    }
    lengths.push(t);
    yield;
  }
  run.mean = at / batch; run.steps += at; run.doubt = Math.sqrt(doubt / at);
  if (run.mean >= run.best.mean) run.best = { theta: run.theta.slice(), mean: run.mean, updates: run.updates };
  const seen = obs.subarray(0, 4 * at), done = actions.subarray(0, at);
  const gradient = weightedScore(run.theta, seen, done, weigh(lengths, settings), run.hidden);
  climb(run, gradient.map(v => v / batch), rate);
  run.updates++;
  run.lost = !run.theta.every(v => Math.abs(v) < 1e9) ? "diverged"
    : run.doubt < 1e-3 && run.mean < run.best.mean / 2 ? "sure" : "";
}
export function back(run) {                           // to the last good policy; Adam's memory begins anew
  run.theta.set(run.best.theta); run.average.fill(0); run.square.fill(0);
  run.one = run.two = 1; run.lost = ""; run.mean = run.best.mean;
}
/* Of theta's bits: the same in every engine, or arithmetic differs somewhere. */
export function fingerprint({ theta }) {
  let hash = 2166136261;
  const bytes = new Uint8Array(theta.buffer, theta.byteOffset, theta.byteLength);
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619);
  return hash >>> 0;
}
/* The worker: told { begin }, { settings }, { go }, { back }; tells what happened after each update. */
export function work(scope) {
  let run, settings, going = false, current = null, timer = 0;
  const tell = () => scope.postMessage({ updates: run.updates, steps: run.steps, mean: run.mean, lost: run.lost,
    theta: run.theta.slice(), best: { mean: run.best.mean, updates: run.best.updates } });
  function slice() {
    const begun = scope.now();
    while (going) {
      current ??= updating(run, settings);
      if (current.next().done) {
        current = null;
        if (run.lost) going = false;
        tell();
        if (settings.pace) {
          timer = scope.later(slice, Math.max(0, 1000 / settings.pace - (scope.now() - begun)));
          return;
        }
      }
      if (scope.now() - begun > scope.patience) { timer = scope.later(slice, 0); return; }
    }
  }
  return message => {
    if ("settings" in message) ({ settings } = message);
    if ("begin" in message) { run = begin(message.begin); current = null; }
    if (message.back) { back(run); current = null; tell(); }
    if ("go" in message) {
      going = message.go;
      scope.stop(timer);
      if (going) timer = scope.later(slice, 0);
    }
  };
}
export const PARTS = [exponential, tangent, sine, cosine, uniform, push, rightness, weightedScore, weigh, begin, climb,
  updating, back, work];

// ---- drawing ----
export const RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2], BATCHES = [1, 2, 4, 8, 16, 32, 64];
const LEFT = 36, RIGHT = 14, FULL = 500, GOAL = 475, WITHIN = 20_000, MOST = 1000;
const ROOMS = [20_000, 40_000, 80_000, 160_000, 320_000, 1_000_000, 5_000_000];
const LEAN = 6 * Math.PI / 180;
const WATCHED = [
  ["leans 6\u00b0 left", [0, 0, -LEAN, 0]], ["upright", [0, 0, 0, 0]], ["leans 6\u00b0 right", [0, 0, LEAN, 0]],
];
const count = n => fmt(n, 0);

/* Where training runs: a worker, or, where a page may have none, slices of this thread, told and telling the same. */
function trainer(news) {
  const here = () => work({ postMessage: news, now: () => performance.now(), patience: 4,
    later: setTimeout.bind(window), stop: clearTimeout.bind(window) });
  let told = [], inside = null, worker = null;
  const program = `${PARTS.map(String).join("\n")}
    const answer = ${work.name}({ postMessage: m => self.postMessage(m), now: () => performance.now(), patience: 30,
      later: setTimeout.bind(self), stop: clearTimeout.bind(self) });
    self.onmessage = e => answer(e.data);`;
  const retreat = () => { worker = null; inside = here(); told.forEach(inside); };
  try {
    const address = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    worker = new Worker(address);
    worker.onmessage = e => { told = []; news(e.data); };
    worker.onerror = retreat;
  } catch { retreat(); }
  return {
    tell(message) { if (worker) { told.push(message); worker.postMessage(message); } else inside(message); },
    close() { worker?.terminate(); inside?.({ go: false }); },
  };
}

/* What the curve shows, in words. */
function curveInWords(now, ghost) {
  const end = run => `${count(run.means.at(-1))} after ${count(run.steps.at(-1))} steps`;
  const before = ghost.means.length ? `; the run before ended at ${end(ghost)}` : "";
  return `Mean return of each batch: ${now.means.length ? end(now) : "nothing trained yet"}${before}.`;
}
/* The curve of this run, and the ghost of the one before it. */
function curvePlot(ui, runs) {
  const plot = ui.plot({
    label: "Mean return of each batch through training", kind: "img", height: () => 262,
    layout(plot, width) {
      const most = Math.max(...runs().map(r => r.steps.at(-1) ?? 0)), room = ROOMS.find(v => v >= most) ?? most;
      plot.room = room;
      plot.x = scale([0, room], [LEFT, width - RIGHT]); plot.y = scale([0, FULL], [206, 26]);
      axes(plot, { x: plot.x, y: plot.y, xticks: [0, room / 2, room], yticks: [0, 250, 500],
        xshow: v => (v ? `${fmt(v / 1000, 0)}k` : "0"), xlabel: "steps in the environment", ylabel: "" });
      const goal = { x1: LEFT, x2: width - RIGHT, y1: plot.y(GOAL), y2: plot.y(GOAL), class: "pg-corridor-stem" };
      add(plot.back, text(0, 12, "mean return of each batch", { class: "pg-fig-label" }), svg("line", goal));
    },
  });
  plot.draw = () => {
    const [now, ghost] = runs(), most = Math.max(now.steps.at(-1) ?? 0, ghost.steps.at(-1) ?? 0);
    if (most > plot.room) plot.relayout();
    const at = r => r.steps.map((n, i) => [plot.x(n), plot.y(r.means[i])]);
    const points = at(now), end = points.at(-1);
    redo(plot.live,
      ghost.steps.length > 0 && svg("path", { d: path(at(ghost)), class: "pg-live-ghost" }),
      points.length > 0 && svg("path", { d: path(points), class: "pg-corridor-curve" }),
      end && svg("circle", { cx: end[0], cy: end[1], r: 5, class: "pg-corridor-agent" }));
    put(plot.el, { "aria-label": curveInWords(now, ghost) });
  };
  return plot;
}

/* The cart and its pole in a state, `metre` pixels to the metre, on a line `width` wide. */
function cartAndPole(state, metre, width) {
  const [x, , angle] = state, px = width / 2 + x * metre, w = 0.46 * metre, top = 138 - 0.3 * metre;
  const wheel = { cy: 138 - 0.05 * metre, r: 0.07 * metre, class: "pg-training-wheel" };
  const tip = { x2: px + metre * Math.sin(angle), y2: top - metre * Math.cos(angle) };
  return [
    svg("rect", { x: px - w / 2, y: top, width: w, height: 0.22 * metre, rx: 3, class: "pg-training-cart" }),
    [-0.3, 0.3].map(k => svg("circle", { cx: px + k * w, ...wheel })),
    svg("line", { x1: px, y1: top, ...tip, class: "pg-training-pole", "stroke-width": Math.max(2, 0.08 * metre) }),
  ];
}
/* The pole, balanced by the policy of this moment; still where motion is not wanted. */
function polePlot(ui, policy) {
  const film = { random: 1, state: [0, 0, 0.03, 0], length: 0, over: 0 }, signals = new Float64Array(64);
  const plot = ui.plot({
    label: "The cart and its pole, under the policy of this moment", kind: "img", height: () => 150,
    layout(plot, width) {
      add(plot.back, text(0, 12, "the policy of this moment", { class: "pg-fig-label" }),
        svg("line", { x1: 4, x2: width - 4, y1: 138, y2: 138, class: "pg-fig-axis" }));
    },
  });
  const restart = () => Object.assign(film, { state: range(4).map(() => 0.1 * uniform(film) - 0.05), length: 0 });
  plot.step = () => {
    if (film.over) {
      if (--film.over === 0) restart();
      return;
    }
    const right = uniform(film) < rightness(policy(), film.state, 0, signals);
    film.length++;
    if (push(film.state, right) || film.length === FULL) film.over = 25;
  };
  plot.draw = () => {
    const ended = film.length === FULL ? "stood for 500 steps" : `fell after ${film.length}`;
    const words = film.over ? ended : `step ${film.length}`;
    redo(plot.live, cartAndPole(film.state, Math.min(90, plot.width / 5.2), plot.width),
      text(plot.width, 12, words, { class: "pg-fig-note", "text-anchor": "end" }));
  };
  return plot;
}

/* p(right) in three states: a policy that balances pushes towards the side on which the pole leans. */
function leanPlot(ui, policy) {
  const signals = new Float64Array(64);
  const plot = ui.plot({
    label: "Probability of a push to the right in three states", kind: "img", height: () => 106,
    layout(plot, width) {
      plot.x = scale([0, 1], [104, width - 40]);
      add(plot.back, text(0, 12, "chance of a push to the right where the pole", { class: "pg-fig-label" }));
    },
  });
  const bar = (words, p, y) => {
    const [left, right] = plot.x.range, about = { x: left, y };
    return [
      text(0, y + 14, words),
      svg("rect", { ...about, width: right - left, height: 18, class: "pg-bins-bin" }),
      svg("rect", { ...about, width: Math.max(0, plot.x(p) - left), height: 18, class: "pg-fig-policy" }),
      text(right + 6, y + 14, fmt(p), {}),
    ];
  };
  plot.draw = () => {
    const ps = WATCHED.map(([, state]) => rightness(policy(), state, 0, signals));
    redo(plot.live, WATCHED.map(([words], i) => bar(words, ps[i], 24 + 28 * i)));
    const told = WATCHED.map(([words], i) => `${fmt(ps[i])} where the pole ${i === 1 ? "is " : ""}${words}`);
    put(plot.el, { "aria-label": `Probability of a push to the right: ${told.join(", ")}.` });
  };
  return plot;
}

/* What is said of a run below its figures. */
function runInWords(it) {
  const { now: { steps, means }, lost, updates, best, going } = it;
  const kept = () => `The policy of update ${best.updates} (mean return ${count(best.mean)}) is kept.`;
  if (lost === "diverged") return `Training diverged at update ${updates}: the numbers left every bound. ${kept()}`;
  if (lost === "sure") {
    return "The policy is sure of itself and wrong: the score of all that it does is close to 0, so no gradient"
      + ` brings it back. ${kept()}`;
  }
  if (!steps.length) {
    return "Nothing is trained yet: the policy tosses a coin, and the pole falls after some twenty steps.";
  }
  return `After ${updates} updates and ${count(steps.at(-1))} steps`
    + ` the last batch stood for ${count(means.at(-1))} steps on average`
    + (means.at(-1) >= GOAL ? ": balanced." : ".") + (going ? "" : " Paused.");
}
/* One run and the ghost of the last: what is drawn, told and kept. Training itself is elsewhere. */
function training(ui, changed) {
  const empty = () => ({ steps: [], means: [] });
  const it = { now: empty(), ghost: empty(), going: false, started: false, lost: "", best: null,
    met: /** @type {any} */ (false) };
  const settings = () => {
    const { batch, rate, baseline, keep, pace } = ui.state;
    return { batch: BATCHES[batch], rate: RATES[rate], baseline, keep, gamma: 0.99, pace };
  };
  const fresh = () => {
    it.theta = begin(ui.state.seed).theta;
    it.updates = 0; it.lost = ""; it.started = it.met = false;
  };
  const news = m => {
    if (ui.closed) return close();
    if (!it.started) return undefined;                     // of a run that was given up
    if (m.updates > it.updates) { it.now.steps.push(m.steps); it.now.means.push(m.mean); }
    Object.assign(it, { theta: m.theta, updates: m.updates, lost: m.lost, best: m.best });
    if (m.lost) { it.going = false; ui.say(it.words()); }
    if (m.updates >= MOST && it.going) it.go(false);
    const reached = m.mean >= GOAL && BATCHES[ui.state.batch] >= 4;
    if (reached && !it.met) {
      it.met = m.steps <= WITHIN ? "soon" : "late";
      ui.say(`Balanced: a mean return of ${count(m.mean)} after ${count(m.steps)} steps.`);
    }
    changed();
    return undefined;
  };
  let other = null;
  const close = () => { other?.close(); other = null; };
  it.sync = () => other?.tell({ settings: settings() });
  it.go = going => {
    other ??= trainer(news);
    it.going = going;
    if (going && !it.started) {
      it.started = true; it.now = empty();
      other.tell({ settings: settings(), begin: ui.state.seed });
    }
    other.tell({ settings: settings(), go: going });
    changed();
  };
  it.renew = () => {
    if (it.started && it.now.steps.length) it.ghost = it.now;
    close();
    it.going = false; it.now = empty();
    fresh();
    changed();
  };
  it.back = () => { other.tell({ back: true }); it.lost = ""; changed(); };
  it.clear = () => { it.renew(); it.ghost = empty(); };
  it.words = () => runInWords(it);
  fresh();
  return it;
}

/* The film of the pole: 50 steps a second, as the world has it, while it can be seen. Returns what starts it anew. */
function filming(ui, pole) {
  let seen = false, ticking = false, last = 0;
  const tick = now => {
    if (ui.closed || !seen || document.hidden) { ticking = false; return; }
    last = Math.max(last, now - 100);
    for (; now - last >= 20; last += 20) pole.step();
    pole.draw();
    requestAnimationFrame(tick);
  };
  const start = () => {
    if (!seen || ticking || ui.still()) return;
    ticking = true;
    requestAnimationFrame(tick);
  };
  const watching = new IntersectionObserver(entries => { seen = entries.at(-1).isIntersecting; start(); });
  watching.observe(pole.holder);
  return start;
}
/* A page that nobody sees trains nothing. */
function restWhileHidden(ui, it, film) {
  let resume = false;
  document.addEventListener("visibilitychange", () => {
    if (ui.closed) return;
    if (document.hidden) {
      resume = it.going;
      if (resume) it.go(false);
    } else {
      if (resume) it.go(true);
      film();
    }
  });
}
/* The sliders and choices, row by row. */
function settingRows(ui) {
  const baselines = [["none", "no baseline"], ["batch_mean", "batch mean"], ["leave_one_out", "leave one out"]];
  const paces = [[2, "2 updates a second"], [10, "10"], [0, "full speed"]];
  const place = list => ({ min: 0, max: list.length - 1, step: 1, show: k => String(list[k]), wide: true });
  return [
    html("div", { class: "pg-race-sliders" }, ui.slider("learning rate", "rate", place(RATES)),
      ui.slider("episodes a batch", "batch", place(BATCHES))),
    ui.row(ui.choice("Baseline", "baseline", baselines), ui.toggle("keep \u03b3\u1d57", "keep")),
    ui.row(ui.choice("Pace", "pace", paces), ui.slider("seed", "seed", { min: 1, max: 20, step: 1 })),
  ];
}
function build(ui) {
  let known = "";
  const it = training(ui, () => ui.redraw()), policy = () => it.theta;
  const curve = curvePlot(ui, () => [it.now, it.ghost]), pole = polePlot(ui, policy), lean = leanPlot(ui, policy);
  const main = ui.button("Train", () => it.go(!it.going), { class: "pg-fig-main" });
  const again = ui.button("New run", () => { it.renew(); it.go(true); });
  const back = ui.button("Back to the last good policy", () => {
    it.back();
    ui.say("Back to the last good policy. Training is paused.");
    main.focus();
  });
  ui.onReset(() => it.clear());
  const said = html("p", { class: "pg-fig-say" });
  const small = html("p", { class: "pg-fig-small" },
    "The same seed and the same settings give the same run in every browser."
    + " What you change takes effect at the next update; a new seed, at the next run.");
  const right = html("div", { class: "pg-fig-stack" }, pole.holder, lean.holder);
  ui.body.append(html("div", { class: "pg-fig-stack" }, html("div", { class: "pg-fig-columns" }, curve.holder, right),
    ui.row(main, again, back, ui.resetButton()), said, settingRows(ui), small));
  restWhileHidden(ui, it, filming(ui, pole));
  return s => {
    const key = JSON.stringify(s);
    if (key !== known) {
      known = key;
      it.sync();
      if (!it.started) it.renew();
    }
    ui.challenge(it.met === "soon");
    main.textContent = it.going ? "Pause" : it.started ? "Go on" : "Train";
    main.disabled = Boolean(it.lost); back.disabled = !it.lost;
    curve.draw(); lean.draw();
    if (ui.still()) pole.draw();
    said.textContent = it.words();
  };
}
function repair({ rate, batch, baseline, keep, pace, seed }) {
  return {
    rate: clamp(Math.round(rate), 0, RATES.length - 1), batch: clamp(Math.round(batch), 0, BATCHES.length - 1),
    baseline: ["none", "batch_mean", "leave_one_out"].includes(baseline) ? baseline : "batch_mean",
    keep: Boolean(keep), pace: [0, 2, 10].includes(pace) ? pace : 10, seed: clamp(Math.round(seed), 1, 20),
  };
}
export default explorable({
  name: "live", settings: ["rate", "batch", "baseline", "keep", "pace", "seed"],
  challenge: "Balance within 20,000 steps: a mean return of 475 or more, in a batch of at least 4 episodes.",
  repair, build,
});
