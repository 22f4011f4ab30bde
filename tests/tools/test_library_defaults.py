"""What is read from the wheels of language-model libraries: each default fits once, or is told."""

import json
import zipfile

import pytest

from tools.keep import library_defaults as tool

FILES = {
    "lib/config.py": "".join(
        f"    {name}: {kind} = field(\n        default={value},\n    )\n"
        for name, kind, value in (("beta", "float", 0.1), ("loss", "str", "'dapo'"))
    ),
    "lib-2.0.data/purelib/lib/actor.yaml": "actor:\n  clip_ratio: 0.2\n  clip_ratio_c: 3.0\n",
    "lib/cli.py": 'parser.add_argument("--reward.clip_range", type=float, nargs=2, default=(-10, 10))\n',
}
WHERE = {
    "beta": ("lib/config.py", tool.field("beta")),
    "loss": ("lib/config.py", tool.field("loss")),
    "clip": ("lib/actor.yaml", tool.yaml_key("clip_ratio")),
    "range": ("lib/cli.py", tool.option("reward.clip_range")),
}


def wheel(folder, files):
    with zipfile.ZipFile(folder / "lib-2.0-py3-none-any.whl", "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return folder


def test_defaults_are_read_as_each_library_writes_them(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "WHERE", {"lib": WHERE})
    assert tool.read(wheel(tmp_path, FILES))["libraries"] == {
        "lib": {
            "version": "2.0",
            "defaults": {"beta": "0.1", "loss": "dapo", "clip": "0.2", "range": "(-10, 10)"},
        }
    }


@pytest.mark.parametrize("times", [0, 2])
def test_a_pattern_that_does_not_fit_exactly_once_is_an_error(tmp_path, monkeypatch, times):
    monkeypatch.setattr(tool, "WHERE", {"lib": WHERE})
    with pytest.raises(SystemExit, match=f"lib: range fits {times} times in lib/cli.py"):
        tool.read(wheel(tmp_path, FILES | {"lib/cli.py": FILES["lib/cli.py"] * times}))


def test_what_is_stored_has_each_setting_that_is_asked_for():
    stored = json.loads(tool.RESULT.read_text("utf8"))
    assert stored["as of"] == tool.AS_OF
    assert {name: [*one["defaults"]] for name, one in stored["libraries"].items()} == {
        name: [*settings] for name, settings in tool.WHERE.items()
    }
