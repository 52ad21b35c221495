"""Fingerprints are computed once, and kept for as long as nothing changes that they depend on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from examiner._exceptions import EngineError
from examiner.diagnosis import Diagnoser, Entry, diagnoser
from examiner.engine import DataSet, Engine
from tests.examiner.small import assignment_of, write_catalogue, write_course, write_plain_course

ENTRY = Entry("one", "double", "triples", "misconception", "It triples.", {"double": "def double(x): return 3 * x"})


def test_the_catalogue_is_read_in_a_child(small: Diagnoser) -> None:
    assert set(small.catalogue) == {"one"}
    names = [str(entry) for entry in small.misconceptions("one")]
    assert names == ["double:triples", "square:halved", "double:tripled_by_adding", "double:noisy", "square:cubed"]
    assert small.misconceptions("other") == []
    assert repr(small) == "<Diagnoser of small, seed 231>"


def test_fingerprints_are_computed_once_and_kept_on_disk(small: Diagnoser, monkeypatch: pytest.MonkeyPatch) -> None:
    file = small.fingerprints("one")
    assert file is not None
    assert file.parent == small.engine.assignment.root / ".cache" / "fingerprints"
    assert file.name.startswith("one-231-")
    assert list(file.parent.iterdir()) == [file]

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(diagnoser, "run_all", never)
    assert small.fingerprints("one") == file
    assert Diagnoser(small.engine).fingerprints("one") == file
    with Engine(small.engine.assignment) as later:
        assert Diagnoser(later).fingerprints("one") == file
    with Engine(small.engine.assignment, seed=7) as other, pytest.raises(AssertionError, match="computed again"):
        Diagnoser(other).fingerprints("one")


@pytest.mark.parametrize("left_out", ["catalogue", "toolkit"])
def test_without_a_catalogue_there_is_none(left_out: str, tmp_path: Path) -> None:
    source = write_course(tmp_path)
    write_catalogue(tmp_path, "")
    with Engine(replace(assignment_of(source, catalogue="mistakes"), **{left_out: None})) as engine:
        assert Diagnoser(engine).fingerprints("one") is None
        assert Diagnoser(engine).catalogue == {}
    with Engine(write_plain_course(tmp_path / "plain")) as engine:
        assert Diagnoser(engine).fingerprints("squares") is None


def test_a_catalogue_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    source = write_course(tmp_path)
    write_catalogue(tmp_path, "1 / 0")
    with Engine(assignment_of(source, catalogue="mistakes")) as engine, pytest.raises(EngineError, match="ZeroDivis"):
        Diagnoser(engine).fingerprints("one")


# ---------------------------------------------------------------------------------- the digest


class Course:
    """The small assignment, and the digest of its fingerprints."""

    def __init__(self, root: Path) -> None:
        self.source = write_course(root)
        (self.source / "zero.ipynb").write_text("later")
        (self.source / "another.ipynb").write_text("earlier")
        self.data: dict[str, DataSet] = {"weather": DataSet("weather_2020")}

    def digest(self, *entries: Entry) -> str:
        """The digest of some entries."""
        engine = SimpleNamespace(assignment=assignment_of(self.source), seed=231, data_sets=lambda: self.data)
        return Diagnoser(cast("Engine", engine))._digest("one", list(entries or [ENTRY]))


def append(*path: str) -> Callable[[Course], None]:
    """Change a file of the course."""

    def change(course: Course) -> None:
        file = course.source.joinpath(*path)
        file.write_text(file.read_text() + " " if file.is_file() else "")

    return change


def other_data(course: Course) -> None:
    course.data = {"weather": DataSet(None, "no such file")}


@pytest.mark.parametrize(
    "change",
    [
        append("one.ipynb"),
        append("another.ipynb"),
        append("toolkit", "checks.py"),
        append("toolkit", "data", "files.py"),
        append("toolkit", "a_new_module.py"),
        other_data,
    ],
    ids=["notebook", "earlier notebook", "toolkit", "toolkit's folder", "new module", "data set"],
)
def test_fingerprints_belong_to_all_that_they_depend_on(change: Callable[[Course], None], tmp_path: Path) -> None:
    course = Course(tmp_path)
    before = course.digest()
    assert before == course.digest()
    change(course)
    assert course.digest() != before


def test_fingerprints_belong_to_the_entries(tmp_path: Path) -> None:
    course = Course(tmp_path)
    other = replace(ENTRY, name="other")
    changed = [
        (replace(ENTRY, sources={"double": "x"}),),
        (replace(ENTRY, changes={"2": "3"}),),
        (other,),
        (ENTRY, other),
    ]
    assert len({course.digest(*entries) for entries in [(ENTRY,), *changed]}) == 5
    assert course.digest(replace(ENTRY, sentence="Said otherwise.")) == course.digest()


def test_fingerprints_do_not_belong_to_what_comes_later(tmp_path: Path) -> None:
    course = Course(tmp_path)
    before = course.digest()
    append("zero.ipynb")(course)
    append("toolkit", "notes.txt")(course)
    assert course.digest() == before
