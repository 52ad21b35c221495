"""What a notebook may try to leave behind for the next one of the same student, in the real sandbox."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from examiner.grading import StudentSide
from examiner.kernel import Kernel, KernelHost, TimeBudget
from examiner.notebooks.outputs import Outputs
from examiner.settings import Timing
from tests.examiner import inside

pytestmark = pytest.mark.skipif(not inside.works(), reason="bubblewrap does not work here")


@pytest.fixture(scope="module")
def side() -> Iterator[StudentSide]:
    """One student's side, for all attacks: what an earlier one has left, a later one would see."""
    with StudentSide(lambda: KernelHost("bubblewrap", {"toolkit/a.py": b"x = 1"}), TimeBudget(600)) as made:
        yield made


def run(kernel: Kernel, source: str) -> str:
    """Run a cell and give what it printed; its exceptions are the test's."""
    outputs = Outputs()
    kernel.execute(dedent(source), outputs, 20, Timing())
    found = outputs.finished()
    assert not [each.evalue for each in found if each.output_type == "error"]
    return "".join(each.get("text", "") for each in found)


PROCESSES = """
import os
import signal
names = []
for pid in filter(str.isdigit, os.listdir('/proc')):
    names.append(open(f'/proc/{pid}/stat').read().split('(')[1].split(')')[0])
print(sorted(names))
"""
FILES = """
import os
import signal
for folder in ('/tmp', '/dev/shm', os.environ['HOME']):
    found = os.stat(folder)
    listed = sorted(set(os.listdir(folder)) - {'.ipython'})
    print(folder, oct(found.st_mode), found.st_nlink - ('.ipython' in os.listdir(folder)), listed)
"""
HOME_TIMES = "import os; print([os.stat(f).st_mtime_ns for f in (os.environ['HOME'], '/dev/shm')])"

