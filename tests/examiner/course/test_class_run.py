"""Grading a class: who is graded when, a row for everybody, and what the rows say."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook

from examiner._exceptions import ExaminerError
from examiner.course import ClassRun, Course
from examiner.course.class_run import check_workers
from examiner.course.preprocessors import check_machine
from examiner.jobs import Machine
from examiner.notebooks import cells_of, grade_id, read
from examiner.outcome import StudentOutcome
from tests.examiner.course.fakes import WRONG, FakeGrader, Grading, InThisProcess, submit
from tests.examiner.small import cell, make_too_deep, source_notebook, submission

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

MARKS = {"test_double": 4.0, "test_square": 4.0, "test_Net": 4.0}


def gradebook(root: Path) -> Gradebook:
    """The course's gradebook."""
    return Gradebook(f"sqlite:///{root}/gradebook.db")


def scores(row: StudentOutcome) -> dict[str, float | None]:
    """Scores of all tests."""
    return {name: test.score for outcome in row.notebooks.values() for name, test in outcome.tests.items()}


def test_everybody_is_graded_and_on_record(root: Path, grade_all: Grading) -> None:
    report = grade_all()
    assert {name: (row.status, row.score) for name, row in report.students.items()} == {
        "ada": ("graded", 12.0),
        "bob": ("graded", 8.0),
    }
    assert scores(report.students["ada"]) == MARKS
    graded = read(root / "autograded" / "bob" / "small" / "one.ipynb")
    assert graded.metadata["examiner"]["tests"]["test_double"]["score"] == 0.0
    with gradebook(root) as book:
        assert book.find_submission("small", "bob").score == 8.0


def test_the_rows_are_shown_as_they_come(root: Path) -> None:
    shown: list[str] = []
    course = Course.load("small")
    ClassRun(course).grade(
        course.students(), InThisProcess(), force=False, show=lambda student, _: shown.append(student)
    )
    assert shown == ["ada", "bob"]


def test_the_json_is_as_the_design_says(root: Path, grade_all: Grading, grader: FakeGrader) -> None:
    grader.data = {"weather": "real_weather"}
    content = json.loads(grade_all().as_json())
    assert {key: content[key] for key in ("schema", "assignment", "isolation", "seed", "data")} == {
        "schema": 1,
        "assignment": "small",
        "isolation": "none",
        "seed": 231,
        "data": {"weather": "real_weather"},
    }
    bob = content["students"]["bob"]
    assert (bob["score"], bob["max_score"], bob["bonus"], bob["penalty"]) == (8.0, 14.0, 0.0, 0.0)
    assert set(bob["notebooks"]["one"]) >= {"status", "reason", "score", "max_score", "penalty", "seconds"}
    check = bob["tests"]["test_double"]["checks"][0]
    assert set(check) >= {"name", "passed", "error", "tolerance", "message"}
    assert "received" not in check


# ------------------------------------------------------------------------ who is graded when


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "while (1):\n    x = 1",
        "import subprocess",
        "from time import sleep as rest\nrest(1)\nimport os; os.fork()",
        "from itertools import count\nfor _ in count():\n    pass",
        "x = '" + "a" * 20_100_000 + "'",
    ],
)
def test_what_looks_expensive_is_graded_last_and_stands_in_its_place(code: str, root: Path) -> None:
    shown: list[str] = []
    submit(root, "aaa", submission({}, code))
    course = Course.load("small")
    report = ClassRun(course).grade(
        course.students(), InThisProcess(), force=False, show=lambda student, _: shown.append(student)
    )
    assert shown == ["ada", "bob", "aaa"]
    assert list(report.students) == ["aaa", "ada", "bob"]


def test_a_megabyte_of_blanks_holds_up_nobody(root: Path) -> None:
    """What looks for expensive code reads each character once: it would be busy for hours otherwise."""
    submit(root, "aaa", submission({}, "x = 1  # while" + " " * 1_000_000))
    course = Course.load("small")
    assert course.students() == ["aaa", "ada", "bob"]
    report = ClassRun(course).grade(course.students(), InThisProcess(), force=False, show=lambda *_: None)
    assert {row.status for row in report.students.values()} == {"graded"}


