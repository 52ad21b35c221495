"""The drawn sample class: reproducible, and its scores known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examiner._exceptions import ExaminerError
from examiner.audit.sample_class import Habits, _drawn_before, _refuse_others, draw, expected_json, with_expected
from examiner.audit.students import write_submissions
from misconceptions.students import STUDENTS
from tests.conftest import RELEASE, SOURCE

BY_HAND = ("reference", "report_bug", "gradient_averaged", "sigmoid_from_input", "softmax_overflows", "square_halved",
           "elastic_net_halved", "velocity_forgotten", "blank", "raises")  # fmt: skip


def test_the_same_seed_draws_the_same_class() -> None:
    assert draw(SOURCE, 12, seed=5) == draw(SOURCE, 20, seed=5)[:12]
    assert draw(SOURCE, 12, seed=5) != draw(SOURCE, 12, seed=6)


def test_a_large_class_has_everything_in_it() -> None:
    students = draw(SOURCE, 300, files=["mnist_parameters.npz"])
    content = expected_json(students, SOURCE)["students"]
    assert isinstance(content, dict)
    assert any(student.blank for student in students)
    assert any(student.left_out for student in students)
    assert any(student.answers for student in students)
    assert any(student.files for student in students)
    assert any(student.notebooks for student in students)
    assert 10 < sum(each["late"] for each in content.values()) < 60
    assert len({name for student in students for name in student.entries}) > 200


def test_no_two_entries_of_a_student_replace_the_same_answer() -> None:
    for student in draw(SOURCE, 100):
        answers = [name.partition(":")[0] for name in student.entries]
        assert len(answers) == len(set(answers))


@pytest.mark.parametrize("name", BY_HAND)
def test_expected_scores_agree_with_those_found_by_hand(name: str) -> None:
    (student,) = (each for each in STUDENTS if each.name == name)
    (found,) = with_expected([student], SOURCE, RELEASE, jobs=1)
    by_hand = dict(student.expected)
    if name == "square_halved":  # by hand for plain nbgrader; here, earlier parts are right
        by_hand.pop("test_FullyConnectedNet__regression", None)
    assert found.expected == pytest.approx(by_hand, abs=1e-3)


def test_a_submission_that_was_not_drawn_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "student_002").mkdir()
    _refuse_others(tmp_path, {"student_001"})
    with pytest.raises(ExaminerError, match="submitted/student_002 is no student of a drawn class"):
        _refuse_others(tmp_path, {"student_001", "student_002"})


def test_students_of_the_last_class_only_are_removed(tmp_path: Path) -> None:
    file = tmp_path / "expected.json"
    assert _drawn_before(file) == set()
    file.write_text(json.dumps(expected_json(draw(SOURCE, 2, seed=5), SOURCE)))
    assert _drawn_before(file) == {"student_001", "student_002"}
    file.write_text("[]")
    assert _drawn_before(file) == set()


def test_what_is_left_out_stays_as_it_was_released(tmp_path: Path) -> None:
    (student,) = draw(SOURCE, 1, habits=Habits(left_out=1.0, blank=0, crash=0, broken=0, gives_up=0, late=1.0))
    write_submissions([student], source=SOURCE, release=RELEASE, submitted=tmp_path, parameters=tmp_path)
    (folder,) = tmp_path.iterdir()
    assert (folder / "neural_networks" / "timestamp.txt").read_text().startswith("2026-03")
    text = (folder / "neural_networks" / "03_regularization.ipynb").read_text(encoding="utf-8")
    assert "raise NotImplementedError" in text
