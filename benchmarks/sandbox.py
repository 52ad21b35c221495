"""What a sandbox and the kernels in it cost to start, in the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from examiner.kernel import KernelHost
from examiner.sandbox import Sandbox
from examiner.sandbox.linux.usage import usage

COMMAND = [sys.executable, "-I", "-c", "0"]
KERNELS = 8


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


def student() -> tuple[float, float, float]:
    """Processor seconds up to the end of a sandbox's first kernel, and of a further one; the wall time of that."""
    with KernelHost("bubblewrap", {}) as host:
        first = host.sandbox._guard.running.first
        assert first is not None
        host.start().close()
        warm, began = usage(first.pid).cpu_seconds, time.perf_counter()
        for _ in range(KERNELS - 1):
            host.start().close()
        seconds = (time.perf_counter() - began) / (KERNELS - 1)
        return warm, (usage(first.pid).cpu_seconds - warm) / (KERNELS - 1), seconds


def main() -> None:
    """Measure in turn, and print the medians."""
    pairs = [(plain(), sandboxed()) for _ in range(15)]
    without, within = (1000 * statistics.median(each) for each in zip(*pairs, strict=True))
    print(f"plain process {without:.0f} ms, in a sandbox {within:.0f} ms: {within - without:.0f} ms more")
    warm, kernel, wall = (statistics.median(each) for each in zip(*(student() for _ in range(5)), strict=True))
    print(f"a student's sandbox with its first kernel: {warm:.2f} s of processor time")
    print(f"each further kernel, from start to end: {kernel:.3f} s of processor time, {1000 * wall:.0f} ms")
    print(
        f"{KERNELS} kernels: {warm + (KERNELS - 1) * kernel:.2f} s, each in a sandbox of its own {KERNELS * warm:.2f} s"
    )


if __name__ == "__main__":
    main()
