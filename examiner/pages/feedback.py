"""A student's feedback: a page for each notebook, and one that says what to look at first.

Everything on a page that a student wrote is hostile: texts are escaped by the template, or have become harmless in
`examiner.pages.markup`. No page has a script, or asks for anything from anywhere.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from nbformat import NotebookNode

from examiner._exceptions import ExaminerError, OutcomeError
from examiner.course import CellGrade, Course, NotebookGrades, Results, read_comments, read_grades
from examiner.notebooks import (
    GRADED,
    answer_of,
    cells_of,
    grade_id,
    is_bonus,
    kind_of,
    picture,
    points,
    read,
    without_hidden,
)
from examiner.outcome import Check, Mark, NotebookOutcome, TestOutcome, sentence
from examiner.pages import markup
from examiner.pages.templates import render

__all__ = [
    "Exercise",
    "Marks",
    "NotebookPage",
    "Place",
    "Tested",
    "Written",
    "as_index",
    "as_page",
    "content_of",
    "left_out_of",
    "mark_scheme",
    "notebook_page",
    "points_of",
    "questions_of",
    "student_pages",
    "write_feedback",
]

MAX_OUTPUT = 4_000  # characters of what a cell outside the exercises printed
MAX_SOURCE = 20_000  # characters of a cell
MAX_REST = 120_000  # characters of HTML of such cells, all together
FIRST = 3  # places that a page names at its start
ALL_FIRST = 8  # and the overview, over all notebooks
_SCHEME = "### BEGIN MARK SCHEME\n", "### END MARK SCHEME"


@dataclass(frozen=True)
class Place:
    """Something to look at: where points were lost, and why."""

    notebook: str
    anchor: str
    title: str
    lost: float
    sentence: str


@dataclass(frozen=True)
class Tested:
    """A test cell: the checks that failed, and what was said of them."""

    name: str
    title: str
    score: float | None
    max_score: float
    bonus: bool
    reason: str | None
    diagnosis: tuple[str, ...]
    failed: tuple[Check, ...]
    passed: int
    said: str
    """What the student's code printed meanwhile, and its traceback, once."""
    pictures: tuple[str, ...]

    @property
    def is_full(self) -> bool:
        """Whether no points were lost."""
        return self.score is not None and self.score >= self.max_score - 1e-6

    @property
    def sentence(self) -> str:
        """Why points were lost, in one sentence."""
        said = [*self.diagnosis, self.reason, *(check.message for check in self.failed), "a check failed"]
        return next(each for each in said if each)


@dataclass(frozen=True)
class Exercise:
    """An answer in code, with its tests."""

    kind: ClassVar[str] = "exercise"
    name: str
    source: str
    comment: str | None
    tests: tuple[Tested, ...]
    said: str = ""
    """What the answer's cell printed, and its exception."""
    pictures: tuple[str, ...] = ()

    @property
    def score(self) -> float | None:
        """Points of its tests; None where one of them waits for a person."""
        scores = [test.score for test in self.tests]
        return None if None in scores else sum(score for score in scores if score is not None)

    @property
    def max_score(self) -> float:
        """Points that its tests can give."""
        return sum(test.max_score for test in self.tests)

    @property
    def is_full(self) -> bool:
        """Whether no points were lost."""
        return all(test.is_full for test in self.tests)


@dataclass(frozen=True)
class Written:
    """An answer that a person grades."""

    kind: ClassVar[str] = "written"
    name: str
    question: str
    """HTML."""
    html: str
    score: float | None
    max_score: float
    bonus: bool
    comment: str | None
    mark_scheme: str | None

    @property
    def title(self) -> str:
        """What it is called where points were lost."""
        return self.name

    @property
    def is_full(self) -> bool:
        """Whether no points were lost."""
        return self.score is not None and self.score >= self.max_score - 1e-6

    @property
    def sentence(self) -> str:
        """Why points were lost."""
        return f"A person has graded this answer{': see the comment.' if self.comment else ', without a comment.'}"


@dataclass(frozen=True)
class Cell:
    """A cell that no points depend on."""

    html: str
    """Its code or text."""
    said: str = ""
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rest:
    """Cells that no points depend on, in order."""

    kind: ClassVar[str] = "rest"
    cells: tuple[Cell, ...]

    @property
    def pictures(self) -> int:
        """How many pictures they show."""
        return sum(len(cell.pictures) for cell in self.cells)


