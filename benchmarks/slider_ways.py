"""How long a slider in JupyterLab takes from the hand to the painted picture, three ways in one notebook."""

from tests.helpers.jupyterlab_here import run_all

TURNS = 3

# The same figure three times: this book's `explore` that moves only what changes, that draws all anew, and `interact`
# as it comes. And a speck of 40 x 30 pixels, which takes no time to draw:
# what is left is the way to the kernel and back.
BEGIN = """
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import interact
from policy_gradient.explore import explore
x = np.linspace(.02, .98, 300)
J = lambda p: (2 * p - 4) / (p * (1 - p))
def curve(ax, p):
    ax.plot(x, J(x), label="expected return")
    ax.set(xlabel="probability of right", ylim=(-100, 0))
    dot, = ax.plot([p], [J(p)], "o", label="here")
    ax.legend()
    ax.set_title(f"J = {J(p):.2f}")
    return dot
"""
WAYS = {
    "explore, update": """
def draw(ax, p):
    dot = curve(ax, p)
    def update(p):
        dot.set_data([p], [J(p)])
        ax.set_title(f"J = {J(p):.2f}")
    return update
explore(draw, p=np.linspace(.05, .95, 61))
""",
    "explore": """
def whole(ax, p):
    curve(ax, p)
explore(whole, p=np.linspace(.05, .95, 61))
""",
    "interact": """
@interact(p=(.05, .95, .015))
def show(p=.5):
    fig, ax = plt.subplots(figsize=(6, 3.5))
    curve(ax, p)
    plt.show()
""",
    "speck": """
def speck(ax, p):
    ax.axis("off")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    dot, = ax.plot([p], [.5], "o")
    return lambda p: dot.set_data([p], [.5])
explore(speck, p=np.linspace(.05, .95, 61), figsize=(.4, .3))
""",
}

# For each figure: milliseconds from a move of the hand that holds its slider until another picture
# is decoded and painted.
WATCH = """() => {
  const places = [...document.querySelectorAll(".jp-CodeCell")]
      .filter(e => e.querySelector(".jp-OutputArea-output img"));
  window.waits = places.map(() => []);
  places.forEach((place, k) => {
    let pressed = null, last = place.querySelector(".jp-OutputArea-output img").src;
    addEventListener("pointermove", e => {
      if (e.buttons && place.contains(e.target)) pressed ??= performance.now(); }, true);
    new MutationObserver(async () => {
      const img = place.querySelector(".jp-OutputArea-output img");
      if (!img || !img.src || img.src === last || pressed === null) return;
      const from = pressed;
      last = img.src; pressed = null;
      await img.decode();
      requestAnimationFrame(() => setTimeout(() => waits[k].push(performance.now() - from)));
    }).observe(place, { subtree: true, childList: true, attributes: true });
  });
  return places.length;
}"""


def write_comparison(path):
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    cells = [new_code_cell(source.strip()) for source in (BEGIN, *WAYS.values())]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def compared(browser, address, name, moves):
    """{way: milliseconds of each move, `moves` in each turn} in one notebook, one kernel, the ways taking turns."""
    page = browser.new_page(viewport={"width": 1280, "height": 2400})  # all figures in view
    page.goto(f"{address}/lab/tree/{name}?reset")
    run_all(page)
    page.wait_for_function(
        "n => document.querySelectorAll('.jp-CodeCell .jp-OutputArea-output img').length === n", arg=len(WAYS)
    )
    assert page.evaluate(WATCH) == len(WAYS)
    handles, tracks = page.locator(".pg-explore input, .noUi-handle"), page.locator(".pg-explore input, .noUi-target")
    assert handles.count() == tracks.count() == len(WAYS)
    for turn in range(TURNS):
        for k in range(len(WAYS)):
            grip, track = handles.nth(k).bounding_box(), tracks.nth(k).bounding_box()
            height = grip["y"] + grip["height"] / 2
            page.mouse.move(grip["x"] + grip["width"] / 2, height)
            page.mouse.down()
            page.wait_for_timeout(500)  # taking it may move it
            for step in range(moves):
                before = page.evaluate("k => waits[k].length", k)
                page.mouse.move(
                    track["x"] + track["width"] * (0.3 + 0.4 * ((moves * turn + step + 1) * 0.37 % 1)), height
                )
                page.wait_for_function("([k, n]) => waits[k].length > n", arg=[k, before], polling=20)
            page.mouse.up()
    times = page.evaluate("waits")
    page.close()
    return dict(zip(WAYS, times))
