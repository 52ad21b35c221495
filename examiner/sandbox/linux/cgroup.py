"""A control group (cgroup v2) of a sandbox's own, on machines that allow it.

It is the only mechanism that counts all memory that the kernel keeps for a sandbox (pages in
memory file systems, socket and pipe buffers), each page once, and that acts without delay.
Where none can be made the other limits stand alone: `examiner doctor` says which it is.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

CONTROLLERS = ("memory", "pids")
ENTER = 'echo 0 > "$0"/cgroup.procs && exec "$@"'  # for sh: move itself in, become the program


class Cgroup:
    """A control group made for one sandbox.

    Parameters
    ----------
    folder : Path
        Its folder in the cgroup file system.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"Cgroup({self.folder})"

    def out_of_memory(self) -> bool:
        """Whether the kernel has ended something in it for lack of memory."""
        try:
            events = (self.folder / "memory.events").read_text().split()
        except OSError:
            return False
        return "oom_kill" in events and int(events[events.index("oom_kill") + 1]) > 0

    def remove(self) -> None:
        """Remove it; its processes have ended or are ending."""
        for _ in range(100):
            try:
                self.folder.rmdir()
                return
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.01)


def create(memory: int, processes: int) -> Cgroup | None:
    """Make a control group with limits; None where this machine does not allow it.

    Parameters
    ----------
    memory : int
        Bytes, of all kinds, for all processes together.
    processes : int
        Threads count.
    """
    for parent in _candidates():
        group = parent / f"examiner-{secrets.token_hex(6)}"
        try:
            if not _switched_on(parent):
                continue
            group.mkdir()
        except OSError:
            continue
        try:
            (group / "memory.max").write_text(str(memory))
            (group / "pids.max").write_text(str(processes))
            (group / "memory.oom.group").write_text("1")
            with contextlib.suppress(OSError):  # machines without swap accounting
                (group / "memory.swap.max").write_text("0")
            return Cgroup(group)
        except OSError:
            group.rmdir()
    return None


def _switched_on(parent: Path) -> bool:
    """Whether groups below `parent` get the controllers, which are switched on if necessary."""
    control = parent / "cgroup.subtree_control"
    for last in (False, True):
        if set(CONTROLLERS) <= set(control.read_text().split()):
            return True
        if not last:
            with contextlib.suppress(OSError):
                control.write_text(" ".join(f"+{name}" for name in CONTROLLERS))
    return False


def _candidates() -> Iterator[Path]:
    """Give the parent of our own group, which someone may have delegated to us, then the top."""
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
        own = next(line[3:] for line in groups if line.startswith("0::"))
        mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    except (OSError, StopIteration):
        return
    for fields in mounts:
        if fields[fields.index("-") + 1] == "cgroup2":
            top = Path(fields[4])
            if own.strip("/"):
                yield (top / own.strip("/")).parent
            yield top
