"""A class of any size, drawn from the catalogue, with what each student must score: ``examiner sample-class``."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from examiner._exceptions import CatalogueError, ExaminerError
from examiner.assignment import Assignment
from examiner.audit.inside import Task, Verdict
from examiner.audit.students import Student, write_submissions
from examiner.diagnosis import ALTERNATIVE, MISCONCEPTION, Diagnoser, Entry
from examiner.engine import Engine, run_all
from examiner.notebooks import cells_of, defined_names, grade_id, is_bonus, names_in, points, read, solutions
from examiner.settings import SEED

__all__ = ["DUE", "Drawn", "Habits", "draw", "expected_json", "with_expected", "write_class"]

DUE = datetime(2026, 3, 1, 23, 59, 59)
CRASH = '''def {name}(*arguments, **settings):
    """Submitted without having been run."""
    return arguments[0].rows(settings) + undefined_name
'''
BROKEN = "def {name}(x:\n    return x +\n"


@dataclass(frozen=True)
class Habits:
    """How often things happen in a class; all but `mistakes` are probabilities.

    Attributes
    ----------
    mistakes : float
        Mean number of mistakes of a student who makes any.
    flawless : float
        Nothing is wrong.
    other_style : float
        A right answer is written in another style than the reference's.
    left_out : float
        An answer has not been written.
    gives_up : float
        From some notebook on, nothing has been submitted.
    blank : float
        The release comes back as it was.
    crash, broken : float
        One answer raises an exception at each call, or is no Python.
    late : float
        Submitted after `DUE`.
    untrained : float
        No trained parameters are submitted.
    """

    mistakes: float = 2.5
    flawless: float = 0.12
    other_style: float = 0.2
    left_out: float = 0.02
    gives_up: float = 0.08
    blank: float = 0.03
    crash: float = 0.06
    broken: float = 0.03
    late: float = 0.1
    untrained: float = 0.05


# ------------------------------------------------------------------------------ drawing


def draw(
    source: Path,
    count: int,
    entries: Sequence[Entry],
    *,
    seed: int = SEED,
    habits: Habits | None = None,
    files: Sequence[str] = (),
) -> tuple[Student, ...]:
    """Draw students; the same for the same seed, and the first ones the same for any `count`.

    Parameters
    ----------
    source : Path
        The assignment's source folder.
    count : int
    entries : sequence of Entry
        What to draw from.
    seed : int
    habits : Habits, optional
    files : sequence of str, optional
        Names of the files of trained parameters.
    """
    answers, width = _answers(source), max(3, len(str(count)))
    students = []
    for number in range(1, count + 1):
        rng = np.random.default_rng([seed, number])
        student = _student(f"student_{number:0{width}}", answers, entries, rng, habits or Habits())
        if rng.random() < (habits or Habits()).untrained:
            student = replace(student, files=dict.fromkeys(files))
        students.append(student)
    return tuple(students)


def _answers(source: Path) -> dict[str, list[str]]:
    """The answers of every notebook."""
    paths = sorted(source.glob("*.ipynb"))
    return {path.stem: [grade_id(cell) for cell in cells_of(read(path), "answer")] for path in paths}


def _student(
    name: str, answers: Mapping[str, list[str]], entries: Sequence[Entry], rng: np.random.Generator, habits: Habits
) -> Student:
    """One student."""
    student = Student(name, submitted_at=_submitted_at(rng, habits))
    if rng.random() < habits.blank:
        return replace(student, blank=True)
    notebooks = list(answers)
    if rng.random() < habits.gives_up:
        notebooks = notebooks[: int(rng.integers(1, len(notebooks)))]
        student = replace(student, notebooks=tuple(notebooks))
    there = [answer for notebook in notebooks for answer in answers[notebook]]
    taken: set[str] = set()
    own: dict[str, str] = {}
    for chance, text in ((habits.crash, CRASH), (habits.broken, BROKEN)):
        if rng.random() < chance:
            answer = there[int(rng.integers(len(there)))]
            own[answer] = text.format(name=answer)
            taken.add(answer)
    left_out = tuple(answer for answer in there if answer not in taken and rng.random() < habits.left_out)
    taken |= set(left_out)
    chosen = _entries(there, taken, entries, rng, habits)
    return replace(student, entries=tuple(map(str, chosen)), answers=own, left_out=left_out)


def _entries(
    there: Sequence[str], taken: set[str], entries: Sequence[Entry], rng: np.random.Generator, habits: Habits
) -> list[Entry]:
    """Mistakes in some answers, and other styles in some others: at most one entry about an answer."""
    mistakes = 0 if rng.random() < habits.flawless else 1 + rng.poisson(habits.mistakes - 1)
    wrong = set(rng.choice(len(there), min(mistakes, len(there)), replace=False).tolist())
    chosen: list[Entry] = []
    for number in [*sorted(wrong), *(n for n in range(len(there)) if n not in wrong)]:
        if number not in wrong and rng.random() >= habits.other_style:
            continue
        kind = MISCONCEPTION if number in wrong else ALTERNATIVE
        fitting = [e for e in entries if e.answer == there[number] and e.kind == kind]
        if fitting:
            entry = fitting[int(rng.integers(len(fitting)))]
            if not taken & set(entry.replaced()):
                chosen.append(entry)
                taken |= set(entry.replaced())
    return chosen


def _submitted_at(rng: np.random.Generator, habits: Habits) -> str:
    hours = float(rng.exponential(30))
    late = rng.random() < habits.late
    moment = DUE + timedelta(hours=hours) if late else DUE - timedelta(hours=hours)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


# ---------------------------------------------------------------------------- what to expect


def with_expected(
    students: Sequence[Student],
    engine: Engine,
    release: Path,
    entries: Iterable[Entry],
    *,
    trained: bool = True,
    jobs: int = 2,
) -> tuple[Student, ...]:
    """The same students, with the score of every test cell that does not give them full marks.

    What they wrote is graded as the audit grades the catalogue: in trusted runs, on correct earlier parts.
    Notebooks that are not submitted score nothing, without being listed.

    Parameters
    ----------
    students : sequence of Student
    engine : Engine
    release : Path
    entries : iterable of Entry
        The catalogue that they were drawn from.
    trained : bool
        Whether there are trained parameters to submit.
    jobs : int

    Raises
    ------
    ExaminerError
        A test hit its time limit, so its score is unknown.
    """
    source, known = engine.assignment.source, {str(entry): entry for entry in entries}
    pieces = [(number, *p) for number, who in enumerate(students) for p in _pieces(who, source, release, known)]
    tasks = [Task(notebook, sources, submitted=True) for _, notebook, sources in pieces]
    different = {_key(task): task for task in tasks}
    done = dict(run_all(engine, "examiner.audit.inside:judge", list(different.values()), jobs=jobs))
    verdicts: dict[str, Verdict | None] = dict(zip(different, (done[n] for n in range(len(different))), strict=True))
    expected: list[dict[str, float]] = [{} for _ in students]
    for (number, _, _), task in zip(pieces, tasks, strict=True):
        verdict = verdicts[_key(task)]
        if verdict is None or verdict.stopped:
            who = students[number].name
            raise ExaminerError(f"{task.notebook}: an answer of {who} hit the limit of time: correct the catalogue.")
        expected[number] |= {test: verdict.scores[test][0] for test in verdict.lost()}
    for student, scores in zip(students, expected, strict=True):
        if student.files or not trained:
            for notebook, tests in _file_tests(source).items():
                if student.notebooks is None or notebook in student.notebooks:
                    scores.update(dict.fromkeys(tests, 0.0))
    return tuple(replace(student, expected=scores) for student, scores in zip(students, expected, strict=True))


def _key(task: Task) -> str:
    return json.dumps([task.notebook, dict(task.sources)])


def _pieces(
    student: Student, source: Path, release: Path, known: Mapping[str, Entry]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Each notebook in which a student differs from the reference, with what they wrote there."""
    if student.blank:
        return
    for path in sorted(source.glob("*.ipynb")):
        if student.notebooks is not None and path.stem not in student.notebooks:
            continue
        reference = solutions(read(path))
        stubs = {grade_id(cell): cell.source for cell in cells_of(read(release / path.name), "answer")}
        sources = {name: stubs[name] for name in student.left_out if name in stubs}
        for name in student.entries:
            if known[name].notebook == path.stem:
                sources |= known[name].cells(reference)
        sources |= {name: text for name, text in student.answers.items() if name in reference}
        if sources:
            yield path.stem, sources


