"""A fit in plain words, as JSON, and as a picture of two arrows."""

import json
from dataclasses import asdict, dataclass, field

import numpy as np

from . import candidates as c
from .worlds import changed, worlds

RIGHT, CHOICE, DEPARTURE, MISTAKE, OPEN = "right", "choice", "departure", "mistake", "open"

CREDIT = {
    "total return": (
        RIGHT,
        "Each step is credited with the whole episode's return: right, and noisier than the reward-to-go.",
    ),
    "gae": (RIGHT, "Advantages are GAE(lambda), with the gamma and lambda given."),
    "gae plus value": (
        CHOICE,
        "Each step is credited with the lambda-return (GAE plus V): returns stand where advantages are meant.",
    ),
    "own reward left out": (
        MISTAKE,
        "A step's **own reward is left out**: its credit begins with the reward after it.",
    ),
    "own reward left out, undiscounted": (
        MISTAKE,
        "A step's **own reward is left out**: its credit begins with the reward after it, undiscounted.",
    ),
    "rewards one early": (
        MISTAKE,
        "Rewards are **shifted by one**: a step's own reward is left out, and the next one stands in its place.",
    ),
    "last reward twice": (
        MISTAKE,
        "Rewards are **shifted by one**: a step's own reward is left out, "
        "and an episode's last reward is counted twice.",
    ),
    "rewards one late": (MISTAKE, "Rewards are **one step late**: a step is credited with the reward before it."),
    "returns one late": (
        MISTAKE,
        "Returns are **one step late**: a step is credited with the return of the step before it.",
    ),
    "rewards rolled": (
        MISTAKE,
        "Rewards are **one step late**, and an episode's last reward comes round to its first step.",
    ),
    c.ANEW: (
        MISTAKE,
        "The return **begins anew at every reward** that is not 0: a step is credited with the first such reward "
        "from it on, and with none after. That is right only where each ends a game, as a point in Pong does.",
    ),
    "own reward only": (
        MISTAKE,
        "A step is credited with its **own reward only**: what it leads to does not count. "
        "(A critic of its own that says zero everywhere, with a target of one step, looks the same.)",
    ),
    "past rewards": (
        MISTAKE,
        "A step is credited with the rewards **up to it**, not with those that follow (undiscounted).",
    ),
    "past rewards, discounted back": (
        MISTAKE,
        "A step is credited with the rewards **up to it**, not with those that follow.",
    ),
    "past rewards, discounted from the start": (
        MISTAKE,
        "A step is credited with the rewards **up to it**, not with those that follow.",
    ),
    "last reward only": (MISTAKE, "Every step is credited with the episode's **last reward only**."),
    "mean of what follows": (
        MISTAKE,
        "The return is **divided by the number of steps left**: late steps weigh more than they should.",
    ),
    "order reversed": (
        MISTAKE,
        "The returns stand in **reversed order** within each episode "
        "(a list was built backwards and not turned round).",
    ),
    "lambda return minus V, one step": (
        DEPARTURE,
        "Not GAE: r + gamma * (lambda-return of the next step) - V. "
        "The **first factor lambda is missing** (V-trace's form).",
    ),
    "decay lambda": (MISTAKE, "TD errors are summed with **lambda in place of gamma * lambda**."),
    "decay gamma": (CHOICE, "TD errors are summed with gamma alone: **lambda is 1**, whatever was given."),
    "next value undiscounted": (MISTAKE, "The TD error lacks a **gamma before V(next)**."),
    "value not subtracted": (MISTAKE, "The TD error lacks **minus V**: it is r + gamma V(next)."),
}
GAMMA = {
    "one": "**gamma is taken as 1**: the rewards are not discounted.",
    "squared": "**gamma is squared**: it is applied twice.",
}
TERMINATED = {
    "bootstrapped": "Terminated steps: **bootstrapped**, V of the last observation is counted "
    "as if something followed.",
    "not cut": "Terminated steps: **not cut**; rewards or values of the next episode leak into this one.",
    "not cut, right value": "Terminated steps: bootstrapped and **not cut**; "
    "the next episode's advantages leak into this one.",
    "not cut, value zero": "Terminated steps: **not cut**; the next episode's rewards "
    "or advantages leak into this one.",
    "value of the next episode": "Terminated steps: **V of the next episode's first observation** is counted.",
    "one step early": "Episodes are cut **one step early**: the flag of the next step is read, so the real end leaks.",
    "one step late": "Episodes are cut **one step late**: the flag of the step before is read.",
}
TRUNCATED = {
    "as terminated": "Truncated steps: **taken for terminations**, V of what would have followed is not counted.",
    "not cut": "Truncated steps: **not cut**; the next episode leaks into this one.",
    "not cut, right value": "Truncated steps: bootstrapped but **not cut**; "
    "the next episode's advantages leak into this one.",
    "not cut, value zero": "Truncated steps: **not cut** and not bootstrapped; the next episode leaks into this one.",
    "value of the next episode": "Truncated steps: **V of the next episode's first observation** is counted, "
    "not of the last one seen.",
    "own value": "Truncated steps: **V of the step's own observation** is counted, not of what came after it.",
    "counted twice": "Truncated steps: V of the last observation is **counted twice**, "
    "in the reward and beside it perhaps.",
    "without gamma": "Truncated steps: V of the last observation is counted **without its gamma**.",
    "advantage zero": "Truncated steps: their **advantage is set to zero**, and nothing of what follows passes them.",
    "left out": "Truncated steps: **left out**, and nothing passes them.",
}
WEIGHT = {
    "dropped": (DEPARTURE, "**without gamma^t**"),
    "gamma^2t": (MISTAKE, "with **gamma^t counted twice**"),
    "not reset": (MISTAKE, "with a **gamma^t that counts on** from one episode to the next"),
    "backwards": (MISTAKE, "with a **gamma^t counted from the end** of the episode"),
    "inverse": (MISTAKE, "with a **gamma^-t**, which grows"),
}
BASELINE = {
    "value": (RIGHT, "Baseline: the learned value V(obs)"),
    "mean": (CHOICE, "Baseline: the mean over all steps of the batch, its own included."),
    "leave one out": (
        CHOICE,
        "Baseline: the mean over the other steps of the batch. The own episode's are among them and depend on the "
        "action: a bias that falls as 1/N with N episodes.",
    ),
    "mean at t": (CHOICE, "Baseline: the mean at the same t, its own episode included; that shrinks the step by 1/n."),
    "leave one out at t": (RIGHT, "Baseline: the mean of the other episodes at the same t."),
    "mean of first returns": (CHOICE, "Baseline: the mean of the episodes' returns, its own included."),
    "leave one out of first returns": (RIGHT, "Baseline: the mean of the other episodes' returns."),
    "own episode": (DEPARTURE, "Baseline: the mean of the step's **own episode**, which depends on the action."),
    "value added": (MISTAKE, "The value V is **added**, not subtracted."),
    "mean added": (MISTAKE, "The mean of the batch is **added**, not subtracted."),
    "mean at t added": (MISTAKE, "The mean at the same t is **added**, not subtracted."),
    "leave one out at t added": (MISTAKE, "The mean of the other episodes at the same t is **added**, not subtracted."),
    "next value": (MISTAKE, "Baseline: **V of the next observation**, which depends on the action."),
    "mean of rewards": (
        CHOICE,
        "Baseline: the mean of the *rewards*, which is no estimate of a return. The own episode's are among them: "
        "a bias that falls as 1/N with N episodes.",
    ),
    "running sum": (DEPARTURE, "Baseline: a running mean over the steps so far, **its own included**."),
}
SPREAD = {
    **{
        f"own episode{ddof}": f"Divided by the standard deviation **within each episode**{ddof}: an episode whose "
        "steps hardly differ counts as much as one whose steps differ widely."
        for ddof in ("", ", ddof 1")
    },
    "at t": "Divided by the standard deviation **at each t**, which changes how the steps weigh against each other.",
}
SCORE = {
    "pi": "The slope of **pi** instead of log pi: rare actions count too little.",
    "action only": "The score lacks **minus the probability** (the normaliser of log pi).",
    "other action": "The score is that of the **other action**.",
    "chance only": "The score is that of action 1 **whatever action was taken**.",
    "slope twice": "The score has an **extra factor p(1 - p)**.",
    "at zero": "The score is taken **at theta = 0**, not at the theta given.",
    "over pi": "The score is **divided by the probability** once more.",
}
VISITS = {
    "mean of the visits": "Visits of one observation are **averaged**, not added: how often it is seen is forgotten.",
    "first visits": "Only an episode's **first visit** of an observation counts.",
    "last visit only": "Only the **last visit** of an observation counts: "
    "the others are overwritten (g[obs] = ... in place of adding).",
}
SIGN = {
    -1: ("minus", "**The sign is turned round**: it descends where it should climb."),
    0: ("changes", "**The sign changes** from batch to batch: on some it descends."),
}
EQUAL = {
    "nan": "When all returns are equal it gives **NaN** (a standard deviation of zero, with no eps added).",
    "nan at zero": "When all rewards are zero it gives **NaN** (a division by zero, perhaps).",
}
RESET = {
    "counted": (MISTAKE, " (mask False; Gymnasium's vector environments give them): **counted as data**."),
    "felt": (MISTAKE, " (mask False): it gets no weight, but it **changes the weights of the others**."),
    "in the divisor": (CHOICE, " (mask False): left out of the sum, but **counted in what the sum is divided by**."),
    "left out": (RIGHT, ": left out, right."),
}
OPEN_WORDS = {
    "everything": "No rule that I know explains the weights of your steps.",
    "truncated": "What happens at truncated steps, no rule that I know explains.",
    "open": "What happens where the batch ends in the middle of an episode, no rule that I know explains.",
    "both": "What happens at a step that is both terminated and truncated, no rule that I know explains.",
    "long": "In episodes of twelve steps no rule that I know explains the weights of your steps; "
    "in those of up to five this one does.",
    "ends": "How it treats truncated steps, and a batch that ends in the middle of an episode, "
    "cannot be seen behind that.",
    "own values": "Without rewards and values it moves by which observation is which: is there a V of its own? "
    "How it credits cannot be seen behind that; let it take batch.values and batch.next_values.",
    "scale": "By what number the whole is multiplied, I cannot say: it changes from batch to batch.",
    "larger rewards": "By what number the whole is multiplied, I cannot say: it changes with the size of the rewards "
    "(a clip, perhaps).",
    "visits": "Where one observation is visited several times, the steps do not simply add up.",
}


