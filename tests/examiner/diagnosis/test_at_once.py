"""The toolkit's data file: made by the engine, six digits, no code, and in sync with the notebooks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from examiner.diagnosis import FILE, Diagnoser, differences, known_mistakes
from examiner.diagnosis.at_once import _rounded
from tests.conftest import SOURCE

COMMITTED = SOURCE / "toolkit" / FILE


@pytest.fixture(scope="module")
def content(small: Diagnoser) -> str:
    """The data file of the small assignment."""
    return known_mistakes(small)


def test_a_line_holds_what_mistakes_give_to_visible_checks(content: str) -> None:
    lines = {line["answer"]: line for line in map(json.loads, content.splitlines())}
    assert set(lines) == {"double", "square"}
    double = lines["double"]
    assert double["tests"] == {"test_double": ["by hand"]}
    assert ["triples", "It triples.", []] in double["mistakes"]
    (place, message, value, noisy, _, _) = double["known"]["double:triples"][0]
    assert double["places"][place] == ["test_double", "by hand", "out", 0]
    assert (message, noisy) == (None, False)
    assert double["values"][value] == ["float64", [2], [3, -6]]
    assert "random inputs" not in content  # a hidden block


def test_no_code_is_in_it(content: str) -> None:
    for text in (content, COMMITTED.read_text(encoding="utf-8")):
        assert not re.search(r"\bdef \w+\(|\breturn \w+ [-+*/@]|\blambda\b|### |reference_answers", text)


def test_numbers_have_six_digits_and_json_is_valid() -> None:
    assert _rounded(np.array([1 / 3, 123456789.0, 1e-30, np.nan, -np.inf])) == [
        "float64", [5], [0.333333, 123457000.0, 0, "nan", "-inf"],
    ]  # fmt: skip
    assert _rounded(np.array([[True], [False]])) == ["bool", [2, 1], [1, 0]]


def test_rounding_and_draws_are_no_difference_and_values_are(content: str) -> None:
    assert differences(content, content) == []
    lines = [json.loads(line) for line in content.splitlines()]

    def changed(factor: float) -> str:
        (double,) = (line for line in lines if line["answer"] == "double")
        values = [[kind, shape, [factor * each for each in those]] for kind, shape, those in double["values"]]
        others = [line for line in lines if line is not double]
        return "\n".join(map(json.dumps, [{**double, "values": values}, *others]))

    assert differences(content, changed(1 + 1e-6)) == []
    assert differences(content, changed(1.001)) == ["double"]
    assert set(differences("", content)) == {"double", "square"}
    noisy = content.replace("It triples.", "It is tripled.")
    assert differences(content, noisy) == ["double"]


def committed(*notebooks: str, diagnoser: Diagnoser) -> str:
    """The lines of the committed file about some notebooks."""
    answers = {entry.answer for name in notebooks for entry in diagnoser.misconceptions(name)}
    lines = COMMITTED.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if json.loads(line)["answer"] in answers)


def test_the_file_is_in_sync_with_a_notebook(course: Diagnoser, tmp_path: Path) -> None:
    fresh = Diagnoser(course.engine, tmp_path)
    fresh.catalogue = {"03_regularization": course.catalogue["03_regularization"]}  # type: ignore[misc]
    assert differences(known_mistakes(fresh), committed("03_regularization", diagnoser=course)) == []


@pytest.mark.audit
def test_the_file_is_in_sync_with_all_notebooks(course: Diagnoser, tmp_path: Path) -> None:
    content = known_mistakes(Diagnoser(course.engine, tmp_path))
    assert differences(content, COMMITTED.read_text(encoding="utf-8")) == [], "run `make release` and commit it"
