"""What notebooks say at once, in the audit: by the corpus of a small course, and the rates that decide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner.audit import Audit, audit
from examiner.audit.at_once import AtOnce, Sentences, audit_at_once
from examiner.audit.inside import Finding
from examiner.diagnosis import FILE, Diagnoser, known_mistakes
from examiner.engine import Engine
from tests.examiner.audit.test_in_the_wild import CATALOGUE, SAMPLES
from tests.examiner.small import assignment_of, write_catalogue, write_course


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    """The audit of a small assignment whose toolkit knows its mistakes."""
    source = write_course(tmp_path_factory.mktemp("course"))
    write_catalogue(source.parents[1], CATALOGUE)
    (source.parents[1] / "mistakes" / "in_the_wild.py").write_text(SAMPLES, encoding="utf-8")
    with Engine(assignment_of(source, catalogue="mistakes")) as engine:
        content = known_mistakes(Diagnoser(engine, jobs=1))
        (source / "toolkit" / FILE).write_text(content, encoding="utf-8")
        yield audit(engine, jobs=1)


def test_every_wrong_answer_that_fails_a_visible_check_is_in_one_list(found: Audit) -> None:
    names = {name: [each.name for each in getattr(found.at_once.catalogue, name)] for name in ("named", "silent")}
    assert names == {"named": ["triples", "halved"], "silent": []}
    assert {name: [each["name"] for each in those] for name, those in found.at_once.samples.as_json().items()} == {
        "named": ["three"],
        "misnamed": ["three_called_four"],
        "silent": ["unheard_of"],
    }


def test_the_json_has_both_corpora(found: Audit) -> None:
    content = found.as_json()["at_once"]
    assert set(content) == {"named", "misnamed", "silent", "in_the_wild"}
    assert content["named"][0] == {
        "notebook": "one", "answer": "double", "name": "triples", "detail": "triples: It triples.",
    }  # fmt: skip
    assert str(found.at_once) == (
        "in the notebook, by visible checks: of 2 100.0% named, 0.0% misnamed, 0.0% silent (catalogue), "
        "of 3 33.3% named, 33.3% misnamed, 33.3% silent (in the wild)"
    )


def test_another_seed_measures_nothing(tmp_path: Path) -> None:
    source = write_course(tmp_path)
    write_catalogue(source.parents[1], CATALOGUE)
    with Engine(assignment_of(source, catalogue="mistakes"), seed=7) as engine:
        listings = list(Diagnoser(engine).catalogue.values())
        assert audit_at_once(engine, listings, jobs=1, progress=lambda *_: None) == AtOnce()


@pytest.mark.parametrize(
    ("catalogue", "samples", "passed"),
    [
        ((80, 2, 18), (0, 3, 97), True),
        ((79, 0, 21), (90, 0, 10), False),
        ((90, 3, 7), (90, 0, 10), False),
        ((100, 0, 0), (90, 4, 6), False),
        ((0, 0, 0), (0, 0, 0), True),
    ],
)
def test_named_often_and_misnamed_seldom(catalogue: tuple[int, ...], samples: tuple[int, ...], passed: bool) -> None:
    those = [Sentences(*([Finding("n", "a", "b")] * count for count in counts)) for counts in (catalogue, samples)]
    assert AtOnce(*those).passed is passed


def test_a_toolkit_without_the_file_is_not_judged(tmp_path: Path) -> None:
    source = write_course(tmp_path)
    (source / "toolkit" / FILE).unlink()  # as in a course that copied the toolkit, and makes no such file
    write_catalogue(tmp_path, CATALOGUE)
    with Engine(assignment_of(source, catalogue="mistakes")) as engine:
        assert audit(engine, jobs=1).at_once.catalogue.count == 0