@dataclass
class Finding:
    """One thing found: `question` and `answer` as in the rule, kind "right", "choice",
    "departure" or "mistake", and the words."""

    question: str
    answer: str
    kind: str
    words: str


@dataclass
class Verdict:
    """What an update follows. `print` it; `to_json()`, `picture()`.
    ok: it was read, and no departure or mistake was found."""

    name: str
    direction: list  # on two doors
    theorem: list
    angle: float | None  # degrees between the two
    length: float | None
    findings: list = field(default_factory=list)
    open: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    rule: dict | None = None
    unreadable: str | None = None  # the kind, if no direction could be read
    headline: str = ""
    goes_to: str = ""

    @property
    def ok(self):
        return self.unreadable is None and not self.open and not self.accused

    @property
    def accused(self):
        """The departures and mistakes."""
        return [f for f in self.findings if f.kind in (DEPARTURE, MISTAKE)]

    def names(self, question, answer=None):
        """Was this said?"""
        return any(f.question == question and answer in (None, f.answer) for f in self.findings)

    def __str__(self):
        order = [MISTAKE, DEPARTURE, CHOICE, RIGHT]
        points = [f"- {f.words}" for f in sorted(self.findings, key=lambda f: order.index(f.kind))] + [
            f"- Open: {words}" for words in self.open
        ]
        last = []
        if self.angle is not None:
            last.append(
                f'On "two doors" it makes {self.angle:.0f} degrees with the gradient of the return'
                + (f", and has {self.length:.3g} times its length." if self.length else ".")
                + (f" {self.goes_to}" if self.goes_to else "")
            )
        last += [f"Note: {words}" for words in self.notes]
        return "\n\n".join("\n".join(part) for part in ([self.headline], points, last) if part)

    __repr__ = __str__

    def to_json(self, **options):
        """All of it as a JSON text."""
        return json.dumps(dict(asdict(self), ok=self.ok, text=str(self)), **{"indent": 1, **options})

    def picture(self, ax=None):
        """Two arrows on two doors, in the plane of its two parameters:
        the gradient of the return, and this update's, both of length one."""
        import matplotlib.pyplot as plt

        ax = ax or plt.subplots(figsize=(4, 4))[1]
        for arrow, name, shade, style in (
            (self.theorem, "gradient of the return", "#007A5E", "-"),
            (self.direction, self.name, "#0072B2", "--"),
        ):
            arrow = np.array(arrow[:2], float)
            if (size := np.linalg.norm(arrow)) > 0:
                x, y = arrow / size
                ax.annotate("", (x, y), (0, 0), arrowprops=dict(arrowstyle="-|>", color=shade, lw=2, linestyle=style))
                ax.annotate(
                    name,
                    (x * 1.08, y * 1.08),
                    color=shade,
                    ha="center",
                    va="bottom" if y >= 0 else "top",
                    annotation_clip=False,
                )
        ax.set(
            xlim=(-1.4, 1.4),
            ylim=(-1.4, 1.4),
            aspect="equal",
            xlabel="logit of the first observation",
            ylabel="logit of the second",
            title="Two doors at theta = 0" + ("" if self.angle is None else f": {self.angle:.0f} degrees apart"),
        )
        ax.axhline(0, color="#D5D9DD", lw=0.8, zorder=0)
        ax.axvline(0, color="#D5D9DD", lw=0.8, zorder=0)
        return ax


