"""What `import policy_gradient as pg` offers, for editors and type checkers; `__init__.py` loads each name when it is used."""

from learning_to_act import (
    checks as checks,
    explorables as explorables,
    explore as explore,
    palette as palette,
    plots as plots,
)

from . import (
    control as control,
    critic as critic,
    differentiate as differentiate,
    envs as envs,
    estimators as estimators,
    games as games,
    gaussian as gaussian,
    linear_quadratic as linear_quadratic,
    mdp as mdp,
    natural as natural,
    optimizers as optimizers,
    policies as policies,
    ppo as ppo,
    protocols as protocols,
    returns as returns,
    rollouts as rollouts,
    sampling as sampling,
    seeds as seeds,
    segments as segments,
    surrogate as surrogate,
    tabular as tabular,
    testing as testing,
    training as training,
    worlds as worlds,
)
from .policies import (
    TabularSoftmax as TabularSoftmax,
    LinearSoftmax as LinearSoftmax,
    MLPSoftmax as MLPSoftmax,
    two_action_softmax as two_action_softmax,
    softmax as softmax,
    log_softmax as log_softmax,
)
from .gaussian import (
    LinearGaussian as LinearGaussian,
    MLPGaussian as MLPGaussian,
    Squashed as Squashed,
    gaussian_log_prob as gaussian_log_prob,
    gaussian_score as gaussian_score,
    gaussian_entropy as gaussian_entropy,
    tanh_gaussian_log_prob as tanh_gaussian_log_prob,
)
from .tabular import (
    TabularMDP as TabularMDP,
)
from .mdp import (
    state_probs as state_probs,
    state_values as state_values,
    action_values as action_values,
    discounted_visitation as discounted_visitation,
    expected_return as expected_return,
    exact_gradient as exact_gradient,
)
from .worlds import (
    two_doors as two_doors,
    short_corridor as short_corridor,
    sign_flip as sign_flip,
    nobodys_gradient as nobodys_gradient,
    worst_for_everybody as worst_for_everybody,
)
from .differentiate import (
    finite_difference as finite_difference,
    complex_step as complex_step,
)
from .rollouts import (
    Rollout as Rollout,
    rollout as rollout,
)
from .sampling import (
    AliasTable as AliasTable,
    sample_rollout as sample_rollout,
    sample_gradient as sample_gradient,
)
from .returns import (
    discounts as discounts,
    total_return as total_return,
    reward_to_go as reward_to_go,
)
from .estimators import (
    gradient_samples as gradient_samples,
    estimate_gradient as estimate_gradient,
    psi_total_return as psi_total_return,
    psi_reward_to_go as psi_reward_to_go,
    psi_table as psi_table,
    leave_one_out_mean as leave_one_out_mean,
    batch_mean as batch_mean,
)
from .optimizers import (
    Adam as Adam,
)
from .critic import (
    Critic as Critic,
    gae as gae,
)
from .training import (
    reinforce as reinforce,
    Training as Training,
    evaluate as evaluate,
    CARTPOLE_RECIPE as CARTPOLE_RECIPE,
)
from .seeds import (
    run_seeds as run_seeds,
    sweep as sweep,
    bootstrap_interval as bootstrap_interval,
)
from .games import (
    RPS as RPS,
    RPS_ROCK2 as RPS_ROCK2,
    best_response as best_response,
    self_play as self_play,
)

__all__: list[str]