def test_who_hit_a_limit_before_is_graded_last(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, shown = FakeGrader.grade, list[str]()

    def grade(self: FakeGrader, notebook: NotebookNode, *rest: Any) -> Any:
        outcome = real(self, notebook, *rest)
        wrong = any("wrong" in each.source for each in cells_of(notebook, "answer"))
        return outcome if wrong else replace(outcome, status="partial", reason="double took longer than 20 s")

    monkeypatch.setattr(FakeGrader, "grade", grade)
    course = Course.load("small")
    for force in (False, True, False):
        ClassRun(course).grade(
            course.students(), InThisProcess(), force=force, show=lambda student, _: shown.append(student)
        )
    assert shown == ["ada", "bob", "bob", "ada", "ada", "bob"]  # the last run grades nobody


def test_all_notebooks_of_a_submission_share_one_budget(
    root: Path, grade_all: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = new_notebook(cells=[cell("triple", "answer", "triple = 3"), cell("test_triple", "test", "assert triple")])
    nbformat.write(two, root / "assignment" / "small" / "two.ipynb")
    submit(root, "ada", two, "two.ipynb")
    real, seen = FakeGrader.grade, list[Any]()

    def grade(self: FakeGrader, notebook: NotebookNode, name: str, files: Any, budget: Any) -> Any:
        seen.append(budget)
        return real(self, notebook, name, files, budget)

    monkeypatch.setattr(FakeGrader, "grade", grade)
    grade_all()
    assert [each is seen[0] for each in seen] == [True, True, False]


def test_marks_that_are_there_stay_without_force(grade_all: Grading, grader: FakeGrader) -> None:
    grade_all()
    assert grade_all().students["bob"].score == 8.0
    assert grader.graded == 2
    grade_all(force=True)
    assert grader.graded == 4


def test_a_new_submission_is_graded_again(root: Path, grade_all: Grading) -> None:
    grade_all()
    path = submit(root, "bob", submission())
    os.utime(path, (time.time() + 10, time.time() + 10))
    report = grade_all()
    assert report.students["bob"].score == 12.0
    assert [(each.student, each.test, each.before, each.after) for each in report.changes] == [
        ("bob", "test_double", 0.0, 4.0)
    ]


@pytest.mark.parametrize("left", ["README.md", "two.ipynb"])
def test_a_half_filled_folder_is_not_taken_for_graded(left: str, root: Path, grade_all: Grading) -> None:
    folder = root / "autograded" / "ada" / "small"
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(), folder / left)
    assert grade_all().students["ada"].score == 12.0


def test_a_notebook_that_was_never_graded_is_graded(root: Path, grade_all: Grading, grader: FakeGrader) -> None:
    two = new_notebook(cells=[cell("triple", "answer", "triple = 3"), cell("test_triple", "test", "assert triple")])
    nbformat.write(two, root / "assignment" / "small" / "two.ipynb")
    submit(root, "ada", two, "two.ipynb")
    grade_all()
    (root / "autograded" / "ada" / "small" / "two.ipynb").unlink()  # as by a power cut in nbgrader's autograde
    assert grade_all().students["ada"].score == 16.0


def test_an_interrupt_keeps_the_earlier_marks(root: Path, grade_all: Grading, monkeypatch: pytest.MonkeyPatch) -> None:
    grade_all("ada")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeGrader, "grade", interrupt)
    with pytest.raises(KeyboardInterrupt):
        grade_all("ada", force=True)
    monkeypatch.undo()
    os.chdir(root)
    assert read(root / "autograded" / "ada" / "small" / "one.ipynb").metadata["examiner"]["status"] == "graded"


# ----------------------------------------------------------------------- a row for everybody


def test_a_submission_without_a_notebook_has_a_row_and_no_mark(root: Path, grade_all: Grading) -> None:
    (root / "submitted" / "zoe" / "small").mkdir(parents=True)
    zoe = grade_all().students["zoe"]
    assert (zoe.status, zoe.reason) == ("failed", "no notebook was submitted: expected one.ipynb")
    assert (zoe.score, zoe.max_score) == (None, 14.0)
    assert set(scores(zoe).values()) == {None}  # never a student's zero
    assert not (root / "autograded" / "zoe").exists()


