"""README's table, docs/results.md and its pictures, written from the results that are there."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import sklearn

from tools.results import pictures, speed
from tools.results.accuracy import AVERAGED, DIGITS, TRIED
from tools.results.context import Context
from tools.results.honesty import CHANGES
from tools.results.speed import DEFAULT, PYTORCH, REFERENCE, SAME_RULE, STUDENT
from tools.results.store import Result, Store
from tools.results.study import REPORT, effect_of

BEGIN, END = "<!-- results: written by `make results` -->", "<!-- end of results -->"
NOT_YET = "not measured yet"
BUDGETS = {"plain": 50, "adversarial": 200}
TARGETS = {"plain": "98.7%", "average": "", "adversarial": "98.9%", "augmented": "99.2%"}
TITLES = {
    name: f"MNIST, {said}{f', average of {DIGITS[name][1]} networks' if DIGITS[name][1] > 1 else ''}"
    for name, said in {
        "plain": "[512, 512]",
        "average": "[512, 512]",
        "adversarial": "with adversarial examples",
        "augmented": "augmented",
    }.items()
}


def write(context: Context, store: Store, root: Path) -> str:
    """Write the table into README.md, docs/results.md and docs/results-*.png below a folder.

    Parameters
    ----------
    context : Context
        What the results were computed with.
    store : Store
        The results; a step that is missing gets a row that says so.
    root : Path
        Holds README.md with the two marker lines.

    Returns
    -------
    str
        The table, to print.
    """
    page = Page(context, store)
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{readme} has no lines {BEGIN!r} and {END!r}: put them where the table belongs")
    table = page.table()
    readme.write_text(pattern.sub(lambda _: f"{BEGIN}\n{table}\n{END}", text), encoding="utf-8")
    docs = root / "docs"
    docs.mkdir(exist_ok=True)
    (docs / "results.md").write_text(page.text(docs), encoding="utf-8")
    return table


class Page:
    """The sentences, tables and pictures of the results."""

    def __init__(self, context: Context, store: Store) -> None:
        self.context, self.store = context, store
        timing = store.get("speed")
        self.seconds: dict[str, list[float]] = timing["seconds"] if timing else {}
        self.torch = timing["torch"] if timing else NOT_YET

    def runs(self, name: str) -> list[Result]:
        """Return the results of the seeds that are done."""
        found = (self.store.get(f"{name}-{seed}") for seed in self.context.seeds)
        return [each for each in found if each]

    def table(self) -> str:
        """README's table: target, what was reached, and its cost."""
        rows = [self._digits(name) for name in TITLES]
        rows += [self._student(), *self._houses(), *self._speed()]
        lines = ["| | reached | target | cost |", "|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
        return "\n".join([*lines, "", self.origin()])

    def origin(self) -> str:
        """Machine, versions and date."""
        versions = f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn {sklearn.__version__}"
        return (
            f"Written by `make results` on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}: {processor()}, "
            f"{os.cpu_count()} cores, one thread used; {versions}, PyTorch {self.torch}. "
            "All networks are NumPy in float32."
        )

    def epochs(self, seconds: float) -> str:
        """A processor time in epochs of scikit-learn's network."""
        if not self.seconds:
            return f"{seconds:.0f} s"
        return f"{seconds:.0f} s = {seconds / np.median(self.seconds[DEFAULT]):.0f} epochs of scikit-learn"

    def _digits(self, name: str) -> tuple[str, ...]:
        runs = self.runs(f"digits-{name}")
        if not runs:
            return TITLES[name], NOT_YET, TARGETS[name], ""
        cost = self.epochs(max(run["seconds"] for run in runs))
        budget = f" (budget {BUDGETS[name]})" if name in BUDGETS else ""
        return TITLES[name], spread([run["test"] for run in runs], percent), TARGETS[name], cost + budget

    def _student(self) -> tuple[str, ...]:
        found, title = self.store.get("student"), "MNIST, a student's solution with the hints' settings"
        if not found:
            return title, NOT_YET, "97.7%", ""
        return title, percent(found["test"]), "97.7%", f"{self.epochs(found['seconds'])} (budget 20)"

    def _houses(self) -> list[tuple[str, ...]]:
        runs, linear = self.runs("houses"), self.store.get("houses-linear")
        title = f"California housing, RMSE, average of {AVERAGED} networks"
        if not runs or not linear:
            return [(title, NOT_YET, "0.47", "")]
        cost = f"{self.epochs(max(run['seconds'] for run in runs))} (budget 60)"
        average = spread([run["test average"] for run in runs], "{:.3f}".format)
        return [(title, average, "0.47, better 0.455", cost)]

    def houses_path(self) -> dict[str, float]:
        """Mean test errors of the improvements, in their order."""
        runs, linear = self.runs("houses"), self.store.get("houses-linear")
        if not runs or not linear:
            return {}
        return {
            "linear model": linear["linear"],
            "linear model, clipped features": linear["clipped"],
            "network, clipped features": mean(run["clipped"] for run in runs),
            "network, piecewise-linear features": mean(run["piecewise"] for run in runs),
            "network, the map's diagonals as well": mean(mean(run["test single"]) for run in runs),
            f"average of {AVERAGED} such networks": mean(run["test average"] for run in runs),
        }

    def _speed(self) -> list[tuple[str, ...]]:
        rows = []
        for other, target in COMPARED.items():
            title = f"epoch of [512, 512], time relative to {other}"
            if other not in self.seconds:
                rows.append((title, f"PyTorch {self.torch}" if self.seconds else NOT_YET, target, ""))
                continue
            plain = speed.ratio(self.seconds, STUDENT, other)
            rows.append(
                (
                    title,
                    f"**{speed.ratio(self.seconds, REFERENCE, other):.2f}**",
                    target,
                    f"{np.median(self.seconds[REFERENCE]):.1f} s; a plain student solution: {plain:.2f}",
                )
            )
        return rows

    def text(self, docs: Path) -> str:
        """The page docs/results.md, whose pictures are drawn beside it."""
        parts = [
            "# Results\n\nWritten by `make results`; do not edit. Settings were chosen on validation images, then the "
            "digits' networks were trained on these as well, and the "
            "test split was used once for each trained network or average. A spread is the smallest and the largest "
            "value of the seeds. Costs are processor time on one thread.",
            self.table(),
            self._settings(),
            self._performance(),
            self._house_section(docs),
            self._study_section(docs),
            self._classical_section(docs),
            self._honesty_section(docs),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _settings(self) -> str:
        rows = []
        for name, (recipe, _) in DIGITS.items():
            validation = self._validation(f"chosen-{name}")
            dropout = f"{recipe.drop_input:g}, {recipe.drop_hidden:g}"
            rows.append(f"| {TITLES[name]} | {recipe.epochs} | {recipe.rate:g} | {dropout} | {validation} |")
        other = [f"| {name} | {self._validation(f'tried-{k}')} |" for k, name in enumerate(TRIED)]
        return "\n".join([
            "## Digits: the settings",
            "",
            "All have two hidden layers of 512 units, batch normalization, batches of 128 images, momentum 0.9, a "
            "learning rate that falls like a cosine to 0, and dropout. Adversarial examples are a batch's images, each "
            "moved a distance of 1 towards a larger loss, with the gradient that the notebooks call `dx`; pixels are "
            "between 0 and 1, and the network learns from the images and from what they became.",
            "",
            "| | epochs | learning rate | dropout of inputs, hidden units | validation |",
            "|---|---|---|---|---|", *rows, "",
            "What else was tried for the network that is not augmented, each with one seed and the rest unchanged; the "
            "test split was not used:",
            "",
            "| instead | validation |", "|---|---|", *other,
            *self._comparison(),
        ])  # fmt: skip

    def _comparison(self) -> list[str]:
        """What an average of plain networks is worth, and what adversarial examples are, on test images."""
        runs = {name: self.runs(f"digits-{name}") for name in ("plain", "average", "adversarial")}
        if not all(runs.values()):
            return []
        one, several, adversarial = (percent(mean(run["test"] for run in those)) for those in runs.values())
        return [
            "",
            f"On test images, one plain network reaches {one}, an average of {DIGITS['average'][1]} plain networks "
            f"{several}, an average of {DIGITS['adversarial'][1]} that also learned from adversarial examples "
            f"{adversarial}. Networks that were trained alike make nearly the same mistakes, and averaging removes few "
            "of them. The plain ones were measured on test images first; adversarial examples were then chosen by "
            "validation images alone.",
        ]

    def _validation(self, step: str) -> str:
        found = self.store.get(step)
        return percent(found["validation"]) if found else NOT_YET

    def _performance(self) -> str:
        found = self.store.get("speed-ladder")
        if not found:
            return ""
        first = next(iter(found["seconds"]))
        rows = [
            f"| {name} | {np.median(seconds):.2f} | {speed.ratio(found['seconds'], name, first):.2f} |"
            for name, seconds in found["seconds"].items()
        ]
        return "\n".join([LESSON, "", "| | seconds an epoch | relative |", "|---|---|---|", *rows])

    def _house_section(self, docs: Path) -> str:
        path = self.houses_path()
        if not path:
            return ""
        said = ", ".join(f"{name} {error:.3f}" for name, error in path.items())
        gains = -np.diff(list(path.values()))  # (5,), one for each step
        return (
            "## Houses: better inputs beat width\n\n"
            + self._picture(docs, "houses", f"Test error after each step: {said}.", pictures.houses_path, path)
            + "\n\nEvery network has hidden layers of 128 and 64 units and is trained in the same way; only its inputs "
            f"change. The quantile bins (`piecewise_linear`, `tools/results/data.py`) gain {gains[2]:.3f}, bins along "
            f"the diagonals of the map another {gains[3]:.3f}, the average {gains[4]:.3f}."
        )

    def _study_section(self, docs: Path) -> str:
        found = self.store.get("study")
        if not found:
            return ""
        rows = sorted(found["rows"], key=lambda row: -row["validation"])
        table = [
            f"| {row['hidden']} | {row['rate']:.3f} | {row['last_rate']:g} | {row['reg']:.1e} | {row['epochs']} | "
            f"{row['batch']} | {row['seconds']:.1f} | {percent(row['validation'])} |"
            for row in rows
        ]
        head = "| hidden | rate | falls to | L2 | epochs | batch | seconds | validation |"
        effects = {key: effect_of(rows, key) for key in ("rate", "reg", "hidden", "batch", "epochs", "last_rate")}
        strongest = sorted(effects, key=lambda key: -abs(effects[key]))
        said = ", ".join(f"{WORDS[key]} {effects[key]:+.2f}" for key in strongest)
        return "\n".join([
            "## The report's study, as a random search",
            "",
            f"{len(rows)} settings, drawn at random and trained on 10,000 images. Rank correlations with the "
            f"validation accuracy: {said}. With {len(rows)} draws, a correlation below {2 / np.sqrt(len(rows)):.2f} "
            f"may be chance. In this search, {WORDS[strongest[0]]} mattered most.",
            "",
            self._picture(docs, "study", "Validation accuracy of each drawn setting.", pictures.study, rows),
            "",
            head, "|" + "---|" * 8, *table, "",
            *self._report_table(),
        ])  # fmt: skip

    def _report_table(self) -> list[str]:
        lines = [
            "The report's three settings:",
            "",
            "| | epochs | validation | test | report |",
            "|---|---|---|---|---|",
        ]
        for k, (name, (_, said)) in enumerate(REPORT.items()):
            found = self.store.get(f"study-report-{k}")
            figures = ", ".join(f"{split} {value:.4f}" for split, value in said.items())
            here = f"{found['epochs']} | {found['validation']:.4f} | {found['test']:.4f}" if found else f"| {NOT_YET} |"
            lines.append(f"| {name} | {here} | {figures} |")
        return lines

    def _classical_section(self, docs: Path) -> str:
        found = {title: self.store.get(name) for title, name in CLASSICAL.items()}
        results = {title: result for title, result in found.items() if result}
        if not results:
            return ""
        tables = []
        for title, result in results.items():
            tables += [f"| {title} | {' | '.join(f'{size:,}' for size in result['sizes'])} |"]
            tables += ["|---|" + "---|" * len(result["sizes"])]
            for name, points in result["curves"].items():
                cells = " | ".join(f"{value:.3f} in {seconds:.1f} s" for seconds, value in points)
                tables += [f"| {name} | {cells} |"]
            tables += [""]
        alt = "Test results against training time, one curve for each method and one panel for each data set."
        draw = self._picture(docs, "classical", alt, pictures.deep_against_classical, results)
        return "\n".join([
            "## Deep against classical",
            "",
            "The same splits; each method is trained on growing parts of the training data, and its time is that of "
            "training alone (k-nearest neighbors pays when it predicts). On houses, the network has piecewise-linear "
            "features with the diagonals, and the other methods have clipped features.",
            "", draw, "", *tables,
        ]).rstrip()  # fmt: skip

    def _honesty_section(self, docs: Path) -> str:
        found = self.store.get("honesty")
        if not found:
            return ""
        alt = "Accuracy of both networks on shifted, turned and noisy digits, and their calibration."
        return "\n\n".join([
            "## What was learned, honestly",
            "Accuracy of the [512, 512] networks of the first seed on the test digits, changed more and more:",
            _changes(found["changes"]),
            self._picture(docs, "honesty", alt, pictures.honesty, found),
            _conclusion(found),
            "The surest mistakes of the network without augmentation:",
            self._picture(
                docs,
                "mistakes",
                "Twelve test images with the highest probability of a wrong class.",
                pictures.mistakes,
                self.context.mnist,
                found["mistakes"],
            ),
        ])  # fmt: skip

    def _picture(self, docs: Path, name: str, alt: str, draw: Callable[..., None], *what: Any) -> str:
        """Draw a picture, and return the line that shows it."""
        draw(*what)
        pictures.saved(docs / f"results-{name}.png")
        return f"![{alt}](results-{name}.png)"


CLASSICAL = {"MNIST, accuracy": "classical-digits", "California housing, RMSE ($100,000)": "classical-houses"}
COMPARED = {PYTORCH: "1.15", DEFAULT: "0.60", SAME_RULE: ""}
WORDS = {
    "rate": "learning rate",
    "reg": "L2 strength",
    "hidden": "size",
    "batch": "batch size",
    "epochs": "epochs",
    "last_rate": "end of the learning rate",
}


def _changes(changes: dict[str, dict[str, list[float]]]) -> str:
    """One table for each kind of change, a row for each network."""
    tables = []
    for change, (_, strengths) in CHANGES.items():
        rows = [f"| {change} | {' | '.join(f'{each:g}' for each in strengths)} |", "|---|" + "---|" * len(strengths)]
        for name, values in changes.items():
            rows.append(f"| trained {pictures.SAID[name]} | {' | '.join(map(percent, values[change]))} |")
        tables.append("\n".join(rows))
    return "\n\n".join(tables)


def _conclusion(found: Result) -> str:
    """What the figures say, with the figures."""
    plain, augmented = found["changes"].values()
    parts = []
    for change, (_, strengths) in CHANGES.items():
        gain = 100 * (augmented[change][MIDDLE] - plain[change][MIDDLE])
        parts.append(f"{gain:+.1f} points ({change}: {strengths[MIDDLE]:g})")
    bins = next(iter(found["calibration"].values()))
    bias = float(np.dot(bins["share"], np.subtract(bins["accuracy"], bins["confidence"])))
    manner = "less sure than it may be" if bias > 0 else "surer than it should be"
    return (
        f"Augmentation with shifts, rotations and elastic deformations changes accuracy by {parts[0]}, {parts[1]} and "
        f"{parts[2]}; there was no noise in its training. The network without augmentation is {manner}, by "
        f"{100 * abs(bias):.1f} points on average."
    )


MIDDLE = 3  # of the six strengths of a change
LESSON = """## Speed: a short lesson on performance

One epoch of [512, 512] on 55,000 digits is about 430 steps. The products of matrices in a step cannot be avoided, and
NumPy computes them with the same kind of library as PyTorch does. What can be avoided is the rest:

1. **The gradient with respect to the pixels.** `affine_backward` returns `dx`, because a layer does not know whether it
   is the first one. Only adversarial examples need the first layer's `dx`, which is a fifth of all multiplications.
2. **New arrays.** `w + v` makes an array of 1.6 MB for the first layer, fills it and throws the old one away; `w += v`
   writes where `w` is.
3. **Work that changes nothing.** A penalty of strength 0 still adds an array of zeros to each gradient.
4. **float64 by accident.** `rng.random(...)` and `np.zeros(...)` are float64, and one of them in a float32 formula
   makes everything after it twice as slow.
5. **Copies of the data.** `Solver` shuffles numbers of rows and copies one batch at a time; shuffling the images would
   copy 172 MB in each epoch. It never copies what an update rule returns, so a rule may work in place.
6. **Threads.** For products this small, `Solver` uses one thread: two threads gain little, and lose a lot where other
   programs compute.

Measure before you change something: `%prun solver.train()` says where the time goes. The network and the rule with few
passes over memory are in `tools/results/networks.py`; they are not in the toolkit, because students write both."""


def percent(value: float) -> str:
    """Write a share as a percentage."""
    return f"{100 * value:.2f}%"


def mean(values: Any) -> float:
    """Mean of an iterable of numbers."""
    return float(np.mean(list(values)))


def spread(values: list[float], form: Callable[[float], str]) -> str:
    """Write the mean in bold, and the smallest and the largest of several values."""
    if len(values) == 1:
        return f"**{form(values[0])}** (1 seed)"
    return f"**{form(mean(values))}** ({form(min(values))} to {form(max(values))}, {len(values)} seeds)"


def processor() -> str:
    """Name of the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return found[1] if found else platform.processor() or platform.machine()
