#!/usr/bin/env bash
# Guess: Math-Verify, the grader behind many a reward for mathematics, says True where gold and answer are the same number, whatever the form, and
#   False where they are not; its docstring names "special handling" of complex numbers.
# Seen, math-verify 0.9.0 with latex2sympy2_extended 1.11.0 and SymPy 1.14.0, gold between dollar signs and answer in a box:
#   a degree sign is dropped: sin 30 degrees is the sine of 30 radians, -0.988, so that gold 1/2 refuses it, and as gold it accepts \sin 30;
#   i is a letter like x: gold 2i refuses (1+i)^2, gold -1 refuses i^2, gold 5 refuses (2+i)(2-i), sqrt 13 refuses |2+3i|;
#   a repeating decimal ends at its point: gold 0.\overline{3} accepts 0 and refuses 1/3, gold 1/3 refuses it; and where the answer stands
#   between dollar signs too, 0.\overline{3} and 0.\overline{7} are the same, and 2.\overline{3} percent is 2;
#   \lg 1000 is 1000, where \log 1000 is 3.
#   Of what else was tried, fractions, roots, sets, intervals, units, \ln, radians and mixed numbers came out right.
# Matters: to a policy it is a reward of 0 for what is right, always in the same subjects, and a reward of 1 for leaving off the part that
#   repeats; to an evaluation it is accuracy that no model can have. Nothing is raised.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check math-verify==0.9.0 latex2sympy2_extended==1.11.0 sympy==1.14.0
"$here/env/bin/python" - <<'PY'
from math import radians, sin

from math_verify import parse, verify


def accepts(gold, answer, form=r"\boxed{%s}"):
    return verify(parse(f"${gold}$"), parse(f"${form % answer}$"))


known_good = [
    (r"\frac12", "0.5"), (r"\sqrt{8}", r"2\sqrt{2}"), (r"\frac12", r"\cos\frac{\pi}{3}"), ("7", r"3\frac12\cdot 2"), ("3+4i", "4i+3"),
    ("3", r"\log 1000"), (r"0.\overline{3}", r"0.\overline{3}"),
]
refused = [
    (r"\frac12", r"\sin 30^\circ"), (r"\frac{\sqrt2}{2}", r"\sin 45^\circ"), ("1", r"\tan 45^\circ"),
    ("2i", "(1+i)^2"), ("-1", "i^2"), ("5", "(2+i)(2-i)"), (r"\sqrt{13}", "|2+3i|"), (r"\frac{1-i}{2}", r"\frac{1}{1+i}"),
    (r"0.\overline{3}", r"\frac13"), (r"\frac13", r"0.\overline{3}"), (r"0.1\overline{6}", r"\frac16"),
    ("3", r"\lg 1000"),
]
accepted = [(r"\sin 30^\circ", r"\sin 30"), (r"\sin 30^\circ", str(sin(30))), (r"0.\overline{3}", "0"), (r"1.\overline{36}", "1")]
accepted.append(("1000", r"\lg 1000"))
for title, pairs in (("the same, accepted", known_good), ("the same, refused", refused), ("not the same, accepted", accepted)):
    print(title + ":", "; ".join(f"{gold} <- {answer}" for gold, answer in pairs))
print("sin 30 degrees is", round(sin(radians(30)), 12), "and sin 30 is", round(sin(30), 3))
assert all(accepts(*pair) for pair in known_good)
assert not any(accepts(*pair) for pair in refused), [pair for pair in refused if accepts(*pair)]
assert all(accepts(*pair) for pair in accepted), [pair for pair in accepted if not accepts(*pair)]
assert accepts(r"0.\overline{3}", r"0.\overline{7}", "%s") and accepts(r"2.\overline{3}\%", "2", "%s"), "the part that repeats is read now"
PY