def test_a_notebook_that_was_not_submitted_has_its_rows(root: Path, grade_all: Grading) -> None:
    cells = [cell("triple", "answer", "triple = 3"), cell("test_triple", "test", "assert triple")]
    nbformat.write(new_notebook(cells=cells), root / "assignment" / "small" / "two.ipynb")
    ada = grade_all("ada").students["ada"]
    assert (ada.status, ada.reason) == ("partial", "not submitted: two")
    assert (ada.score, ada.max_score) == (12.0, 18.0)
    assert ada.notebooks["two"].reason == "the notebook was not submitted"
    assert (ada.notebooks["two"].tests["test_triple"].score, ada.marks["two"].score) == (0.0, 0.0)


def test_a_damaged_submission_affects_nobody_else(root: Path, grade_all: Grading) -> None:
    make_too_deep(root / "submitted" / "ada" / "small")
    (root / "submitted" / "bob" / "small" / "timestamp.txt").write_text("see my e-mail")
    submit(root, "cyd", '{"cells": [')
    rows = grade_all().students
    assert (rows["ada"].score, rows["ada"].status) == (12.0, "partial")
    assert (rows["bob"].score, rows["bob"].status) == (8.0, "partial")
    assert str(rows["bob"].reason).startswith("timestamp.txt is ")
    assert (rows["cyd"].score, rows["cyd"].status) == (None, "failed")
    assert str(rows["cyd"].reason).startswith("one.ipynb is ")


def test_a_grader_that_fails_on_one_student_grades_the_others(
    root: Path, grade_all: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FakeGrader.grade

    def grade(self: FakeGrader, notebook: NotebookNode, name: str, files: Any, budget: Any) -> Any:
        if any("wrong" in each.source for each in cells_of(notebook, "answer")):
            raise RuntimeError("no idea")
        return real(self, notebook, name, files, budget)

    monkeypatch.setattr(FakeGrader, "grade", grade)
    rows = grade_all().students
    assert rows["ada"].status == "graded"
    assert (rows["bob"].status, rows["bob"].reason, rows["bob"].score) == ("failed", "RuntimeError: no idea", None)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (b"[ada] Smith", 'Invalid student ID "[ada] Smith": IDs must not contain [ ] * ?'),
        (b"*", 'Invalid student ID "*": IDs must not contain [ ] * ?'),
        (b" ada", 'Invalid student ID " ada": IDs must not begin or end with a blank'),
        (b"ada\nfailed: bob", 'Invalid student ID "ada failed: bob": IDs must not contain line breaks or control'),
        (b"ad\xe4", 'Invalid student ID "ad\N{REPLACEMENT CHARACTER}": IDs must be valid UTF-8'),
    ],
)
def test_an_odd_student_id_has_a_row_and_everybody_else_is_graded(
    name: bytes, said: str, root: Path, grade_all: Grading
) -> None:
    folder = os.path.join(os.fsencode(root / "submitted"), name, b"small")
    os.makedirs(folder)
    report = grade_all()
    odd = report.students[os.fsdecode(name)]
    assert odd.status == "failed"
    assert str(odd.reason).startswith(said)
    assert (report.students["ada"].score, report.students["bob"].score) == (12.0, 8.0)
    content = json.loads(report.as_json().encode("utf-8"))
    assert len(content["students"]) == 3
    assert not (root / "autograded" / os.fsdecode(name)).exists()


def test_hidden_folders_are_no_students(root: Path, grade_all: Grading) -> None:
    for name in (".DS_Store", "__MACOSX", "._ada"):
        (root / "submitted" / name / "small").mkdir(parents=True)
    assert set(grade_all().students) == {"ada", "bob"}


def test_a_plausible_name_is_taken_and_said(root: Path, grade_all: Grading) -> None:
    folder = root / "submitted" / "ada" / "small"
    (folder / "one.ipynb").rename(folder / "One (1).ipynb")
    ada = grade_all("ada").students["ada"]
    assert (ada.status, ada.score) == ("graded", 12.0)
    assert "One (1).ipynb" in str(ada.reason)


def test_answers_that_cannot_be_found_need_a_person_and_are_said(root: Path, grade_all: Grading) -> None:
    notebook = submission()
    for each in notebook.cells:
        each.metadata.clear()
        each.id = f"x{len(each.source)}"
        each.source = "x = 1" if each.cell_type == "code" else "text"
    submit(root, "ada", notebook)
    ada = grade_all("ada").students["ada"]
    assert ada.status == "partial"
    assert set(scores(ada).values()) == {None}
    assert "no cell of the submission could be matched with double" in str(ada.reason)
    with gradebook(root) as book:
        grades = {each.name: each for each in book.find_submission_notebook("one", "small", "ada").grades}
    assert {name: (each.auto_score, each.needs_manual_grade) for name, each in grades.items()} == dict.fromkeys(
        [*MARKS, "explain"], (None, True)
    )


