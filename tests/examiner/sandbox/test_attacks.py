"""What submitted code may try against the machine, in the real sandbox.

Every attack runs both as the user who runs the tests (root drops its rights) and as an ordinary user.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner.sandbox import Sandbox, bwrap
from examiner.sandbox.linux import seccomp
from examiner.settings import Limits
from tests.examiner import inside
from tests.examiner.inside import ROOT

pytestmark = pytest.mark.skipif(not inside.works(), reason="bubblewrap does not work here")


@pytest.fixture(params=inside.USERS)
def user(request: pytest.FixtureRequest) -> str:
    """Who starts the sandbox."""
    return str(request.param)


def attempts(code: str, user: str, **limits: int) -> list[str]:
    """Run attempts, each a line of Python, and give those that did not raise an error.

    A line that begins with ``#`` is run beforehand, without its mark.
    """
    lines = [line.strip() for line in code.strip().splitlines()]
    setting_up = "\n".join(line.removeprefix("# ") for line in lines if line.startswith("#"))
    trying = [line for line in lines if not line.startswith("#")]
    program = f"""
import ctypes, os, socket, subprocess, sys
{setting_up}
for line in {trying!r}:
    try:
        exec(line)
    except Exception:
        continue
    print(line)
print("all tried")
"""
    ended = inside.run(program, user=user, **limits)
    assert ended.status == 0, ended
    assert ended.lines[-1] == "all tried"
    return ended.lines[:-1]


# ---- network ----


def test_no_connection_leaves_the_sandbox(user: str) -> None:
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as abstract:
        tcp.bind(("127.0.0.1", 0))
        abstract.bind(f"\0examiner-{os.getpid()}")
        tcp.listen()
        abstract.listen()
        done = attempts(
            f"""
            # socket.setdefaulttimeout(2)
            socket.create_connection(("127.0.0.1", {tcp.getsockname()[1]}))
            socket.create_connection(("192.0.2.1", 80))
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("2001:db8::1", 53))
            socket.socket(socket.AF_UNIX).connect("\\0examiner-{os.getpid()}")
            socket.getaddrinfo("example.org", 80)
            socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            socket.socket(38, socket.SOCK_SEQPACKET)
            """,
            user,
        )
        assert done == []
        tcp.setblocking(False)
        abstract.setblocking(False)
        for server in (tcp, abstract):
            with pytest.raises(BlockingIOError):
                server.accept()


def test_two_sandboxes_do_not_meet() -> None:
    code = "import socket, time; s = socket.create_server(('127.0.0.1', 5001)); print('up'); time.sleep(60)"
    with Sandbox("bubblewrap") as sandbox:
        sandbox.start([sys.executable, "-I", "-S", "-u", "-c", code])
        while "up" not in sandbox.output:
            time.sleep(0.01)
        done = attempts(
            f"""
            socket.create_connection(("127.0.0.1", 5001), timeout=1)
            os.listdir("{sandbox._folders.root}")
            """,
            "caller",
        )
        assert done == []


# ---- reading ----


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A mark that is in the environment, in a file of the home folder and in a command line."""
    mark = f"secret-{os.urandom(8).hex()}"
    monkeypatch.setenv("GRADEBOOK_PASSWORD", mark)
    (tmp_path / "gradebook.db").write_text(mark)
    process = subprocess.Popen(["sh", "-c", f"sleep 60 # {mark}"], start_new_session=True)
    yield mark
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_nothing_of_the_host_can_be_read(secrets: str, tmp_path: Path, user: str) -> None:
    hidden = [ROOT, Path.home(), tmp_path, "/home", "/root", "/var", "/mnt", "/srv", "/opt", "/sys", "/run"]
    seen = attempts(
        f"# prefixes = {(sys.prefix, sys.base_prefix)}\n"
        "# def files(top): return [n for b, _, n in os.walk(top) if n and not b.startswith(prefixes)]\n"
        "open('/etc/shadow')\n" + "\n".join(f"assert files({str(path)!r})" for path in hidden),
        user,
    )
    assert seen == []
    ended = inside.run(
        f"""
        import os
        public = {("/usr", "/proc", "/dev", sys.prefix, sys.base_prefix)}
        for base, folders, names in os.walk("/"):
            folders[:] = [f for f in folders if os.path.join(base, f) not in public]
            for name in names:
                if name in ("gradebook.db", "nbgrader_config.py", "merge.py", "examine.py", "misconceptions"):
                    print(os.path.join(base, name))
        for process in filter(str.isdigit, os.listdir("/proc")):
            for what in ("environ", "cmdline"):
                try:
                    text = open(f"/proc/{{process}}/{{what}}").read()
                except OSError:
                    continue
                if {secrets[:10]!r} + {secrets[10:]!r} in text:
                    print(process, what)
        print(sorted(os.environ))
        """,
        user=user,
    )
    *found, environment = ended.lines
    assert found == []
    # Nothing that the caller's environment holds, but for what Python itself may need to start.
    known = {"HOME", "IPYTHONDIR", "LANG", "LD_LIBRARY_PATH", "MKL_NUM_THREADS", "MPLBACKEND", "MPLCONFIGDIR"}
    known |= {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH", "PWD"}
    known |= {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"}
    known |= {"PYTHONDONTWRITEBYTECODE", "TMPDIR", "USER", "LC_CTYPE"}
    assert set(json.loads(environment.replace("'", '"'))) <= known


def test_nobody_makes_another_sandbox_wait_for_a_file(user: str) -> None:
    own = "# import fcntl; fcntl.fcntl(open('/tmp/own', 'w'), fcntl.F_GETFL)\n"
    lease = "fcntl.fcntl(open({!r}), fcntl.F_SETLEASE, fcntl.F_{})"
    leases = [lease.format(place, kind) for place in ("/tmp/own", os.__file__) for kind in ("WRLCK", "RDLCK")]
    assert attempts(own + "\n".join(leases), user) == []


def test_the_grader_itself_cannot_be_imported() -> None:
    with Sandbox("bubblewrap", files={"a.txt": b""}) as sandbox:
        code = """
for name in ("examiner", "misconceptions", "nbgrader_config"):
    try:
        module = __import__(name)
        print(name, module.__file__)
    except ImportError:
        continue
"""
        sandbox.start([sys.executable, "-c", code])
        assert sandbox.wait(30) == 0
        # An installed package leaves an empty folder, which Python takes for a namespace.
        assert all(line.endswith(" None") for line in sandbox.output.splitlines())


def test_an_installed_grader_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bwrap, "OWN_PACKAGES", ("nbformat",))  # stands for an examiner in site-packages
    bwrap.own_folders.cache_clear()
    try:
        with Sandbox("bubblewrap") as sandbox:
            sandbox.start([sys.executable, "-c", "import nbformat; print(nbformat.__file__)"])
            sandbox.wait(30)
            assert "ModuleNotFoundError" in sandbox.output or sandbox.output == "None\n"
            for folder in bwrap.own_folders():
                assert any(folder.iterdir())
    finally:
        bwrap.own_folders.cache_clear()


def test_other_users_of_the_machine_cannot_look_into_a_sandbox_s_folder() -> None:
    with Sandbox("bubblewrap", files={"earlier/01_layers.ipynb": b"reference"}) as sandbox:
        assert sandbox._folders.root.stat().st_mode & 0o007 == 0
        sandbox.start([sys.executable, "-I", "-S", "-c", "print(open('earlier/01_layers.ipynb').read())"])
        assert sandbox.wait(20) == 0
        assert sandbox.output == "reference\n"


def test_only_processes_of_the_sandbox_are_visible(user: str) -> None:
    ended = inside.run("import os; print(len([n for n in os.listdir('/proc') if n.isdigit()]))", user=user)
    assert int(ended.output) <= 3


def test_the_first_process_tells_nothing(user: str) -> None:
    """Bwrap's own arguments name folders of the host: they come through a descriptor."""
    ended = inside.run("print(open('/proc/1/cmdline').read(), open('/proc/1/environ').read())", user=user)
    assert "bind" not in ended.output
    # Python's own path is no secret: with `make` its environment is in the project's folder.
    assert str(ROOT) not in ended.output.replace(sys.prefix, "")


# ---- writing ----


def test_nothing_outside_the_scratch_can_be_written(user: str) -> None:
    done = attempts(
        """
        # places = ["/", "/usr", "/usr/lib", "/etc", "/dev", "/proc", "/proc/sys/kernel", "/bin", "/data"]
        # places += [os.path.dirname(sys.executable), sys.prefix, os.path.dirname(os.__file__)]
        # places = [place for place in places if os.path.isdir(place) and not place.startswith("/tmp")]
        # def write(path, mode="w"): open(path, mode).write("1")
        assert any(write(os.path.join(place, "x")) or True for place in places) and len(places) > 99
        write(sys.executable, "r+")
        write(os.__file__, "a")
        write("/etc/passwd")
        write("/proc/sys/kernel/core_pattern")
        write("/proc/sys/user/max_user_namespaces")
        write("/proc/sysrq-trigger")
        write("/proc/1/mem", "r+b")
        os.mkdir("/new")
        os.symlink("/tmp", "/link")
        os.chmod("/usr", 0o777)
        os.utime("/usr/bin/env")
        os.unlink("/usr/bin/env")
        """,
        user,
    )
    assert done == []


def test_each_place_outside_the_scratch_is_read_only(user: str) -> None:
    ended = inside.run(
        """
        import os
        for base, folders, names in os.walk("/"):
            folders[:] = [f for f in folders if os.path.join(base, f) != "/proc"]
            if os.access(base, os.W_OK):
                try:
                    open(base + "/.probe", "w").close()
                    print(base)
                except OSError:
                    continue
        """,
        user=user,
        seconds=60,
    )
    scratch = ("/tmp", "/dev/shm")
    assert {"/tmp", "/dev/shm", "/tmp/work"} <= set(ended.lines)
    assert [place for place in ended.lines if not place.startswith(scratch)] == []


def test_given_files_cannot_be_changed(tmp_path: Path) -> None:
    (tmp_path / "toolkit").mkdir()
    (tmp_path / "toolkit" / "checks.py").write_text("right")
    with Sandbox("bubblewrap", files={"toolkit": tmp_path / "toolkit"}, data_dir=tmp_path) as sandbox:
        code = """
import os, shutil
for attempt in (
    lambda: open("toolkit/checks.py", "w"),
    lambda: os.rename("toolkit", "other"),
    lambda: os.unlink("toolkit/checks.py"),
    lambda: shutil.rmtree("toolkit"),
    lambda: open("/data/x", "w"),
    lambda: os.rmdir("toolkit"),
):
    try:
        attempt()
    except OSError:
        continue
    print("changed")
print(open("toolkit/checks.py").read())
"""
        sandbox.start([sys.executable, "-I", "-S", "-c", code])
        assert sandbox.wait(20) == 0
        assert sandbox.output == "right\n"
    assert (tmp_path / "toolkit" / "checks.py").read_text() == "right"


# ---- other processes ----


@pytest.mark.parametrize(
    "target",
    ["-1", "os.getppid()", "1", "0", "-os.getpgid(0)", "-os.getsid(0)"],
    ids=["everything visible", "parent", "first", "own group", "process group", "session"],
)
def test_killing_reaches_nobody_outside(target: str, user: str) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        ended = inside.run(
            f"""
            import os, signal
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
                try:
                    os.kill({target}, number)
                except OSError:
                    continue
            """,
            user=user,
        )
        assert ended.status is not None
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_killing_every_number_reaches_nobody_outside(user: str) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        inside.run(
            f"""
            import os
            for pid in [*range(1, 3000), {os.getpid()}, {os.getppid()}, {bystander.pid}]:
                if pid != os.getpid():
                    try:
                        os.kill(pid, 9)
                    except OSError:
                        pass
            """,
            user=user,
        )
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_daemons_do_not_outlive_the_program(user: str) -> None:
    mark = f"daemon-{os.urandom(8).hex()}"
    code = f"""
        import os, signal, sys, time
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(99)", {mark!r}])
            os._exit(0)
        def alive():
            processes = filter(str.isdigit, os.listdir("/proc"))
            return sum({mark!r} in open(f"/proc/{{each}}/cmdline").read() for each in processes)
        deadline = time.monotonic() + 20
        while not alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        print(alive())
        """
    ended = inside.run(code, user=user)
    assert ended.status == 0
    assert int(ended.output) >= 1
    assert running(mark) == 0


def test_the_sandbox_dies_with_a_killed_examiner(tmp_path: Path) -> None:
    mark = f"orphan-{os.urandom(8).hex()}"
    code = f"""
import sys, time
from examiner.sandbox import Sandbox
sandbox = Sandbox("bubblewrap")
sandbox.start([sys.executable, "-I", "-S", "-c", "import time; time.sleep(99)", {mark!r}])
print("started", sandbox._folders.root, flush=True)
time.sleep(99)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    examiner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    try:
        assert examiner.stdout is not None
        started, folder = examiner.stdout.readline().decode().split()
        assert started == "started"
        assert running(mark) > 0
    finally:
        examiner.kill()
        examiner.communicate()
        shutil.rmtree(folder)
    deadline = time.monotonic() + 20
    while running(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running(mark) == 0


def test_a_thread_that_ends_takes_no_sandbox_along() -> None:
    """Linux sends the parent's death signal when the parent's *thread* ends."""
    with Sandbox("bubblewrap") as sandbox:
        starter = threading.Thread(target=sandbox.start, args=(["sleep", "60"],))
        starter.start()
        starter.join()
        assert sandbox.wait(0.3) is None


# ---- bombs ----


def test_a_fork_bomb_stays_small_and_dies(user: str) -> None:
    mark = f"bomb-{os.urandom(8).hex()}"
    code = f"""
        import os, sys
        bomb = "import os\\nwhile True:\\n try: os.fork()\\n except OSError: pass"
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", bomb, {mark!r}])
        """
    began = time.monotonic()
    inside.run(code, user=user, seconds=2, processes=40)
    assert time.monotonic() - began < 40
    assert running(mark) == 0


def test_endless_output_costs_no_memory_and_no_time(user: str) -> None:
    ended = inside.run(
        "import os\nwhile True: os.write(1, b'x' * 65536); os.write(2, b'y' * 65536)", user=user, seconds=1
    )
    assert ended.status is None
    assert len(ended.output) <= 16 * 1024


def test_files_kept_open_after_removal_count_as_disk(user: str) -> None:
    ended = inside.run(
        """
        import os
        kept = []
        while True:
            kept.append(open("/tmp/x", "wb")); os.unlink("/tmp/x")
            kept[-1].write(bytes(2**20)); kept[-1].flush()
        """,
        user=user,
        disk=8 * 2**20,
    )
    assert "No space left on device" in ended.output


@pytest.mark.parametrize("number", range(3))
def test_a_memory_bomb_of_many_processes_is_stopped_in_time(number: int, user: str) -> None:
    code = """
        import mmap, os
        for _ in range(3): os.fork()
        kept = []
        while True:
            kept.append(mmap.mmap(-1, 2**24))
            for i in range(0, 2**24, 4096): kept[-1][i] = 1
        """
    ended = inside.run(code, user=user, memory=512 * 2**20)
    assert ended.reason == "used more than 512 MiB of memory"


def test_the_system_would_rather_end_the_sandbox_than_the_examiner() -> None:
    with Sandbox("bubblewrap") as sandbox:
        sandbox.start(["sleep", "60"])
        assert Path(f"/proc/{sandbox._guard.running.program.pid}/oom_score_adj").read_text() == "1000\n"
    assert Path("/proc/self/oom_score_adj").read_text() != "1000\n"


def test_the_host_sees_nothing_of_the_scratch() -> None:
    with Sandbox("bubblewrap") as sandbox:
        code = "import os, time; os.symlink('/etc/passwd', 'link'); print('up'); time.sleep(60)"
        sandbox.start([sys.executable, "-I", "-S", "-u", "-c", code])
        while "up" not in sandbox.output:
            time.sleep(0.01)
        assert not os.path.lexists(sandbox.work / "link")
        assert [path.name for path in sandbox._folders.root.rglob("link")] == []


def test_nothing_of_the_host_can_be_written(user: str) -> None:
    ended = inside.run(
        """
        import os
        for place in {line.split()[4] for line in open("/proc/self/mountinfo")} | {"/", "/dev", "/usr"}:
            try:
                os.mkdir(f"{place}/made")
                print(place)
            except OSError:
                pass
        """,
        user=user,
    )
    assert set(ended.output.split()) == {"/tmp", "/dev/shm"}


# ---- the kernel ----


def test_no_capability_and_no_way_to_one(user: str) -> None:
    ended = inside.run(
        "print(*[l for l in open('/proc/self/status') if l.startswith(('Cap', 'NoNewPrivs'))], sep='')",
        user=user,
    )
    fields = dict(line.split(":\t") for line in ended.output.split("\n") if line)
    assert fields.pop("NoNewPrivs") == "1"
    assert {int(value, 16) for value in fields.values()} == {0}
    done = attempts(
        """
        os.setuid(0)
        os.setgid(0)
        os.setgroups([0])
        os.chroot("/tmp")
        os.mknod("/tmp/disk", 0o60600, os.makedev(8, 0))
        os.nice(-5)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        socket.sethostname("x")
        os.open("/dev/mem", os.O_RDONLY)
        os.open("/dev/kmsg", os.O_RDONLY)
        os.open("/dev/vda", os.O_RDONLY)
        os.open("/dev/sda", os.O_RDONLY)
        os.open("/dev/fuse", os.O_RDWR)
        os.open("/dev/kvm", os.O_RDWR)
        subprocess.run(["unshare", "--user", "true"], check=True, capture_output=True)
        subprocess.run(["unshare", "--mount", "true"], check=True, capture_output=True)
        subprocess.run(["mount", "-t", "tmpfs", "x", "/tmp"], check=True, capture_output=True)
        subprocess.run(["su", "-c", "true"], check=True, capture_output=True, stdin=subprocess.DEVNULL)
        """,
        user,
    )
    assert done == []


def test_setuid_programs_give_nothing(user: str) -> None:
    ended = inside.run(
        """
        import os, shutil, subprocess
        shutil.copy("/usr/bin/id", "/tmp/id"); os.chmod("/tmp/id", 0o6755)
        print(subprocess.run(["/tmp/id", "-u"], capture_output=True, text=True).stdout.strip())
        """,
        user=user,
    )
    assert ended.output == "1000\n"


@pytest.mark.skipif(not seccomp.program(), reason="no filter for this processor")
def test_each_denied_system_call_is_denied(user: str) -> None:
    column = list(seccomp.AUDIT).index(os.uname().machine)
    numbers = {name: pair[column] for name, pair in seccomp.DENIED.items()}
    ended = inside.run(
        f"""
        import ctypes, errno
        libc = ctypes.CDLL(None, use_errno=True)
        for name, number in {numbers!r}.items():
            if libc.syscall(number, -1, -1, -1, -1, -1) != -1 or ctypes.get_errno() != errno.EPERM:
                print(name)
        print(libc.syscall(0x40000000 + 39))
        """,
        user=user,
    )
    assert ended.lines == ["-1"]


def test_a_new_user_namespace_is_refused_by_the_kernel_too(user: str) -> None:
    """The filter cannot look into clone3's arguments: the namespace itself forbids it."""
    ended = inside.run(
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        clone = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
        new_user, sigchld = 0x10000000, 17
        made = libc.syscall(clone, new_user | sigchld, 0, 0, 0, 0)
        if made == 0:
            os._exit(0)
        print(made, os.strerror(ctypes.get_errno()))
        """,
        user=user,
    )
    assert ended.output.startswith("-1 "), ended


def test_there_is_no_terminal_to_type_into(user: str) -> None:
    done = attempts(
        """
        os.open("/dev/tty", os.O_RDWR)
        assert os.getsid(0) not in (0, 1) and os.tcgetpgrp(0)
        """,
        user,
    )
    assert done == []
    assert inside.run("import os; print(os.getsid(0) > 0)", user=user).output == "True\n"


def test_system_v_ipc_and_shared_memory_are_its_own() -> None:
    name = f"/dev/shm/examiner-{os.getpid()}"
    Path(name).write_text("from the host")
    try:
        assert attempts(f"open({name!r}).read()", "caller") == []
    finally:
        os.unlink(name)


def test_no_descriptor_of_the_host_is_inherited(user: str, tmp_path: Path) -> None:
    with open(tmp_path / "gradebook.db", "w") as gradebook:
        os.set_inheritable(gradebook.fileno(), True)
        ended = inside.run("import os; print(*sorted(os.listdir('/proc/self/fd')))", user=user)
    assert ended.output.split() in (["0", "1", "2", "3"], ["0", "1", "2"])


def test_the_watchdog_stays_awake_beside_a_busy_sandbox() -> None:
    limits = Limits(cpu_seconds=1, processes=60)
    code = "import os\nfor _ in range(5): os.fork()\nwhile True: pass"
    began = time.monotonic()
    with Sandbox("bubblewrap", limits) as sandbox:
        sandbox.start([sys.executable, "-I", "-S", "-c", code])
        sandbox.wait(40)
        assert sandbox.reason == "used more than 1 s of processor time"
    assert time.monotonic() - began < 40


def running(mark: str) -> int:
    """Count the processes of the machine with a word in their command lines."""
    count = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            count += mark.encode() in Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue
    return count
