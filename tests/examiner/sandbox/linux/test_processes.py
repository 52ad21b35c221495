"""Processes that are held by descriptors."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest

from examiner.sandbox.linux.processes import Process, first_process, only_child


def test_a_process_is_signalled_and_its_end_is_seen() -> None:
    child = subprocess.Popen(["sleep", "60"])
    process = Process(child.pid)
    assert repr(process) == f"Process({child.pid})"
    assert not process.ended(0)
    process.send(signal.SIGTERM)
    assert process.ended(20)
    child.wait()
    process.send(signal.SIGKILL)  # no process gets it: the descriptor knows its process
    process.close()


def test_what_is_no_process_is_an_error() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    with pytest.raises(ProcessLookupError):
        Process(child.pid)


@pytest.mark.parametrize("pieces", [[b'{"child-pid": 42}\n'], [b'{"child', b'-pid": ', b"42", b"}\n\n"]])
def test_the_first_process_is_read_however_it_is_told(pieces: list[bytes]) -> None:
    reader, writer = os.pipe()
    for piece in pieces:
        os.write(writer, piece)
    os.close(writer)
    assert first_process(reader, 5) == 42
    os.close(reader)


def test_a_bwrap_that_ends_without_telling_is_an_error() -> None:
    reader, writer = os.pipe()
    os.write(writer, json.dumps({"child-pid": 42}).encode()[:-1])
    os.close(writer)
    with pytest.raises(ProcessLookupError):
        first_process(reader, 5)
    os.close(reader)


def test_a_bwrap_that_says_nothing_is_not_waited_for_without_end() -> None:
    reader, writer = os.pipe()
    with pytest.raises(ProcessLookupError):
        first_process(reader, 0.01)
    os.close(reader)
    os.close(writer)


def test_the_first_child_is_found() -> None:
    parent = subprocess.Popen(["sh", "-c", "sleep 60 & wait"], start_new_session=True)
    try:
        child = only_child(parent.pid, 20)
        assert child != parent.pid
        os.kill(child, 0)
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
    with pytest.raises(ProcessLookupError):
        only_child(parent.pid, 1)


def test_a_process_without_children_is_not_waited_for_without_end() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        with pytest.raises(ProcessLookupError):
            only_child(child.pid, 0.05)
    finally:
        child.kill()
        child.wait()