def theorem():
    """The gradient of the return on two doors at theta = 0, (2,)."""
    from policy_gradient.mdp import exact_gradient, two_doors
    from policy_gradient.policies import two_action_softmax

    return exact_gradient(two_doors(), two_action_softmax(2, 3), np.zeros(2))


def _degrees(x, y):
    return float(np.degrees(np.arccos(np.clip(x @ y / np.linalg.norm(x) / np.linalg.norm(y), -1, 1))))


EVERY_ACTION = (
    "**Every reward meets every action**, not its own. (Usual cause: shapes (n, 1) and (n,) make a table (n, n).)"
)


def read(name, fit, notes):
    """The Verdict of a Fit."""
    exact, gradient = theorem(), np.asarray(fit.gradient, float)[:2]
    size = np.linalg.norm(gradient)
    angle = _degrees(gradient, exact) if size else None
    verdict = Verdict(
        name,
        gradient.tolist(),
        exact.tolist(),
        angle,
        float(size / np.linalg.norm(exact)),
        rule=fit.rule,
        notes=list(notes.values()),
    )
    if fit.still:
        return _nothing_moves(name, fit.still, verdict)
    say = verdict.findings.append
    if fit.rule:
        _from_rule(fit, say)
        verdict.headline = _headline(name, fit)
        verdict.goes_to = _where(fit)
        if (angle := _values_decide(fit, verdict)) is not None:
            verdict.goes_to = (
                verdict.goes_to.replace("Followed there,", "Followed there with V = 0,")
                + f" (With the true V of each state it makes {angle:.0f} degrees.)"
            )
    elif fit.before:
        kind = DEPARTURE if fit.before.startswith("units") else MISTAKE
        say(Finding("rewards", fit.before, kind, BEFORE[fit.before].format(times=fit.units)))
        verdict.headline = f"{name} follows **not** the theorem's direction."
    elif fit.table:
        say(Finding("credit", "every action", MISTAKE, EVERY_ACTION))
        verdict.headline = f"{name} follows **not** the theorem's direction."
    else:
        verdict.headline = f"{name}: what it follows stays open."
    if fit.extra and fit.extra["name"] != "own values":
        _extra(fit, say)
    if fit.equal_rewards != "finite":
        say(of_equal_rewards(fit.equal_rewards))
    if fit.reset in RESET:
        kind, words = RESET[fit.reset]
        say(Finding("reset", fit.reset, kind, f"A reset step in the batch{words}"))
    if "**not**" not in verdict.headline and any(f.kind == MISTAKE and f.question != "sign" for f in verdict.findings):
        verdict.headline = verdict.headline[:-1] + ", **but**:"
    verdict.open = [OPEN_WORDS[question] for question in fit.open] + fit.hints
    if fit.ratio:
        verdict.notes.append(
            "It uses log_probs: seen at a ratio of 1 only. What a clip or a ratio does later is not seen."
        )
    for other in fit.also:
        if {other["baseline"], fit.rule["baseline"]} == {"mean", "leave one out"}:  # the same up to n / (n - 1)
            continue
        verdict.notes.append(
            "The same numbers come from another rule: "
            + ", ".join(f"{q} {a}" for q, a in other.items() if a != fit.rule[q])
            + "."
        )
    return verdict


