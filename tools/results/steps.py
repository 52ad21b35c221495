"""All steps of the results, the most telling first."""

from __future__ import annotations

from functools import partial

from tools.results import accuracy, classical, honesty, speed, study
from tools.results.context import Context
from tools.results.store import Step

SECONDS = {"plain": 100.0, "augmented": 310.0, "adversarial": 540.0, "average": 700.0}


def steps(context: Context) -> list[Step]:
    """Return the steps, in the order in which they run."""
    digits = {
        (name, seed): Step(f"digits-{name}-{seed}", seconds, partial(accuracy.digits, context, name, seed))
        for name, seconds in SECONDS.items()
        for seed in context.seeds
    }
    chosen = [
        Step(f"chosen-{name}", SECONDS[name], partial(accuracy.validated, context, recipe, number))
        for name, (recipe, number) in accuracy.DIGITS.items()
    ]
    tried = [
        Step(f"tried-{k}", 90, partial(accuracy.validated, context, recipe))
        for k, recipe in enumerate(accuracy.TRIED.values())
    ]
    houses = [Step(f"houses-{seed}", 60, partial(accuracy.houses, context, seed)) for seed in context.seeds]
    first, *others = context.seeds
    return [
        Step("speed", 40, partial(speed.measure, context)),
        Step("speed-ladder", 30, partial(speed.ladder, context)),
        Step("student", 25, partial(accuracy.student, context)),
        Step("houses-linear", 1, partial(accuracy.linear_houses, context)),
        digits["plain", first],
        digits["augmented", first],
        Step("honesty", 10, partial(honesty.measure, context)),
        houses[0],
        Step("study", 60, partial(study.search, context)),
        *(Step(f"study-report-{k}", 25, partial(study.report, context, name)) for k, name in enumerate(study.REPORT)),
        Step("classical-houses", 50, partial(classical.houses, context)),
        Step("classical-digits", 110, partial(classical.digits, context)),
        digits["adversarial", first],
        digits["average", first],
        *chosen,
        *tried,
        *houses[1:],
        *(digits[name, seed] for name in SECONDS for seed in others),
    ]
