"""The drawn sample class: reproducible, and its scores known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examiner._exceptions import ExaminerError
from examiner.audit import Student, sample_class, write_class, write_submissions
from examiner.audit.inside import Verdict
from examiner.audit.sample_class import (
    Habits,
    _drawn_before,
    _refuse_others,
    draw,
    expected_json,
    steady_entries,
    with_expected,
)
from examiner.diagnosis import Diagnoser, Entry, load_catalogues
from examiner.engine import Engine
from misconceptions.students import STUDENTS
from tests.conftest import RELEASE, SOURCE

BY_HAND = ("reference", "report_bug", "gradient_averaged", "sigmoid_from_input", "softmax_overflows", "square_halved",
           "elastic_net_halved", "velocity_forgotten", "blank", "raises")  # fmt: skip


ENTRIES = [entry for each in load_catalogues() for entry in each.entries]


def test_the_same_seed_draws_the_same_class() -> None:
    assert draw(SOURCE, 12, ENTRIES, seed=5) == draw(SOURCE, 20, ENTRIES, seed=5)[:12]
    assert draw(SOURCE, 12, ENTRIES, seed=5) != draw(SOURCE, 12, ENTRIES, seed=6)


def test_a_large_class_has_everything_in_it() -> None:
    students = draw(SOURCE, 300, ENTRIES, files=["mnist_parameters.npz"])
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
    for student in draw(SOURCE, 100, ENTRIES):
        answers = [name.partition(":")[0] for name in student.entries]
        assert len(answers) == len(set(answers))


@pytest.mark.parametrize("name", [pytest.param(each, marks=pytest.mark.long) for each in BY_HAND])
def test_expected_scores_agree_with_those_found_by_hand(name: str, course_engine: Engine) -> None:
    (student,) = (each for each in STUDENTS if each.name == name)
    (found,) = with_expected([student], course_engine, RELEASE, ENTRIES, jobs=1)
    by_hand = dict(student.expected)
    if name == "square_halved":  # by hand for plain nbgrader; here, earlier parts are right
        by_hand.pop("test_FullyConnectedNet__regression", None)
    assert found.expected == pytest.approx(by_hand, abs=1e-3)


def test_a_submission_that_was_not_drawn_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "student_002").mkdir()
    _refuse_others(tmp_path, {"student_001"})
    with pytest.raises(ExaminerError, match="submitted/student_002 does not belong to a sample class"):
        _refuse_others(tmp_path, {"student_001", "student_002"})


def test_students_of_the_last_class_only_are_removed(tmp_path: Path) -> None:
    file = tmp_path / "expected.json"
    assert _drawn_before(file) == set()
    file.write_text(json.dumps(expected_json(draw(SOURCE, 2, ENTRIES, seed=5), SOURCE)))
    assert _drawn_before(file) == {"student_001", "student_002"}
    file.write_text("[]")
    assert _drawn_before(file) == set()


def test_what_is_left_out_stays_as_it_was_released(tmp_path: Path) -> None:
    (student,) = draw(SOURCE, 1, ENTRIES, habits=Habits(left_out=1.0, blank=0, crash=0, broken=0, gives_up=0, late=1.0))
    write_submissions([student], source=SOURCE, release=RELEASE, submitted=tmp_path, parameters=tmp_path)
    (folder,) = tmp_path.iterdir()
    assert (folder / "neural_networks" / "timestamp.txt").read_text().startswith("2026-03")
    text = (folder / "neural_networks" / "03_regularization.ipynb").read_text(encoding="utf-8")
    assert "raise NotImplementedError" in text


# ----------------------------------------------------------------------------- a small course


def small_entries(small: Engine) -> tuple[Entry, ...]:
    """Its catalogue."""
    return Diagnoser(small).catalogue["one"].entries


def test_what_draws_at_random_is_not_drawn_from(small: Engine) -> None:
    found = [str(entry) for entry in steady_entries(Diagnoser(small))]
    assert found == ["double:triples", "square:halved", "double:added", "square:power"]


def test_expected_scores_are_those_of_the_tests(small: Engine) -> None:
    students = (
        Student("right", ("double:added",)),
        Student("wrong", ("double:triples", "square:halved")),
        Student("crash", answers={"double": "def double(x):\n    return arguments[0]"}),
        Student("broken", answers={"double": "def double(x:\n"}),
        Student("unfinished", left_out=("Net",)),
        Student("blank", blank=True),
        Student("nothing", notebooks=()),
    )
    release = small.assignment.root / "release" / "small"
    found = with_expected(students, small, release, small_entries(small))
    assert {student.name: dict(student.expected) for student in found} == {
        "right": {},
        "wrong": {"test_double": 0.0, "test_square": 2.0},
        "crash": {"test_double": 0.0},
        "broken": {"test_double": 0.0},
        "unfinished": {"test_Net": 0.0},
        "blank": {},
        "nothing": {},
    }
    content = expected_json(found, small.assignment.source)["students"]
    assert isinstance(content, dict)
    scores = {name: each["score"] for name, each in content.items()}
    assert scores == {"right": 12, "wrong": 6, "crash": 8, "broken": 8, "unfinished": 8, "blank": 0, "nothing": 0}


@pytest.mark.parametrize("verdict", [None, Verdict({"test_double": (0.0, 4.0)}, {}, ("test_double",))])
def test_a_score_that_nobody_measured_is_expected_of_nobody(
    verdict: Verdict | None, small: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_class, "run_all", lambda *_, **__: iter([(0, verdict)]))
    release = small.assignment.root / "release" / "small"
    with pytest.raises(ExaminerError, match="one: an answer of ada hit the limit of time"):
        with_expected([Student("ada", ("double:triples",))], small, release, small_entries(small))


def test_a_class_is_written_and_replaced_by_a_smaller_one(small: Engine) -> None:
    assignment = small.assignment
    drawn = write_class(assignment, 3, seed=5)
    assert drawn.due == "2026-03-01 23:59:59 UTC"
    names = {"student_001", "student_002", "student_003"}
    assert set(json.loads(drawn.expected.read_text())["students"]) == names
    submitted = assignment.root / "submitted"
    assert {each.name for each in submitted.iterdir()} == names
    assert write_class(assignment, 2, seed=5).expected == drawn.expected
    assert {each.name for each in submitted.iterdir()} == {"student_001", "student_002"}
    (submitted / "student_003").mkdir()
    with pytest.raises(ExaminerError, match="submitted/student_003 does not belong to a sample class"):
        write_class(assignment, 3, seed=5)
