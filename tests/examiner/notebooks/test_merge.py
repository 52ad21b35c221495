"""What is graded is the source, with the student's cells in it, however damaged the submission is."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from nbgrader.utils import compute_checksum

from examiner.notebooks.merge import merge, prepared_source
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
    handed_in = submission()
    merged = merge(source, handed_in)
    assert ids(merged) == ids(handed_in)
    assert by_id(merged)["double"].source == by_id(handed_in)["double"].source
    assert "HIDDEN" in by_id(merged)["test_double"].source
    assert "SOLUTION" not in "".join(cell.source for cell in merged.cells)
    nbformat.validate(merged)


def test_the_prepared_source_is_what_nbgrader_stores(source: NotebookNode) -> None:
    for cell in source.cells:
        if cell.metadata.get("nbgrader"):
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


def test_an_unchanged_written_answer_counts_as_none(source: NotebookNode) -> None:
    handed_in = submission({"explain": by_id(source)["explain"].source})
    cell = by_id(merge(source, handed_in))["explain"]
    assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


def test_cells_of_ones_own_follow_the_cell_that_they_followed(source: NotebookNode) -> None:
    handed_in = submission({}, "helper = 1", after="double")
    handed_in.cells.insert(0, new_markdown_cell("My name", id="name"))
    merged = ids(merge(source, handed_in))
    assert merged[0] == "name"
    assert merged[merged.index("double") + 1 :][:2] == ["extra", "look"]


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
    handed_in = submission()
    damage(handed_in)
    merged = merge(source, handed_in)
    graded = [cell for cell in merged.cells if cell.metadata.get("nbgrader")]
    expected = [cell for cell in source.cells if cell.metadata.get("nbgrader")]
    assert [cell.metadata for cell in graded] == [cell.metadata for cell in expected]
    locked = [(a.source, b.source) for a, b in zip(graded, expected, strict=True) if b.metadata.nbgrader.locked]
    assert all(a == b for a, b in locked)
    assert "return 2 * x" in by_id(merged)["double"].source
    assert merged.metadata == source.metadata
    nbformat.validate(merged)


@pytest.mark.parametrize(
    "cells",
    [None, {}, [None, 1, "x", []], [{"cell_type": "code"}], [{"source": 5, "metadata": 3, "id": []}]],
    ids=["none", "dict", "no_cells", "empty_cell", "odd_fields"],
)
def test_a_notebook_that_is_none_still_grafts(cells: Any, source: NotebookNode) -> None:
    merged = merge(source, NotebookNode(cells=cells))
    assert set(ids(source)) - {"look"} <= set(ids(merged))
    nbformat.validate(merged)


def test_of_two_copies_the_one_that_was_written_in_counts(source: NotebookNode) -> None:
    handed_in = submission({"double": "first = 1"})
    second = copy.deepcopy(by_id(handed_in)["double"])
    second.source = by_id(source)["double"].source
    handed_in.cells.append(second)
    merged = merge(source, handed_in)
    assert by_id(merged)["double"].source == "first = 1"
    nbformat.validate(merged)


def test_only_a_training_cell_keeps_its_tag_and_harmless_outputs(source: NotebookNode) -> None:
    handed_in = submission({}, "train()")
    outputs = [
        new_output("display_data", data={"image/png": PIXEL, "text/html": "<script>", "text/plain": "curve"}),
        new_output("display_data", data={"image/png": "PHNjcmlwdD4="}),
        new_output("stream", name="stdout", text="x" * 200_000),
    ]
    for name in ("extra", "double", "test_double"):
        by_id(handed_in)[name].metadata.tags = ["skip-execution", "other"]
        by_id(handed_in)[name].outputs = copy.deepcopy(outputs)
    merged = by_id(merge(source, handed_in))
    assert merged["extra"].metadata == {"tags": ["skip-execution"]}
    assert merged["extra"].outputs[0].data == {"image/png": PIXEL, "text/plain": "curve"}
    assert len(merged["extra"].outputs) == 2
    assert len(merged["extra"].outputs[1].text) < 101_000
    for name in ("double", "test_double"):
        assert "tags" not in merged[name].metadata
        assert merged[name].outputs == []


def test_only_pictures_are_attached(source: NotebookNode) -> None:
    handed_in = submission()
    handed_in.cells.append(new_markdown_cell("![x](attachment:a.png)", id="pasted"))
    handed_in.cells[-1].attachments = {
        "a.png": {"image/png": PIXEL},
        "b.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"},
    }
    assert by_id(merge(source, handed_in))["pasted"].attachments == {"a.png": {"image/png": PIXEL}}


def test_html_of_a_students_own_stays_text(source: NotebookNode) -> None:
    source = copy.deepcopy(source)
    source.cells.insert(0, new_markdown_cell("<details>A hint</details>", id="hint"))
    evil = "$a<b$ and a < b, <img src=x onerror='alert(1)'> </b><!-- --> <https://example.org>"
    handed_in = submission({"explain": evil})
    handed_in.cells.insert(0, new_markdown_cell("<details>A hint</details>", id="hint"))
    handed_in.cells += [new_markdown_cell(evil, id="own"), new_raw_cell(evil, id="raw")]
    merged = by_id(merge(source, handed_in))
    assert merged["hint"].source == "<details>A hint</details>"
    for name in ("explain", "own", "raw"):
        text = merged[name].source
        assert text == "$a< b$ and a < b, < img src=x onerror='alert(1)'> < /b>< !-- --> <https://example.org>"


def test_ids_stay_unique(source: NotebookNode) -> None:
    handed_in = submission()
    handed_in.cells += [new_code_cell("1", id="same"), new_code_cell("2", id="same")]
    merged = ids(merge(source, handed_in))
    assert len(set(merged)) == len(merged)


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
        "[x](javascript:alert(1))",
        "![x](JavaScript:alert(1))",
        "[r]\n\n[r]: javascript:alert(1)",
        "[z](&#106;avascript:alert(1))",
        "[z](java\\script:alert(1))",
        "[z](data:text/html;base64,AAAA)",
    ],
)
def test_a_link_that_runs_a_script_is_no_link(text: str) -> None:
    page = _plain(text)
    assert "](" not in page
    assert "]:" not in page


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
    handed_in = submission()
    handed_in.cells.append(new_markdown_cell(text, id="pasted", attachments={"p.gif": {"image/gif": "R0lGODlhAQ=="}}))
    cell = by_id(merge(source, handed_in))["pasted"]
    assert "x" in markdown2html_mistune(cell.source)  # as feedback does; it would raise InvalidNotebook
    assert "](attachment:" not in cell.source


def test_an_honest_link_stays_one() -> None:
    text = "See [the data](https://example.org/data: a note) and ![mine](attachment:mine.png)."
    assert _plain(text) == text


def test_many_cells_without_ids_are_numbered_in_linear_time() -> None:
    taken: set[str] = set()
    names = [_fresh(None, taken) for _ in range(20_000)]
    assert len(set(names)) == len(names)
