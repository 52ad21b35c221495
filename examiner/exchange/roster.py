"""The roster of a class: a CSV file of our own, or what a learning platform exports."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from examiner._exceptions import ExaminerError
from examiner.outcome import sentence

__all__ = ["Person", "Roster", "read_roster"]

# What columns are called: ours, Canvas's and Moodle's, the latter also in other languages.
COLUMNS: Mapping[str, Sequence[str]] = {
    "student": (
        "student_id", "sis login id", "sis user id", "username", "id number", "anmeldename", "benutzername",
        "id-nummer", "nom d’utilisateur", "nom d'utilisateur", "numéro d'identification", "nombre de usuario",
        "número de id",
    ),
    "name": ("name", "full name", "student", "vollständiger name", "nom complet", "nombre completo"),
    "first": ("first name", "vorname", "prénom", "nombre"),
    "last": ("last name", "surname", "nachname", "nom de famille", "nom", "apellido(s)", "apellidos"),
    "email": ("email", "email address", "e-mail-adresse", "adresse de courriel", "dirección de correo"),
    "section": ("section", "groups", "gruppe", "gruppen", "groupe", "grupo", "grupos"),
}  # fmt: skip
CANVAS = "Student", "ID", "SIS User ID", "SIS Login ID", "Section"
POINTS_POSSIBLE = "points possible"


@dataclass(frozen=True)
class Person:
    """One person of the roster, and the row that says so, by the file's own names of columns."""

    student: str
    name: str = ""
    email: str = ""
    section: str = ""
    row: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Roster:
    """The people of a class, by student ID, and the file's columns.

    Attributes
    ----------
    people : mapping of str to Person
    columns : tuple of str
        Names of the file's columns, as they are there.
    """

    people: Mapping[str, Person]
    columns: tuple[str, ...] = ()

    def of(self, students: Collection[str]) -> Roster:
        """The roster by the column that holds most of these IDs: platforms export several, such as login and number."""
        best, most = self.people, len(self.people.keys() & set(students))
        for column in self.columns:
            ids = [(person.row or {}).get(column, "").strip() or name for name, person in self.people.items()]
            people = {
                each: replace(person, student=each) for each, person in zip(ids, self.people.values(), strict=True)
            }
            found = len(people.keys() & set(students))
            if column.lower() in COLUMNS["student"] and len(people) == len(ids) and found > most:
                best, most = people, found
        return replace(self, people=best)


def read_roster(path: Path) -> Roster:
    """Read a roster: one line for each person, the first line names the columns.

    Parameters
    ----------
    path : Path
        A CSV file, in UTF-8 or UTF-16, separated by commas, semicolons or tabs.

    Raises
    ------
    ExaminerError
        It cannot be read, no column holds student IDs, or a line is wrong: one sentence that names file and line.
    """
    try:
        text = _text(path)
        lines = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise ExaminerError(f"{path} is no table: {error}.") from None
    header = [each.strip() for each in lines[0]] if lines else []
    places = _places(header)
    if "student" not in places:
        known = ", ".join(map(repr, header[:8])) or "nothing"
        raise ExaminerError(f"{path}, line 1: no column of student IDs (student_id): it has {sentence(known)}.")
    people: dict[str, Person] = {}
    for number, cells in enumerate(lines[1:], start=2):
        if not any(map(str.strip, cells)) or _is_points_possible(cells):
            continue
        if len(cells) > len(header):
            raise ExaminerError(f"{path}, line {number}: {len(cells)} columns, and the first line has {len(header)}.")
        person = _person(header, places, cells)
        if not person.student:
            raise ExaminerError(f"{path}, line {number}: the column {header[places['student']]!r} is empty.")
        if person.student in people:
            raise ExaminerError(f"{path}, line {number}: a second line of {sentence(person.student)}.")
        people[person.student] = person
    return Roster(people, tuple(header))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ExaminerError(f"{path} cannot be read: {error.strerror}.") from None
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return "\n".join(re.split(r"\r\n|\r|\n", data.decode(encoding)))  # also those of old Macs
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ExaminerError(
            f"{path}, line {line}: not {encoding.removesuffix('-sig').upper()}: save it as UTF-8."
        ) from None


def _delimiter(text: str) -> str:
    """What separates the cells of the first line."""
    return max(",;\t", key=text.partition("\n")[0].count)


def _places(header: Sequence[str]) -> dict[str, int]:
    """The column of each thing that is known, the best name first."""
    lower = [each.lower() for each in header]
    found = {}
    for what, names in COLUMNS.items():
        place = next((lower.index(name) for name in names if name in lower), None)
        if place is not None:
            found[what] = place
    return found


def _is_points_possible(cells: Sequence[str]) -> bool:
    """Whether this is Canvas's second line."""
    return bool(cells) and cells[0].strip().lower() == POINTS_POSSIBLE


def _person(header: Sequence[str], places: Mapping[str, int], cells: Sequence[str]) -> Person:
    filled = [*cells, *[""] * (len(header) - len(cells))]
    value = {what: filled[place].strip() for what, place in places.items()}
    name = value.get("name") or " ".join(filter(None, [value.get("first"), value.get("last")]))
    row = dict(zip(header, filled, strict=False))
    return Person(value["student"], name, value.get("email", ""), value.get("section", ""), row)
