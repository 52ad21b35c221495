"""Put downloads of learning platforms into submitted/: whose file is it, and which one is the newest.

Gradescope: ``submission_metadata.yml`` beside folders ``submission_123/``
Canvas: ``lovelaceada_LATE_123_456_01_layers-1.ipynb`` (name, late, student, submission, file, resubmission)
Moodle: ``Ada Lovelace_123_assignsubmission_file_/01_layers.ipynb``
Anything else: a folder or an archive for each student, named by the student ID.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dateutil.parser  # type: ignore[import-untyped]
import yaml

from examiner._exceptions import ExaminerError
from examiner.course import Course, id_fault
from examiner.exchange.archives import File, files_in
from examiner.exchange.roster import Roster
from examiner.outcome import sentence

__all__ = ["Collected", "collect"]

METADATA = "submission_metadata.yml"
_CANVAS = re.compile(r"(?P<who>[^_/]+)_(?:LATE_)?(?P<number>\d+)_\d+_(?P<file>.+)")
_AGAIN = re.compile(r"-(\d+)(?=\.[^.]+$)")  # of a file that was submitted again
_MOODLE = re.compile(r"(?P<who>.+)_(?P<number>\d+)_assignsubmission_\w+?_?")
TIME = "timestamp.txt"


@dataclass(frozen=True)
class Collected:
    """What became of a download.

    Attributes
    ----------
    written : tuple of str
        Students whose submission was written.
    kept : tuple of str
        Students who have this one, or a newer one, already.
    left : tuple of str
        Sentences on what could not be placed.
    """

    written: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[str, ...]


@dataclass
class _Submission:
    """What a download holds of one student: the newest file of each name."""

    files: dict[str, tuple[tuple[int, datetime], bytes]] = field(default_factory=dict)
    time: datetime | None = None

    def add(self, name: str, file: File, attempt: int, time: datetime) -> None:
        """Take in a file, unless there is a newer one of this name."""
        key = (attempt, file.changed)
        if name not in self.files or key >= self.files[name][0]:
            self.files[name] = key, file.content
        self.time = time if self.time is None else max(self.time, time)


def collect(course: Course, sources: Sequence[Path], roster: Roster | None) -> Collected:
    """Write the submissions of downloads, each student's whole or not at all.

    Parameters
    ----------
    course : Course
    sources : sequence of Path
        Archives and folders.
    roster : Roster, optional
        Who is who; without one, a student ID is what the platform says.

    Raises
    ------
    ExaminerError
        A download cannot be read; nothing is written then.
    """
    left: list[str] = []
    found: dict[str, _Submission] = {}
    wanted = (".ipynb", METADATA, *(Path(name).suffix for name in course.assignment.files))
    names = _Names(roster)
    for source in sources:
        files = _unwrapped(list(files_in(source, wanted, left)), names)
        owners = _gradescope(files, source)
        for file in files:
            if file.name != METADATA and file.name.lower().endswith(wanted):
                _take(file, owners, names, found, left)
    written, kept = list[str](), list[str]()
    for student, submission in sorted(found.items()):
        (written if _write(course, student, submission) else kept).append(student)
    return Collected(tuple(written), tuple(kept), tuple(dict.fromkeys(left)))


def _take(
    file: File, owners: Mapping[str, _Owner], names: _Names, found: dict[str, _Submission], left: list[str]
) -> None:
    """Find out whose file it is: the outermost name decides, for a student chooses all names inside."""
    shown, name, attempt, time = sentence("/".join(file.parts)), _tidy(file.name), 0, file.changed
    outermost = file.parts[0]
    owner, moodle, canvas = owners.get(outermost), _MOODLE.fullmatch(outermost), _CANVAS.fullmatch(outermost)
    if owner is not None:
        student, why = names.find(owner.ids, owner.names)
        time = owner.time or time
    elif moodle is not None:
        student, why = names.find([], [moodle["who"]])
    elif canvas is not None:
        student, why = names.find([canvas["number"]], [canvas["who"]])
        if len(file.parts) == 1:
            again = _AGAIN.search(canvas["file"])
            attempt, name = int(again[1]) if again else 0, _AGAIN.sub("", canvas["file"])
    elif len(file.parts) > 1:
        student, why = names.find([outermost], [outermost])
    else:
        student, why = None, "no folder or file name says whose it is"
    if student is None:
        left.append(f"{shown}: {why}")
    elif (fault := _fault(student, name)) is not None:
        left.append(f"{shown}: {fault}")
    else:
        found.setdefault(student, _Submission()).add(name, file, attempt, time)


def _unwrapped(files: Sequence[File], names: _Names) -> list[File]:
    """The files without the one folder around all of them, where a platform's names begin below it."""
    around = {file.parts[0] for file in files if len(file.parts) > 1}
    if len(around) != 1 or any(len(file.parts) == 1 for file in files):
        return list(files)
    folder = next(iter(around))
    if names.knows(folder) or _MOODLE.fullmatch(folder) or _CANVAS.fullmatch(folder):
        return list(files)
    below = [replace(file, parts=file.parts[1:]) for file in files]
    named = [file.parts[0] for file in below]
    is_list = METADATA in named
    is_platform = all(_MOODLE.fullmatch(each) or _CANVAS.fullmatch(each) for each in named)
    return below if is_list or is_platform else list(files)


