"""Fingerprints on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from examiner.diagnosis import store
from examiner.diagnosis.store import load, save
from toolkit.traces import Fingerprint, Trace


def test_fingerprints_survive_the_disk(tmp_path: Path) -> None:
    place = ("test_f", "a block", "out", 0)
    odd = np.array([[1.5, np.nan], [np.inf, 0]], np.float32)
    inputs = {place: (odd[0], np.array(3))}
    file = tmp_path / "deep" / "file.npz"
    save(file, [Fingerprint("f:wrong", {place: Trace(False, "out: …", odd, True, 0.5)}, inputs).plain()])
    assert list(file.parent.iterdir()) == [file]
    (after,) = map(Fingerprint.from_plain, load(file))
    trace = after.traces[place]
    assert (after.entry, trace.message, trace.noisy, trace.spread) == ("f:wrong", "out: …", True, 0.5)
    np.testing.assert_array_equal(trace.received, odd)
    assert trace.received is not None
    assert trace.received.dtype == np.float32
    np.testing.assert_array_equal(after.inputs[place][0], odd[0])
    np.testing.assert_array_equal(after.inputs[place][1], 3)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    with (tmp_path / "file.npz").open("wb") as file:
        np.savez(file, sizes=np.array([object()]), buffer=np.zeros(1, np.uint8))
    with pytest.raises(ValueError, match="allow_pickle"):
        load(tmp_path / "file.npz")


def test_a_file_that_was_not_finished_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file.npz"
    save(file, [1])

    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(store.np, "savez_compressed", full)
    with pytest.raises(OSError, match="disk full"):
        save(file, [2])
    assert load(file) == [1]