STILL = {  # (question, answer, kind, words), where it stands still
    "per parameter": (
        (
            "baseline",
            "per parameter",
            DEPARTURE,
            "Its baseline is made for **each parameter, from the same episodes**: of a parameter that a single "
            "episode reaches it leaves nothing, and of one that a few reach, too little.",
        ),
        "where one episode alone reaches a parameter, it stands still",
    ),
    "few steps": (
        (
            "zero",
            "few steps",
            CHOICE,
            "On a larger batch of the same kind it moves: does it wait for a **least number of steps**, "
            "of episodes or of observations?",
        ),
        "on a batch of 13 steps it does not move",
    ),
    "small rewards": (
        ("zero", "small rewards", CHOICE, "With larger rewards it moves: is there a **threshold**?"),
        "on a batch of other rewards it does not move",
    ),
    "unknown": (
        (
            "zero",
            "unknown",
            DEPARTURE,
            "Why, I cannot say: a baseline for each parameter, perhaps, or a least number of visits.",
        ),
        "where one episode alone reaches a parameter, it stands still",
    ),
}


def _nothing_moves(name, why, verdict):
    finding, where = STILL[why]
    if verdict.angle is None and why not in ("few steps", "small rewards"):
        verdict.headline = f"{name} does not move on any batch that I tried: its direction is zero."
        words = (
            "Is the gradient taken of something that theta does not enter? Are the probabilities constants? Or did "
            "shapes (n, 1) and (n,) make a table (n, n), of weights whose mean was taken off? Its sum is zero."
        )
        verdict.findings.append(Finding("zero", "zero", MISTAKE, words))
        return verdict
    verdict.findings.append(Finding(*finding))
    verdict.open = ["How it credits and how it treats endings cannot be seen behind that."]
    if verdict.angle is None:
        most = max(len(world.batch) for world in worlds().values())
        verdict.headline = f"{name} does not move on any of my batches of up to {most} steps."
        return verdict
    off = np.abs(np.array(verdict.direction) / verdict.theorem - 1).max()
    how = "the theorem's direction" if verdict.angle < 0.01 else "**not** the theorem's direction"
    verdict.headline = f"{name} follows {how} on two doors" + ", at its full length" * bool(off < 1e-6) + f"; {where}."
    return verdict


