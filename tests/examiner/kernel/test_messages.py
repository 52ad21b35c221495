"""Jupyter's messages: composed for a kernel, and read as what a hostile one sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examiner.frames import QUIET
from examiner.kernel.messages import (
    DELIMITER,
    MAX_CONTENT,
    QUIET_SECONDS,
    Composer,
    Exchange,
    read,
)
from examiner.kernel.zmtp import OVERSIZE, Channel
from examiner.notebooks.outputs import Outputs

CASES, MANY_CASES = 50, 2_000


def message(kind: Any, parent: Any, content: Any) -> list[bytes]:
    """A kernel's message."""
    parts = [{"msg_type": kind}, {"msg_id": parent}, {}, content]
    return [b"identity", DELIMITER, b"signature", *(json.dumps(part).encode() for part in parts)]


@pytest.fixture
def exchange() -> Exchange:
    """An exchange at whose clock it is always 10."""
    return Exchange("shell", Outputs(), lambda: 10.0)


@pytest.fixture
def call() -> Exchange:
    """A call at whose clock it is always 10."""
    return Exchange("calls", Outputs(), lambda: 10.0)


def test_a_message_is_signed_for_the_kernel() -> None:
    composer = Composer()
    delimiter, signature, header, *rest = composer.compose("id", "execute_request", {"code": "1"})
    assert delimiter == DELIMITER
    assert json.loads(header)["msg_id"] == "id"
    assert json.loads(header)["msg_type"] == "execute_request"
    assert rest == [b"{}", b"{}", b'{"code": "1"}']
    signed = hmac.new(composer.key.encode(), header + b"".join(rest), hashlib.sha256).hexdigest()
    assert signature.decode() == signed
    assert composer.key != Composer().key
    assert composer.key not in repr(composer)


def test_an_answer_is_read() -> None:
    frames = message("status", "id", {"execution_state": "idle"})
    assert read(frames, "id") == ("status", {"execution_state": "idle"})
    assert read([*frames, b"buffer"], "id") == ("status", {"execution_state": "idle"})
    *before, _, content = frames
    assert read([*before, b"whatever it is", content], "id") == ("status", {"execution_state": "idle"})


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [DELIMITER],
        [DELIMITER, b"signature", b"{}", b"{}", b"{}"],
        message("status", "another", {}),
        message("status", None, {}),
        message("status", "id", []),
        [*message("status", "id", {})[:6], b"{"],
        [*message("status", "id", {})[:6], b"[" * 100_000],
        [DELIMITER, b"s", b"[]", b'{"msg_id": "id"}', b"{}", b"{}"],
        [DELIMITER, b"s", b"{}", b"[]", b"{}", b"{}"],
        [DELIMITER, b"s", b"{}", b'{"msg_id": "id"}', b"\xff", b"{}"],
        message("status", "id", {"text": "x" * MAX_CONTENT}),
    ],
    ids=range(12),
)
def test_what_is_no_answer_is_nothing(frames: list[bytes]) -> None:
    assert read(frames, "id") == (None, {})


def test_a_kind_that_is_no_text_is_none() -> None:
    assert read(message(["status"], "id", {}), "id").kind is None


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)
kinds = st.sampled_from(
    ["status", "stream", "display_data", "execute_result", "error", "clear_output", "execute_reply"]
)
contents = st.dictionaries(
    st.sampled_from(["execution_state", "name", "text", "data", "traceback", "ename", "evalue", "wait", "transient"]),
    json_values,
)
hostile = st.one_of(
    st.lists(st.one_of(st.just(DELIMITER), st.binary(max_size=20), st.just(b"{}")), max_size=8),
    st.builds(
        message, st.one_of(kinds, json_values), st.sampled_from(["id", "other"]), st.one_of(contents, json_values)
    ),
    st.just(OVERSIZE),
    st.lists(st.sampled_from([b"id", b"other", QUIET, b"", b"\xff"]), max_size=5),
)
sent_messages = st.lists(st.tuples(hostile, st.sampled_from(["shell", "iopub", "calls"])), max_size=6)


