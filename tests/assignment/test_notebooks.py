"""What can be read off the source notebooks without running them."""

from __future__ import annotations

import ast
import re
import symtable
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from nbformat import NotebookNode

from examiner.notebooks.cells import SOLUTION, answer_of, cells_of, grade_id, is_bonus, kind_of, points, without_hidden
from tests.conftest import SOURCE
from tools.notebooks import canonical

NAMES = [path.stem for path in sorted(SOURCE.glob("*.ipynb"))]
ANSWERS = {
    "01_layers": [
        "affine_forward", "affine_backward", "relu_forward", "relu_backward", "sigmoid_forward",
        "sigmoid_backward", "affine_relu_forward", "affine_relu_backward",
    ],
    "02_losses": ["mse_loss", "softmax_loss"],
    "03_regularization": ["l2_regularization", "l1_regularization", "elastic_net_regularization"],
    "04_fully_connected_net": ["FullyConnectedNet"],
    "05_optimization": ["sgd", "sgd_momentum", "sgd_momentum_ema", "nesterov", "adam", "rmsprop"],
    "06_mnist": ["standardize", "build_mnist_model", "train_mnist_model"],
    "07_california_housing": ["standardize_and_clip", "r2_score", "build_housing_model", "train_housing_model"],
    "08_batch_normalization": ["batchnorm_forward", "batchnorm_backward", "dropout_forward", "dropout_backward"],
}  # fmt: skip
EXERCISE = re.compile(r"### Exercise (\d\.\d+): (?:`(\w+)`|[^(`\n]+) \((?:bonus, )?\d+ minutes, (\d+) points?\)")
QUESTION = re.compile(r"### Question \d\.[A-Z] \((\d+) points?\)")
HINT = re.compile(r"<details><summary>Hint[^<\n]*</summary>\n\n(.*?)\n</details>", re.DOTALL)
FILES = {"test_train_mnist_model__accuracy", "test_train_housing_model__rmse"}
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Each notebook's name in turn."""
    return str(request.param)


@pytest.fixture
def notebook(name: str, notebooks: dict[str, NotebookNode]) -> NotebookNode:
    """Each notebook in turn."""
    return notebooks[name]


def test_the_notebooks_ask_for_every_answer_of_the_course(notebooks: dict[str, NotebookNode]) -> None:
    asked = {name: [grade_id(cell) for cell in cells_of(nb, "answer")] for name, nb in notebooks.items()}
    assert asked == ANSWERS


def test_ids_are_grade_ids_and_unique_across_the_assignment(notebooks: dict[str, NotebookNode]) -> None:
    graded = [cell for nb in notebooks.values() for cell in nb.cells if "nbgrader" in cell.metadata]
    assert all(cell.id == grade_id(cell) for cell in graded)
    assert Counter(grade_id(cell) for cell in graded).most_common(1)[0][1] == 1


def test_a_notebook_is_in_canonical_form(name: str, notebook: NotebookNode) -> None:
    before = notebook.copy()
    assert canonical(before.copy(), before, name) == notebook
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_points_add_up_to_a_hundred_and_the_bonus(notebooks: dict[str, NotebookNode]) -> None:
    graded = [cell for nb in notebooks.values() for cell in cells_of(nb, "test", "written")]
    assert sum(points(cell) for cell in graded if not is_bonus(cell)) == 100
    assert {answer_of(grade_id(c)) for c in graded if is_bonus(c) and kind_of(c) == "test"} == {
        "nesterov", "adam", "rmsprop", *ANSWERS["08_batch_normalization"],
    }  # fmt: skip


def test_at_most_8_points_hang_on_files_of_trained_parameters(notebooks: dict[str, NotebookNode]) -> None:
    tests = [cell for nb in notebooks.values() for cell in cells_of(nb, "test")]
    assert {grade_id(cell) for cell in tests if "= trained_" in cell.source} == FILES
    assert sum(points(cell) for cell in tests if grade_id(cell) in FILES) <= 8


def test_points_and_numbers_in_the_text_are_those_of_the_cells(name: str, notebook: NotebookNode) -> None:
    """Each exercise's heading gives the points of the test cells below it, and its answer's stub names it."""
    headings, received = [], Counter()
    for cell in notebook.cells:
        match = EXERCISE.search(cell.source) if cell.cell_type == "markdown" else None
        if match:
            headings.append(match.groups())
        elif kind_of(cell) == "test":
            received[headings[-1][0]] += points(cell)
        elif kind_of(cell) == "answer":
            assert headings[-1][1] == grade_id(cell)
            stubs = re.findall(r'raise NotImplementedError\("Exercise ([\d.]+): ', cell.source)
            assert set(stubs) == {headings[-1][0]}, grade_id(cell)
    assert [answer for _, answer, _ in headings if answer] == ANSWERS[name]
    assert dict(received) == {number: float(total) for number, _, total in headings}
    assert [number for number, *_ in headings] == [f"{int(name[:2])}.{i + 1}" for i in range(len(headings))]


