"""Downloads of platforms: whose file it is, the newest one, and that nothing leaves submitted/."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from examiner._exceptions import ExaminerError
from examiner.cli.main import main
from examiner.course import Course
from examiner.exchange import Collected, collect, read_roster
from examiner.exchange import archives as archives_module
from tests.examiner.exchange.test_roster import CANVAS

EARLY, LATE = (2026, 3, 1, 10, 0, 0), (2026, 3, 2, 10, 0, 0)
Files = dict[str, bytes | tuple[bytes, tuple[int, ...]]]


def packed(files: Files, time: tuple[int, ...] = EARLY) -> bytes:
    """A ZIP archive."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            text, when = content if isinstance(content, tuple) else (content, time)
            archive.writestr(zipfile.ZipInfo(name, when), text, zipfile.ZIP_DEFLATED)  # type: ignore[arg-type]
    return data.getvalue()


@pytest.fixture
def put(root: Path) -> object:
    """A function that collects an archive, with a roster or without one."""

    def collected(files: Files | bytes, roster: str | None = CANVAS, name: str = "class.zip") -> Collected:
        (root / name).write_bytes(files if isinstance(files, bytes) else packed(files))
        (root / "roster.csv").write_text(roster or "")
        people = read_roster(root / "roster.csv") if roster else None
        return collect(Course.load("small"), [root / name], people)

    for student in ("ada", "bob"):  # what the fixture has put there
        for path in (root / "submitted" / student / "small").iterdir():
            path.unlink()
    return collected


def there(root: Path, student: str) -> dict[str, bytes]:
    """A student's submission."""
    folder = root / "submitted" / student / "small"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.is_dir() else {}


GRADESCOPE = b"""
submission_7:
  :submitters:
  - :name: Ada Lovelace
    :sid: ada
    :email: ada@example.org
  :created_at: 2026-03-02 12:00:00.123456000 +02:00
submission_8:
  :submitters:
  - :name: Babbage, Bob
    :sid:
    :email:
  :created_at: '2026-03-01 10:00:00 UTC'
"""
DOWNLOADS: dict[str, Files] = {
    "Canvas": {
        "lovelaceada_11_501_one.ipynb": b"1",
        "lovelaceada_11_502_w.npz": b"w",
        "babbagebob_LATE_12_503_one.ipynb": b"2",
        "babbagebob_LATE_12_504_w-2.npz": b"new",
        "babbagebob_LATE_12_505_w-1.npz": b"old",
    },
    "Canvas, archives": {
        "lovelaceada_11_501_small.zip": packed({"one.ipynb": b"1", "w.npz": b"w"}),
        "babbagebob_12_503_small-2.zip": packed({"work/one.ipynb": b"2", "work/w.npz": b"new", "work/notes.txt": b""}),
    },
    "Moodle": {
        "Ada Lovelace_99_assignsubmission_file_/one.ipynb": b"1",
        "Ada Lovelace_99_assignsubmission_file_/w.npz": b"w",
        "Bob Babbage_98_assignsubmission_file_/small.zip": packed({"one.ipynb": b"2", "w.npz": b"new"}),
    },
    "Moodle, one folder": {
        "ps1/Ada Lovelace_99_assignsubmission_file/one.ipynb": b"1",
        "ps1/Ada Lovelace_99_assignsubmission_file/w.npz": b"w",
        "ps1/Bob Babbage_98_assignsubmission_file/a/b/one.ipynb": b"2",
        "ps1/Bob Babbage_98_assignsubmission_file/a/b/w.npz": b"new",
    },
    "Moodle, no folders": {
        "Ada Lovelace_99_assignsubmission_file_one.ipynb": b"1",
        "Ada Lovelace_99_assignsubmission_file_w.npz": b"w",
        "Bob Babbage_98_assignsubmission_file_my work.zip": packed({"one.ipynb": b"2", "w.npz": b"new"}),
    },
    "Gradescope": {
        "assignment_1_export/submission_metadata.yml": GRADESCOPE,
        "assignment_1_export/submission_7/one.ipynb": b"1",
        "assignment_1_export/submission_7/w.npz": b"w",
        "assignment_1_export/submission_8/one.ipynb": b"2",
        "assignment_1_export/submission_8/w.npz": b"new",
    },
    "folders": {"ada/one.ipynb": b"1", "ada/w.npz": b"w", "bob/one.ipynb": b"2", "bob/w.npz": b"new"},
    "archives": {
        "ada.zip": packed({"one.ipynb": b"1", "w.npz": b"w"}),
        "bob.zip": packed({"one.ipynb": b"2", "w.npz": b"new"}),
    },
    "what macOS and Jupyter leave": {
        "ada.zip": packed({"small/one.ipynb": b"1", "small/w.npz": b"w", "__MACOSX/small/._one.ipynb": b"\0\5\x16\7"}),
        "bob/one.ipynb": b"2",
        "bob/w.npz": b"new",
        "bob/.ipynb_checkpoints/one-checkpoint.ipynb": b"old",
        "__MACOSX/bob/._w.npz": b"\0\5\x16\7",
    },
    "Windows": {"ada\\one.ipynb": b"1", "ada\\w.npz": b"w", "bob\\one.ipynb": b"2", "bob\\w.npz": b"new"},
}


