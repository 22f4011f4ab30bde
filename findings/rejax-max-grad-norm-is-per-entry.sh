#!/usr/bin/env bash
# Guess: `max_grad_norm` bounds the length of the whole gradient, as in PPO programs everywhere and as the name says.
# Seen, rejax 0.1.3 (gymnax 0.0.9, jax 0.10.2): PPO, SAC, DQN and TD3 hand it to `optax.clip`, which cuts each *entry* to [-max_grad_norm, max_grad_norm].
#   A gradient of ones on a policy of 4,610 numbers, with max_grad_norm=0.5, reaches Adam with length 34, not 0.5; and a gradient of
#   (4, 40, 0, ...) becomes (.5, .5, 0, ...): it is turned, which a bound on the length never does. `optax.clip_by_global_norm` would do what the name says.
# Matters: to whoever carries a setting over from another PPO, or compares the two. How often its published 0.5 cuts was not measured.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check rejax==0.1.3 gymnax==0.0.9 jax==0.10.2
JAX_PLATFORMS=cpu "$here/env/bin/python" -W ignore - <<'PY'
import jax
import jax.flatten_util
import jax.numpy as jnp
import rejax

for name in ("PPO", "SAC", "DQN", "TD3"):
    algo = getattr(rejax, name).create(env="Pendulum-v1" if name == "TD3" else "CartPole-v1", max_grad_norm=0.5)
    state = algo.init_state(jax.random.PRNGKey(0))
    learner = state.actor_ts if hasattr(state, "actor_ts") else state.q_ts
    flat, shaped = jax.flatten_util.ravel_pytree(learner.params)
    for what, gradient in (("ones", jnp.ones_like(flat)), ("4 and 40", jnp.zeros_like(flat).at[:2].set(jnp.array([4.0, 40.0])))):
        _, after = learner.tx.update(shaped(gradient), learner.opt_state, learner.params)
        [adam] = [s for s in jax.tree.leaves(after, is_leaf=lambda s: hasattr(s, "mu")) if hasattr(s, "mu")]
        got = jax.flatten_util.ravel_pytree(adam.mu)[0] / 0.1  # the first moment is a tenth of what reached Adam
        print(f"{name}, {what}: {flat.size} numbers, begins {got[0]:.2f}, {got[1]:.2f}, length {jnp.linalg.norm(got):.2f}")
        assert jnp.allclose(got, jnp.clip(gradient, -0.5, 0.5), atol=1e-5)
PY
