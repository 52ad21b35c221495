"""Run a piece of Python in the real sandbox, as the user who runs the tests or as an ordinary user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path

from examiner._exceptions import IsolationError
from examiner.sandbox import Sandbox, check_isolation
from examiner.settings import Limits

ROOT = Path(__file__).parents[2]
NOBODY = 65534
SYSTEM_PYTHON = "/usr/bin/python3"
USERS = ("caller", "ordinary user")


@dataclass(frozen=True)
class Ended:
    """The result of a program in the sandbox."""

    status: int | None
    reason: str | None
    output: str

    @property
    def lines(self) -> list[str]:
        """Each line that it printed."""
        return self.output.split("\n")[:-1]


def run(code: str, *, user: str = "caller", seconds: float = 30, **limits: int) -> Ended:
    """Run code in a sandbox of its own, until it ends or `seconds` are over (status None)."""
    order = {"code": textwrap.dedent(code), "seconds": seconds, "limits": limits}
    if user == "caller" or os.geteuid() != 0:
        return perform(**order)
    command = [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        python_for_nobody(),
        __file__,
    ]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"}
    done = subprocess.run(
        command,
        env=environment,
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    return Ended(**json.loads(done.stdout))


def perform(code: str, seconds: float, limits: dict[str, int]) -> Ended:
    """Do what `run` says, as the user that this process belongs to."""
    with Sandbox("bubblewrap", Limits(**limits)) as sandbox:
        sandbox.start([sys.executable, "-I", "-S", "-u", "-c", code])
        status = sandbox.wait(seconds)
        sandbox.kill()
        return Ended(status, sandbox.reason, sandbox.output)


def python_for_nobody() -> str:
    """Give a Python that an ordinary user may run; skip the test where there is none."""
    import pytest  # here, for the ordinary user's Python need not have it

    if shutil.which("setpriv") is None or not _open_to_all(ROOT):
        pytest.skip("nobody but root can read this project")
    for python in (sys.executable, SYSTEM_PYTHON):
        if Path(python).exists() and _open_to_all(Path(python)) and _is_recent(python):
            return python
    pytest.skip("no Python 3.11 that an ordinary user can run")


def _open_to_all(path: Path) -> bool:
    real = path.resolve()
    return all(each.stat().st_mode & 0o005 == 0o005 for each in (real, *real.parents))


def _is_recent(python: str) -> bool:
    done = subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False)
    return done.returncode == 0


def works() -> bool:
    """Whether bubblewrap works on this machine."""
    try:
        check_isolation("bubblewrap")
    except IsolationError:
        return False
    return True


if __name__ == "__main__":
    print(json.dumps(asdict(perform(**json.load(sys.stdin)))))