@pytest.mark.parametrize("unpacked", [False, True])
@pytest.mark.parametrize("name", DOWNLOADS)
def test_everybody_has_their_files(name: str, unpacked: bool, root: Path, put) -> None:  # type: ignore[no-untyped-def]
    if unpacked:
        folder = root / "class"
        with zipfile.ZipFile(io.BytesIO(packed(DOWNLOADS[name]))) as archive:
            archive.extractall(folder)
        (root / "roster.csv").write_text(CANVAS)
        done = collect(Course.load("small"), [folder], read_roster(root / "roster.csv"))
    else:
        done = put(DOWNLOADS[name])
    assert done == Collected(("ada", "bob"), (), ())
    ada, bob = there(root, "ada"), there(root, "bob")
    assert (ada.pop("timestamp.txt")[:2], bob.pop("timestamp.txt")[-5:]) == (b"20", b" UTC\n")
    assert ada == {"one.ipynb": b"1", "w.npz": b"w"}
    assert bob == {"one.ipynb": b"2", "w.npz": b"new"}
    assert not list((root / "submitted").glob("*/.collect*"))


def test_gradescope_says_when_it_was_submitted(root: Path, put) -> None:  # type: ignore[no-untyped-def]
    put(DOWNLOADS["Gradescope"])
    assert there(root, "ada")["timestamp.txt"] == b"2026-03-02 10:00:00 UTC\n"


RUBY = b"""
submission_7:
  :submitters:
  - :name: Ada Lovelace
    :sid: ada
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: &1 2026-03-02 10:00:00.123456000 Z
    zone: &2 !ruby/object:ActiveSupport::TimeZone
      name: America/Los_Angeles
    time: 2026-03-02 02:00:00.123456000 Z
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    score: 3
  :late: !ruby/sym no
"""


def test_gradescope_may_write_objects_of_ruby(root: Path, put) -> None:  # type: ignore[no-untyped-def]
    assert put({"submission_metadata.yml": RUBY, "submission_7/one.ipynb": b"1"}).written == ("ada",)
    assert there(root, "ada")["timestamp.txt"] == b"2026-03-02 10:00:00 UTC\n"


@pytest.mark.parametrize("roster", [CANVAS, None])
def test_who_submitted_no_notebook_is_named(roster: str | None, root: Path, put) -> None:  # type: ignore[no-untyped-def]
    files: Files = {
        "Ada Lovelace_97_assignsubmission_file_/one.ipynb": b"1",
        "Ada Lovelace_97_assignsubmission_file_/notes.pdf": b"more",
        "Bob Babbage_98_assignsubmission_file_/essay.pdf": b"text",
        "Bob Babbage_98_assignsubmission_onlinetext_/onlinetext.html": b"text",
    }
    bob = "bob" if roster else "Bob Babbage"
    found = put(files, roster)
    assert found.left == (f"{bob}: no notebook, only essay.pdf, onlinetext.html",)
    assert len(found.written) == 1
    assert there(root, "bob") == {}


