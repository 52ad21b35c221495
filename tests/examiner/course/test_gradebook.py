"""The gradebook: filled from the source notebooks, waited for, read by value."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import nbgrader.api
import pytest
import sqlalchemy
from nbgrader.api import MissingEntry
from sqlalchemy.exc import OperationalError

from examiner._exceptions import GradebookError
from examiner.course import Course, gradebook
from examiner.course.gradebook import (
    OneTransaction,
    SharedGradebook,
    fill,
    known_students,
    patiently,
    read_grades,
    register,
    withdraw,
)
from examiner.notebooks import cells_of, grade_id
from tests.examiner.small import source_notebook

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]


@pytest.fixture
def course(root: Path) -> Course:
    """The course, with its gradebook filled."""
    found = Course.load("small", start=root)
    fill(found.assignment, found.directory, found.config)
    return found


@pytest.fixture
def book(course: Course) -> Iterator[gradebook.Gradebook]:
    """The open gradebook, which knows a submission of ada."""
    with gradebook.Gradebook(course.directory.db_url, course.directory.course_id) as opened:
        register(opened, "small", "ada", "2026-03-01 12:00:00 UTC", create=True)
        yield opened


def change(root: Path, *, drop: str = "", points: float = 4) -> None:
    """Change the source notebook: without one cell, or with other points for `double`."""
    notebook = source_notebook()
    notebook.cells = [each for each in notebook.cells if each.id != drop]
    for each in cells_of(notebook, "test"):
        if grade_id(each) == "test_double":
            each.metadata.nbgrader.points = points
    nbformat.write(notebook, root / "assignment" / "small" / "one.ipynb")


def test_it_is_filled_once_and_again_after_a_change(course: Course, root: Path) -> None:
    assert fill(course.assignment, course.directory, course.config) == []
    change(root, points=6)
    assert fill(course.assignment, course.directory, course.config) == ["one"]
    with gradebook.Gradebook(course.directory.db_url, course.directory.course_id) as book:
        assert book.find_grade_cell("test_double", "one", "small").max_score == 6


def test_a_cell_cannot_go_while_there_are_submissions(course: Course, root: Path, book: gradebook.Gradebook) -> None:
    change(root, drop="test_double")
    with pytest.raises(
        GradebookError, match=r"^one: .*Restore these cells, or remove the assignment from the gradebook"
    ):
        fill(course.assignment, course.directory, course.config)


def test_grades_are_read_by_value(course: Course, book: gradebook.Gradebook) -> None:
    grade = book.find_grade("test_double", "one", "small", "ada")
    grade.auto_score, grade.extra_credit, grade.needs_manual_grade = 3.0, 0.5, False
    book.find_submission_notebook("one", "small", "ada").late_submission_penalty = 2.0
    book.db.commit()
    assert read_grades(course.directory, "small") == read_grades(course.directory, "small", "ada")
    (one,) = read_grades(course.directory, "small", "ada")["ada"].values()
    assert one.penalty == 2.0
    assert one.cells["test_double"] == gradebook.CellGrade(3.0, None, 0.5, 4.0, False)
    assert one.cells["test_double"].score == 3.5
    assert one.cells["explain"].score is None
    assert read_grades(course.directory, "small", "nobody") == {}
    assert known_students(course.directory) == ["ada"]


@pytest.mark.parametrize("score", [0.0, None])
def test_marks_are_taken_back(score: float | None, course: Course, book: gradebook.Gradebook) -> None:
    grade = book.find_grade("explain", "one", "small", "ada")
    grade.manual_score, grade.extra_credit = 1.5, 1.0
    book.find_submission_notebook("one", "small", "ada").late_submission_penalty = 2.0
    book.db.commit()
    withdraw(book, "small", "ada", ["one"], score=score)
    one = read_grades(course.directory, "small", "ada")["ada"]["one"]
    assert {each.score for each in one.cells.values()} == {score}
    assert {each.needs_person for each in one.cells.values()} == {score is None}
    assert one.penalty == 0.0
    withdraw(book, "small", "nobody", ["one"], score=score)  # nothing to take back


def test_changes_are_made_all_together_or_not_at_all(course: Course, book: gradebook.Gradebook) -> None:
    where = ("one", "small", "ada")
    for fails in (True, False):
        with (
            contextlib.suppress(ZeroDivisionError),
            OneTransaction(course.directory.db_url, course.directory.course_id) as transaction,
        ):
            register(transaction, "small", "bob", None, create=True)
            transaction.find_grade("test_double", *where).auto_score = 2.0
            transaction.db.commit()  # as nbgrader does after every cell
            transaction.find_comment("explain", *where).manual_comment = "good"
            assert read_grades(course.directory, "small")["ada"]["one"].cells["test_double"].auto is None
            assert not fails or 1 / 0
        grades = read_grades(course.directory, "small")
        assert ("bob" in grades) is (not fails)
        assert grades["ada"]["one"].cells["test_double"].auto == (None if fails else 2.0)
    assert book.find_comment("explain", *where).manual_comment == "good"


def test_one_engine_serves_all_that_is_read_and_written(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    where = course.directory.db_url, course.directory.course_id
    made = []

    def create_engine(*arguments: Any, **settings: Any) -> Any:
        made.append(arguments)
        return sqlalchemy.create_engine(*arguments, **settings)

    monkeypatch.setattr(nbgrader.api, "create_engine", create_engine)
    monkeypatch.setattr(gradebook, "_opened", {})
    for _ in range(3):
        with OneTransaction(*where), SharedGradebook(*where):
            pass
        assert known_students(course.directory) == []
        assert read_grades(course.directory, "small") == {}
    assert len(made) == 1


def test_a_gradebook_that_was_removed_is_made_anew(course: Course, root: Path) -> None:
    where = course.directory.db_url, course.directory.course_id
    assert known_students(course.directory) == []
    (root / "gradebook.db").unlink()
    with OneTransaction(*where) as book:
        book.update_or_create_student("ada")
    assert known_students(course.directory) == ["ada"]


def test_a_gradebook_that_was_replaced_has_the_course_and_all_tables(course: Course, root: Path) -> None:
    where = course.directory.db_url, course.directory.course_id
    assert known_students(course.directory) == []
    (root / "gradebook.db").unlink()
    gradebook.Gradebook(course.directory.db_url, "another_course").close()
    with OneTransaction(*where) as book:
        assert book.db.get(nbgrader.api.Course, course.directory.course_id) is not None
    with sqlite3.connect(root / "gradebook.db") as database:
        database.execute("DROP TABLE comment")
    with SharedGradebook(*where) as book:
        assert book.db.query(nbgrader.api.Comment).all() == []


def test_nested_readers_keep_their_rows_and_connections(course: Course, book: gradebook.Gradebook) -> None:
    where = course.directory.db_url, course.directory.course_id
    with OneTransaction(*where) as outer:
        student = outer.update_or_create_student("bob", first_name="Bob")
        engine = outer.engine
        for _ in range(3):
            assert known_students(course.directory) == ["ada"]
        assert engine.pool.checkedout() == 1
        student.last_name = "B."
    with SharedGradebook(*where) as again:
        assert (again.find_student("bob").first_name, again.find_student("bob").last_name) == ("Bob", "B.")
    assert (engine.pool.checkedout(), engine.pool.checkedin()) == (0, 0)


def test_threads_read_and_write_side_by_side(course: Course) -> None:
    def enter(number: int) -> None:
        def write() -> None:
            with OneTransaction(course.directory.db_url, course.directory.course_id) as book:
                book.update_or_create_student(f"student_{number}")

        patiently(write)
        known_students(course.directory)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(enter, range(20)))
    assert len(known_students(course.directory)) == 20


def test_a_row_that_is_not_there_is_said_as_nbgrader_says_it(course: Course, book: gradebook.Gradebook) -> None:
    with OneTransaction(course.directory.db_url, course.directory.course_id) as transaction:
        with pytest.raises(MissingEntry, match="No such grade"):
            transaction.find_grade("test_nothing", "one", "small", "ada")
        with pytest.raises(MissingEntry):
            transaction.find_grade("test_double", "one", "small", "nobody")


def test_the_time_of_a_submission_stays_where_none_is_given(book: gradebook.Gradebook) -> None:
    register(book, "small", "ada", None, create=True)
    assert book.find_submission("small", "ada").timestamp.year == 2026


def test_a_student_who_must_not_be_created_is_refused(book: gradebook.Gradebook) -> None:
    register(book, "small", "ada", None, create=False)
    with pytest.raises(GradebookError, match="No student yan in the gradebook"):
        register(book, "small", "yan", None, create=False)


def test_a_locked_gradebook_is_waited_for(
    course: Course, root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gradebook, "PAUSE", 0.01)
    other = sqlite3.connect(root / "gradebook.db", check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    attempts: list[int] = []
    free = threading.Event()

    def action() -> list[str]:
        attempts.append(1)
        if len(attempts) == 2:
            other.rollback()
            free.set()
        if not free.is_set():  # without sqlite's own five seconds of patience
            raise OperationalError("select", None, sqlite3.OperationalError("database is locked"))
        return known_students(course.directory)

    assert patiently(action) == []
    assert len(attempts) == 2
    assert [each.message for each in caplog.records] == ["The gradebook is locked by another program: waiting."]
    other.close()


def test_a_gradebook_that_stays_locked_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradebook, "PAUSE", 0.0)

    def locked() -> None:
        raise ValueError("(sqlite3.OperationalError) database is locked")  # as nbgrader's InvalidEntry has it

    with pytest.raises(GradebookError, match="locked by another program, such as formgrader: close it"):
        patiently(locked, patience=0.0)


def test_a_full_disk_is_one_sentence_and_other_errors_are_themselves() -> None:
    def full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    def broken() -> None:
        raise KeyError("x")

    def garbage() -> None:
        raise sqlite3.DatabaseError("file is not a database")

    with pytest.raises(GradebookError, match="The gradebook is damaged: restore gradebook"):
        patiently(garbage)
    with pytest.raises(GradebookError, match="The disk is full: free some space"):
        patiently(full)
    with pytest.raises(KeyError):
        patiently(broken)
