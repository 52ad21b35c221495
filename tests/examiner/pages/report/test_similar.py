"""Similar answers: three planted copies are found in a class drawn from the catalogue, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from examiner.assignment import find_assignment
from examiner.audit.sample_class import draw
from examiner.course import Course, Results
from examiner.diagnosis import load_catalogues
from examiner.notebooks import cells_of, grade_id, read, solutions
from examiner.outcome import NotebookOutcome, StudentOutcome
from examiner.pages.report.similar import similar_answers
from examiner.similarity import fingerprints
from tests.conftest import ROOT

NAME = "neural_networks"

BACKWARD = """
def batchnorm_backward(dout, cache):
    centered, inv_std, gamma, normalized = cache["c"], cache["i"], cache["g"], cache["n"]
    count = len(dout)
    grad_beta = np.einsum("nd->d", dout)
    grad_gamma = np.einsum("nd,nd->d", dout, normalized)
    upstream = np.multiply(dout, gamma)
    grad_variance = np.einsum("nd,nd->d", upstream, centered) * (-0.5 * inv_std * inv_std * inv_std)
    grad_mean = -np.einsum("nd->d", upstream) * inv_std - 2.0 * grad_variance * centered.mean(0)
    grad_x = upstream * inv_std + 2.0 / count * grad_variance * centered + grad_mean / count
    return grad_x, grad_gamma, grad_beta
"""
COPIED_BACKWARD = '''
def batchnorm_backward(dout, cache):
    """Backward pass, done step by step."""
    xc, istd, g, xn = cache["c"], cache["i"], cache["g"], cache["n"]
    N = len(dout)
    # gradients of the parameters
    dg = np.einsum("nd,nd->d", dout, xn)
    db = np.einsum("nd->d", dout)
    dxn = np.multiply(dout, g)
    dvar = np.einsum("nd,nd->d", dxn, xc) * (-0.5 * istd * istd * istd)
    dmu = -np.einsum("nd->d", dxn) * istd - 2.0 * dvar * xc.mean(0)
    result = dxn * istd + 2.0 / N * dvar * xc + dmu / N
    return result, dg, db
'''
SOFTMAX = """
def softmax_loss(x, y):
    rows = np.arange(x.shape[0])
    largest = np.array([max(row) for row in x])
    exponentials = np.exp(x - largest.reshape(-1, 1))
    normalizer = np.array([sum(row) for row in exponentials])
    probabilities = np.array([row / total for row, total in zip(exponentials, normalizer)])
    log_likelihood = [np.log(probabilities[i][int(y[i])]) for i in range(len(y))]
    loss = -sum(log_likelihood) / float(len(log_likelihood))
    targets = np.array([[1.0 if j == int(y[i]) else 0.0 for j in range(x.shape[1])] for i in rows])
    gradient = np.array(probabilities - targets) / float(len(targets))
    return loss, gradient
"""
COPIED_SOFTMAX = """
def softmax_loss(x, y):
    m = np.array([max(r) for r in x])
    idx = np.arange(x.shape[0])
    e = np.exp(x - m.reshape(-1, 1))
    z = np.array([sum(r) for r in e])
    p = np.array([r / s for r, s in zip(e, z)])
    onehot = np.array([[1.0 if c == int(y[n]) else 0.0 for c in range(x.shape[1])] for n in idx])
    ll = [np.log(p[n][int(y[n])]) for n in range(len(y))]
    d = np.array(p - onehot) / float(len(onehot))
    out = -sum(ll) / float(len(ll))
    return out, d
"""
MOMENTUM = """
def sgd_momentum(w, dw, config=None):
    config = dict() if config is None else config
    rate = config["learning_rate"] if "learning_rate" in config else 0.01
    friction = config["momentum"] if "momentum" in config else 0.9
    previous = config["velocity"] if "velocity" in config else np.zeros(np.shape(w), dtype=w.dtype)
    current = np.subtract(np.multiply(friction, previous), np.multiply(rate, dw))
    updated = {"learning_rate": rate, "momentum": friction, "velocity": current}
    config.update(updated)
    return np.add(w, current), config
