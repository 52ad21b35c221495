"""The sandbox as its caller sees it: starting, stopping, limits' reasons, cleaning up."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from examiner._exceptions import SandboxError
from examiner.sandbox import Sandbox, scratch, shared_files
from examiner.sandbox.linux import usage
from examiner.settings import Limits
from tests.examiner import inside
from tests.examiner.inside import USERS

bubblewrap = pytest.mark.skipif(not inside.works(), reason="bubblewrap does not work here")
BOTH = [pytest.param("bubblewrap", marks=bubblewrap), "none"]


def python(code: str) -> list[str]:
    """A command line for the sandbox."""
    return [sys.executable, "-I", "-S", "-u", "-c", code]


@pytest.mark.parametrize("isolation", BOTH)
def test_a_program_runs_in_the_work_folder_with_its_files(isolation: str, tmp_path: Path) -> None:
    (tmp_path / "toolkit").mkdir()
    (tmp_path / "toolkit" / "plots.py").write_text("print('plots')")
    files = {"toolkit": tmp_path / "toolkit", "notes/a.txt": b"from the host"}
    with Sandbox(isolation, files=files) as sandbox:
        sandbox.start(python("print(open('notes/a.txt').read()); exec(open('toolkit/plots.py').read())"))
        assert sandbox.wait(20) == 0
        assert sandbox.output == "from the host\nplots\n"
        assert sandbox.reason is None


@pytest.mark.parametrize("isolation", BOTH)
def test_files_that_sandboxes_share_are_compiled_and_nobody_changes_them(isolation: str, tmp_path: Path) -> None:
    (tmp_path / "toolkit").mkdir()
    (tmp_path / "toolkit" / "plots.py").write_text("value = 1")
    shared = shared_files({"toolkit": tmp_path / "toolkit", "broken.py": b"def ", "notes/a.txt": b"ours"})
    attempts = """
        import os, sys
        sys.path.insert(0, "")
        import toolkit.plots
        print(toolkit.plots.value, os.path.exists(toolkit.plots.__cached__), end=" ")
        def tried(change):
            try:
                change()
            except OSError:
                return "refused"
            return "done"
        changes = [
            lambda: open("toolkit/plots.py", "w").write("value = 2"),
            lambda: open(toolkit.plots.__cached__, "wb").close(),
            lambda: open("toolkit/math.py", "w").close(),
            lambda: os.chmod("notes/a.txt", 0o777),
            lambda: os.setxattr("notes/a.txt", "user.note", b"to the next"),
            lambda: os.utime("notes/a.txt", (1, 1)),
            lambda: os.remove("notes/a.txt"),
        ]
        print(*{tried(each) for each in changes})
    """
    for _ in range(2):
        with Sandbox(isolation, files=shared) as sandbox:
            sandbox.start([sys.executable, "-I", "-S", "-B", "-c", dedent(attempts)])
            assert sandbox.wait(20) == 0
            if isolation == "bubblewrap":
                assert sandbox.output == "1 True refused\n"
            else:  # each has a copy of its own
                assert sandbox.output.startswith("1 False ")
    assert (tmp_path / "toolkit" / "plots.py").read_text() == "value = 1"
    shared.close()
    assert not shared.folder.exists()


@pytest.mark.parametrize("isolation", BOTH)
def test_the_caller_knows_where_the_program_finds_the_data(isolation: str, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    with Sandbox(isolation, data_dir=tmp_path) as sandbox:
        sandbox.start(python("import os; print(os.listdir(os.environ['HERE']))"), {"HERE": str(sandbox.data)})
        assert sandbox.wait(20) == 0
        assert sandbox.output == "['mnist']\n"
    with Sandbox(isolation) as sandbox:
        assert sandbox.data is None


@pytest.mark.parametrize("isolation", BOTH)
@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("import sys; sys.exit(3)", 3),
        ("import os; os._exit(7)", 7),
        ("import os; os.kill(os.getpid(), 11)", 139),
        ("import ctypes; ctypes.string_at(0)", 139),
        ("f = lambda: f(); f()", 1),
    ],
)
def test_every_way_to_end_has_a_status(isolation: str, ending: str, status: int) -> None:
    with Sandbox(isolation) as sandbox:
        sandbox.start(python(ending))
        assert sandbox.wait(20) == status
        assert sandbox.poll() == status
        assert sandbox.reason is None


def test_nothing_inside_ends_or_stops_a_program_that_is_first() -> None:
    code = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("I am", os.getpid(), flush=True)
for number in set(signal.Signals) - {signal.SIGCHLD}:
    for target in ("1", "-1"):
        subprocess.run([sys.executable, "-c", f"import os; os.kill({target}, {int(number)})"])
print("done")
"""
    with Sandbox("bubblewrap") as sandbox:
        sandbox.start(python(code), first=True)
        assert sandbox.wait(60) == 0
        said = sandbox.output.splitlines()  # -1 finds nobody where the others are gone: the tracebacks are of that
        assert (said[0], said[-1]) == ("I am 1", "done")


