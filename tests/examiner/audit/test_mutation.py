"""What becomes of the mutants of a reference: killed, alike, excused, or survived."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from examiner.audit.mutants import Mutant
from examiner.audit.mutation import MutantAudit, audit_mutants
from examiner.catalogue import Excused
from examiner.diagnosis import Diagnoser, Listing
from examiner.engine import Engine
from tests.examiner.small import assignment_of, write_catalogue, write_course

EXCUSED = """
from examiner.catalogue import Excused

EXCUSED = (
    Excused("square", "return x * x * 1", "for no reason"),
    Excused("elsewhere", "return 0", "of a notebook that is not looked at"),
)
"""


def test_a_mutant_that_no_test_notices_survives(small: Engine) -> None:
    seen: list[tuple[str, int, int]] = []
    found = audit_mutants(small, [Listing("one", ())], progress=lambda *each: seen.append(each))
    assert found.killed >= 20
    assert found.survived  # the message of a stub, for one, is nothing that a test looks at
    assert not found.alike  # without a probe nothing is taken for the same
    assert not found.passed
    assert found.count == found.killed + len(found.survived)
    assert seen[-1] == ("mutants", found.count, found.count)
    assert {mutant.answer for mutant in found.survived} <= {"double", "square", "Net"}


def test_an_excuse_that_no_survivor_needs_fails_the_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_course(tmp_path)
    write_catalogue(tmp_path, "")
    (tmp_path / "mistakes" / "excused.py").write_text(EXCUSED)
    with Engine(assignment_of(source, catalogue="mistakes")) as engine:
        found = audit_mutants(engine, [Listing("one", ())])
    assert [each.answer for each in found.unused] == ["square"]
    assert not found.passed
    found.show(Console(width=120))
    assert "square: no survivor needs the excuse of this line; remove it" in capsys.readouterr().out
    assert found.as_json()["unused_excuses"] == [{"answer": "square", "line": "return x * x * 1"}]


@pytest.mark.long
def test_mutants_of_a_notebook_are_killed_or_alike(course_engine: Engine) -> None:
    listing = Diagnoser(course_engine).catalogue["03_regularization"]
    found = audit_mutants(course_engine, [listing])
    assert found.passed
    assert found.kill_rate == 1.0
    assert found.count >= 50
    assert not found.alike


MUTANT = Mutant("one", "double", 3, "def double(x): return 3 * x", "-    return 2 * x\n+    return 3 * x")


def test_survivors_must_be_excused_and_few() -> None:
    assert MutantAudit().passed
    assert MutantAudit().kill_rate == 1.0
    assert not MutantAudit(100, survived=[MUTANT]).passed
    assert MutantAudit(99, excused=[(MUTANT, "why")]).passed
    assert not MutantAudit(9, excused=[(MUTANT, "why")]).passed
    assert not MutantAudit(99, unused=[Excused("double", "return", "why")]).passed


def test_every_survivor_is_shown_as_a_diff(capsys: pytest.CaptureFixture[str]) -> None:
    found = MutantAudit(8, [MUTANT], [MUTANT], [(MUTANT, "it [is] right")])
    found.show(Console(width=120))
    text = capsys.readouterr().out
    assert "one double: a mutant keeps full marks" in text
    assert "one double: excused, it [is] right" in text
    assert text.count("+    return 3 * x") == 2
    assert "8 of 10 mutants lose points (80.0%), 1 are excused; 1 more behave like the reference" in text
    content = found.as_json()
    assert set(content) == {"count", "killed", "kill_rate", "alike", "survived", "excused", "unused_excuses"}
    assert content["excused"] == [
        {"notebook": "one", "answer": "double", "name": "mutant_3", "diff": MUTANT.diff, "reason": "it [is] right"}
    ]