@dataclass(frozen=True)
class NotebookPage:
    """All that the page of a notebook shows."""

    student: str
    assignment: str
    name: str
    penalty: float
    reason: str | None
    parts: tuple[Exercise | Written | Rest, ...]

    @property
    def mark(self) -> Mark:
        """Points without bonus, after the penalty, and the bonus; what needs manual grading counts 0 so far."""
        score = sum(part.score or 0.0 for part in self._graded if not part.bonus)
        bonus = sum(part.score or 0.0 for part in self._graded if part.bonus)
        return Mark.of(score, self.max_score, bonus, self.penalty)

    @property
    def score(self) -> float:
        """Points without bonus, after the penalty."""
        return self.mark.score or 0.0

    @property
    def max_score(self) -> float:
        """Points that can be had, without bonus."""
        return sum(part.max_score for part in self._graded if not part.bonus)

    @property
    def bonus(self) -> float:
        """Points of bonus exercises."""
        return self.mark.bonus

    @property
    def waiting(self) -> int:
        """Answers that still wait for a person."""
        return sum(part.score is None for part in self._graded)

    @property
    def _graded(self) -> list[Tested | Written]:
        exercises = [test for part in self.parts if isinstance(part, Exercise) for test in part.tests]
        return [*exercises, *(part for part in self.parts if isinstance(part, Written))]

    def places(self) -> list[Place]:
        """Where points were lost, the most first."""
        lost = [
            Place(self.name, part.name, part.title, part.max_score - part.score, part.sentence)
            for part in self._graded
            if part.score is not None and not part.is_full and not part.bonus
        ]
        return sorted(lost, key=lambda place: -place.lost)

    def comments(self) -> list[tuple[str, str]]:
        """What a grader wrote, by the name of the answer."""
        parts = [part for part in self.parts if not isinstance(part, Rest)]
        return [(part.name, part.comment) for part in parts if part.comment]


# ------------------------------------------------------------------------------ from a graded notebook


@dataclass(frozen=True)
class Marks:
    """What the gradebook holds of a notebook, and whether mark schemes may be shown."""

    cells: Mapping[str, CellGrade]
    comments: Mapping[str, str]
    penalty: float = 0.0
    show_mark_schemes: bool = False


def student_pages(course: Course, student: str) -> list[NotebookPage]:
    """Read all that a student is shown.

    Parameters
    ----------
    course : Course
    student : str

    Raises
    ------
    ExaminerError
        A graded notebook cannot be read, or there is none.
    """
    folder, show = course.autograded(student), course.examiner.show_mark_schemes
    grades = read_grades(course.directory, course.name, student).get(student, {})
    comments = read_comments(course.directory, course.name, student)
    pages = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            notebook = read(path)
        except Exception as error:
            raise ExaminerError(
                f"{sentence(student)}: {path.name} in {folder} cannot be read ({type(error).__name__}): grade it again."
            ) from None
        own = grades.get(path.stem, NotebookGrades({}))
        marks = Marks(own.cells, comments.get(path.stem, {}), own.penalty, show)
        pages.append(notebook_page(notebook, marks, student, course.name, path.stem))
    if not pages:
        raise ExaminerError(f"{sentence(student)}: nothing is graded yet: run `examiner autograde {course.name}`.")
    return pages


def notebook_page(notebook: NotebookNode, marks: Marks, student: str, assignment: str, name: str) -> NotebookPage:
    """Read a graded notebook.

    Parameters
    ----------
    notebook : NotebookNode
    marks : Marks
    student, assignment, name : str
        Whose notebook it is.
    """
    record, reason = _record(notebook)
    tests: dict[str, list[Tested]] = {}
    for cell in cells_of(notebook, "test"):
        tests.setdefault(answer_of(grade_id(cell)), []).append(_tested(cell, marks, record.get(grade_id(cell))))
    answers = {grade_id(cell) for cell in cells_of(notebook, "answer")}
    parts: list[Exercise | Written | Rest] = []
    rest, left, questions = list[Cell](), MAX_REST, questions_of(notebook)
    asking = [cell.id for cell in questions.values()]
    for cell in notebook.cells:
        part = _part(cell, marks, tests, answers, questions)
        if part is not None:
            parts += [Rest(tuple(rest)), part] if rest else [part]
            rest = []
        elif kind_of(cell) != "test" and cell.id not in asking:
            made = _cell(cell) if left > 0 else None  # what is not shown is not made
            left -= len(made.html) + len(made.said) if made else 0
            rest += [made] if made and left >= 0 else []
    parts += [Rest(tuple(rest))] if rest else []
    return NotebookPage(student, assignment, name, marks.penalty, reason, tuple(parts))


