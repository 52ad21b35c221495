"""Right answers keep their points: small numbers against division by zero, and answers as students write them."""

from __future__ import annotations

import pytest

from examiner.notebooks import answer_of
from misconceptions.in_the_wild import Sample, load_samples
from tests.assignment.marks import Marks

pytestmark = pytest.mark.slow

EFFICIENT = "adam:efficient_form_of_the_paper"
SAMPLES = load_samples()
R2 = """
def r2_score(y, prediction):
    return 1 - np.sum((y - prediction) ** 2) / (np.sum((y - y.mean()) ** 2) + {guard})
"""
SOFTMAX = """
def softmax_loss(x, y):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True) + {guard}
    rows = np.arange(len(x))
    loss = -np.mean(np.log({log}))
    p[rows, y] -= 1
    return loss, p / len(x)
"""
L1 = """
def l1_regularization(w, reg):
    return reg * np.sum(np.abs(w)), reg * w / (np.abs(w) + {guard})
"""
ELASTIC = """
def elastic_net_regularization(w, reg1, reg2):
    penalty = reg1 * np.sum(np.abs(w)) + reg2 * np.sum(w**2)
    return penalty, reg1 * w / (np.abs(w) + {guard}) + 2 * reg2 * w
"""
STANDARDIZE = """
def standardize(train, *others):
    mean, std = train.mean(axis=0), train.std(axis=0) + {guard}
    return tuple((X - mean) / std for X in (train, *others))
"""
LARGEST = """
def standardize(train, *others):
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std < {guard}, 1, std)
    return tuple((X - mean) / std for X in (train, *others))
"""
CLIP = """
def standardize_and_clip(train, *others, limit=4.0):
    mean, std = train.mean(axis=0), train.std(axis=0) + {guard}
    return tuple(np.clip((X - mean) / std, -limit, limit) for X in (train, *others))
"""


@pytest.mark.parametrize("guard", ["1e-8", "1e-10", "1e-12"])
@pytest.mark.parametrize(
    ("notebook", "source", "least"),
    [
        ("07_california_housing", R2, 1),
        ("02_losses", SOFTMAX.replace("{log}", "p[rows, y] + {guard}"), 1),
        ("02_losses", SOFTMAX.replace("{log}", "np.clip(p[rows, y], {guard}, 1)"), 1),
        ("02_losses", SOFTMAX.replace("{log}", "np.maximum(p[rows, y], {guard})"), 1),
        ("03_regularization", L1, 1),
        ("03_regularization", ELASTIC, 1),
        ("06_mnist", STANDARDIZE, 6 / 7),  # a constant feature that changes later becomes enormous: one block
        ("06_mnist", LARGEST, 1),
        ("07_california_housing", CLIP, 1),
    ],
)
def test_a_guard_costs_nothing_on_ordinary_inputs(
    notebook: str, source: str, least: float, guard: str, marks: Marks
) -> None:
    answer = source.split("def ")[1].split("(")[0]
    shares = marks.of(notebook, {answer: source.replace("{guard}", guard)}, [f"test_{answer}"])
    assert shares[f"test_{answer}"] >= least - 1e-9


@pytest.mark.parametrize("seed", [231, 7])
def test_adam_may_add_epsilon_where_its_paper_does(seed: int, marks: Marks, other_marks: Marks) -> None:
    (sample,) = (each for each in SAMPLES if str(each) == EFFICIENT)
    seeded = next(each for each in (marks, other_marks) if each.seed == seed)
    assert 11 / 12 - 1e-9 <= seeded.of(sample.notebook, sample.cells())["test_adam"] < 1


@pytest.mark.parametrize("notebook", sorted({each.notebook for each in SAMPLES}))
def test_samples_in_the_wild_have_the_marks_that_they_earn(notebook: str, marks: Marks) -> None:
    """Right ones lose nothing, wrong ones lose something in the tests of their answer."""

    def lost(sample: Sample) -> list[str]:
        shares = marks.of(notebook, sample.cells())
        own = {test: share for test, share in shares.items() if sample.right or answer_of(test) in sample.cells()}
        return [test for test, share in own.items() if share < 1 - 1e-9]

    samples = [each for each in SAMPLES if each.notebook == notebook and str(each) != EFFICIENT]
    assert {str(each): lost(each) for each in samples if each.right and lost(each)} == {}
    assert [str(each) for each in samples if not each.right and not lost(each)] == []
