/* A proof in steps beside its picture, which shows the step that is read. Without this script it shows the last one. */
(() => {
  const $$ = (s, e) => /** @type {HTMLElement[]} */ ([...e.querySelectorAll(s)]);
  const beside = matchMedia("(min-width: 77rem)");       // as in site.css; elsewhere the picture stands above its steps

  /** A step's layers, words and number in the picture. */
  function drawn(figure, count) {
    const svg = figure.querySelector("svg"), alt = svg.getAttribute("aria-label");
    const [before, after] = $$("button", figure), words = $$(".pg-states > li", figure);
    return now => {
      for (const layer of $$(".pg-layer", svg)) {
        const from = Number(layer.dataset.from);
        layer.classList.toggle("pg-on", from <= now && now <= Number(layer.dataset.to));
        layer.classList.toggle("pg-new", from === now || now === count);       // in the end all of it counts
      }
      words.forEach((li, i) => li.classList.toggle("pg-on", i + 1 === now));
      svg.setAttribute("aria-label", `${alt} Step ${now}: ${words[now - 1].textContent.trim()}`);
      figure.querySelector(".pg-turn span").textContent = `Step ${now} of ${count}`;
      before.setAttribute("aria-disabled", String(now === 1));
      after.setAttribute("aria-disabled", String(now === count));
    };
  }

  function advance(box) {
    const figure = box.querySelector(".pg-advance"), steps = /** @type {HTMLDetailsElement[]} */ ($$(".step", box));
    const draw = drawn(figure, steps.length);
    const turned = new Set();                                                // opened by the picture's own buttons
    let now = 1, read = 1, opened = [], still = 0;
    const show = step => { if (step !== now) draw(now = step); };
    const passed = e => e.open && e.getBoundingClientRect().top < innerHeight / 3;
    const reading = () => 1 + Math.max(0, steps.findLastIndex(passed));

    steps.forEach((e, i) => {
      e.addEventListener("toggle", () => {
        if (turned.delete(e) || !e.open || opened.push(i + 1) > 1) return;
        setTimeout(() => {                                                    // all at once: the one that is read
          show(opened.length === 1 ? opened[0] : beside.matches ? reading() : steps.length);
          read = reading();
          opened = [];
        });
      });
      e.addEventListener("focusin", () => { if (e.open) show(i + 1); });
    });
    addEventListener("scroll", () => requestAnimationFrame(() => {
      const here = reading();
      if (beside.matches && here !== read && performance.now() > still) show(here);
      read = here;
    }), { passive: true });

    $$("button", figure).forEach((button, i) => button.addEventListener("click", () => {
      const next = now + (i ? 1 : -1), step = steps[next - 1];
      if (!step) return;
      if (!step.open) turned.add(step);
      step.open = true;
      show(next);
      if (!beside.matches) return;
      still = performance.now() + 1000;                                      // this scrolling is not the reader's
      step.scrollIntoView({ block: "nearest" });
    }));
    figure.querySelector(".pg-states").setAttribute("aria-live", "polite");
    draw(1);
  }

  for (const box of $$(".pg-steps", document)) advance(box);
})();
