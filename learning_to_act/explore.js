const make = (tag, props) => Object.assign(document.createElement(tag), props);

function control({ name, texts }, choose) {              // a slider for numbers, a list for words
  const words = texts.some(text => Number.isNaN(Number(text)));
  const input = words ? make("select") : make("input", { type: "range", min: 0, max: texts.length - 1, step: 1 });
  if (words) input.append(...texts.map((text, i) => make("option", { value: i, textContent: text })));
  input.dataset.lmSuppressShortcuts = "true";            // JupyterLab takes the arrow keys otherwise
  input.addEventListener("input", () => choose(+input.value));
  const shown = words ? "" : make("span", { ariaHidden: "true", className: "pg-value" });
  const row = make("label", {});
  row.append(make("span", { textContent: name }), input, shown);
  return { row, show(i) { input.value = i; if (!words) input.ariaValueText = shown.textContent = texts[i]; } };
}

export default { render({ model, el }) {
  const controls = model.get("controls"), [width, height] = model.get("size");
  const img = make("img", { className: "pg-figure", width, height }), caption = make("figcaption");
  const error = make("pre", { className: "pg-error", role: "alert" });
  const spoken = make("p", { className: "pg-spoken", role: "status" });
  const rows = controls.map((c, i) => control(c, value => {
    // the widget manager keeps only the newest while Python draws
    model.set("index", model.get("index").with(i, value));
    model.save_changes();
  }));
  const figure = make("figure", { className: "pg-frame" });
  figure.append(img, caption);
  const place = index => controls.map((c, i) => `${c.name} = ${c.texts[index[i]]}`).join(", ");
  const show = () => {
    const index = model.get("index"), frames = model.get("frames"), alts = model.get("alts");
    const k = frames.length > 1 ? controls.reduce((k, c, i) => k * c.texts.length + index[i], 0) : 0;
    rows.forEach((row, i) => row.show(index[i]));
    if (frames[k] && img.getAttribute("src") !== frames[k]) img.src = frames[k];
    img.alt = alts[k] ?? "";
    caption.textContent = place(index);
    figure.hidden = !frames.length;
    if (error.textContent !== model.get("error")) error.textContent = model.get("error");
  };
  const say = () => { spoken.textContent = img.alt; };           // what a screen reader hears after a change
  const changed = () => { show(); say(); };
  el.classList.add("pg-explore");
  el.append(...rows.map(r => r.row), figure, error, spoken);
  show();
  const events = ["index", "frames", "error"].map(name => "change:" + name);
  events.forEach(event => model.on(event, changed));
  return () => events.forEach(event => model.off(event, changed));
} };
