"""One notebook graded: scores, what is shown, limits, faults that are not the student's."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import determine_grade
from traitlets.config import Config

from examiner.engine import Child
from examiner.grading import Grader
from examiner.notebooks import read_submission
from examiner.notebooks.cells import cells_of, fill_in, grade_id, points, read, solutions
from examiner.notebooks.merge import merge, prepared_source
from examiner.outcome import NotebookOutcome
from examiner.settings import Figures, Options, Timing
from tests.conftest import SOURCE
from tests.examiner.notebooks.test_outputs import png
from tests.examiner.small import (
    DOUBLE,
    SETUP,
    TEST_DOUBLE,
    cell,
    grade,
    grader_of,
    needs_bubblewrap,
    scores,
    shown,
    submission,
    write_course,
)

FULL = {"test_double": 4.0, "test_square": 4.0, "test_Net": 4.0}
OPTIONS = Options("none", timing=Timing(interrupt=0.5))


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """A grader of the small assignment."""
    with grader_of(write_course(tmp_path_factory.mktemp("course")), OPTIONS) as made:
        yield made


@pytest.fixture(scope="module")
def honest(grader: Grader) -> tuple[NotebookOutcome, NotebookNode]:
    """An honest submission, graded."""
    return grade(grader, submission())


def one_test(tmp_path: Path, test: str, *, setup: str = SETUP) -> tuple[NotebookOutcome, NotebookNode]:
    """Grade the reference of an assignment that is one answer and one test."""
    source = write_course(tmp_path)
    cells = [cell("setup", "given", setup), cell("double", "answer", DOUBLE), cell("test_double", "test", test)]
    nbformat.write(new_notebook(cells=cells), source / "one.ipynb")
    with grader_of(source, OPTIONS) as grader:
        prepared = prepared_source(source / "one.ipynb")
        path = source / "one.ipynb"
        notebook = merge(prepared, fill_in(prepared_source(path), solutions(read(path))))
        return grader.grade(notebook, "one", {}), notebook


# ------------------------------------------------------------------------------------- marks


def test_the_reference_gets_full_marks(honest: tuple[NotebookOutcome, NotebookNode]) -> None:
    outcome, _ = honest
    assert scores(outcome) == FULL
    assert (outcome.status, outcome.reason, outcome.isolation, outcome.seed) == ("graded", None, "none", 231)


def test_nbgrader_reads_the_same_marks_from_the_outputs(grader: Grader) -> None:
    wrong = {"double": "def double(x):\n    return x", "square": "def square_forward(x):\n    return x * x, x"}
    outcome, notebook = grade(grader, submission(wrong))
    assert scores(outcome) == {"test_double": 0.0, "test_square": 2.0, "test_Net": 4.0}
    for each in cells_of(notebook, "test"):
        assert determine_grade(each) == (scores(outcome)[grade_id(each)], 4.0)


@pytest.mark.parametrize("kills", [1, 2])
def test_a_test_whose_process_the_system_kills_runs_once_more(
    kills: int, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, killed = Child.call, list[int]()

    def call(self: Child, function: str, *arguments: Any, **options: Any) -> Any:
        if function.endswith(":grade_test") and "test_square" in arguments and len(killed) < kills:
            killed.append(self.pid)
            os.kill(self.pid, signal.SIGKILL)
        return real(self, function, *arguments, **options)

    monkeypatch.setattr(Child, "call", call)
    outcome, _ = grade(grader, submission())
    lost = {name: test.reason for name, test in outcome.tests.items() if not test.passed}
    why = "test_square: a child of the engine ended: grade the submission again"
    assert lost == ({} if kills == 1 else {"test_square": why})
    assert scores(outcome)["test_square"] == (4.0 if kills == 1 else None)


def test_a_blank_answer_scores_nothing_and_says_which_exercise(grader: Grader) -> None:
    config = Config({"ClearSolutions": {"code_stub": {"python": "# YOUR CODE HERE"}}})
    outcome, notebook = grade(grader, prepared_source(grader.assignment.source / "one.ipynb", config))
    assert scores(outcome) == dict.fromkeys(FULL, 0.0)
    assert outcome.status == "graded"
    assert "Exercise 1: write double" in shown(notebook, "test_double")
    assert determine_grade(next(cells_of(notebook, "test")))[0] == 0


def test_the_seed_decides_the_hidden_inputs(grader: Grader) -> None:
    spy = submission({"double": "def double(x):\n    print(x.tolist())\n    return 2 * x"})
    first, again = (shown(grade(grader, spy)[1], "test_double") for _ in range(2))
    with grader_of(grader.assignment.source, replace(OPTIONS, seed=7)) as other:
        outcome, notebook = grade(other, spy)
    assert first == again
    assert shown(notebook, "test_double") != first
    assert outcome.seed == 7


PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint('seen')\nplt.plot([2, 1]);"
MARKED = "(Pictures of the student's own run, as submitted.)\n"


@pytest.mark.parametrize(("figures", "number"), [("drawn", 2), ("submitted", 0), ("submitted", 1), ("submitted", 3)])
def test_a_free_cell_keeps_the_pictures_of_the_submission(number: int, figures: Figures, grader: Grader) -> None:
    notebook = submission({}, PLOT)
    pictures = [png(2, each + 1) for each in range(number)]
    extra = next(each for each in notebook.cells if each.source == PLOT)
    extra.outputs = [new_output("display_data", data={"image/png": each}) for each in pictures]
    with grader_of(grader.assignment.source, replace(OPTIONS, figures=figures)) as other:
        outcome, graded = grade(other, notebook)
    assert scores(outcome) == FULL
    outputs = next(each for each in graded.cells if each.source == PLOT).outputs
    found = [each.data["image/png"] for each in outputs if "image/png" in each.get("data", {})]
    texts = "".join(each.get("text", "") for each in outputs)
    if number and figures == "submitted":
        assert found == pictures
        assert texts == f"seen\n{MARKED}"
        assert [each.output_type for each in outputs[:2]] == ["display_data", "stream"]
    else:
        assert len(found) == 2
        assert not set(found) & set(pictures)
        assert texts == "seen\n"


def test_a_plain_value_can_be_an_answer(tmp_path: Path) -> None:
    outcome, _ = one_test(tmp_path, "double = None\n1.5 if rate == 0.5 else 0.0", setup="x = 1")
    assert outcome.status == "failed"  # `rate` is no answer: the test is at fault
    test = "1.5 if rate == 0.5 else 0.0"
    source = write_course(tmp_path / "second")
    rate = cell("rate", "answer", "### BEGIN SOLUTION\nrate = 0.5\n### END SOLUTION")
    cells = [rate, cell("test_rate", "test", test)]
    nbformat.write(new_notebook(cells=cells), source / "one.ipynb")
    with grader_of(source, OPTIONS) as grader:
        for value, score in (("0.5", 1.5), ("0.25", 0.0), ("float('nan')", 0.0)):
            notebook = prepared_source(source / "one.ipynb")
            notebook.cells[0].source = f"rate = {value}"
            assert scores(grader.grade(notebook, "one", {})) == {"test_rate": score}


@pytest.mark.parametrize(
    ("last", "score"),
    [
        ("float('nan')", 0.0),
        ("-3", 0.0),
        ("1e9", 4.0),
        ("np.float64(1.5)", 1.5),
        ("None", 4.0),
        ("4.000000000000001", 4.0),
    ],
)
def test_a_score_is_finite_and_within_its_points(last: str, score: float, tmp_path: Path) -> None:
    outcome, notebook = one_test(tmp_path, f"assert double(2) == 4\n{last}")
    assert scores(outcome) == {"test_double": score}
    assert determine_grade(notebook.cells[-1]) == (score, 4.0)


# ----------------------------------------------------------------------------- what is shown


def test_a_table_of_checks_is_shown(honest: tuple[NotebookOutcome, NotebookNode]) -> None:
    _, notebook = honest
    found = next(each for each in notebook.cells if each.id == "test_double")
    table = found.outputs[0].data["text/html"]
    for text in ("4 of 4 points", "by hand", "Tolerance", "1.00e-09", "&#10003;"):
        assert text in table


def test_what_the_code_prints_and_plots_during_a_test_is_shown(grader: Grader) -> None:
    noisy = """
