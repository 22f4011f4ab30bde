"""Formulas of explorables: the same on every machine, with and without a mathematics font, on a page and in a notebook.

Measured in multiples of the text's line, and printed: `pytest tests/site/test_formulas.py -s`.
"""

import subprocess
from pathlib import Path

import pytest

import policy_gradient as pg
from learning_to_act import explorables
from learning_to_act.explorables import GaussianPolicy, ShortCorridor
from tests.helpers.figures import CLASSES, FORMULAS
from tools.run import chromium

MATH_FONTS = "*Math*", "*math*", "*STIX*", "*stix*"  # by file name
HIDDEN = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include><cachedir>%s</cachedir>
<selectfont><rejectfont>%s</rejectfont></selectfont></fontconfig>"""


def fonts_without_mathematics(folder):
    """The environment of a machine that has no mathematics font."""
    file = folder / "fonts.conf"
    file.write_text(HIDDEN % (folder / "cache", "".join(f"<glob>{name}</glob>" for name in MATH_FONTS)), "utf-8")
    return {"FONTCONFIG_FILE": str(file)}


@pytest.fixture(scope="module", params=["the machine's fonts", "no mathematics font"])
def chrome(request, browser, tmp_path_factory):
    """In the place of tests.helpers.fixtures' own: `show` takes it."""
    import os

    env = os.environ | (
        fonts_without_mathematics(tmp_path_factory.mktemp("fonts")) if request.param.startswith("no") else {}
    )
    if request.param.startswith("no"):
        known = subprocess.run(["fc-list", ":", "family"], env=env, capture_output=True, text=True).stdout
        assert known and "Math" not in known and "STIX" not in known
    other = browser.browser_type.launch(
        executable_path=chromium.path() or pytest.fail(chromium.NONE), args=chromium.ARGS, env=env
    )
    yield other
    other.close()


def formulas(page):
    page.evaluate(
        "Promise.all([...document.fonts].map(font => font.load())).then(() => document.fonts.ready).then(() => 0)"
    )
    return page.evaluate(FORMULAS)


LIVE = [
    cls for cls in CLASSES if "tex`" in (Path(explorables.__file__).parent / cls.js).read_text("utf-8")
]  # the others speak in words


@pytest.mark.parametrize("notebook", [False, True])
@pytest.mark.parametrize("width", [340, 375, 1280])
def test_no_formula_sticks_out(show, width, notebook):
    page = show(
        *(cls() for cls in CLASSES),
        ShortCorridor(cells=5),
        explorables.SimplexGame(mode="selfplay"),
        width=width,
        notebook=notebook,
    )
    found = formulas(page)
    assert len(LIVE) >= 11 and len(found) >= len(LIVE) + 1
    assert max(f["outside"] for f in found) < 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    "make, most",
    [(ShortCorridor, 2.2), (lambda: ShortCorridor(cells=5), 2.2), (GaussianPolicy, 2.2)],
    ids=["front page", "five cells", "chapter 4"],
)
def test_brackets_do_not_grow_with_their_row(show, make, most):
    heights = [max(f["tall"] for f in formulas(show(make(), notebook=notebook))) for notebook in (False, True)]
    print(f"\n{heights[0]:.2f} lines of text, in a notebook {heights[1]:.2f}", end=" ")
    assert max(heights) < most and heights[0] == pytest.approx(heights[1], abs=0.01)


def test_a_notebook_sets_formulas_as_the_book_does(show):
    pages = [show(*(cls() for cls in CLASSES), notebook=notebook) for notebook in (False, True)]
    wide = [[f["wide"] for f in formulas(page)] for page in pages]
    assert len(wide[0]) >= len(LIVE) and wide[0] == pytest.approx(wide[1], abs=0.3)
    assert pages[1].evaluate("[...document.fonts].some(f => f.family === 'KaTeX_Main' && f.status === 'loaded')")


def test_live_numbers_are_seen_and_heard(show):
    page = show(*(cls() for cls in LIVE))
    figures = page.evaluate("""() => [...document.querySelectorAll('.pg-fig')].map(x =>
        [...x.querySelectorAll('.pg-fig-formula .katex')].map(k => ['.katex-html', 'math'].map(part =>
        [...k.querySelectorAll(part + ' [data-v]')].map(e => [e.dataset.v, e.textContent]).sort())))""")
    assert len(figures) == len(LIVE)
    for cls, pairs in zip(LIVE, figures):
        assert any(seen for seen, _ in pairs) and all(seen == heard for seen, heard in pairs), cls
        # the corridor's other formula is hidden
        assert cls is ShortCorridor or all(value for seen, _ in pairs for _, value in seen), cls
    assert page.evaluate("[...document.querySelectorAll('.katex-html')].every(e => e.ariaHidden === 'true')")


