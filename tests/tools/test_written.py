import pytest
import yaml

from tools.contents import entries
from tools.paths import ROOT
from tools.written import content


def test_every_file_of_the_book_reads_as_by_the_plain_loader():
    files = [ROOT / "_toc.yml", ROOT / "_config.yml", *(ROOT / "book").rglob("*.yml")]
    assert len(files) > 15
    for path in files:
        assert content(path) == yaml.safe_load(path.read_text("utf8")), path


def test_a_file_is_read_anew_when_it_changed(tmp_path):
    (tmp_path / "_toc.yml").write_text("root: index\nchapters:\n- file: book/one\n")
    assert entries(tmp_path) == [("book/one", [])]
    (tmp_path / "_toc.yml").write_text("root: index\nchapters:\n- file: book/two\n")  # as long, and in the same moment
    assert entries(tmp_path) == [("book/two", [])]


def test_no_tag_makes_an_object(tmp_path):
    (tmp_path / "a.yml").write_text("!!python/name:os.getcwd ''\n")
    with pytest.raises(yaml.constructor.ConstructorError):
        content(tmp_path / "a.yml")
