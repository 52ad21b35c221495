"""The examiner's own processes: numerical libraries use one thread, and a process ends with its parent."""

from __future__ import annotations

import ctypes
import os
import signal

__all__ = ["KEEP_MEMORY", "ONE_THREAD", "end_with"]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment variables: several processes share the cores, so that more threads would only wait for each other."""
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(128 * 2**20)}
"""Environment variables of the C library: what is freed serves the next array, and is not cleared by the system first.

The defaults follow the arrays that a process frees, which a forked one does too late. 32 MiB is the highest threshold.
"""
PR_SET_PDEATHSIG = 1


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
