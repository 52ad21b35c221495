"""Outputs of students' code: text, some colors, pictures of sensible size, and nothing that runs or moves a cursor."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from examiner.notebooks.outputs import (
    CUT,
    MAX_COLORS,
    MAX_OUTPUTS,
    OutputBudget,
    Outputs,
    clean_text,
    harmless,
    picture,
)

PNG, JPEG = "image/png", "image/jpeg"
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def png(width: int, height: int) -> str:
    """A picture whose header says this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return base64.b64encode(data).decode()


def jpeg(width: int, height: int, before: bytes = b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0") -> str:
    """The beginning of a picture of this size."""
    frame = b"\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width) + b"\x03"
    return base64.b64encode(b"\xff\xd8" + before + frame + bytes(20)).decode()


def shown(*messages: tuple[str, dict[str, Any]], **limits: Any) -> list[Any]:
    """The outputs after some messages."""
    outputs = Outputs(**limits)
    for kind, content in messages:
        outputs.add(kind, content)
    return outputs.finished()


def stream(text: Any, name: str = "stdout") -> tuple[str, dict[str, Any]]:
    """A message with text."""
    return "stream", {"name": name, "text": text}


def display(kind: str = "display_data", **data: Any) -> tuple[str, dict[str, Any]]:
    """A message that shows something."""
    return kind, {"data": {key.replace("_", "/"): value for key, value in data.items()}}


# ------------------------------------------------------------------------------------------- text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[0;31mred\x1b[0m"),
        ("\x1b[1m\x1b[31m\x1b[32mgreen\x1b[0m plain", "\x1b[0;1;32mgreen\x1b[0m plain"),
        ("\x1b[31mred\x1b[31m still", "\x1b[0;31mred still\x1b[0m"),
        ("\x1b[31m\x1b[0mplain", "plain"),
        ("\x1b[38;5;200mx\x1b[39my", "\x1b[0;38;5;200mx\x1b[0my"),
        ("\x1b[48;2;1;2;300mx", "x"),
        ("\x1b[38;2;1;2;3mx", "\x1b[0;38;2;1;2;3mx\x1b[0m"),
        ("\x1b[mx\x1b[999;;5mx", "xx"),
        ("a\x1b[2J\x1b[10;10Hb\x9b5Cc", "abc"),
        ("\x1b]0;title\x07a\x1b]8;;http://evil\x1b\\b", "ab"),
        ("\x1b]0;never ended\nnext", "\nnext"),
        ("\x1bPdevice\x1b\\a\x1b(Bb\x1bc", "ab"),
        ("a\x07\x08\x00b\x7f\x85c\u2028d", "ab\nc\nd"),
        ("right\u202eleft\u2066x\u200f\ufeff", "rightleftx"),
        ("tab\tline\nümlaut \U0001f600 \u200d", "tab\tline\nümlaut \U0001f600 \u200d"),
        ("\x1b[40m\x1b]2;title\x07x", "\x1b[0;40mx\x1b[0m"),
        ("\x1b[40m\x1b[2Jx", "\x1b[0;40mx\x1b[0m"),
        ("\x1b", ""),
        ("\x1b[", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_text_keeps_letters_and_colors(text: str, clean: str) -> None:
    assert clean_text(text, OutputBudget()) == clean


def test_without_a_budget_no_color_stays() -> None:
    assert clean_text("\x1b[31mred\x1b[0m") == "red"


def test_colors_of_one_output_are_few() -> None:
    [output] = shown(stream("\x1b[31mx\x1b[32my" * 8_000))
    assert len(COLOR.findall(output.text)) <= MAX_COLORS
    assert COLOR.sub("", output.text).startswith("xyxyxy")
    assert output.text.rfind("\x1b[0m") > output.text.rfind("\x1b[0;3")


def test_colors_of_a_notebook_are_few() -> None:
    budget, count = OutputBudget(), 0
    for _ in range(200):
        found = shown(stream("\x1b[31mx\x1b[32my" * 1_000), budget=budget)
        found += shown(*[display(text_plain="\x1b[31mx\x1b[32my" * 100)] * 10, budget=budget)
        count += sum(len(COLOR.findall(str(dict(output)).replace("\\x1b", "\x1b"))) for output in found)
    assert count <= 20_000
    assert budget.colors >= 0


def test_an_error_has_one_line_of_name_and_colors_in_its_traceback() -> None:
    content = {"ename": "Odd\nname\x1b[31m", "evalue": "a\x1b[2Jb", "traceback": ["\x1b[31mline\x1b[0m", 5] * 400}
    [output] = shown(("error", content))
    assert (output.ename, output.evalue) == ("Odd name", "ab")
    assert len(output.traceback) == 200
    assert output.traceback[0] == "\x1b[0;31mline\x1b[0m"
    assert len(COLOR.findall("".join(output.traceback))) <= MAX_COLORS


def test_escapes_that_come_in_parts_are_found() -> None:
    [output] = shown(stream("a\x1b"), stream("]0;title"), stream("\x07b\x1b[3"), stream("1mred"))
    assert output.text == "ab\x1b[0;31mred\x1b[0m"


def test_carriage_returns_write_over_the_line() -> None:
    [output] = shown(stream("10%\r50%\r100%\r\ndone\n"))
    assert output.text == "100%\ndone\n"


def test_text_is_cut_with_one_note() -> None:
    outputs = Outputs(max_text=10)
    outputs.add(*stream("x" * 8))
    outputs.add(*stream("y" * 8))
    outputs.add(*stream("z" * 8))
    [output] = outputs.finished()
    assert output.text == "x" * 8 + "y" * 2 + CUT.format(limit=10)
    assert outputs.cut


def test_what_a_cell_clears_is_given_back() -> None:
    budget = OutputBudget(left=1_000)
    outputs = Outputs(max_pictures=2, budget=budget)
    for step in range(50):
        outputs.add("clear_output", {"wait": True})
        outputs.add(*display(image_png=png(1, 1), text_plain=f"step {step}"))
    [output] = outputs.finished()
    assert output.data == {PNG: png(1, 1), "text/plain": "step 49"}
    assert budget.left == 1_000 - len(png(1, 1)) - len("step 49")


def test_streams_are_joined_by_name() -> None:
    found = shown(stream("a"), stream("warning", "stderr"), stream(["b", 5, "c"]))
    assert [(output.name, output.text) for output in found] == [("stdout", "abc"), ("stderr", "warning")]


def test_a_finished_cell_can_go_on() -> None:
    outputs = Outputs()
    outputs.add(*stream("\x1b[31ma"))
    assert outputs.finished() == outputs.finished()
    outputs.add(*stream("b"))
    assert [output.text for output in outputs.finished()] == ["\x1b[0;31ma\x1b[0mb"]


# --------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize(
    ("kind", "content", "kept"),
    [
        (PNG, png(640, 480), True),
        (PNG, png(12_000, 12_000), False),
        (PNG, png(2**31, 2**31), False),
        (PNG, png(0, 5), False),
        (PNG, png(640, 480)[:20], False),
        (JPEG, jpeg(640, 480), True),
        (JPEG, jpeg(640, 480, b"\xff\xff\xe1\x00\x04ab\xff\xdb\x00\x03x"), True),
        (JPEG, jpeg(12_000, 12_000), False),
        (JPEG, jpeg(5, 5, b"\xff\xe0\x00\x00" * 3), False),
        (JPEG, base64.b64encode(b"\xff\xd8\xff" + bytes(50)).decode(), False),
        (JPEG, png(1, 1), False),
        (PNG, jpeg(1, 1), False),
        ("image/svg+xml", "PHN2Zz4=", False),
        (PNG, "not base64", False),
        (PNG, "ümlaut", False),
        (PNG, 5, False),
        (PNG, "A" * 4_000_000, False),
    ],
)  # fmt: skip
def test_a_picture_is_what_it_says_and_not_too_large(kind: str, content: Any, kept: bool) -> None:
    assert picture(kind, content) == (content if kept else None)


def test_base64_in_lines_is_joined() -> None:
    text = png(3, 3)
    assert picture(PNG, f"{text[:10]}\n{text[10:]}\n") == text


def test_pictures_are_few() -> None:
    outputs = Outputs(max_pictures=2)
    for _ in range(4):
        outputs.add(*display(image_png=png(1, 1)))
    assert len(outputs.finished()) == 2
    assert outputs.cut


def test_what_a_browser_would_run_is_left_out() -> None:
    found = shown(
        display(text_html="<script>", application_javascript="alert(1)", text_plain="plain"), display(text_html="x")
    )
    assert [output.data for output in found] == [{"text/plain": "plain"}]


def test_a_display_is_updated() -> None:
    first = {"data": {"text/plain": "0%"}, "transient": {"display_id": "bar"}}
    [output] = shown(("display_data", first), ("update_display_data", {**first, "data": {"text/plain": "9%"}}))
    assert output.data == {"text/plain": "9%"}


@pytest.mark.parametrize(
    ("kind", "content"),
    [("stream", {"name": "stdout", "text": "text"}), ("error", {"ename": "E", "evalue": "", "traceback": []})],
)
def test_only_a_display_is_updated(kind: str, content: dict[str, Any]) -> None:
    name = {"transient": {"display_id": "bar"}}
    [output] = shown((kind, {**content, **name}), ("update_display_data", {**name, "data": {"text/plain": "9%"}}))
    assert "data" not in output


def test_outputs_are_few() -> None:
    outputs = Outputs()
    for number in range(MAX_OUTPUTS + 5):
        outputs.add(*display(text_plain=str(number)))
    assert len(outputs.finished()) == MAX_OUTPUTS
    assert outputs.cut
    assert repr(outputs) == f"<Outputs: {MAX_OUTPUTS}, cut>"


# ---------------------------------------------------------------------------------------- fuzzing

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=5),
    st.text(alphabet=st.one_of(st.sampled_from("\x1b[]0123456789;m\x07\r\n\x9b\ud800x"), st.characters()), max_size=40),
    st.sampled_from([png(2, 2), jpeg(2, 2), "stdout", "bar"]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
)
KEYS = st.sampled_from(
    ["name", "text", "data", "transient", "ename", "evalue", "traceback", "wait", "display_id", PNG, JPEG, "text/plain"]
)
CONTENT = st.dictionaries(KEYS, st.one_of(VALUES, st.dictionaries(KEYS, VALUES, max_size=3)), max_size=5)
KINDS = st.one_of(
    VALUES,
    st.sampled_from(["stream", "display_data", "execute_result", "error", "clear_output", "update_display_data"]),
)
MESSAGES = st.lists(st.tuples(KINDS, st.one_of(CONTENT, VALUES)), max_size=12)


