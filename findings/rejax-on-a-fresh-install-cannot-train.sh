#!/usr/bin/env bash
# Guess: what `pip install rejax` brings can train CartPole with one call.
# Seen, rejax 0.1.3 (its newest release) with gymnax 1.0.1, which it asks for without a bound: the first call of `train` raises "ValueError: too
#   many values to unpack (expected 5)". From 1.0 on gymnax's `step` gives six values: the end is told apart into terminated and truncated.
#   With gymnax 0.0.9 the same lines train. (There one `done` means both, so a time limit counts as the end of the world.)
# Matters: whoever compares with it must pin gymnax below 1.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
cat > "$here/train.py" <<'PY'
import jax
import rejax

algo = rejax.PPO.create(env="CartPole-v1", total_timesteps=4_096, eval_freq=4_096)
try:
    state, (lengths, returns) = jax.jit(algo.train)(jax.random.PRNGKey(0))
    print("trained, mean return", round(float(returns[-1].mean()), 1))
except ValueError as error:
    print("ValueError:", error)
PY
python3 -m venv "$here/env"
for version in 1.0.1 0.0.9; do
  "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check rejax==0.1.3 "gymnax==$version" jax==0.10.2
  seen=$(JAX_PLATFORMS=cpu "$here/env/bin/python" -W ignore "$here/train.py" 2> /dev/null)
  echo "gymnax $version: $seen"
  case $version in
    1.0.1) [[ $seen == "ValueError: too many values to unpack"* ]] ;;
    *) [[ $seen == "trained, mean return "* ]] ;;
  esac
done
