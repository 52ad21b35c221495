"""Mutants: what is changed, and what is left alone."""

from __future__ import annotations

from examiner.audit.mutants import mutants
from examiner.catalogue import Excused

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
