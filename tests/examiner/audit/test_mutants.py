"""Mutants: what is changed, what is left alone, and what becomes of them."""

from __future__ import annotations

import pytest
from examiner.audit.verdicts import _alike
from examiner.diagnosis.fingerprints import rehearsal
from rich.console import Console

from examiner.audit.mutants import mutants
from examiner.audit.mutation import MutantAudit, audit_mutants
from examiner.catalogue import Excused
from examiner.diagnosis.entries import load_catalogues
from tests.conftest import SOURCE

SOURCE_TEXT = '''
def scaled(x: "int | 3", axis=0):
    """Has 3 in it."""
    if axis > 1:
        raise ValueError("at most 1")
    total = np.sum(x, axis=axis, keepdims=True)
    return x / total, -total
'''


def changed() -> set[str]:
    return {line for mutant in mutants("nb", "scaled", SOURCE_TEXT) for line in mutant.added()}


def test_operators_constants_axes_signs_comparisons() -> None:
    lines = changed()
    assert "return (x * total, -total)" in lines
    assert "return (total / x, -total)" in lines
    assert "return (-total, x / total)" in lines
    assert "return (x / total, total)" in lines
    assert "if axis >= 1:" in lines
    assert "if axis > 2:" in lines
    assert "total = np.sum(x, axis=None, keepdims=True)" in lines
    assert "total = np.sum(x, axis=axis)" in lines
    assert "total = np.mean(x, axis=axis, keepdims=True)" in lines


def test_statements_are_dropped() -> None:
    assert "pass" in changed()


def test_annotations_docstrings_and_messages_are_left_alone() -> None:
    assert not any("at most" in line or "Has" in line for line in changed())
    assert not any(line.startswith("def") and "int | 3" not in line for line in changed())


def test_every_mutant_is_another_valid_program() -> None:
    found = mutants("nb", "scaled", SOURCE_TEXT)
    assert len({each.source for each in found}) == len(found) > 15
    for mutant in found:
        compile(mutant.source, "mutant", "exec")


def test_what_students_decide_is_left_alone() -> None:
    source = "def build():\n    few = 3 > 2\n    return Net([5, 4], reg=0.1, input_dim=7)"
    lines = {line for each in mutants("nb", "build", source, ("few", "[...]", "reg")) for line in each.added()}
    assert "return Net([5, 4], reg=0.1)" in lines
    assert all("few = 3 > 2" not in line and ("Net" not in line or "[5, 4]" in line) for line in lines)


def test_an_excuse_covers_its_line_only() -> None:
    found = mutants("nb", "scaled", SOURCE_TEXT)
    excuse = Excused("scaled", "if axis >= 1:", "for a reason")
    assert [mutant.diff for mutant in found if excuse.covers(mutant.answer, mutant.diff)] == [
        "-    if axis > 1:\n+    if axis >= 1:"
    ]
    other = Excused("another", "if axis >= 1:", "for a reason")
    assert not any(other.covers(mutant.answer, mutant.diff) for mutant in found)


def test_mutants_of_a_notebook_are_killed_or_alike() -> None:
    (catalogue,) = (each for each in load_catalogues() if each.notebook == "03_regularization")
    found = audit_mutants(SOURCE, [catalogue], (), jobs=1)
    assert found.passed
    assert found.kill_rate == 1.0
    assert found.count >= 50
    assert not found.alike
    assert set(found.as_json()) == {
        "count", "killed", "kill_rate", "alike", "survived", "excused", "unused_excuses",
    }  # fmt: skip


def test_an_excuse_that_no_survivor_needs_fails_the_audit(capsys: pytest.CaptureFixture[str]) -> None:
    (catalogue,) = (each for each in load_catalogues() if each.notebook == "03_regularization")
    killed = Excused("l1_regularization", "return (reg * np.sum(np.abs(w)), reg / np.sign(w))", "for no reason")
    elsewhere = Excused("relu_forward", "return (np.minimum(0, x), x)", "of a notebook that is not looked at")
    found = audit_mutants(SOURCE, [catalogue], (killed, elsewhere), jobs=1)
    assert found.unused == [killed]
    assert not found.survived
    assert not found.passed
    found.show(Console(width=120))
    assert "l1_regularization: no survivor needs the excuse" in capsys.readouterr().out
    assert found.as_json()["unused_excuses"] == [{"answer": killed.answer, "line": killed.line}]


def test_what_gives_no_number_at_0_is_not_alike() -> None:
    """A probe tries weights of exactly 0, where a slope is free to choose and yet has to be one."""
    (catalogue,) = (each for each in load_catalogues() if each.notebook == "03_regularization")
    probe = catalogue.probes["l1_regularization"]
    rehearsed = rehearsal(SOURCE / "03_regularization.ipynb", 231)
    source = "def l1_regularization(w, reg):\n    return reg * np.sum(np.abs(w)), "
    assert not _alike(rehearsed, {"l1_regularization": source + "reg * w / np.abs(w)"}, probe)
    assert not _alike(rehearsed, {"l1_regularization": source + "reg * np.sign(w) + 2 * reg * (w == 0)"}, probe)
    for slope in ("-reg", "reg", "reg / 3"):
        right = source + f"np.where(w == 0, {slope}, reg * np.sign(w))"
        assert _alike(rehearsed, {"l1_regularization": right}, probe), slope


def test_without_a_probe_nothing_is_taken_for_the_same() -> None:
    from examiner.diagnosis.entries import Catalogue

    found = audit_mutants(SOURCE, [Catalogue("01_layers")], (), jobs=1)
    assert found.survived
    assert not found.alike
    assert not found.passed


def test_nothing_to_kill_is_no_failure() -> None:
    assert MutantAudit().passed