# ----------------------------------------------------------------------------- marks taken back


@pytest.mark.parametrize("now", ["damaged", "gone"])
def test_no_mark_without_a_notebook_that_earned_it(now: str, root: Path, grade_all: Grading) -> None:
    grade_all()
    with gradebook(root) as book:
        grade = book.find_grade("explain", "one", "small", "bob")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        book.db.commit()
    path = root / "submitted" / "bob" / "small" / "one.ipynb"
    path.unlink() if now == "gone" else path.write_text("no notebook")
    report = grade_all("bob", force=True)
    bob = report.students["bob"]
    assert (bob.status, bob.score) == ("failed", None)
    assert str(bob.reason).startswith("one.ipynb is" if now == "damaged" else "no notebook was submitted")
    assert ("bob", "explain (by hand)", 1.5, None) in {(c.student, c.test, c.before, c.after) for c in report.changes}
    with gradebook(root) as book:
        assert {(g.auto_score, g.score) for n in book.find_submission("small", "bob").notebooks for g in n.grades} == {
            (None, 0.0)
        }
    assert not (root / "autograded" / "bob" / "small").exists()


def test_a_notebook_that_is_damaged_now_loses_its_mark_alone(root: Path, grade_all: Grading) -> None:
    two = new_notebook(cells=[cell("triple", "answer", "triple = 3"), cell("test_triple", "test", "assert triple")])
    nbformat.write(two, root / "assignment" / "small" / "two.ipynb")
    submit(root, "ada", two, "two.ipynb")
    assert grade_all("ada").students["ada"].score == 16.0
    submit(root, "ada", "{", "two.ipynb")
    ada = grade_all("ada", force=True).students["ada"]
    assert (ada.status, ada.score, ada.marks["two"].score) == ("partial", 12.0, 0.0)
    assert str(ada.reason).startswith("two.ipynb is ")
    with gradebook(root) as book:
        assert book.find_grade("test_triple", "two", "small", "ada").auto_score == 0.0


# ------------------------------------------------------------------- how the marks were made


def test_what_marks_depend_on_is_graded_again_when_it_changes(
    root: Path, grade_all: Grading, grader: FakeGrader
) -> None:
    toolkit = root / "assignment" / "small" / "toolkit" / "__init__.py"
    changes: list[Callable[[], object]] = [
        lambda: toolkit.write_text(toolkit.read_text() + "\n# changed"),
        lambda: (root / "submitted" / "ada" / "small" / "w.npz").write_bytes(b"weights"),
        lambda: (root / "submitted" / "ada" / "small" / "w.npz").write_bytes(b"others!"),
    ]
    grade_all("ada")
    assert grader.graded == 1
    for number, change in enumerate(changes, start=2):
        change()
        for _ in range(2):
            grade_all("ada")
        assert grader.graded == number
    grade_all("ada", seed=9)
    grade_all("ada", seed=9)
    assert grader.graded == 5


