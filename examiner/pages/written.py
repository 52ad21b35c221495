"""Written answers of a class, question by question: a page to read, and a table to fill in.

Points and comments are written into the table with any spreadsheet, and read back: no server is needed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from examiner._exceptions import ExaminerError
from examiner.course import CellGrade, Course, HandMark, Results, read_comments, read_grades
from examiner.notebooks import cells_of, grade_id, points, read, without_hidden
from examiner.outcome import sentence, spreadsheet_text
from examiner.pages import markup
from examiner.pages.feedback import content_of, mark_scheme, questions_of
from examiner.pages.templates import render

__all__ = ["COLUMNS", "Answer", "Question", "as_question_page", "as_table", "questions", "read_table"]

COLUMNS = ("notebook", "question", "student_id", "score", "max_score", "comment", "answer")
MAX_ANSWER = 5_000  # characters in the table; the page has all


@dataclass(frozen=True)
class Answer:
    """One student's answer, as text and as harmless HTML, with the mark that it has."""

    student: str
    text: str
    html: str
    score: float | None
    comment: str


@dataclass(frozen=True)
class Question:
    """A question that a person grades, and what the class answered."""

    notebook: str
    name: str
    max_score: float
    text: str
    mark_scheme: str
    """Both are HTML; the text is empty where no cell asks."""
    answers: tuple[Answer, ...]

    @property
    def waiting(self) -> int:
        """Answers without a mark."""
        return sum(answer.score is None for answer in self.answers)


def questions(course: Course, progress: Callable[[list[str]], Iterable[str]] = iter) -> list[Question]:
    """Read all written answers of a class.

    Parameters
    ----------
    course : Course
    progress : callable
        Called with the list of the students; returns an iterable over them, such as a progress bar.
    """
    grades, answers = read_grades(course.directory, course.name), dict[tuple[str, str], list[Answer]]()
    for student in progress(Results(course).students()):
        comments = read_comments(course.directory, course.name, student)
        for path in sorted(course.autograded(student).glob("*.ipynb")):
            marks = grades.get(student, {}).get(path.stem)
            for cell in _asked(_graded(path, student)):
                name = grade_id(cell)
                score = _score(marks.cells.get(name) if marks else None)
                comment = comments.get(path.stem, {}).get(name, "")
                text = markup.text(without_hidden(cell.source)).strip()
                answers.setdefault((path.stem, name), []).append(
                    Answer(student, text, content_of(cell), score, comment)
                )
    found = []
    for path in course.assignment.notebooks():
        source = read(path)
        asking = questions_of(source)
        for cell in _asked(source):
            name = grade_id(cell)
            question, those = asking.get(name), tuple(answers.get((path.stem, name), ()))
            text = content_of(question) if question is not None else ""
            found.append(Question(path.stem, name, points(cell), text, mark_scheme(cell, question) or "", those))
    return found


def _graded(path: Path, student: str) -> NotebookNode:
    try:
        return read(path)
    except Exception as error:
        why = f"{sentence(student)}: {path.name} cannot be read ({type(error).__name__}): grade it again."
        raise ExaminerError(why) from None


def _asked(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that a person gives points to."""
    return [cell for cell in cells_of(notebook, "written", "task") if points(cell)]


def _score(grade: CellGrade | None) -> float | None:
    return None if grade is None or grade.waits else grade.score


# ------------------------------------------------------------------------------------- the page


def as_question_page(question: Question, assignment: str) -> str:
    """The page of a question, which needs nothing else.

    Parameters
    ----------
    question : Question
    assignment : str
    """
    return render("written.html.jinja", question=question, assignment=assignment)


# ------------------------------------------------------------------------------------ the table


def as_table(those: Sequence[Question]) -> str:
    """All answers as CSV, a line for each, the columns `score` and `comment` to be filled in.

    Parameters
    ----------
    those : sequence of Question
    """
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    for question in those:
        for each in question.answers:
            score = "" if each.score is None else f"{each.score:g}"
            what = [question.notebook, question.name, _cell(each.student), score, f"{question.max_score:g}"]
            rows.writerow([*what, _cell(each.comment), spreadsheet_text(each.text[:MAX_ANSWER])])
    return file.getvalue()


def read_table(path: Path, those: Sequence[Question]) -> list[HandMark]:
    """Read points and comments back; lines without both say nothing.

    Parameters
    ----------
    path : Path
        What `as_table` wrote, filled in.
    those : sequence of Question
        What there is to grade.

    Raises
    ------
    ExaminerError
        A line is wrong: one sentence that names file and line. Nothing is to be saved then.
    """
    known = {(q.notebook, q.name, each.student): q.max_score for q in those for each in q.answers}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ExaminerError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8: save it as CSV UTF-8'}."
        ) from None
    first = text.partition("\n")[0]
    lines = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    if missing := [name for name in COLUMNS[:4] if name not in (lines.fieldnames or [])]:
        raise ExaminerError(f"{path}, line 1: no column {', '.join(missing)}.")
    marks: dict[tuple[str, str, str], HandMark] = {}
    for line in _lines(lines, path):
        mark = _mark(line, known, f"{path}, line {lines.line_num}")
        if mark is not None:
            key = (mark.notebook, mark.cell, mark.student)
            if key in marks:
                raise ExaminerError(
                    f"{path}, line {lines.line_num}: a second line of {sentence(mark.student)}, {mark.cell}."
                )
            marks[key] = mark
    return list(marks.values())


def _lines(lines: csv.DictReader[str], path: Path) -> Iterator[dict[str, str | None]]:
    try:
        yield from lines
    except csv.Error as error:
        raise ExaminerError(f"{path}, line {lines.line_num + 1}: {error}.") from None


def _mark(line: Mapping[str, str | None], known: Mapping[tuple[str, str, str], float], where: str) -> HandMark | None:
    notebook, question, student, score, comment = (
        _plain((line.get(name) or "").strip()) for name in ("notebook", "question", "student_id", "score", "comment")
    )
    if not score and not comment:
        return None
    most = known.get((notebook, question, student))
    shown = sentence(f"{student or 'nobody'}, {notebook or 'no notebook'}, {question or 'no question'}")
    if most is None:
        raise ExaminerError(f"{where}: there is no such answer: {shown}.")
    try:
        value = float(score.replace(",", ".")) if score else None
    except ValueError:
        raise ExaminerError(f"{where}, {shown}: {sentence(score)!r} is not a number of points.") from None
    if value is not None and not 0 <= value <= most:
        raise ExaminerError(f"{where}, {shown}: {value:g} points of {most:g}.")
    return HandMark(student, notebook, question, value, comment)


_FORMULAS = ("=", "+", "-", "@")


def _cell(text: str) -> str:
    """A cell of text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _plain(cell: str) -> str:
    """The text of such a cell."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULAS) else cell
