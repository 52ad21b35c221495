"""A program that grades the small assignment, and prints what changed in its own process: see `test_grader`."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from examiner.grading import Grader
from examiner.settings import Options
from tests.examiner.small import assignment_of, grade, scores, submission, write_catalogue, write_course

WRONG = {"double": "def double(x):\n    return 3 * x"}
CATALOGUE = """
@catalogue.misconception("double", "It triples.")
def triples(x):
    return 3 * x
"""


def state() -> dict[str, Any]:
    """All of this process that tests and student code could change."""
    limits = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "modules": sorted(each for each in sys.modules if each.split(".")[0] in ("toolkit", "mistakes")),
        "limits": {name: resource.getrlimit(getattr(resource, name)) for name in limits},
        "signals": {each.name: repr(signal.getsignal(each)) for each in signal.Signals},
        "timers": [signal.getitimer(each) for each in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)],
        "umask": Path("/proc/self/status").read_text().partition("Umask:")[2].split()[0],
    }


class Watch(threading.Thread):
    """Looks at the process again and again."""

    def __init__(self, expected: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.expected, self.seen, self.looks, self.over = expected, list[str](), 0, threading.Event()

    def run(self) -> None:
        """Look until it is over."""
        while not self.over.wait(0.002):
            now = state()
            self.looks += 1
            self.seen += [f"{key}: {now[key]}" for key in now if now[key] != self.expected[key]]


def main(root: Path) -> None:
    """Grade, and print it."""
    source = write_course(root)
    write_catalogue(root, CATALOGUE)
    before = state()
    watch = Watch(before)
    watch.start()
    with Grader(assignment_of(source, catalogue="mistakes"), Options("none")) as grader:
        right, _ = grade(grader, submission())
        wrong, _ = grade(grader, submission(WRONG, "import os\nos.chdir('/')\nos.environ['CHECKS_SEED'] = '5'"))
        end = state()
    watch.over.set()
    watch.join()
    found = {
        "right": scores(right),
        "wrong": scores(wrong),
        "diagnosis": wrong.tests["test_double"].diagnosis,
        "after": {key: end[key] for key in end if end[key] != before[key]},
        "during": watch.seen[:5],
        "looks": watch.looks,
        "modules": before["modules"],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
