/* The browser's Python, in a worker of its own so that the page stays awake and an endless loop can be stopped.
   In: {do: "start", ...} once, then {do: "run", id, source}.
   Out: {say: "progress" | "ready" | "failed" | "item" | "again" | "done" | "broken"}.
   Every file is fetched against a SHA-256: those of the core by this script, the wheels by Pyodide from the lock. */
const plain = self.fetch.bind(self);
let known = {}, own = "", python, run;

self.fetch = async (what, options) => {
  const address = String(what instanceof Request ? what.url : what), integrity = known[address];
  // the same names, build after build
  const ours = address.startsWith(own) && /(lock\.json|policy_gradient-[^/]*)$/.test(address);
  const more = { ...(integrity && { integrity }), ...(ours && { cache: "no-cache" }) };
  const answer = await plain(what, { ...options, ...more });
  const file = address.split(/[?#]/)[0].split("/").pop();
  if (answer.ok) postMessage({ say: "progress", file: decodeURIComponent(file) });
  return answer;
};

async function text(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.text();
}

async function script(address) {                     // import() takes no SHA-256, fetch does
  const file = URL.createObjectURL(new Blob([await text(address)], { type: "text/javascript" }));
  try { return await import(file); } finally { URL.revokeObjectURL(file); }
}

async function lockFile(site) {                      // our wheels stand on the site, wherever it is served from
  const lock = JSON.parse(await text(site + "pyodide-lock.json"));
  for (const entry of Object.values(lock.packages)) {
    if (entry.file_name.endsWith("-none-any.whl")) entry.file_name = new URL(entry.file_name, site).href;
  }
  lock.packages["policy-gradient"].depends = ["numpy"];     // the rest when a cell imports it
  return URL.createObjectURL(new Blob([JSON.stringify(lock)], { type: "application/json" }));
}

async function start({ site, core, integrity, packages, cells }) {
  own = site;
  known = Object.fromEntries(Object.entries(integrity).map(([name, digest]) => [core + name, digest]));
  const [lockFileURL, prelude, { loadPyodide }] = await Promise.all([
    lockFile(site), text(cells), script(core + "pyodide.mjs"), script(core + "pyodide.asm.js"),
  ]);
  const env = { HOME: "/home/pyodide", MPLBACKEND: "agg" };
  python = await loadPyodide({ indexURL: core, lockFileURL, packages, env });
  const lost = packages.filter(name => !python.loadedPackages[name]);
  if (lost.length) throw new Error(`${lost.join(", ")} could not be loaded`);
  const module = python.runPython("import types; cells = types.ModuleType('pg_cells'); cells");
  python.globals.delete("cells");
  python.runPython(prelude, { globals: module.__dict__, filename: "cells.py" });
  run = module.run;
  // so that the first cell need not
  python.runPython("import numpy, learning_to_act.checks.registry as r; r.registry()");
}

/* Fetch what the code imports and the lock knows; say what could not be fetched. */
async function load(id, source) {
  const troubles = [];
  try {
    await python.loadPackagesFromImports(source, { messageCallback() {}, errorCallback: why => troubles.push(why) });
  } catch (e) { troubles.push(String(e.message ?? e)); }
  const item = { kind: "unfetched", text: troubles.join("\n").slice(0, 300) };
  if (troubles.length) postMessage({ say: "item", id, item });
}

async function cell({ id, source }) {
  let failed;
  const send = item => {
    failed ||= item.get("kind") === "error";
    postMessage({ say: "item", id, item: item.toJs({ dict_converter: Object.fromEntries }) });
    item.destroy();
  };
  const attempt = async () => {
    failed = false;
    const missing = await run(source, `cell ${id}`, send), names = missing.toJs();
    missing.destroy();
    return names;
  };
  await load(id, source);
  const lost = await attempt(), before = Object.keys(python.loadedPackages).length;
  // a module of ours wants a package that the cell does not name: once more with it
  if (lost.length) {
    await load(id, lost.map(name => `import ${name}`).join("\n"));
    if (Object.keys(python.loadedPackages).length > before) {
      postMessage({ say: "again", id });
      await attempt();
    }
  }
  return !failed;
}

onmessage = async ({ data }) => {
  if (data.do === "start") {
    try {
      await start(data);
      postMessage({ say: "ready" });
    } catch (e) {
      postMessage({ say: "failed", why: String(e?.message ?? e).slice(0, 300) });
    }
    return;
  }
  const from = performance.now();
  try {
    const ok = await cell(data);
    postMessage({ say: "done", id: data.id, ok, seconds: (performance.now() - from) / 1000 });
  } catch (e) {                                      // not the cell's error but Python's own end
    postMessage({ say: "broken", id: data.id, why: String(e?.message ?? e).slice(0, 300) });
  }
};