def _record(notebook: NotebookNode) -> tuple[Mapping[str, TestOutcome], str | None]:
    """What the examiner has noted of the tests, and what it says of the notebook."""
    try:
        outcome = NotebookOutcome.from_json(notebook.metadata.get("examiner"))
    except OutcomeError:
        return {}, None
    return outcome.tests, outcome.reason


def _part(
    cell: NotebookNode,
    marks: Marks,
    tests: dict[str, list[Tested]],
    answers: set[str],
    questions: Mapping[str, NotebookNode],
) -> Exercise | Written | None:
    """The exercise that a cell begins; None for a cell that no points depend on, or that belongs to another one."""
    kind = kind_of(cell)
    name = grade_id(cell) if kind in GRADED else ""
    if kind == "answer":
        source, own, outputs = _cut(cell.source, MAX_SOURCE), tuple(tests.pop(name, ())), cell.get("outputs", [])
        return Exercise(name, source, marks.comments.get(name), own, _printed(outputs), _pictures(outputs))
    if kind == "test" and answer_of(name) not in answers and answer_of(name) in tests:
        return Exercise(answer_of(name), "", None, tuple(tests.pop(answer_of(name))))
    if kind in ("written", "task") and cell.metadata.nbgrader.get("points"):
        return _written(cell, questions.get(name), marks)
    return None


def _tested(cell: NotebookNode, marks: Marks, outcome: TestOutcome | None) -> Tested:
    name, checks = grade_id(cell), outcome.checks if outcome is not None else ()
    streams = [output.text for output in cell.outputs if output.output_type == "stream"]
    return Tested(
        name=name,
        title=name.removeprefix("test_").replace("__", ": ").strip(),
        score=_score(name, marks),
        max_score=points(cell),
        bonus=is_bonus(cell),
        reason=outcome.reason if outcome is not None else None,
        diagnosis=outcome.diagnosis if outcome is not None else (),
        failed=tuple(check for check in checks if not check.passed),
        passed=sum(check.passed for check in checks),
        said=_cut(markup.text("\n".join(dict.fromkeys(streams)))),
        pictures=_pictures(cell.outputs),
    )


def _written(cell: NotebookNode, question: NotebookNode | None, marks: Marks) -> Written:
    return Written(
        name=grade_id(cell),
        question=content_of(question) if question is not None else "",
        html=content_of(cell),
        score=_score(grade_id(cell), marks),
        max_score=points(cell),
        bonus=is_bonus(cell),
        comment=marks.comments.get(grade_id(cell)),
        mark_scheme=mark_scheme(cell, question) if marks.show_mark_schemes else None,
    )


