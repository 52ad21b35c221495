"""What is graded is the source, with the student's cells in it, however damaged the submission is."""

from __future__ import annotations

import copy
import logging
import random
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from nbgrader.utils import compute_checksum

from examiner.notebooks.cells import fill_in, kind_of, read, solutions
from examiner.notebooks.merge import Merged, merge, merged, prepared_source
from examiner.notebooks.repair import repaired
from tests.examiner.small import source_notebook, submission

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    """The source as the gradebook knows it."""
    path = tmp_path_factory.mktemp("source") / "one.ipynb"
    nbformat.write(source_notebook(), path)
    return prepared_source(path)


def ids(notebook: NotebookNode) -> list[str]:
    """Ids of the cells, in order."""
    return [cell.id for cell in notebook.cells]


def by_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """Cells by id."""
    return {cell.id: cell for cell in notebook.cells}


def test_an_honest_submission_stays_as_it_is(source: NotebookNode) -> None:
    submitted = submission()
    made = merge(source, submitted)
    assert ids(made) == ids(submitted)
    assert by_id(made)["double"].source == by_id(submitted)["double"].source
    assert "HIDDEN" in by_id(made)["test_double"].source
    assert "SOLUTION" not in "".join(cell.source for cell in made.cells)
    nbformat.validate(made)


def test_the_prepared_source_is_what_nbgrader_stores(source: NotebookNode) -> None:
    for cell in source.cells:
        if cell.metadata.get("nbgrader"):
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


def test_an_unchanged_written_answer_counts_as_none(source: NotebookNode) -> None:
    submitted = submission({"explain": by_id(source)["explain"].source})
    cell = by_id(merge(source, submitted))["explain"]
    assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


def test_cells_of_ones_own_follow_the_cell_that_they_followed(source: NotebookNode) -> None:
    submitted = submission({}, "helper = 1", after="double")
    submitted.cells.insert(0, new_markdown_cell("My name", id="name"))
    made = ids(merge(source, submitted))
    assert made[0] == "name"
    assert made[made.index("double") + 1 :][:2] == ["extra", "look"]


def _without(name: str) -> Any:
    def damage(notebook: NotebookNode) -> None:
        notebook.cells = [cell for cell in notebook.cells if cell.id != name]

    return damage


def _metadata(name: str, **changes: Any) -> Any:
    def damage(notebook: NotebookNode) -> None:
        by_id(notebook)[name].metadata.nbgrader.update(changes)

    return damage


def _twice(name: str) -> Any:
    def damage(notebook: NotebookNode) -> None:
        notebook.cells.append(copy.deepcopy(by_id(notebook)[name]))

    return damage


def _backwards(notebook: NotebookNode) -> None:
    notebook.cells.reverse()


