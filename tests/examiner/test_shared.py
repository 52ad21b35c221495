"""Shared values: equal, read-only, and sealed."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from examiner.shared import new_file, read_shared, write_shared

VALUE = {"X": np.arange(12.0).reshape(3, 4), "y": np.arange(3, dtype=np.int8), "empty": np.zeros(0), "name": "digits"}


@pytest.fixture
def file() -> Iterator[int]:
    descriptor = new_file()
    write_shared(descriptor, VALUE)
    yield descriptor
    os.close(descriptor)


def test_a_value_is_the_same_for_each_reader(file: int) -> None:
    readers = [read_shared(os.dup(file)) for _ in range(2)]
    for value in readers:
        assert value["name"] == "digits"
        for name in ("X", "y", "empty"):
            np.testing.assert_array_equal(value[name], VALUE[name])  # type: ignore[arg-type]
            assert value[name].dtype == VALUE[name].dtype  # type: ignore[attr-defined]
        assert value["X"].ctypes.data % 64 == 0


def test_nobody_can_change_it(file: int) -> None:
    found = read_shared(os.dup(file))["X"]
    assert not found.flags.writeable
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        found.setflags(write=True)
    with pytest.raises(PermissionError):
        os.pwrite(file, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(file, 0)
    with pytest.raises(PermissionError):
        mmap.mmap(file, 0)


def test_memory_that_is_made_writable_by_force_is_a_copy(file: int) -> None:
    found, other = (read_shared(os.dup(file))["X"] for _ in range(2))
    page = found.ctypes.data & -mmap.PAGESIZE
    writable = mmap.PROT_READ | mmap.PROT_WRITE
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), ctypes.c_size_t(mmap.PAGESIZE), writable) == 0
    ctypes.memset(found.ctypes.data, 255, 8)
    assert np.isnan(found[0, 0])
    assert other[0, 0] == read_shared(os.dup(file))["X"][0, 0] == 0


def test_no_descriptor_is_left(file: int) -> None:
    given = os.dup(file)
    found = read_shared(given)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(given)
    assert [number for number in _descriptors() if os.path.samestat(os.fstat(number), os.fstat(file))] == [file]
    assert found["name"] == "digits"


def test_a_file_that_cannot_be_mapped_is_closed(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    given = os.open(tmp_path / "empty", os.O_RDONLY)
    with pytest.raises(OSError, match="Invalid argument"):
        read_shared(given)
    assert given not in _descriptors()


def _descriptors() -> list[int]:
    found = [int(name) for name in os.listdir("/proc/self/fd")]
    return [number for number in found if os.path.exists(f"/proc/self/fd/{number}")]