def _file_tests(source: Path) -> dict[str, list[str]]:
    """The test cells of each notebook that no answer decides: they read submitted files."""
    found = {}
    for path in sorted(source.glob("*.ipynb")):
        notebook = read(path)
        names = set(defined_names(notebook))
        found[path.stem] = [grade_id(c) for c in cells_of(notebook, "test") if not names & names_in(c.source)]
    return {name: tests for name, tests in found.items() if tests}


def expected_json(students: Iterable[Student], source: Path) -> dict[str, object]:
    """What each student must score, test by test: to compare a graded class with."""
    cells = {path.stem: list(cells_of(read(path), "test")) for path in sorted(source.glob("*.ipynb"))}
    bonus = {grade_id(cell) for those in cells.values() for cell in those if is_bonus(cell)}
    found = {}
    for student in students:
        tests: dict[str, float] = {}
        for notebook, those in cells.items():
            missing = student.blank or (student.notebooks is not None and notebook not in student.notebooks)
            full = {grade_id(cell): points(cell) for cell in those}
            tests |= {test: 0.0 if missing else student.expected.get(test, most) for test, most in full.items()}
        found[student.name] = {
            "score": round(sum(score for test, score in tests.items() if test not in bonus), 6),
            "bonus": round(sum(score for test, score in tests.items() if test in bonus), 6),
            "tests": tests,
            "entries": list(student.entries),
            "late": student.submitted_at is not None and student.submitted_at > f"{DUE:%Y-%m-%d %H:%M:%S} UTC",
        }
    return {"due": f"{DUE:%Y-%m-%d %H:%M:%S} UTC", "students": found}