import sys
import matplotlib.pyplot as plt
def double(x):
    print("printed", file=sys.stderr)
    plt.plot([1, 2])
    return 2 * x"""
    outcome, notebook = grade(grader, submission({"double": noisy}))
    found = next(each for each in notebook.cells if each.id == "test_double")
    assert scores(outcome) == FULL
    assert determine_grade(found)[0] == 4.0
    assert "printed" in shown(notebook, "test_double")
    assert any("image/png" in output.get("data", {}) for output in found.outputs)


def test_a_traceback_names_the_students_cell_and_line_only(grader: Grader) -> None:
    broken = "def helper(x):\n    return x['no']\n\n\ndef double(x):\n    return helper(x)"
    _, notebook = grade(grader, submission({"double": broken}))
    text = shown(notebook, "test_double")
    assert "cell double, line 6, in double" in text
    assert "cell double, line 2, in helper" in text
    for private in ("examiner", "site-packages", "/tmp", "standin", "agent", "reference"):
        assert private not in text


def test_nothing_of_a_reference_value_is_shown_for_a_hidden_check(grader: Grader) -> None:
    _, notebook = grade(grader, submission({"double": "def double(x):\n    return 2 * x if x[0].size == x[0] else x"}))
    found = next(each for each in notebook.cells if each.id == "test_double")
    rows = [row for row in found.outputs[0].data["text/html"].split("<tr>") if "random inputs" in row]
    assert rows
    assert all("expected" not in row and "received" not in row for row in rows)


def test_the_outcome_is_plain_json_and_comes_back(honest: tuple[NotebookOutcome, NotebookNode]) -> None:
    outcome, _ = honest
    text = json.dumps(outcome.as_json(), allow_nan=False)
    assert NotebookOutcome.from_json(json.loads(text)) == outcome


# ------------------------------------------------------------------------ faults of the grader


def test_a_test_that_is_broken_is_left_to_a_human(tmp_path: Path) -> None:
    outcome, notebook = one_test(tmp_path, "double(2)\nundefined_name")
    assert outcome.status == "failed"
    assert scores(outcome) == {"test_double": None}
    assert "test_double: the test raised NameError" in str(outcome.reason)
    assert "NeedsHumanError" in shown(notebook, "test_double")
    assert "undefined_name" not in shown(notebook, "test_double")


def test_a_test_that_sends_what_cannot_cross_is_left_to_a_human(tmp_path: Path) -> None:
    test = TEST_DOUBLE.replace("double(np.array([1.0, -2.0]))", "double(lambda: 1)")
    outcome, _ = one_test(tmp_path, test)
    assert scores(outcome) == {"test_double": None}
    assert "cannot cross" in str(outcome.reason)


def test_a_given_cell_that_is_broken_is_no_students_zero(tmp_path: Path) -> None:
    outcome, _ = one_test(tmp_path, TEST_DOUBLE, setup=SETUP + "\nraise ValueError('no data')")
    assert outcome.status == "failed"
    assert "provided cell setup raised ValueError: no data" in str(outcome.reason)


def test_a_test_that_is_slow_by_itself_is_left_to_a_human(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.examiner.grading.test_notebook.OPTIONS", replace(OPTIONS, timing=Timing(check=0.5)))
        outcome, _ = one_test(tmp_path, "double(2)\nwhile True: pass")
    assert outcome.status == "failed"
    assert scores(outcome) == {"test_double": None}
    assert "test_double: the test raised CheckTimeoutError" in str(outcome.reason)


def test_tests_have_what_free_cells_and_answers_import(tmp_path: Path) -> None:
    source = write_course(tmp_path)
    test = "assert math.isclose(double(1), 2) and np.ones(1)"
    free = new_code_cell("import nowhere\nimport numpy as np", id="imports")
    cells = [free, cell("double", "answer", f"import math\n{DOUBLE}"), cell("test_double", "test", test)]
    nbformat.write(new_notebook(cells=cells), source / "one.ipynb")
    prepared = prepared_source(source / "one.ipynb")
    notebook = merge(prepared, fill_in(prepared, solutions(read(source / "one.ipynb"))))
    with grader_of(source, OPTIONS) as grader:
        outcome = grader.grade(notebook, "one", {})
    assert (scores(outcome), outcome.status) == ({"test_double": 4.0}, "graded")


def test_the_course_s_files_are_there_for_provided_cells_and_tests(tmp_path: Path) -> None:
    (tmp_path / "assignment" / "small" / "tables").mkdir(parents=True)
    (tmp_path / "assignment" / "small" / "tables" / "one.csv").write_text("2,4")
    setup = "numbers = [int(each) for each in open('tables/one.csv').read().split(',')]"
    outcome, _ = one_test(tmp_path, "assert double(numbers[0]) == numbers[1]", setup=setup)
    assert (scores(outcome), outcome.status) == ({"test_double": 4.0}, "graded")


def test_a_test_can_ask_for_a_human(tmp_path: Path) -> None:
    test = "from examiner._exceptions import NeedsHumanError\nraise NeedsHumanError('no data set here')"
    outcome, notebook = one_test(tmp_path, test)
    assert scores(outcome) == {"test_double": None}
    assert outcome.status == "graded"
    assert "no data set here" in shown(notebook, "test_double")


def test_a_student_cannot_ask_for_a_human(grader: Grader) -> None:
    text = "class NeedsHumanError(NotImplementedError): pass\ndef double(x):\n    raise NeedsHumanError('please')"
    outcome, notebook = grade(grader, submission({"double": text}))
    assert scores(outcome)["test_double"] == 0.0
    found = next(each for each in notebook.cells if each.id == "test_double")
    assert [output.ename for output in found.outputs if output.output_type == "error"] == ["NotImplementedError"]


def test_a_mistake_that_a_test_stumbles_over_is_the_students(tmp_path: Path) -> None:
    source = write_course(tmp_path)
    test = "a, b = double(np.ones(2))\na + b"
    cells = [cell("setup", "given", SETUP), cell("double", "answer", DOUBLE), cell("test_double", "test", test)]
    nbformat.write(new_notebook(cells=cells), source / "one.ipynb")
    with grader_of(source, OPTIONS) as grader:
        notebook = prepared_source(source / "one.ipynb")
        notebook.cells[1].source = "def double(x): return None"
        outcome = grader.grade(notebook, "one", {})
    assert (outcome.status, scores(outcome)) == ("graded", {"test_double": 0.0})


# --------------------------------------------------------------------- the child that tests run in

ENDS = {
    "leaves": "import os\nos._exit(3)",
    "is killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.parametrize("end", ENDS)
def test_a_child_that_dies_costs_its_test_and_no_points(end: str, tmp_path: Path) -> None:
    """The next test runs in another one, where what is provided has run again: before the test, and after it."""
    source = write_course(tmp_path)
    cells = [
        cell("setup", "given", SETUP + "\nfactor = 2.0"),
        cell("double", "answer", DOUBLE),
        cell("test_double", "test", f"double(2)\n{ENDS[end]}"),
        cell("more", "given", "limit = 3.0"),
        cell("test_double__next", "test", "assert double(3) == factor * limit\n1.5"),
    ]
    nbformat.write(new_notebook(cells=cells), source / "one.ipynb")
    with grader_of(source, OPTIONS) as grader:
        outcome, notebook = grade(
            grader, fill_in(prepared_source(source / "one.ipynb"), solutions(read(source / "one.ipynb")))
        )
    assert scores(outcome) == {"test_double": None, "test_double__next": 1.5}
    assert outcome.status == outcome.tests["test_double"].status == "failed"
    assert outcome.reason == "test_double: a child of the engine ended: grade the submission again"
    assert "needs manual grading" in shown(notebook, "test_double")


def test_a_test_that_no_signal_interrupts_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examiner.grading.notebook.MARGIN", 0.2)
    monkeypatch.setattr("tests.examiner.grading.test_notebook.OPTIONS", replace(OPTIONS, timing=Timing(check=0.5)))
    outcome, notebook = one_test(tmp_path, "import itertools\ndouble(2)\nsum(itertools.repeat(0))")
    assert scores(outcome) == {"test_double": 0.0}
    assert outcome.status == "partial"
    assert outcome.reason == "test_double: checking the returned value took longer than 0.5 s: is it very large?"
    assert "0 of 4 points" in shown(notebook, "test_double")


def test_a_provided_cell_that_ends_the_child_is_no_students_zero(tmp_path: Path) -> None:
    setup = SETUP + "\nimport sys, os\nif 'ipykernel' not in sys.modules:\n    os._exit(1)"
    outcome, _ = one_test(tmp_path, TEST_DOUBLE, setup=setup)
    assert (outcome.status, scores(outcome)) == ("failed", {"test_double": None})


def test_the_last_line_of_a_provided_cell_runs_on_both_sides(tmp_path: Path) -> None:
    test = "assert settings == [1]\nassert double(0) == 0"
    outcome, _ = one_test(tmp_path, test, setup=SETUP + "\nsettings = []\nsettings.append(1)")
    assert scores(outcome) == {"test_double": 4.0}


@pytest.mark.parametrize("test", ["def f(:", "double(2)\nx = = 3"])
def test_a_test_that_does_not_parse_is_left_to_a_human(test: str, tmp_path: Path) -> None:
    outcome, _ = one_test(tmp_path, test)
    assert (outcome.status, scores(outcome)) == ("failed", {"test_double": None})
    assert "SyntaxError" in str(outcome.reason)


# ------------------------------------------------------------------------------------ limits


def test_a_notebook_has_a_limit_in_all(grader: Grader) -> None:
    slow = replace(OPTIONS, timing=replace(OPTIONS.timing, notebook=4))
    with grader_of(grader.assignment.source, slow) as other:
        outcome, _ = grade(other, submission({}, "import time\ntime.sleep(4.5)"))
    assert outcome.status == "partial"
    assert "the notebook took longer than 4 s" in str(outcome.reason)
    assert scores(outcome) == dict.fromkeys(FULL, 0.0)


def test_a_cell_that_kills_its_kernel_in_the_middle_costs_nothing_else(grader: Grader) -> None:
    outcome, _ = grade(grader, submission({}, "import os\nos._exit(2)", after="test_double"))
    assert scores(outcome) == FULL
    assert outcome.status == "partial"
    assert outcome.reason == "cell number 5 ended its kernel (exit status 2)"


# ------------------------------------------------------------------------------ earlier parts


@needs_bubblewrap
def test_the_mistake_is_named_below_the_check_that_it_spoils(real: Grader) -> None:
    path = SOURCE / "01_layers.ipynb"
    right = solutions(read(path))["affine_backward"]
    wrong = right.replace("return dx, dw, db", "return dx, dw / len(x), db")
    assert wrong != right
    notebook = merge(
        prepared_source(path), fill_in(prepared_source(path), {**solutions(read(path)), "affine_backward": wrong})
    )
    test = real.grade(notebook, "01_layers", {}).tests["test_affine_backward"]
    assert test.misconceptions == ("dw_averaged",)
    found = next(each for each in notebook.cells if each.id == "test_affine_backward")
    rows = found.outputs[0].data["text/html"].split("<tr")
    (place,) = (number for number, row in enumerate(rows) if test.diagnosis[0] in row)
    failed = [number for number, row in enumerate(rows) if "&#10007;" in row]
    assert place == failed[0] + 1
    assert "dw" in rows[failed[0]]


@needs_bubblewrap
def test_a_changed_input_is_not_blamed_where_copies_do_not_help(real: Grader) -> None:
    path = SOURCE / "01_layers.ipynb"
    wrong = {"sigmoid_forward": "def sigmoid_forward(x):\n    x *= 0.5\n    return x**2 + 1, x"}
    notebook = merge(prepared_source(path), fill_in(prepared_source(path), {**solutions(read(path)), **wrong}))
    test = real.grade(notebook, "01_layers", {}).tests["test_sigmoid_forward"]
    assert not test.passed
    assert test.diagnosis == ()


NAMES = sorted(path.stem for path in SOURCE.glob("*.ipynb"))


@pytest.fixture(scope="module")
def on_top_of_wrong_parts(real: Grader) -> dict[str, tuple[NotebookOutcome, NotebookNode]]:
    """Every notebook, right, submitted with every answer of all earlier ones wrong."""
    graded, earlier = {}, {}
    for name in NAMES:
        path = SOURCE / f"{name}.ipynb"
        notebook = merge(prepared_source(path), fill_in(prepared_source(path), solutions(read(path))))
        graded[name] = real.grade(notebook, name, dict(earlier)), notebook
        wrong = {answer: f"{answer} = lambda *args, **kwargs: (0, 0)" for answer in solutions(read(path))}
        earlier[path.name] = nbformat.writes(fill_in(prepared_source(path), wrong)).encode()
    return graded


@needs_bubblewrap
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_gets_full_marks_whatever_the_earlier_ones_are(
    name: str, on_top_of_wrong_parts: dict[str, tuple[NotebookOutcome, NotebookNode]]
) -> None:
    outcome, notebook = on_top_of_wrong_parts[name]
    full = {grade_id(each): points(each) for each in cells_of(notebook, "test")}
    trained = {test for test in full if test.endswith(("__accuracy", "__rmse"))}  # need the trained parameters
    assert {k: v for k, v in scores(outcome).items() if k not in trained} == {
        k: v for k, v in full.items() if k not in trained
    }
    assert outcome.status == "graded"


@needs_bubblewrap
def test_eight_notebooks_need_at_most_650_calls(
    on_top_of_wrong_parts: dict[str, tuple[NotebookOutcome, NotebookNode]],
) -> None:
    calls = [outcome.calls for outcome, _ in on_top_of_wrong_parts.values()]
    assert len(calls) == 8
    assert min(calls) > 0
    assert sum(calls) <= 650


@needs_bubblewrap
def test_the_sandbox_holds_earlier_references_and_nothing_else_of_the_source(real: Grader) -> None:
    from nbformat.v4 import new_code_cell

    look = """
