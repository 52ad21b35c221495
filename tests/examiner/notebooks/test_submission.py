"""A submission is read once, whatever its folder holds, and nothing in it is changed."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examiner.notebooks import merge, prepared_source, submission
from examiner.notebooks.submission import LeftOut, Repaired, Submission, read_submission
from examiner.outcome import sentence
from tests.examiner.notebooks.damage import damaged, valid
from tests.examiner.notebooks.test_repair import BYTES, TEXT, with_cell
from tests.examiner.small import make_too_deep, source_notebook

EXPECTED = "01_layers", "02_losses"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An honest submission with both notebooks, a helper and parameters."""
    folder = tmp_path / "submitted" / "ada" / "course"
    folder.mkdir(parents=True)
    for name in EXPECTED:
        (folder / f"{name}.ipynb").write_text(TEXT)
    (folder / "parameters.npz").write_bytes(b"weights")
    (folder / "lib").mkdir()
    (folder / "lib" / "helper.py").write_text("x = 1")
    (folder / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC\n")
    return folder


def snapshot(folder: Path) -> dict[str, Any]:
    """All that can be seen of a folder."""
    return {
        str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")
    }


def left_out(found: Submission) -> dict[str, str]:
    """Why each file was left out."""
    return {row.name: row.why for row in found.left_out}


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """An archive."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()


def test_an_honest_submission(folder: Path) -> None:
    before = snapshot(folder)
    found = read_submission(folder, EXPECTED)
    assert sorted(found.notebooks) == sorted(EXPECTED)
    assert found.files == {"parameters.npz": b"weights", "lib/helper.py": b"x = 1"}
    assert (found.left_out, found.repaired, found.submitted_at) == ((), (), "2026-03-01 12:00:00 UTC")
    assert [c.source for c in found.notebooks["01_layers"].cells] == [c["source"] for c in valid()["cells"]]
    assert snapshot(folder) == before
    assert pickle.loads(pickle.dumps(found)) == found
    assert repr(found) == "<Submission: 2 notebooks, 2 files, 0 left out>"


def test_without_expected_names_all_notebooks_are_taken(folder: Path) -> None:
    (folder / "other.ipynb").write_text(TEXT)
    (folder / "lib" / "deep.ipynb").write_text(TEXT)
    found = read_submission(folder)
    assert sorted(found.notebooks) == ["01_layers", "02_losses", "other"]
    assert left_out(found) == {"lib/deep.ipynb": "in a subfolder, not in the submission's own folder"}


def test_what_is_not_regular_is_left_out_by_name(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("another student's work")
    (folder / "01_layers.ipynb").unlink()
    (folder / "01_layers.ipynb").symlink_to(tmp_path / "elsewhere")
    (folder / "02_losses.ipynb").unlink()
    os.mkfifo(folder / "02_losses.ipynb")
    os.link(tmp_path / "elsewhere", folder / "hard.txt")
    (folder / "figures").symlink_to(tmp_path)
    (folder / "03.ipynb").mkdir()
    found = read_submission(folder, EXPECTED)
    assert not found.notebooks
    assert left_out(found) == {
        "01_layers.ipynb": "a symbolic link",
        "02_losses.ipynb": "not a regular file",
        "03.ipynb": "a folder",
        "figures": "a symbolic link",
        "hard.txt": "a hard link",
    }
    assert {row.notebook for row in found.left_out} == {"01_layers", "02_losses", None}
    assert b"another" not in b"".join(found.files.values())


def test_a_folder_that_is_not_there_is_a_row(tmp_path: Path) -> None:
    found = read_submission(tmp_path / "missing", EXPECTED)
    assert found.left_out == (LeftOut("the submission", "unreadable (No such file or directory)"),)
    assert str(found.left_out[0]) == "the submission is unreadable (No such file or directory): it is not graded."


def test_a_damaged_notebook_costs_none_of_the_others(folder: Path) -> None:
    (folder / "01_layers.ipynb").write_text("{")
    found = read_submission(folder, EXPECTED)
    assert list(found.notebooks) == ["02_losses"]
    assert found.left_out == (LeftOut("01_layers.ipynb", "not a valid notebook", "01_layers"),)


def test_repairs_are_said_once_each(folder: Path) -> None:
    (folder / "02_losses.ipynb").write_bytes(with_cell(metadata=None))
    found = read_submission(folder, EXPECTED)
    assert found.repaired == (Repaired("02_losses.ipynb", "it had a cell without metadata"),)
    assert str(found.repaired[0]) == "02_losses.ipynb: it had a cell without metadata."


@pytest.mark.parametrize(
    "name",
    ["._01_layers.ipynb", "__MACOSX/._01_layers.ipynb", ".ipynb_checkpoints/01_layers-checkpoint.ipynb", ".DS_Store",
     "desktop.ini", "~$notes.docx", "lib/.DS_Store"],
)  # fmt: skip
def test_junk_is_passed_over_without_a_word(name: str, folder: Path) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("not a notebook")
    found = read_submission(folder, EXPECTED)
    assert (len(found.notebooks), len(found.files), found.left_out, found.repaired) == (2, 2, (), ())


def test_files_are_limited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "MAX_FILE", 1_000)
    monkeypatch.setattr(submission, "MAX_FILES", 1_500)
    monkeypatch.setattr(submission, "MAX_NUMBER", 4)
    (folder / "large.bin").write_bytes(bytes(1_001))
    (folder / "one.bin").write_bytes(bytes(1_000))
    (folder / "two.bin").write_bytes(bytes(1_000))
    (folder / "a.txt").write_text("a")
    (folder / "z.txt").write_text("z")
    (folder / "x.pyc").write_text("z")
    found = read_submission(folder, EXPECTED, ignored=["*.pyc"])
    assert sorted(found.files) == ["a.txt", "one.bin", "parameters.npz", "z.txt"]
    assert set(left_out(found)) == {"large.bin", "two.bin", "lib/helper.py"}


def test_crowds_and_abysses_are_left_out(folder: Path) -> None:
    (folder / "venv").mkdir()
    for number in range(600):
        (folder / "venv" / str(number)).touch()
    make_too_deep(folder)
    found = read_submission(folder, EXPECTED)
    assert len(found.notebooks) == 2
    assert left_out(found)["venv"] == "one of more than 500 files"
    assert "more than 20 folders deep" in left_out(found).values()


def test_rows_have_an_end(folder: Path) -> None:
    for number in range(200):
        (folder / f"link-{number:03d}").symlink_to("x")
    rows = read_submission(folder, EXPECTED).left_out
    assert len(rows) == 51
    assert rows[-1].name == "150 more"


def test_names_are_shown_as_one_printable_line(folder: Path) -> None:
    (folder / "\x1b]0;title\x07\nERROR forged").symlink_to("x")
    (folder / "odd\x1b[31m.txt").write_text("x")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.txt")).write_text("x")
    found = read_submission(folder, EXPECTED)
    assert len(found.left_out) == 3
    assert all(row.name.isprintable() for row in found.left_out)
    assert all(name.isprintable() for name in found.files)


@pytest.mark.parametrize(
    ("text", "submitted_at", "row"),
    [
        ("", None, False),
        ("see my e-mail", None, True),
        ("\xff\0", None, True),
        ("2026-03-01 12:00:00", "2026-03-01 12:00:00", False),
    ],
)
def test_only_a_valid_time_is_kept(text: str, submitted_at: str | None, row: bool, folder: Path) -> None:
    (folder / "timestamp.txt").write_text(text, encoding="latin-1")
    found = read_submission(folder, EXPECTED)
    assert found.submitted_at == submitted_at
    assert ("timestamp.txt" in left_out(found)) == row


def test_what_was_moved_aside_for_nbgrader_is_still_named(folder: Path) -> None:
    (folder / ".left_out").mkdir()
    (folder / ".left_out" / "notes.txt").symlink_to("x")
    (folder / ".left_out" / "big.txt").write_text("")
    (folder / ".left_out" / "timestamp.txt").write_text("no")
    assert left_out(read_submission(folder, EXPECTED)) == {
        "notes.txt": "a symbolic link",
        "big.txt": "one of more than 500 files",
        "timestamp.txt": "not a valid timestamp",
    }


# ------------------------------------------------------------------------------------ other names


@pytest.mark.parametrize(
    "name",
    [
        "01_Layers.ipynb", "Copy of 01_layers.ipynb", "01_layers (1).ipynb", "01_layers.ipynb.txt", "01_layers-1.ipynb",
        "01_layers.ipynb.json", "01 layers.ipynb", "01-layers.ipynb", "01_layers-Copy1.ipynb", "01_layers copy.ipynb",
        "01_layers-Copy1 (2).ipynb", "01_layers_final.ipynb", "course/01_layers.ipynb", "a/b/01_layers.ipynb",
        "ada_4711_01_layers.ipynb", "01_layers_Ada_Lovelace.ipynb", "01_LAYERS.IPYNB", " 01_layers.ipynb",
        "01_layers.json", "01_layers\N{PARTY POPPER}.ipynb", "\u202b01_layers\u200f.ipynb", "01%5Flayers%20(1).ipynb",
        "Ada Lovelace - 01_layers - 2026-03-01.ipynb", "course\\01_layers.ipynb", "01_layers..ipynb",
    ],
)  # fmt: skip
def test_a_plausible_file_is_taken_and_said(name: str, folder: Path) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / "01_layers.ipynb").rename(folder / name)
    before = snapshot(folder)
    found = read_submission(folder, EXPECTED)
    assert sorted(found.notebooks) == sorted(EXPECTED)
    assert found.repaired == (Repaired("01_layers.ipynb", f"taken from {sentence(name)}"),)
    assert found.left_out == ()
    assert name not in found.files
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    "name", ["layers.ipynb", "01_lay.ipynb", "scratch.ipynb", "a/b/c/01_layers.ipynb", "01_layers 02_losses.ipynb"]
)
def test_what_is_not_plausible_is_left_out(name: str, folder: Path) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / "01_layers.ipynb").rename(folder / name)
    found = read_submission(folder, EXPECTED)
    assert list(found.notebooks) == ["02_losses"]
    assert list(left_out(found)) == [name]


def test_data_are_not_taken_for_a_notebook(folder: Path) -> None:
    (folder / "01_layers.ipynb").unlink()
    (folder / "01_layers_runs.json").write_text("{}")
    found = read_submission(folder, EXPECTED)
    assert found.left_out == ()
    assert found.files["01_layers_runs.json"] == b"{}"


@pytest.mark.parametrize("name", ["hw.tar.gz", "hw.7z", "hw.RAR", "hw.zip", "course/01_layers.ipynb.gz"])
def test_an_archive_that_gives_nothing_is_named_where_a_notebook_is_missing(name: str, folder: Path) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"locked")
    assert read_submission(folder, EXPECTED).left_out == ()
    (folder / "01_layers.ipynb").unlink()
    assert left_out(read_submission(folder, EXPECTED)) == {name: "an archive in which no notebook was found"}


@pytest.mark.parametrize("name", ["homework.ipynb", "für Ada.ipynb", "sub/final version.ipynb"])
def test_a_notebook_whose_name_says_nothing_is_known_by_its_cells(name: str, folder: Path) -> None:
    (folder / "02_losses.ipynb").unlink()
    written = nbformat.writes(source_notebook())
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(written)
    ids = [cell.id for cell in source_notebook().cells if "nbgrader" in cell.metadata]
    cells = {"01_layers": ["other"], "02_losses": ids}
    found = read_submission(folder, EXPECTED, (), lambda: cells)
    assert [cell.source for cell in found.notebooks["02_losses"].cells] == [c.source for c in source_notebook().cells]
    assert Repaired("02_losses.ipynb", f"taken from {name}") in found.repaired
    few = read_submission(folder, EXPECTED, (), lambda: cells | {"02_losses": [*ids, *map(str, range(len(ids)))]})
    assert "02_losses" not in few.notebooks, "less than half of its cells"
    (folder / "02_losses (1).ipynb").write_text(TEXT)
    named = read_submission(folder, EXPECTED, (), lambda: cells)
    assert Repaired("02_losses.ipynb", "taken from 02_losses (1).ipynb") in named.repaired, "a name says more"


def test_the_right_name_wins(folder: Path) -> None:
    (folder / "01_layers (1).ipynb").write_text("{")
    (folder / "old").mkdir()
    (folder / "old" / "01_layers.ipynb").write_text("{")
    found = read_submission(folder, EXPECTED)
    assert found.repaired == ()
    assert [(row.name, row.why, row.notebook) for row in found.left_out] == [
        ("01_layers (1).ipynb", "an extra copy of 01_layers.ipynb", "01_layers"),
        ("old/01_layers.ipynb", "an extra copy of 01_layers.ipynb", "01_layers"),
    ]


def test_a_right_name_that_is_damaged_is_not_replaced(folder: Path) -> None:
    (folder / "01_layers (1).ipynb").write_text(TEXT)
    (folder / "01_layers.ipynb").write_text("{")
    assert list(read_submission(folder, EXPECTED).notebooks) == ["02_losses"]


def test_of_two_equally_plausible_files_none_is_taken(folder: Path) -> None:
    (folder / "01_layers.ipynb").rename(folder / "01_layers (1).ipynb")
    (folder / "01_layers (2).ipynb").write_text(TEXT + " ")
    found = read_submission(folder, EXPECTED)
    assert list(found.notebooks) == ["02_losses"]
    assert set(left_out(found).values()) == {"one of several files that may be 01_layers.ipynb"}
    (folder / "01_layers (2).ipynb").write_text(TEXT)
    assert len(read_submission(folder, EXPECTED).notebooks) == 2  # the same one twice
    (folder / "01_Layers.ipynb").write_text(TEXT)
    assert "taken from 01_Layers.ipynb" in [row.what for row in read_submission(folder, EXPECTED).repaired]


def test_files_beside_a_notebook_in_a_folder_come_along(folder: Path) -> None:
    inner = folder / "course"
    inner.mkdir()
    for path in [folder / "01_layers.ipynb", folder / "02_losses.ipynb", folder / "parameters.npz"]:
        path.rename(inner / path.name)
    found = read_submission(folder, EXPECTED)
    assert len(found.notebooks) == 2
    assert found.files["parameters.npz"] == b"weights"


# --------------------------------------------------------------------------------------- archives


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty submission."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("prefix", ["", "course/", "home\\course\\"])
def test_notebooks_in_a_zip_are_taken_and_said(prefix: str, empty: Path) -> None:
    names = {
        "01_layers.ipynb": TEXT,
        "02_losses (1).ipynb": TEXT,
        "parameters.npz": b"weights",
        "__MACOSX/._x.ipynb": b"",
    }
    (empty / "work.zip").write_bytes(zipped({prefix + name: content for name, content in names.items()}))
    before = snapshot(empty)
    found = read_submission(empty, EXPECTED)
    shown = "work.zip/" + prefix.replace("\\", "/")
    assert sorted(found.notebooks) == sorted(EXPECTED)
    assert [row.what for row in found.repaired] == [
        f"taken from {shown}01_layers.ipynb", f"taken from {shown}02_losses (1).ipynb",
    ]  # fmt: skip
    assert found.files == {"parameters.npz": b"weights"}
    assert found.left_out == ()
    assert snapshot(empty) == before


def test_a_zip_beside_all_notebooks_is_a_file(folder: Path) -> None:
    (folder / "work.zip").write_bytes(zipped({"01_layers.ipynb": "{"}))
    found = read_submission(folder, EXPECTED)
    assert "work.zip" in found.files
    assert (found.repaired, found.left_out) == ((), ())


def hostile_zips() -> dict[str, bytes]:
    """Archives that are damaged, or that harm who unpacks them."""
    good = zipped({"01_layers.ipynb": TEXT})
    link = io.BytesIO()
    with zipfile.ZipFile(link, "w") as archive:
        info = zipfile.ZipInfo("01_layers.ipynb")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    encrypted = bytearray(good)
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        encrypted[encrypted.index(mark) + offset] |= 1
    return {
        "bomb": zipped({"01_layers.ipynb": bytes(3_000_000)}),
        "damaged": good[:60] + b"xxxxxxxx" + good[68:],
        "cut off": good[:-30],
        "link": link.getvalue(),
        "encrypted": bytes(encrypted),
        "empty": b"",
        "no zip": b"PK",
        "outside": zipped({"../01_layers.ipynb": TEXT, "/01_layers.ipynb": TEXT}),
        "many": zipped({f"{number}.txt": "" for number in range(6_000)}),
        "zip in zip": zipped({"work.zip": good}),
    }


@pytest.mark.parametrize("which", list(hostile_zips()))
def test_no_zip_harms(which: str, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "MAX_READ", 1_000_000)
    (empty / "work.zip").write_bytes(hostile_zips()[which])
    before = snapshot(empty.parent)
    found = read_submission(empty, EXPECTED)
    assert not found.notebooks
    assert snapshot(empty.parent) == before


@pytest.mark.parametrize(("blanks", "taken"), [(200_000, True), (90_000_000, False)])
def test_a_small_archive_costs_little_memory(blanks: int, taken: bool, empty: Path) -> None:
    (empty / "work.zip").write_bytes(zipped({"01_layers.ipynb": TEXT + " " * blanks}))
    tracemalloc.start()
    try:
        found = read_submission(empty, EXPECTED)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (list(found.notebooks) == ["01_layers"]) is taken
    assert taken or "01_layers.ipynb" in found.left_out[0].name
    assert peak < 80_000_000  # a buffer for the archive is 64 MB


# ---------------------------------------------------------------------------------------- fuzzing


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for one submission after the other."""
    return tmp_path_factory.mktemp("submission")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    """The source notebook as the gradebook knows it."""
    path = tmp_path_factory.mktemp("source") / "one.ipynb"
    nbformat.write(source_notebook(), path)
    return prepared_source(path)


def read_and_merge(data: bytes, place: Path, source: nbformat.NotebookNode) -> None:
    (place / "one.ipynb").write_bytes(data)
    before = copy.deepcopy(source)
    found = read_submission(place, ["one"])
    assert len(found.notebooks) + len(found.left_out) == 1
    for notebook in found.notebooks.values():
        nbformat.validate(notebook)
        graded = merge(source, notebook)
        nbformat.validate(graded)
        nbformat.writes(graded).encode()
        assert [c.metadata for c in graded.cells if "nbgrader" in c.metadata] == [
            c.metadata for c in before.cells if "nbgrader" in c.metadata
        ]
    assert source == before


DATA = st.one_of(BYTES, st.builds(lambda notebook: json.dumps(notebook).encode(), damaged()))
NO_WORRY = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@given(data=DATA)
@settings(max_examples=50, deadline=None, suppress_health_check=NO_WORRY)
def test_any_file_is_graded_or_left_out(data: bytes, place: Path, source: nbformat.NotebookNode) -> None:
    read_and_merge(data, place, source)


@pytest.mark.long
@given(data=DATA)
@settings(max_examples=2_000, deadline=None, suppress_health_check=NO_WORRY)
def test_very_many_files_are_graded_or_left_out(data: bytes, place: Path, source: nbformat.NotebookNode) -> None:
    read_and_merge(data, place, source)


NAMES = st.text(alphabet=st.sampled_from("01_layers.ipynb.txt ()COPYÄ\x1b\n"), min_size=1, max_size=30)


@given(names=st.lists(NAMES, max_size=5, unique=True))
@settings(max_examples=40, deadline=None)
def test_any_names_are_read(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("names")
    for name in names:
        if name not in (".", ".."):
            (folder / name).write_text(TEXT)
    found = read_submission(folder, EXPECTED)
    assert set(found.notebooks) <= set(EXPECTED)
    shown = [text for row in found.left_out for text in (row.name, row.why)] + [row.what for row in found.repaired]
    assert all(text.isprintable() for text in [*shown, *found.files])
