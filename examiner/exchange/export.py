"""Scores in files that a spreadsheet or a learning platform reads.

Canvas: https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807
Moodle: https://docs.moodle.org/en/Grade_import
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from examiner._exceptions import ExaminerError
from examiner.course import Results, refresh_penalties
from examiner.exchange.roster import CANVAS, Person, Roster
from examiner.outcome import NOTHING_SUBMITTED, StudentOutcome, sentence, spreadsheet_text

__all__ = ["FORMATS", "exported", "write_scores"]

Outcomes = Mapping[str, StudentOutcome]
OUT_OF = 100.0


def exported(form: str, assignment: str, outcomes: Outcomes, roster: Roster | None) -> str:
    """Write the scores of a class as CSV.

    Parameters
    ----------
    form : {"csv", "canvas", "moodle"}
    assignment : str
        Its name, which becomes a column.
    outcomes : mapping of str to StudentOutcome
        By student ID.
    roster : Roster, optional
        Of whom there is a line; without one, everybody who submitted something.

    Raises
    ------
    ExaminerError
        The format needs a roster.
    """
    rows = FORMATS[form](assignment, outcomes, roster)
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n" if form == "canvas" else "\n").writerows(rows)
    return file.getvalue()


def write_scores(form: str, results: Results, path: Path, roster: Roster | None, students: Collection[str]) -> Outcomes:
    """Write a file of scores.

    Parameters
    ----------
    form : {"csv", "canvas", "moodle"}
    results : Results
    path : Path
    roster : Roster, optional
    students : collection of str
        Who is in it, besides those on the roster.

    Returns
    -------
    mapping of str to StudentOutcome
        Of these students.
    """
    refresh_penalties(results.course)
    outcomes = {student: results.outcome(student) for student in students}
    content = exported(form, results.course.name, outcomes, roster)
    path.write_text(content, encoding="utf-8", newline="")
    return outcomes


def _plain(assignment: str, outcomes: Outcomes, roster: Roster | None) -> list[list[str]]:
    """Everything that is known of a score."""
    names = list(next(iter(outcomes.values())).marks) if outcomes else []
    head = ["student_id", "name", "email", "section", "status"]
    head += ["score", f"out_of_{OUT_OF:g}", "bonus", "hours_late", "late_penalty"]
    rows = [[*head, *names, "reason"]]
    for student, person in _people(outcomes, roster).items():
        outcome = outcomes.get(student)
        who = [student, person.name, person.email, person.section]
        if outcome is None:
            rows.append([*map(_text, who), "absent", *[""] * (len(head) - 5 + len(names)), NOTHING_SUBMITTED])
            continue
        scores = [outcome.score, _out_of(outcome), outcome.bonus, outcome.hours_late, outcome.penalty]
        scores += [outcome.marks[name].score for name in names]
        rows.append([*map(_text, who), outcome.status, *map(_number, scores), _text(outcome.reason or "")])
    return rows


def _canvas(assignment: str, outcomes: Outcomes, roster: Roster | None) -> list[list[str]]:
    """Canvas's own columns, taken from its export: it finds students by them."""
    if roster is None or not {"ID", "Section"} <= set(roster.columns):
        raise ExaminerError(
            "--format canvas needs --roster with Canvas's own export: Grades > Export > Entire Gradebook."
        )
    columns = [name for name in CANVAS if name in roster.columns]
    title = next((name for name in roster.columns if name.rpartition(" (")[0] == assignment), assignment)
    rows = [[*columns, title], ["    Points Possible", *[""] * (len(columns) - 1), f"{OUT_OF:g}"]]
    for student, person in roster.people.items():
        outcome = outcomes.get(student)
        score = None if outcome is None else _out_of(outcome, bonus=True)
        rows.append([*(_text((person.row or {}).get(name, "")) for name in columns), _number(score)])
    return rows


def _moodle(assignment: str, outcomes: Outcomes, roster: Roster | None) -> list[list[str]]:
    """Columns that are mapped while Moodle imports them: whom, the score, what is said of it."""
    rows = [["Username", "Email address", assignment, f"{assignment} (feedback)"]]
    for student, person in _people(outcomes, roster).items():
        outcome = outcomes.get(student)
        score = None if outcome is None else _out_of(outcome, bonus=True)
        said = "" if outcome is None else _said(outcome)
        rows.append([_text(student), _text(person.email), _number(score) or "-", said])
    return rows


FORMATS: Mapping[str, Callable[[str, Outcomes, Roster | None], list[list[str]]]] = {
    "csv": _plain,
    "canvas": _canvas,
    "moodle": _moodle,
}


def _people(outcomes: Outcomes, roster: Roster | None) -> Mapping[str, Person]:
    """Who has a line: everybody of the roster, and everybody who submitted something."""
    known = {} if roster is None else roster.people
    return {**known, **{student: Person(student) for student in outcomes if student not in known}}


def _out_of(outcome: StudentOutcome, *, bonus: bool = False) -> float | None:
    """The score on a scale to 100; a `bonus` may exceed it."""
    if outcome.score is None or not outcome.max_score:
        return None
    return OUT_OF * (outcome.score + (outcome.bonus if bonus else 0.0)) / outcome.max_score


def _said(outcome: StudentOutcome) -> str:
    """What a score consists of, in one line."""
    worth = {name: mark for name, mark in outcome.marks.items() if mark.max_score}  # the others are all bonus
    parts = [f"{name}: {_number(mark.score) or '-'} of {mark.max_score:g}" for name, mark in worth.items()]
    parts += [f"bonus: {_number(outcome.bonus)}"] if outcome.bonus else []
    parts += [f"late: {_number(outcome.hours_late)} h"] if outcome.hours_late else []
    parts += [f"late penalty: -{_number(outcome.penalty)}"] if outcome.penalty else []
    return _text("; ".join(parts))


def _number(value: float | None) -> str:
    return "" if value is None else f"{round(value, 2) + 0.0:g}"


def _text(value: str) -> str:
    """A cell of text: one line, which no spreadsheet takes for a formula."""
    return spreadsheet_text(sentence(value))
