"""User ids that root may become."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from examiner.sandbox.linux import users


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be root, for the asking."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_the_own_namespace_can_be_read() -> None:
    assert all(count > 0 for _, _, count in users.mapped())


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("ranges", "least", "most"),
    [
        ([(0, 0, 2**32 - 1)], 1_900_000_000, 2_000_000_000),
        ([(0, 100_000, 65_536)], 60_600, 61_100),
        ([(0, 1000, 1), (1, 100_000, 60_000)], 30_000, 60_000),
        ([(0, 1000, 1), (1, 100_000, 30_000)], 2, 30_000),
    ],
    ids=["the machine", "a container", "a small container", "a smaller one"],
)
def test_a_user_is_drawn_that_exists_in_the_namespace(
    ranges: list[tuple[int, int, int]], least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "mapped", lambda: ranges)
    drawn = {users.unused() for _ in range(50)}
    assert all(each is not None and least <= each < most for each in drawn)
    assert len(drawn) > 1


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(("outside", "is_root"), [(1000, False), (0, True)])
def test_alone_root_becomes_nobody(outside: int, is_root: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "mapped", lambda: [(0, outside, 1)])
    assert users.unused() is None
    assert users.is_root_outside() is is_root


def test_an_ordinary_user_becomes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert users.unused() is None


def test_the_capability_to_trace_is_read_from_the_process() -> None:
    code = "from examiner.sandbox.linux import users; print(users.may_trace())"
    drop = ["setpriv", "--bounding-set=-sys_ptrace"] if os.geteuid() == 0 else []
    done = subprocess.run([*drop, sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
