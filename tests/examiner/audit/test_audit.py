"""The audit: what it says of entries that tests notice, and of those that they do not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from examiner.audit.auditor import Audit, Finding, audit, misnamed_rate
from examiner.cli import main
from examiner.diagnosis.entries import Catalogue
from tests.conftest import ROOT, SOURCE


def relu_as_it_should_be(x):  # type: ignore[no-untyped-def]
    return np.maximum(x, 0), x


def everything_doubled(x):  # type: ignore[no-untyped-def]
    return 2 * np.maximum(x, 0), x


def only_cached_wrong(x):  # type: ignore[no-untyped-def]
    return np.maximum(x, 0), -x


@pytest.fixture(scope="module")
def found() -> Audit:
    """The audit of a catalogue that has one entry of each kind of trouble."""
    catalogue = Catalogue("01_layers")
    catalogue.misconception("relu_forward", "Doubled.", tests=("test_sigmoid_forward",))(everything_doubled)
    catalogue.misconception("relu_forward", "Right, in truth.")(relu_as_it_should_be)
    catalogue.misconception("relu_forward", "A cache of the wrong sign.")(only_cached_wrong)
    catalogue.change(
        "affine_relu_forward", "declared", "ReLU left out.", {"relu_forward(a)": "(a, a)"},
        follow_on=("test_affine_relu_backward",),
    )  # fmt: skip
    catalogue.alternative("sigmoid_forward", "Wrong, in truth.")(everything_doubled)
    catalogue.change("sigmoid_backward", "alternative", "right", {"dout * out": "out * dout"}, kind="alternative")
    return audit(SOURCE, notebooks=("01_layers",), catalogues=[catalogue], jobs=1)


def names(those: list[Finding]) -> set[str]:
    return {f"{each.answer}:{each.name}" for each in those}


def test_killed_and_survived(found: Audit) -> None:
    assert names(found.killed) == {"relu_forward:everything_doubled", "affine_relu_forward:declared"}
    assert names(found.survived) == {"relu_forward:relu_as_it_should_be", "relu_forward:only_cached_wrong"}


def test_alternatives(found: Audit) -> None:
    assert names(found.alternatives_passed) == {"sigmoid_backward:alternative"}
    assert names(found.alternatives_failed) == {"sigmoid_forward:everything_doubled"}


def test_blame_on_other_answers_is_declared_or_reported(found: Audit) -> None:
    assert names(found.blamed) == {"relu_forward:only_cached_wrong"}
    assert found.blamed[0].detail.startswith("test_relu_backward")


def test_tests_that_must_notice_and_do_not(found: Audit) -> None:
    assert found.unnoticed == [Finding("01_layers", "relu_forward", "everything_doubled", "test_sigmoid_forward")]


def test_answers_without_entries(found: Audit) -> None:
    missing = {each.answer: each.detail for each in found.without_entries}
    assert missing["affine_forward"] == "no misconception, no alternative"
    assert missing["relu_forward"] == "no alternative"
    assert missing["sigmoid_backward"] == "no misconception"


def test_trouble_fails_the_audit(found: Audit) -> None:
    assert not found.passed
    assert Audit(killed=[Finding("n", "a", "b")]).passed
    assert not Audit(killed=[Finding("n", "a", "b")] * 9, misnamed=[Finding("n", "a", "b")]).passed
    assert misnamed_rate(Audit(killed=[Finding("n", "a", "b")] * 4, misnamed=[Finding("n", "a", "b")])) == 0.25


def test_the_json_has_every_list(found: Audit) -> None:
    content = json.loads(json.dumps(found.as_json()))
    keys = {"killed", "survived", "alternatives_passed", "alternatives_failed", "misnamed", "follow_on"}
    assert keys <= set(content)
    assert {"notebook", "answer", "name"} <= set(content["killed"][0])


@pytest.mark.audit
def test_the_whole_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / "audit.json"
    assert main(["audit", "neural_networks", "--mutants", "--json", str(file)]) == 0
    content = json.loads(file.read_text(encoding="utf-8"))
    assert not content["survived"] + content["alternatives_failed"] + content["blamed"] + content["without_entries"]
    assert len(content["killed"]) >= 120
    assert len(content["alternatives_passed"]) >= 40
    assert content["misnamed_rate"] <= 0.02
    assert content["mutants"]["count"] >= 300
    assert content["mutants"]["kill_rate"] >= 0.98
    assert not content["mutants"]["unused_excuses"]


@pytest.mark.long
def test_the_catalogue_with_another_seed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / "audit.json"
    assert main(["audit", "neural_networks", "--seed", "7", "--json", str(file)]) == 0
    assert json.loads(file.read_text(encoding="utf-8"))["misnamed_rate"] <= 0.02


def test_every_answer_has_enough_entries() -> None:
    from collections import Counter

    from examiner.diagnosis.entries import load_catalogues
    from examiner.notebooks.cells import cells_of, grade_id, read

    count = Counter((entry.answer, entry.kind) for each in load_catalogues() for entry in each.entries)
    for path in SOURCE.glob("*.ipynb"):
        for cell in cells_of(read(path), "answer"):
            least = (25, 6) if grade_id(cell) == "FullyConnectedNet" else (4, 2)
            assert count[grade_id(cell), "misconception"] >= least[0], grade_id(cell)
            assert count[grade_id(cell), "alternative"] >= least[1], grade_id(cell)
