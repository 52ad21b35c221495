"""The second corpus in the audit: every sample is in one list, and the rates decide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner.audit import Audit, audit
from examiner.audit.in_the_wild import InTheWild
from examiner.audit.inside import Finding, Said, SampleVerdict
from examiner.engine import Engine
from tests.examiner.small import CATALOGUE, assignment_of, write_catalogue, write_course

SAMPLES = """
import re
from types import SimpleNamespace

TEXTS = {
    "three": ("3 * x", False, "triples"),
    "three_called_four": ("x * 3", False, "four times"),
    "unheard_of": ("2 * x + x**2 + 1", False, "anything"),
    "kept": ("2 * x + 0", False, "anything"),
    "shifted": ("x * 2", True, ""),
    "wrong_in_truth": ("x", True, ""),
}


def sample(name, text, right, meaning):
    return SimpleNamespace(
        notebook="one", answer="double", name=name, right=right, costs=0.0,
        cells=lambda: {"double": f"def double(x):\\n    return {text}"},
        is_named_by=lambda answer, entry, sentence: re.search(meaning, sentence) is not None,
    )


def load_samples(*notebooks):
    return [sample(name, *rest) for name, rest in TEXTS.items()]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    """The audit of a small assignment that has a corpus."""
    source = write_course(tmp_path_factory.mktemp("course"))
    root = source.parents[1]
    write_catalogue(root, CATALOGUE)
    (root / "mistakes" / "in_the_wild.py").write_text(SAMPLES, encoding="utf-8")
    with Engine(assignment_of(source, catalogue="mistakes")) as engine:
        yield audit(engine, jobs=1)


def test_every_sample_is_in_one_list(found: Audit) -> None:
    lists = {name: [each["name"] for each in those] for name, those in found.in_the_wild.as_json().items()}
    assert lists == {
        "named": ["three"],
        "misnamed": ["three_called_four"],
        "silent": ["unheard_of"],
        "right_passed": ["shifted"],
        "right_failed": ["wrong_in_truth"],
        "unnoticed": ["kept"],
    }
    assert found.in_the_wild.misnamed[0].detail == "triples: It triples."
    assert found.in_the_wild.right_failed[0].detail == "test_double"


def test_the_corpus_decides_with_the_rest(found: Audit) -> None:
    assert not found.passed
    assert found.as_json()["in_the_wild"]["named"] == [
        {"notebook": "one", "answer": "double", "name": "three", "detail": "triples: It triples."}
    ]
    assert (
        str(found.in_the_wild)
        == "in the wild: of 3 wrong answers 33% named, 33% misnamed, 33% silent; 1 of 2 right ones pass"
    )


@pytest.mark.parametrize(
    ("named", "misnamed", "silent", "failed", "passed"),
    [(75, 3, 22, 0, True), (74, 0, 26, 0, False), (90, 4, 6, 0, False), (100, 0, 0, 1, False), (0, 0, 0, 0, True)],
)
def test_named_often_misnamed_seldom_and_nothing_right_lost(
    named: int, misnamed: int, silent: int, failed: int, passed: bool
) -> None:
    those = [[Finding("n", "a", "b")] * count for count in (named, misnamed, silent)]
    assert InTheWild(*those, right_failed=[Finding("n", "a", "b")] * failed).passed is passed


def test_without_a_corpus_nothing_is_asked(tmp_path: Path) -> None:
    source = write_course(tmp_path)
    write_catalogue(source.parents[1], CATALOGUE)
    with Engine(assignment_of(source, catalogue="mistakes")) as engine:
        without = audit(engine, jobs=1)
    assert without.in_the_wild == InTheWild()
    assert without.in_the_wild.passed


def test_one_wrong_sentence_makes_a_sample_misnamed() -> None:
    from examiner.audit.in_the_wild import _sorted

    said = (Said("a", "True.", True), Said(None, "False.", False))
    assert list(_sorted(SampleVerdict(False, ("test_f",), ("test_f",), said))) == [
        ("misnamed", "a: True. / hint: False.")
    ]
    assert list(_sorted(None)) == [("right_failed", "stopped at a limit")]
