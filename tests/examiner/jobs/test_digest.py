"""The hash of all that marks depend on: the same for the same, another one for anything else."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from traitlets.config import Config

from examiner.jobs import Work, digest_of
from examiner.settings import Limits, Options, Timing
from tests.examiner.small import assignment_of, write_catalogue, write_course


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A small course with a catalogue and a data set."""
    source = write_course(tmp_path)
    write_catalogue(tmp_path, "")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "weather.csv").write_text("1,2\n")
    return Work.of(assignment_of(source, catalogue="mistakes"), Options(data_dir=tmp_path / "data"))


def test_it_is_the_same_for_the_same(work: Work) -> None:
    (work.assignment.source / "__pycache__").mkdir()
    (work.assignment.source / "__pycache__" / "x.py").touch()
    before = digest_of(work)
    (work.assignment.source / "__pycache__" / "x.py").write_text("1")
    (work.assignment.source / ".hidden").write_text("1")
    (work.assignment.source / ".ipynb_checkpoints").mkdir()
    (work.assignment.source / ".ipynb_checkpoints" / "one.ipynb").write_text("{}")
    assert digest_of(replace(work, options=Options(data_dir=work.options.data_dir))) == before


CHANGES: dict[str, Callable[[Work], Work]] = {
    "seed": lambda work: replace(work, options=replace(work.options, seed=5)),
    "isolation": lambda work: replace(work, options=replace(work.options, isolation="none")),
    "time limit": lambda work: replace(work, options=replace(work.options, timing=Timing(cell=1))),
    "memory": lambda work: replace(work, options=replace(work.options, limits=Limits(memory=1))),
    "diagnosis": lambda work: replace(work, options=replace(work.options, diagnosis=False)),
    "files": lambda work: replace(work, assignment=replace(work.assignment, files=("w.npz",))),
    "stub": lambda work: Work.of(
        work.assignment, work.options, Config({"ClearSolutions": {"code_stub": {"python": "..."}}})
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_option_is_in_it(what: str, work: Work) -> None:
    assert digest_of(CHANGES[what](work)) != digest_of(work)


@pytest.mark.parametrize(
    "name", ["assignment/small/one.ipynb", "assignment/small/toolkit/checks.py", "mistakes/one.py"]
)
def test_every_file_of_the_course_is_in_it(name: str, work: Work) -> None:
    before, path = digest_of(work), work.assignment.root / name
    path.write_text(path.read_text() + "\n")
    assert digest_of(work) != before


def test_data_sets_are_in_it_by_size_and_time(work: Work) -> None:
    assert work.options.data_dir is not None
    before, path = digest_of(work), work.options.data_dir / "weather.csv"
    os.utime(path, (1, 1))
    assert digest_of(work) != before