def _tidy(name: str) -> str:
    """A file's name with plain blanks."""
    return "".join(" " if char.isspace() and char not in "\n\r\x0b\x0c" else char for char in name)


def _fault(student: str, name: str) -> str | None:
    """Why a name cannot be a folder or a file of submitted/."""
    if "/" in student or "\\" in student or student in (".", "..") or student.startswith("."):
        return f"Invalid student ID {sentence(student)!r}"
    if not name.isprintable() or name.startswith(".") or "/" in name or len(name.encode()) > 200:
        return "its name cannot be a file's"
    return id_fault(student)


# ------------------------------------------------------------------------------------ who is who


class _Names:
    """Students by what platforms call them: IDs, email addresses, names."""

    def __init__(self, roster: Roster | None) -> None:
        self._known = roster is not None
        self._ids: dict[str, str] = {}
        self._names: dict[str, set[str]] = {}
        for student, person in (roster.people if roster is not None else {}).items():
            row = {name.lower(): value for name, value in (person.row or {}).items()}
            platform = [row.get(name, "") for name in ("id", "sis user id", "sis login id")]
            for each in (student, person.email, *platform):
                if each:
                    self._ids[each.lower()] = student
            if person.name:
                for form in _forms(person.name):
                    self._names.setdefault(form, set()).add(student)

    def knows(self, student: str) -> bool:
        """Whether the roster has this ID."""
        return student.lower() in self._ids

    def find(self, ids: Iterable[str], names: Iterable[str]) -> tuple[str | None, str]:
        """The student whom some IDs or names mean; else None, and why."""
        ids, names = [each for each in ids if each], [each for each in names if each]
        if not self._known:
            first = next(iter([*(each for each in ids if not each.isdecimal()), *names, *ids]), None)
            return (first.strip() if first else None), "nothing says whose it is"
        for each in ids:
            if each.lower() in self._ids:
                return self._ids[each.lower()], ""
        for each in names:
            those = self._names.get(_form(each), set())
            if len(those) == 1:
                return next(iter(those)), ""
            if those:
                who = ", ".join(sorted(map(sentence, those)))
                return None, f"{len(those)} students are called {sentence(each)}: {who}"
        return None, f"{sentence((names or ids or ['its student'])[0])} is not on the roster"


def _form(name: str) -> str:
    """A name without accents, blanks and case, as Canvas puts it into a file's name."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(char for char in plain.lower() if char.isalnum())


def _forms(name: str) -> set[str]:
    """A name in both orders: "Lovelace, Ada" and "Ada Lovelace"."""
    last, comma, first = name.partition(",")
    words = name.split()
    turned = f"{first} {last}" if comma else " ".join([*words[-1:], *words[:-1]])
    return {_form(name), _form(turned)}


@dataclass(frozen=True)
class _Owner:
    """What Gradescope says of a submission."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    time: datetime | None


def _gradescope(files: Sequence[File], source: Path) -> dict[str, _Owner]:
    """Whose the folders are, where Gradescope's list is in a download."""
    owners: dict[str, _Owner] = {}
    for file in files:
        if file.parts == (METADATA,):  # one in a student's folder is the student's
            try:
                content = yaml.safe_load(file.content)
                owners |= {str(folder): _owner(entry) for folder, entry in content.items()}
            except (yaml.YAMLError, AttributeError, TypeError, ValueError, KeyError, RecursionError):
                why = f"{METADATA} is not Gradescope's: download the submissions again"
                raise ExaminerError(f"{source}: {why}.") from None
    return owners


def _owner(entry: Mapping[str, Any]) -> _Owner:
    people = entry[":submitters"]
    ids = [str(person[key]) for person in people for key in (":sid", ":email") if person.get(key)]
    created = entry.get(":created_at")
    time = dateutil.parser.parse(created) if isinstance(created, str) else created
    if time is not None and time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return _Owner(tuple(ids), tuple(str(person.get(":name") or "") for person in people), time)


# --------------------------------------------------------------------------------------- writing


def _write(course: Course, student: str, submission: _Submission) -> bool:
    """Put a submission in its place; whether it is newer than what is there."""
    target = course.submitted(student)
    time = submission.time or datetime.now(UTC)
    there = _time_there(target)
    if there is not None and there >= time.replace(microsecond=0):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".collect-", dir=target.parent) as folder:
        new = Path(folder) / "new"
        new.mkdir(mode=0o755)
        for name, (_, content) in submission.files.items():
            (new / name).write_bytes(content)
        (new / TIME).write_text(time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC\n"), encoding="utf-8")
        if target.exists():
            shutil.move(target, Path(folder) / "old")
        new.rename(target)
    return True


def _time_there(target: Path) -> datetime | None:
    """When the submission in a folder was made; None where it says nothing."""
    try:
        return datetime.strptime((target / TIME).read_text(encoding="utf-8").strip(), "%Y-%m-%d %H:%M:%S UTC").replace(
            tzinfo=UTC
        )
    except (OSError, ValueError):
        return None
