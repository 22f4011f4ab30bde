#!/usr/bin/env bash
# Guess: time_res of SustainGym's ParameterGenerator is "length of 1 timestep in seconds": the same building under the same weather, looked at every
#   five minutes (the default) or every hour. Without air conditioning the rooms are about as warm at 2 pm, whatever the step.
# Seen, SustainGym 0.1.7, OfficeSmall, Hot_Dry, Tucson: the sun's heat is divided by the length of the step in hours ("GHI change from Wh to W"),
#   though the weather file's number is that of an hour, and is interpolated, not split. So the weight of the sun in the building's equation is 12
#   times as large with steps of five minutes as with steps of an hour, 4 times with a quarter of an hour; all other weights are the same. On
#   30 June (seed=180), nothing switched on, the hottest room gets 38.4 degrees, against 36.0 with hourly steps. With the sun divided by 12 in
#   the five-minute building it is 36.0 too.
# And: no observation is in the observation space, whose lowest occupancy power is above 0 (it is -0.17 here, and -0.13 at the start), and
#   the last step of each episode, a day, is terminated as well as truncated, so that a learner takes midnight for the end of the world.
# Matters: a policy trained at one step length meets another climate at the other, and the cooling needed by default is that of a sun twelve
#   times too strong by the package's own hourly count.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check sustaingym==0.1.7 gymnasium==0.28.1 pettingzoo==1.24.3 pvlib==0.11.0 \
  numpy==2.2.6 pandas==2.3.3 scipy==1.17.1 scikit-learn==1.9.1 cvxpy==1.9.3
"$here/env/bin/python" -W ignore - <<'PY'
import contextlib
import io

import numpy as np
from sustaingym.envs.building import BuildingEnv, ParameterGenerator


def building(seconds):
    """The small office in Tucson, in steps of so many seconds, with episodes of a day."""
    with contextlib.redirect_stdout(io.StringIO()):
        return ParameterGenerator(building="OfficeSmall", weather="Hot_Dry", location="Tucson", time_res=seconds, episode_len=86_400 // seconds)


def hottest(parameters, seed=180):
    """(highest room temperature of the day with nothing switched on, observations, how it ended)."""
    env = BuildingEnv(parameters)
    seen, ends = [env.reset(seed=seed)[0]], (False, False)
    while not any(ends):
        obs, _, *ends, _ = env.step(np.zeros(parameters["n"], np.float32))
        seen.append(obs)
    assert len(seen) == parameters["episode_len"] + 1
    return np.array(seen)[:, : parameters["n"]].max(), [env.observation_space.contains(obs) for obs in seen], ends


hourly, weights, heat = building(3600), {}, {}
for seconds in (3600, 1800, 900, 300):
    parameters = building(seconds)
    lit = hourly["B"][:, -1] > 0
    weights[seconds] = (parameters["B"][lit, -1] / hourly["B"][lit, -1]).round(6)
    heat[seconds], inside, ends = hottest(parameters)
    print(f"steps of {seconds} s: weight of the sun {weights[seconds][0]} of the hourly one, hottest room {heat[seconds]:.2f}, "
          f"{sum(inside)} of {len(inside)} observations in the space, terminated and truncated {ends}")
    assert all(np.array_equal(parameters[name], hourly[name]) for name in ("A", "D"))
    assert np.array_equal(parameters["B"][:, :-1], hourly["B"][:, :-1])
    assert not any(inside) and ends == [True, True]
    assert np.allclose(weights[seconds], 3600 / seconds), "the sun is as strong at every step length now"
dimmed = building(300)
dimmed["ghi"] = dimmed["ghi"] / 12
print(f"steps of 300 s, sun divided by 12: hottest room {hottest(dimmed)[0]:.2f}")
assert heat[300] - heat[3600] > 2 and abs(hottest(dimmed)[0] - heat[3600]) < 0.1
PY
