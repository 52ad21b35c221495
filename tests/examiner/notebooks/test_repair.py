"""Notebooks that other tools saved, or that were damaged: what can be read is repaired on a copy."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_output

from examiner._exceptions import DamagedNotebookError
from examiner.notebooks import repair
from examiner.notebooks.repair import as_notebook, is_readable_as_it_is, repaired
from tests.examiner.notebooks.damage import damaged, valid
from tests.examiner.notebooks.test_outputs import PNG, png

TEXT = json.dumps(valid())


def changed(**changes: Any) -> bytes:
    """A submission with other top-level keys; None takes one away."""
    content = {**valid(), **changes}
    return json.dumps({key: value for key, value in content.items() if value is not None}).encode()


def with_cell(**changes: Any) -> bytes:
    """A submission whose second cell is another."""
    content = valid()
    content["cells"][1] = {k: v for k, v in {**content["cells"][1], **changes}.items() if v != "drop"}
    return json.dumps(content).encode()


def sources(data: bytes) -> list[str]:
    """The cells' sources of a repaired notebook."""
    notebook, _ = as_notebook(data)
    nbformat.validate(notebook)
    return [cell.source for cell in notebook.cells]


def repairs(data: bytes) -> tuple[str, ...]:
    """What was repaired."""
    return as_notebook(data)[1]


def test_an_honest_notebook_needs_no_repair() -> None:
    notebook, done = as_notebook(TEXT.encode())
    assert done == ()
    assert [(c.id, c.cell_type, c.source) for c in notebook.cells] == [
        (c["id"], c["cell_type"], c["source"]) for c in valid()["cells"]
    ]
    assert notebook.cells[0].metadata.nbgrader.grade_id == "setup"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (TEXT.encode("utf-8-sig"), "it was saved as UTF-8 with a byte order mark"),
        (TEXT.encode("utf-16"), "it was saved as UTF-16"),
        (TEXT.encode("utf-16-be"), "it was saved as UTF-16"),
        (TEXT.encode("utf-32"), "it was saved as UTF-32"),
        (changed(nbformat=None), "its nbformat was missing"),
        (changed(nbformat="4"), "its nbformat was not 4"),
        (changed(nbformat=5), "its nbformat was not 4"),
        (changed(nbformat_minor="5"), "its nbformat was not 4"),
        (changed(metadata=None), "its metadata was missing"),
        (with_cell(metadata="drop"), "it had a cell without metadata"),
        (with_cell(metadata=None), "it had a cell without metadata"),
        (with_cell(metadata=[]), "it had a cell without metadata"),
        (with_cell(outputs="drop"), "it had a code cell without outputs"),
        (with_cell(outputs=None), "it had a code cell without outputs"),
        (TEXT.replace('"metadata": {}', '"metadata": {"x": NaN, "y": -Infinity, "z": 1e999}').encode(),
         "it had numbers that JSON does not allow"),
        (TEXT.replace('"nbformat_minor": 5', f'"nbformat_minor": {"1" * 5_000}').encode(),
         "it had numbers that JSON does not allow"),
        (f"{TEXT}\n}}\n".encode(), "it had text behind its end"),
        (f"{TEXT} see above".encode(), "it had text behind its end"),
        (f"{TEXT}{TEXT[500:]}".encode("utf-16"), "it had text behind its end"),
    ],
)  # fmt: skip
def test_what_can_be_read_is_repaired(data: bytes, what: str) -> None:
    assert what in repairs(data)
    assert sources(data) == [cell["source"] for cell in valid()["cells"]]


def test_what_is_not_utf_8_is_read_all_the_same() -> None:
    data = TEXT.replace("helper = 1", "helper = 'grün'").encode("cp1252")
    assert repairs(data) == ("it was not UTF-8",)
    assert "helper = 'grün'" in sources(data)


def test_a_notebook_in_an_answer_of_the_contents_api_is_read() -> None:
    answer = {"name": "one.ipynb", "type": "notebook", "format": "json", "content": valid()}
    assert sources(json.dumps(answer).encode()) == [cell["source"] for cell in valid()["cells"]]
    for other in ({**answer, "content": TEXT}, {**answer, "type": "file"}):
        with pytest.raises(DamagedNotebookError):
            as_notebook(json.dumps(other).encode())


def test_cells_without_source_are_empty() -> None:
    assert repairs(with_cell(source="drop")) == ("it had a cell without source",)
    assert sources(with_cell(source="drop"))[1] == ""
    assert sources(with_cell(source=["a\n", 5, "b"]))[1] == "a\nb"
    assert repairs(with_cell(source=["a\n", "b"])) == ()
    assert sources(with_cell(source="\ud800"))[1] == "?"


@pytest.mark.parametrize("ids", [["same", "same"], [None, 5], ["not valid!", ""], ["a" * 65, {}]])
def test_ids_are_repaired_quietly(ids: list[Any], recwarn: pytest.WarningsRecorder) -> None:
    content = valid()
    for cell, name in zip(content["cells"], ids, strict=False):
        cell["id"] = name
    notebook, done = as_notebook(json.dumps({**content, "nbformat_minor": 0}).encode())
    nbformat.validate(notebook)
    assert done == ()
    assert not recwarn.list
    assert len({cell.id for cell in notebook.cells}) == len(content["cells"])


