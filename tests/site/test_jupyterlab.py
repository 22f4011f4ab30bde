"""JupyterLab in a real browser: what an untrusted and a trusted notebook show.
How long a slider takes is measured by `make bench`."""

import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.helpers.jupyterlab_here import listening, run_all, running
from tools.paths import ROOT

STARTS, PATIENCE = 4, 75_000  # ms
SOURCES = [
    """
import os
import numpy as np
from policy_gradient.explore import explore
x = np.linspace(.02, .98, 300)
J = lambda p: (2 * p - 4) / (p * (1 - p))
""",
    """
def draw(ax, p):
    ax.plot(x, J(x), label="expected return")
    ax.set(xlabel="probability of right", ylim=(-100, 0))
    dot, = ax.plot([], [], "o", label="here")
    ax.legend()
    def update(p):
        dot.set_data([p], [J(p)])
        ax.set_title(f"J = {J(p):.2f}")
    update(p)
    return update
explore(draw, p=np.linspace(.05, .95, 61))
""",
    """
def draw(ax, p):
    if "PG_PRERENDER" not in os.environ:          # with a kernel only: nothing is stored of a notebook that fails
        ax.plot(x, [1 / (p - 2) for _ in x])
    ax.set_title("fine")
explore(draw, p=[0, 1, 2])                    # stands at 1
""",
]

# In a process of its own: a kernel that is started while a browser's event loop runs in this one may wait for ever.
EXECUTE = """
import pathlib, sys
from tools.make import notebooks
import nbformat
path = pathlib.Path(sys.argv[1])
nbformat.write(notebooks.execute(path), path)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on two executed copies of one notebook, one trusted; gives its address."""
    from nbformat.v4 import new_code_cell, new_notebook

    folder, data = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("jupyter")
    cells = [new_code_cell(source.strip(), id=f"cell-{i}") for i, source in enumerate(SOURCES)]
    nbformat.write(new_notebook(cells=cells), folder / "trusted.ipynb")
    subprocess.run([sys.executable, "-c", EXECUTE, folder / "trusted.ipynb"], check=True, cwd=ROOT)
    shutil.copy(folder / "trusted.ipynb", folder / "foreign.ipynb")
    foreign = (folder / "foreign.ipynb").read_text().replace("# stands at 1", "# from elsewhere")  # another signature
    (folder / "foreign.ipynb").write_text(foreign)
    NotebookNotary(data_dir=str(data)).sign(nbformat.read(folder / "trusted.ipynb", as_version=4))
    with running(folder, data) as address:
        yield address


def opened(browser, lab, name):
    """The notebook in a workspace of its own. Its start is not under test: one that shows nothing is begun again, and
    at the last the failure says what stood on the page."""
    page = browser.new_page(viewport={"width": 1280, "height": 1200})
    for start in range(STARTS):
        page.goto(f"{lab}/lab/workspaces/{name}-{start}/tree/{name}.ipynb")
        try:
            page.wait_for_selector(".jp-NotebookPanel .jp-OutputArea-output img", timeout=PATIENCE)
            return page
        except PlaywrightTimeout:
            stood = page.locator("body").inner_text()
    pytest.fail(f"JupyterLab began {STARTS} times and showed no output of {name}.ipynb; on the page stood: {stood!r}")


def test_an_untrusted_notebook_shows_the_still_picture(browser, lab):
    page = opened(browser, lab, "foreign")
    listening(page)  # a trusted one's widgets are there before its kernel is
    page.wait_for_load_state("networkidle")
    assert page.locator(".pg-explore").count() == 0
    assert page.locator(".jp-OutputArea-output img[src^='data:image/png']").count() == 2
    page.close()


def test_a_trusted_notebook_answers_before_any_cell_is_run_and_then_by_its_kernel(browser, lab):
    page = opened(browser, lab, "trusted")
    page.wait_for_selector(".pg-explore input")
    slider, picture = page.locator(".pg-explore input").first, page.locator(".pg-explore img").first
    before = picture.get_attribute("src")
    slider.press("ArrowRight")
    assert before.startswith("data:image/webp") and picture.get_attribute("src") != before
    assert picture.get_attribute("alt") == "p = 0.515. J = -11.89"

    run_all(page)
    page.wait_for_selector(".pg-explore img[src^='data:image/png']")
    picture, before = page.locator(".pg-explore img").first, page.locator(".pg-explore img").first.get_attribute("src")
    slider.press("ArrowLeft")  # now drawn by the kernel
    page.wait_for_function("before => document.querySelector('.pg-explore img').src !== before", arg=before)

    words = page.locator(".pg-explore").nth(1)  # an error at one position, and on again
    words.locator("input").press("End")
    words.locator(".pg-error", has_text="ZeroDivisionError").wait_for()
    assert "1 / (p - 2)" in words.locator(".pg-error").text_content()
    words.locator("input").press("Home")
    page.wait_for_function("document.querySelectorAll('.pg-explore')[1].querySelector('img').alt === 'p = 0. fine'")
    assert words.locator(".pg-error").text_content() == ""
    page.close()
