"""Mistakes named in the notebook: by the data file that is released, in the student's own kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nbformat import NotebookNode

from examiner.notebooks import cells_of, grade_id, solutions, without_hidden
from toolkit import naming
from toolkit.checks import Checks

NOTEBOOK = "01_layers"


class Student:
    """A student's kernel in which all cells of a notebook but test cells have run, answers being the reference's."""

    def __init__(self, notebook: NotebookNode, capsys: pytest.CaptureFixture[str]) -> None:
        self.space: dict[str, Any] = {}
        self.capsys = capsys
        self.tests = {grade_id(cell): without_hidden(cell.source) for cell in cells_of(notebook, "test")}
        answers = solutions(notebook)
        for cell in cells_of(notebook, "given", "answer"):
            if cell.cell_type == "code":
                self.run(answers.get(grade_id(cell), cell.source))

    def run(self, source: str) -> None:
        """Run a cell."""
        exec(compile(source, "<cell>", "exec"), self.space)

    def check(self, answer: str) -> list[str]:
        """What the visible checks of an answer print, by lines."""
        self.capsys.readouterr()
        self.run(self.tests[f"test_{answer}"])
        return self.capsys.readouterr().out.splitlines()


@pytest.fixture
def student(
    notebooks: dict[str, NotebookNode], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Student:
    """A student at the first notebook."""
    monkeypatch.delenv("CHECKS_SEED", raising=False)
    monkeypatch.setattr(naming, "_session", naming.Session())
    return Student(notebooks[NOTEBOOK], capsys)


def test_a_right_answer_has_all_points_so_far(student: Student) -> None:
    said = student.check("affine_backward")
    assert said[0] == "affine_backward: 5 points"
    assert said[-1] == "5 of 5 so far; hidden checks decide the rest"
    assert [line[:3] for line in said[1:-1]] == ["  ✓"] * 3


def test_a_wrong_answer_is_told_the_catalogues_sentence(student: Student) -> None:
    student.run("def relu_forward(x):\n    return np.minimum(0, x), x")
    arrows = [line for line in student.check("relu_forward") if line.startswith("  → ")]
    assert len(arrows) == 1
    assert "positive" in arrows[0] or "negative" in arrows[0]


def test_one_wrong_gradient_does_not_show_0(student: Student) -> None:
    student.space["right"] = student.space["affine_backward"]
    student.run("def affine_backward(*both):\n    dx, dw, db = right(*both)\n    return dx, dw / len(dx), db")
    said = student.check("affine_backward")
    assert "  → dw is " in "\n".join(said)
    assert said[-1] == "3.75 of 5 so far; hidden checks decide the rest"


def test_a_hint_is_computed_where_no_mistake_is_known(student: Student) -> None:
    student.run("def relu_forward(x):\n    return 0.5 * np.maximum(0, x), x")
    (hint,) = [line for line in student.check("relu_forward") if "→" in line]
    assert hint == "  → out is half as large as it should be: a factor 2 is missing, or a factor ½ is too many."


def test_nothing_is_said_of_what_nobody_knows(student: Student) -> None:
    student.run("def relu_forward(x):\n    return np.sin(x) * x**2 + 0.3, x")
    assert not [line for line in student.check("relu_forward") if "→" in line]


def test_a_cell_that_builds_on_a_failing_one_sends_there(student: Student) -> None:
    right = student.space["relu_forward"]
    student.run("def relu_forward(x):\n    return np.abs(x), x")
    student.check("relu_forward")
    student.run("def relu_backward(dout, cache):\n    return dout")
    first = (
        "  → relu_forward failed its own checks when you last ran them: start there, because this cell builds on it."
    )
    assert first in student.check("relu_backward")
    student.space["relu_forward"] = right
    student.check("relu_forward")
    said = student.check("relu_backward")
    assert first not in said
    assert [line for line in said if line.startswith("  → ")]


def test_a_part_that_was_changed_since_it_failed_is_not_blamed(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = {"relu_forward": "def relu_forward(x):\n    return np.abs(x), x"}
    monkeypatch.setattr(naming, "newest_cell", cells.get)
    right = student.space["relu_forward"]
    student.run(cells["relu_forward"])
    student.check("relu_forward")
    student.run("def relu_backward(dout, cache):\n    return dout * (dout > 0)")
    assert any("relu_forward failed its own checks" in line for line in student.check("relu_backward"))
    student.space["relu_forward"], cells["relu_forward"] = right, "def relu_forward(x):\n    return np.maximum(x, 0), x"
    (line,) = [line for line in student.check("relu_backward") if "→" in line]
    assert "dout" in line


def test_two_mistakes_that_look_alike_are_either_or(student: Student) -> None:
    student.run("def sigmoid_backward(dout, cache):\n    return dout * (1 - cache)")
    (line,) = [line for line in student.check("sigmoid_backward") if "→" in line]
    assert line.startswith("  → Either: The factor s is missing from the slope")
    assert " Or: The denominator of the slope" in line


def test_nothing_is_said_while_grading(student: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    student.run("def relu_forward(x):\n    return 0.5 * np.maximum(0, x), x")
    monkeypatch.setenv("CHECKS_SEED", "231")
    said = student.check("relu_forward")
    assert not [line for line in said if "→" in line or "so far" in line]
    monkeypatch.delenv("CHECKS_SEED")
    check = Checks("relu_forward", points=2)
    with check.hidden("a hidden block") as c:
        c.close("out", 1.0, 2.0, tol=1e-9)
    student.capsys.readouterr()
    assert check.score == 0
    assert student.capsys.readouterr().out == ""


def test_a_changed_cell_or_another_answer_is_left_alone(student: Student) -> None:
    student.run("def relu_forward(x):\n    return 0.5 * np.maximum(0, x), x")
    student.tests["test_relu_forward"] = student.tests["test_relu_forward"].replace("twelve numbers", "my numbers")
    assert not [line for line in student.check("relu_forward") if "→" in line]
    assert naming.name_mistakes("my_function", []) == ()


def test_without_the_file_or_with_a_damaged_one_the_score_stays(
    student: Student, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    student.run("def relu_forward(x):\n    return 0.5 * np.maximum(0, x), x")
    for content in (None, '{"answer": "relu_forward", damaged'):
        naming._known.cache_clear()
        monkeypatch.setattr(naming, "FILE", tmp_path / "file")
        if content:
            (tmp_path / "file").write_text(content, encoding="utf-8")
        assert student.check("relu_forward")[-1] == "0 of 2 so far; hidden checks decide the rest"
    naming._known.cache_clear()


def test_the_file_holds_six_digits_and_no_code() -> None:
    text = naming.FILE.read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in text
    assert "np.random" not in text
    assert not [word for word in ("def ", "return ", "import ", "lambda ", " @ ") if f"{word}(" in text]
    for line in map(json.loads, text.splitlines()):
        numbers = [each for _, _, those in line["values"] for each in those if isinstance(each, float)]
        assert all(each == float(f"{each:.6g}") for each in numbers)


def test_a_session_says_how_it_went() -> None:
    session = naming.Session()
    assert session.named("f", []) == ()
    assert repr(session) == "<Session: 1 of 1 test cells passed>"
    assert naming._array(["float64", [2], ["nan", "-inf"]]).tolist()[1] == -np.inf
