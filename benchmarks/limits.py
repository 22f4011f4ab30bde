"""Is the book as quick as it should be? Each figure is a ratio of two times of one run, taken in turn:
the machine cancels out.

python -m benchmarks.limits [imports training growth advantages products live drags pages sliders python]

Without a word all are taken: a few minutes. It fails above a limit.
"""

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time

from benchmarks.clock import in_turn

ROOT = Path(__file__).resolve().parents[1]
TIMER = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"
OURS = "policy_gradient, policy_gradient.mdp, policy_gradient.games"  # with the NumPy part loaded, not only promised
PAGES = "book/index.html", "book/01-values-or-probabilities.html"
DRAGGED = *PAGES, "book/06-critics.html", "book/07-trust-regions.html"

# Milliseconds from a key press until the changed picture is painted.
LISTEN = """el => {
  window.pgTimes = [];
  let pressed = null;
  addEventListener('keydown', e => { pressed = e.timeStamp; }, true);
  new MutationObserver(() => {
    if (pressed === null) return;
    const from = pressed, channel = new MessageChannel();
    pressed = null;
    // runs after the frame is painted
    channel.port1.onmessage = () => window.pgTimes.push(performance.now() - from);
    requestAnimationFrame(() => channel.port2.postMessage(0));
  }).observe(el, { subtree: true, childList: true, attributes: true, characterData: true });
}"""
PLAIN = """<!doctype html><div class="pg-widget"><input type="range" max="60" value="30"><output>30</output></div>
<script>document.querySelector("input").oninput = e => {
    document.querySelector("output").textContent = e.target.value; }</script>"""
# Milliseconds of the work at each move of a drag, and of drawing two hundred bare circles anew.
DRAG = """() => { window.took = []; window.circles = []; let begun;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  addEventListener("pointermove", () => { begun = performance.now(); }, true);
  addEventListener("pointermove", () => { took.push(performance.now() - begun);
    const from = performance.now();
    svg.replaceChildren(...Array.from({ length: 200 }, (_, i) => {
      const c = document.createElementNS(svg.namespaceURI, "circle");
      for (const k of ["cx", "cy", "r"]) c.setAttribute(k, i); return c; }));
    circles.push(performance.now() - from); }); }"""

# Milliseconds of a page's own program between two frames: its answers to frames and to its workers. And bare circles.
FRAMES = """() => { window.work = []; window.circles = []; window.shown = []; let spent = 0;
  const timed = f => function (...given) { const from = performance.now();
    try { return f.apply(this, given); } finally { spent += performance.now() - from; } };
  const frame = requestAnimationFrame.bind(window), Native = Worker;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const count = now => { shown.push(now); work.push(spent); spent = 0; frame(count);
    const from = performance.now();
    svg.replaceChildren(...Array.from({ length: 200 }, (_, i) => {
      const c = document.createElementNS(svg.namespaceURI, "circle");
      for (const k of ["cx", "cy", "r"]) c.setAttribute(k, i); return c; }));
    circles.push(performance.now() - from); };
  frame(count);
  window.requestAnimationFrame = f => frame(timed(f));
  window.Worker = class extends Native { set onmessage(f) { super.onmessage = timed(f); } }; }"""
# CartPole to a batch of 475 by the program of the figure that trains; in a V8 that has no page.
SOLVE = """globalThis.solve = seed => { const run = m.begin(seed);
  const settings = { batch: 16, rate: 0.02, baseline: "batch_mean", keep: false, gamma: 0.99 };
  while (run.mean < 475 && run.updates < 300) for (const _ of m.updating(run, settings));
  return run.steps; }"""


def imports():
    """The package against NumPy, which it needs: CPU seconds in fresh processes, by turns."""

    def run(what):
        return float(
            subprocess.run(
                [sys.executable, "-c", TIMER.format(what)], capture_output=True, text=True, check=True
            ).stdout
        )

    run(OURS)  # compiles the byte code
    yield "import policy_gradient / import numpy", statistics.median(run(OURS) / run("numpy") for _ in range(9)), 1.5


