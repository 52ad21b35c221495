"""Rosters: our own and those of platforms, in several languages, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from examiner._exceptions import ExaminerError
from examiner.exchange import read_roster

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,ps1 (4711)
    Points Possible,,,,,100
"Lovelace, Ada",11,u1,ada,A,
"Babbage, Bob",12,u2,bob,B,90
"""
FILES = {
    "ours": "student_id,name,email,section\nada,Lovelace,ada@example.org,A\nbob,Babbage,,B\n",
    "canvas": CANVAS,
    "moodle": "First name,Last name,ID number,Email address\nAda,Lovelace,ada,ada@example.org\nBob,Babbage,bob,\n",
    "German": "Vorname;Nachname;ID-Nummer;E-Mail-Adresse\nAda;Lovelace;ada;ada@example.org\nBob;Babbage;bob;\n",
    "French": "Prénom\tNom de famille\tNuméro d'identification\nAda\tLovelace\tada\nBob\tBabbage\tbob\n",
    "Spanish": "Nombre,Apellido(s),Número de ID\nAda,Lovelace,ada\nBob,Babbage,bob\n",
    "blank lines": "student_id,name\n\nada,Lovelace\n , \nbob,Babbage\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", FILES)
def test_everybody_is_found(name: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(FILES[name], encoding=encoding)
    people = read_roster(path).people
    assert list(people) == ["ada", "bob"]
    assert "Lovelace" in people["ada"].name
    assert people["ada"].row is not None


@pytest.mark.parametrize(
    ("students", "people"),
    [
        (["ada", "bob"], ["ada", "bob"]),  # login IDs
        (["u1", "bob", "u2"], ["u1", "u2"]),  # most are SIS user IDs
        (["11", "12"], ["ada", "bob"]),  # Canvas's own numbers are nobody's ID
        ([], ["ada", "bob"]),
    ],
)
def test_a_person_is_called_as_the_students_are(students: list[str], people: list[str], tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(CANVAS)
    roster = read_roster(path).of(students)
    assert list(roster.people) == people == [person.student for person in roster.people.values()]
    assert roster.people[people[0]].name == "Lovelace, Ada"


def test_two_people_do_not_become_one(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(CANVAS.replace("u2", "u1"))
    assert list(read_roster(path).of(["u1"]).people) == ["ada", "bob"]


def test_the_lines_of_an_old_mac_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(FILES["ours"].replace("\n", "\r").encode())
    assert list(read_roster(path).people) == ["ada", "bob"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: no column of student IDs (student_id): it has nothing."),
        (b"who,points\nada,3\n", "line 1: no column of student IDs (student_id): it has 'who', 'points'."),
        (b"student_id,name\nada,A\n,B\n", "line 3: the column 'student_id' is empty."),
        (b"student_id\nada\nbob\nada\n", "line 4: a second line of ada."),
        (b"student_id,name\nada,A,3\n", "line 2: 3 columns, and the first line has 2."),
        (b"student_id,name\nada,\xe9\n", "line 2: not UTF-8: save it as UTF-8."),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ExaminerError) as caught:
        read_roster(path)
    assert str(caught.value) == f"{path}{' ' if content is None else ', '}{said}"