ONE, TWO = "**one step**, r + gamma V'", "**two steps**, r + gamma r' + gamma^2 V''"
FEW_STEPS = {  # (credit, is the same V added again?): the finding; such a loop has no lambda
    ("gae", False): ("lam", "0", f"Advantages take {ONE} - V"),
    ("gae", True): ("credit", "gae plus value", f"Returns take {ONE}"),
    ("gae plus value", False): ("credit", "gae plus value", f"Returns take {ONE}"),
    ("lambda return minus V, one step", False): ("credit", "two steps", f"Advantages take {TWO} - V"),
    ("lambda return minus V, one step", True): ("credit", "two steps", f"Returns take {TWO}"),
}


def _again(rule):
    return rule["baseline"] == "value added" and rule["place"] == "inside"


def _few_steps(rule):
    return FEW_STEPS.get((rule["credit"], _again(rule))) if rule["lam"] == "0" else None


def _added(rule):
    """Is a baseline added that is not the V which a sum of few steps has subtracted?"""
    return "added" in rule["baseline"] and not (_again(rule) and _few_steps(rule))


def _credit(rule, say):
    credit, lam = rule["credit"], rule["lam"]
    if few := _few_steps(rule):
        question, answer, words = few
        say(Finding(question, answer, CHOICE, f"{words}, whatever lambda was given."))
        return
    if credit == "gae" and (lam, rule["gamma"]) != ("given", "given"):
        say(Finding("credit", "gae", RIGHT, "Advantages are GAE(lambda)."))
    elif credit in CREDIT:
        say(Finding("credit", credit, *CREDIT[credit]))
    if lam != "given":
        kind = CHOICE if lam == "0" else MISTAKE
        say(Finding("lam", lam, kind, f"**lambda is {float(lam):.6g}**, whatever was given."))


def _from_rule(fit, say):
    rule = fit.rule
    uses_values = rule["credit"] in c.GAE + ("decay gamma",) or rule["baseline"] in ("value", "value added")
    _credit(rule, say)
    if rule["gamma"] in GAMMA:
        say(Finding("gamma", rule["gamma"], MISTAKE, "Within the return " + GAMMA[rule["gamma"]]))
    elif rule["gamma"] != "given":
        say(Finding("gamma", rule["gamma"], MISTAKE, f"**gamma is {float(rule['gamma']):.6g}**, whatever was given."))
    if rule["terminated"] in TERMINATED:
        say(Finding("terminated", rule["terminated"], MISTAKE, TERMINATED[rule["terminated"]]))
    if "truncated" not in fit.open:
        _truncated(rule, fit, uses_values, say)
    if (
        rule["both"] != "as terminated"
        and "both" not in fit.open
        and rule["both"] in fit.same.get("both", [])
        and len(fit.same["both"]) == 1
    ):
        say(
            Finding(
                "both",
                rule["both"],
                MISTAKE,
                "A step that is terminated *and* truncated: **taken for a truncation**; "
                "what terminated is worth nothing afterwards.",
            )
        )
    if rule["open"] == "as terminated" and len(fit.same.get("open", [])) == 1 and uses_values:
        say(
            Finding(
                "open",
                rule["open"],
                MISTAKE,
                "Where the batch ends in the middle of an episode: "
                "**taken for a termination**, V of what follows is not counted.",
            )
        )
    _weight(rule, say)
    _baseline(rule, fit, say)
    if rule["spread"] in SPREAD:
        say(Finding("spread", rule["spread"], DEPARTURE, SPREAD[rule["spread"]]))
    if rule["score"] in SCORE:
        say(Finding("score", rule["score"], MISTAKE, SCORE[rule["score"]]))
    if rule["reduce"] == "per episode":
        say(
            Finding(
                "reduce",
                "per episode",
                DEPARTURE,
                "Steps are averaged **within each episode**: a step of a long episode counts less.",
            )
        )
    if fit.visits in VISITS:
        say(Finding("visits", fit.visits, MISTAKE, VISITS[fit.visits]))
    if fit.sign in SIGN:
        answer, words = SIGN[fit.sign]
        say(Finding("sign", answer, MISTAKE, words))
    if fit.factor:
        _factor(fit.factor, say)