def steady_entries(diagnoser: Diagnoser) -> list[Entry]:
    """The entries whose scores do not depend on what they draw at random."""
    found = []
    for notebook, listing in diagnoser.catalogue.items():
        file = diagnoser.fingerprints(notebook)
        if file is None:
            continue
        with diagnoser.engine.fork() as child:
            steady: dict[str, bool] = child.call("examiner.diagnosis.inside:steady", file)
        found += [e for e in listing.entries if steady.get(str(e), e.kind == ALTERNATIVE)]
    return found


# ---------------------------------------------------------------------------- writing the class


@dataclass(frozen=True)
class Drawn:
    """A class that was written: when it was due, and the file with its expected scores."""

    due: str
    expected: Path


def write_class(
    assignment: Assignment, count: int, *, seed: int = SEED, parameters: Path | None = None, jobs: int = 2
) -> Drawn:
    """Draw a class and write its submissions and its expected scores.

    Parameters
    ----------
    assignment : Assignment
    count : int
        Number of students.
    seed : int
        Seed of the draw, and of the hidden inputs.
    parameters : Path, optional
        The folder of the reference's trained parameters; without it no student submits any.
    jobs : int
        Worker processes.

    Raises
    ------
    ExaminerError
        A submission that does not belong to a drawn class would be overwritten.
    """
    root, source, name = assignment.root, assignment.source, assignment.name
    release = root / "release" / name
    files = [path.name for path in sorted(parameters.glob("*.npz"))] if parameters else []
    file = root / ".cache" / f"expected-{name}.json"
    with Engine(assignment, seed) as engine:
        entries = steady_entries(Diagnoser(engine, jobs=jobs))
        if not entries:
            raise CatalogueError(f"{name} has no catalogue to draw students from: see docs/writing-tests.md.")
        students = draw(source, count, entries, seed=seed, files=files)
        _refuse_others(root / "submitted", {student.name for student in students} - _drawn_before(file))
        students = with_expected(students, engine, release, entries, trained=bool(files), jobs=jobs)
    write_submissions(
        students,
        source=source,
        release=release,
        submitted=root / "submitted",
        parameters=parameters or root / ".none",
        entries=entries,
    )
    file.parent.mkdir(exist_ok=True)
    content = expected_json(students, source)
    for who in _drawn_before(file) - {student.name for student in students}:
        shutil.rmtree(root / "submitted" / who / name, ignore_errors=True)
        with contextlib.suppress(OSError):  # it holds something else
            (root / "submitted" / who).rmdir()
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return Drawn(str(content["due"]), file)


def _refuse_others(submitted: Path, names: set[str]) -> None:
    """Refuse to overwrite a submission of a student who was not drawn."""
    if taken := sorted(name for name in names if (submitted / name).exists()):
        raise ExaminerError(f"submitted/{taken[0]} does not belong to a sample class: move it to another folder.")


def _drawn_before(file: Path) -> set[str]:
    """Students of the last drawn class: only their submissions may be removed."""
    try:
        return set(json.loads(file.read_text(encoding="utf-8"))["students"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()