# What is left, and how a notebook would see it.
LEFT = {
    "a daemon": (
        """
        import subprocess
        subprocess.Popen(["sh", "-c", "setsid sleep 600 & setsid nohup sleep 601 &"], start_new_session=True).wait()
        """,
        PROCESSES,
    ),
    "processes that ignore signals": (
        """
        import signal
        if os.fork() == 0:
            os.setsid()
            for number in set(signal.Signals) - {9, 19}:
                signal.signal(number, signal.SIG_IGN)
            while True:
                signal.pause()
        """,
        PROCESSES,
    ),
    "the rest of a fork bomb": (
        """
        import time
        if os.fork() == 0:
            os.setsid()
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
        time.sleep(0.5)
        """,
        PROCESSES,
    ),
    "a sibling that the fork server is the parent of": (
        """
        import ctypes, signal, time
        CLONE_PARENT = 0x8000
        number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
        if ctypes.CDLL(None).syscall(number, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0) == 0:
            os.execv("/bin/sleep", ["sleep", "600"])
        time.sleep(0.2)
        """,
        PROCESSES,
    ),
    "files, closed and deep": (
        """
        for top in ("/tmp", "/dev/shm", os.environ["HOME"]):
            os.chdir(top)
            os.makedirs("left/closed/inner")
            open("left/closed/inner/file", "w").write("x")
            os.chmod("left/closed/inner/file", 0); os.chmod("left/closed", 0)
            os.symlink("/etc/passwd", "link"); os.mkfifo("pipe")
            for _ in range(300):
                os.mkdir("d" * 100); os.chdir("d" * 100)
        """,
        FILES,
    ),
    "times": ("for f in (os.environ['HOME'], '/dev/shm'): os.utime(f, (1, 1))", HOME_TIMES),
    "shared memory": (
        "from multiprocessing import shared_memory as s; left = s.SharedMemory('left', create=True, size=9)",
        "import os; print(os.listdir('/dev/shm'))",
    ),
    "an environment variable": ("os.environ['LEFT'] = '1'", "import os; print(sorted(os.environ))"),
    "a module": (
        "import sys, types; sys.modules['left'] = types.ModuleType('left')",
        "import os, sys; print('left' in sys.modules)",
    ),
    "a changed module": (
        "import numpy; numpy.sum = lambda *_: 0; numpy.left = 1",
        "import os, numpy; print(numpy.sum([1, 2]), hasattr(numpy, 'left'))",
    ),
    "changed built-ins": ("import builtins; builtins.left = 1", "import os, builtins; print('left' in dir(builtins))"),
    "working folder, mask, handler, limit, priority": (
        """
        import resource, signal
        os.chdir("/tmp"); os.umask(0o77); signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_NOFILE, (90, 90)); os.nice(5)
        """,
        """
        import os, resource, signal
        print(os.getcwd(), os.nice(0), resource.getrlimit(resource.RLIMIT_NOFILE), signal.getsignal(signal.SIGUSR1))
        """,
    ),
    "an abstract socket": (
        """
        import socket
        server = socket.socket(socket.AF_UNIX); server.bind("\\0left"); server.listen()
        if os.fork() == 0:
            os.setsid()
            while True:
                server.accept()
        """,
        """
        import os, socket
        print(socket.socket(socket.AF_UNIX).connect_ex("\\0left"))
        """,
    ),
    "a listener": (
        """
        import socket
        server = socket.create_server(("127.0.0.1", 5001))
        if os.fork() == 0:
            os.setsid()
            while True:
                server.accept()
        """,
        "import os, socket; print(socket.socket().connect_ex(('127.0.0.1', 5001)))",
    ),
    "a process that stops the fork server again and again": (
        """
        import signal
        server = os.getppid()
        if os.fork() == 0:
            os.setsid()
            while True:
                os.kill(server, signal.SIGSTOP)
        """,
        PROCESSES,
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_the_next_notebook_sees_nothing_of_it(name: str, side: StudentSide) -> None:
    leave, look = LEFT[name]
    kernel = side.take("first")
    host = side._host
    before = run(kernel, look)
    run(kernel, leave)
    assert run(kernel, look) != before, "nothing was left"
    kernel.close()
    kernel = side.take("second")
    assert side._host is host, "it came from a fresh sandbox"
    assert run(kernel, look) == before
    kernel.close()


# What cannot be undone: the sandbox is given up.
SPOILED = {
    "a limit": "import resource; old = resource.prlimit(server, resource.RLIMIT_NOFILE, (100, 100))",
    "a priority": "os.setpriority(os.PRIO_PROCESS, server, 15)",
    "a scheduler": "os.sched_setscheduler(server, os.SCHED_BATCH, os.sched_param(0))",
    "a processor": "os.sched_setaffinity(server, {min(os.sched_getaffinity(0))})",
    "a moved home": "os.rename('/tmp/work', '/tmp/elsewhere')",
    "a closed home": "os.chmod('/tmp/work', 0)",
    "an open folder": "os.chmod('/dev/shm', 0o700)",
    "an attribute": "os.setxattr('/tmp/work', 'user.left', b'1')",
    "a flag": (
        "import fcntl; old = fcntl.ioctl(os.open('/tmp/work', os.O_RDONLY), 0x40086602, (64).to_bytes(8, 'little'))"
    ),
}
ALL = f"{FILES}\nimport resource\n" + dedent(
    """
    print(resource.getrlimit(resource.RLIMIT_NOFILE), os.nice(0), os.sched_getaffinity(0), os.sched_getscheduler(0))
    print(os.getcwd(), os.listdir('/tmp/work/toolkit'), os.listxattr('/tmp/work'))
    """
)


@pytest.mark.parametrize("name", SPOILED)
def test_a_sandbox_that_was_changed_is_replaced(name: str, side: StudentSide) -> None:
    if name == "a processor" and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("there is only one processor")
    kernel = side.take("first")
    host = side._host
    before = run(kernel, ALL)
    outputs = Outputs()
    kernel.execute(f"import os; server = os.getppid()\n{SPOILED[name]}", outputs, 20, Timing())
    if "not supported" in str(outputs.finished()) or "Inappropriate ioctl" in str(outputs.finished()):
        pytest.skip("this Linux has no such attributes of files in memory")
    assert outputs.finished() == []
    kernel.close()
    kernel = side.take("second")
    assert side._host is not host
    assert run(kernel, ALL) == before
    kernel.close()


def test_nothing_ends_or_stops_the_fork_server(side: StudentSide) -> None:
    kernel = side.take("first")
    host = side._host
    for number in {*signal.Signals} - {signal.SIGSTOP}:
        run(kernel, f"import contextlib, os; os.kill(os.getppid(), {int(number)})")
        run(kernel, f"with contextlib.suppress(ProcessLookupError): os.kill(-1, {int(number)})")  # nobody else is there
    run(kernel, "import signal; os.kill(os.getppid(), signal.SIGSTOP)")
    kernel.close()
    kernel = side.take("second")
    assert side._host is host
    assert run(kernel, "print(1)") == "1\n"
    kernel.close()


def test_orphans_are_reaped_while_a_kernel_runs(side: StudentSide) -> None:
    kernel = side.take("first")
    orphans = """
import os, time
for _ in range(100):
    if os.fork() == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)
    os.wait()
time.sleep(0.5)
print(len([name for name in os.listdir("/proc") if name.isdecimal()]))
"""
    assert run(kernel, orphans) == "2\n"
    kernel.close()


def test_the_fork_server_cannot_be_read_or_written(side: StudentSide) -> None:
    tried = [
        "open(f'/proc/{server}/mem', 'rb')",
        "open(f'/proc/{server}/environ', 'rb').read()",
        "open(f'/proc/{server}/maps').read(1)",
        "open(f'/proc/{server}/oom_score_adj', 'w')",
        "open(f'/proc/{server}/coredump_filter', 'w')",
        "os.write(os.open(f'/proc/{server}/timerslack_ns', os.O_WRONLY), b'1')",
        "open(f'/proc/{server}/autogroup', 'w')",
        "open(f'/proc/{server}/comm', 'w').write('x')",
        "os.listdir(f'/proc/{server}/fd')",
        "os.readlink(f'/proc/{server}/cwd')",
        "os.listdir(f'/proc/{server}/root/')",
        "os.listdir(f'/proc/{server}/map_files')",
        "if libc.ptrace(16, server, 0, 0): raise OSError",
        "if libc.syscall(438, os.pidfd_open(server), 3, 0) < 0: raise OSError",
        "if libc.process_vm_readv(server, 0, 0, 0, 0, 0): raise OSError",
    ]
    code = f"""
import ctypes, os
server, libc = os.getppid(), ctypes.CDLL(None)
for line in {tried!r}:
    try:
        exec(line)
    except OSError:
        continue
    print(line)
"""
    kernel = side.take("first")
    assert run(kernel, code) == ""
    kernel.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user cannot look at the fork server either")
def test_no_open_file_is_shared_with_the_fork_server(side: StudentSide) -> None:
    kernel = side.take("first")
    host = side._host
    assert host is not None
    assert host._process is not None
    assert run(kernel, "print(1)") == "1\n"
    program = host.sandbox._guard.running.program
    assert program is not None

    def opened(pid: int) -> set[str]:
        return {os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()}

    theirs, ours = opened(host._process.pid), opened(program.pid)
    assert {name for name in ours if name.startswith(("pipe:", "socket:"))}
    assert {name for name in theirs & ours if name != "/dev/null"} == set()
    kernel.close()
