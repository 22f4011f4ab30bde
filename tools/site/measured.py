"""Numbers of benchmarks/results/*.json for the page: `{{ name }}` in its text is what was measured, never typed by
hand."""

import json

import numpy as np

from tools.paths import ROOT

RESULTS = ROOT / "benchmarks" / "results"
NAMES = {
    "ours": "this book's REINFORCE",
    "ppo": "Stable-Baselines3, PPO",
    "a2c": "Stable-Baselines3, A2C",
    "torch_reinforce": "PyTorch, REINFORCE, one environment",
    "torch_batch": "PyTorch, batches of 5,000 steps",
}
RANDOM, SYNC = "gymnasium, random actions", "SyncVectorEnv, the same policy"
BARE = "bare NumPy, random actions"


def stored(name):
    return json.loads((RESULTS / f"{name}.json").read_text("utf8"))["result"]


def by_method(criterion, what):
    """{method: one value per seed, infinite where it was not solved}."""
    runs = stored("training")["runs"]
    return {
        method: np.array(
            [run["solved"].get(criterion, {}).get(what, np.inf) for run in runs if run["method"] == method]
        )
        for method in NAMES
    }


def memory():
    runs = stored("training")["runs"]
    return {method: float(np.median([run["memory"] for run in runs if run["method"] == method])) for method in NAMES}