def test_worksheets_become_cells() -> None:
    picture = {"output_type": "display_data", "png": png(2, 2)}
    code = {"cell_type": "code", "input": ["x = 1\n", "y = 2"], "outputs": [], "language": "python", "metadata": {}}
    curve = {**code, "input": "train()", "outputs": [picture], "metadata": {"tags": ["skip-execution"]}}
    heading = {"cell_type": "heading", "level": 2, "source": "Title", "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [heading, code, curve]}, None]}
    notebook, done = as_notebook(json.dumps(old).encode())
    nbformat.validate(notebook)
    assert done == ("it was converted from nbformat 3",)
    assert [(c.cell_type, c.source) for c in notebook.cells] == [
        ("markdown", "# Title"), ("code", "x = 1\ny = 2"), ("code", "train()"),
    ]  # fmt: skip
    assert notebook.cells[2].outputs[0].data == {"image/png": png(2, 2)}


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"1", b"[]", b"null", b'{"cells": {}}', b'{"cells": 5}', b"{}", b"[" * 100_000, b'{"a":' * 50_000,
     TEXT.encode()[:-50], b"\xff\xfe", b"\x00" * 100, b"PK\x03\x04"],
)  # fmt: skip
def test_what_is_not_a_notebook_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(DamagedNotebookError, match=r"^not a valid notebook$"):
        as_notebook(data)


def test_a_notebook_has_not_too_many_cells() -> None:
    with pytest.raises(DamagedNotebookError, match="more than 2,000 cells"):
        as_notebook(changed(cells=[{}] * 2_001))
    assert len(sources(changed(cells=[{}] * 2_000))) == 2_000


def test_size_is_judged_without_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "MAX_NOTEBOOK", 5_000)
    content = valid()
    content["cells"].append(new_code_cell("1", outputs=[new_output("stream", text="x" * 20_000)]))
    notebook = repaired(content)
    assert [len(output.text) for output in notebook.cells[-1].outputs] == [20_000]
    content["cells"].append(new_code_cell("#" * 20_000))
    with pytest.raises(DamagedNotebookError, match="without its outputs"):
        repaired(content)


@pytest.mark.parametrize("part", ["[],", "{},", "0,", '"",'])
def test_a_large_file_may_not_hold_very_many_values(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "MAX_NOTEBOOK", 1_000)
    monkeypatch.setattr(repair, "MAX_VALUES", dict.fromkeys(repair.MAX_VALUES, 800))
    assert sources(changed(cells=[{"source": "x", "outputs": ["long" * 1_000]}])) == ["x"]
    with pytest.raises(DamagedNotebookError, match="larger than"):
        as_notebook(b"[" + part.encode() * 1_000 + b"]")


def test_free_cells_keep_text_and_pictures_others_nothing() -> None:
    content = valid()
    html = new_output("display_data", data={"text/html": "<script>", PNG: png(2, 2)})
    text = new_output("stream", text="loss 1.0")
    content["cells"] += [
        new_code_cell("train()", metadata={"tags": ["skip-execution"]}, outputs=[text, html]),
        new_code_cell("answer()", metadata={"nbgrader": {"solution": True}}, outputs=[text, html]),
        new_code_cell("other()", outputs=[text, html]),
    ]
    content["cells"][-1]["outputs"] += [{"data": [PNG]}, 1, {"data": {PNG: "PHNjcmlwdD4="}}]
    notebook = repaired(content)
    picture = new_output("display_data", data={PNG: png(2, 2)})
    assert [cell.outputs for cell in notebook.cells[-3:]] == [[text, picture], [], [text, picture]]


def test_what_nbgrader_can_read_as_it_is() -> None:
    assert is_readable_as_it_is(TEXT.encode())
    assert is_readable_as_it_is(changed(nbformat_minor=0))
    for data in (
        TEXT.encode("utf-16"),
        changed(nbformat="4"),
        with_cell(metadata=None),
        with_cell(source="drop"),
        b"1",
    ):
        assert not is_readable_as_it_is(data)


# ---------------------------------------------------------------------------------------- fuzzing


def read_anything(data: bytes) -> None:
    is_readable_as_it_is(data)
    try:
        notebook, done = as_notebook(data)
    except DamagedNotebookError:
        return
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode()
    assert all(isinstance(each, str) for each in done)


@given(damaged())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_damage_is_repaired_or_said(notebook: dict[str, Any]) -> None:
    read_anything(json.dumps(notebook).encode())


@pytest.mark.long
@given(damaged())
@settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_very_much_damage_is_repaired_or_said(notebook: dict[str, Any]) -> None:
    read_anything(json.dumps(notebook).encode())


BYTES = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda place, part, length: TEXT.encode()[:place] + part + TEXT.encode()[place + length :],
        st.integers(0, len(TEXT)), st.binary(max_size=6), st.integers(0, 200),
    ),
)  # fmt: skip


@given(BYTES)
@settings(max_examples=50, deadline=None)
def test_any_bytes_are_repaired_or_said(data: bytes) -> None:
    read_anything(data)


@pytest.mark.long
@given(BYTES)
@settings(max_examples=2_000, deadline=None)
def test_very_many_bytes_are_repaired_or_said(data: bytes) -> None:
    read_anything(data)
