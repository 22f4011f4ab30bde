"""Mountain car with a bell: does a larger batch see the flag?
`continuous_control.mountain_car` has 8 episodes in each update and fails.

    OPENBLAS_NUM_THREADS=1 python -m studies.mountain_car_batches     # rewrites mountain_car_batches.json,
                                                                      # some ten minutes

The same program with 100, both for 30 updates, ten seeds that chose no setting.
"""

import argparse
import json
from pathlib import Path

from studies.continuous_control import mountain_car

SIZES, SEEDS, UPDATES = (8, 100), range(301, 311), 30
RESULT = Path(__file__).with_suffix(".json")


def main():
    arms = {str(size): [mountain_car(seed, UPDATES, size) for seed in SEEDS] for size in SIZES}
    RESULT.write_text(json.dumps({"updates": UPDATES, "arms": arms}, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    main()
