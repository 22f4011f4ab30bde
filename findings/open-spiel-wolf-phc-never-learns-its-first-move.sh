#!/usr/bin/env bash
# Guess: OpenSpiel's WoLFPHC moves, after each step, the policy of the state in which it acted towards the action that Q prefers there (the paper it
#   names: observe the reward and the next state, then update Q, mean policy and policy of the state *before*). In the prisoner's dilemma, where
#   defecting is better whatever the other does, it soon defects.
# Seen, OpenSpiel 2.0.2: Q is updated for the state before, both policies for the state *after* (WoLFPHC.step). The state of an agent's first move in
#   an episode is nobody's next state, so its policy stays uniform for ever. Matrix games, one move long, are not learned at all: after
#   20,000 prisoner's dilemmas Q says 2.4 and 5.4, and both agents still cooperate half of the time.
#   In Kuhn poker the first player learns its answer to a bet, its second move, but never to bet or pass; the second player learns nothing.
#   And the default step sizes are made once, as default arguments: two agents share them, so each decays twice as fast.
# Matters: in matching pennies and rock-paper-scissors, the usual tests of this algorithm, the policy that never moved is the equilibrium, so all
#   looks right. OpenSpiel's own test of it is such a one.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check open_spiel==2.0.2 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from open_spiel.python.algorithms.wolf_phc import WoLFPHC
from open_spiel.python.rl_environment import Environment


def play(game, episodes):
    """Both seats learn, with default settings: the loop of OpenSpiel's own examples."""
    np.random.seed(0)
    env = Environment(game)
    agents = [WoLFPHC(seat, env.action_spec()["num_actions"]) for seat in range(2)]
    for _ in range(episodes):
        now = env.reset()
        while not now.last():
            acting = range(2) if now.is_simultaneous_move() else [now.observations["current_player"]]
            now = env.step([agents[seat].step(now).action for seat in acting])
        for agent in agents:
            agent.step(now)
    return agents


def learned(agent):
    """[(information state, policy, Q)], rounded."""
    rounded = lambda table: [round(float(table[action]), 2) for action in sorted(table)]
    return [(key, rounded(policy), rounded(agent._q_values[key])) for key, policy in agent._cur_policy.items()]


prisoners = play("matrix_pd", 20_000)                                           # 0 cooperates, 1 defects
for seat, agent in enumerate(prisoners):
    [(_, policy, q)] = learned(agent)
    print(f"prisoner's dilemma, seat {seat}: Q {q}, policy {policy}")
    assert q[1] > q[0] + 1 and policy == [.5, .5], "it defects now"
assert prisoners[0]._step_size is prisoners[1]._step_size, "each agent has schedules of its own now"

first, second = (learned(agent) for agent in play("kuhn_poker", 20_000))
begins = [policy for key, policy, _ in first if sum(eval(key)[5:]) == 0]          # nobody has moved yet: its three cards
answers = [policy for key, policy, _ in first if sum(eval(key)[5:]) > 0]
print("Kuhn poker, first player: first moves", begins, "answers to a bet", answers)
print("Kuhn poker, second player:", [policy for _, policy, _ in second])
assert begins == [[.5, .5]] * 3 and [.5, .5] not in answers, "the first move is learned now"
assert [policy for _, policy, _ in second] == [[.5, .5]] * 6, "the second player learns now"
PY