@pytest.mark.parametrize("isolation", BOTH)
def test_a_program_s_child_is_found(isolation: str) -> None:
    with Sandbox(isolation) as sandbox:
        sandbox.start(python("import subprocess\nsubprocess.run(['sleep', '0.5'])"))
        child = sandbox.child()
        assert not child.ended(0)
        assert child.ended(20)
        child.close()
        sandbox.wait(20)
        with pytest.raises(ProcessLookupError):
            sandbox.child()


@pytest.mark.parametrize("isolation", BOTH)
def test_kill_ends_what_ignores_every_signal(isolation: str) -> None:
    code = """
import signal
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
print("ready")
while True:
    pass
"""
    with Sandbox(isolation) as sandbox:
        sandbox.start(python(code))
        wait_for(sandbox, "ready")
        assert sandbox.wait(0.2) is None
        began = time.monotonic()
        sandbox.kill()
        sandbox.kill()
        assert time.monotonic() - began < 30
        assert sandbox.poll() == 128 + signal.SIGKILL


@pytest.mark.parametrize("isolation", BOTH)
def test_a_descriptor_is_passed_on(isolation: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, Sandbox(isolation) as sandbox:
        with theirs:
            code = f"import socket; socket.socket(fileno={theirs.fileno()}).send(b'here')"
            sandbox.start(python(code), pass_fds=[theirs.fileno()])
        assert ours.recv(10) == b"here"
        assert sandbox.wait(20) == 0
        assert ours.recv(10) == b"", "nothing else holds it"


@pytest.mark.parametrize("isolation", BOTH)
def test_closing_leaves_nothing_behind(isolation: str) -> None:
    sandbox = Sandbox(isolation, files={"a": b"1"})
    folder = sandbox._folders.root
    sandbox.start(python("import time; time.sleep(60)"))
    sandbox.close()
    sandbox.close()
    assert not folder.exists()
    with pytest.raises(SandboxError):
        sandbox.start(["true"])


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", ""])
def test_a_name_that_leads_out_of_the_work_folder_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    monkeypatch.setattr(scratch, "new_folder", lambda: folder)
    with pytest.raises(SandboxError):
        Sandbox("none", files={name: b""})
    assert not folder.exists()


def test_a_symbolic_link_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "mnist_parameters.npz").symlink_to("/etc/passwd")
    with pytest.raises(SandboxError):
        Sandbox("none", files={"mnist_parameters.npz": tmp_path / "mnist_parameters.npz"})


@bubblewrap
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has anything to drop")
def test_root_hands_over_folders_that_only_root_can_reach(tmp_path: Path) -> None:
    secret = tmp_path / "private"
    secret.mkdir(mode=0o700)
    (secret / "data.txt").write_text("numbers")
    with Sandbox("bubblewrap", data_dir=secret) as sandbox:
        sandbox.start(python("print(open('/data/data.txt').read()); import os; print(os.getuid())"))
        assert sandbox.wait(20) == 0, sandbox.output
        assert sandbox.output == "numbers\n1000\n"


@bubblewrap
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has anything to drop")
def test_as_root_each_sandbox_belongs_to_a_user_of_its_own() -> None:
    owners = set()
    for _ in range(2):
        with Sandbox("bubblewrap") as sandbox:
            sandbox.start(python("import time; time.sleep(60)"))
            owners.add(os.stat(f"/proc/{sandbox._guard.running.program.pid}").st_uid)
    assert len(owners) == 2
    assert min(owners) > 60_000


# ---- limits, each with its reason; as root and as an ordinary user ----