def table(head, rows):
    """Markdown, the first column to the left and numbers to the right."""
    lines = [head, [":--"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def number(value):
    """Two figures below a hundred, as CPU times repeat no better; thousands with commas."""
    if not np.isfinite(value):
        return "not solved"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def span(values):
    return f"{number(np.median(values))} ({number(min(values))} to {number(max(values))})"


def training_tables():
    times = {criterion: by_method(criterion, "seconds") for criterion in ("sampled", "greedy")}
    steps, used = by_method("sampled", "steps"), memory()
    rows = [
        [
            NAMES[m],
            f"{np.isfinite(times['sampled'][m]).sum()} of {len(times['sampled'][m])}",
            span(times["sampled"][m]),
            span(times["greedy"][m]),
        ]
        for m in NAMES
    ]
    other = [[NAMES[m], span(steps[m]), number(used[m])] for m in NAMES]
    return {
        "training_time": table(["method", "solved", "sampled policy, CPU s", "greedy policy, CPU s"], rows),
        "training_steps": table(["method", "steps to solve (sampled)", "memory, MiB"], other),
    }


def training_numbers():
    time, greedy = by_method("sampled", "seconds"), by_method("greedy", "seconds")
    steps, used = by_method("sampled", "steps"), memory()
    mid = {m: np.median(v) for m, v in time.items()}
    best = min(mid["ppo"], mid["a2c"])
    # Side by side means the same number of seeds: ours are the first as many as the peers have.
    same = np.median(time["ours"][: len(time["ppo"])])
    best_greedy = min(np.median(greedy["ppo"]), np.median(greedy["a2c"]))
    same_greedy = np.median(greedy["ours"][: len(greedy["ppo"])])
    return {
        "ours_median": number(mid["ours"]),
        "ours_worst": number(max(time["ours"])),
        "ours_seeds": len(time["ours"]),
        "ours_solved": int(np.isfinite(time["ours"]).sum()),
        "peer_seeds": len(time["ppo"]),
        "ratio_best": f"{best / same:.0f}",
        "ratio_ppo": f"{mid['ppo'] / same:.0f}",
        "ratio_a2c": f"{mid['a2c'] / same:.0f}",
        "ratio_torch": f"{mid['torch_reinforce'] / same:.0f}",
        "ratio_batch": f"{mid['torch_batch'] / same:.0f}",
        "ratio_greedy": f"{best_greedy / same_greedy:.0f}",
        "steps_ours": number(np.median(steps["ours"])),
        "steps_ppo": number(np.median(steps["ppo"])),
        "steps_ratio": f"{np.median(steps['ours']) / np.median(steps['ppo']):.1f}",
        "memory_ratio": f"{min(used['ppo'], used['a2c']) / used['ours']:.1f}",
    }


def other_tables():
    rollouts, gradients, tables, imports = (stored(name) for name in ("rollouts", "gradients", "tables", "imports"))

    def thousands(row, *methods):
        return [number(row["steps per second"][k][0] / 1000) if k in row["steps per second"] else "" for k in methods]

    speed = [
        [
            f"{row['envs']:,}",
            *thousands(row, "book", RANDOM),
            f"{row['book against'][RANDOM]:.2f}",
            *thousands(row, BARE, SYNC),
        ]
        for row in rollouts
    ]
    sums = [
        [
            f"{row['samples']:,}",
            *(number(row["milliseconds"][k]) for k in ("book", "PyTorch", "scores")),
            f"{row['PyTorch / book']:.1f}",
            f"{row['scores / book']:.1f}",
        ]
        for row in gradients
    ]
    growth = [
        [f"{row['trajectories']:,}", number(row["seconds"]), number(row["peak MiB"])] for row in tables["sampled"]
    ]
    exact = [
        [f"{row['states']} × {row['actions']}", number(row["milliseconds"]), f"{row['error against complex step']:.0e}"]
        for row in tables["exact"]
    ]
    loads = [
        [f"`{row['import']}`" if " " not in row["import"] else row["import"], number(row["CPU seconds"]), row["MiB"]]
        for row in imports
    ]
    return {
        "rollout_table": table(
            ["N", "the book", "Gymnasium, random", "book / Gymnasium", "bare NumPy, random", "SyncVectorEnv"], speed
        ),
        "gradient_table": table(
            ["samples", "the book, ms", "PyTorch, ms", "score matrix, ms", "PyTorch / book", "matrix / book"], sums
        ),
        "growth_table": table(["trajectories", "CPU s", "peak memory, MiB"], growth),
        "exact_table": table(["states × actions", "ms", "relative error"], exact),
        "import_table": table(["import", "CPU s", "memory, MiB"], loads),
        "sync_ratio": f"{next(r['book against'][SYNC] for r in rollouts if r['envs'] == 64):.1f}",
        "rollout_64": f"{next(r['book against'][RANDOM] for r in rollouts if r['envs'] == 64):.2f}",
        "rollout_1024": f"{next(r['book against'][RANDOM] for r in rollouts if r['envs'] == 1024):.2f}",
        "gradient_least": f"{min(r['PyTorch / book'] for r in gradients):.1f}",
        "gradient_most": f"{max(r['PyTorch / book'] for r in gradients):.1f}",
    }


WAYS = {
    "explore, update": "`explore`, moving what changed",
    "explore": "`explore`, drawing all anew",
    "interact": "`interact`, as it comes",
    "speck": "`explore`, a speck of 40 × 30 pixels",
}


def waiting_tables():
    """Nothing where nobody has measured yet: the page then says so."""
    if not (RESULTS / "waiting.json").exists():
        return dict.fromkeys(
            ("lab_table", "build_table", "slider_table", "labs_together", "page_slider", "slider_ratio", "slider_way"),
            "(not measured here yet)",
        )
    waiting = stored("waiting")
    medians = {row["way"]: row["median ms"] for row in waiting["sliders"]}
    return {
        "lab_table": table(
            ["lab", "seconds", "CPU s"],
            [
                [row["lab"].replace("-", " "), number(row["seconds"]), number(row["CPU seconds"])]
                for row in waiting["labs"]
            ],
        ),
        "labs_together": number(sum(row["seconds"] for row in waiting["labs"])),
        "build_table": table(
            ["`make book`", "seconds", "CPU s"],
            [[row["build"], number(row["seconds"]), number(row["CPU seconds"])] for row in waiting["builds"]],
        ),
        "slider_table": table(
            ["figure", "median, ms", "95 % within, ms"],
            [[WAYS[row["way"]], row["median ms"], row["95 % within ms"]] for row in waiting["sliders"]],
        ),
        "slider_ratio": f"{medians['interact'] / medians['explore, update']:.1f}",
        "slider_way": number(medians["speck"]),
        "page_slider": " and ".join(number(row["median ms"]) for row in waiting["pages"]),
    }


def page_table():
    if not (RESULTS / "lighthouse.json").exists():
        return {"page_table": "(not measured here yet)"}
    head = [
        "kind of page",
        "performance",
        "accessibility",
        "best practices",
        "SEO",
        "FCP, s",
        "LCP, s",
        "TBT, ms",
        "CLS",
        "kB",
    ]
    return {
        "page_table": table(
            head,
            [
                [
                    row["kind"],
                    row["performance"],
                    row["accessibility"],
                    row["best practices"],
                    row["SEO"],
                    f"{row['FCP'] / 1000:.1f}",
                    f"{row['LCP'] / 1000:.1f}",
                    row["TBT"],
                    f"{row['CLS']:.3f}",
                    number(row["bytes"] / 1000),
                ]
                for row in stored("lighthouse")
            ],
        )
    }


def about():
    first = json.loads((RESULTS / "training.json").read_text("utf8"))["about"]
    versions = ", ".join(f"{name} {version}" for name, version in first["versions"].items())
    return {"measured_with": f"{first['cores']} shared {first['machine']} cores, Python {first['python']}, {versions}"}


def between(pair, digits=2):
    return " to ".join(f"{value:.{digits}f}" for value in pair)


def reached(name, runs):
    """A row of a table: how many seeds arrived, and steps and CPU seconds of those that did, median and range."""
    there = [run for run in runs if run["steps"] is not None]
    columns = [
        f"{number(np.median(values))} ({number(min(values))} to {number(max(values))})"
        for values in ([run[key] for run in there] for key in ("steps", "seconds"))
    ]
    return [name, f"{len(there)} of {len(runs)}", *columns]


def ppo_numbers():
    """The book's PPO beside Stable-Baselines3's, on two tasks, and its study of passes over the same data."""
    study = json.loads((ROOT / "studies/reuse.json").read_text("utf8"))
    names = {
        "book": "the book's `ppo`",
        "stable_baselines": "Stable-Baselines3",
        "stable_baselines_with_ours": "Stable-Baselines3, our settings",
    }
    facts = {
        "reuse_seeds": study["seeds"],
        "reuse_missed": study["seeds"] - study["summary"]["1 epoch"]["reached"],
        "reuse_cap": number(study["cap"]),
    }
    compiled = stored("ppo_compiled")
    for task, (name, target, environment) in {
        "ppo": ("ppo", "475", "CartPole-v1"),
        "acrobot": ("ppo_acrobot", "-100", "Acrobot-v1"),
    }.items():
        result, rejax = stored(name), compiled[environment]
        summary, runs = result["summary"], result["runs"]
        by = {method: [run for run in runs if run["method"] == method] for method in names}
        rows = [reached(words, by[method]) for method, words in names.items() if by[method]]
        rows.append(reached("Rejax, compiled", rejax["runs"]))
        facts |= {
            f"{task}_table": table(["", f"reached ${target}$", "steps", "CPU s"], rows),
            f"{task}_compiling": f"{rejax['runs'][0]['compiling']:.1f}",
        }
        for key, short in {"steps": "steps", "seconds": "time"}.items():
            for words, same in {"": "", " with our settings": "_same"}.items():
                if ratio := summary.get(f"{key} ratio{words}"):
                    facts[f"{task}_{short}_ratio{same}"] = f"{ratio['of medians']:.2g}"
                    facts[f"{task}_{short}_interval{same}"] = " to ".join(f"{end:.2g}" for end in ratio["interval"])
    summary, rejax = stored("ppo")["summary"], compiled["CartPole-v1"]
    ours = [run for run in stored("ppo")["runs"] if run["method"] == "book"]
    facts |= {
        "ppo_seeds": summary["book"]["seeds"],
        "ppo_worst_steps": number(summary["book"]["steps"]["most"]),
        "ppo_peer_worst_steps": number(summary["stable_baselines"]["steps"]["most"]),
        "ppo_ten": number(sum(run["seconds"] for run in ours[:10])),
        "ppo_ten_compiled": number(rejax["together"]["seconds"]),
        "ppo_ten_compiling": f"{rejax['together']['compiling']:.0f}",
        "ppo_step_price": number(price(ours) / price(rejax["runs"])),
    }
    for arm, name in {"1 epoch": "one", "3 epochs": "three", "10 epochs, no clip": "bare"}.items():
        facts[f"reuse_{name}"] = f"{study['summary'][arm]['times as many']:.1f}"
        facts[f"reuse_{name}_interval"] = between(study["summary"][arm]["interval"], 1)
    for arm, name in {"10 epochs": "clipped", "10 epochs, no clip": "bare"}.items():
        largest = study["largest_ratio"][arm]
        facts[f"reuse_{name}_ratios"] = f"{min(largest):.1f} and {number(max(largest))}"
    return facts


def sorter_numbers():
    """The book's `climb` beside TRL's GRPOTrainer: the same network, start, batches and stop."""
    summary = stored("sorter_trl")["summary"]
    names = {"book": "the book's `climb`", "trl": "TRL, all 256 answers in one pass", "trl_pieces": "TRL, 8 at a time"}

    def spread(method, key):
        values = summary[method][key]
        return f"{number(values['median'])} ({number(values['least'])} to {number(values['most'])})"

    rows, facts = [], {f"{method}_seeds": summary[method]["seeds"] for method in ("trl", "trl_pieces")}
    for method, words in names.items():
        parts = summary[method]["ms per update"]
        there = f"{summary[method]['reached']} of {summary[method]['seeds']}"
        middle = [spread(method, "updates"), spread(method, "seconds")]
        rows.append([words, there, *middle, number(parts["seconds"]), number(parts["generating"])])
    for method in ("trl", "trl_pieces"):
        ratio, parts = summary[method]["over the book"], summary[method]["ms per update"]
        facts |= {
            f"{method}_ratio": number(ratio["of medians"]),
            f"{method}_least": number(ratio["least of a pair"]),
            f"{method}_update": number(parts["seconds"]),
            f"{method}_generating": number(parts["generating"]),
            f"{method}_scoring": number(parts["scoring"]),
            f"{method}_rest": number(parts["seconds"] - parts["generating"] - parts["scoring"]),
        }
    head = ["", "reached .95", "updates", "CPU s", "ms per update", "of them generating"]
    loop = stored("language")
    facts |= {"sorter_torch": number(loop["torch_over_ours"]), "sorter_exact": number(loop["exact_in_updates"])}
    return facts | {"trl_table": table(head, rows), "sorter_seconds": number(summary["book"]["seconds"]["median"])}


def price(runs):
    """CPU seconds of one step, training included."""
    return np.median([run["seconds"] / run["steps"] for run in runs if run["steps"]])


def facts():
    return (
        ppo_numbers()
        | sorter_numbers()
        | training_tables()
        | training_numbers()
        | other_tables()
        | waiting_tables()
        | page_table()
        | about()
    )


def setup(app):
    def substitute(app, config):
        if RESULTS.exists():  # a small book, as the tests build, has none and no page that asks for them
            config.myst_substitutions = (config.myst_substitutions or {}) | facts()

    app.connect("config-inited", substitute, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
