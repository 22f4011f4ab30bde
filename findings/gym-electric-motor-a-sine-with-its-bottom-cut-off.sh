#!/usr/bin/env bash
# Guess: gym-electric-motor's SinusoidalReferenceGenerator gives a sine of a random amplitude, frequency and offset as what a motor has to follow; the
#   offset is drawn so that the whole of the wave lies within the limits of the state, as the ranges that it is clipped to say.
# Seen, gym-electric-motor 3.0.3, a DC motor behind a one-quadrant converter, whose speed is between 0 and 0.75: the offset is clipped to between
#   -0.75 + amplitude and 0.75 - amplitude, where the lower end should be 0 + amplitude. Offsets near 0 are drawn, and what is below 0 is cut off.
#   Of 60 sines with an amplitude of 0.3 more than half are cut (two in three are to be expected), down to half the amplitude asked for, and lie
#   at 0 for a fifth of the time; with the default amplitudes about one in three is cut. So it is with the triangle and the sawtooth.
#   The StepReferenceGenerator adds the amplitude to the lower limit: none is cut. With four quadrants, limits of -0.75 and 0.75, all are right.
# Matters: where a state cannot be negative (speeds and currents of one-quadrant drives, the speed of two-quadrant ones), the task is another: long
#   rests at standstill, flatter waves and a lower mean. Rewards of one- and four-quadrant drives, and of steps
#   and sines, are not comparable, and an amplitude that was fixed is not the one tested.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
export MPLCONFIGDIR=$here
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gym-electric-motor==3.0.3 gymnasium==1.4.0 numpy==2.4.6 scipy==1.17.1 \
  matplotlib==3.11.2
"$here/env/bin/python" -W ignore - <<'PY'
import gym_electric_motor as gem
import numpy as np
from gym_electric_motor import reference_generators
from gym_electric_motor.physical_systems import ContFourQuadrantConverter, ContOneQuadrantConverter

STEPS, WAVES = 400, 60                                                          # of 0.1 ms, at 50 Hz: two periods a wave


def waves(kind, converter, **options):
    """The references that an agent is shown that does nothing, a wave in each row, and the limits of the space they are from."""
    generator = getattr(reference_generators, kind)(reference_state="omega", episode_lengths=(STEPS, STEPS), frequency_range=(50, 50), **options)
    env = gem.make("Cont-SC-PermExDc-v0", reference_generator=generator, converter=converter())
    seen = [env.reset(seed=0)[0][1][0]]
    while len(seen) < STEPS * WAVES:
        (_, reference), _, end, _, _ = env.step(np.zeros(env.action_space.shape))
        assert not end
        seen.append(reference[0])
    space = env.observation_space[1]
    return np.reshape(seen, (WAVES, STEPS)), space.low[0], space.high[0]


for kind in ("Sinusoidal", "Triangular", "Sawtooth", "Step"):
    for converter in (ContOneQuadrantConverter, ContFourQuadrantConverter):
        for options in (dict(amplitude_range=(0.3, 0.3)), {}):
            wave, low, high = waves(kind + "ReferenceGenerator", converter, **options)
            resting, amplitude = wave == low, np.ptp(wave, axis=1) / 2
            cut = np.mean(resting.mean(1) > 0.02)
            print(f"{kind:10} {converter.__name__[4:-9]:12} limits {low:5.2f} {high:.2f} amplitude {options and '0.3' or 'any':3}: cut {cut:.0%}, "
                  f"at the lower limit {resting.mean():.0%} of the time, half height {amplitude.min():.2f} to {amplitude.max():.2f}")
            assert not np.any(np.mean(wave == high, 1) > 0.02)
            if kind == "Step" or low < 0:
                assert cut == 0 and (not options or amplitude.min() > 0.295)
            else:
                assert cut > (0.35 if options else 0.2) and resting.mean() > 0.05, "the wave fits between the limits now"
                assert not options or amplitude.min() < 0.2
PY