def test_the_newest_file_is_kept_and_nothing_newer_is_overwritten(root: Path, put) -> None:  # type: ignore[no-untyped-def]
    assert put({"ada/one.ipynb": (b"new", LATE), "ada/again/one.ipynb": (b"old", EARLY)}).written == ("ada",)
    assert there(root, "ada")["one.ipynb"] == b"new"
    assert put({"ada/one.ipynb": (b"old", EARLY)}).kept == ("ada",)
    assert put({"ada/one.ipynb": (b"new", LATE)}).kept == ("ada",)
    assert there(root, "ada")["one.ipynb"] == b"new"
    newest = (b"newest", (*LATE[:5], 4))
    assert put({"ada/one.ipynb": newest}).written == ("ada",)
    assert there(root, "ada")["one.ipynb"] == b"newest"


def test_without_a_roster_a_student_is_what_the_platform_says(root: Path, put) -> None:  # type: ignore[no-untyped-def]
    assert put(DOWNLOADS["Canvas"], None).written == ("babbagebob", "lovelaceada")
    assert put(DOWNLOADS["Moodle"], None).written == ("Ada Lovelace", "Bob Babbage")
    assert put(DOWNLOADS["Moodle, no folders"], None).kept == ("Ada Lovelace", "Bob Babbage")
    assert put(DOWNLOADS["Gradescope"], None).written == ("Babbage, Bob", "ada")
    assert put(DOWNLOADS["folders"], None).written == ("bob",)  # Gradescope's of ada is newer


FORGED: dict[str, Files] = {
    "a Canvas name in a folder": {"bob/lovelaceada_11_501_one.ipynb": b"forged"},
    "a Canvas name on Canvas": {"babbagebob_12_503_lovelaceada_11_501_one.ipynb": b"forged"},
    "in an archive on Canvas": {"babbagebob_12_503_a.zip": packed({"lovelaceada_11_501_one.ipynb": b"forged"})},
    "a Moodle folder in an archive": {
        "Bob Babbage_98_assignsubmission_file_/a.zip": packed(
            {"Ada Lovelace_99_assignsubmission_file_/one.ipynb": b"x"}
        )
    },
    "a Moodle name on Moodle, no folders": {
        "Bob Babbage_98_assignsubmission_file_Ada Lovelace_99_assignsubmission_file_one.ipynb": b"forged"
    },
    "Gradescope's list in a folder": {
        "Bob Babbage_98_assignsubmission_file_/submission_metadata.yml": GRADESCOPE,
        "Bob Babbage_98_assignsubmission_file_/submission_7/one.ipynb": b"forged",
    },
    "a folder of another student": {"bob/ada/one.ipynb": b"forged"},
    "a group with one who is not here": {
        "submission_metadata.yml": "submission_1: {':submitters': [{':name': Bob Babbage}, {':name': Eve}]}",
        "submission_1/one.ipynb": b"both",
    },
}


@pytest.mark.parametrize("name", FORGED)
def test_nobody_submits_for_another(name: str, root: Path, put) -> None:  # type: ignore[no-untyped-def]
    done = put(FORGED[name])
    assert done.written == ("bob",)
    assert there(root, "ada") == {}


@pytest.mark.parametrize("roster", [CANVAS, None])
def test_a_student_s_own_archive_is_that_student_s_whatever_it_holds(roster: str | None, root: Path, put) -> None:  # type: ignore[no-untyped-def]
    put({"ada/one.ipynb": b"ada's", "bob/one.ipynb": b"bob's"}, roster)
    forged = {"ada/one.ipynb": (b"forged", (2099, 1, 1, 0, 0, 0)), "x/one.ipynb": (b"x", (2099, 1, 1, 0, 0, 0))}
    assert put(forged, roster, "bob.zip").written == ("bob",)
    assert there(root, "ada")["one.ipynb"] == b"ada's"
    when = datetime.strptime(there(root, "bob")["timestamp.txt"].decode().strip(), "%Y-%m-%d %H:%M:%S UTC")
    assert when.year < 2099  # no submission is from the future, or nothing newer could follow
    assert put({"one.ipynb": b"1"}, None, "cyd.zip").written == ("cyd",)


