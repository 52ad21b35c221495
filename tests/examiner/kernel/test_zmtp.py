"""The parser of hostile bytes: whatever a kernel sends ends in messages, OVERSIZE or ProtocolError."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examiner._exceptions import ProtocolError
from examiner.kernel import zmtp
from examiner.kernel.zmtp import OVERSIZE, ZmtpSocket
from tests.examiner.kernel.pieces import connected, received

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x04\x06\x05READY"
MAX_BYTES, MAX_FRAMES = 200, 6
CASES, MANY_CASES = 50, 2_000


def make(connection: socket.socket, kind: str = "DEALER") -> ZmtpSocket:
    """A client."""
    return ZmtpSocket(connection, kind, MAX_BYTES, MAX_FRAMES)


def keeps_little(client: ZmtpSocket, piece: bytes) -> None:
    """A client keeps at most one frame, its header and a piece."""
    assert len(client._incoming) <= MAX_BYTES + len(piece) + 9


def read(data: bytes, sizes: list[int]) -> tuple[list[list[bytes]], bool]:
    """Give what a client makes of bytes that come in pieces, and whether it gave up."""
    return received(make, data, sizes, keeps_little)


def encoded(frames: list[bytes], long: bool = False) -> bytes:
    """One message, as a kernel sends it."""
    parts = []
    for index, frame in enumerate(frames):
        is_long = long or len(frame) > 255
        flags = (1 if index + 1 < len(frames) else 0) | (2 if is_long else 0)
        parts.append(bytes([flags]) + (struct.pack(">Q", len(frame)) if is_long else bytes([len(frame)])) + frame)
    return b"".join(parts)


def kept(frames: list[bytes]) -> list[bytes]:
    """What a client keeps of a message."""
    return OVERSIZE if sum(map(len, frames)) > MAX_BYTES or len(frames) > MAX_FRAMES else frames


pieces = st.lists(st.integers(1, 400), min_size=1, max_size=5)
raw_frames = st.builds(
    lambda flags, size, body: bytes([flags]) + size + body,
    st.integers(0, 255),
    st.one_of(
        st.integers(0, 255).map(lambda n: bytes([n])), st.integers(0, 2**64 - 1).map(lambda n: struct.pack(">Q", n))
    ),
    st.binary(max_size=40),
)
streams = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=300).map(lambda data: GREETING + data),
    st.lists(raw_frames, max_size=8).map(lambda frames: GREETING + READY + b"".join(frames)),
)
messages = st.lists(
    st.lists(st.one_of(st.binary(max_size=30), st.binary(min_size=250, max_size=300)), min_size=1, max_size=8),
    max_size=5,
)


def check_any_stream(data: bytes, sizes: list[int]) -> None:
    """Any bytes give the same, however they are cut: messages within limits, or an end."""
    in_pieces, at_once = read(data, sizes), read(data, [max(1, len(data))])
    found, gave_up = in_pieces
    assert found[: len(at_once[0])] == at_once[0]  # at once, what came before the error is lost with it
    assert gave_up == at_once[1]
    for frames in found:
        assert frames is OVERSIZE or (sum(map(len, frames)) <= MAX_BYTES and 0 < len(frames) <= MAX_FRAMES)


def check_messages(sent: list[list[bytes]], long: bool, sizes: list[int]) -> None:
    """What a kernel sends arrives, but for what is too large."""
    data = GREETING + READY + b"".join(encoded(frames, long) for frames in sent)
    found, gave_up = read(data, sizes)
    assert not gave_up
    assert found == [kept(frames) for frames in sent]


@given(streams, pieces)
@settings(max_examples=CASES, deadline=None)
def test_any_bytes_end_in_messages_or_a_protocol_error(data: bytes, sizes: list[int]) -> None:
    check_any_stream(data, sizes)


@pytest.mark.long
@given(streams, pieces)
@settings(max_examples=MANY_CASES, deadline=None)
def test_many_streams_of_any_bytes(data: bytes, sizes: list[int]) -> None:
    check_any_stream(data, sizes)


@given(messages, st.booleans(), pieces)
@settings(max_examples=CASES, deadline=None)
def test_messages_arrive_however_they_are_cut(sent: list[list[bytes]], long: bool, sizes: list[int]) -> None:
    check_messages(sent, long, sizes)


@pytest.mark.long
@given(messages, st.booleans(), pieces)
@settings(max_examples=MANY_CASES, deadline=None)
def test_many_messages_arrive(sent: list[list[bytes]], long: bool, sizes: list[int]) -> None:
    check_messages(sent, long, sizes)


def test_a_frame_that_never_ends_takes_no_memory() -> None:
    with connected(make) as (client, peer):
        peer.sendall(GREETING + READY + b"\x02" + struct.pack(">Q", 2**63))
        for _ in range(100):
            peer.sendall(bytes(50_000))
            assert client.receive() == []
            while client._incoming:
                client.receive()
        assert client._incoming == b""
        assert client.received > 5_000_000


def test_commands_between_frames_are_dropped() -> None:
    data = GREETING + READY + b"\x01\x01a" + b"\x04\x04PING" + b"\x06" + struct.pack(">Q", 3) + b"abc" + b"\x00\x01b"
    assert read(data, [7]) == ([[b"a", b"b"]], False)


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\n".ljust(64), b"\xff" + bytes(9) + b"\x02" + bytes(53), GREETING + b"\x00\x01a"],
    ids=["another protocol", "an old version", "a message before the introduction"],
)
def test_what_is_not_the_protocol_is_refused(data: bytes) -> None:
    assert read(data, [100]) == ([], True)


def test_a_kernel_that_hangs_up_is_an_error() -> None:
    with connected(make) as (client, peer):
        peer.close()
        with pytest.raises(ProtocolError, match="closed"):
            client.receive()


def test_without_bytes_there_is_nothing_and_no_waiting() -> None:
    with connected(make) as (client, _):
        assert client.receive() == []


def test_messages_are_sent_once_the_kernel_has_introduced_itself() -> None:
    with connected(lambda connection: make(connection, "SUB")) as (client, peer):
        client.send([b"a", b"b" * 300])
        hello = peer.recv(10_000)
        assert hello.startswith(zmtp._GREETING)
        assert hello.endswith(b"\x03SUB\x08Identity" + bytes(4))
        peer.sendall(GREETING + READY)
        client.receive()
        assert peer.recv(10_000) == encoded([b"\x01"]) + encoded([b"a", b"b" * 300])
        client.send([b"c"])
        assert peer.recv(10_000) == encoded([b"c"])


def test_a_kernel_that_takes_nothing_is_an_error() -> None:
    with connected(make) as (client, peer):
        peer.sendall(GREETING + READY)
        client.receive()
        peer.close()
        with pytest.raises(ProtocolError, match="does not take"):
            client.send([b"x" * 10_000_000])
