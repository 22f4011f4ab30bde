#!/usr/bin/env bash
# Guess: CityLearn says of a building how often it is uncomfortable, among "occupied timesteps", and how much: discomfort_hot_delta_average and
#   _minimum are the mean and the least of temperature minus set point "where the condition" (beyond set point and band) "is met" (docstring of
#   CostFunction.discomfort), the same for cold. So who is 6 degrees too hot in every hour at home has 6 and 6, whenever they are out.
# Seen, CityLearn 3.0.2: how often is right. How much is taken over *all* hours: those without anybody count as 0 degrees, those inside the band
#   with what they have. A house that is 6 degrees above its set point in each of the 6 hours in which somebody is there has an average of
#   1.5 and a minimum of 0; one at 2 degrees too hot all day, occupied all day, 2.0. The first comes out as the more comfortable.
#   The minimum is 0 as soon as one hour of the period is empty or comfortable. Only the maximum is what the docstring says. A mean in NumPy over
#   the hours the docstring names: 6 and 2.
# Matters: these are KPIs of CityLearn's evaluate, by which controllers are compared: the average is (how often) times (how much) times (how often
#   occupied), and two buildings, or two weeks, cannot be set side by side. Letting the house go outside opening hours costs nothing, as intended,
#   and being rarely at home makes each hour at home look milder.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gymnasium==0.28.1 numpy==1.26.4 pandas==2.2.3 pyyaml==6.0.3 \
  scikit-learn==1.2.2 simplejson==4.1.1 platformdirs==4.14.9 requests==2.34.2 torch==2.13.0
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps citylearn==3.0.2
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from citylearn.cost_function import CostFunction

COOLING, HEATING, BAND = 24.0, 20.0, 1.0


def judged(temperature, occupants):
    """(share of occupied hours too hot, minimum, maximum and average of the degrees) by CityLearn, and by NumPy as its docstring has it."""
    hours = len(temperature)
    found = CostFunction.discomfort(temperature, [COOLING] * hours, [HEATING] * hours, band=BAND, occupant_count=occupants)
    at_home = np.array(temperature)[np.array(occupants) > 0] - COOLING
    hot = at_home[at_home > BAND]
    return [round(float(found[i][-1]), 3) for i in (2, 6, 7, 8)], [len(hot) / len(at_home), hot.min(), hot.max(), hot.mean()]


evening = judged([22.0] * 18 + [30.0] * 6, [0] * 18 + [2] * 6)                  # 6 degrees too hot whenever somebody is there
all_day = judged([26.0] * 24, [2] * 24)                                         # 2 degrees too hot, somebody there all day
mixed = judged([25.0, 24.5, 24.0, 26.0, 30.0, 23.0], [1] * 6)                   # always occupied, two hours beyond the band
for name, (seen, true) in (("evening", evening), ("all day", all_day), ("mixed", mixed)):
    print(f"{name}: CityLearn share, minimum, maximum, average {seen}; as documented {[round(float(x), 3) for x in true]}")
assert evening[0] == [1.0, 0.0, 6.0, 1.5] and evening[1] == [1, 6, 6, 6], "the empty hours are left out now"
assert all_day[0] == [1.0, 2.0, 2.0, 2.0] == all_day[1] and evening[0][3] < all_day[0][3]
assert mixed[0] == [0.333, 0.0, 6.0, 1.583] and mixed[1][1:] == [2, 6, 4], "the hours inside the band are left out now"
PY
