#!/usr/bin/env bash
# Guess: CityLearn's reward for electric vehicles penalises a car that departs with less charge than was asked for, the more the emptier it is (weight
#   "soc_under", -5), and rewards one close to it ("close_soc", 10). It is a MARL reward with something added: "other building logic comes
#   from the superclass", says its docstring.
# Seen, CityLearn 3.0.2, Electric_Vehicles_Reward_Function with its default weights, 80 % asked for, at the hour of departure, nothing drawn from the
#   grid: up to a quarter too little pays -20. *More* than a quarter too little, down to empty, pays +15: for these the weight is squared, and
#   (-5)^2 is +25. A car that leaves empty is worth more than one at 79 % (0), at 85 % (10) or full (0); only 80 % to the digit is better (110).
#   And what the superclass computes is not added, it only divides: a building without a charger that draws 50 kWh gets 0 in place of
#   -1250, and with a charger the -20 and +15 shrink to -0.016 and +0.012.
# Matters: a learner is shown that a car which cannot be filled in time, or is used as the house's battery, had better be emptied; and the price of
#   drawing from the grid, which the rest of the district is about, is gone: to draw much makes every penalty small.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 gymnasium==0.28.1 numpy==1.26.4 pandas==2.2.3 pyyaml==6.0.3 \
  scikit-learn==1.2.2 simplejson==4.1.1 platformdirs==4.14.9 requests==2.34.2
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps citylearn==3.0.2
"$here/env/bin/python" -W ignore - <<'PY'
from citylearn.reward_function import MARL, Electric_Vehicles_Reward_Function

DISTRICT = {"central_agent": False, "buildings": [{}]}
ASKED = 0.8


def building(charge, drawn):
    """The observations of a building whose car is about to depart, as CityLearn's buildings make them; without a car for None."""
    car = {
        "connected": True,
        "last_charged_kwh": 0.0,
        "previous_battery_soc": charge,
        "battery_soc": charge,
        "battery_capacity": 40.0,
        "min_capacity": 0.0,
        "required_soc": ASKED,
        "hours_until_departure": 0,
        "max_charging_power": 7.0,
        "max_discharging_power": 7.0,
    }
    cars = {} if charge is None else {"charger": car}
    return {"net_electricity_consumption": drawn, "electric_vehicles_chargers_dict": cars}


def paid(charge, drawn=0.0):
    return Electric_Vehicles_Reward_Function(DISTRICT).calculate([building(charge, drawn)])[0]


found = {charge: paid(charge) for charge in (0.0, 0.3, 0.54, 0.56, 0.69, 0.75, 0.79, 0.8, 0.85, 1.0)}
for charge, reward in found.items():
    print(f"asked for {ASKED:.0%}, leaves with {charge:.0%}: {reward:g}")
assert found[0.0] == found[0.3] == found[0.54] == 15, "an empty car is not paid any more"
assert found[0.56] == found[0.69] == -20 and found[0.79] == found[1.0] == 0 and found[0.85] == 10 and round(found[0.8], 6) == 110

alone, base = paid(None, 50.0), MARL(DISTRICT).calculate([building(None, 50.0)])[0]
print(f"no charger, 50 kWh drawn: {alone:g}, of which the superclass says {base:g}")
assert alone == 0 and base == -1250
for charge in (0.0, 0.6):
    print(f"leaves with {charge:.0%}, 50 kWh drawn: {paid(charge, 50.0):.3f}")
    assert abs(paid(charge, 50.0) - found.get(charge, -20) / 1251) < 1e-9
PY
