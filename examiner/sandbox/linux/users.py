"""User ids: which user root becomes for a sandbox, and where it cannot change its user."""

from __future__ import annotations

import os
import random
from pathlib import Path

_SYS_PTRACE = 1 << 19  # linux/capability.h
_RANGES = ((1_900_000_000, 2_000_000_000), (60_600, 61_100), (30_000, 60_000), (2, 30_000))


def mapped() -> list[tuple[int, int, int]]:
    """Give the ids of this user namespace, as ranges: first id here, first id outside, how many."""
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    return [(int(inside), int(outside), int(count)) for inside, outside, count in map(str.split, lines)]


def is_alone() -> bool:
    """Whether only one id exists in this user namespace, as in many containers: root cannot become another."""
    return sum(count for _, _, count in mapped()) == 1


def unused() -> int | None:
    """Draw an unused user id, for root to become.

    Returns
    -------
    int or None
        None for an ordinary user, and for the root of a namespace with one id, who is an ordinary user outside.
    """
    if os.geteuid() != 0 or is_alone():
        return None
    for low, high in _RANGES:
        if any(first <= low and high <= first + count for first, _, count in mapped()):
            return random.SystemRandom().randrange(low, high)
    return None


def is_root_outside() -> bool:
    """Whether the one id of this namespace is also root outside, and so not an ordinary user."""
    return is_alone() and any(outside == 0 for _, outside, _ in mapped())


def may_trace() -> bool:
    """Whether this process has ``CAP_SYS_PTRACE``, without which root cannot look into other users' processes."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return bool(int(lines["CapEff"], 16) & _SYS_PTRACE)
