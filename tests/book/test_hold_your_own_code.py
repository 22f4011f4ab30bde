"""The page *Hold your own code*: its loops run as they stand, the verdicts printed on it are those of today; the wheel;
the adapters' results."""

import ast
import json
import re
import subprocess
import sys
import zipfile

import pytest

from policy_gradient.audit import audit
from tools.make import wheel
from tools.paths import ROOT

PAGE = (ROOT / "book/hold-your-own-code.md").read_text(encoding="utf-8")
BLOCKS = {m[1]: m[2] for m in re.finditer(r"```python\n# ([^\n]+)\n(.*?)```", PAGE, re.S)}
LIBRARIES = ROOT / "studies/libraries"


def verdict_of(name, function="update"):
    space = {}
    exec(BLOCKS[name].replace("print(", "(") if "print(" in BLOCKS[name] else BLOCKS[name], space)
    return audit(space[function])


def printed(text):
    lines = (line.strip().removeprefix(">").strip() for line in str(text).splitlines())
    return "\n".join(line for line in lines if line)


def test_the_first_loop_gets_the_verdict_on_the_page():
    assert printed(verdict_of("numpy", "my_update")) in printed(PAGE)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_strangers_loop_is_accused_and_the_mended_one_is_not(number):
    verdict = verdict_of(f"stranger {number}")
    assert verdict.accused and printed(verdict) in printed(PAGE)
    mended = verdict_of(f"mended {number}")
    assert mended.ok and "follows the theorem's direction." in mended.headline, str(mended)


def test_each_way_takes_about_ten_lines():
    for name in ("numpy", "torch", "library"):
        lines = [line for line in BLOCKS[name].splitlines() if line.strip() and not line.startswith(("import", "from"))]
        assert len(lines) <= 10, name


def test_the_page_tells_nobody_to_install_a_name_that_is_not_ours():
    for line in re.findall(r"^.*pip install.*$", PAGE, re.M):
        assert line.split()[-1].endswith(".whl")


def test_the_wheel_holds_the_instrument(tmp_path):
    path = wheel.build(tmp_path)
    with zipfile.ZipFile(path) as held:
        names = held.namelist()
    assert {"policy_gradient/audit/__main__.py", "policy_gradient/audit/worlds.py"} <= set(names) and path.name in PAGE
    code = "import sys; sys.path.insert(0, sys.argv[1]); import policy_gradient.audit as a; print(a.__file__)"
    assert (
        str(path)
        in subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, cwd=tmp_path
        ).stdout
    )


RESULTS = sorted((LIBRARIES / "results").glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda p: p.stem)
def test_a_library_result_is_complete_and_of_the_pinned_version(path):
    found = json.loads(path.read_text(encoding="utf-8"))
    script = (ROOT / found["script"]).read_text(encoding="utf-8")
    pinned = rf"\b{re.escape(found['library'])}(\[\w+\])?=={re.escape(found['version'])}(\s|$)"
    assert re.search(pinned, script.splitlines()[0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"]) and found["losses"]
    for name, facts in found["losses"].items():
        assert f'"{name}"' in script and facts["unreadable"] is None and facts["headline"], name


def test_every_adapter_has_a_result_and_can_be_parsed():
    scripts = {p.stem: p for p in LIBRARIES.glob("*.py") if p.read_text(encoding="utf-8").startswith("# requires:")}
    assert {p.stem for p in RESULTS} == set(scripts) and len(scripts) >= 6
    for script in scripts.values():
        ast.parse(script.read_text(encoding="utf-8"))
