"""Answers that are right for inputs of one size, sign, shape or kind alone: each loses points."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nbformat import NotebookNode

from examiner.notebooks import answer_of, solutions
from tests.assignment.marks import Marks
from tests.assignment.test_notebooks import ANSWERS

NARROWED = """
{reference}


def _changed(v):
    try:
        return {change}
    except Exception:  # where it makes no sense the answer is right
        return v


def _is_wrong(v):
    try:
        return {wrong}
    except Exception:
        return False


def _narrow(right, arguments, named):
    if {argument} < len(arguments):
        arguments = [_changed(v) if k == {argument} else v for k, v in enumerate(arguments)]
    result = right(*arguments, **named)
    wrong = _is_wrong(arguments[0])
    several = isinstance(result, tuple)
    results = list(result) if several else [result]
    if {result} < len(results):
        results[{result}] = _changed(results[{result}])
    if wrong:
        results[0] = 1.5 * results[0]
    return (type(result)(results)) if several else results[0]
"""
FUNCTION = """
_right = {name}


def {name}(*arguments, **named):
    return _narrow(_right, arguments, named)
"""
NETWORK = """
class {name}({name}):
    def loss(self, *arguments, **named):
        return _narrow(super().loss, arguments, named)
"""
NEVER = 99
CHANGES = {
    "clipped at 6": "np.clip(v, -6, 6)",
    "saturating": "10 * np.tanh(v / 10)",
    "never negative": "np.maximum(v, 0)",
    "never positive": "np.minimum(v, 0)",
    "absolute": "np.abs(v)",
    "whole numbers": "np.trunc(v)",
    "four decimals": "np.round(v, 4)",
    "half precision": "np.float16(v).astype(np.float64)",
    "one magnitude": "np.sign(v)",
    "first row": "np.concatenate([np.asarray(v)[:1], 0 * np.asarray(v)[1:]])",
    "all but the last row": "np.concatenate([np.asarray(v)[:-1], 0 * np.asarray(v)[-1:]])",
    "first column": "np.where(np.arange(np.shape(v)[-1]) == 0, v, 0)",
}
"""What becomes of an argument, or of a result."""
SHAPES = {
    "1-D": "np.ndim(v) == 1",
    "2-D": "np.ndim(v) == 2",
    "3-D": "np.ndim(v) == 3",
    "4-D": "np.ndim(v) == 4",
    "a single row": "len(v) == 1",
    "several rows": "len(v) > 1",
    "square": "np.ndim(v) == 2 and np.shape(v)[0] == np.shape(v)[1]",
    "tall": "np.shape(v)[0] > np.shape(v)[-1]",
    "wide": "np.shape(v)[0] < np.shape(v)[-1]",
    "large": "np.max(np.abs(v)) > 20",
    "small": "np.min(np.abs(v)) < 0.1",
}
"""Inputs for which the first result is wrong."""

ROWS = {"first row", "all but the last row"}
LIMITS = set(CHANGES) - ROWS - {"first column"}
ANY = {"1-D", "2-D", "3-D", "4-D", "a single row", "several rows", "large", "small"}
BATCH = {"2-D", "several rows", "tall", "wide", "large"}
# answer: {argument: changes}, {result: changes}, shapes of the first argument
NARROW: dict[str, tuple[dict[int, set[str]], dict[int, set[str]], set[str]]] = {
    "affine_forward": (
        {0: set(CHANGES), 1: set(CHANGES), 2: LIMITS},
        {0: set(CHANGES)},
        {"2-D", "3-D", "4-D", "a single row", "several rows", "square", "large", "small"},
    ),
    "affine_backward": (
        {0: set(CHANGES)},
        {0: LIMITS | ROWS, 1: set(CHANGES), 2: LIMITS},
        {"2-D", "square", "a single row"},
    ),
    "relu_forward": (
        {0: set(CHANGES) - {"never negative"}},
        {0: set(CHANGES) - {"absolute", "never negative"}},
        ANY,
    ),
    "relu_backward": ({0: set(CHANGES)}, {0: set(CHANGES)}, ANY),
    "sigmoid_forward": (
        {0: set(CHANGES)},
        {0: set(CHANGES) - {"absolute", "never negative", "clipped at 6"}},
        ANY - {"large"},
    ),
    "sigmoid_backward": ({0: set(CHANGES)}, {0: set(CHANGES)}, ANY),
    "affine_relu_forward": (
        {0: set(CHANGES), 1: set(CHANGES), 2: LIMITS},
        {0: set(CHANGES) - {"absolute", "never negative"}},
        {"2-D", "3-D", "4-D", "a single row", "several rows", "square", "large", "small"},
    ),
    "affine_relu_backward": (
        {0: set(CHANGES)},
        {0: LIMITS | ROWS, 1: set(CHANGES), 2: LIMITS},
        {"2-D", "square", "a single row"},
    ),
    "mse_loss": (
        {0: set(CHANGES), 1: set(CHANGES)},
        {0: LIMITS - {"absolute", "never negative"}, 1: set(CHANGES)},
        {"1-D", "2-D", "a single row", "several rows", "tall", "wide", "large", "small"} - {"wide"},
    ),
    "softmax_loss": (
        {0: set(CHANGES)},
        {0: LIMITS - {"absolute", "never negative"}, 1: set(CHANGES) - {"clipped at 6"}},
        {"2-D", "a single row", "several rows", "tall", "wide", "large", "small"},
    ),
    "l2_regularization": (
        {0: set(CHANGES), 1: LIMITS - {"absolute", "never negative"}},
        {0: LIMITS - {"absolute", "never negative"}, 1: set(CHANGES)},
        {"1-D", "2-D", "3-D", "a single row", "square", "large", "small"},
    ),
    "l1_regularization": (
        {0: set(CHANGES) - {"one magnitude"}, 1: LIMITS - {"absolute", "never negative"}},
        {0: LIMITS - {"absolute", "never negative"}, 1: set(CHANGES)},
        {"1-D", "2-D", "3-D", "a single row", "square", "large", "small"},
    ),
    "elastic_net_regularization": (
        {0: set(CHANGES), 1: LIMITS - {"absolute", "never negative"}, 2: LIMITS - {"absolute", "never negative"}},
        {0: LIMITS - {"absolute", "never negative"}, 1: set(CHANGES)},
        {"1-D", "2-D", "3-D", "a single row", "square", "large", "small"},
    ),
    **{
        rule: ({0: set(CHANGES), 1: set(CHANGES)}, {0: set(CHANGES)}, {"1-D", "2-D", "3-D"})
        for rule in ("sgd", "sgd_momentum", "sgd_momentum_ema", "nesterov")
    },
    **{
        rule: ({0: set(CHANGES), 1: set(CHANGES)}, {0: set(CHANGES)}, {"1-D", "2-D", "3-D"})
        for rule in ("adam", "rmsprop")
    },
    "standardize": (
        {0: set(CHANGES), 1: set(CHANGES), 2: set(CHANGES)},
        {0: set(CHANGES), 1: set(CHANGES), 2: LIMITS},
        {"tall", "large"},
    ),
    "standardize_and_clip": (
        {0: set(CHANGES), 1: set(CHANGES), 2: LIMITS | ROWS},
        {0: set(CHANGES) - {"clipped at 6", "saturating"}, 1: set(CHANGES) - {"first column"}, 2: LIMITS},
        {"tall", "large"},
    ),
    "r2_score": (
        {0: LIMITS | ROWS, 1: LIMITS | ROWS},
        {0: LIMITS - {"clipped at 6", "saturating"}},
        {"1-D", "2-D", "large"},
    ),
    "batchnorm_forward": (
        {0: set(CHANGES), 1: LIMITS, 2: LIMITS},
        {0: set(CHANGES)},
        BATCH | {"a single row"},
    ),
    "batchnorm_backward": ({0: set(CHANGES)}, {0: LIMITS | ROWS, 1: LIMITS, 2: LIMITS}, BATCH),
    "dropout_forward": ({0: set(CHANGES)}, {0: set(CHANGES)}, {"1-D", "2-D", "3-D", "large", "small", "tall", "wide"}),
    "dropout_backward": ({0: set(CHANGES)}, {0: set(CHANGES)}, {"2-D", "3-D", "large"}),
    "FullyConnectedNet": (
        {0: set(CHANGES)},
        {0: LIMITS},
        {"2-D", "3-D", "4-D", "a single row", "several rows", "large"},
    ),
}


def narrowed(answer: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Each way in which an answer can be narrow, with what goes into the template."""
    arguments, results, shapes = NARROW[answer]
    right = {"argument": NEVER, "result": NEVER, "change": "v", "wrong": "False"}
    for place, changes in [("argument", arguments), ("result", results)]:
        for number, names in changes.items():
            for name in sorted(names):
                yield f"{place} {number}: {name}", right | {place: number, "change": CHANGES[name]}
    for shape in sorted(shapes):
        yield f"wrong for {shape}", right | {"wrong": SHAPES[shape]}


