"""Whatever a folder holds: a row, marks that fit its notebooks, and no long work before anything runs."""

from __future__ import annotations

import json
import shutil
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import SAWarning

from examiner.course import ClassRun, Course
from examiner.outcome import StudentOutcome
from tests.examiner.course.fakes import InThisProcess
from tests.examiner.notebooks.damage import damaged

NAMES = [
    "one.ipynb", "One (2).ipynb", "a/one.ipynb", "one.ipynb.txt", "two.ipynb", "w.npz", "timestamp.txt", "x.html",
    "._one.ipynb", "one.zip", "toolkit/checks.py", ".left_out/one.ipynb", "\u202ex.ipynb", "n\n.ipynb", "é.npz",
]  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252"]
PROCESSOR_SECONDS = 5


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """A file: a damaged notebook, its bytes damaged as well, or anything."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    content = json.dumps(draw(damaged()), ensure_ascii=draw(st.booleans()))
    data = bytearray(content.encode(draw(st.sampled_from(ENCODINGS)), "replace"))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2, 5]))):
        place = draw(st.integers(0, len(data)))
        end = place + draw(st.sampled_from([0, 1, 2, 50, len(data)]))
        data[place:end] = draw(st.sampled_from([b"", b"\0", b"\xff\xfe", b'"', b"{", b"\x1b[2J", b"[" * 3000])) or b""
    return bytes(data)


@st.composite
def submissions(draw: st.DrawFn) -> dict[str, bytes]:
    """Files of a submission, by name."""
    more = draw(st.dictionaries(st.sampled_from(NAMES), contents(), max_size=3))
    return more if draw(st.integers(0, 4)) == 0 else {**more, "one.ipynb": draw(contents())}


def row_of(root: Path, files: dict[str, bytes]) -> tuple[StudentOutcome, float]:
    """Grade a submission with the fake grader: its row, and the processor time that it took."""
    folder = root / "submitted" / "ada" / "small"
    shutil.rmtree(folder)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    report = ClassRun(Course.load("small")).grade(["ada"], InThisProcess(), force=True, show=lambda *_: None)
    taken = time.process_time() - began
    json.loads(report.as_json().encode())
    return report.students["ada"], taken


def check(row: StudentOutcome, files: dict[str, Any], graded: bool) -> None:
    """What must hold of every row."""
    assert row.status == "graded" or row.reason
    assert row.reason is None or row.reason.isprintable()
    assert "Error: " not in (row.reason or ""), row.reason
    scores = {test.score for each in row.notebooks.values() for test in each.tests.values()}
    if graded:
        assert (row.score is None) == (scores == {None})  # a person has to look
    else:
        assert (row.score, row.status, scores) == (None, "failed", {None})


@pytest.mark.parametrize("cases", [20, pytest.param(2000, marks=pytest.mark.long)])
def test_every_submission_has_a_row(cases: int, root: Path) -> None:
    warnings.simplefilter("ignore", SAWarning)

    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(submissions())
    def one(files: dict[str, bytes]) -> None:
        row, taken = row_of(root, files)
        check(row, files, (root / "autograded" / "ada" / "small" / "one.ipynb").exists())
        assert taken < PROCESSOR_SECONDS

    one()
    assert not any((root / ".cache" / "recording").glob("*/*"))


LARGE = {
    "one long line": lambda: "x = [" + "1," * 7_000_000 + "]",
    "nested brackets": lambda: "x = " + "(" * 400_000 + ")" * 400_000,
    "many definitions": lambda: "\n".join(f"def f{number}(x):\n    return x" for number in range(300_000)),
    "many colons": lambda: "a: " * 3_000_000,
    "blank lines": lambda: "\n \n" * 3_000_000 + "=",
    "quotes": lambda: '"""\'' * 3_000_000,
    "commas": lambda: ("a, " * 200_000 + "\n") * 20,
    "html": lambda: "<a <!-- [](" * 1_000_000,
    "dollars": lambda: "$\\href{" * 1_000_000,
    "entities": lambda: "&#38;#38;" * 1_000_000,
    "magics": lambda: "%%x !ls\n" * 1_500_000,
    "while": lambda: "while " + "(" * 5_000_000 + " " * 5_000_000,
}


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("kind", ["code", "markdown"])
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.long) for name in LARGE])
def test_a_cell_of_many_megabytes_is_read_in_seconds(name: str, kind: str, stripped: bool, root: Path) -> None:
    warnings.simplefilter("ignore", SAWarning)
    path = root / "submitted" / "ada" / "small" / "one.ipynb"
    content = json.loads(path.read_text())
    for each in content["cells"]:
        if stripped:
            each["metadata"] = {}
            each["id"] = f"c{len(each['source'])}"
        if each["id"] in ("double", "explain"):
            each["source"] = LARGE[name]()
    content["cells"].append({"cell_type": kind, "source": LARGE[name]()[:6_000_000], "metadata": {}, "outputs": []})
    row, taken = row_of(root, {"one.ipynb": json.dumps(content).encode()})
    assert row.status == "graded" or row.reason
    assert taken < PROCESSOR_SECONDS
