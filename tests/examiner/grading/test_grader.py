"""The grader of an assignment: its own process stays as it is, and assignments do not meet."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
import pytest

from examiner.assignment import find_assignment
from examiner.engine import Engine
from examiner.grading import Grader
from examiner.grading.grader import _builds_on, _stripped
from examiner.notebooks import Outputs, fill_in, merge, prepared_source, read, solutions
from examiner.outcome import NotebookOutcome
from examiner.sandbox import SharedFiles
from examiner.settings import Options, Timing
from tests.conftest import ROOT
from tests.examiner.small import (
    PLAIN_TESTS,
    assignment_of,
    cell,
    grade,
    needs_bubblewrap,
    scores,
    submission,
    write_catalogue,
    write_course,
    write_plain_course,
    write_toolkit_course,
)

OPTIONS = Options("none")
FULL = {"test_double": 4.0, "test_square": 4.0, "test_Net": 4.0}
OWN_SUM = {"sum_of_squares": "def sum_of_squares(n):\n    return n * (n + 1) * (2 * n + 1) // 6"}


def graded(grader: Grader, name: str, answers: dict[str, str] | None = None) -> NotebookOutcome:
    """Grade the reference of a notebook, with some other answers."""
    path = grader.assignment.notebook(name)
    filled = fill_in(prepared_source(path), {**solutions(read(path)), **(answers or {})})
    return grader.grade(merge(prepared_source(path), filled), name, {})


def test_the_graders_own_process_stays_as_it_is(tmp_path: Path) -> None:
    """Folder, environment, search path, modules, limits, signals and timers: before, during and after."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.examiner.grading.untouched", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["right"] == FULL
    assert found["wrong"] == {**FULL, "test_double": 0.0}
    assert found["diagnosis"] == ["It triples."]
    assert (found["after"], found["during"], found["modules"]) == ({}, [], [])
    assert found["looks"] > 10


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0, 1)])
def test_two_assignments_in_one_process_have_a_toolkit_each(order: tuple[int, ...], tmp_path: Path) -> None:
    values = 1.25, 2.5
    with ExitStack() as stack:
        graders = [
            stack.enter_context(Grader(write_toolkit_course(tmp_path / str(number), value), OPTIONS))
            for number, value in enumerate(values)
        ]
        for number in order:
            outcome = graded(graders[number], "one")
            assert (outcome.status, scores(outcome)) == ("graded", {"test_told": values[number]})


# ------------------------------------------------------------ a course without toolkit and checks


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """A grader of an assignment as any course has it."""
    with Grader(write_plain_course(tmp_path_factory.mktemp("plain")), OPTIONS) as made:
        yield made


@pytest.fixture(scope="module")
def engine(plain: Grader) -> Engine:
    """The engine that runs trusted answers of the same assignment."""
    return plain.engine


@pytest.mark.parametrize(
    "answers",
    [
        {},
        OWN_SUM,
        {"rate": "rate = 3"},
        {"scaled": "def scaled(x):\n    return 0.5 * x"},
        {"squares": "def squares(n):\n    return []"},
    ],
)
def test_grading_and_audit_give_the_same_scores(answers: dict[str, str], plain: Grader, engine: Engine) -> None:
    outcome = graded(plain, "squares", answers)
    with engine.fork() as child:
        trusted = child.call("tests.examiner.engine.inside:scores", "squares", answers, list(PLAIN_TESTS))
    assert outcome.status == "graded"
    assert scores(outcome) == {test: score for test, (score, _) in trusted.items()}


def test_a_deleted_or_bound_name_of_an_answer_reaches_it_and_is_put_back(plain: Grader) -> None:
    assert scores(graded(plain, "squares")) == dict.fromkeys(PLAIN_TESTS, 4.0) | {"test_rate": 1.5}
    own = scores(graded(plain, "squares", OWN_SUM))
    lost = {"test_sum_of_squares": 0.0, "test_sum_of_squares__not_put_back": 0.0}
    assert own == dict.fromkeys(PLAIN_TESTS, 4.0) | {"test_rate": 1.5} | lost


# ------------------------------------------------------------------------------- what it keeps


def test_a_diagnosis_is_given_and_can_be_left_out(tmp_path: Path) -> None:
    source = write_course(tmp_path)
    write_catalogue(tmp_path, "@catalogue.misconception('double', 'It triples.')\ndef triples(x):\n    return 3 * x\n")
    wrong = submission({"double": "def double(x):\n    return x + x + x"})
    for diagnosis, told in ((True, (("triples",), ("It triples.",))), (False, ((), ()))):
        with Grader(assignment_of(source, catalogue="mistakes"), Options("none", diagnosis=diagnosis)) as grader:
            outcome, notebook = grade(grader, wrong)
        test = outcome.tests["test_double"]
        assert (test.misconceptions, test.diagnosis) == told
        found = next(each for each in notebook.cells if each.id == "test_double")
        assert ("It triples." in found.outputs[0].data["text/html"]) is diagnosis


