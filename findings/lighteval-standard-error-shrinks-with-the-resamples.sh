#!/usr/bin/env bash
# Guess: LightEval's *_stderr beside a score is the score's standard error: how far it would scatter from one test set of this size to the next.
#   For scores that are no mean (MCC, F1, perplexity, BLEU) it bootstraps; more resamples make it more exact, not smaller.
# Seen, LightEval 0.13.0: the deviation of the resampled scores *is* the standard error, but bootstrap_stderr divides it by the square root of the
#   number of resamples once more. With the default 1,000 it is 32 times too small. A test set of 400 questions, 80 % right: MCC 0.626 "+- 0.0012";
#   over 300 such test sets it scatters by 0.044. Word perplexity 7.71 "+- 0.019"; it scatters by 0.58. With 100 resamples both are 3 times wider.
#   Accuracy, which has a formula of its own, is right: 0.019 and 0.022. (MetricsLogger.aggregate, which writes the tables, asks for the same numbers;
#   here only the module that computes them is loaded, as all of LightEval takes minutes to install.)
# Matters: two models whose MCC differ by 0.01 look eight standard errors apart, and are a quarter of one.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 tqdm==4.68.4
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps lighteval==0.13.0
cat > seen.py <<'PY'
import math
from importlib import util
from pathlib import Path

import numpy as np
from sklearn.metrics import matthews_corrcoef

[package] = util.find_spec("lighteval").submodule_search_locations
spec = util.spec_from_file_location("stderr", Path(package) / "metrics" / "utils" / "stderr.py")
stderr = util.module_from_spec(spec)
spec.loader.exec_module(stderr)


def mcc(samples):                                                               # as LightEval's MatthewsCorrCoef
    return matthews_corrcoef(*zip(*samples))


def word_perplexity(samples):                                                   # as its CorpusLevelPerplexityMetric("weighted_perplexity")
    nats, words = zip(*samples)
    return math.exp(sum(nats) / sum(words))


def test_set(rng, n=400):
    """[(score, samples)] of a model that is right in 80 % of questions, and whose texts have about two nats a word."""
    gold, words = rng.integers(2, size=n), rng.integers(5, 40, size=n)
    right, nats = rng.random(n) < .8, rng.gamma(2, 1, size=n) * words
    answers = [(int(g), int(g == r)) for g, r in zip(gold, right)]
    return [(mcc, answers), (word_perplexity, list(zip(nats, words))), (np.mean, right.astype(float))]


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    one, others = test_set(rng), [test_set(rng) for _ in range(300)]
    for i, (score, samples) in enumerate(one):
        scatter = float(np.std([score(other[i][1]) for other in others]))
        said = float(stderr.get_stderr_function(score)(samples))
        fewer = float(stderr.get_stderr_function(score, number_experiments=100)(samples))
        name = score.__name__
        print(f"{name} {score(samples):.3f}: standard error {said:.4f}, with 100 resamples {fewer:.4f}, scatter of 300 test sets {scatter:.4f}")
        if name == "mean":
            assert .8 < said / scatter < 1.25 and said == fewer
        else:
            assert 20 < scatter / said < 50 and 2 < fewer / said < 5, "the standard error is that of the score now"
PY
LIGHTEVAL_DISABLE_TQDM=1 "$here/env/bin/python" -W ignore seen.py