def test_what_failed_by_the_graders_fault_is_tried_again(
    grade_all: Grading, grader: FakeGrader, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FakeGrader.grade
    failed = lambda *rest: replace(real(*rest), status="failed", reason="a worker was lost")  # noqa: E731
    monkeypatch.setattr(FakeGrader, "grade", failed)
    assert grade_all("ada").students["ada"].status == "failed"
    monkeypatch.setattr(FakeGrader, "grade", real)
    assert grade_all("ada").students["ada"].status == "graded"
    assert grader.graded == 2


def test_the_longest_come_first_where_that_is_known(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, shown = FakeGrader.grade, list[str]()

    def grade(self: FakeGrader, notebook: NotebookNode, *rest: Any) -> Any:
        wrong = any("wrong" in each.source for each in cells_of(notebook, "answer"))
        return replace(real(self, notebook, *rest), seconds=9.0 if wrong else 1.0)

    monkeypatch.setattr(FakeGrader, "grade", grade)
    course = Course.load("small")
    for _ in range(2):
        shown.clear()
        ClassRun(course).grade(
            course.students(), InThisProcess(), force=True, show=lambda student, _: shown.append(student)
        )
    assert shown == ["bob", "ada"]


def test_a_run_that_is_stopped_reports_what_is_done_and_the_next_goes_on(
    root: Path, grade_all: Grading, grader: FakeGrader
) -> None:
    submit(root, "cyd", submission())
    course, shown = Course.load("small"), list[str]()
    report = ClassRun(course).grade(
        course.students(),
        InThisProcess(),
        force=False,
        show=lambda student, _: shown.append(student),
        stopped=lambda: grader.graded > 0,
    )
    assert list(report.students) == shown == ["ada", "bob"]  # those that had been started
    assert list(grade_all().students) == ["ada", "bob", "cyd"]
    assert grader.graded == 3


def test_a_worker_that_is_lost_again_and_again_is_a_reason_not_a_zero(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise BrokenExecutor("a process ended")

    monkeypatch.setattr("examiner.course.class_run.grade_submission", lost)
    row = ClassRun(Course.load("small")).grade(["ada"], InThisProcess(), force=False, show=lambda *_: None)
    assert row.students["ada"].status == "failed"
    assert row.students["ada"].score is None
    assert "3 workers in a row ended" in str(row.students["ada"].reason)


def test_workers_that_would_give_other_marks_are_refused() -> None:
    here = Machine("3.11.7", {"numpy": "2.1"}, {"digits": "mnist"})
    check_workers({"tcp://a": here}, here)
    for other, why in [
        (replace(here, python="3.12.1"), "Worker tcp://b has Python 3.12.1, and this machine 3.11.7"),
        (replace(here, packages={"numpy": "2.3"}), "Worker tcp://b has numpy 2.3, and this machine 2.1"),
        (replace(here, data={"digits": None}), "Worker tcp://b has None where this machine has mnist"),
        (replace(here, fault="bubblewrap (bwrap) is missing"), "Worker tcp://b cannot grade: bubblewrap"),
    ]:
        with pytest.raises(ExaminerError) as caught:
            check_workers({"tcp://a": here, "tcp://b": other}, here)
        assert str(caught.value).startswith(why)


def test_a_corrected_test_keeps_what_people_did_and_lists_every_change(root: Path, grade_all: Grading) -> None:
    grade_all("bob")
    with gradebook(root) as book:
        grade = book.find_grade("explain", "one", "small", "bob")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        book.find_grade("test_square", "one", "small", "bob").extra_credit = 0.5
        book.find_submission("small", "bob").extension = timedelta(days=2)
        book.find_comment("explain", "one", "small", "bob").manual_comment = "well said"
        book.db.commit()
    corrected = source_notebook()
    for each in cells_of(corrected, "test"):
        if grade_id(each) == "test_double":
            each.source += "\n"
    nbformat.write(corrected, root / "assignment" / "small" / "one.ipynb")
    submit(root, "bob", submission())
    report = grade_all("bob", force=True)
    assert [(each.test, each.before, each.after) for each in report.changes] == [("test_double", 0.0, 4.0)]
    assert report.students["bob"].score == 12.0 + 1.5 + 0.5
    with gradebook(root) as book:
        assert book.find_grade("explain", "one", "small", "bob").manual_score == 1.5
        assert book.find_submission("small", "bob").extension == timedelta(days=2)
        assert book.find_comment("explain", "one", "small", "bob").manual_comment == "well said"


def test_files_that_students_trained_are_given_to_the_grader(
    root: Path, grade_all: Grading, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "submitted" / "ada" / "small" / "w.npz").write_bytes(b"weights")
    seen: list[Any] = []
    real = FakeGrader.grade

    def grade(self: FakeGrader, notebook: NotebookNode, name: str, files: Any, budget: Any) -> Any:
        seen.append(files)
        return real(self, notebook, name, files, budget)

    monkeypatch.setattr(FakeGrader, "grade", grade)
    grade_all("ada")
    assert [files["w.npz"] for files in seen] == [b"weights"]


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_grading_requires_linux(system: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", system)
    check_machine.cache_clear()
    with pytest.raises(ExaminerError, match="Grading requires Linux"):
        ClassRun(Course.load("small"))
    check_machine.cache_clear()


def test_wrong_answers_of_the_fake_grader_are_wrong(grade_all: Grading) -> None:
    assert "wrong" in WRONG["double"]
    assert scores(grade_all("bob").students["bob"]) == {**MARKS, "test_double": 0.0}
