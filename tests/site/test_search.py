"""The search, as a reader types: which section comes among the first three, without a browser; and its page, in one."""

import gzip
import json
import re

import pytest

from tests.helpers.pages import Visit
from tests.helpers.v8 import ask, script
from tools.site.search import ANSWERS, TEACHES, plain

# What a reader types, and the section that must be among the first three
QUERIES = {
    "log derivative trick": "book/03-the-log-derivative-trick#one-line-of-algebra",
    "why subtract a baseline": "book/03-baselines-and-noise#baselines-compare-with-something",
    "gae lambda": "book/06-critics#the-dial",
    "ppo clip": "book/07-the-clip#what-the-clip-does",
    "kl penalty": "book/08-length-and-leash#the-leash",
    "reward to go": "book/03-the-log-derivative-trick#causality-what-came-before-does-not-count",
    "pi theta": "book/02-the-theorem#one-state-first",
    "π_θ(a|s)": "book/notation#crosswalk",
    r"\nabla\log\pi": "book/02-the-theorem#one-state-first",
    "gamma^t": "book/02-where-it-bites#where-it-bites-the-gamma-t-that-most-code-drops",
    "γ^t": "book/02-where-it-bites#where-it-bites-the-gamma-t-that-most-code-drops",
    "CartPole": "book/03-in-practice#from-the-theorem-to-a-balanced-pole",
    "cart pole": "book/03-in-practice#from-the-theorem-to-a-balanced-pole",
    "REINFROCE": "book/03-the-log-derivative-trick#from-one-number-to-a-whole-life",
    "advantge": "book/02-the-theorem#second-proof-why-the-visits-may-be-held-still",
    "reparametrization trick": "book/03-the-log-derivative-trick#the-other-way-differentiate-through-the-sample",
    "baseline": "book/03-baselines-and-noise#baselines-compare-with-something",
    "why log": "book/03-in-practice#why-the-log-in-order-of-importance",
    "gradient of log policy": "book/03-the-log-derivative-trick",
    "PPO": "book/07-the-clip",
    "entropy bonus": "book/06-how-a-critic-learns#the-entropy-bonus",
    "natural gradient": "book/02-where-it-bites#where-it-bites-plateaus",
    "actor critic": "book/06-how-a-critic-learns#actor-critic-in-practice",
    "dpo": "book/08-length-and-leash#the-relative-that-draws-no-samples",
    "leave-one-out": "book/08-language-models#leave-one-out-or-not",
    "epsilon greedy": "book/01-values-or-probabilities#acting-on-values",
    "deterministic policy gradients": "book/04-limits-and-tasks#no-noise-at-all-the-deterministic-limit",
    "bootstrapping truncated episode": "book/03-in-practice#two-ways-to-end",
    "advantage normalization": "book/07-the-clip#advantages-per-minibatch",
    "performance difference lemma": "book/02-the-theorem#second-proof-why-the-visits-may-be-held-still",
    "how do I run this without installing": "book/index#run-it",
    "Sutton Barto notation": "book/notation#crosswalk",
    "trpo": "book/07-trust-regions#trpo",
    "what is the score function": "book/05-in-the-interview#what-is-the-score-function",
}


@pytest.fixture(scope="module")
def index(site):
    """The index of the built site, in a V8 without a page."""
    v8 = script("search-core.js")
    v8.eval((site / "_static/search-index.js").read_text("utf8"))
    v8.eval("""globalThis.the = pgSearch.built(pgSearch.index);
        const place = ({ row }) => the.pages[row.page][0] + (row.anchor && "#" + row.anchor);
        globalThis.places = query => pgSearch.find(the, query).map(place);
        globalThis.tiers = query => pgSearch.find(the, query).map(f => [f.row.tier, f.score]);
        globalThis.snippets = query => pgSearch.find(the, query).map(f => pgSearch.snippet(f));""")
    return v8


def heads(index):
    return json.loads(index.eval("JSON.stringify(pgSearch.index)"))


@pytest.mark.parametrize("query", QUERIES)
def test_the_right_section_is_among_the_first_three(index, query):
    assert QUERIES[query] in ask(index, "places", query)[:3]


def test_an_answer_stands_below_what_teaches_it(index):
    """Of what matches about as well, solutions come last, and for none of the queries is one among the first three."""
    for query in QUERIES:
        found = ask(index, "tiers", query)
        good = [tier for tier, score in found if score >= max(score for _, score in found) / 3]
        assert good == sorted(good), query
        assert ANSWERS not in [tier for tier, _ in found[:3]], query
    assert ask(index, "tiers", "worked solution softmax"), "they can be found"


def test_what_the_book_does_not_know_is_said(index):
    assert json.loads(index.eval("JSON.stringify(pgSearch.heard(the, 'baseline qwertyuiop').unknown)")) == [
        "qwertyuiop"
    ]
    assert ask(index, "places", "qwertyuiop") == [] and ask(index, "places", "?!") == []
    assert isinstance(ask(index, "places", "constructor __proto__ toString"), list), "JavaScript's own names are words"


