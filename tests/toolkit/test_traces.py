"""The results of the comparisons of a test cell."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.checks import Comparison
from toolkit.traces import Fingerprint, TestResult, Trace, answer_of, traces


class Check(Comparison):
    """A comparison with the title of its block."""

    block = "random"


def test_equal_names_in_a_block_are_counted() -> None:
    checks = Check("out", True), Check("out", False, message="no"), Check("dx", True)
    found = traces([TestResult("test_f", False, checks), TestResult("test_g", True, checks[:1])])
    assert [(*place, trace.passed) for place, trace in found.items()] == [
        ("test_f", "random", "out", 0, True),
        ("test_f", "random", "out", 1, False),
        ("test_f", "random", "dx", 0, True),
        ("test_g", "random", "out", 0, True),
    ]


def test_an_exception_that_ended_a_cell_is_a_trace() -> None:
    found = traces([TestResult("test_f", False, (), "ValueError")])
    assert found == {("test_f", "", "error", 0): Trace(False, "ValueError")}


@pytest.mark.parametrize(
    ("test", "answer"), [("test_f", "f"), ("test_f__shapes", "f"), ("test_f_backward", "f_backward"), ("f", "f")]
)
def test_a_test_belongs_to_an_answer(test: str, answer: str) -> None:
    assert answer_of(test) == answer


def test_a_fingerprint_is_plain_data_and_comes_back() -> None:
    place = "test_f", "random", "out", 0
    array = np.array([1.0, np.nan])
    fingerprint = Fingerprint("f:wrong", {place: Trace(False, "no", array, True, 0.5)}, {place: (array, array[0])})
    plain = fingerprint.plain()
    assert set(plain) == {"entry", "traces", "inputs"}
    after = Fingerprint.from_plain(plain)
    assert after.entry == "f:wrong"
    assert after.traces[place].message == "no"
    assert (after.traces[place].noisy, after.traces[place].spread) == (True, 0.5)
    assert after.traces[place].received is array
    assert len(after.inputs[place]) == 2
    assert "array" not in repr(fingerprint)
