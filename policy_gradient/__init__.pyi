"""What `import policy_gradient as pg` offers, for editors and type checkers;
`__init__.py` loads each name when it is used."""

from learning_to_act import (
    checks as checks,
)
from learning_to_act import (
    explorables as explorables,
)
from learning_to_act import (
    explore as explore,
)
from learning_to_act import (
    palette as palette,
)
from learning_to_act import (
    plots as plots,
)

from . import (
    audit as audit,
)
from . import (
    control as control,
)
from . import (
    critic as critic,
)
from . import (
    differentiate as differentiate,
)
from . import (
    envs as envs,
)
from . import (
    estimators as estimators,
)
from . import (
    exact as exact,
)
from . import (
    games as games,
)
from . import (
    gaussian as gaussian,
)
from . import (
    groups as groups,
)
from . import (
    language as language,
)
from . import (
    linear_quadratic as linear_quadratic,
)
from . import (
    mdp as mdp,
)
from . import (
    natural as natural,
)
from . import (
    networks as networks,
)
from . import (
    optimizers as optimizers,
)
from . import (
    policies as policies,
)
from . import (
    ppo as ppo,
)
from . import (
    protocols as protocols,
)
from . import (
    returns as returns,
)
from . import (
    rollouts as rollouts,
)
from . import (
    sampling as sampling,
)
from . import (
    seeds as seeds,
)
from . import (
    segments as segments,
)
from . import (
    sorting as sorting,
)
from . import (
    surrogate as surrogate,
)
from . import (
    tabular as tabular,
)
from . import (
    testing as testing,
)
from . import (
    training as training,
)
from . import (
    transformer as transformer,
)
from . import (
    worlds as worlds,
)
from .critic import (
    Critic as Critic,
)
from .critic import (
    gae as gae,
)
from .differentiate import (
    complex_step as complex_step,
)
from .differentiate import (
    finite_difference as finite_difference,
)
from .estimators import (
    batch_mean as batch_mean,
)
from .estimators import (
    estimate_gradient as estimate_gradient,
)
from .estimators import (
    gradient_samples as gradient_samples,
)
from .estimators import (
    leave_one_out_mean as leave_one_out_mean,
)
from .estimators import (
    psi_reward_to_go as psi_reward_to_go,
)
from .estimators import (
    psi_table as psi_table,
)
from .estimators import (
    psi_total_return as psi_total_return,
)
from .games import (
    RPS as RPS,
)
from .games import (
    RPS_ROCK2 as RPS_ROCK2,
)
from .games import (
    best_response as best_response,
)
from .games import (
    self_play as self_play,
)
from .gaussian import (
    LinearGaussian as LinearGaussian,
)
from .gaussian import (
    MLPGaussian as MLPGaussian,
)
from .gaussian import (
    Squashed as Squashed,
)
from .gaussian import (
    gaussian_entropy as gaussian_entropy,
)
from .gaussian import (
    gaussian_log_prob as gaussian_log_prob,
)
from .gaussian import (
    gaussian_score as gaussian_score,
)
from .gaussian import (
    tanh_gaussian_log_prob as tanh_gaussian_log_prob,
)
from .groups import (
    group_advantages as group_advantages,
)
from .groups import (
    group_moments as group_moments,
)
from .groups import (
    grpo_weight as grpo_weight,
)
from .groups import (
    mixed_share as mixed_share,
)
from .groups import (
    pass_at_k as pass_at_k,
)
from .groups import (
    token_weights as token_weights,
)
from .language import (
    Answers as Answers,
)
from .language import (
    AnswerTree as AnswerTree,
)
from .language import (
    TokenPolicy as TokenPolicy,
)
from .language import (
    climb as climb,
)
from .language import (
    dpo_weights as dpo_weights,
)
from .language import (
    imitate as imitate,
)
from .language import (
    kl_loss_weights as kl_loss_weights,
)
from .language import (
    kl_values as kl_values,
)
from .language import (
    optimal_policy as optimal_policy,
)
from .language import (
    sampler_ratios as sampler_ratios,
)
from .language import (
    tree_logits as tree_logits,
)
from .mdp import (
    action_values as action_values,
)
from .mdp import (
    discounted_visitation as discounted_visitation,
)
from .mdp import (
    exact_gradient as exact_gradient,
)
from .mdp import (
    expected_return as expected_return,
)
from .mdp import (
    state_probs as state_probs,
)
from .mdp import (
    state_values as state_values,
)
from .optimizers import (
    Adam as Adam,
)
from .policies import (
    LinearSoftmax as LinearSoftmax,
)
from .policies import (
    MLPSoftmax as MLPSoftmax,
)
from .policies import (
    TabularSoftmax as TabularSoftmax,
)
from .policies import (
    log_softmax as log_softmax,
)
from .policies import (
    softmax as softmax,
)
from .policies import (
    two_action_softmax as two_action_softmax,
)
from .returns import (
    discounts as discounts,
)
from .returns import (
    reward_to_go as reward_to_go,
)
from .returns import (
    total_return as total_return,
)
from .rollouts import (
    Rollout as Rollout,
)
from .rollouts import (
    rollout as rollout,
)
from .sampling import (
    AliasTable as AliasTable,
)
from .sampling import (
    sample_gradient as sample_gradient,
)
from .sampling import (
    sample_rollout as sample_rollout,
)
from .seeds import (
    bootstrap_interval as bootstrap_interval,
)
from .seeds import (
    run_seeds as run_seeds,
)
from .seeds import (
    sweep as sweep,
)
from .sorting import (
    Sorting as Sorting,
)
from .tabular import (
    TabularMDP as TabularMDP,
)
from .training import (
    CARTPOLE_RECIPE as CARTPOLE_RECIPE,
)
from .training import (
    Training as Training,
)
from .training import (
    evaluate as evaluate,
)
from .training import (
    reinforce as reinforce,
)
from .transformer import (
    Transformer as Transformer,
)
from .worlds import (
    nobodys_gradient as nobodys_gradient,
)
from .worlds import (
    short_corridor as short_corridor,
)
from .worlds import (
    sign_flip as sign_flip,
)
from .worlds import (
    two_doors as two_doors,
)
from .worlds import (
    worst_for_everybody as worst_for_everybody,
)
