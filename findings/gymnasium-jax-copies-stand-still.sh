#!/usr/bin/env bash
# Guess: the copies of a vector environment are independent: that one begins anew changes nothing for the others. So a random policy's mean return
#   in CartPole is about 22, however many copies, in Gymnasium's JAX version as well.
# Seen, Gymnasium 1.4.0 with JAX 0.10.2: in phys2d/CartPole-v1, at every step at which some copy begins anew, *all others stand still*
#   (FunctionalJaxVectorEnv.step puts the new starts into the old states, not into the next ones). Their actions have no effect, yet each is paid 1
#   and its clock runs on; at about half of the terminations the state shown is the one before the fall. Of 64 copies' steps 47 % are such, and a
#   random policy's mean return is 40. With one copy it is 25, and with 64 of the ordinary CartPole, which never stand, 23.
#   (The step that begins anew pays 1 as well, where the ordinary copies pay 0: it is not counted here.)
# Matters: returns grow with the number of copies, policies improve or not; half the batch says that actions do nothing; and what one copy does
#   depends on the others. A Pendulum does not show it: its copies all end at the same step.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gymnasium==1.4.0 jax==0.10.2 flax==0.12.8 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import numpy as np


def random_play(name, copies, steps=1000):
    """(mean return, share of the steps that left a copy where it was) of random actions, each copy's beginnings left out."""
    envs, rng = gym.make_vec(name, num_envs=copies), np.random.default_rng(0)
    before, _ = envs.reset(seed=0)
    began, gained = np.zeros(copies, dtype=bool), np.zeros(copies)                  # began: the copy's next step only begins it anew
    returns, stood = [], []
    for _ in range(steps):
        after, reward, terminated, truncated, _ = envs.step(rng.integers(2, size=copies))
        stood += (np.asarray(after) == np.asarray(before)).all(axis=1)[~began].tolist()
        gained = np.where(began, 0, gained + np.asarray(reward))
        before, began = after, np.asarray(terminated) | np.asarray(truncated)
        returns += gained[began].tolist()
    return np.mean(returns), np.mean(stood)


seen = {}
for name, copies in (("CartPole-v1", 64), ("phys2d/CartPole-v1", 1), ("phys2d/CartPole-v1", 64)):
    seen[name, copies] = mean, stood = random_play(name, copies)
    print(f"{name}, {copies} copies: mean return of a random policy {mean:.1f}, steps that left a copy where it was {stood:.0%}", flush=True)
(plain, never), (alone, no_other), (many, still) = seen.values()
assert never == no_other == 0 and 20 < plain < 25 and 18 < alone < 28
assert still > 0.4 and many > 35, "the other copies go on now while one begins anew"
PY
