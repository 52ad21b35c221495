"""The sandbox that submitted code runs in: bubblewrap, limits by named mechanisms, a watchdog.

What holds what, and what does not hold, is in ``docs/threat-model.md``.

Two folders matter to the caller.  `Sandbox.work` is the program's working folder: a file
system of its own in memory, which the host never sees.  `Sandbox.host_work` is a small folder
for unix sockets, at the same path on both sides; once they are bound, `Sandbox.seal` makes it
read-only for the program, for good.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from examiner._exceptions import IsolationError, SandboxError
from examiner.sandbox import bwrap, cgroup, seccomp, usage
from examiner.sandbox.processes import Process, first_process, only_child
from examiner.sandbox.scratch import new_folder, remove_folder, write_files
from examiner.settings import MIB, Isolation, Limits

__all__ = ["Isolation", "Limits", "Sandbox", "check_isolation"]

POLL_SECONDS = 0.05
START_SECONDS = 20
OUTPUT_BYTES = 16 * 1024  # how much of the program's own stdout and stderr is kept
SOCKET_FOLDER = 1 * MIB, 64  # bytes and entries, while the folder is not sealed
MAX_SOCKETS = 512  # a kernel of Jupyter's has about thirty
FILES_PER_MIB = 64  # how many files the scratch may hold, for each MiB of its size
ALLOW = (
    "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces=10000)"
)

# Run by a child process, for a process with threads may not enter a user namespace: enter the
# user namespace that owns the sandbox's mounts, then the mounts, and set one of them read-only.
_SEAL = """
import ctypes, fcntl, os, struct, sys
NS_GET_USERNS, NEW_USER, NEW_MOUNTS, MOUNT_SETATTR, READ_ONLY = 0xB701, 0x10000000, 0x20000, 442, 1
libc = ctypes.CDLL(None, use_errno=True)
mounts = os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY)
owner = fcntl.ioctl(mounts, NS_GET_USERNS)
attributes = struct.pack("QQQQ", READ_ONLY, 0, 0, 0)
for failed in (
    libc.setns(owner, NEW_USER),
    libc.setns(mounts, NEW_MOUNTS),
    libc.syscall(MOUNT_SETATTR, -100, os.fsencode(sys.argv[2]), 0, attributes, len(attributes)),
):
    if failed:
        sys.exit(os.strerror(ctypes.get_errno()))
