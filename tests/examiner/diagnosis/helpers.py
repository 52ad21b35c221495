"""More entries of the small catalogue, and what tests of the diagnosis have the engine's children do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from examiner.diagnosis import Diagnosis, diagnose_here
from examiner.engine import trusted_run
from examiner.outcome import TestOutcome

MORE = """
@catalogue.misconception("double", "It triples, too.")
def tripled_by_adding(x):
    return x + x + x

@catalogue.misconception("double", "Large noise is added.")
def noisy(x):
    return 2 * x + np.random.default_rng().normal(0, 1e6, x.shape)

catalogue.change("square", "cubed", "out is a cube.", {"return x * x, x": "return x * x * x, x"})
"""


def diagnosed(
    notebook: str, file: Path, sources: Mapping[str, str], mutating: Sequence[str] = ()
) -> dict[str, tuple[Diagnosis, ...]]:
    """Diagnose a trusted run; `mutating` names answers that are suspected of changing their inputs."""
    run = trusted_run(notebook)
    outcomes = run.run(sources, seconds=10)
    if mutating:
        outcomes = {test: replace(each, mutating=tuple(mutating)) for test, each in outcomes.items()}

    def again(test: str) -> TestOutcome:
        return run.run(sources, [test], seconds=10, copies=True)[test]

    return diagnose_here(notebook, file, outcomes, again)


def combined(notebook: str, one: Any, other: Any) -> dict[str, str] | None:
    """The sources of two entries at once."""
    sources: dict[str, str] | None = one.combined(other, trusted_run(notebook).reference)
    return sources


def named(notebook: str, file: Path, entry: Any, more: Mapping[str, str]) -> dict[str, tuple[Diagnosis, ...]]:
    """Diagnose an entry of the catalogue, on top of other sources."""
    return diagnosed(notebook, file, {**more, **entry.cells(trusted_run(notebook).reference)})


def reference_source(notebook: str, answer: str) -> str:
    """The source of a reference answer."""
    return trusted_run(notebook).reference[answer]


def reference_values(notebook: str, file: Path) -> set[str]:
    """All values that the reference gives to the tests, as a sentence would show them."""
    from examiner.diagnosis.inside import matcher

    traces = matcher(notebook, file).reference.traces.values()
    return {f"{value:.4g}" for trace in traces if trace.received is not None for value in trace.received.flat}