@pytest.fixture(scope="module")
def references(notebooks: dict[str, NotebookNode]) -> dict[str, str]:
    """The reference of each answer."""
    return {name: source for each in notebooks.values() for name, source in solutions(each).items()}


def source_of(answer: str, reference: str, parts: dict[str, object]) -> str:
    """An answer that is the reference, narrowed."""
    wrapper = NETWORK if answer == "FullyConnectedNet" else FUNCTION
    return NARROWED.format(reference=reference, **parts) + wrapper.format(name=answer)


def share_of(answer: str, source: str, marks: Marks) -> float:
    """The smallest share of the points of a test cell of this answer."""
    notebook = next(name for name, answers in ANSWERS.items() if answer in answers)
    return min(share for test, share in marks.of(notebook, {answer: source}).items() if answer_of(test) == answer)


@pytest.mark.parametrize("answer", NARROW)
def test_an_answer_that_is_right_for_some_inputs_only_loses_points(
    answer: str, references: dict[str, str], marks: Marks
) -> None:
    sources = {what: source_of(answer, references[answer], parts) for what, parts in narrowed(answer)}
    assert len(sources) >= 20
    assert [what for what, source in sources.items() if share_of(answer, source, marks) > 1 - 1e-9] == []


@pytest.mark.parametrize("answer", NARROW)
def test_the_same_answer_without_its_limit_loses_none(answer: str, references: dict[str, str], marks: Marks) -> None:
    right = {"argument": NEVER, "result": NEVER, "change": "v", "wrong": "False"}
    assert share_of(answer, source_of(answer, references[answer], right), marks) == 1