"""


class Sandbox:
    """One program, and all that it starts, kept apart from everything else.

    Parameters
    ----------
    isolation : {"bubblewrap", "none"}
        ``"none"`` keeps nothing apart: a plain child process with limits.
    limits : Limits
        What it may use.
    files : mapping of str to Path or bytes
        What lies in the working folder, read-only: name there, then a file or folder of the
        host (copied, never followed where it is a symbolic link) or the content itself.
    data_dir : Path, optional
        The data sets' folder, read-only in the sandbox as ``$NN_DATA_DIR``.

    Attributes
    ----------
    work : Path
        The program's working folder, as the program sees it.
    host_work : Path
        The folder for sockets and the connection file: one path, valid on both sides.
    reason : str or None
        One sentence when a limit ended the sandbox.

    Examples
    --------
    >>> with Sandbox("bubblewrap", Limits(), files={}) as sandbox:  # doctest: +SKIP
    ...     sandbox.start([sys.executable, "-c", "print('hello')"])
    ...     sandbox.wait()
    """

    def __init__(
        self,
        isolation: Isolation,
        limits: Limits | None = None,
        *,
        files: Mapping[str, Path | bytes] | None = None,
        data_dir: Path | None = None,
    ) -> None:
        self.isolation: Isolation = isolation
        self.limits = limits or Limits()
        self.reason: str | None = None
        self._data_dir = data_dir
        self._user = bwrap.unused_user() if isolation == "bubblewrap" and os.geteuid() == 0 else None
        self._root = new_folder()
        self.host_work = self._root / "ipc"
        self.host_work.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(self._root, -1, self._user)
            os.chmod(self._root, 0o710)  # passable for the sandbox's user, closed for all others
            os.chown(self.host_work, self._user, self._user)
        self._files = self._root / "files"
        self._files.mkdir()
        try:
            write_files(self._files, {**(files or {}), **bwrap.font_cache()})
        except BaseException:
            remove_folder(self._root)
            raise
        self.work = Path(bwrap.WORK) if isolation == "bubblewrap" else self._files

        self._process: subprocess.Popen[bytes] | None = None
        self._first: Process | None = None  # of all inside; they end with it
        self._program: Process | None = None
        self._cgroup: cgroup.Cgroup | None = None
        self._folders: list[int] = []  # open file systems of the sandbox, to be measured
        self._output = bytearray()
        self._failure: BaseException | None = None
        self._started = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._sealed = False
        self._closed = False

    def __repr__(self) -> str:
        """Say how it isolates, where the program works and what became of it."""
        state = "not started" if self._process is None else f"exit status {self.poll()}"
        return f"Sandbox({self.isolation}, {self.work}, {state})"

    def __enter__(self) -> Sandbox:
        """Give itself; leaving the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    @property
    def output(self) -> str:
        """The end of what the program wrote to its own stdout and stderr."""
        with self._lock:
            return self._output.decode(errors="replace")

    def start(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start the program.

        Parameters
        ----------
        argv : sequence of str
            Its command line; the host's Python lies at the same path inside.
        env : mapping of str to str, optional
            Environment variables beside the few that every sandbox has.

        Raises
        ------
        IsolationError
            If bubblewrap is missing or may not work here.
        SandboxError
            If the sandbox did not start for another reason, or was started before.
        """
        if self._process is not None or self._closed:
            raise SandboxError("This sandbox has been used: make a new one.")
        # bwrap dies with the *thread* that started it: so the thread that watches starts it.
        # Where the watchdog ends, however it ends, the sandbox does too.
        threading.Thread(target=self._run, args=(list(argv), dict(env or {})), daemon=True).start()
        self._started.wait()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def poll(self) -> int | None:
        """Give the program's exit status, None while it runs; 128 + n where signal n ended it."""
        if self._process is None:
            return None
        status = self._process.poll()
        return 128 - status if status is not None and status < 0 else status

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until the program has ended; None if it has not within `timeout` seconds."""
        self._ended.wait(timeout)
        return self.poll()

    def interrupt(self) -> None:
        """Send SIGINT to the program inside, and to nothing else."""
        if self._program is not None:
            self._program.send(signal.SIGINT)

    def kill(self) -> None:
        """End everything inside, at once; returns when all of it is gone."""
        if self._process is not None:
            self._end()
            self._ended.wait(START_SECONDS)

    def close(self) -> None:
        """Kill, and remove the folders on the host without following any link in them."""
        if self._closed:
            return
        self._closed = True
        self.kill()
        for process in (self._first, self._program):
            if process is not None:
                process.close()
        self._first = self._program = None
        remove_folder(self._root)

    def seal(self) -> bool:
        """Make the folder of sockets read-only for the sandbox, for good.

        To be called when the program has bound its sockets and before it runs submitted code:
        from then on nothing inside can write to a disk of the host, nor put a link where the
        host expects a socket.  Bound sockets go on working.

        Returns
        -------
        bool
            Whether it was done.  Where not (Linux before 5.12), the watchdog measures the folder.
        """
        if self.isolation == "none" or self._first is None or self.poll() is not None:
            return False
        if not self._sealed:
            command = [sys.executable, "-I", "-S", "-c", _SEAL, str(self._first.pid), str(self.host_work)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            self._sealed = done.returncode == 0
        return self._sealed

    # ---- the thread that starts, watches and drains ----

    def _run(self, argv: list[str], env: dict[str, str]) -> None:
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(writer, True)
        try:
            try:
                self._launch(argv, env, writer)
            finally:
                os.close(writer)
        except BaseException as error:
            self._read_output(reader)
            self._failure = self._explained(error)
            self._finish(reader)
            return
        self._started.set()
        try:
            self._watch(reader)
        finally:
            self._finish(reader)

    def _end(self) -> None:
        process, first = self._process, self._first
        if process is None:
            return
        if self.isolation == "none":
            for pid in [*usage.descendants(process.pid)][:0:-1]:
                _kill(pid)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if first is None:
            process.kill()
        else:
            # The first process of a pid namespace takes all others along, and ends after them.
            # bwrap itself may end earlier, when the program has: its end tells nothing.
            first.send(signal.SIGKILL)
            if not first.ended(START_SECONDS):
                process.kill()
        process.wait()

    def _finish(self, reader: int) -> None:
        self._end()
        self._read_output(reader)
        os.close(reader)
        for folder in self._folders:
            os.close(folder)
        self._folders.clear()
        if self._cgroup is not None:
            self._cgroup.remove()
        self._ended.set()
        self._started.set()

    def _explained(self, error: BaseException) -> BaseException:
        said = self.output.strip().splitlines()
        if isinstance(error, SandboxError) and said:
            return SandboxError(f"The sandbox did not start: {said[-1]}")
        return error

    def _launch(self, argv: list[str], env: dict[str, str], output: int) -> None:
        inside = self.isolation == "bubblewrap"
        temporary = "/tmp" if inside else str(self.work)
        data = None if self._data_dir is None else bwrap.DATA if inside else str(self._data_dir)
        variables = {**bwrap.environment(self.work, temporary, data), **env}
        if self._user is not None:
            for entry in os.scandir(self.host_work):  # the connection file: ours alone until now
                os.chown(entry.path, self._user, self._user, follow_symlinks=False)
        self._folders.append(os.open(self.host_work, os.O_RDONLY | os.O_DIRECTORY))
        if self.isolation == "none":
            self._process = subprocess.Popen(
                [*bwrap.with_limits(self.limits), *argv],
                env=variables,
                cwd=self.work,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            self._first, self._program = Process(self._process.pid), Process(self._process.pid)
            return
        allowed = self.limits.memory + self.limits.disk + bwrap.SHARED_MEMORY
        self._cgroup = cgroup.create(allowed, self.limits.processes + 3)
        info_reader, info_writer = os.pipe2(os.O_CLOEXEC)
        with contextlib.ExitStack() as descriptors:
            descriptors.callback(os.close, info_reader)
            with contextlib.ExitStack() as inherited:
                inherited.callback(os.close, info_writer)
                layout = bwrap.Layout(self._root, self._files, self.host_work, self._data_dir, self._user)
                arguments = bwrap.bwrap(layout, variables, self.limits.disk)
                passed = [info_writer]
                arguments += ["--info-fd", str(info_writer)]
                if filters := seccomp.program():
                    passed.append(_readable(filters, inherited))
                    arguments += ["--seccomp", str(passed[-1])]
                # Through a descriptor, for the sandbox can read its first process's command line.
                passed.append(_readable(b"".join(os.fsencode(each) + b"\0" for each in arguments), inherited))
                command = [bwrap.tool("bwrap"), "--args", str(passed[-1]), "--"]
                command += bwrap.with_limits(self.limits)
                command += bwrap.with_process_limit(self.limits.processes, self._user)
                self._process = subprocess.Popen(
                    [*self._enter_cgroup(), *bwrap.with_rights(layout), *command, *argv],
                    env={},
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=passed,
                )
            try:
                self._attach(info_reader)
            except (ProcessLookupError, FileNotFoundError):
                # Ended already: a very short program, or bwrap could not set the sandbox up.
                self._process.wait(START_SECONDS)
                if self._process.returncode:
                    raise SandboxError("The sandbox did not start.") from None

    def _attach(self, info: int) -> None:
        """Take hold of what bwrap has started, before any submitted code runs."""
        self._first = Process(first_process(info, START_SECONDS))
        self._program = Process(only_child(self._first.pid, START_SECONDS))
        for process in (self._first, self._program):
            # Where the whole machine runs out of memory, the sandbox goes first.
            Path(f"/proc/{process.pid}/oom_score_adj").write_text("1000")
        root = f"/proc/{self._first.pid}/root"
        for folder in ("/tmp", "/dev/shm"):
            self._folders.append(os.open(root + folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW))

    def _watch(self, reader: int) -> None:
        process = self._process
        assert process is not None
        while process.poll() is None:
            try:
                self.reason = self.reason or self._exceeded()
            except (OSError, ValueError) as error:
                if self._first is not None and not self._first.ended(1):  # else it was just ending
                    self.reason = f"could not be watched any more ({error})"
            if self.reason:
                self._end()
                return
            self._read_output(reader)
            if self._program is None or self._program.ended(POLL_SECONDS):
                process.wait()
        if self._cgroup is not None and self._cgroup.out_of_memory():
            self.reason = self.reason or self._memory_reason()
        if process.returncode in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
            self.reason = self.reason or self._cpu_reason()

    def _exceeded(self) -> str | None:
        limits = self.limits
        if self._first is None:
            return None
        used = usage.usage(self._first.pid)
        if used.memory > limits.memory:
            exact = usage.proportional_memory(self._first.pid)
            if (used.memory if exact is None else exact) > limits.memory:
                return self._memory_reason()
        if used.cpu_seconds > limits.cpu_seconds:
            return self._cpu_reason()
        if used.processes > limits.processes + 4:
            return f"had more than {limits.processes} processes"
        if self.isolation == "bubblewrap" and usage.sockets(self._first.pid) > MAX_SOCKETS:
            return "opened too many sockets"
        return self._disk_exceeded()

    def _disk_exceeded(self) -> str | None:
        if not self._sealed:
            size, entries = usage.folder_used(self._folders[0], SOCKET_FOLDER[1])
            if size > SOCKET_FOLDER[0] or entries > SOCKET_FOLDER[1]:
                return "filled the folder of its sockets"
        for folder in self._folders[1:]:
            _, files = usage.disk_used(folder)
            if files > max(1024, self.limits.disk // MIB * FILES_PER_MIB):
                return "made too many files"
        return None

    def _memory_reason(self) -> str:
        return f"used more than {_size(self.limits.memory)} of memory"

    def _cpu_reason(self) -> str:
        return f"used more than {self.limits.cpu_seconds} s of processor time"

    def _enter_cgroup(self) -> list[str]:
        return [bwrap.tool("sh"), "-c", cgroup.ENTER, str(self._cgroup.folder)] if self._cgroup else []

    def _read_output(self, reader: int) -> None:
        with contextlib.suppress(BlockingIOError):
            new = os.read(reader, 65536)
            with self._lock:
                self._output += new
                del self._output[:-OUTPUT_BYTES]


def check_isolation(isolation: Isolation) -> None:
    """Make sure that this machine can isolate in the way asked for.

    Raises
    ------
    IsolationError
        With one sentence that says what to install or to allow.
    """
    if isolation == "none":
        return
    if sys.platform != "linux":
        raise IsolationError("bubblewrap works on Linux only", "grade there")
    if () != bwrap.version() < bwrap.OLDEST:
        found, oldest = (".".join(map(str, each)) for each in (bwrap.version(), bwrap.OLDEST))
        remedy = f"install {oldest} or later (as in Debian 12 and Ubuntu 24.04)"
        raise IsolationError(f"bubblewrap {found} is too old", remedy)
    with Sandbox("bubblewrap") as sandbox:
        try:
            sandbox.start([sys.executable, "-I", "-S", "-c", "print('works')"])
        except SandboxError as error:
            raise IsolationError(str(error).rstrip("."), ALLOW) from None
        if sandbox.wait(START_SECONDS) != 0 or "works" not in sandbox.output:
            said = (sandbox.output.strip().splitlines() or ["no message"])[-1]
            raise IsolationError(f"bubblewrap does not work here ({said})", ALLOW)


def _readable(content: bytes, stack: contextlib.ExitStack) -> int:
    """Give a descriptor to read `content` from, closed with `stack`."""
    descriptor = os.memfd_create("examiner")
    stack.callback(os.close, descriptor)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _size(number: int) -> str:
    return f"{number / 1024**3:g} GB" if number >= 1024**3 else f"{number / MIB:g} MB"
