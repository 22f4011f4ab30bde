"""What three language-model libraries do if nothing is set: read from the source of their releases.

    python -m pip download --no-deps -d WHEELS trl==1.16.0 verl==0.9.1 openrlhf==0.11.2
    python -m tools.keep.library_defaults WHEELS        # rewrites library_defaults.json beside it

Each default is found by a pattern in one file of the wheel; a pattern that does not fit exactly once is an error. What
the settings *do* was measured on a toy whose gradient can be enumerated, and stands on the page with its numbers.
"""

import argparse
import json
import re
import zipfile
from pathlib import Path

RESULT = Path(__file__).with_suffix(".json")
AS_OF = "2026-11-29"


def field(name):
    return rf"^    {name}: [^=\n]+= field\(\s*default=([^,\n]+)"


def yaml_key(name):
    return rf"^ *{name}: *([^#\n]+?) *$"


def option(name):
    return rf'"--{re.escape(name)}",[^)]*?default=(\([^)]*\)|[^,)\n]+)'


GRPO, RLOO = "trl/trainer/grpo_config.py", "trl/trainer/rloo_config.py"
ACTOR, TRAINER = "verl/trainer/config/actor/actor.yaml", "verl/trainer/config/ppo_trainer.yaml"
CLI = "openrlhf/cli/train_ppo_ray.py"
WHERE = {
    "trl": {
        "GRPO loss_type": (GRPO, field("loss_type")),
        "GRPO scale_rewards": (GRPO, field("scale_rewards")),
        "GRPO beta": (GRPO, field("beta")),
        "GRPO use_bias_correction_kl": (GRPO, field("use_bias_correction_kl")),
        "GRPO epsilon": (GRPO, field("epsilon")),
        "GRPO epsilon_high": (GRPO, field("epsilon_high")),
        "GRPO delta": (GRPO, field("delta")),
        "GRPO num_iterations": (GRPO, field("num_iterations")),
        "GRPO steps_per_generation": (GRPO, field("steps_per_generation")),
        "GRPO num_generations": (GRPO, field("num_generations")),
        "GRPO temperature": (GRPO, field("temperature")),
        "GRPO top_p": (GRPO, field("top_p")),
        "GRPO correction": (GRPO, field("vllm_importance_sampling_correction")),
        "GRPO correction mode": (GRPO, field("vllm_importance_sampling_mode")),
        "RLOO beta": (RLOO, field("beta")),
        "RLOO epsilon": (RLOO, field("epsilon")),
        "RLOO num_iterations": (RLOO, field("num_iterations")),
        "RLOO steps_per_generation": (RLOO, field("steps_per_generation")),
        "RLOO num_generations": (RLOO, field("num_generations")),
        "RLOO normalize_advantages": (RLOO, field("normalize_advantages")),
    },
    "verl": {
        "adv_estimator": (TRAINER, yaml_key("adv_estimator")),
        "norm_adv_by_std_in_grpo": (TRAINER, yaml_key("norm_adv_by_std_in_grpo")),
        "use_kl_in_reward": (TRAINER, yaml_key("use_kl_in_reward")),
        "gamma": (TRAINER, yaml_key("gamma")),
        "lam": (TRAINER, yaml_key("lam")),
        "loss_agg_mode": (ACTOR, yaml_key("loss_agg_mode")),
        "clip_ratio": (ACTOR, yaml_key("clip_ratio")),
        "clip_ratio_c": (ACTOR, yaml_key("clip_ratio_c")),
        "use_kl_loss": (ACTOR, yaml_key("use_kl_loss")),
        "ppo_epochs": (ACTOR, yaml_key("ppo_epochs")),
        "ppo_mini_batch_size": (ACTOR, yaml_key("ppo_mini_batch_size")),
        "train_batch_size": ("verl/trainer/config/data/legacy_data.yaml", yaml_key("train_batch_size")),
        "entropy_coeff": (ACTOR, yaml_key("entropy_coeff")),
        "rollout_is": ("verl/trainer/config/algorithm/rollout_correction.yaml", yaml_key("rollout_is")),
    },
    "openrlhf": {
        name: (CLI, option(name))
        for name in (
            "algo.advantage.estimator",
            "algo.kl.estimator",
            "algo.kl.init_coef",
            "algo.kl.use_loss",
            "reward.clip_range",
            "rollout.n_samples_per_prompt",
            "algo.advantage.is_correction_level",
            "actor.loss_agg_mode",
            "actor.eps_clip",
            "actor.dual_clip",
            "train.max_epochs",
            "rollout.batch_size",
            "train.batch_size",
        )
    },
}


def read(wheels):
    facts = {"as of": AS_OF, "libraries": {}}
    for name, settings in WHERE.items():
        [path] = Path(wheels).glob(f"{name}-*.whl")
        with zipfile.ZipFile(path) as wheel:
            files = {info.split(".data/purelib/")[-1]: info for info in wheel.namelist()}
            defaults = {}
            for setting, (file, pattern) in settings.items():
                fits = re.findall(pattern, wheel.read(files[file]).decode("utf8"), re.MULTILINE)
                if len(fits) != 1:
                    raise SystemExit(f"{name}: {setting} fits {len(fits)} times in {file}")
                defaults[setting] = fits[0].strip().strip("\"'")
        facts["libraries"][name] = {"version": path.name.split("-")[1], "defaults": defaults}
    return facts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheels", type=Path, help="the folder that holds one wheel of each")
    RESULT.write_text(json.dumps(read(parser.parse_args().wheels), indent=1) + "\n", encoding="utf8")