import json, os
folder = os.environ["NN_EARLIER_DIR"]
print(sorted(os.listdir(folder)), sorted(os.listdir(".")))
for name in os.listdir(folder):
    text = open(os.path.join(folder, name)).read()
    assert "test_" not in text and "HIDDEN" not in text and "MARK SCHEME" not in text
print("all read")"""
    built_on = {
        "04_fully_connected_net": ["01_layers", "02_losses", "03_regularization"],
        "05_optimization": ["01_layers", "02_losses", "03_regularization", "04_fully_connected_net"],
        "08_batch_normalization": ["01_layers", "02_losses"],
    }
    for name, earlier in built_on.items():
        notebook = prepared_source(SOURCE / f"{name}.ipynb")
        notebook.cells = [new_code_cell(look)]
        real.grade(notebook, name, {})
        text = notebook.cells[0].outputs[0].text
        assert text.startswith(f"{[f'{each}.ipynb' for each in earlier]} ")
        assert "all read" in text
        assert name not in text


# ---------------------------------------------------------------------------- submitted files


def test_only_regular_files_are_taken_from_a_submission(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "submitted"
    (folder / "deep").mkdir(parents=True)
    (folder / "own.py").write_text("x = 1")
    (folder / "deep" / "more.txt").write_text("more")
    (folder / "one.ipynb").write_text("{}")
    (folder / "link.npz").symlink_to(tmp_path / "secret")
    (folder / "linked").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.npz")
    with open(folder / "large.npz", "wb") as file:
        file.truncate(20_000_001)
    assert read_submission(folder, ["one"]).files == {"own.py": b"x = 1", "deep/more.txt": b"more"}


def test_tests_see_what_they_collect_and_answers_see_all(tmp_path: Path) -> None:
    test = """