def test_an_exercise_is_statement_answer_hint_and_check(notebook: NotebookNode) -> None:
    """The statement is more than its heading; between it and its first test cell a hint is folded away."""
    exercises: dict[str, list[NotebookNode]] = {}
    for cell in notebook.cells:
        match = EXERCISE.search(cell.source) if cell.cell_type == "markdown" else None
        if match:
            current = exercises.setdefault(match[1], [])
        elif kind_of(cell) == "test":
            current = []
        if exercises:
            current.append(cell)
    assert exercises
    for number, (statement, *block) in exercises.items():
        assert len(EXERCISE.sub("", statement.source).split()) >= 12, f"{number} has no statement"
        hints = [hint for cell in block if cell.cell_type == "markdown" for hint in HINT.findall(cell.source)]
        assert hints, f"{number} has no folded hint"
        assert all(12 <= len(hint.split()) <= 80 for hint in hints), number


def test_points_in_a_question_are_those_of_its_answer(notebook: NotebookNode) -> None:
    asked = [float(QUESTION.search(cell.source)[1]) for cell in cells_of(notebook, "task")]
    assert asked == [points(cell) for cell in cells_of(notebook, "written")]


def test_a_written_answer_follows_its_question_with_a_mark_scheme(notebook: NotebookNode) -> None:
    cells = list(cells_of(notebook, "task", "written"))
    assert [kind_of(cell) for cell in cells] == ["task", "written"] * (len(cells) // 2)
    for task, written in zip(cells[::2], cells[1::2], strict=True):
        assert grade_id(task).removeprefix("question_") == grade_id(written).removeprefix("explain_")
        assert "### BEGIN MARK SCHEME" in task.source
        assert points(task) == 0
        assert SOLUTION.search(written.source)


def test_each_answer_has_test_cells_and_each_test_cell_an_answer(name: str, notebook: NotebookNode) -> None:
    tests = [grade_id(cell) for cell in cells_of(notebook, "test")]
    assert {answer_of(test) for test in tests} == set(ANSWERS[name])


def test_a_solution_ends_in_its_return_and_the_stub_follows(notebook: NotebookNode) -> None:
    for cell in cells_of(notebook, "answer"):
        regions = list(SOLUTION.finditer(cell.source))
        assert regions, grade_id(cell)
        for region in regions:
            body = ast.parse(f"def f():\n{region[1]}").body[0].body
            assert isinstance(body[-1], ast.Return), grade_id(cell)
            following = cell.source[region.end() :].split("\n")[0]
            assert following.strip().startswith('raise NotImplementedError("Exercise '), grade_id(cell)


def test_hidden_blocks_are_hidden_and_visible_ones_are_not(notebook: NotebookNode) -> None:
    """A hidden block never prints what was expected; a visible one never needs the reference."""
    for cell in cells_of(notebook, "test"):
        hidden, visible = "".join(HIDDEN.findall(cell.source)), HIDDEN.sub("", cell.source)
        assert "check.hidden(" in hidden, grade_id(cell)
        assert "check(" not in hidden.replace("check.hidden(", ""), grade_id(cell)
        assert "with check(" in visible, grade_id(cell)
        assert not re.search(r"check\.hidden|examiner|reference_answers", visible), grade_id(cell)
        assert cell.source.rstrip().endswith("check.score"), grade_id(cell)
        assert f"points={points(cell):g})" in visible, grade_id(cell)


# ------------------------------------------------------------------ rules about names


def _names(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    yield from (s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global()))
    for child in table.get_children():
        yield from _names(child)


def uses_and_sets(source: str) -> tuple[set[str], set[str]]:
    """Names that a cell reads before setting them itself, and the names that it sets."""
    source = "\n".join("" if line.startswith(("%", "!")) else line for line in source.split("\n"))
    used: set[str] = set()
    bound: set[str] = set()
    for node in ast.parse(source).body:
        table = symtable.symtable(ast.unparse(node), "cell", "exec")
        sets = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
        assigns = isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        used |= set(_names(table)) - bound - (set() if assigns else sets)
        bound |= sets
    return used, bound


@pytest.mark.parametrize(
    ("source", "used", "bound"),
    [
        ("y = f(x)", {"f", "x"}, {"y"}),
        ("x = 1\nprint(x)", {"print"}, {"x"}),
        ("x = x + 1", {"x"}, {"x"}),
        ("for i in range(3):\n    g(i)", {"range", "g"}, {"i"}),
        ("def f(a):\n    return a + outside", {"outside"}, {"f"}),
        ("with check('t') as c:\n    out = [v for v in c.rng]", {"check"}, {"c", "out"}),
    ],
)
def test_uses_and_sets(source: str, used: set[str], bound: set[str]) -> None:
    assert uses_and_sets(source) == (used, bound)


def _scope(notebook: NotebookNode, *kinds: str) -> list[tuple[str, set[str], set[str]]]:
    return [(cell.id, *uses_and_sets(cell.source)) for cell in cells_of(notebook, *kinds) if cell.cell_type == "code"]


def test_a_given_cell_never_uses_a_name_that_an_answer_defines(name: str, notebook: NotebookNode) -> None:
    for cell, used, _ in _scope(notebook, "given"):
        assert not used & set(ANSWERS[name]), cell


def test_a_test_cell_uses_only_names_from_given_cells_and_answers(name: str, notebook: NotebookNode) -> None:
    import builtins

    known = set(dir(builtins)) | set(ANSWERS[name])
    known |= {bound for _, _, sets in _scope(notebook, "given") for bound in sets}
    for cell, used, _ in _scope(notebook, "test"):
        assert used <= known, cell


def test_no_cell_uses_a_name_that_a_test_cell_sets(notebook: NotebookNode) -> None:
    given = {bound for _, _, sets in _scope(notebook, "given") for bound in sets}
    for test, _, sets in _scope(notebook, "test"):
        assert not sets & given, f"{test} overwrites a given name"
    set_by = {cell.id: uses_and_sets(cell.source)[1] for cell in cells_of(notebook, "test")}
    seen: set[str] = set()  # by test cells and by nothing else before
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        used, sets = uses_and_sets(cell.source)
        assert not used & seen, f"{cell.id} uses {used & seen}, which a test cell sets"
        seen = seen | sets if cell.id in set_by else seen - sets


def test_no_other_cell_overwrites_what_given_cells_set(name: str, notebook: NotebookNode) -> None:
    """Else plain nbgrader, with one kernel for all, would test with other values than the examiner."""
    given = {bound for _, _, sets in _scope(notebook, "given") for bound in sets} | set(ANSWERS[name])
    for cell, _, sets in _scope(notebook, "free", "training"):
        assert not sets & given, cell


# ------------------------------------------------------------------------------- style


def test_one_idea_a_cell(notebooks: dict[str, NotebookNode]) -> None:
    code = [
        len(without_hidden(cell.source).split("\n"))  # what students see
        for nb in notebooks.values()
        for cell in cells_of(nb, "given", "free", "training", "test")
        if cell.cell_type == "code"
    ]
    assert np.percentile(code, 90) <= 25


def test_no_line_of_a_test_is_wider_than_a_screen(notebook: NotebookNode) -> None:
    assert [line for cell in cells_of(notebook, "test") for line in cell.source.splitlines() if len(line) > 100] == []


def test_helpers_between_an_answer_and_its_check_are_collapsed(notebook: NotebookNode) -> None:
    kinds = [kind_of(cell) for cell in notebook.cells]
    for place, cell in enumerate(notebook.cells):
        earlier = [kind for kind in kinds[:place] if kind in ("answer", "test")]
        if kinds[place] == "given" and earlier[-1:] == ["answer"]:
            assert cell.metadata.get("jupyter") == {"source_hidden": True}, grade_id(cell)


def test_prose_is_short(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"### BEGIN (MARK SCHEME|SOLUTION).*", "", cell.source, flags=re.DOTALL)
            words = re.sub(r"\$\$.*?\$\$|```.*?```", "", text, flags=re.DOTALL).split()
            assert len(words) <= 120, f"{cell.id}: {len(words)} words"


def test_set_up_is_explicit(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert "import *" not in cell.source
            assert "sys.path" not in cell.source
            magics = [line for line in cell.source.split("\n") if line.startswith(("%", "!"))]
            assert not magics or len(magics) == len(cell.source.strip().split("\n")), cell.id