def test_a_list_in_a_student_s_folder_is_not_gradescope_s(root: Path, put) -> None:  # type: ignore[no-untyped-def]
    forged = {"eve_work/submission_metadata.yml": GRADESCOPE, "eve_work/submission_7/one.ipynb": b"forged"}
    for roster in (CANVAS, None):
        with pytest.raises(ExaminerError, match="is in a folder eve_work"):
            put(forged, roster)
    assert there(root, "ada") == {}


SAME_NAME: dict[str, Files] = {
    "Canvas": {"liwei_111_501_one.ipynb": b"first", "liwei_222_502_one.ipynb": b"second"},
    "Moodle": {
        "Li Wei_111_assignsubmission_file_/one.ipynb": b"first",
        "Li Wei_222_assignsubmission_file_/one.ipynb": b"second",
    },
}


@pytest.mark.parametrize("platform", SAME_NAME)
@pytest.mark.parametrize("roster", [None, "student_id,name\nlw1,Li Wei\n"])
def test_two_people_of_one_name_are_not_one_student(platform: str, roster: str | None, root: Path, put) -> None:  # type: ignore[no-untyped-def]
    done = put(SAME_NAME[platform], roster)
    assert done.written == ()
    assert "2 people of this name: 111, 222" in "".join(done.left)
    assert not list((root / "submitted").rglob("*.ipynb"))


def test_the_time_of_an_archive_is_the_platform_s(root: Path, put) -> None:  # type: ignore[no-untyped-def]
    late, early = (2026, 3, 9, 12, 0, 0), (2026, 2, 1, 12, 0, 0)
    put({"lovelaceada_11_501_work.zip": (packed({"one.ipynb": b"1"}, early), late)})
    assert there(root, "ada")["timestamp.txt"].startswith(b"2026-03-09")


def test_a_canvas_number_is_no_other_student_s_id(root: Path, put) -> None:  # type: ignore[no-untyped-def]
    roster = CANVAS.replace('"Lovelace, Ada",11,u1', '"Lovelace, Ada",4521,900').replace("12,u2", "77,4521")
    assert put({"lovelaceada_4521_501_one.ipynb": b"1"}, roster).written == ("ada",)


def test_a_group_s_submission_is_everybody_s(root: Path, put) -> None:  # type: ignore[no-untyped-def]
    listed = "submission_1: {':submitters': [{':name': Bob Babbage}, {':name': Ada Lovelace}]}"
    assert put({"submission_metadata.yml": listed, "submission_1/one.ipynb": b"1"}).written == ("ada", "bob")


def test_a_no_break_space_is_a_blank(root: Path, put) -> None:  # type: ignore[no-untyped-def]
    assert put({"bob/one\u00a0(1).ipynb": b"1"}).written == ("bob",)
    assert "one (1).ipynb" in there(root, "bob")