import os
assert sorted(os.listdir(".")) == ["model.npz"], os.listdir(".")
4.0 if double(0) == [".examiner", "checks.py", "model.npz", "own.py", "toolkit"] else 0.0
"""
    source = write_course(tmp_path)
    cells = [cell("setup", "given", SETUP), cell("double", "answer", DOUBLE), cell("test_double", "test", test)]
    nbformat.write(new_notebook(cells=cells), source / "one.ipynb")
    files = {"own.py": b"x = 1", "model.npz": b"numbers", "checks.py": b"", "toolkit/checks.py": b"forged"}
    with grader_of(source, OPTIONS, ("model.npz",)) as grader:
        notebook = prepared_source(source / "one.ipynb")
        notebook.cells[1].source = (
            "import os, own\nfrom toolkit.checks import Checks\n"
            "def double(x):\n    return sorted(n for n in os.listdir('.') if n not in ('.matplotlib', '.ipython'))"
        )
        outcome = grader.grade(notebook, "one", files)
    assert scores(outcome) == {"test_double": 4.0}


# -------------------------------------------------------------------------------- the kernels


def test_no_process_is_left(tmp_path: Path) -> None:
    before = kernels()
    with grader_of(write_course(tmp_path), OPTIONS) as grader:
        grade(grader, submission({}, "import os\nos._exit(1)"))
        assert kernels() - before
    assert kernels() <= before


def kernels() -> set[str]:
    """Processes that run a kernel and that this process started."""
    mine = (p for p in Path("/proc").glob("[0-9]*") if f"PPid:\t{os.getpid()}\n" in _text(p / "status"))
    return {p.name for p in mine if "fork_server" in _text(p / "cmdline")}


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
