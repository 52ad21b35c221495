"""All steps of the results, the most telling first."""

from __future__ import annotations

from functools import partial

from tools.results import accuracy, classical, honesty, speed, study
from tools.results.context import Context
from tools.results.store import Step

SECONDS = {"plain": 180.0, "augmented": 210.0, "stretch": 560.0}


def steps(context: Context) -> list[Step]:
    """Return the steps, in the order in which they run."""
    first = [
        Step("speed", 25, partial(speed.measure, context)),
        Step("student", 30, partial(accuracy.student, context)),
        Step("houses-linear", 1, partial(accuracy.linear_houses, context)),
    ]
    seeded = [
        step
        for seed in context.seeds
        for step in (
            *(
                Step(f"digits-{name}-{seed}", SECONDS[name], partial(accuracy.digits, context, name, seed))
                for name in ("plain", "augmented")
            ),
            Step(f"houses-{seed}", 40, partial(accuracy.houses, context, seed)),
        )
    ]
    return [
        *first,
        *seeded,
        Step("honesty", 10, partial(honesty.measure, context)),
        Step("study", 60, partial(study.search, context)),
        *(Step(f"study-report-{k}", 25, partial(study.report, context, name)) for k, name in enumerate(study.REPORT)),
        Step("classical-digits", 110, partial(classical.digits, context)),
        Step("classical-houses", 50, partial(classical.houses, context)),
        *(
            Step(f"digits-stretch-{seed}", SECONDS["stretch"], partial(accuracy.digits, context, "stretch", seed))
            for seed in context.seeds
        ),
    ]
