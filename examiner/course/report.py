"""`examiner report`: the class on one page, a row with a reason for every student, and what went wrong most."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import quote

from jinja2 import Environment, PackageLoader
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tqdm import tqdm

from examiner._exceptions import ExaminerError
from examiner.course.results import NOT_GRADED, Results
from examiner.notebooks.cells import answer_of, cells_of, grade_id, points, read
from examiner.notebooks.submission import submitted_files
from examiner.outcome import NotebookOutcome, StudentOutcome, TestOutcome, sentence

__all__ = ["ClassReport", "Mistake", "Row", "TestRow", "class_report", "main"]

WAITING, ABSENT = "waiting", "absent"
UNPROTECTED = "Submitted code ran unprotected when these marks were made: `examiner doctor` says how to get a sandbox."
BLUE, GREY = "#0072B2", "#8C8C8C"  # Okabe and Ito's, as in the notebooks


@dataclass(frozen=True)
class Row:
    """One student: `status` is an outcome's, ``waiting`` for a grading, or ``absent``: nothing was handed in."""

    student: str
    status: str
    reason: str | None
    outcome: StudentOutcome
    by_hand: int
    """Cells that wait for a person."""
    feedback: str | None
    """Where the feedback lies, seen from the report."""

    @property
    def score(self) -> float:
        """Points without bonus."""
        return math.fsum(score for score, _ in self.outcome.scores.values())


@dataclass(frozen=True)
class TestRow:
    """One test cell over all students whose notebook was graded."""

    __test__ = False  # pytest: no test class

    name: str
    notebook: str
    points: float
    students: int
    full: int
    none: int
    undecided: int
    share: float | None
    """Mean part of the points, from 0 to 1; None where nobody's was decided."""


@dataclass(frozen=True)
class Mistake:
    """One sentence that students were told, and who they are."""

    answer: str
    name: str | None
    """The catalogued misconception; None for a hint that was computed."""
    sentence: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class ClassReport:
    """All that the page shows."""

    assignment: str
    written: str
    isolation: tuple[str, ...]
    seeds: tuple[int, ...]
    data: Mapping[str, str]
    notebooks: Mapping[str, float]
    """Notebooks and their points, those of nothing but bonus left out."""
    rows: tuple[Row, ...]
    tests: tuple[TestRow, ...]
    mistakes: tuple[Mistake, ...]
    alike: tuple[tuple[str, tuple[str, ...]], ...]
    """Files handed in by several students, byte for byte the same: name, students."""

    @property
    def max_score(self) -> float:
        """Points of the assignment, without bonus."""
        return math.fsum(self.notebooks.values())

    @property
    def by_status(self) -> Counter[str]:
        """How many students are graded, partial, failed, waiting, absent."""
        return Counter(row.status for row in self.rows)

    @property
    def by_hand(self) -> int:
        """Cells that wait for a person."""
        return sum(row.by_hand for row in self.rows)

    def attention(self) -> list[tuple[str, str, list[str]]]:
        """What somebody should look at, the worst first: status, reason, students."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in self.rows:
            if row.status != "graded":
                found[row.status, row.reason or ""].append(row.student)
        order = ("failed", WAITING, "partial", ABSENT)
        return [(*each, found[each]) for each in sorted(found, key=lambda each: order.index(each[0]))]


def class_report(results: Results, beside: Path) -> ClassReport:
    """Read what came of an assignment.

    Parameters
    ----------
    results : Results
    beside : Path
        The folder that the report will lie in: links to feedback start there.
    """
    students = tqdm(results.students(), desc="report", unit="student", leave=False, disable=None)
    rows = tuple(_row(results, student, beside) for student in students)
    absent = [Row(name, ABSENT, why, results.outcome(name), 0, None) for name, why in results.absent().items()]
    rows = tuple(sorted((*rows, *absent), key=lambda row: row.student))
    graded = {row.student: row.outcome for row in rows if row.status not in (WAITING, ABSENT)}
    outcomes = [each for outcome in graded.values() for each in outcome.notebooks.values() if each.isolation]
    return ClassReport(
        assignment=results.assignment,
        written=datetime.now(UTC).astimezone().strftime("%d %B %Y, %H:%M"),
        isolation=tuple(sorted({outcome.isolation for outcome in outcomes})),
        seeds=tuple(sorted({outcome.seed for outcome in outcomes})),
        data=results.data(),
        notebooks={name: most for row in rows[:1] for name, (_, most) in row.outcome.scores.items() if most},
        rows=rows,
        tests=tuple(_tests(results.source, graded.values())),
        mistakes=tuple(_mistakes(graded)),
        alike=tuple(_alike(results)),
    )


def _row(results: Results, student: str, beside: Path) -> Row:
    outcome = results.outcome(student)
    status = WAITING if outcome.reason == NOT_GRADED else outcome.status
    folder = Path(results.course.format_path(results.course.feedback_directory, student, results.assignment))
    feedback = quote(Path(os.path.relpath(folder, beside)).as_posix()) + "/" if any(folder.glob("*.html")) else None
    return Row(student, status, outcome.reason, outcome, len(results.by_hand(student)), feedback)


def _tests(source: Path, outcomes: Iterable[StudentOutcome]) -> Iterable[TestRow]:
    """Every test cell, in the order of the course."""
    found: dict[str, list[TestOutcome]] = defaultdict(list)
    for outcome in outcomes:
        for notebook in outcome.notebooks.values():
            for name, test in notebook.tests.items():
                found[name].append(test)
    for path in sorted(source.glob("*.ipynb")):
        for cell in cells_of(read(path), "test"):
            yield _test(grade_id(cell), path.stem, points(cell), found[grade_id(cell)])


def _test(name: str, notebook: str, most: float, outcomes: list[TestOutcome]) -> TestRow:
    scores = [test.score for test in outcomes if test.score is not None]
    return TestRow(
        name=name,
        notebook=notebook,
        points=most,
        students=len(outcomes),
        full=sum(score >= most - 1e-6 for score in scores),
        none=sum(score == 0 for score in scores),
        undecided=len(outcomes) - len(scores),
        share=math.fsum(scores) / (most * len(scores)) if scores and most else None,
    )


def _mistakes(outcomes: Mapping[str, StudentOutcome]) -> list[Mistake]:
    """What students were told, the most frequent first."""
    who: dict[tuple[str, str | None, str], list[str]] = defaultdict(list)
    for student, outcome in outcomes.items():
        told = [told for notebook in outcome.notebooks.values() for told in _told(notebook)]
        for each in dict.fromkeys(told):
            who[each].append(student)
    found = [Mistake(*each, tuple(students)) for each, students in who.items()]
    return sorted(found, key=lambda mistake: (-len(mistake.students), mistake.name is None, mistake.answer))


def _told(notebook: NotebookOutcome) -> Iterable[tuple[str, str | None, str]]:
    for name, test in notebook.tests.items():
        # A diagnosis is either all names or all hints.
        names: tuple[str | None, ...] = test.misconceptions or (None,) * len(test.diagnosis)
        for misconception, said in zip(names, test.diagnosis, strict=False):
            yield answer_of(name), misconception, said


def _alike(results: Results) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Trained parameters that several students handed in: they could have been made by one of them."""
    collected = ()
    who: dict[tuple[str, str], list[str]] = defaultdict(list)
    for student in results.students():
        files = submitted_files(results.submitted(student))
        for name in collected:
            if name in files:
                who[name, hashlib.sha256(files[name]).hexdigest()].append(student)
    return [(name, tuple(students)) for (name, _), students in sorted(who.items()) if len(students) > 1]


