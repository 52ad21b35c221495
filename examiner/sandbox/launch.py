"""Start a program: in bubblewrap, or as a plain child process with limits."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from examiner._exceptions import SandboxError
from examiner.removal import remove_folder
from examiner.sandbox import bwrap
from examiner.sandbox.linux import cgroup, seccomp, usage
from examiner.sandbox.linux.processes import Process, await_program, first_process, only_child
from examiner.sandbox.scratch import new_folder, write_files
from examiner.sandbox.watch import Running
from examiner.settings import Limits

__all__ = ["START_SECONDS", "Order", "launch_inside", "launch_plain"]

START_SECONDS = 20


@dataclass(frozen=True)
class Order:
    """What to start, and with what."""

    argv: Sequence[str]
    variables: Mapping[str, str]
    """The whole environment."""
    limits: Limits
    output: int
    """Descriptor that the program's stdout and stderr are written to."""
    passed: Sequence[int] = ()
    """Other descriptors that the program gets."""
    first: bool = False
    """Whether it is the first process of its namespace."""


def launch_plain(order: Order, work: Path, running: Running) -> None:
    """Start a program as a child process of its own session, with the limits of one process."""
    running.process = subprocess.Popen(
        [*bwrap.with_limits(order.limits), *order.argv],
        env=dict(order.variables),
        cwd=work,
        stdin=subprocess.DEVNULL,
        stdout=order.output,
        stderr=order.output,
        start_new_session=True,
        pass_fds=order.passed,
    )
    running.first, running.program = Process(running.process.pid), Process(running.process.pid)


def launch_inside(order: Order, layout: bwrap.Layout, running: Running) -> None:
    """Start a program in bubblewrap, and take hold of it before it runs anything submitted.

    Raises
    ------
    IsolationError
        A program that this needs is missing.
    SandboxError
        The sandbox could not be set up.
    """
    limits = order.limits
    running.group = cgroup.create(limits.memory + limits.disk + bwrap.SHARED_MEMORY, limits.processes + 3)
    layout = replace(layout, data=_readable(layout.data, layout.user))
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        try:
            _start_bwrap(order, layout, running, writer)
        finally:
            os.close(writer)
        assert running.process is not None
        try:
            _take_hold(running, reader, order.first)
        except (ProcessLookupError, FileNotFoundError):
            # Ended already: a very short program, or bwrap could not set the sandbox up.
            running.process.wait(START_SECONDS)
            if running.process.returncode:
                raise SandboxError("The sandbox did not start.") from None
    finally:
        os.close(reader)


def _start_bwrap(order: Order, layout: bwrap.Layout, running: Running, info: int) -> None:
    with contextlib.ExitStack() as files:
        arguments = [*bwrap.bwrap(layout, order.variables, order.limits.disk), "--info-fd", str(info)]
        arguments += ["--as-pid-1"] if order.first else []
        passed = [*order.passed, info]
        if filters := seccomp.program():
            passed.append(_in_memory(filters, files))
            arguments += ["--seccomp", str(passed[-1])]
        # Through a descriptor, for the sandbox can read its first process's command line.
        passed.append(_in_memory(b"".join(os.fsencode(each) + b"\0" for each in arguments), files))
        command = [bwrap.tool("bwrap"), "--args", str(passed[-1]), "--", *bwrap.with_limits(order.limits)]
        command += with_process_limit(order.limits.processes, layout.user)
        running.process = subprocess.Popen(
            [*_enter(running.group), *bwrap.with_rights(layout), *command, *order.argv],
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=order.output,
            stderr=order.output,
            pass_fds=passed,
        )


def _take_hold(running: Running, info: int, is_first: bool) -> None:
    """Take hold of what bwrap has started, before any submitted code runs."""
    running.first = Process(first_process(info, START_SECONDS))
    if is_first:
        await_program(running.first.pid, bwrap.tool("bwrap"), START_SECONDS)
        running.program = Process(running.first.pid)
    else:
        running.program = Process(only_child(running.first.pid, START_SECONDS))
    for process in (running.first, running.program):
        # Where the whole machine runs out of memory, the sandbox goes first.
        Path(f"/proc/{process.pid}/oom_score_adj").write_text("1000")
    root = f"/proc/{running.first.pid}/root"
    for folder in ("/tmp", "/dev/shm"):
        running.folders.append(os.open(root + folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW))


def with_process_limit(processes: int, user: int | None) -> list[str]:
    """Give the option of `bwrap.with_limits` that bounds processes, which binds only in a user namespace.

    Linux before 5.14 counts all that a user runs anywhere: that is added.
    """
    major, minor = map(int, platform.release().split(".")[:2])
    if user is None and (major, minor) < (5, 14):
        processes += usage.processes_of(os.getuid())
    return [f"--nproc={processes}"]


def _enter(group: cgroup.Cgroup | None) -> list[str]:
    return [bwrap.tool("sh"), "-c", cgroup.ENTER, str(group.folder)] if group else []


def _in_memory(content: bytes, files: contextlib.ExitStack) -> int:
    """Give a descriptor to read `content` from, closed with `files`."""
    descriptor = os.memfd_create("examiner")
    files.callback(os.close, descriptor)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _readable(data: Path | None, user: int | None) -> Path | None:
    """Give a folder that the sandbox's user can read: the one given, or a copy of it."""
    if data is None:
        return None
    data = data.resolve()
    return data if user is None or _readable_for_all(data) else _readable_copy(data)


def _readable_for_all(folder: Path) -> bool:
    for base, _, names in os.walk(folder):
        if os.stat(base).st_mode & 0o005 != 0o005:
            return False
        paths = [os.path.join(base, name) for name in names]
        if any(os.path.isfile(path) and not os.stat(path).st_mode & 0o004 for path in paths):
            return False
    return True


@functools.cache
def _readable_copy(folder: Path) -> Path:
    """Copy a folder that only root may read, once, for the sandboxes of this process."""
    copy = new_folder()
    copy.chmod(0o711)
    atexit.register(remove_folder, copy)
    write_files(copy, {"data": folder})
    return copy / "data"
