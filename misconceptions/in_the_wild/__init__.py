"""Answers as students write them: a second corpus, to measure the tests and the diagnosis on.

The catalogue beside this package is what the diagnosis is built from, so its own rate of right
names says little about other people's code. The samples here are never used to build
fingerprints: no module of this package has a `catalogue`. Each sample is the whole text of an
answer cell. A wrong one says what a sentence about it must mean, or that only silence is right.
"""

from __future__ import annotations

import importlib
import pkgutil

from misconceptions.in_the_wild.sample import Sample

__all__ = ["Sample", "load_samples"]


def load_samples(*notebooks: str) -> list[Sample]:
    """Return the samples of all notebooks, or of some, in the order of the notebooks.

    Parameters
    ----------
    *notebooks : str
        Names such as ``"01_layers"``; none means all.
    """
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    samples = [sample for module in modules for sample in getattr(module, "SAMPLES", ())]
    chosen = [sample for sample in samples if not notebooks or sample.notebook in notebooks]
    return sorted(chosen, key=lambda sample: sample.notebook)
