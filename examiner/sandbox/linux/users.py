"""User ids: whom root becomes for a sandbox, and where it cannot become anybody."""

from __future__ import annotations

import os
import random
from pathlib import Path

_RANGES = ((1_900_000_000, 2_000_000_000), (60_600, 61_100), (30_000, 60_000), (2, 30_000))


def mapped() -> list[tuple[int, int, int]]:
    """Give the ids of this user namespace, as ranges: first id here, first id outside, how many."""
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    return [(int(inside), int(outside), int(count)) for inside, outside, count in map(str.split, lines)]


def is_alone() -> bool:
    """Whether only one id exists in this user namespace, as in many containers: nobody can become another user."""
    return sum(count for _, _, count in mapped()) == 1


def unused() -> int | None:
    """Draw a user id that nobody has, for root to become.

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
    """Whether the one id of this namespace is root outside, too, and so no ordinary user."""
    return is_alone() and any(outside == 0 for _, outside, _ in mapped())
