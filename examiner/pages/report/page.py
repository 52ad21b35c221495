"""What the class report looks like: one page, and the plot of its scores."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from statistics import median

from examiner.look import BLUE, GRAY
from examiner.pages.report.class_report import UNPROTECTED, ClassReport
from examiner.pages.report.earlier import Earlier
from examiner.pages.templates import render

__all__ = ["as_html"]


@dataclass(frozen=True)
class Changed:
    """A student whose score is another one than in the report before."""

    student: str
    before: float | None
    after: float | None


def as_html(report: ClassReport, last: Earlier | None = None, other: Earlier | None = None) -> str:
    """The report as one page that needs nothing else; every text in it is escaped.

    Parameters
    ----------
    report : ClassReport
    last : Earlier, optional
        The report before this one: what has changed since is listed.
    other : Earlier, optional
        Another term's report, which stands beside this one.
    """
    return render(
        "report.html.jinja",
        script="report/report.js",
        report=report,
        histogram=_histogram(report),
        unprotected=UNPROTECTED,
        last=last,
        changed=_changed(report, last) if last else [],
        other=other,
    )


def _changed(report: ClassReport, last: Earlier) -> list[Changed]:
    """Students whose score differs; those of an anonymous report are not known."""
    now = {row.student: row.score for row in report.rows}
    return [
        Changed(student, before, now[student])
        for student, before in last.students.items()
        if student in now and _rounded(before) != _rounded(now[student])
    ]


DARK = b"<style>@media screen and (prefers-color-scheme: dark) { svg { filter: invert(1) hue-rotate(180deg) } }</style>"
"""In a picture: on a dark page, what is black turns white, and colors keep their hue."""


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 2)


def _histogram(report: ClassReport) -> str | None:
    """How many students have how many points, as the address of a picture."""
    scores = report.scores
    if not scores or not report.max_score:
        return None
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.2, 2.3), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots()
    axes.hist(scores, bins=20, range=(0, report.max_score), color=BLUE, edgecolor="white")
    middle = median(scores)
    axes.axvline(middle, color=GRAY, linestyle="--", linewidth=1)
    axes.set_title(f"median {middle:.4g}", x=middle / report.max_score, fontsize=9, color=GRAY)
    axes.set(xlabel=f"points of {report.max_score:g}", ylabel="students", xlim=(0, report.max_score))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="svg", metadata={"Date": None}, transparent=True)
    drawn = picture.getvalue().replace(b"<defs>", DARK + b"<defs>", 1)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn).decode()
