"""The socket for calls: it never waits, and whatever a hostile kernel sends ends in messages or ProtocolError."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examiner._exceptions import ProtocolError
from examiner.frames import FrameReader, encoded
from examiner.kernel.calls import CallSocket
from tests.examiner.kernel.pieces import connected, received

MAX_BYTES, MAX_FRAMES = 200, 5
CASES, MANY_CASES = 50, 2_000

any_frames = st.lists(st.binary(max_size=40), min_size=1, max_size=5)
sizes = st.lists(st.integers(1, 30), min_size=1, max_size=4)


def make(connection: socket.socket) -> CallSocket:
    """A client."""
    return CallSocket(connection, MAX_BYTES, MAX_FRAMES)


def check_any_bytes(data: bytes, pieces: list[int]) -> None:
    """Whatever comes, no message is larger than it may be."""
    messages, _ = received(make, data, pieces)
    assert all(sum(map(len, frames)) <= MAX_BYTES and len(frames) <= MAX_FRAMES for frames in messages)


def test_a_message_is_its_number_of_frames_their_sizes_and_the_frames() -> None:
    assert encoded([b"ab", b""]) == b"\0\0\0\x02" + b"\0\0\0\0\0\0\0\x02" + bytes(8) + b"ab"


@given(st.lists(any_frames, max_size=4), sizes)
@settings(max_examples=CASES, deadline=None)
def test_messages_come_back_in_pieces_of_any_size(messages: list[list[bytes]], pieces: list[int]) -> None:
    assert received(make, b"".join(map(encoded, messages)), pieces) == (messages, False)


@given(st.one_of(st.binary(max_size=200), any_frames.map(encoded)), st.binary(max_size=50), sizes)
@settings(max_examples=CASES, deadline=None)
def test_any_bytes_do_no_harm(data: bytes, more: bytes, pieces: list[int]) -> None:
    check_any_bytes(data + more, pieces)


@pytest.mark.long
@given(st.one_of(st.binary(max_size=200), any_frames.map(encoded)), st.binary(max_size=50), sizes)
@settings(max_examples=MANY_CASES, deadline=None)
def test_many_bytes_do_no_harm(data: bytes, more: bytes, pieces: list[int]) -> None:
    check_any_bytes(data + more, pieces)


@pytest.mark.parametrize(
    "start",
    [
        struct.pack(">I", 0),
        struct.pack(">I", MAX_FRAMES + 1),
        struct.pack(">IQ", 1, MAX_BYTES + 1),
        struct.pack(">IQQ", 2, 1, 2**64 - 1),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_kept(start: bytes) -> None:
    with connected(make) as (client, peer):
        peer.sendall(start)
        with pytest.raises(ProtocolError, match="the kernel has sent a message"):
            client.receive()


def test_a_reader_keeps_what_is_not_complete() -> None:
    reader, data = FrameReader(MAX_BYTES, MAX_FRAMES), encoded([b"first", b"second"])
    assert reader.feed(data[:-1]) == []
    assert reader.feed(data[-1:] + data) == [[b"first", b"second"]] * 2


def test_a_kernel_that_reads_late_gets_all_of_a_large_call() -> None:
    frames = [b"x" * 3_000_000, b"end"]
    with connected(make) as (client, peer):
        client.send(frames)
        assert client.sending
        reader, found = FrameReader(2**23, MAX_FRAMES), []
        while not found:
            found = reader.feed(peer.recv(2**18))
            assert client.receive() == []
        assert found == [frames]
        assert not client.sending


def test_calls_are_sent_one_after_the_other() -> None:
    with connected(make) as (client, peer):
        client.send([b"x" * 1_000_000])
        client.send([b"2"])
        reader, found = FrameReader(2**23, MAX_FRAMES), []
        while len(found) < 2:
            found += reader.feed(peer.recv(2**18))
            client.receive()
        assert found[1] == [b"2"]


@pytest.mark.parametrize("sends", [True, False])
def test_a_kernel_that_has_hung_up_is_known(sends: bool) -> None:
    with connected(make) as (client, peer):
        peer.close()
        with pytest.raises(ProtocolError):
            client.send([b"1"]) if sends else client.receive()
