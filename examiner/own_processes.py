"""The examiner's own processes: numerical libraries use one thread, and a process ends with its parent."""

from __future__ import annotations

import ctypes
import gc
import os
import signal

__all__ = ["KEEP_MEMORY", "ONE_THREAD", "end_with", "keep_loaded"]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment variables: several processes share the cores, so that more threads would only wait for each other."""
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(4 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20)}
"""Environment variables for glibc: freed memory serves the next array, instead of going back to the system, which would
clear it again.

glibc raises these thresholds by itself, but only after large arrays were freed: too late for a short-lived fork. Arrays
above 4 MiB go back at once, for they would leave holes into which no larger one fits.
"""
PR_SET_PDEATHSIG = 1


def keep_loaded() -> None:
    """Leave all objects that exist now out of garbage collection: most stay as long as the process, or its forks."""
    gc.collect()
    gc.freeze()


def end_with(parent: int) -> None:
    """Let the system kill this process as soon as its parent ends; if it has ended by now, end at once.

    Parameters
    ----------
    parent : int
        Number of the process that started this one.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