# --------------------------------------------------------------------------------- what is shown


def as_html(report: ClassReport) -> str:
    """The report as one page that needs nothing else; every text in it is escaped."""
    loader = PackageLoader("examiner.course", ".")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["clean"] = sentence
    environment.filters["number"] = lambda value: f"{value:.4g}"
    return environment.get_template("report.html.jinja").render(
        report=report, histogram=_histogram(report), unprotected=UNPROTECTED
    )


def as_table(report: ClassReport) -> Table:
    """The students' rows for a terminal."""
    title = f"{report.assignment}: {len(report.rows)} students"
    table = Table(title=title, box=box.SIMPLE_HEAD, collapse_padding=True)
    table.add_column("student", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for name in report.notebooks:
        table.add_column(name[:2], justify="right")
    table.add_column("score", justify="right", style="bold")
    table.add_column("bonus", justify="right")
    for row in report.rows:
        parts = [*(row.outcome.scores[name][0] for name in report.notebooks), row.score, row.outcome.bonus]
        table.add_row(escape(sentence(row.student)), row.status, *(f"{round(each, 1):g}" for each in parts))
    return table


def _histogram(report: ClassReport) -> str | None:
    """How many students have how many points, as the address of a picture."""
    scores = [row.score for row in report.rows if row.status in ("graded", "partial")]
    if not scores:
        return None
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.2, 2.3), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots()
    axes.hist(scores, bins=20, range=(0, report.max_score), color=BLUE, edgecolor="white")
    middle = median(scores)
    axes.axvline(middle, color=GREY, linestyle="--", linewidth=1)
    axes.set_title(f"median {middle:.4g}", x=middle / report.max_score, fontsize=9, color=GREY)
    axes.set(xlabel=f"points of {report.max_score:g}", ylabel="students", xlim=(0, report.max_score))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(picture.getvalue()).decode()


def main(assignment: str, output: Path | None, console: Console) -> int:
    """Write the report and print its rows; 1 where a submission could not be graded."""
    results = Results(assignment)
    target = output or results.root / "report" / f"{assignment}.html"
    if not results.students():
        raise ExaminerError(f"No submissions of {assignment}: put them into submitted/<student>/{assignment}/.")
    report = class_report(results, target.parent)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_html(report), encoding="utf-8")
    except OSError as error:
        raise ExaminerError(f"{target} could not be written: {error.strerror}. Name another file: --output.") from None
    if "none" in report.isolation:
        console.print(f"[bold]Isolation: none.[/bold] {UNPROTECTED}")
    console.print(as_table(report))
    for status, reason, students in report.attention():
        console.print(f"{status}: {', '.join(map(sentence, students))}: {reason}", markup=False)
    for name, those in report.alike:
        console.print(f"the same {name}: {', '.join(map(sentence, those))}", markup=False)
    console.print(f"Report: {target}", markup=False)
    return int(report.by_status["failed"] > 0)