def training():
    """A training of CartPole, to its target, against as many steps of random actions in the same environments."""
    import gymnasium as gym
    import numpy as np

    import policy_gradient as pg

    def trained(seed):
        rng, policy = np.random.default_rng(seed), pg.MLPSoftmax((4, 64, 2))
        envs = gym.make_vec("CartPole-v1", num_envs=16)
        start = process_time()
        result = pg.reinforce(envs, policy, policy.init(rng), rng, num_updates=40, progress=False, **pg.CARTPOLE_RECIPE)
        return process_time() - start, int(result.history["num_steps"][-1])

    def random_actions(steps, num_envs=16):
        envs, rng = gym.make_vec("CartPole-v1", num_envs=num_envs), np.random.default_rng(0)
        envs.reset(seed=0)
        start = process_time()
        for _ in range(steps // num_envs):
            envs.step(rng.integers(2, size=num_envs))
        return process_time() - start

    ratios = []
    for seed in range(5):
        seconds, steps = trained(seed)
        ratios.append(seconds / random_actions(steps))
    yield "40 updates on CartPole / as many random steps", statistics.median(ratios), 3.0


def growth():
    """Ten times the trajectories: ten times the work, and the time may be twice that."""
    import numpy as np

    import policy_gradient as pg

    rng = np.random.default_rng(0)
    mdp = pg.TabularMDP(rng.dirichlet(np.ones(5), size=(5, 2)), rng.normal(size=(5, 2)), np.full(5, 0.2), 0.95)
    policy, theta = pg.TabularSoftmax(5, 2), rng.normal(size=10)
    times = in_turn(
        {n: lambda n=n: pg.sample_gradient(mdp, policy, theta, n, 10, rng) for n in (10**5, 10**6)}
        | {"draws": lambda: rng.random((10**6, 20))},
        3,
    )
    least = {name: min(row) for name, row in times.items()}
    yield "10^6 / 10^5 trajectories and their gradient", least[10**6] / least[10**5], 20.0
    yield "10^6 trajectories of 10 steps / drawing their 2 10^7 numbers", least[10**6] / least["draws"], 10.0


def advantages(T=2048, N=64):
    """GAE over columns of several episodes: against a Python loop over lists, one that indexes arrays, and the rollout
    it belongs to."""
    import gymnasium as gym
    import numpy as np

    import policy_gradient as pg
    from policy_gradient.critic import gae_columns

    rng, gamma, lam = np.random.default_rng(0), 0.99, 0.95
    rewards, values, after = rng.normal(size=(3, T, N))
    terminated, truncated = rng.random((2, T, N)) < 0.005

    def loop(rewards, values, after, terminated, truncated):
        columns = []
        for n in range(N):
            column, following = [0.0] * T, 0.0
            for t in range(T - 1, -1, -1):
                delta = rewards[t][n] - values[t][n] + (0.0 if terminated[t][n] else gamma * after[t][n])
                following = delta if terminated[t][n] or truncated[t][n] else delta + gamma * lam * following
                column[t] = following
            columns.append(column)
        return columns

    def indexed(rewards, values, after, terminated, truncated):
        advantages = np.zeros((T + 1, N))
        for n in range(N):
            for t in reversed(range(T)):
                delta = rewards[t, n] + gamma * after[t, n] * (1 - terminated[t, n]) - values[t, n]
                advantages[t, n] = delta + gamma * lam * advantages[t + 1, n] * (
                    1 - (terminated[t, n] | truncated[t, n])
                )
        return advantages[:T]

    arrays = rewards, values, after, terminated, truncated
    lists = [array.tolist() for array in arrays]
    policy, envs = pg.MLPSoftmax((4, 64, 2)), gym.make_vec("CartPole-v1", num_envs=N)
    theta = policy.init(rng)

    def rollout():
        obs, _ = envs.reset(seed=0)
        for _ in range(T // 8):  # an eighth is enough
            obs, *_ = envs.step(policy.sample(theta, obs, rng))

    gae_columns(*arrays, gamma, lam)  # imports SciPy's filter
    times = in_turn(
        {
            "ours": lambda: [gae_columns(*arrays, gamma, lam) for _ in range(10)],
            "lists": lambda: loop(*lists),
            "arrays": lambda: indexed(*arrays),
            "rollout": rollout,
        },
        3,
    )
    least = {name: min(row) for name, row in times.items()} | {"ours": min(times["ours"]) / 10}
    yield f"GAE over ({T}, {N}) / a tenth of a Python loop over lists", least["ours"] / (least["lists"] / 10), 1.0
    yield (
        f"GAE over ({T}, {N}) / a hundredth of a loop that indexes arrays",
        least["ours"] / (least["arrays"] / 100),
        1.0,
    )
    yield f"GAE over ({T}, {N}) / 2 % of its rollout", least["ours"] / (8 * least["rollout"] / 50), 1.0


def products(M=2048):
    """A product with the Fisher matrix, and a solution in ten of them, against the gradient that they turn."""
    import numpy as np

    import policy_gradient as pg
    from policy_gradient import natural

    rng, policy = np.random.default_rng(0), pg.MLPSoftmax((4, 64, 2))
    obs, actions, weights = rng.normal(size=(M, 4)), rng.integers(2, size=M), rng.normal(size=M) / M
    for dtype in (np.float32, np.float64):
        theta, v = policy.init(rng, dtype), rng.normal(size=policy.num_params)

        def product(v, theta=theta):
            return natural.fisher_vector(policy, theta, obs, None, v)

        gradient = policy.weighted_score(theta, obs, actions, weights)
        times = in_turn(
            {
                "score": lambda theta=theta: [policy.weighted_score(theta, obs, actions, weights) for _ in range(20)],
                "product": lambda v=v, product=product: [product(v) for _ in range(20)],
                "ten": lambda gradient=gradient, product=product: natural.conjugate_gradient(product, gradient, 10),
            },
            9,
        )
        least = {name: min(row) for name, row in times.items()}
        what = f"over {M} observations, {np.dtype(dtype)}"
        yield f"Fisher-vector product / one weighted_score, {what}", least["product"] / least["score"], 3.0
        yield f"ten conjugate gradients / ten products, {what}", 2 * least["ten"] / least["product"], 1.5


def live(site=ROOT / "_build/html", seeds=40):
    """The figure that trains: to a batch of 475 against the package's own program, and its work in a frame meanwhile.

    Each program's luck is its own: how many steps a seed needs differs by a factor of three. So the ratio of the
    medians comes with its interval over the seeds, and a step's own ratio beside it.
    """
    import gymnasium as gym
    import numpy as np

    import policy_gradient as pg
    from learning_to_act.explorables import LiveTraining
    from tests.helpers.v8 import module

    v8 = module(LiveTraining)
    v8.eval(SOLVE)
    envs, policy = gym.make_vec("CartPole-v1", num_envs=16), pg.MLPSoftmax((4, 64, 2))

    def ours(seed):
        rng = np.random.default_rng(seed)
        envs.reset(seed=seed)
        solved = {"callback": lambda update, theta, rollout: rollout.rewards.sum(axis=0).mean() >= 475}
        run = pg.reinforce(
            envs, policy, policy.init(rng), rng, num_updates=300, progress=False, **solved, **pg.CARTPOLE_RECIPE
        )
        return run.history["num_steps"][-1]

    def measured(act, seed):
        start = process_time()
        steps = act(seed)
        return process_time() - start, steps

    figure = lambda seed: v8.eval(f"solve({seed})")  # noqa: E731
    figure(99), ours(99)  # compiles
    runs = np.array([[measured(act, seed) for act in (figure, ours)] for seed in range(1, seeds + 1)])
    figures, packages = runs[:, :, 0].T
    figure_steps, package_steps = runs[:, :, 1].sum(axis=0)
    drawn = np.random.default_rng(0).integers(seeds, size=(2, 2000, seeds))
    ratios = np.median(figures[drawn[0]], axis=1) / np.median(packages[drawn[1]], axis=1)
    print("        ({} seeds each; 95 % {:.2f} to {:.2f})".format(seeds, *np.quantile(ratios, (0.025, 0.975))))
    what = "in the figure / by the package, the same recipe"
    yield f"CartPole to a batch of 475, {what}", np.median(figures) / np.median(packages), 1.0
    yield f"a step of it, {what}", figures.sum() / figure_steps / (packages.sum() / package_steps), 1.0
    yield from frames(site)


def frames(site):
    """The work between two frames, while the figure trains as fast as it can,
    against drawing two hundred bare circles."""
    from tests.helpers.pages import Server, settled

    server = Server(site)
    with browser() as opened:
        page = opened.new_page(viewport={"width": 1280, "height": 800})
        page.goto(server.url + "book/03-in-practice.html")
        settled(page)
        page.evaluate(FRAMES)
        figure = page.locator("[data-explorable=live]")
        figure.get_by_label("full speed").check()
        figure.get_by_role("button", name="Train").click()
        figure.scroll_into_view_if_needed()
        page.wait_for_function("window.work.length > 600")
        work, circles = (sorted(page.evaluate(name)[10:]) for name in ("work", "circles"))
        shown = page.evaluate("shown")[10:]
    server.http.shutdown()
    late = sum(then - now > 25 for now, then in zip(shown, shown[1:]))  # a frame is 16.7 ms: one was left out
    print(f"        ({1 - late / (len(shown) - 1):.1%} of {len(shown) - 1} frames on time)")
    for name, share, limit in (("median", 0.5, 2.0), ("99 %", 0.99, 4.0)):
        at = int(share * len(work))
        print(f"        ({name} of frames: {work[at]:.2f} ms, 200 circles {circles[at]:.2f} ms)")
        yield f"{name} of frames while it trains, the work in one / 200 bare circles", work[at] / circles[at], limit


@contextlib.contextmanager
def browser():
    from playwright.sync_api import sync_playwright

    from tools.run import chromium

    with sync_playwright() as p:
        opened = p.chromium.launch(executable_path=chromium.path(), args=chromium.ARGS)
        yield opened
        opened.close()


def presses(page, widget):
    handle = widget.locator("[role=slider]:visible, input[type=range]:visible, svg [tabindex='0']:visible").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    widget.evaluate(LISTEN)
    for press in range(30):
        page.keyboard.press("ArrowLeft" if press % 20 < 10 else "ArrowRight")
        page.wait_for_timeout(40)
    return statistics.median(page.evaluate("window.pgTimes"))


def median_delay(browser, server, path):
    """Milliseconds from the key press to the painted picture of a page's first figure."""
    from tests.helpers.pages import Visit

    visit = Visit(browser, server, path)
    delay = presses(visit.page, visit.page.locator(".pg-widget").first)
    visit.close()
    return delay


def pages(site=ROOT / "_build/html"):
    """A figure's answer to a key against that of a bare slider which writes one number."""
    from tests.helpers.pages import Server

    server = Server(site)
    with browser() as opened:
        for path in PAGES:
            ratios = []
            for _ in range(3):
                page = opened.new_page()
                page.set_content(PLAIN)
                ratios.append(median_delay(opened, server, path) / presses(page, page.locator(".pg-widget")))
                page.close()
            yield f"key to picture / key to a bare number, {path}", statistics.median(ratios), 3.0
    server.http.shutdown()


def drags(site=ROOT / "_build/html"):
    """The work at each move of a drag, of every first figure of a page, against drawing two hundred bare circles."""
    from tests.helpers.pages import Server, Visit

    server = Server(site)
    with browser() as opened:
        for path in DRAGGED:
            visit = Visit(opened, server, path)
            page, handle = visit.page, visit.page.locator(".pg-fig-handle:visible").first
            handle.scroll_into_view_if_needed()
            page.evaluate(DRAG)
            box = handle.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            for step in range(60):
                page.mouse.move(x + 60 * (step % 30) / 30 - 30, y)
            page.mouse.up()
            took, circles = (statistics.median(page.evaluate(name)[2:]) for name in ("took", "circles"))
            visit.close()
            yield f"a move of a drag / 200 bare circles, {path}", took / circles, 10.0
    server.http.shutdown()


def sliders(moves=4):
    """In one notebook of JupyterLab: what moves only what changed against `interact`, which draws all anew."""
    from benchmarks import slider_ways as one_notebook
    from tests.helpers import jupyterlab_here as lab

    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        one_notebook.write_comparison(Path(folder) / "compare.ipynb")
        with lab.running(folder, Path(folder) / ".jupyter") as address:
            times = one_notebook.compared(opened, address, "compare.ipynb", moves)
    least = {way: statistics.median(row) for way, row in times.items()}
    yield "explore with update / interact, in JupyterLab", least["explore, update"] / least["interact"], 1.0
    yield "explore with update / a speck that takes no time to draw", least["explore, update"] / least["speck"], 3.0


def python(site=ROOT / "_build/html", turns=3):
    """Python's first result in a page and in JupyterLite, cold, against a bare Pyodide with NumPy in an empty page."""
    from benchmarks import first_python

    with first_python.served(site) as server:
        ways = ["bare", "pressed", "written"] + ["lite"] * (site / "lite/notebooks/index.html").exists()
        if not server:
            print("        (no first results: Pyodide's files are not here)")
            return
        visits = first_python.measured({"now": server}, ways, turns)
    medians = {way: first_python.median(visits[way]["now"]) for way in ways}
    print(f"        (medians in seconds: {', '.join(f'{way} {x:.1f}' for way, x in medians.items())})")
    words = {"pressed": "press to verdict in an exercise's page", "written": "the same after ten seconds in the editor"}
    words["lite"] = "opening to the first cell's end in JupyterLite"
    for way, limit in {"pressed": 2.0, "written": 0.5, "lite": 8.0}.items():
        if way in medians:
            yield f"{words[way]} / bare Pyodide with NumPy", medians[way] / medians["bare"], limit


PARTS = {
    part.__name__: part
    for part in (imports, training, growth, advantages, products, live, drags, pages, sliders, python)
}


def judged(figures):
    """Print each ratio beside its limit; is one above?"""
    above = 0
    for what, ratio, limit in figures:
        above += ratio > limit
        print(
            f"{ratio:6.2f}  of at most {limit:4.1f}  {what}{'' if ratio <= limit else '     ABOVE ITS LIMIT'}",
            flush=True,
        )
    return bool(above)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Ratios of times within one run, each held to its limit.")
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    wanted = parser.parse_args().parts
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    sys.exit(judged(figure for name in wanted or PARTS for figure in PARTS[name]()))
