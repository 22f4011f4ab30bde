#!/usr/bin/env bash
# Guess: simglucose's control variability grid (CVGA), one of the plots by which it judges a controller, puts each patient into a zone, A, B, C, D
#   or E, by the lowest and the highest glucose (their 2.5th and 97.5th percentiles), A being the best. The five shares add up to 1.
# Seen, simglucose 0.2.11: a patient whose glucose stays above 110 mg/dl, or below 110, is in none. A and B want a lowest value of at most 110 and a
#   highest of at least 110; the values are cut at 50 and at 400, the grid's other ends, but not at these. Ten adults, a day with a breakfast of
#   25 g, the package's own basal-bolus controller: all are between 70 and 180 for 98 to 100 % of the day, and never at 110 or below. The
#   shares of A to E are 0, 0, 0, 0, 0, and in the plot their points are outside its left edge, which is 109. A patient between 95 and 170
#   is in A; one between 80 and 105, between 115 and 170, or even between 112 and 350 is nowhere.
# Matters: a steadier controller can take patients out of A and not into it; the shares of two controllers need not add up to the same, and one who
#   lets glucose rise to 350 but never fall to 110 has no patient in a bad zone.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check simglucose==0.2.11 gymnasium==0.29.1 gym==0.9.4 numpy==1.26.4 \
  scipy==1.13.1 pandas==2.2.3 matplotlib==3.9.4 setuptools==65.5.0
MPLBACKEND=Agg "$here/env/bin/python" -W ignore - <<'PY'
from datetime import datetime

import numpy as np
import pandas as pd
from simglucose.actuator.pump import InsulinPump
from simglucose.analysis.report import CVGA_analysis, CVGA_background, percent_stats
from simglucose.controller.basal_bolus_ctrller import BBController
from simglucose.patient.t1dpatient import T1DPatient
from simglucose.sensor.cgm import CGMSensor
from simglucose.simulation.env import T1DSimEnv
from simglucose.simulation.scenario import CustomScenario


def day(name):
    """The glucose of one patient, every three minutes from midnight to midnight."""
    breakfast = CustomScenario(start_time=datetime(2018, 1, 1), scenario=[(8, 25)])
    env = T1DSimEnv(T1DPatient.withName(name), CGMSensor.withName("Dexcom", seed=1), InsulinPump.withName("Insulet"), breakfast)
    controller, step = BBController(), env.reset()
    for _ in range(480):
        step = env.step(controller.policy(step.observation, step.reward, step.done, **step.info))
    return env.BG_hist


adults = pd.DataFrame({f"adult#{number:03d}": day(f"adult#{number:03d}") for number in range(1, 11)})
lowest, highest, *zones = CVGA_analysis(adults)
inside = percent_stats(adults)[0]["70<=BG<=180"]
print(f"ten adults: lowest {lowest.round().tolist()}, highest {highest.round().tolist()}")
print(f"in range {inside.min():.1f} to {inside.max():.1f} % of the day")
print("zones A to E:", [float(zone) for zone in zones])
assert inside.min() > 98 and adults.min().min() > 110 and zones == [0] * 5, "they are in a zone now"
_, grid = CVGA_background()
assert max(grid.get_xlim()) < lowest.min()                                      # nor are they in the picture

for low, high, zone in ((95, 170, "A"), (85, 250, "B"), (80, 105, ""), (115, 170, ""), (112, 350, "")):
    shares = CVGA_analysis(pd.DataFrame({"glucose": np.linspace(low, high, 480)}))[2:]
    found = "".join(name for name, share in zip("ABCDE", shares) if share)
    print(f"between {low} and {high}: zone {found or 'none'}")
    assert found == zone
PY
