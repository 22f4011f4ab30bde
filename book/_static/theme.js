/* Runs in the head, before the first paint: a dark page never flashes white, and what only scripts can serve is shown. */
document.documentElement.classList.add("pg-js");
if (location.hash) document.documentElement.classList.add("pg-whole");      // who comes for a place must land on it: lay out all, see site.css
(() => {
  let mode = null;
  try { mode = localStorage.getItem("pg-theme"); } catch { /* private window: the system's choice */ }
  const dark = mode ? mode === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