def _retyped(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.cell_type = "raw"


def _no_metadata(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata = NotebookNode()


def _foreign_metadata(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata.nbgrader = ["not", "a", "dict"]
    notebook.metadata = NotebookNode(kernelspec={"name": "evil"}, examiner={"status": "graded"})


@pytest.mark.parametrize(
    "damage",
    [
        _without("test_double"),
        _without("setup"),
        _without("explain"),
        _metadata("test_double", points=1000, grade=False),
        _metadata("setup", locked=False, solution=True),
        _metadata("double", grade=True, points=5),
        _twice("test_double"),
        _twice("setup"),
        _backwards,
        _retyped,
        _no_metadata,
        _foreign_metadata,
    ],
    ids=[
        "test_deleted", "given_deleted", "written_deleted", "points_forged", "given_as_answer", "answer_as_test",
        "test_twice", "given_twice", "backwards", "retyped", "metadata_lost", "metadata_foreign",
    ],
)  # fmt: skip
def test_damage_does_not_matter(damage: Any, source: NotebookNode) -> None:
    submitted = submission()
    damage(submitted)
    made = merge(source, submitted)
    graded = [cell for cell in made.cells if cell.metadata.get("nbgrader")]
    expected = [cell for cell in source.cells if cell.metadata.get("nbgrader")]
    assert [cell.metadata for cell in graded] == [cell.metadata for cell in expected]
    locked = [(a.source, b.source) for a, b in zip(graded, expected, strict=True) if b.metadata.nbgrader.locked]
    assert all(a == b for a, b in locked)
    assert "return 2 * x" in by_id(made)["double"].source
    assert made.metadata == source.metadata
    nbformat.validate(made)


@pytest.mark.parametrize("damage", [lambda notebook: None, _twice("double"), _no_metadata, _foreign_metadata])
def test_a_notebook_that_was_repaired_is_merged_like_the_damaged_one(damage: Any, source: NotebookNode) -> None:
    submitted = submission({"double": "def double(x):\n    return x"})
    picture = new_output("display_data", {"text/html": "<script>", "text/plain": "a plot"})
    submitted.cells.append(new_code_cell("plot()", outputs=[picture]))
    damage(submitted)
    clean = repaired(submitted)
    before = copy.deepcopy((source, clean))
    assert merged(source, clean, is_repaired=True) == merged(source, submitted)
    merged(source, clean, is_repaired=True).notebook.cells[-1].outputs.clear()
    assert (source, clean) == before


@pytest.mark.parametrize(
    "cells",
    [None, {}, [None, 1, "x", []], [{"cell_type": "code"}], [{"source": 5, "metadata": 3, "id": []}]],
    ids=["none", "dict", "no_cells", "empty_cell", "odd_fields"],
)
def test_what_is_not_a_notebook_is_merged_all_the_same(cells: Any, source: NotebookNode) -> None:
    made = merge(source, NotebookNode(cells=cells))
    assert set(ids(source)) - {"look"} <= set(ids(made))
    nbformat.validate(made)


def test_of_two_copies_the_one_that_was_written_in_counts(source: NotebookNode) -> None:
    submitted = submission({"double": "first = 1"})
    second = copy.deepcopy(by_id(submitted)["double"])
    second.source = by_id(source)["double"].source
    submitted.cells.append(second)
    made = merge(source, submitted)
    assert by_id(made)["double"].source == "first = 1"
    nbformat.validate(made)


def test_only_a_training_cell_keeps_its_tag_and_harmless_outputs(source: NotebookNode) -> None:
    submitted = submission({}, "train()")
    outputs = [
        new_output("display_data", data={"image/png": PIXEL, "text/html": "<script>", "text/plain": "curve"}),
        new_output("display_data", data={"image/png": "PHNjcmlwdD4="}),
        new_output("stream", name="stdout", text="x" * 200_000),
    ]
    for name in ("extra", "double", "test_double"):
        by_id(submitted)[name].metadata.tags = ["skip-execution", "other"]
        by_id(submitted)[name].outputs = copy.deepcopy(outputs)
    made = by_id(merge(source, submitted))
    assert made["extra"].metadata == {"tags": ["skip-execution"]}
    assert made["extra"].outputs[0].data == {"image/png": PIXEL, "text/plain": "curve"}
    assert len(made["extra"].outputs) == 2
    assert len(made["extra"].outputs[1].text) < 101_000
    for name in ("double", "test_double"):
        assert "tags" not in made[name].metadata
        assert made[name].outputs == []


def test_only_pictures_are_attached(source: NotebookNode) -> None:
    submitted = submission()
    submitted.cells.append(new_markdown_cell("![x](attachment:a.png)", id="pasted"))
    submitted.cells[-1].attachments = {
        "a.png": {"image/png": PIXEL},
        "b.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"},
    }
    assert by_id(merge(source, submitted))["pasted"].attachments == {"a.png": {"image/png": PIXEL}}


def test_html_of_a_students_own_stays_text(source: NotebookNode) -> None:
    source = copy.deepcopy(source)
    source.cells.insert(0, new_markdown_cell("<details>A hint</details>", id="hint"))
    evil = "$a<b$ and a < b, <img src=x onerror='alert(1)'> </b><!-- --> <https://example.org>"
    submitted = submission({"explain": evil})
    submitted.cells.insert(0, new_markdown_cell("<details>A hint</details>", id="hint"))
    submitted.cells += [new_markdown_cell(evil, id="own"), new_raw_cell(evil, id="raw")]
    made = by_id(merge(source, submitted))
    assert made["hint"].source == "<details>A hint</details>"
    for name in ("explain", "own", "raw"):
        text = made[name].source
        assert text == "$a< b$ and a < b, < img src=x onerror='alert(1)'> < /b>< !-- --> <https://example.org>"


def test_ids_stay_unique(source: NotebookNode) -> None:
    submitted = submission()
    submitted.cells += [new_code_cell("1", id="same"), new_code_cell("2", id="same")]
    made = ids(merge(source, submitted))
    assert len(set(made)) == len(made)


def test_the_source_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "one.ipynb"
    nbformat.write(source_notebook(), path)
    prepared_source(path).cells.clear()
    assert prepared_source(path).cells
    changed = source_notebook()
    changed.cells.append(new_markdown_cell("more"))
    nbformat.write(changed, path)
    assert prepared_source(path).cells[-1].source == "more"


@pytest.mark.parametrize(
    "text",
    [
        "![x](attachment:p.gif)",
        "[p]: attachment:gone.png\n\n![x][p]",
        "![x](attachment&colon;gone.png)",
        "![x](attachment\\:q)",
    ],
)
def test_a_picture_that_is_left_out_does_not_end_the_feedback(text: str, source: NotebookNode) -> None:
    submitted = submission()
    submitted.cells.append(new_markdown_cell(text, id="pasted", attachments={"p.gif": {"image/gif": "R0lGODlhAQ=="}}))
    cell = by_id(merge(source, submitted))["pasted"]
    assert "x" in markdown2html_mistune(cell.source)  # as feedback does; it would raise InvalidNotebook
    assert "](attachment:" not in cell.source


# ----------------------------------------------------------------------------- any nbgrader course

QUICKSTART = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide" / "source" / "ps1"


def quickstart(name: str) -> tuple[NotebookNode, NotebookNode]:
    """A notebook of nbgrader's own course, and an honest submission of it."""
    path = QUICKSTART / f"{name}.ipynb"
    return prepared_source(path), fill_in(prepared_source(path), solutions(read(path)))


@pytest.mark.parametrize("name", ["problem1", "problem2"])
def test_nbgraders_own_course_is_merged_without_a_word(name: str, caplog: pytest.LogCaptureFixture) -> None:
    source, submitted = quickstart(name)
    with caplog.at_level(logging.DEBUG):
        made = merged(source, submitted)
        nbformat.validate(made.notebook)
        nbformat.reads(nbformat.writes(made.notebook), as_version=4)
    assert not caplog.records
    assert (made.unmatched, made.matched_by_content) == ((), False)
    assert [c.source for c in made.notebook.cells] == [c.source for c in submitted.cells]
    assert source.nbformat_minor == 5


def test_tests_are_the_sources_own_locked_or_not() -> None:
    source, submitted = quickstart("problem1")
    for cell in submitted.cells:
        if kind_of(cell) == "test":
            cell.source = "print('passed')"
    made = by_id(merge(source, submitted))
    assert "assert squares(1) == [1]" in made["correct_squares"].source
    assert "print('passed')" not in [cell.source for cell in made.values()]


def test_code_that_is_graded_by_hand_is_the_students() -> None:
    source, submitted = quickstart("problem1")
    by_id(submitted)["sum_of_squares_application"].source = "x = 1 <b"
    cell = by_id(merge(source, submitted))["sum_of_squares_application"]
    assert (cell.cell_type, cell.source) == ("code", "x = 1 <b")


def test_the_cells_that_answer_a_task_follow_it_in_order() -> None:
    source, submitted = quickstart("problem1")
    curve = new_output("display_data", data={"image/png": PIXEL})
    mine = [
        new_markdown_cell("The sum is", id="m1"),
        new_code_cell("first = 1", id="m2", outputs=[new_output("stream", text="1")]),
        new_code_cell("train()", id="m3", metadata={"tags": ["skip-execution"]}, outputs=[curve]),
        new_code_cell("last = 3", id="m4"),
    ]
    submitted.cells = [new_markdown_cell("Ada", id="name"), *submitted.cells, *mine]
    made = merge(source, submitted)
    assert ids(made)[0] == "name"
    assert ids(made)[-5:] == ["cell-938593c4a215c6cc", "m1", "m2", "m3", "m4"]
    assert made.cells[-2].outputs == [curve]
    assert kind_of(made.cells[-5]) == "task"


def test_cells_that_nbgrader_neither_locks_nor_grades_are_the_students(source: NotebookNode) -> None:
    source, submitted = copy.deepcopy(source), submission()
    plain = {"grade": False, "locked": False, "solution": False, "schema_version": 3, "grade_id": "plain"}
    source.cells.append(new_code_cell("x = 1", id="plain", metadata={"nbgrader": plain}))
    submitted.cells.append(new_code_cell("x = 2", id="plain", metadata={"nbgrader": plain}))
    assert by_id(merge(source, submitted))["plain"].source == "x = 2"


# ------------------------------------------------------------------------- more than one attempt


def answer(text: str, name: str = "double") -> NotebookNode:
    """A submitted answer cell."""
    cell = copy.deepcopy(by_id(submission())[name])
    cell.source, cell.id = text, f"{name}-{abs(hash(text)) % 1000}"
    return cell


def with_attempts(*cells: NotebookNode, name: str = "double") -> NotebookNode:
    """A submission with other cells in the place of an answer."""
    submitted = submission()
    place = ids(submitted).index(name)
    submitted.cells[place : place + 1] = cells
    return submitted


def order(notebook: NotebookNode) -> list[str]:
    """The sources of all code cells, in order."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_of_two_attempts_the_later_counts_and_runs_later(source: NotebookNode) -> None:
    attempts = (
        answer("double = 'early'"),
        new_code_cell("between = 1"),
        answer("double = 'late'"),
        new_code_cell("after = 1"),
    )
    made = merge(source, with_attempts(*attempts))
    place = order(made).index("double = 'early'")
    assert order(made)[place : place + 4] == ["double = 'early'", "between = 1", "double = 'late'", "after = 1"]
    assert by_id(made)["double"].source == "double = 'late'"
    assert ids(made).index("double") < ids(made).index("test_double")


@pytest.mark.parametrize("later", ["", "  \n", "stub"])
def test_an_empty_later_attempt_is_none(later: str, source: NotebookNode) -> None:
    stub = by_id(source)["double"].source
    made = merge(source, with_attempts(answer("double = 'mine'"), answer(stub if later == "stub" else later)))
    assert by_id(made)["double"].source == "double = 'mine'"
    assert order(made).count("double = 'mine'") == 1
    assert stub not in order(made)  # it would take the answer's place


def test_a_later_attempt_at_the_end_still_runs_after_the_early_one(source: NotebookNode) -> None:
    submitted = with_attempts(answer("double = 'early'"))
    submitted.cells += [new_code_cell("helper = 1"), answer("double = helper"), new_code_cell("after = double")]
    made = order(merge(source, submitted))
    places = [made.index(text) for text in ("double = 'early'", "helper = 1", "double = helper", "after = double")]
    assert places == sorted(places)


# ---------------------------------------------------------------------------------- moved cells


def test_a_copied_cell_takes_no_others_with_it(source: NotebookNode) -> None:
    submitted = submission()
    by = by_id(submitted)
    mine = [new_code_cell(f"mine_{number} = 1", id=f"mine-{number}") for number in range(3)]
    submitted.cells = [copy.deepcopy(by["test_Net"]), mine[0], *submitted.cells, copy.deepcopy(by["setup"]), *mine[1:]]
    assert ids(merge(source, submitted)) == ["mine-0", *ids(submission()), "mine-1", "mine-2"]


def test_an_answer_that_was_moved_finds_its_helpers(source: NotebookNode) -> None:
    submitted = submission({"double": "def double(x):\n    return helper(x)"})
    moved = next(cell for cell in submitted.cells if cell.id == "double")
    submitted.cells.remove(moved)
    submitted.cells += [new_code_cell("def helper(x): return 2 * x"), new_code_cell("unrelated = Net"), moved]
    made = order(merge(source, submitted))
    assert made.index("def helper(x): return 2 * x") < made.index(moved.source) < made.index("unrelated = Net")


# ------------------------------------------------------------------- cells that lost their names


def strip(notebook: NotebookNode) -> NotebookNode:
    """Take away all that a careless tool takes away: metadata and ids."""
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = NotebookNode(), f"new-{number}"
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    """The source with a written answer between texts, and an answer that is a plain value."""
    notebook = source_notebook()
    notebook.cells[1:1] = [new_markdown_cell("## Exercise 1", id="title")]
    value = copy.deepcopy(by_id(notebook)["double"])
    value.id = value.metadata.nbgrader.grade_id = "rate"
    value.source = "### BEGIN SOLUTION\nrate = 0.5\n### END SOLUTION"
    notebook.cells += [new_markdown_cell("Choose a rate.", id="ask"), value, new_markdown_cell("Well done.", id="end")]
    path = tmp_path_factory.mktemp("course") / "one.ipynb"
    nbformat.write(notebook, path)
    return prepared_source(path)


def student_of(course: NotebookNode) -> NotebookNode:
    """An honest submission of that course."""
    release = fill_in(copy.deepcopy(course), {**solutions(source_notebook()), "rate": "rate = 0.1", "explain": "Mine."})
    for cell in release.cells:
        head, _, rest = cell.source.partition("### BEGIN HIDDEN TESTS\n")
        cell.source = head + rest.partition("### END HIDDEN TESTS\n")[2]
    return release


def test_cells_without_names_are_found_by_their_content(course: NotebookNode) -> None:
    submitted = strip(student_of(course))
    submitted.cells.insert(3, new_code_cell("helper = 1", id="helper"))
    made = merged(course, submitted)
    cells = by_id(made.notebook)
    assert (made.unmatched, made.matched_by_content) == ((), True)
    assert cells["double"].source == solutions(source_notebook())["double"]
    assert cells["square"].source == solutions(source_notebook())["square"]
    assert (cells["rate"].source, cells["explain"].source) == ("rate = 0.1", "Mine.")
    assert len(made.notebook.cells) == len(course.cells) + 1  # provided cells and tests are there once
    assert order(made.notebook).index("helper = 1") == 2
    assert "HIDDEN" in cells["test_double"].source


def test_the_last_definition_is_the_answer(course: NotebookNode) -> None:
    submitted = strip(student_of(course))
    submitted.cells.insert(2, new_code_cell("def double(x):\n    return 'early'"))
    submitted.cells.append(new_code_cell("doubled = double(1)"))
    made = merged(course, submitted)
    assert by_id(made.notebook)["double"].source == solutions(source_notebook())["double"]
    assert order(made.notebook).index("def double(x):\n    return 'early'") == 1


def test_an_answer_that_does_not_parse_is_found(course: NotebookNode) -> None:
    submitted = student_of(course)
    by_id(submitted)["double"].source = "def double(x):\n    return (2 * x"
    made = merged(course, strip(submitted))
    assert by_id(made.notebook)["double"].source == "def double(x):\n    return (2 * x"


def test_what_cannot_be_matched_is_named(course: NotebookNode) -> None:
    submitted = strip(student_of(course))
    submitted.cells = [
        cell for cell in submitted.cells if "def double" not in cell.source and "Mine" not in cell.source
    ]
    submitted.cells[-2:-1] = [new_code_cell("a = 1"), new_code_cell("b = 2")]  # which one is the rate?
    made = merged(course, submitted)
    assert made.unmatched == ("double", "explain", "rate")
    assert {"a = 1", "b = 2"} <= set(order(made.notebook))


def test_nothing_is_matched_by_content_where_all_names_are_there(source: NotebookNode) -> None:
    assert merged(source, submission()) == Merged(merge(source, submission()))


def test_a_deleted_answer_is_unmatched(source: NotebookNode) -> None:
    submitted = submission()
    submitted.cells = [cell for cell in submitted.cells if cell.id != "double"]
    assert merged(source, submitted).unmatched == ("double",)


@pytest.mark.parametrize("name", ["problem1", "problem2"])
def test_nbgraders_own_course_without_names(name: str) -> None:
    source, submitted = quickstart(name)
    texts = [cell.source for cell in submitted.cells]
    made = merged(source, strip(submitted))
    assert made.unmatched == ()
    assert [cell.source for cell in made.notebook.cells] == texts


# ---------------------------------------------------------------------------------------- fuzzing


def merge_anything(source: NotebookNode, seed: int, lost: bool) -> None:
    draw = random.Random(seed)
    submitted = submission()
    submitted.cells += [new_code_cell(f"free_{n} = 1", id=f"free_{n}") for n in range(draw.randrange(4))]
    for cell in draw.choices(submitted.cells, k=draw.randrange(5)):
        double = copy.deepcopy(cell)
        double.source = draw.choice(["", "x = 1", cell.source, f"def double(x): return {draw.random()}"])
        submitted.cells.insert(draw.randrange(len(submitted.cells)), double)
    for cell in draw.choices(submitted.cells, k=draw.randrange(5)):
        submitted.cells.remove(cell) if cell in submitted.cells else None
        submitted.cells.insert(draw.randrange(len(submitted.cells) + 1), cell)
    if lost:
        strip(submitted)
    made = merged(source, submitted)
    nbformat.validate(made.notebook)
    names = [name for name in ids(made.notebook) if name in by_id(source) and name != "look"]
    assert names == [name for name in ids(source) if name != "look"]
    texts = {
        text for cell in submitted.cells if (text := cell.source) and kind_of(cell) in ("free", "answer", "written")
    }
    known = {cell.source for cell in source.cells} | {"x = 1", ""}
    kept = {cell.source for cell in made.notebook.cells}
    locked = {cell.source for cell in submission().cells if kind_of(cell) in ("given", "test")}
    assert texts - known - locked <= kept
    assert merged(source, submitted) == made


@given(seed=st.integers(0, 2**32), lost=st.booleans())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_order_loses_a_cell(seed: int, lost: bool, source: NotebookNode) -> None:
    merge_anything(source, seed, lost)


@pytest.mark.long
@given(seed=st.integers(0, 2**32), lost=st.booleans())
@settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_very_many_orders_lose_no_cell(seed: int, lost: bool, source: NotebookNode) -> None:
    merge_anything(source, seed, lost)