# ---- their own ground ----
VSCODE = """document.documentElement.removeAttribute('data-theme'); document.body.className = 'vscode-dark';
document.querySelector('main').classList.add('cell-output-ipywidget-background');
document.head.insertAdjacentHTML('beforeend', '<style>'
    + '.cell-output-ipywidget-background { background: white !important } body { background: #1e1e1e !important }'
    + '</style>')"""
CONTRAST = """where => [...document.querySelectorAll(where)].filter(e => e.getClientRects().length).map(e => {
  const numbers = c => c.match(/[\\d.]+/g).map(Number);
  const solid = c => { const v = numbers(c); return v.length < 4 || v[3] === 1; };
  const light = c => numbers(c).slice(0, 3).map(v => v / 255).reduce((s, v, i) =>
      s + [.2126, .7152, .0722][i] * (v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4), 0);
  let ground = e; while (!solid(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  const [a, b] = [getComputedStyle(e).color, getComputedStyle(ground).backgroundColor].map(light);
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); })"""


def test_explorables_can_be_read_in_a_dark_vs_code(show):
    page = show(*(cls() for cls in CLASSES))
    page.evaluate(VSCODE)
    parts = ", ".join(
        f".pg-fig {part}"
        for part in (
            ".pg-fig-title",
            ".pg-fig-challenge",
            ".pg-fig-say",
            ".pg-fig-formula",
            ".pg-fig-formula span",
            "button",
        )
    )
    found = page.evaluate(CONTRAST, parts)
    assert len(found) >= 4 * len(CLASSES) and min(found) >= 4.5


def test_figures_of_explore_can_be_read_in_a_dark_vs_code(show):
    page = show(ShortCorridor())
    page.evaluate(
        """css => { document.querySelector('main').innerHTML = '<div class="pg-explore">'
        + '<label><span>p</span><input type="range"><span class="pg-value">1</span></label>'
        + '<pre class="pg-error">wrong</pre></div>';
        document.head.append(Object.assign(document.createElement('style'), { textContent: css })); }""",
        pg.explore.CSS,
    )
    for theme in VSCODE, "document.body.className = ''":
        page.evaluate(theme)
        assert min(page.evaluate(CONTRAST, ".pg-explore span, .pg-explore pre")) >= 4.5
    page.evaluate(VSCODE.replace("background: white !important } body", "background: transparent !important } body"))
    assert min(page.evaluate(CONTRAST, ".pg-explore span, .pg-explore pre")) >= 4.5


# ---- words and lines ----
@pytest.mark.parametrize("width", [340, 760])
@pytest.mark.parametrize("cells", [3, 5])
def test_the_line_of_p_crosses_no_words(show, width, cells):
    page = show(ShortCorridor(cells=cells), width=width)
    knob = page.get_by_role("slider", name="Probability of going right")
    knob.press("Home")
    crossed, places = knob.evaluate("""async k => {
      const crossed = [], places = new Set();
      for (let n = 0; n < 99; n++) {
        const svg = k.closest('svg'), line = svg.querySelector('.pg-corridor-drop').getAttribute('d');
        const [x, ...ys] = [...line.matchAll(/M([\\d.]+) ([-\\d.]+)V([-\\d.]+)/g)]
            .flatMap((m, i) => [...(i ? [] : [+m[1]]), [+m[2], +m[3]]]);
        const words = [...svg.querySelectorAll('text.pg-fig-note')].flatMap(t => [t, t.nextElementSibling])
            .map(t => [t.textContent, t.getBBox()]);
        crossed.push(...words.filter(([, b]) => x > b.x && x < b.x + b.width
                && ys.some(y => Math.min(...y) < b.y + b.height - 3 && Math.max(...y) > b.y + 3))
            .map(([t]) => [t, k.getAttribute('aria-valuenow')]));
        places.add(k.getAttribute('aria-valuenow'));
        k.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
        await new Promise(requestAnimationFrame);
      }
      return [crossed, places.size]; }""")
    assert places == 99
    assert crossed == []


@pytest.mark.parametrize("width", [340, 1280])
def test_labels_of_sliders_stay_on_one_line(show, width):
    page = show(explorables.EstimatorRace(), explorables.PushAndPull(), width=width)
    rows = page.evaluate(
        "[...document.querySelectorAll('.pg-fig-slider > span')]"
        ".map(e => e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight))"
    )
    assert len(rows) == 3 and max(rows) < 1.5
    gap = page.evaluate("""document.querySelector('.pg-race-sliders').getBoundingClientRect().top
        - Math.max(...[...document.querySelectorAll('[data-explorable=race] .pg-fig-row *')]
            .map(e => e.getBoundingClientRect().bottom))""")
    assert gap >= 6
