#!/usr/bin/env bash
# Guess: the entries of a distribution's batch are drawn independently of each other, as for every distribution of Distrax and TensorFlow Probability;
#   so for a batch of 64 states a mixture of two policies chooses one of the two for each state.
# Seen, Distrax 0.1.9, JAX 0.10.2: MixtureOfTwo tosses one coin for each *sample*, and all the batch follows it. With prob_a 0.1 for a random policy
#   and the rest for a greedy one, in 2,000 steps of 64 environments all 64 or none of them explore; independent tosses would leave 1 step in
#   850 without any, and none with all. MixtureSameFamily, beside it, tosses for each entry.
#   Each entry by itself has the right distribution, and log_prob is that of independent entries: of two entries that are 0 or 1 with equal
#   chances distrax.Independent says 0.25 for (0, 1), which is never drawn, and 0.25 for (0, 0), which is drawn in half of the cases.
# Matters: an average over the batch has the spread of one toss, however large the batch is: a batch of 64 estimates the share of explorers
#   with a deviation of 0.30, in place of 0.037. A density and the samples that are said to come from it do not belong together. One key for each
#   entry, with jax.vmap, mends it.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check distrax==0.1.9 jax==0.10.2 chex==0.1.92 tfp-nightly==0.26.0.dev20261027 \
  numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import distrax
import jax
import jax.numpy as jnp
import numpy as np

ENVS, STEPS, EXPLORE = 64, 2000, 0.1
# A policy's action is 0; that of the random one is 1, 2 or 3, so that one sees which of the two it was.
random = jnp.tile(jnp.array([0, 1 / 3, 1 / 3, 1 / 3]), (ENVS, 1))
greedy = jnp.tile(jnp.array([1.0, 0, 0, 0]), (ENVS, 1))


def both(random, greedy):
    return distrax.MixtureOfTwo(EXPLORE, distrax.Categorical(probs=random), distrax.Categorical(probs=greedy))


def explorers(actions):
    """The share of environments that explore, for each step."""
    assert actions.shape == (STEPS, ENVS)
    return (np.asarray(actions) > 0).mean(axis=1)


keys = jax.random.split(jax.random.key(0), ENVS)
one_by_one = jax.vmap(lambda key, r, g: both(r, g).sample(seed=key, sample_shape=STEPS), out_axes=1)(keys, random, greedy)
same_family = distrax.MixtureSameFamily(
    distrax.Categorical(probs=jnp.tile(jnp.array([EXPLORE, 1 - EXPLORE]), (ENVS, 1))),
    distrax.Categorical(probs=jnp.stack([random, greedy], axis=1)),
)
shares = {
    "MixtureOfTwo": explorers(both(random, greedy).sample(seed=jax.random.key(1), sample_shape=STEPS)),
    "MixtureSameFamily": explorers(same_family.sample(seed=jax.random.key(1), sample_shape=STEPS)),
    "MixtureOfTwo, a key for each": explorers(one_by_one),
}
for name, share in shares.items():
    print(f"{name}: share of explorers {share.mean():.3f} on average, deviation {share.std():.3f}, from {share.min():.2f} to {share.max():.2f}")

pair = distrax.MixtureOfTwo(0.5, distrax.Categorical(probs=jnp.array([[1.0, 0], [1, 0]])), distrax.Categorical(probs=jnp.array([[0, 1.0], [0, 1]])))
drawn = np.asarray(pair.sample(seed=jax.random.key(2), sample_shape=STEPS)).tolist()
said, found = {}, {}
for value in ([0, 0], [0, 1], [1, 0], [1, 1]):
    said[tuple(value)] = round(float(distrax.Independent(pair, 1).prob(jnp.array(value))), 3)
    found[tuple(value)] = drawn.count(value) / STEPS
print("two entries: said", said, "drawn", found)

independent = (EXPLORE * (1 - EXPLORE) / ENVS) ** 0.5
for name in ("MixtureSameFamily", "MixtureOfTwo, a key for each"):
    assert abs(shares[name].std() - independent) < 0.005 and shares[name].max() < 0.4
assert set(said.values()) == {0.25}
assert set(shares["MixtureOfTwo"].tolist()) == {0.0, 1.0}, "each entry has its own toss now"
assert found[0, 1] == found[1, 0] == 0 and abs(found[0, 0] - 0.5) < 0.05
PY
