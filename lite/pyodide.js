// The browser's Python as the book wants it. JupyterLite's worker loads this in place of Pyodide's own pyodide.js and
// calls `loadPyodide`. The list of packages in _static/pyodide, with the checksum of each, says where Pyodide itself
// is: on its content network or beside that list. The book's own wheels are always beside it. No address is fixed: the
// site may stand anywhere.
//
// What no list guards, Python's own core, is held to the digests of INTEGRITY, which tools/make/lite.py fills in: each
// file is fetched against its SHA-256, and a script runs only from what was fetched so.
const INTEGRITY = {};
// The kernel's own wheels, as entries of a list of packages: of them too tools/make/lite.py writes names and digests.
const KERNEL = {};
const LIST = "../_static/pyodide/pyodide-lock.json";

// All at once: the kernel would ask for its own one by one, through micropip, and for the book's when the first cell
// runs. Its settings name them too (jupyter-lite.json), so that it does not ask. SSL and SQLite it never uses; a cell
// that imports them gets them.
const PACKAGES = ["micropip", "comm", "jedi", "ipython", "policy-gradient"];

// SciPy is 20 MB, and only these functions of the book need it. They import it when they are called, which is too late
// in a browser.
const NEEDS_SCIPY = /\b(ablation|bootstrap_interval|gae_columns|learning_curves|mended)\b/;

// Python looks for a module in the notebook's folder last, not first: that folder is the app's, and each look at it
// waits for the page.
const BEGIN = `
import logging, sys
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)      # "building the font cache", at each start
sys.path.remove("")
sys.path.append("")
`;

const plain = self.fetch.bind(self);

function guard(home) {                                                  // Pyodide fetches its core too: by this
  const known = new Map(Object.entries(INTEGRITY).map(([name, digest]) => [home + name, digest]));
  self.fetch = (what, options) => {
    const integrity = known.get(String(what instanceof Request ? what.url : what));
    return plain(what, { ...options, ...(integrity && { integrity }) });
  };
}

async function script(address) {                                        // importScripts takes no SHA-256, fetch does
  const answer = await self.fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const file = URL.createObjectURL(new Blob([await answer.text()], { type: "text/javascript" }));
  try { importScripts(file); } finally { URL.revokeObjectURL(file); }
}

self.loadPyodide = async ({ indexURL: here, ...options }) => {
  const list = new URL(LIST, here);
  const answer = await fetch(list);
  if (!answer.ok) throw new Error(`the book's list of packages is missing: ${answer.status} for ${list}`);
  const lock = await answer.json();
  for (const one of Object.values(lock.packages)) one.file_name = new URL(one.file_name, list).href;
  for (const one of Object.values(KERNEL)) one.file_name = new URL(one.file_name, here).href;
  Object.assign(lock.packages, KERNEL);
  const home = new URL(".", lock.packages.numpy.file_name).href;
  guard(home);
  await script(home + "pyodide.asm.js");                                // else pyodide.js would fetch it unguarded
  await script(home + "pyodide.js");                                    // its loadPyodide takes this one's place
  const pyodide = await self.loadPyodide({
    ...options, indexURL: home, packages: [...PACKAGES, ...Object.keys(KERNEL)],
    lockFileURL: URL.createObjectURL(new Blob([JSON.stringify(lock)], { type: "application/json" })),
  });
  const load = pyodide.loadPackagesFromImports;
  pyodide.loadPackagesFromImports = (code, ...rest) =>
    load(NEEDS_SCIPY.test(code) ? `${code}\nimport scipy` : code, ...rest);
  pyodide.runPython(BEGIN);
  return pyodide;
};