def take_in_anything(messages: list[tuple[Any, Any]]) -> None:
    budget = OutputBudget(left=200, colors=10)
    outputs = Outputs(max_text=100, max_pictures=1, budget=budget)
    for kind, content in messages:
        outputs.add(kind, content)
    cells = [new_code_cell("", outputs=outputs.finished())]
    submitted = [{"output_type": kind, **content} for kind, content in messages if isinstance(content, dict)]
    cells.append(new_code_cell("", outputs=harmless(submitted)))
    nbformat.validate(new_notebook(cells=cells))
    text = nbformat.writes(new_notebook(cells=cells))
    assert not re.search(r"[\x80-\x9f\u202e]|\\u000[0-8]|\\r|\\u007f", text)
    assert budget.left >= 0
    assert budget.colors >= 0


@given(MESSAGES)
@settings(max_examples=50, deadline=None)
def test_any_message_leaves_valid_outputs(messages: list[tuple[Any, Any]]) -> None:
    take_in_anything(messages)


@pytest.mark.long
@given(MESSAGES)
@settings(max_examples=2_000, deadline=None)
def test_very_many_messages_leave_valid_outputs(messages: list[tuple[Any, Any]]) -> None:
    take_in_anything(messages)


@given(st.text(alphabet="\x1b[]0123456789;mJ\x07\\\x9b\x90P ab\n", max_size=60))
@settings(max_examples=50, deadline=None)
def test_a_clean_text_stays_as_it_is(text: str) -> None:
    clean = clean_text(text, OutputBudget())
    assert clean_text(clean, OutputBudget()) == clean
    assert "\x1b" not in COLOR.sub("", clean)