def _weight(rule, say):
    if rule["weight"] in WEIGHT and not (rule["credit"] == "total return" and rule["weight"] == "dropped"):
        kind, words = WEIGHT[rule["weight"]]
        say(Finding("weight", rule["weight"], kind, f"The steps are weighed {words}."))
    elif rule["weight"] == "gamma^t of its own" and rule["gamma"] == "one":
        say(Finding("weight", "dropped", DEPARTURE, "The steps are weighed **without gamma^t** (of the given gamma)."))
    elif rule["credit"] == "total return" and rule["weight"] == "gamma^t":
        say(
            Finding(
                "weight",
                "gamma^t twice",
                MISTAKE,
                "The whole return is weighed by **gamma^t**, which belongs before a reward-to-go."
                if rule["gamma"] == "one"
                else "The whole return, discounted from the start, is weighed by **gamma^t once more**.",
            )
        )


def _baseline(rule, fit, say):
    if rule["baseline"] in BASELINE and (rule["baseline"] != "value added" or _added(rule)):
        kind, words = BASELINE[rule["baseline"]]
        if rule["baseline"] == "value":
            # V subtracted after gamma^t is no sum of TD errors, nor is a sum that is cut off in long episodes
            gae = rule["credit"] == "reward-to-go" and rule["place"] == "inside" and "long" not in fit.open
            words += "; that is GAE with lambda = 1." if gae else "."
        if rule["place"] == "after" and rule["weight"] == "gamma^t":
            words += " It is subtracted after gamma^t."
        say(Finding("baseline", rule["baseline"], kind, words))


def _truncated(rule, fit, uses_values, say):
    answer, fitting = rule["truncated"], fit.same.get("truncated", [rule["truncated"]])
    if answer in TRUNCATED:
        if answer == "as terminated" and not uses_values:
            say(
                Finding(
                    "truncated",
                    "no value",
                    CHOICE,
                    "Truncated steps: nothing stands for what would have followed; there is no value in it."
                    if not fit.extra or fit.extra["name"] not in ("own baseline", "unknown")
                    else "Truncated steps: no value of the batch stands for what would have followed.",
                )
            )
        else:
            say(Finding("truncated", answer, MISTAKE, TRUNCATED[answer]))
    elif len(fitting) == 1:
        say(
            Finding(
                "truncated",
                "bootstrapped",
                RIGHT,
                "Truncated steps: bootstrapped with V of the last observation, right.",
            )
        )


def _factor(factor, say):
    per, size, power, constant, eps = (factor[k] for k in ("per", "size", "gamma power", "constant", "eps"))
    words = {
        "episodes": None,
        "steps": "divided by the number of **steps**, not of episodes: the step shrinks as episodes grow longer",
        "observations": "divided by the number of **different observations** in the batch, not of episodes",
        "nothing": "not divided by the number of episodes: the step grows with the batch",
        "padded length": "divided by the **padded length** and the number of episodes",
        "longest episode": "divided by the longest episode's length",
        "steps and episodes": "divided by the number of steps and of episodes",
    }[per]
    if words:
        say(Finding("per", per, CHOICE, f"The sum is {words}."))
    if size != "nothing":
        what = "" if eps is None else " (no eps)" if eps == 0 else f" (eps {eps:g}{factor['place']})"
        if factor["place"] == "at least":
            what = f" (taken for at least {eps:g})"
        kind = CHOICE if size.startswith("std of the") else DEPARTURE
        say(
            Finding(
                "size",
                size,
                kind,
                f"It is divided by the **{size.replace('std', 'standard deviation')}**{what}: the length of the step "
                "no longer tells how steep it is.",
            )
        )
    if power:
        say(
            Finding(
                "gamma power",
                str(power),
                MISTAKE,
                f"There is **one factor gamma {'too many' if power > 0 else 'too few'}** on the whole.",
            )
        )
    if abs(abs(constant) - 1) > 1e-4:
        say(
            Finding(
                "constant",
                f"{abs(constant):.6g}",
                CHOICE,
                f"A constant factor: {abs(constant):.6g} (a step size, perhaps).",
            )
        )