"""
COPIED_MOMENTUM = """
def sgd_momentum(w, dw, config=None):
    config = dict() if config is None else config
    mu = config["momentum"] if "momentum" in config else 0.9
    lr = config["learning_rate"] if "learning_rate" in config else 0.01
    v0 = config["velocity"] if "velocity" in config else np.zeros(np.shape(w), dtype=w.dtype)
    v1 = np.subtract(np.multiply(mu, v0), np.multiply(lr, dw))
    config.update({"learning_rate": lr, "momentum": mu, "velocity": v1})
    return np.add(w, v1), config
"""
PLANTED = {
    ("student_003", "student_017"): ("batchnorm_backward", BACKWARD, COPIED_BACKWARD),
    ("student_008", "student_031"): ("softmax_loss", SOFTMAX, COPIED_SOFTMAX),
    ("student_012", "student_040"): ("sgd_momentum", MOMENTUM, COPIED_MOMENTUM),
}


@pytest.fixture(scope="module")
def written() -> dict[str, dict[str, str]]:
    """What a class of 40 wrote, by student and answer."""
    assignment = find_assignment(NAME, ROOT)
    reference: dict[str, str] = {}
    for path in assignment.notebooks():
        notebook = read(path)
        answers = {grade_id(cell) for cell in cells_of(notebook, "answer")}
        reference |= {answer: source for answer, source in solutions(notebook).items() if answer in answers}
    entries = {str(entry): entry for each in load_catalogues() for entry in each.entries}
    found = {}
    for student in draw(assignment.source, 40, list(entries.values()), seed=5):
        own = dict(reference) if not student.blank else {}
        for name in student.entries:
            own |= entries[name].sources
        found[student.name] = own | student.answers
    return found


def flagged(written: Mapping[str, Mapping[str, str]]) -> list[tuple[str, tuple[str, str]]]:
    """The pairs that are found."""
    outcomes = {
        student: StudentOutcome(
            "graded", None, {"all": NotebookOutcome("graded", None, {}, statements=_statements(answers))}
        )
        for student, answers in written.items()
    }
    results = SimpleNamespace(course=Course.load(NAME, start=ROOT), answers=written.get)
    return [(pair.answer, pair.students) for pair in similar_answers(cast("Results", results), outcomes)]


def _statements(answers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {answer: fingerprints(source) for answer, source in answers.items()}


def test_nobody_of_a_class_from_the_catalogue_is_flagged(written: dict[str, dict[str, str]]) -> None:
    assert flagged(written) == []


def test_planted_copies_are_found_and_nobody_else(written: dict[str, dict[str, str]]) -> None:
    everybody = {student: dict(answers) for student, answers in written.items()}
    for students, (answer, *sources) in PLANTED.items():
        for student, source in zip(students, sources, strict=True):
            everybody[student][answer] = source
    assert set(flagged(everybody)) == {(answer, students) for students, (answer, *_) in PLANTED.items()}


def test_what_many_wrote_is_no_copy(written: dict[str, dict[str, str]]) -> None:
    """Half of the class took the lecture's way."""
    everybody = {student: dict(answers) for student, answers in written.items()}
    for student in list(everybody)[::2]:
        everybody[student]["softmax_loss"] = SOFTMAX
    assert flagged(everybody) == []


def test_two_ways_of_the_same_formula_are_not_alike(written: dict[str, dict[str, str]], tmp_path: Path) -> None:
    other = SOFTMAX.replace("max(row) for row in x", "row.max() for row in x").replace("sum(row)", "row.sum()")
    other = other.replace("[i][int(y[i])]", "[i, y[i]]").replace("-sum(log_likelihood)", "-np.sum(log_likelihood)")
    other = other.replace("float(len(targets))", "x.shape[0]").replace(
        "1.0 if j == int(y[i]) else 0.0", "int(j == y[i])"
    )
    other = other.replace("float(len(log_likelihood))", "x.shape[0]").replace("row / total", "row * (1 / total)")
    everybody = {student: dict(answers) for student, answers in written.items()}
    everybody["student_003"]["softmax_loss"], everybody["student_017"]["softmax_loss"] = SOFTMAX, other
    assert flagged(everybody) == []
