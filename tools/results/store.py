"""Results on disk: what is there is not computed again, so an interrupted run goes on where it stopped."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.data.files import write_atomically

Result = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One piece of the results: a name for its file, about how long it takes, and what computes it.

    `seconds` is the processor time on the machine where it was written; only ratios of steps matter.
    """

    name: str
    seconds: float
    compute: Callable[[], Result]


class Store:
    """JSON files in a folder, one for each step that is done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        """Return the folder and the number of results in it."""
        return f"Store({self.folder}, {len(list(self.folder.glob('*.json')))} results)"

    def get(self, name: str) -> Result | None:
        """Return the result of a step; None if it has not been computed."""
        path = self.folder / f"{name}.json"
        found: Result | None = json.loads(path.read_text()) if path.exists() else None
        return found

    def put(self, name: str, result: Result) -> None:
        """Write the result of a step, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / f"{name}.json", json.dumps(result, indent=1).encode())


def run(steps: Sequence[Step], store: Store, seconds: float = float("inf")) -> None:
    """Compute the steps that are missing, one line for each, with an estimate of the end.

    Parameters
    ----------
    steps : sequence of Step
    store : Store
    seconds : float
        Start no step after so many seconds.
    """
    missing = [step for step in steps if store.get(step.name) is None]
    print(f"{len(steps) - len(missing)} of {len(steps)} steps are done already")
    start, done = time.monotonic(), 0.0
    for number, step in enumerate(missing, start=1):
        if time.monotonic() - start >= seconds:
            print(f"The time is over: {len(missing) - number + 1} steps are left; the same command goes on with them")
            return
        print(f"[{number}/{len(missing)}] {step.name} …", end=" ", flush=True)
        before = time.monotonic()
        if store.get(step.name) is None:  # another run may have been here meanwhile
            store.put(step.name, step.compute())
        done += step.seconds
        now = time.monotonic()
        left = sum(each.seconds for each in missing[number:]) * (now - start) / done
        print(f"{now - before:.0f} s; about {left / 60:.0f} min left")
        sys.stdout.flush()
