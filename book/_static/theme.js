/* Runs in the head, before the first paint: a dark page never flashes white, and what only scripts can serve is
   shown. */
document.documentElement.classList.add("pg-js");
(() => {
  let mode = null;
  try { mode = localStorage.getItem("pg-theme"); } catch { /* private window: the system's choice */ }
  const dark = mode ? mode === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
