"""Limits and options of grading, with their defaults: what `c.Examiner` sets, and what a command line overrides."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["MIB", "SEED", "Figures", "Isolation", "Limits", "Options", "Timing"]

Isolation = Literal["bubblewrap", "none"]
Figures = Literal["submitted", "drawn"]
MIB = 1024**2
SEED = 231
"""Default seed of the hidden inputs, and of everything else that is drawn."""


@dataclass(frozen=True)
class Limits:
    """What one sandbox may use."""

    memory: int = 2048 * MIB
    """Bytes, all processes together."""
    processes: int = 96
    """Threads count, as they do for the kernel."""
    file_size: int = 64 * MIB
    """Bytes of any one file."""
    disk: int = 128 * MIB
    """Bytes of the scratch folder."""
    cpu_seconds: int = 600
    """Processor time, all processes together."""
    open_files: int = 256
    """Of each process."""


@dataclass(frozen=True)
class Timing:
    """How long things may take, in seconds, and how much they may write."""

    cell: float = 20
    call: float = 20
    notebook: float = 180
    student: float = 600
    """All notebooks of one submission together."""
    interrupt: float = 2
    """How long an interrupted cell may take to end before its kernel is killed."""
    restarts: int = 6
    """Kernel restarts for one notebook."""
    check: float = 30
    """Processor time for one test's own work on the returned values; waiting for them costs none."""
    traffic: int = 128 * MIB
    """Bytes that a kernel may send during one cell or call."""


@dataclass(frozen=True)
class Options:
    """How to grade."""

    isolation: Isolation = "bubblewrap"
    seed: int = SEED
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)
    data_dir: Path | None = None
    """Folder of the data sets."""
    diagnosis: bool = True
    """Whether lost points are diagnosed by the catalogue."""
    figures: Figures = "submitted"
    """Whose pictures a student's own cells keep: those of the submission where it has any, or always new ones."""