@bubblewrap
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        ("while True: pass", {"cpu_seconds": 1}, "used more than 1 s of processor time"),
        (
            "import os\nos.fork(); os.fork()\nwhile True: pass",
            {"cpu_seconds": 2},
            "used more than 2 s of processor time",
        ),
        (
            """
            import mmap, time
            kept = mmap.mmap(-1, 300 * 2**20)
            for i in range(0, len(kept), 4096): kept[i] = 1
            time.sleep(20)
            """,
            {"memory": 200 * 2**20},
            "used more than 200 MiB of memory",
        ),
        (
            """
            import os, time
            for _ in range(5):
                if os.fork() == 0:
                    kept = b"x" * (80 * 2**20)
                    time.sleep(20)
            time.sleep(20)
            """,
            {"memory": 256 * 2**20},
            "used more than 256 MiB of memory",
        ),
        (
            """
            import os, socket, time
            for _ in range(4): os.fork()
            kept = []
            try:
                while True:
                    kept.append(socket.socketpair())
                    kept[-1][0].setblocking(False)
                    try:
                        while True: kept[-1][0].send(bytes(65536))
                    except BlockingIOError: pass
            except OSError: time.sleep(20)
            """,
            {},
            "opened too many sockets",
        ),
        (
            """
            i = 0
            while True:
                open(f"/tmp/{i}", "w").close(); i += 1
            """,
            {"disk": 2**20},
            "made too many files",
        ),
        (
            """
            i = 0
            while True:
                open(f"/dev/shm/{i}", "w").close(); i += 1
            """,
            {},
            "made too many files",
        ),
    ],
    ids=[
        "cpu",
        "cpu of several",
        "shared memory",
        "memory of several",
        "sockets",
        "files",
        "files in shm",
    ],
)
def test_a_limit_ends_the_sandbox_with_its_reason(code: str, limits: dict[str, int], reason: str, user: str) -> None:
    began = time.monotonic()
    ended = inside.run(code, user=user, **limits)
    assert ended.reason == reason
    assert ended.status == 128 + signal.SIGKILL or "processor" in reason
    assert time.monotonic() - began < 29  # not by the end of `seconds`


@bubblewrap
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(
    ("code", "limits", "said"),
    [
        ("bytearray(400 * 2**20)", {"memory": 256 * 2**20}, "MemoryError"),
        ("open('big', 'wb').write(bytes(3 * 2**20))", {"file_size": 2**20}, "File too large"),
        ("open('big', 'wb').truncate(3 * 2**20)", {"file_size": 2**20}, "File too large"),
        (
            "for i in range(9): open(str(i), 'wb').write(bytes(2**20))",
            {"disk": 4 * 2**20},
            "No space left on device",
        ),
        (
            "for i in range(99): open(f'/dev/shm/{i}', 'wb').write(bytes(2**20))",
            {},
            "No space left on device",
        ),
        ("kept = [open('/dev/null') for _ in range(99)]", {"open_files": 50}, "Too many open files"),
        (
            """
            import os, time
            for made in range(1000):
                if os.fork() == 0: time.sleep(20); os._exit(0)
            """,
            {"processes": 30},
            "BlockingIOError",
        ),
        (
            """
            import threading, time
            for made in range(1000):
                threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
            """,
            {"processes": 30},
            "can't start new thread",
        ),
        (
            "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (999, 999))",
            {},
            "not allowed to raise",
        ),
    ],
    ids=["memory", "file size", "sparse file", "disk", "shm", "open files", "forks", "threads", "raising"],
)
def test_a_limit_is_an_error_inside(code: str, limits: dict[str, int], said: str, user: str) -> None:
    ended = inside.run(code, user=user, **limits)
    assert ended.status == 1, ended
    assert said in ended.lines[-1]
    assert ended.reason is None


@pytest.mark.parametrize("isolation", BOTH)
def test_a_program_that_ends_at_once_has_started(isolation: str) -> None:
    for _ in range(10):
        with Sandbox(isolation) as sandbox:
            sandbox.start(["true"])
            assert sandbox.wait(10) == 0


@bubblewrap
def test_a_data_folder_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    with (
        Sandbox("bubblewrap", data_dir=tmp_path / "missing") as sandbox,
        pytest.raises((SandboxError, FileNotFoundError), match="missing"),
    ):
        sandbox.start(["true"])


@bubblewrap
def test_what_cannot_be_watched_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox("bubblewrap") as sandbox:
        sandbox.start(["sleep", "60"])
        monkeypatch.setattr(usage, "usage", lambda pid: int("not a number"))
        assert sandbox.wait(10) == 128 + signal.SIGKILL
        assert "could not be watched" in str(sandbox.reason)


def wait_for(sandbox: Sandbox, word: str) -> None:
    """Wait until the program has printed a word."""
    deadline = time.monotonic() + 20
    while word not in sandbox.output:
        assert sandbox.poll() is None, sandbox.output
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_limits_have_defaults() -> None:
    assert repr(Limits()).startswith("Limits(memory=2147483648")
