"""Fingerprints on disk: plain data, written in one step."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from examiner import codec

__all__ = ["load", "save"]

OWN_LIMITS = codec.Limits(bytes=2**32, json_bytes=2**30, items=10**9, keys=10**7)
"""What the examiner has computed itself may be large."""


def save(file: Path, content: Any) -> None:
    """Write plain data; others see the old file or the new one, never a part."""
    frames = codec.pack(content, None, OWN_LIMITS)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.stem}-{os.getpid()}.unfinished.npz")
    sizes = np.frombuffer(json.dumps([len(frame) for frame in frames]).encode(), np.uint8)
    np.savez_compressed(unfinished, sizes=sizes, buffer=np.frombuffer(b"".join(frames), np.uint8))
    unfinished.replace(file)


def load(file: Path) -> Any:
    """Read what `save` wrote."""
    with np.load(file, allow_pickle=False) as arrays:
        sizes, buffer = json.loads(arrays["sizes"].tobytes()), arrays["buffer"].tobytes()
    frames, start = [], 0
    for size in sizes:
        frames.append(buffer[start : start + size])
        start += size
    return codec.unpack(frames, None, OWN_LIMITS)
