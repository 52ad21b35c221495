"""Put downloads of learning platforms into submitted/: whose file is it, and which one is the newest.

Gradescope: ``submission_metadata.yml`` beside folders ``submission_123/``
Canvas: ``lovelaceada_LATE_123_456_01_layers-1.ipynb`` (name, late, student, submission, file, resubmission)
Moodle: ``Ada Lovelace_123_assignsubmission_file_/01_layers.ipynb``, or without folders: ``..._file_01_layers.ipynb``
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
_GRADESCOPE = re.compile(r"assignment_\d+_export")  # the folder around a download
_MOODLE = re.compile(r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?")
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
    numbers: dict[str, set[str]] = field(default_factory=dict)
    """What each platform calls the student: more than one number means more than one person of this name."""

    def add(self, name: str, file: File, attempt: int, time: datetime) -> None:
        """Take in a file, unless there is a newer one of this name."""
        key = (attempt, file.changed)
        if name not in self.files or key >= self.files[name][0]:
            self.files[name] = key, file.content
        self.time = time if self.time is None else max(self.time, time)

    @property
    def several(self) -> tuple[str, ...]:
        """The numbers of the people that this is made of, if they are more than one."""
        return next((tuple(sorted(those)) for those in self.numbers.values() if len(those) > 1), ())


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
    found, others = dict[str, _Submission](), dict[str, _Submission]()
    wanted = (".ipynb", METADATA, *(Path(name).suffix for name in course.assignment.files))
    names = _Names(roster)
    for source in sources:
        files = _unwrapped(_of_one(list(files_in(source, wanted, left)), source, course, names), names, source)
        owners = _gradescope(files, source)
        for file in files:
            if not file.wanted:
                _take(file, owners, names, others, [])
            elif file.name != METADATA:
                _take(file, owners, names, found, left)
    for student in sorted(set(others) - set(found)):
        left.append(f"{sentence(student)}: no notebook, only {sentence(', '.join(sorted(others[student].files)))}")
    written, kept = list[str](), list[str]()
    for student, submission in sorted(found.items()):
        if several := submission.several:
            left.append(f"{sentence(student)}: {len(several)} people of this name: {', '.join(several)}; use IDs")
            continue
        (written if _write(course, student, submission) else kept).append(student)
    return Collected(tuple(written), tuple(kept), tuple(dict.fromkeys(left)))


def _take(
    file: File, owners: Mapping[str, _Owner], names: _Names, found: dict[str, _Submission], left: list[str]
) -> None:
    """Find out whose file it is: the outermost name decides, for a student chooses all names inside."""
    shown, name, attempt, time = sentence("/".join(file.parts)), _tidy(file.name), 0, file.changed
    outermost, number = file.parts[0], {}
    owner, moodle, canvas = owners.get(outermost), _MOODLE.fullmatch(outermost), _CANVAS.fullmatch(outermost)
    if owner is not None:
        those = [names.find(ids, [called]) for ids, called in owner.people]
        time = owner.time or time
    elif moodle is not None:
        those, number = [names.find([], [moodle["who"]])], {"Moodle": moodle["number"]}
        if len(file.parts) == 1:
            name = _tidy(moodle["file"] or "")
    elif canvas is not None:
        those = [names.find([], [canvas["who"]], number=canvas["number"])]
        number = {"Canvas": canvas["number"]}
        if len(file.parts) == 1:
            again = _AGAIN.search(canvas["file"])
            attempt, name = int(again[1]) if again else 0, _AGAIN.sub("", canvas["file"])
    elif len(file.parts) > 1:
        those = [names.find([outermost], [outermost])]
    else:
        those = [(None, "no folder or file name says whose it is")]
    for student, why in those:
        if student is None:
            left.append(f"{shown}: {why}")
        elif (fault := _fault(student, name)) is not None:
            left.append(f"{shown}: {fault}")
        else:
            submission = found.setdefault(student, _Submission())
            submission.add(name, file, attempt, min(time, datetime.now(UTC)))  # none is from the future
            for platform, each in number.items():
                submission.numbers.setdefault(platform, set()).add(each)


def _of_one(files: list[File], source: Path, course: Course, names: _Names) -> list[File]:
    """The files of one student's archive, below the student: the names inside are the student's to choose."""
    student = source.stem
    if source.is_dir() or any(file.parts == (METADATA,) for file in files):
        return files
    is_known = names.knows(student) or (not _fault(student, "x") and course.submitted(student).exists())
    loose = [file.name for file in files if len(file.parts) == 1]
    is_loose = not all(_CANVAS.fullmatch(each) or _MOODLE.fullmatch(each) for each in loose)
    if not is_known and (names.known or not is_loose):
        return files
    return [replace(file, parts=(student, *file.parts)) for file in files]


def _unwrapped(files: Sequence[File], names: _Names, source: Path) -> list[File]:
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
    if is_list and not _GRADESCOPE.fullmatch(folder):  # it may be a student's
        why = f"{METADATA} is in a folder {sentence(folder)}: if that is Gradescope's, name the folder itself"
        raise ExaminerError(f"{source}: {why}.")
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
        self.known = roster is not None
        self._ids: dict[str, set[str]] = {}
        self._numbers: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        for student, person in (roster.people if roster is not None else {}).items():
            row = {name.lower(): value for name, value in (person.row or {}).items()}
            for each in (student, person.email, row.get("sis user id", ""), row.get("sis login id", "")):
                if each:
                    self._ids.setdefault(each.lower(), set()).add(student)
            if row.get("id"):
                self._numbers.setdefault(row["id"], set()).add(student)
            if person.name:
                for form in _forms(person.name):
                    self._names.setdefault(form, set()).add(student)

    def knows(self, student: str) -> bool:
        """Whether the roster has this ID."""
        return student.lower() in self._ids

    def find(self, ids: Iterable[str], names: Iterable[str], number: str = "") -> tuple[str | None, str]:
        """The student whom some IDs, names, or Canvas's number mean; else None, and why."""
        ids, names = [each for each in ids if each], [each for each in names if each]
        if not self.known:
            first = next(iter([*(each for each in ids if not each.isdecimal()), *names, *ids]), None)
            return (first.strip() if first else None), "nothing says whose it is"
        by_id = [(each, self._ids.get(each.lower(), set())) for each in ids]
        by_name = [(each, self._names.get(_form(each), set())) for each in names]
        for each, those in [(number, self._numbers.get(number, set())), *by_id, *by_name]:
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

    people: tuple[tuple[tuple[str, ...], str], ...]
    """IDs and name of each: a group submits together."""
    time: datetime | None


