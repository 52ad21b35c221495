"""What a sandbox costs to start: milliseconds over a plain process, in the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from examiner.sandbox import Sandbox

COMMAND = [sys.executable, "-I", "-c", "0"]


def plain() -> float:
    """Seconds of a process without a sandbox."""
    began = time.perf_counter()
    subprocess.run(COMMAND, check=True)
    return time.perf_counter() - began


def sandboxed() -> float:
    """Seconds of the same process in bubblewrap, making and removing its folders included."""
    began = time.perf_counter()
    with Sandbox("bubblewrap", files={"a.txt": b""}) as sandbox:
        sandbox.start(COMMAND)
        sandbox.wait(20)
    return time.perf_counter() - began


def main() -> None:
    """Measure both in turn, and print the medians and their ratio."""
    pairs = [(plain(), sandboxed()) for _ in range(15)]
    without, within = (1000 * statistics.median(each) for each in zip(*pairs, strict=True))
    print(f"plain process {without:.0f} ms, in a sandbox {within:.0f} ms: {within - without:.0f} ms more")


if __name__ == "__main__":
    main()