def questions_of(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """Give the cell that asks, for each answer that a person gives points to: the task before it, if there is one.

    Parameters
    ----------
    notebook : NotebookNode
    """
    found, asking = dict[str, NotebookNode](), None
    for cell in cells_of(notebook, "task", "answer", "written", "test"):
        if kind_of(cell) == "task" and not points(cell):
            asking = cell
            continue
        if asking is not None and kind_of(cell) == "written":
            found[grade_id(cell)] = asking
        asking = None
    return found


def mark_scheme(*cells: NotebookNode | None) -> str | None:
    """Give the mark scheme in the first of some cells that has one, as HTML.

    Parameters
    ----------
    *cells : NotebookNode or None
    """
    for cell in cells:
        scheme, end, _ = (cell.source if cell is not None else "").partition(_SCHEME[0])[2].partition(_SCHEME[1])
        if end:
            return markup.markdown(_cut(scheme.strip(), MAX_SOURCE))
    return None


def _cell(cell: NotebookNode) -> Cell:
    outputs = cell.get("outputs", [])
    return Cell(content_of(cell), _printed(outputs), _pictures(outputs))


def content_of(cell: NotebookNode) -> str:
    """Give what is written in a cell as harmless HTML; of hidden tests and mark schemes nothing.

    Parameters
    ----------
    cell : NotebookNode
    """
    source = _cut(without_hidden(cell.source), MAX_SOURCE)
    if cell.cell_type == "code":
        return markup.code(source)
    attached = {name: next(iter(_addresses(data)), "") for name, data in cell.get("attachments", {}).items()}
    return markup.markdown(source, attached)


def _printed(outputs: Sequence[NotebookNode]) -> str:
    """What a cell printed and returned, and its exception."""
    said = [
        output.get("text") or "\n".join(output.get("traceback", [])) or output.get("data", {}).get("text/plain", "")
        for output in outputs
        if not _addresses(output.get("data"))
    ]
    return _cut(markup.text("\n".join(map(str, said))))


def _cut(said: str, most: int = MAX_OUTPUT) -> str:
    return said if len(said) <= most else f"{said[:most]}\n[The rest is left out.]"


def _pictures(outputs: Sequence[NotebookNode]) -> tuple[str, ...]:
    return tuple(address for output in outputs for address in _addresses(output.get("data"))[:1])


def _addresses(data: Any) -> list[str]:
    """Addresses that hold the pictures of an output or attachment."""
    kinds = data if isinstance(data, Mapping) else {}
    found = [(kind, picture(kind, kinds.get(kind))) for kind in ("image/png", "image/jpeg")]
    return [f"data:{kind};base64,{content}" for kind, content in found if content]


def _score(name: str, marks: Marks) -> float | None:
    """The gradebook's score; None where the cell waits for a person."""
    grade = marks.cells.get(name)
    return None if grade is None or grade.waits else grade.score


# --------------------------------------------------------------------------------- what is shown


def as_page(page: NotebookPage) -> str:
    """The page of a notebook, which needs nothing else.

    Parameters
    ----------
    page : NotebookPage
    """
    return render("notebook.html.jinja", page=page, first=page.places()[:FIRST])


def as_index(pages: Sequence[NotebookPage], all_points: Mapping[str, float], left_out: Sequence[str] = ()) -> str:
    """The page that a student opens first.

    Parameters
    ----------
    pages : sequence of NotebookPage
        Of one student, at least one.
    all_points : mapping of str to float
        The points of all notebooks of the assignment, by name: some may not have been submitted.
    left_out : sequence of str, optional
        Sentences on files that were submitted and are not graded.
    """
    places = sorted((place for page in pages for place in page.places()), key=lambda place: -place.lost)
    missing = {name: most for name, most in all_points.items() if name not in {page.name for page in pages}}
    first, rest = places[:ALL_FIRST], len(places[ALL_FIRST:])
    return render("index.html.jinja", pages=pages, missing=missing, first=first, rest=rest, left_out=left_out)


def left_out_of(course: Course, student: str) -> tuple[str, ...]:
    """Say which of a student's files are not graded."""
    return Results(course).submitted(student).left_out


def points_of(course: Course) -> dict[str, float]:
    """The points of an assignment's notebooks, without bonus.

    Parameters
    ----------
    course : Course
    """
    return {path.stem: _points_of(path, path.stat().st_mtime_ns) for path in course.assignment.notebooks()}


@cache
def _points_of(path: Path, changed: int) -> float:
    cells = cells_of(read(path), "test", "written", "task")
    return sum(points(cell) for cell in cells if not is_bonus(cell))


# ------------------------------------------------------------------------------------- on disk

KEPT = ("timestamp.txt", "submission_secret.txt")
"""What nbgrader's ``release_feedback`` reads beside the pages."""


def write_feedback(course: Course, student: str) -> Path:
    """Write a student's pages, all of them or none.

    Parameters
    ----------
    course : Course
    student : str

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ExaminerError
        A graded notebook cannot be read, or there is none.
    """
    pages = student_pages(course, student)
    graded, target = course.autograded(student), course.feedback(student)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".feedback-", dir=target.parent) as folder:
        new = Path(folder) / "new"
        new.mkdir(mode=0o755)
        for page in pages:
            (new / f"{page.name}.html").write_text(as_page(page), encoding="utf-8")
        index = as_index(pages, points_of(course), left_out_of(course, student))
        (new / "index.html").write_text(index, encoding="utf-8")
        for name in KEPT:
            if (graded / name).is_file():
                shutil.copyfile(graded / name, new / name)
        old = Path(folder) / "old"
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except BaseException:
            if old.exists():
                old.rename(target)
            raise
    return target
