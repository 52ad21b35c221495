"""Compare the marks of one class, graded twice: `python tools/compare_marks.py BEFORE.json AFTER.json`.

Both files are written by `examiner autograde --json`. Scores and passed checks must be equal, relative errors
within a factor of 3. Every difference is printed; the exit status is 1 if there is one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FACTOR = 3.0
ROUNDING = 1e-12  # errors below are rounding noise of any size


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each difference between two runs, student by student."""
    one, other = before["students"], after["students"]
    for student in sorted(one.keys() ^ other.keys()):
        yield f"{student}: only in one of the files"
    for student in sorted(one.keys() & other.keys()):
        tests, others = one[student]["tests"], other[student]["tests"]
        for test in tests.keys() ^ others.keys():
            yield f"{student} {test}: only in one of the files"
        for test in tests.keys() & others.keys():
            yield from (f"{student} {test} {line}" for line in _of_test(tests[test], others[test]))


def _of_test(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    for key in ("score", "status", "misconceptions"):
        if one[key] != other[key]:
            yield f"{key}: {one[key]} -> {other[key]}"
    if len(one["checks"]) != len(other["checks"]):
        yield f"checks: {len(one['checks'])} -> {len(other['checks'])}"
    for check, same in zip(one["checks"], other["checks"], strict=False):
        if (check["name"], check["passed"]) != (same["name"], same["passed"]):
            yield f"check {check['name']}: {check['passed']} -> {same['name']} {same['passed']}"
        elif not _alike(check["error"], same["error"]):
            yield f"error of {check['name']}: {check['error']} -> {same['error']}"


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return max(one, other) <= max(FACTOR * min(one, other), ROUNDING)


def main(before: Path, after: Path) -> int:
    """Print the differences."""
    found = list(differences(*(json.loads(path.read_text(encoding="utf-8")) for path in (before, after))))
    print("\n".join([*found, f"{len(found)} differences"]))
    return int(bool(found))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Usage: python tools/compare_marks.py BEFORE.json AFTER.json")
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
