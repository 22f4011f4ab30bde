"""The arithmetic of live training as a program without a page, for any engine:
it leaves `m`, its functions, and `train`."""

import re

from learning_to_act.explorables import LiveTraining

BITS_AFTER_50 = 1327623229  # of theta, seed 1, four episodes a batch


def program():
    source = str(LiveTraining()._esm)
    pure = source[: source.index("// ---- drawing ----", source.index("Live training"))]
    names = re.findall(r"^export (?:const|function\*?) (\w+)", pure, re.M)
    return (
        "globalThis.m = (() => {"
        + re.sub(r"^export ", "", pure, flags=re.M)
        + f"\nreturn {{ {', '.join(names)} }}; }})();"
        + """globalThis.train = (run, settings, updates, goal = Infinity) => {
                    for (let u = 0; u < updates && !run.lost && !(run.mean >= goal); u++)
                      for (const _ of m.updating(run, settings));
                    return run; };"""
    )