def _percent(share):
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"


PER_STEP = (
    "That is no baseline: a longer episode has more of it, so that another policy may be the best. "
    "Take a baseline from the returns."
)
BEFORE = {
    "standardised": f"**Rewards are standardised over the batch before they are summed**: each step pays their mean. "
    f"{PER_STEP}",
    "centred": f"**The mean of all rewards is taken from each before they are summed.** {PER_STEP}",
    "ranged": f"**Rewards are laid between 0 and 1 before they are summed**: each step pays the least of the batch. "
    f"{PER_STEP}",
    "clipped": "**Rewards are clipped to between -1 and 1 before they are summed**: "
    "it climbs the return of other rewards.",
    "signs": "**Only the signs of the rewards are summed**: it climbs the return of other rewards.",
}
UNITS = (
    "the batch's V is that of the rewards as they are. "
    "Where your own V is learned from such rewards, the two belong together."
)
BEFORE["units"] = f"**Rewards are {{times:.4g}} times as large beside V**: {UNITS}"
BEFORE["units, std"] = f"**Rewards are divided by their standard deviation, V is not**: {UNITS}"
BEFORE["standardised, ddof 1"] = BEFORE["standardised"]


BESIDE = {  # the mean of the score is zero in each state: such numbers move nothing in expectation
    "constant baseline": "A constant stands beside the rewards, as a baseline does.",
    "constant baseline without gamma^t": "A constant stands beside the rewards, as a baseline does.",
    "own baseline": "A number that needs neither the action nor what follows stands beside the rewards, "
    "as a baseline does.",
}


def beside_rewards(name, size, known, much=""):
    """The finding of an entropy bonus of this size, or of a decay of theta by it; `known`: is the sign of the rest
    right, so that one can say which sign these should have? `much` is the bonus's size in words."""
    if name == "entropy bonus":
        kind, words = (
            (CHOICE, f"An entropy term is added{much}.")
            if not known
            else (CHOICE, f"An entropy bonus is added{much}.")
            if size > 0
            else (MISTAKE, f"An entropy bonus is added with the wrong sign, a malus{much}.")
        )
    else:
        kind, words = (
            (CHOICE, f"{-size:.4g} times theta is added.")
            if not known
            else (CHOICE, f"theta decays by {size:.4g} of itself.")
            if size > 0
            else (MISTAKE, f"theta **grows** by {-size:.4g} of itself: a decay with the wrong sign.")
        )
    return Finding("extra", name, kind, words)


def of_equal_rewards(kind):
    """The finding of what an update gives where rewards, or returns, are all the same."""
    return Finding("equal rewards", kind, MISTAKE, EQUAL.get(kind, "When all rewards are zero it **fails**."))


def _extra(fit, say):
    name, size = fit.extra["name"], fit.extra["size"]
    share, known = _percent(fit.extra["share" if fit.rule else "at zero"]), fit.rule and fit.sign == 1
    if name in ("entropy bonus", "weight decay"):
        much = f" (coefficient {abs(size):.4g}, if it is averaged as the rest is)" if fit.factor and size else ""
        say(beside_rewards(name, size, known, much))
    elif fit.rule and name in BESIDE:
        say(Finding("extra", name.removesuffix(" without gamma^t"), RIGHT, BESIDE[name]))
    elif fit.rule and name.startswith("constant reward"):
        much = (
            f"**{size:+.4g} is added to every reward**"
            if fit.factor and known
            else "**A number is added to every reward**"
        )
        say(Finding("extra", "constant reward", DEPARTURE, f"{much} before they are summed. {PER_STEP}"))
    elif not fit.rule:
        say(
            Finding(
                "extra",
                "unknown",
                DEPARTURE,
                f"With all rewards and values zero it moves all the same ({share} of the length).",
            )
        )
    else:
        say(
            Finding(
                "extra",
                "unknown",
                DEPARTURE,
                f"Something is added that does **not depend on the rewards** ({share} of the length).",
            )
        )