class _GradescopeLoader(yaml.SafeLoader):
    """Reads what Gradescope's Ruby writes: an object of a class of Ruby's is a mapping of its parts here."""


def _plain(loader: yaml.SafeLoader, _class: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


_GradescopeLoader.add_multi_constructor("!ruby/", _plain)


def _gradescope(files: Sequence[File], source: Path) -> dict[str, _Owner]:
    """Whose the folders are, where Gradescope's list is in a download."""
    owners: dict[str, _Owner] = {}
    for file in files:
        if file.parts == (METADATA,):  # one in a student's folder is the student's
            try:
                content = yaml.load(file.content, _GradescopeLoader)
                owners |= {str(folder): _owner(entry) for folder, entry in content.items()}
            except (yaml.YAMLError, AttributeError, TypeError, ValueError, KeyError, RecursionError):
                why = f"{METADATA} is not Gradescope's: download the submissions again"
                raise ExaminerError(f"{source}: {why}.") from None
    return owners


def _owner(entry: Mapping[str, Any]) -> _Owner:
    people = entry[":submitters"]
    who = [
        (tuple(str(person[key]) for key in (":sid", ":email") if person.get(key)), str(person.get(":name") or ""))
        for person in people
    ]
    created = entry.get(":created_at")
    if isinstance(created, dict):
        created = created.get("utc")
    time = dateutil.parser.parse(created) if isinstance(created, str) else created
    if time is not None and time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return _Owner(tuple(who), time)


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
