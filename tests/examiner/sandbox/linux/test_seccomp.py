"""The filter of system calls."""

from __future__ import annotations

import fcntl
import struct

import pytest

from examiner.sandbox.linux import seccomp


def verdict(program: bytes, architecture: int, number: int, first: int = 0, second: int = 0) -> int:
    """Run a filter on one system call, as the kernel does."""
    steps = list(struct.iter_unpack("=HBBI", program))
    data = {seccomp.ARCHITECTURE: architecture, seccomp.NUMBER: number}
    data |= {seccomp.FIRST_ARGUMENT: first, seccomp.SECOND_ARGUMENT: second}
    at, word = 0, 0
    while True:
        code, if_true, if_false, value = steps[at]
        at += 1
        if code == seccomp.RETURN:
            return int(value)
        if code == seccomp.LOAD:
            word = data[value]
        else:
            holds = word == value if code == seccomp.IF_EQUAL else word >= value
            at += if_true if holds else if_false


def test_the_filter_is_well_formed_for_every_processor() -> None:
    for machine in seccomp.AUDIT:
        program = seccomp.program(machine)
        assert 0 < len(program) // 8 < 255  # jumps fit into a byte
    assert seccomp.program("riscv64") == b""


@pytest.mark.parametrize("machine", seccomp.AUDIT)
def test_what_is_denied_is_denied_and_all_else_is_allowed(machine: str) -> None:
    program, column = seccomp.program(machine), list(seccomp.AUDIT).index(machine)
    denied = {numbers[column] for numbers in seccomp.DENIED.values()}
    for number in range(500):
        if number != seccomp.SOCKET[machine]:
            expected = seccomp.EPERM if number in denied else seccomp.ALLOW
            assert verdict(program, seccomp.AUDIT[machine], number) == expected


@pytest.mark.parametrize("machine", seccomp.AUDIT)
def test_only_sockets_of_confined_families_can_be_made(machine: str) -> None:
    program = seccomp.program(machine)
    for family in range(50):
        expected = seccomp.ALLOW if family in seccomp.FAMILIES else seccomp.EPERM
        assert verdict(program, seccomp.AUDIT[machine], seccomp.SOCKET[machine], family) == expected


@pytest.mark.parametrize("machine", seccomp.AUDIT)
def test_a_file_can_be_controlled_but_not_leased(machine: str) -> None:
    program, number = seccomp.program(machine), seccomp.FCNTL[machine]
    for command in (*range(40), *range(1_020, 1_040)):
        expected = seccomp.EPERM if command == fcntl.F_SETLEASE else seccomp.ALLOW
        assert verdict(program, seccomp.AUDIT[machine], number, 3, command) == expected


def test_calls_of_another_architecture_end_the_program() -> None:
    program = seccomp.program("x86_64")
    assert verdict(program, seccomp.AUDIT["aarch64"], 0) == seccomp.KILL
    assert verdict(program, seccomp.AUDIT["x86_64"], seccomp.X32 | 1) == seccomp.EPERM
