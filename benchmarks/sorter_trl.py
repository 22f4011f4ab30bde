"""The sorter through TRL's GRPOTrainer beside the book's `climb`: CPU seconds to .95, into results/sorter_trl.json.

    _build/environments/trl/bin/python -m benchmarks.sorter_trl     # `make bench` makes this environment

The same network (9,864 parameters, the same features), the same start, batches of 32 prompts with 8 answers, Adam at
0.003, and the same stop: the last 20 batches average .95. They take turns, seed by seed. Before that it is asserted
that the model has the book's log-probabilities, and that the gradient which reaches TRL's optimiser is the book's.

TRL's settings are the quickest that train the same: all 256 answers in one pass, no KL and so no reference, no scaling
by the std, no gradient clipping, no checkpoints, float32, nothing logged or saved, a fused Adam. Other losses, scalings
and Adams that it has take as long. Its model looks from the answer's places alone, and when it generates from the last.
`trl_pieces` is the same with the loss over 8 answers at a time, as many as it takes by default, on the first seeds.

Making model, data and trainer is not timed, and a first training of a few updates pays for what only a first call
costs. The exact J over all prompts is asked afterwards, on both sides.
"""

import argparse

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    from benchmarks import sorter_in_trl  # what it imports is in its own environment alone

    sorter_in_trl.main(given.seeds)
