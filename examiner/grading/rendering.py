"""What a graded test cell shows: the table of its checks, what the student's code said, the score."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from nbformat import NotebookNode

from examiner._exceptions import NeedsHumanError
from examiner.diagnosis import Diagnosis
from examiner.grading.inside import Tested
from examiner.grading.proxies import Raised
from examiner.notebooks import Outputs, new_output
from examiner.outcome import Check, TestOutcome

__all__ = ["explain", "shown"]

HUMAN = NeedsHumanError.__name__


def shown(tested: Tested, outputs: Outputs) -> list[NotebookNode]:
    """The outputs of a test cell.

    Parameters
    ----------
    tested : Tested
    outputs : Outputs
        What the student's code printed and plotted meanwhile.
    """
    outcome = tested.outcome
    found = [new_output("display_data", data={"text/html": _table(outcome), "text/plain": tested.printed})]
    found += _said(outputs)
    raised = dict.fromkeys(map(_traceback, tested.raised))  # the same one once; none that a test asked for
    if raised and not outcome.passed:
        found.append(_stream("\n".join(list(raised)[-3:])))
    if outcome.score is None:
        reason = outcome.reason or "needs manual grading"
        found.append(_error(HUMAN, reason if outcome.status == "graded" else "This test needs manual grading."))
    elif outcome.error is not None:
        last = (outcome.checks[-1].message or "") if outcome.checks else (outcome.reason or "")
        found.append(_error(outcome.error, last.partition(": ")[2]))
    else:
        found.append(new_output("execute_result", data={"text/plain": repr(outcome.score)}))
    return found


def explain(cell: NotebookNode, outcome: TestOutcome, those: Sequence[Diagnosis]) -> None:
    """Put the sentences of a diagnosis into a graded test cell, below the checks that they explain."""
    data = cell.outputs[0].data
    data["text/html"] = _table(outcome, _placed(outcome.checks, those))
    data["text/plain"] += "\n".join(["", "What went wrong:", *(each.sentence for each in those)])


_HEAD = ("", "Check", "Relative error", "Tolerance", "Message")
_CELL = "text-align:left;vertical-align:top;padding:2px 14px 2px 0"
_FAILED = "color:#B3400B"  # with a ✗, for people who do not tell colors apart


def _placed(checks: Sequence[Check], those: Iterable[Diagnosis]) -> dict[int, list[str]]:
    """Sentences by the number of the check that they stand below: the first that they explain, or that failed."""
    failed = [number for number, check in enumerate(checks) if not check.passed]
    found: dict[int, list[str]] = {}
    for each in those:
        own = [number for number in failed if (checks[number].block, checks[number].name) in each.checks]
        found.setdefault(next(iter([*own, *failed]), len(checks) - 1), []).append(each.sentence)
    return found


def _table(outcome: TestOutcome, below: Mapping[int, Sequence[str]] = MappingProxyType({})) -> str:
    """The checks of a test as an HTML table, with sentences below some of them; every text in it is escaped."""
    score = "needs manual grading" if outcome.score is None else f"{outcome.score:.4g} of {outcome.max_score:g} points"
    rows = "".join(
        _row(check) + "".join(map(_sentence, below.get(number, ()))) for number, check in enumerate(outcome.checks)
    )
    head = "".join(f"<th style='{_CELL}'>{title}</th>" for title in _HEAD)
    reason = f"<p>{html.escape(outcome.reason)}</p>" if outcome.reason and outcome.status == "partial" else ""
    return f"<p><b>{score}</b></p>{reason}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _sentence(text: str) -> str:
    """What went wrong in the check above, as a row."""
    box = "border-left:4px solid #E69F00;padding:2px 10px"
    cell = f"<td colspan='{len(_HEAD) - 1}' style='{_CELL}'><div style='{box}'>{html.escape(text)}</div></td>"
    return f"<tr><td></td>{cell}</tr>"


def _row(check: Check) -> str:
    mark = "&#10003;" if check.passed else "&#10007;"
    title = f"{check.block}: {check.name}" if check.block and check.block != check.name else check.name
    numbers = ["" if each is None else f"{each:.2e}" for each in (check.error, check.tolerance)]
    texts = [html.escape(each[:2000]) for each in (title, *numbers, check.message or "")]
    cells = "".join(f"<td style='{_CELL}'>{each}</td>" for each in (mark, *texts))
    style = "" if check.passed else f" style='{_FAILED}'"
    return f"<tr{style}>{cells}</tr>"


def _said(outputs: Outputs) -> list[NotebookNode]:
    """What answers printed and plotted, as outputs that nbgrader takes for neither error nor score."""
    found = outputs.finished()
    text = "".join(o.text for o in found if o.output_type == "stream")
    text += "".join(o.data.get("text/plain", "") + "\n" for o in found if "data" in o and not _pictures(o))
    shown = [_stream(f"Output of your code during the test:\n{text}")] if text.strip() else []
    return shown + [new_output("display_data", data=_pictures(o)) for o in found if "data" in o and _pictures(o)]


def _pictures(output: NotebookNode) -> dict[str, str]:
    return {kind: content for kind, content in output.data.items() if kind.startswith("image/")}


def _traceback(raised: Raised) -> str:
    """A student's traceback: their own cells and lines only."""
    lines = [f"Your code raised {raised.name}: {raised.message}"]
    for cell, line, function, text in raised.frames:
        lines += [f"  cell {cell}, line {line}, in {function}", f"    {text}"]
    return "\n".join(lines) + "\n"


def _stream(text: str) -> NotebookNode:
    return new_output("stream", name="stdout", text=text)


def _error(name: str, message: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])
