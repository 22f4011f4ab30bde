/* Shared helpers of the book's explorables: a frame with challenge, state and address; plots; handles; controls. */

// ---- numbers ----
export const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
export const range = n => Array.from({ length: n }, (_, i) => i);
export const sum = xs => xs.reduce((a, b) => a + b, 0);
export const dot = (xs, ys) => xs.reduce((a, x, i) => a + x * ys[i], 0);
export const round = (x, step) => Number((Math.round(x / step) * step).toFixed(10));
export const percent = x => `${Math.round(100 * x)}\u202f%`;
export function fmt(x, digits = 2) {                  // a true minus sign, and no "-0.00"
  const text = (Math.abs(x) < 0.5 * 10 ** -digits ? 0 : x).toFixed(digits);
  const [whole, part] = text.replace("-", "\u2212").split(".");
  return whole.replace(/\d(?=(\d{3})+$)/g, "$&\u202f") + (part ? `.${part}` : "");
}
// as an exponent
export const raised = n => String(n).replace(/[-\d]/g,
  c => (c === "-" ? "\u207b" : "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[c]));
export function softmax(logits) {
  const top = Math.max(...logits), e = logits.map(z => Math.exp(z - top)), total = sum(e);
  return e.map(z => z / total);
}
export function random(seed) {                        // mulberry32: every reader, a whole class, sees the same draws
  return () => {
    seed = (seed + 0x6D2B79F5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
export function choose(probs, u) {                    // the index that the uniform number u falls on
  for (let i = 0; i < probs.length - 1; i++) if ((u -= probs[i]) < 0) return i;
  return probs.length - 1;
}
export function scale([a, b], [c, d]) {
  const f = x => c + (d - c) * (x - a) / (b - a);
  return Object.assign(f, { invert: y => a + (b - a) * (y - c) / (d - c), domain: [a, b], range: [c, d] });
}

// ---- elements ----
function fill(el, attrs, children) {
  for (const [key, value] of Object.entries(attrs)) {
    if (typeof value === "function") el.addEventListener(key, value);
    else if (value === true) el.setAttribute(key, "");
    else if (value !== false && value != null) el.setAttribute(key, value);
  }
  el.append(...children.flat(9).filter(child => child != null && child !== false));
  return el;
}
export const html = (tag, attrs = {}, ...children) => fill(document.createElement(tag), attrs, children);
export const svg = (tag, attrs = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attrs, children);
export const put = (el, attrs) => fill(el, attrs, []);
export const add = (el, ...children) => fill(el, {}, children);
export const redo = (el, ...children) => { el.replaceChildren(); return fill(el, {}, children); };
export const text = (x, y, words, attrs = {}) => svg("text", { x, y, ...attrs }, words);
export const path = points => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
export function arrow([x0, y0], [x1, y1], head = 9) { // one closed outline: shaft and head scale together
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 1) return "";
  const u = (x1 - x0) / length, v = (y1 - y0) / length;
  const h = Math.min(head, length), w = h * 0.42, t = Math.min(1.4, w / 2), neck = length - h;
  const at = (along, side) => [x0 + u * along - v * side, y0 + v * along + u * side];
  return `${path([at(0, t), at(neck, t), at(neck, w), at(length, 0), at(neck, -w), at(neck, -t), at(0, -t)])}Z`;
}
let serial = 0;
export const unique = name => `pg-${name}-${Math.random().toString(36).slice(2)}-${serial++}`;
export function hatch(g, colour) {                    // how "good" looks without its colour: returns a fill
  const id = unique("hatch");
  const square = { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
  g.append(svg("defs", {}, svg("pattern", square,
    svg("rect", { width: 6, height: 6, fill: `var(--pg-${colour})`, opacity: 0.16 }),
    svg("rect", { width: 2, height: 6, fill: `var(--pg-${colour})`, opacity: 0.75 }))));
  return `url(#${id})`;
}
/* A formula: a module's TeX was set by tools/make/formulas.py; base.py puts its HTML in the TeX's place. */
export function tex(markup) {
  const box = html("span");
  box.innerHTML = markup;
  return box.firstChild;
}
const shortcuts = { "data-lm-suppress-shortcuts": "true" };    // else JupyterLab takes the arrow keys
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// ---- settings in the address: #corridor=p:0.95,cells:5&simplex=policy:0.2_0.5_0.3 ----
const pack = v => Array.isArray(v) ? v.map(pack).join("_") : String(typeof v === "number" ? Number(v.toFixed(4)) : v);
function unpack(words, like) {                        // of the same kind as `like`, or `like` itself
  if (Array.isArray(like)) {
    const values = words.split("_").map(Number);
    return values.length === like.length && values.every(Number.isFinite) ? values : like;
  }
  if (typeof like === "number") return Number.isFinite(Number(words)) ? Number(words) : like;
  return typeof like === "boolean" ? words === "true" : words;
}
export const readAddress = (hash, name, defaults) => {
  const part = hash.replace(/^#/, "").split("&").find(p => p.startsWith(`${name}=`));
  if (part === undefined) return null;
  const given = Object.fromEntries(part.slice(name.length + 1).split(",").map(pair => pair.split(":")));
  const read = ([k, like]) => [k, k in given ? unpack(given[k], like) : like];
  return Object.fromEntries(Object.entries(defaults).map(read));
};
export const writeAddress = (hash, name, state, defaults) => {
  const others = hash.replace(/^#/, "").split("&").filter(p => p.includes("=") && !p.startsWith(`${name}=`));
  const changed = Object.keys(defaults).filter(k => pack(state[k]) !== pack(defaults[k]));
  const own = changed.map(k => `${k}:${pack(state[k])}`).join(",");
  return [...others, ...(changed.length ? [`${name}=${own}`] : [])].join("&");
};

// ---- the frame: what every explorable has ----
/* explorable({ name, settings, challenge, build }) is an anywidget module. `settings` names the model's traits that are
   the state; `repair(state)` makes any state valid; `build(ui)` draws once and returns update(state), called at every
   change. */
export function explorable({ name, settings, challenge, repair = s => s, build }) {
  function render({ model, el }) {
    const frame = makeFrame(name, settings, model, el), { ui } = frame;
    giveState(frame, repair);
    giveChallenge(frame, challenge);
    giveControls(frame);
    ui.formula = liveFormula;
    ui.plot = options => { const plot = makePlot(options, ui); frame.plots.push(plot); return plot; };

    const draw = build(ui);
    frame.update = state => { frame.syncs.forEach(f => f(state)); draw(state); };
    for (const plot of frame.plots) plot.fit();
    settings.forEach(k => model.on(`change:${k}`, frame.heard));
    const deafen = hearPage(frame, repair);
    return () => {
      settings.forEach(k => model.off(`change:${k}`, frame.heard));
      deafen();
      frame.plots.forEach(plot => plot.close());
      ui.closed = true;
    };
  }
  return { render, name, settings, repair };
}
/* The elements of a figure, its `ui`, and what the functions below share. */
function makeFrame(name, settings, model, el) {
  const title = model.get("title");
  const same = document.querySelectorAll(`[data-explorable="${name}"]`).length;
  const key = same ? `${name}-${same + 1}` : name;
  const defaults = Object.fromEntries(settings.map(k => [k, model.get(k)]));
  const announcer = html("p", { class: "pg-fig-hidden", "aria-live": "polite" });
  const body = html("div", { class: "pg-fig-body" }), challengeLine = html("p", { class: "pg-fig-challenge" });
  const about = { class: "pg-explorable pg-fig", role: "group", "aria-label": title, "data-explorable": name };
  const root = html("div", about, html("p", { class: "pg-fig-title" }, title), challengeLine, body, announcer);
  el.append(root);
  return {
    name, settings, model, el, title, challengeLine,
    live: el.classList.contains("pg-widget"),         // the page owns its address, JupyterLab does not
    ui: { root, body, key, defaults, still, model, say: words => { announcer.textContent = words; } },
    update: /** @type {(state?: any) => void} */ (() => {}),
    touched: false,                                   // whether the last change was made by hand
    syncs: [],                                        // what brings each control to the state
    chosen: {},                                       // what a choice does besides, by its setting
    plots: [],
  };
}
/* The state: read from the model's traits; each change redraws, and stands in the page's address. */
function giveState(frame, repair) {
  const { ui, model, settings, title } = frame, { key, defaults } = ui, resets = [];
  let writing = 0, busy = false;
  const read = () => repair(Object.fromEntries(settings.map(k => [k, model.get(k)])));
  ui.state = read();
  frame.refresh = () => { ui.state = read(); frame.update(ui.state); };
  frame.heard = () => { if (!busy) frame.refresh(); };
  frame.assign = patch => {
    busy = true;
    for (const [k, v] of Object.entries(patch)) model.set(k, v);
    busy = false;
    frame.refresh();
  };
  const writeDown = () => {
    const hash = writeAddress(location.hash, key, ui.state, defaults);
    history.replaceState(history.state, "", location.pathname + location.search + (hash && `#${hash}`));
  };
  const change = (patch, byHand) => {
    frame.touched = byHand;                           // what the page's text sets meets no challenge
    frame.assign(repair({ ...ui.state, ...patch }));
    model.save_changes();
    if (!frame.live) return;
    clearTimeout(writing);                            // browsers allow about a hundred address changes in half a minute
    writing = setTimeout(writeDown, 300);
  };
  ui.redraw = () => frame.update(ui.state);
  ui.set = patch => change(patch, true);
  ui.root.addEventListener("pg:set", e => {           // words of the text that set the figure, as its controls would
    const { settings: given, words } = /** @type {CustomEvent} */ (e).detail;
    const wanted = Object.entries(readAddress(`${key}=${given}`, key, ui.state));
    const patch = Object.fromEntries(wanted.filter(([k, v]) => pack(v) !== pack(ui.state[k])));
    change(Object.entries(patch).reduce((all, [k, v]) => ({ ...frame.chosen[k]?.(v), ...all }), patch), false);
    ui.say(`${title}: ${words}.`);
  });
  ui.onReset = f => resets.push(f);
  ui.reset = () => { resets.forEach(f => f()); ui.set(defaults); ui.say("Reset."); };
}
/* ui.challenge(reached): recognised when met, remembered for the session. */
function giveChallenge(frame, challenge) {
  const { ui, name, el, challengeLine } = frame;
  const badge = html("span", { class: "pg-fig-badge" }), words = html("span"), reachedNow = new Set();
  challengeLine.append(badge, " ", words);
  const store = {                                     // storage may be forbidden
    get(k) { try { return sessionStorage.getItem(k); } catch { return null; } },
    set(k) { try { sessionStorage.setItem(k, "1"); } catch { /* then it lasts as long as the page */ } },
  };
  const passed = () => {
    const id = el.dataset.widget;                     // set by the book's pages only; JupyterLab keeps no progress
    if (id) document.dispatchEvent(new CustomEvent("pg:passed", { detail: { kind: "challenge", id } }));
  };
  ui.challenge = reached => {                         // called at every change; a challenge may depend on the state
    const [id, task] = typeof challenge === "function" ? challenge(ui.state) : ["", challenge];
    const memory = `pg-met-${name}-${id}`;
    const known = reachedNow.has(id) || store.get(memory), met = known || (reached && frame.touched);
    if (met && !known) { reachedNow.add(id); store.set(memory); ui.say(`Challenge met: ${task}`); passed(); }
    if (words.textContent !== task) words.textContent = task;
    challengeLine.classList.toggle("pg-fig-met", Boolean(met));
    badge.textContent = met ? "\u2713 Met" : "Challenge";
    return Boolean(met);
  };
}
function giveControls({ ui, syncs, chosen }) {
  ui.row = (...children) => html("div", { class: "pg-fig-row" }, ...children);
  ui.button = (label, onclick, attrs = {}) =>
    html("button", { type: "button", ...shortcuts, ...attrs, click: onclick }, label);
  ui.resetButton = () => ui.button("Reset", ui.reset, { class: "pg-fig-quiet" });
  ui.toggle = (label, k) => {
    const input = html("input", { type: "checkbox", ...shortcuts, change: () => ui.set({ [k]: input.checked }) });
    syncs.push(state => { input.checked = state[k]; });
    return html("label", { class: "pg-fig-toggle" }, input, label);
  };
  // native radio buttons, so that everybody knows the keys
  ui.choice = (label, k, options, also = _ => ({}), before = () => {}) => {
    const group = unique(k);
    chosen[k] = value => { before(); return { ...also(value), [k]: value }; };
    const inputs = options.map(([value]) => html("input",
      { type: "radio", name: group, ...shortcuts, change: () => ui.set(chosen[k](value)) }));
    syncs.push(state => inputs.forEach((input, i) => { input.checked = state[k] === options[i][0]; }));
    return html("fieldset", { class: "pg-fig-choice" }, html("legend", { class: "pg-fig-hidden" }, label),
      options.map(([, words], i) => html("label", {}, inputs[i], html("span", {}, words))));
  };
  ui.slider = (label, k, { min, max, step, show = String, wide = false }) => {
    const moved = () => ui.set({ [k]: Number(input.value) });
    const input = html("input", { type: "range", min, max, step, ...shortcuts, input: moved });
    const output = html("output", {}), look = wide ? "pg-fig-slider pg-fig-wide" : "pg-fig-slider";
    syncs.push(state => {
      input.value = state[k];
      output.textContent = show(state[k]);
      input.setAttribute("aria-valuetext", show(state[k]));
    });
    return html("label", { class: look }, html("span", {}, label), input, output);
  };
}
/* ui.formula(formulas, elements and words): those with data-v get the live numbers. */
function liveFormula(...parts) {
  const line = html("p", { class: "pg-fig-formula" }, parts.flatMap(part => [part, " "]).slice(0, -1));
  const holes = [...line.querySelectorAll("[data-v]")];
  line.show = values => {
    for (const hole of holes) {
      const value = values[hole.dataset.v];
      if (hole.textContent !== value) hole.textContent = value;
    }
  };
  return line;
}
/* Draws for the first time, hears the page's address and its printer, and returns what ends the hearing. */
function hearPage(frame, repair) {
  const { ui, live, assign } = frame, { root, key, defaults } = ui;
  const open = scroll => {
    const state = live && readAddress(location.hash, key, defaults);
    if (!state) return;
    assign(repair(state));
    if (scroll) root.scrollIntoView({ block: "center" });
  };
  let kept = null;                                    // paper shows the default
  const heard = {
    hashchange: () => open(true),
    beforeprint: () => { kept = { ...ui.state }; assign(defaults); },
    afterprint: () => { if (kept) assign(kept); kept = null; },
  };
  for (const [event, f] of Object.entries(heard)) addEventListener(event, f);
  frame.refresh();
  open(true);
  return () => { for (const [event, f] of Object.entries(heard)) removeEventListener(event, f); };
}

// ---- plots: drawn in real pixels, so that words keep their size on a phone ----
/* plot({ label, height(width), layout(plot, width, height) }): layout draws what does not move into plot.back and sets
   scales; update functions then fill plot.live. Handles stay in plot.top, so they keep the focus. */
function makePlot({ label, height, layout, kind = "group" }, ui) {
  const back = svg("g"), live = svg("g"), top = svg("g");
  const el = svg("svg", { class: "pg-fig-plot", role: kind, "aria-label": label }, back, live, top);
  const plot = { el, back, live, top, width: 0 };
  plot.fit = () => {
    const width = Math.round(el.parentNode?.clientWidth || 0) || plot.width || 640;
    if (width === plot.width) return false;
    plot.width = width; plot.height = Math.round(height(width));
    put(el, { viewBox: `0 0 ${plot.width} ${plot.height}`, width: plot.width, height: plot.height });
    plot.relayout();
    return true;
  };
  plot.relayout = () => { back.replaceChildren(); layout(plot, plot.width, plot.height); };
  const watch = new ResizeObserver(() => { if (el.parentNode.clientWidth && plot.fit()) ui.redraw(); });
  plot.holder = html("div", { class: "pg-fig-holder" }, el);
  watch.observe(plot.holder);
  plot.close = () => watch.disconnect();
  const at = e => {
    const box = el.getBoundingClientRect();
    return [(e.clientX - box.left) * plot.width / box.width, (e.clientY - box.top) * plot.height / box.height];
  };
  plot.handle = about => makeHandle(el, top, at, about);
  return plot;
}
/* plot.handle({ label, drag(x, y), key(name, big), anywhere }): a thing to drag with mouse, finger or keys. key gets
   the key's name and whether Shift makes it a big step, and returns true when it used it. at(event): where in the
   plot that was. */
function makeHandle(el, top, at, { label: name, drag, key, shape, anywhere = false, colour = "policy" }) {
  const about = { class: "pg-fig-handle", role: "slider", tabindex: 0, "aria-label": name };
  const g = svg("g", { ...about, ...shortcuts, style: `--c: var(--pg-${colour})` },
    svg("circle", { r: 22, class: "pg-fig-hit" }), shape ?? svg("circle", { r: 9, class: "pg-fig-knob" }),
    svg("circle", { r: 15, class: "pg-fig-ring" }));
  let centre = [0, 0], grip = [0, 0];
  const start = (e, keep) => {
    if (e.button) return;
    const [x, y] = at(e);
    grip = keep ? [centre[0] - x, centre[1] - y] : [0, 0];
    g.setPointerCapture(e.pointerId);
    g.focus({ preventScroll: true });
    e.preventDefault();
    if (!keep) drag(x, y);
  };
  g.addEventListener("pointerdown", e => { e.stopPropagation(); start(e, true); });
  g.addEventListener("pointermove", e => {
    if (!g.hasPointerCapture(e.pointerId)) return;
    const [x, y] = at(e);
    drag(x + grip[0], y + grip[1]);
  });
  g.addEventListener("keydown", e => {
    if (!e.ctrlKey && !e.metaKey && !e.altKey && key(e.key, e.shiftKey)) e.preventDefault();
  });
  if (anywhere) {                                     // a press beside it brings it here; a finger may still scroll
    el.addEventListener("pointerdown", e => { if (e.pointerType === "mouse") start(e, false); });
    el.addEventListener("click", e => { if (e.pointerType !== "mouse" && !g.contains(e.target)) drag(...at(e)); });
    el.classList.add("pg-fig-press");
  }
  top.append(g);
  g.place = (x, y, { now, min, max, words }) => {
    centre = [x, y];
    put(g, { transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`,
      "aria-valuenow": now, "aria-valuemin": min, "aria-valuemax": max, "aria-valuetext": words });
  };
  return g;
}
/* What a key does to a number: the arrows one step, Page or Shift a big one, Home and End the ends; else undefined. */
export function stepKey(name, big, value, { min, max, step, page = 10 * step }) {
  const by = big ? page : step;
  const moves = { ArrowRight: by, ArrowUp: by, ArrowLeft: -by, ArrowDown: -by, PageUp: page, PageDown: -page };
  if (name === "Home") return min;
  if (name === "End") return max;
  if (name in moves) return clamp(round(value + moves[name], step), min, max);
}
export function axes(plot, { x, y, xticks = [], yticks = [], xlabel, ylabel, xshow = String, yshow = String }) {
  const [left, right] = x.range, [bottom, top] = y.range;
  add(plot.back,
    yticks.map(v => [svg("line", { x1: left, x2: right, y1: y(v), y2: y(v), class: "pg-fig-grid" }),
      text(left - 8, y(v) + 4, yshow(v), { class: "pg-fig-tick", "text-anchor": "end" })]),
    svg("line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "pg-fig-axis" }),
    xticks.map(v => text(x(v), bottom + 18, xshow(v), { class: "pg-fig-tick", "text-anchor": "middle" })),
    xlabel && text((left + right) / 2, bottom + 38, xlabel, { class: "pg-fig-label", "text-anchor": "middle" }),
    ylabel && text(left, top - 12, ylabel, { class: "pg-fig-label" }));
}
/* frame(share from 0 to 1) until done(); returns stop(). One step instead of motion where that is asked for. */
export function animate(seconds, frame, done, ui) {
  let id = 0, begun = null;
  const tick = now => {
    begun ??= now;
    const share = ui.still() ? 1 : clamp((now - begun) / 1000 / seconds, 0, 1);
    frame(share);
    if (share < 1 && !ui.closed) id = requestAnimationFrame(tick); else done();
  };
  id = requestAnimationFrame(tick);
  return () => cancelAnimationFrame(id);
}