def test_a_diagnosis_that_fails_leaves_the_marks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = write_course(tmp_path)
    write_catalogue(tmp_path, "raise ValueError('half written')")
    with Grader(assignment_of(source, catalogue="mistakes"), OPTIONS) as grader:
        outcome, _ = grade(grader, submission({"double": "def double(x):\n    return x"}))
    assert (outcome.status, scores(outcome)) == ("graded", {**FULL, "test_double": 0.0})
    assert "Lost points are not diagnosed: ValueError: half written" in caplog.text


def test_a_closed_grader_starts_again(plain: Grader) -> None:
    plain.close()
    assert scores(graded(plain, "squares"))["test_squares"] == 4.0
    assert repr(plain) == "<Grader of plain, isolation none>"


BASES = """
import toolkit.data
first, second = toolkit.data.load_mnist(), toolkit.data.load_california_housing()
base = first.X_test
while getattr(base, "base", None) is not None:
    base = base.base
import os
links = [f"/proc/self/fd/{each}" for each in os.listdir("/proc/self/fd")]
links = [os.readlink(each) for each in links if os.path.lexists(each)]
print(type(base).__name__, first.X_test.flags.writeable, toolkit.data.load(second.name) is second, second.y_test.shape)
print(links)
"""


@needs_bubblewrap
def test_sandboxes_map_the_data_sets_that_the_engine_has_loaded() -> None:
    assignment = find_assignment("neural_networks", ROOT)
    with Grader(assignment, Options(data_dir=assignment.data_dir())) as grader, grader._start() as host:
        outputs = Outputs()
        host.start().execute(BASES, outputs, 20, Timing())
        (said,) = outputs.finished()
        assert said.text.split()[:3] == ["memoryview", "False", "True"]
        assert "memfd" not in said.text.split("\n")[1]


@needs_bubblewrap
def test_sandboxes_show_one_copy_of_the_files_until_the_grader_is_closed(tmp_path: Path) -> None:
    assignment = write_plain_course(tmp_path)
    (assignment.source / "notes.txt").write_text("first")
    shown = Outputs()
    with Grader(assignment, Options()) as grader:
        folders = []
        for _ in range(2):
            with grader._start() as host:
                folders.append(host.sandbox._folders.files)
        assert folders[0] == folders[1]
        grader.close()
        assert not folders[0].exists()
        (assignment.source / "notes.txt").write_text("second")
        with grader._start() as host:
            host.start().execute("print(open('notes.txt').read())", shown, 20, Timing())
    assert shown.finished()[0].text == "second\n"


@needs_bubblewrap
def test_a_course_that_is_corrected_between_two_submissions_is_new_on_both_sides(tmp_path: Path) -> None:
    assignment = write_toolkit_course(tmp_path, 1.0)
    with Grader(assignment, Options()) as grader:
        assert scores(graded(grader, "one")) == {"test_told": 1.0}
        (assignment.source / "toolkit" / "__init__.py").write_text("VALUE = 2.5\n")
        assert scores(graded(grader, "one")) == {"test_told": 2.5}


@needs_bubblewrap
def test_files_of_sandboxes_that_somebody_removed_are_written_again(tmp_path: Path) -> None:
    with Grader(write_plain_course(tmp_path), Options()) as grader:
        for _ in range(2):
            with grader._start() as host:
                host.start()
            shutil.rmtree(host.sandbox._folders.files.parent)


def test_an_idle_grader_is_closed_while_the_next_sandbox_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grader, began = Grader(write_plain_course(tmp_path), Options(isolation="none")), threading.Event()
    real = grader._shared_files

    def slowly() -> SharedFiles:
        began.set()
        time.sleep(0.5)
        return real()

    monkeypatch.setattr(grader, "_shared_files", slowly)
    grader.prepare()
    assert began.wait(20)
    closing = grader._idle = threading.Timer(0, grader._close_idle)
    closing.daemon = True
    closing.start()
    closing.join(20)
    assert not closing.is_alive()


def test_only_what_a_notebook_builds_on_goes_with_it(tmp_path: Path) -> None:
    assignment = write_plain_course(tmp_path)

    def save(name: str, *cells: Any) -> None:
        nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), assignment.source / f"{name}.ipynb")

    save("1_first", cell("first", "answer", "first = 1"), cell("test_first", "test", "assert first == 1"))
    save("2_second", cell("setup", "given", "first = answers('1_first').first"))
    save("3_third", cell("setup", "given", 'second = answers("2_second").second'))
    save("4_fourth", cell("setup", "given", "x = 1"), cell("test_x", "test", "answers('1_first')"))
    built = {name: _builds_on(assignment, name) for name in ("1_first", "2_second", "3_third", "4_fourth")}
    assert built == {"1_first": set(), "2_second": {"1_first"}, "3_third": {"1_first", "2_second"}, "4_fourth": set()}
    text = _stripped(read(assignment.notebook("1_first"))).decode()
    assert "first = 1" in text
    assert "test_first" not in text
