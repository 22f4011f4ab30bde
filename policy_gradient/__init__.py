"""Rollouts, scores and gradient estimators for the book *Learning to Act*.

`import policy_gradient as pg` costs little more than `import numpy`: each name below is loaded when it is first used.
In shapes d is the number of parameters of a policy (in the book's Notation: n);
beside states, d (S,) is their visitation.
"""

from importlib import import_module

from . import _moved

_NAMES = {  # module: its public names
    "policies": ["TabularSoftmax", "LinearSoftmax", "MLPSoftmax", "two_action_softmax", "softmax", "log_softmax"],
    "gaussian": [
        "LinearGaussian",
        "MLPGaussian",
        "Squashed",
        "gaussian_log_prob",
        "gaussian_score",
        "gaussian_entropy",
        "tanh_gaussian_log_prob",
    ],
    "tabular": ["TabularMDP"],
    "mdp": [
        "state_probs",
        "state_values",
        "action_values",
        "discounted_visitation",
        "expected_return",
        "exact_gradient",
    ],
    "worlds": ["two_doors", "short_corridor", "sign_flip", "nobodys_gradient", "worst_for_everybody"],
    "differentiate": ["finite_difference", "complex_step"],
    "rollouts": ["Rollout", "rollout"],
    "sampling": ["AliasTable", "sample_rollout", "sample_gradient"],
    "returns": ["discounts", "total_return", "reward_to_go"],
    "estimators": [
        "gradient_samples",
        "estimate_gradient",
        "psi_total_return",
        "psi_reward_to_go",
        "psi_table",
        "leave_one_out_mean",
        "batch_mean",
    ],
    "optimizers": ["Adam"],
    "critic": ["Critic", "gae"],
    "training": ["reinforce", "Training", "evaluate", "CARTPOLE_RECIPE"],
    "seeds": ["run_seeds", "sweep", "bootstrap_interval"],
    "games": ["RPS", "RPS_ROCK2", "best_response", "self_play"],
    "groups": ["group_advantages", "token_weights", "grpo_weight", "mixed_share", "pass_at_k", "group_moments"],
    "language": [
        "Answers",
        "TokenPolicy",
        "AnswerTree",
        "tree_logits",
        "imitate",
        "climb",
        "sampler_ratios",
        "kl_loss_weights",
        "kl_values",
        "optimal_policy",
        "dpo_weights",
    ],
    "sorting": ["Sorting"],
    "transformer": ["Transformer"],
}
_MODULES = [
    "audit",
    "checks",
    "control",
    "envs",
    "exact",
    "explorables",
    "explore",
    "linear_quadratic",
    "natural",
    "networks",
    "palette",
    "plots",
    "ppo",
    "protocols",
    "segments",
    "sorting",
    "surrogate",
    "testing",
]  # used as pg.envs, ...; some live in learning_to_act
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = list(_HOME)


def __getattr__(name):
    if name in _HOME:
        value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    elif name in _NAMES or name in _MODULES:
        value = import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module 'policy_gradient' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_HOME, *_NAMES, *_MODULES})


_moved.begin()