def _headline(name, fit):
    rule, weight = fit.rule, fit.rule["weight"]
    core = (
        (rule["credit"] in ("reward-to-go", "total return", "gae", "gae plus value", "decay gamma") or _few_steps(rule))
        and rule["terminated"] == "right"
        and rule["gamma"] == "given"
        and rule["score"] == "log pi"
        and rule["spread"] == "none"
        and rule["reduce"] == "even"
        and fit.visits in ("every visit", None)
        and not _added(rule)
        and rule["baseline"] not in ("next value", "own episode", "running sum")
    )
    whole = rule["credit"] == "total return"
    if core and (weight.startswith("gamma^t") and not whole or weight == "dropped" and whole):
        how = "the theorem's direction"
    elif core and weight == "dropped":
        how = "the theorem's direction **without gamma^t**"
    else:
        how = "**not** the theorem's direction"
    if fit.sign == 0:
        how = "**not** the theorem's direction"
    elif how.startswith("the") and fit.sign < 0:
        how = how.replace("the theorem's direction", "**minus** the theorem's direction")
    where = " in episodes of up to five steps" * ("long" in fit.open)
    where += " where episodes terminate" * ("truncated" in fit.open)
    where += ", with **something added**" * bool(
        fit.extra and fit.extra["name"].startswith(("unknown", "constant reward"))
    )
    return f"{name} follows {how}{where * how.startswith(('the', '**minus**'))}."


def _values_decide(fit, verdict):
    """The angle in degrees that the true V would give on two doors, if it is V = 0 that turns a climb into a fall
    there, or a fall into a climb; else None."""
    from policy_gradient.mdp import state_values, two_doors

    if not verdict.goes_to or verdict.angle is None:
        return None
    world, mdp = worlds()["two doors"], two_doors()
    b, V = world.batch, state_values(mdp, np.full((4, 2), 0.5))
    states = np.where(b.t < 2, b.t, np.where(b.obs == 2, 2, 3))  # A, B, then C or D
    known = changed(world, world.name, values=V[states], next_values=np.where(b.t < 2, np.roll(V[states], -1), 0))
    g = fit.sign * np.bincount(b.obs, c.weights(known, fit.rule), 3)[:2]
    if np.linalg.norm(g) < 1e-12:
        return None
    angle = _degrees(g, np.array(verdict.theorem))
    return angle if (angle < 90) != (verdict.angle < 90) else None


def _where(fit):
    """Where the expected direction of the fitted weights leads on two doors, with V at zero,
    if that can be followed exactly. An entropy bonus is followed with it; what else is added, is not."""
    rule, size = fit.rule, fit.factor["size"] if fit.factor else ""
    bonus = fit.extra["size"] if fit.extra and fit.extra["name"] == "entropy bonus" else 0.0
    if bonus and size not in ("nothing", "std of the advantages, ddof 0", "std of the advantages, ddof 1"):
        return ""
    if (
        fit.visits != "every visit"
        or rule["spread"] != "none"
        or rule["baseline"] in ("own episode", "running sum", "mean of rewards")
        or _added(rule)
        or rule["reduce"] != "even"
        or not fit.factor
        or not fit.factor["any size"]
        or fit.extra
        and not (bonus or fit.extra["name"] in BESIDE)
    ):
        return ""
    b = worlds()["two doors"].batch
    psi = c.inner(worlds()["two doors"], dict(rule, baseline="none", place="inside")) * c._powers(b, rule)
    entering = c.inner(worlds()["two doors"], dict(rule, baseline="none"))  # what is standardised
    slope, sign = {"log pi": lambda p: b.actions - p}.get(rule["score"]), fit.sign
    if slope is None:
        return ""
    theta = np.zeros(3)
    for step in 0.05 * 0.97 ** np.maximum(np.arange(550) - 400, 0):
        p = 1 / (1 + np.exp(-theta[b.obs]))
        chance = np.repeat(np.where(b.actions == 1, p, 1 - p).reshape(-1, 3).prod(axis=1), 3)
        g = sign * np.bincount(b.obs, chance * psi * slope(p), 3)
        if bonus:  # its size stands beside the advantages as they enter
            spread = np.sqrt(max(chance @ entering**2 / 3 - (chance @ entering / 3) ** 2, 1e-24))
            g *= b.gamma ** fit.factor["gamma power"] / (1 if size == "nothing" else spread)
            g -= bonus * np.bincount(b.obs, chance * theta[b.obs] * p * (1 - p), 3)
        g[2] = 0
        theta = np.clip(theta + g / max(np.linalg.norm(g), 1e-12) * step, -12, 12)
    p, q = 1 / (1 + np.exp(-theta[:2]))
    J = -p / 4 + (1 - p) * q / 8
    return (
        "Followed there, it climbs to the best policy."
        if J > 0.11
        else "Followed there, it **ends at the worst policy there is**."
        if J < -0.22
        else f"Followed there, it ends at a return of {J:.2f} (best 0.125, worst -0.25)."
    )
