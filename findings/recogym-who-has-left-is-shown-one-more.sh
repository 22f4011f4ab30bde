#!/usr/bin/env bash
# Guess: RecoGym's generate_logs writes down what happened: a row for each recommendation that a user was shown, clicked or not. The click rate of
#   the log, and so that of verify_agents, its A/B test, is the one that a loop over env.step counts. And of the two leaving probabilities in its
#   arguments prob_leave_bandit says how easily a user leaves between recommendations, prob_leave_organic between product views.
# Seen, RecoGym 0.1.3.0, reco-gym-v1, an agent that always shows the same product, same seed, 400 users: the log has the same clicks as the
#   loop, and one row *more for each user*: after the user has left, the agent acts once more, and that is stored as a recommendation without a
#   click. With the default arguments 1.3 % of the rows are such. With users who leave with probability 0.1 or 0.3 it is 14 % and 45 %,
#   and the click rates 0.0168 and 0.0165 are 0.0144 and 0.0090 in the log; verify_agents, which counts in such a log, says 0.0146 and 0.0098.
#   And prob_leave_bandit does nothing: with 0.5 in place of 0.01 the logs are equal row by row; prob_leave_organic stands in both places.
# Matters: models and importance weighted estimates learn from clicks that nobody could give, the more the shorter the visits are; and a study of
#   users who leave when they are bored by recommendations studies nothing.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 gym==0.26.2 numpy==1.26.4 scipy==1.11.4 pandas==2.2.3 \
  matplotlib==3.9.4 numba==0.60.0 scikit-learn==1.5.2 tqdm==4.70.1
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps recogym==0.1.3.0
"$here/env/bin/python" -W ignore - 2> /dev/null <<'PY'
import recogym
from recogym import Configuration, env_1_args
from recogym.agents import Agent
from recogym.envs import RecoEnv1

USERS = 400


class Always(Agent):
    """Shows product 0, whoever comes."""

    def act(self, observation, reward, done):
        return {**super().act(observation, reward, done), "a": 0, "ps": 1.0, "ps-a": ()}


def new(organic, bandit):
    """An environment in which users leave with these probabilities."""
    env = RecoEnv1()
    env.init_gym({**env_1_args, "random_seed": 7, "prob_leave_organic": organic, "prob_leave_bandit": bandit})
    return env


def played(env):
    """(recommendations, clicks) of a loop over env.step."""
    shown = clicks = 0
    for user in range(USERS):
        env.reset(user)
        _, _, done, _ = env.step(None)
        while not done:
            _, reward, done, _ = env.step(0)
            shown, clicks = shown + 1, clicks + reward
    return shown, int(clicks)


def logged(env):
    """The rows of the log in which something was recommended."""
    log = env.generate_logs(USERS, Always(Configuration(env_1_args)))
    return log[log["z"] == "bandit"]


for leave in (0.01, 0.1, 0.3):
    (shown, clicks), rows = played(new(leave, leave)), logged(new(leave, leave))
    tested = float(recogym.verify_agents(new(leave, leave), USERS, {"always": Always(Configuration(env_1_args))})["0.500"][0])
    last = rows.groupby("u").tail(1)
    print(
        f"leaving with {leave}: shown {shown}, clicked {clicks}, rate {clicks / shown:.4f}; logged {len(rows)}, clicked {int(rows['c'].sum())}, "
        f"rate {rows['c'].mean():.4f}, too many {USERS / len(rows):.3f}; verify_agents says {tested:.4f}"
    )
    assert int(rows["c"].sum()) == clicks
    assert len(rows) == shown + USERS, "only what was shown is logged now"
    assert len(last) == USERS and last["c"].sum() == 0

stay, bored = logged(new(0.01, 0.01)), logged(new(0.01, 0.5))
print("prob_leave_bandit 0.01 and 0.5:", len(stay), "and", len(bored), "rows")
assert stay.equals(bored), "prob_leave_bandit is used now"
PY