TWO = "student_id,name\nada1,Ada Lovelace\nada2,Ada Lovelace\nbob,Bob Babbage\n"
HOSTILE: dict[str, tuple[Files, str]] = {
    "two of one name": (
        {"Ada Lovelace_1_assignsubmission_file_/one.ipynb": b""},
        "2 students are called Ada Lovelace: ada1, ada2",
    ),
    "nobody's": ({"Eve_1_assignsubmission_file_/one.ipynb": b""}, "Eve is not on the roster"),
    "no folder": ({"one.ipynb": b""}, "no folder or file name says whose it is"),
    "a control character": ({"bob/o\x1b[2Jne.ipynb": b""}, "its name cannot be a file's"),
    "hidden": ({"bob/.one.ipynb": b""}, "its name cannot be a file's"),
    "a long name": ({f"bob/{'x' * 300}.ipynb": b""}, "its name cannot be a file's"),
    "a bomb": ({"bob/one.ipynb": b"0" * 60_000_000}, "bob/one.ipynb: unpacks to 60,000,000 bytes"),
    "a damaged archive": ({"bob/small.zip": b"PK\x03\x04 damaged"}, "is not a ZIP archive that can be read"),
    "archives in archives": (
        {"bob/a.zip": packed({"b.zip": packed({"c.zip": packed({"d.zip": packed({"one.ipynb": b"deep"})})})})},
        "bob: no notebook, only d.zip",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_placed_is_said_and_costs_nobody_else(name: str, root: Path, put) -> None:  # type: ignore[no-untyped-def]
    files, said = HOSTILE[name]
    done = put({**files, "ada1/one.ipynb": b"good"}, TWO)
    assert done.written == ("ada1",)
    assert len(done.left) == 1
    assert said in "".join(done.left)
    assert "".join(done.left).isprintable()


@pytest.mark.parametrize(
    "path",
    [
        "../../ada/one.ipynb",
        "/ada/one.ipynb",
        "C:\\ada\\..\\ada\\one.ipynb",
        "ada/../../../one.ipynb",
        "..\\ada/one.ipynb",
    ],
)
def test_no_path_leads_out(path: str, root: Path, put) -> None:  # type: ignore[no-untyped-def]
    def outside() -> set[Path]:
        """Everything around; other tests' folders may be too deep to be listed, which `os.walk` passes over."""
        found = (Path(base, name) for base, folders, files in os.walk(root.parent) for name in [*folders, *files])
        return {each for each in found if "submitted" not in each.parts}

    before = outside()
    put({path: b"x"}, None)
    assert {each.name for each in outside() - before} <= {"class.zip", "roster.csv"}
    for each in (root / "submitted").rglob("*.ipynb"):
        assert each.parent.name == "small"


def test_links_are_not_followed(root: Path, put, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    link = zipfile.ZipInfo("ada/one.ipynb", EARLY)
    link.external_attr = 0o120777 << 16
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert put(data.getvalue()).written == ()
    folder = tmp_path / "class" / "ada"
    folder.mkdir(parents=True)
    os.symlink("/etc/passwd", folder / "one.ipynb")
    assert collect(Course.load("small"), [folder.parent], None).written == ()


def test_a_download_that_is_none_changes_nothing(root: Path, put, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ExaminerError, match=r"class\.zip is not a ZIP archive that can be read: .*zip"):
        put(b"no archive")
    with pytest.raises(ExaminerError, match=r"submission_metadata\.yml is not Gradescope's"):
        put({"submission_metadata.yml": b"- [", "ada/one.ipynb": b"1"})
    monkeypatch.setattr(archives_module, "MAX_FILES", 3)
    with pytest.raises(ExaminerError, match="too large to be a class's submissions"):
        put({f"ada/{number}.ipynb": b"1" for number in range(4)})
    assert there(root, "ada") == {}


def test_the_command_says_what_it_did(root: Path, put, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    (root / "roster.csv").write_text(CANVAS)
    (root / "class.zip").write_bytes(packed({**DOWNLOADS["Canvas"], "eve_77_1_one.ipynb": b""}))
    assert main(["collect", "small", "class.zip", "--roster", "roster.csv"]) == 1
    said = capsys.readouterr().out
    assert "not placed: eve_77_1_one.ipynb: eve is not on the roster" in said
    assert "2 submissions written: submitted/<student>/small/" in said
    assert main(["collect", "small", "none.zip"]) == 2
    assert "none.zip cannot be read: No such file or directory." in capsys.readouterr().err
    assert datetime.strptime(there(root, "ada")["timestamp.txt"].decode().strip(), "%Y-%m-%d %H:%M:%S UTC")
