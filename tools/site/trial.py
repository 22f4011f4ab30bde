"""What studies/libraries/results/*.json say, for the page *On trial*: its tables, its remarks, its numbers.
None of it is typed by hand.

`studies/libraries/remarks.yml` says how a finding is to be read; every remark names the finding of a stored run that it
speaks of, and every finding that departs from the theorem, but for a dropped gamma^t, has a remark
(tests/book/test_on_trial.py).
"""

import json
import re

import numpy as np

from tools.paths import ROOT
from tools.site.measured import table
from tools.written import content

FOLDER = ROOT / "studies/libraries"
NAMES = {
    "stable-baselines3": "Stable-Baselines3",
    "torchrl": "TorchRL",
    "tianshou": "Tianshou",
    "skrl": "skrl",
    "pfrl": "PFRL",
    "mushroom-rl": "MushroomRL",
    "xuance": "XuanCe",
    "rlax": "rlax",
    "brax": "Brax",
    "agilerl": "AgileRL",
    "ray": "RLlib",
    "trl": "TRL",
    "verl": "verl",
    "openrlhf": "OpenRLHF",
}
UNSAID = (
    "per",
    "constant",
    "size",
    "zero",
)  # a number of the batch, a step size; the normalisation is said in one sentence
KINDS = ("choice", "surprise", "mistake")


def results():
    """Every stored result, the libraries in the order of NAMES; `key` is the adapter's name."""
    stored = [dict(json.loads(p.read_text("utf8")), key=p.stem) for p in FOLDER.glob("results/*.json")]
    return sorted(stored, key=lambda r: list(NAMES).index(r["library"]))


def remarks():
    return content(FOLDER / "remarks.yml")


def name(result):
    return NAMES[result["library"]]


def is_language(facts):
    """A function of a language model's advantages or tokens: two doors has nothing to say about it."""
    return not facts["theorem"]


def departures(facts):
    """The findings that keep a loss from the theorem's direction, but for a dropped gamma^t."""
    return [f for f in facts["findings"] if f["kind"] in ("departure", "mistake") and f["question"] != "weight"]


def _plain(words):
    words = (
        re.sub(r" \(coefficient [^)]*\)", "", words)
        .replace("**", "")
        .replace("gamma^t", r"$\gamma^t$")
        .replace("gamma * lambda", r"$\gamma\lambda$")
    )
    words = re.sub(r"r \+ gamma \* \((.*?)\) - V", r"$r+\\gamma\,$(\1) $-\,V$", words).replace("gamma V", r"$\gamma V$")
    return words.replace("|", r"\|")


def verdict(facts):
    """The verdict of one loss in words, one cell of the table."""
    head = facts["headline"]
    if is_language(facts):
        first = head.split(": ", 1)[-1]
        sentences = [first[0].upper() + first[1:]]
        sentences += [
            f["words"] for f in facts["findings"] if f["question"] in ("scale", "constant", "equal rewards", "kl")
        ]
        sentences += [f"Open: {x}" for x in facts["open"]]
        spread = (
            "Groups are weighed against each other by how far their rewards spread; "
            "|All groups of the batch are divided by one number; "
        )
        return re.sub(spread, "Here ", _plain(" ".join(sentences)))
    if "stays open" in head:
        sentences = ["No rule explains it."]
    elif "stands still" in head:
        sentences = ["The theorem, at full length."]
    elif "**not**" in head:
        sentences = ["Another direction."]
    else:
        dropped = "without gamma^t" in head
        sentences = ["The theorem" + (" without gamma^t." if dropped else ".")]
    if "**not**" in head and any(f["question"] == "weight" for f in facts["findings"]):
        sentences.append("Without gamma^t.")
    sentences += [f["words"] for f in departures(facts)]
    has = {f["question"]: f["answer"] for f in facts["findings"]}
    if "size" in has:
        sentences.append(f"Normalised, {has['size'].rpartition(', ')[2]}.")
    sentences += [
        f["words"]
        for f in facts["findings"]
        if f["kind"] == "choice" and f["question"] not in UNSAID and not (f["question"] == "baseline" and "size" in has)
    ]
    sentences += [f"Open: {x[0].lower()}{x[1:]}" for x in facts["open"]]
    return _plain(" ".join(sentences))


def head(result):
    """Who, which version; when, how and how again: the row above a library's losses."""
    how = f"{result['date']}, {result['how']}; `ONLY={result['key']}`"
    return [f"**{name(result)} {result['version']}**", how]


def rows(language):
    """For each library a row that says who and how, then [loss, verdict, degrees] of each loss; for language models
    without the degrees."""
    for result in results():
        held = {k: f for k, f in result["losses"].items() if is_language(f) == language}
        if held:
            yield head(result) if language else [*head(result), ""]
        for loss, facts in held.items():
            note = re.sub(r"(; |, )?its own lambda is [\d.]+", "", facts["note"])  # the page says it once
            text = _plain(loss + (f" ({note})" if note else ""))
            angle = "none" if facts["angle"] is None else f"{facts['angle']:.0f}"
            yield [text, verdict(facts)] if language else [text, verdict(facts), angle]


def texts(head, rows, numbers=0):
    """A table of words, its last `numbers` columns to the right."""
    return table(head, rows).replace("--:", ":--", len(head) - 1 - numbers)


def learned():
    for result in results():
        for what, facts in result.get("learned", {}).items():
            seeds = facts["seeds"]
            yield [
                f"**{name(result)} {result['version']}**, {what}: {_plain(facts['note'])}",
                facts["what"],
                f"{np.median(seeds):.3g}",
                f"{min(seeds):.3g} to {max(seeds):.3g}",
            ]


def angles():
    """[(library, loss, angle in degrees, direction (2,))] of every loss that two doors can judge."""
    return [
        (name(result), loss, facts["angle"], facts["direction"])
        for result in results()
        for loss, facts in result["losses"].items()
        if facts["angle"] is not None and not is_language(facts)
    ]


def said(kind):
    """The remarks of one kind, as a list in Markdown."""
    versions = {name(r): r["version"] for r in results()}
    return "\n".join(
        f"- **{r['library']} {versions[r['library']]}: {r['title']}.** {r['text'].strip()}"
        for r in remarks()
        if r["kind"] == kind
    )


def facts():
    held = angles()
    libraries = {who for who, *_ in held}
    away = [a for *_, a, _ in held if a > 90]
    whole = {name(r) for r in results() if r["how"].startswith("end to end")}
    return {
        "trial_table": texts(["loss", "what it follows", "degrees"], rows(language=False), 1),
        "trial_language": texts(["function", "what it does"], rows(language=True)),
        "trial_learned": texts(["what learned", "counted", "median of ten seeds", "all ten"], learned(), 2),
        **{f"trial_{kind}s": said(kind) for kind in KINDS},
        "trial_libraries": str(len(libraries)),
        "trial_whole": str(len(libraries & whole)),
        "trial_losses": str(len(held)),
        "trial_away": str(len(away)),
        "trial_least_away": f"{min(away):.0f}",
        "trial_most_away": f"{max(away):.0f}",
    }


def setup(app):
    def substitute(app, config):
        if FOLDER.exists():  # a small book, as the tests build, has none
            config.myst_substitutions = (config.myst_substitutions or {}) | facts()

    def depends(app, docname, source):
        if docname == "book/on-trial":
            for path in [*FOLDER.glob("results/*.json"), FOLDER / "remarks.yml"]:
                app.env.note_dependency(str(path))

    app.connect("config-inited", substitute, priority=100)
    app.connect("source-read", depends)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