def test_every_result_leads_to_a_heading(site, index):
    pages = heads(index)["pages"]
    assert len({page for page, *_ in pages}) == len(pages)
    text = {page: (site / f"{page}.html").read_text("utf8") for page, *_ in pages}
    rows = heads(index)["sections"]
    assert [r for r in rows if r[1] and f'id="{r[1]}"' not in text[pages[r[0]][0]]] == []
    assert all(r[2] for r in rows), "each has words to click"


def test_every_heading_of_a_chapter_is_in_it(site, index):
    held = heads(index)
    for number, (page, *_) in enumerate(held["pages"]):
        anchors = re.findall(r'<section id="([^"]+)"', (site / f"{page}.html").read_text("utf8"))[1:]
        assert set(anchors) <= {row[1] for row in held["sections"] if row[0] == number}, page


def test_snippets_show_what_was_asked_and_no_markup(index):
    for query in ("baseline", "entropy bonus", "pi theta"):
        parts = ask(index, "snippets", query)
        assert sum(asked for _, asked in parts[0]), query
        whole = ["".join(text for text, _ in part) for part in parts]
        assert all(len(text) < 260 for text in whole)
        assert not any(re.search(r"\\[a-z]+|[{}$]|\beq-|\d{4},[a-z]+\d{4}", text) for text in whole), query


def test_solutions_do_not_tell_the_answer(index):
    held = heads(index)
    for page, _, _, _, text, _ in held["sections"]:
        if held["pages"][page][2] == ANSWERS:
            assert len(text) < 70
    assert sum(tier == TEACHES for _, _, tier, _ in held["pages"]) > 20


def test_the_index_is_small_and_no_page_loads_it(site):
    assert len(gzip.compress((site / "_static/search-index.js").read_bytes(), 6)) < 145_000
    for path in site.glob("book/*.html"):
        assert "search-index" not in path.read_text("utf8"), path
    assert "searchindex.js" not in (site / "search.html").read_text("utf8"), "Sphinx's own index is not used"


def test_words():
    v8 = script("search-core.js")
    stems = {
        w: ask(v8, "pgSearch.stem", w) for w in ("clipped", "clipping", "clips", "policies", "policy", "loss", "bias")
    }
    assert stems["clipped"] == stems["clipping"] == stems["clips"] == "clip"
    assert stems["policies"] == stems["policy"] and stems["loss"] == "loss"
    assert ask(v8, "pgSearch.stem", "normalization") == ask(v8, "pgSearch.stem", "normalised")
    assert [w["word"] for w in ask(v8, "pgSearch.words", "π_θ(a|s), ∇log")] == ["pi", "theta", "a", "s", "nabla", "log"]
    for a, b, slips in [
        ("gradient", "gradinet", 1),
        ("policy", "polcy", 1),
        ("baseline", "bseline", 1),
        ("kernel", "colonel", 4),
    ]:
        assert ask(v8, "pgSearch.near", a, b, slips) and not ask(v8, "pgSearch.near", a, b, slips - 1), (a, b)


@pytest.mark.parametrize(
    "tex, text",
    [
        (r"\pol{\pi_\theta(a\mid s)}", "π_θ(a|s)"),
        (r"\tfrac14", "1/4"),
        (r"\E_{x\sim\pol{p_\theta}}[\good{f(x)}]", "E_x~p_θ[f(x)]"),
        (r"\sum_{k\ge t}\gamma^{k-t}r_k", "Σ_k≥tγ^k-tr_k"),
        (r"\begin{aligned}\nabla J&=0\\ \lambda&=1{,}000\end{aligned}", "∇J =0 λ=1,000"),
    ],
)
def test_a_formula_as_one_types_it(tex, text):
    assert plain(tex) == text


def test_the_page_by_keyboard_alone(browser, server):
    visit = Visit(browser, server, "book/notation.html")
    page = visit.page
    page.keyboard.press("/")
    page.keyboard.type("baseline")
    page.keyboard.press("Enter")
    page.wait_for_selector("ul.search li .context mark")
    first = page.locator("ul.search a").first
    assert first.get_attribute("href").endswith("book/03-baselines-and-noise.html#baselines-compare-with-something")
    assert first.inner_text() == "3 · Baselines and noise › Baselines: compare with something"
    assert page.locator("#search-progress").inner_text() == "30 places."
    page.keyboard.press("ArrowDown")
    assert first.evaluate("e => e === document.activeElement")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.matches('main input')")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("gae lamda zzzzzz")
    page.wait_for_function("document.querySelector('#search-progress').textContent.includes('zzzzzz')")
    assert page.url.endswith("?q=gae+lamda+zzzzzz")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('ul.search a')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/06-critics.html#the-dial")
    assert page.evaluate("Math.abs(document.querySelector('#the-dial').getBoundingClientRect().top) < 200")
    page.go_back()
    page.wait_for_selector("ul.search li .context")
    assert visit.errors == [] and all(url.startswith((server.url, "blob:", "data:")) for url in visit.asked)
    visit.close()