def check_any_messages(sent: list[tuple[list[bytes], Channel]]) -> None:
    """Whatever comes, an exchange goes on, and its outputs can be shown."""
    channels: tuple[Channel, ...] = ("shell", "calls")
    for own in channels:
        outputs = Outputs()
        exchange = Exchange(own, outputs, id="id")
        for frames, channel in sent:
            exchange.take(frames, channel)
            assert isinstance(exchange.finished(), bool)
        json.dumps(outputs.finished()).encode()


@given(sent_messages)
@settings(max_examples=CASES, deadline=None)
def test_any_messages_do_no_harm(sent: list[tuple[list[bytes], Channel]]) -> None:
    check_any_messages(sent)


@pytest.mark.long
@given(sent_messages)
@settings(max_examples=MANY_CASES, deadline=None)
def test_many_messages_do_no_harm(sent: list[tuple[list[bytes], Channel]]) -> None:
    check_any_messages(sent)


def test_an_exchange_ends_with_its_reply_and_the_kernel_idle(exchange: Exchange) -> None:
    exchange.take(message("status", exchange.id, {"execution_state": "busy"}), "iopub")
    exchange.take(message("stream", exchange.id, {"name": "stdout", "text": "hello"}), "iopub")
    exchange.take(message("execute_reply", exchange.id, {"execution_count": 3}), "shell")
    assert not exchange.finished()
    exchange.take(message("status", exchange.id, {"execution_state": "idle"}), "iopub")
    assert exchange.finished()
    assert exchange.reply == {"execution_count": 3}
    assert exchange.outputs.finished()[0].text == "hello"


def test_the_reply_to_a_call_names_it_and_may_say_that_nothing_was_published(call: Exchange) -> None:
    name = call.id.encode()
    assert call.call([b"1", b"2"]) == [name, b"1", b"2"]
    for frames in ([], [name], [b"other", QUIET, b"0"]):
        call.take(frames, "calls")
    call.take(message("execute_reply", call.id, {"quiet": True}), "shell")
    assert call.reply is None
    call.take([name, b"", b"3"], "calls")
    call.take([name, QUIET, b"4"], "calls")
    assert (call.frames, call.quiet, call.finished()) == ([b"3"], False, False)
    call.take(message("status", call.id, {"execution_state": "idle"}), "iopub")
    assert call.finished()


def test_a_quiet_call_says_so(call: Exchange) -> None:
    call.take([call.id.encode(), QUIET], "calls")
    assert (call.frames, call.quiet) == ([], True)


def test_only_the_first_reply_of_the_right_kind_counts(exchange: Exchange) -> None:
    exchange.take([exchange.id.encode(), QUIET, b"0"], "calls")
    exchange.take(message("inspect_reply", exchange.id, {"a": 0}), "shell")
    exchange.take(message("execute_reply", exchange.id, {"a": 1}), "iopub")
    exchange.take(message("execute_reply", "another", {"a": 2}), "shell")
    assert exchange.reply is None
    exchange.take(message("execute_reply", exchange.id, {"a": 3}), "shell")
    exchange.take(message("execute_reply", exchange.id, {"a": 4}), "shell")
    assert exchange.reply == {"a": 3}
    assert not exchange.quiet


def test_a_kernel_that_never_says_it_is_idle_is_not_waited_for_long() -> None:
    now = [10.0]
    exchange = Exchange("shell", Outputs(), lambda: now[0])
    now[0] += 100
    assert not exchange.finished()
    exchange.take(message("execute_reply", exchange.id, {}), "shell")
    assert not exchange.finished()
    now[0] += QUIET_SECONDS + 0.1
    assert exchange.finished()


def test_an_oversized_reply_counts_as_an_empty_one(exchange: Exchange) -> None:
    exchange.take(OVERSIZE, "iopub")
    assert exchange.reply is None
    assert exchange.outputs.cut
    exchange.take(OVERSIZE, "shell")
    assert exchange.reply == {}
