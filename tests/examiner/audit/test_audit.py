"""The audit: what it says of entries that tests notice, and of those that they do not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from examiner._exceptions import CatalogueError
from examiner.audit import Audit, audit, misnamed_rate
from examiner.audit.auditor import Finding, _sort_in
from examiner.audit.inside import Task, Verdict
from examiner.cli.main import main
from examiner.diagnosis import Catalogue, Entry, load_catalogues
from examiner.engine import Engine
from examiner.notebooks import cells_of, grade_id, read
from tests.conftest import ROOT, SOURCE
from tests.examiner.small import write_plain_course


def doubled(x):  # type: ignore[no-untyped-def]
    return x + x


def tripled(x):  # type: ignore[no-untyped-def]
    return 3 * x


def spoils_the_net(x):  # type: ignore[no-untyped-def]
    return 2 * x


def not_a_net(size, rate=0.5):  # type: ignore[no-untyped-def]
    return None


def endless(x):  # type: ignore[no-untyped-def]
    while np.all(np.ones(1)):
        pass


@pytest.fixture(scope="module")
def found(small: Engine) -> Audit:
    """The audit of a catalogue that has one entry of each kind of trouble."""
    catalogue = Catalogue("one")
    catalogue.misconception("double", "Tripled.", tests=("test_double", "test_Net"))(tripled)
    catalogue.misconception("double", "Right, in truth.")(doubled)
    catalogue.misconception("double", "Net is nothing.", together_with={})(spoils_the_net)
    catalogue.change("square", "cubed", "x cubed.", {"return x * x, x": "return x**3, x"})
    catalogue.alternative("Net", "Wrong, in truth.")(not_a_net)
    catalogue.alternative("double", "added")(doubled)
    return audit(small, diagnosis=False, catalogue=[catalogue.listing()], jobs=1)


def names(those: list[Finding]) -> set[str]:
    return {f"{each.answer}:{each.name}" for each in those}


def test_killed_and_survived(found: Audit) -> None:
    assert names(found.killed) == {"double:tripled", "square:cubed"}
    assert names(found.survived) == {"double:doubled", "double:spoils_the_net"}


def test_alternatives(found: Audit) -> None:
    assert names(found.alternatives_passed) == {"double:doubled"}
    assert names(found.alternatives_failed) == {"Net:not_a_net"}
    assert found.alternatives_failed[0].detail == "test_Net"


def test_tests_that_must_notice_and_do_not(found: Audit) -> None:
    assert found.unnoticed == [Finding("one", "double", "tripled", "test_Net")]


def test_answers_without_entries(found: Audit) -> None:
    missing = {each.answer: each.detail for each in found.without_entries}
    assert missing == {"square": "no alternative", "Net": "no misconception"}


def test_scores_are_kept_by_entry(found: Audit) -> None:
    assert found.scores["double:tripled"] == {"test_double": (0.0, 4.0)}
    assert found.scores["square:cubed"]["test_square"][0] < 4.0


def test_json_says_all_of_it(found: Audit) -> None:
    content = json.loads(json.dumps(found.as_json()))
    assert set(content) == {*Audit.LISTS, "in_the_wild", "at_once", "misnamed_rate", "seed", "seconds"}
    assert {"notebook": "one", "answer": "double", "name": "tripled"} in content["killed"]
    assert content["alternatives_failed"][0]["detail"] == "test_Net"


def test_trouble_fails_the_audit(found: Audit) -> None:
    one = Finding("n", "a", "b")
    assert not found.passed
    assert Audit(killed=[one]).passed
    for name in ("survived", "alternatives_failed", "blamed", "unnoticed", "without_entries", "stopped"):
        assert not Audit(killed=[one] * 100, **{name: [one]}).passed
    assert Audit(killed=[one] * 100, misnamed=[one], follow_on=[one] * 9).passed
    assert not Audit(killed=[one] * 9, misnamed=[one]).passed
    assert misnamed_rate(Audit(killed=[one] * 4, misnamed=[one])) == 0.25
    assert misnamed_rate(Audit()) == 0.0


# --------------------------------------------------------------------- one entry and its verdict


def sorted_in(
    verdict: Verdict | None, kind: str = "misconception", alike: dict[str, frozenset[str]] | None = None, **more: object
) -> dict[str, list[str]]:
    """The lists that an entry comes into, with what is said of it."""
    found = Audit()
    _sort_in(found, Entry("one", "f", "wrong", kind, "…", {"f": "", "g": ""}, **more), verdict, alike or {})  # type: ignore[arg-type]
    assert bool(found.scores) is (verdict is not None and not verdict.stopped)
    return {name: [each.detail for each in those] for name in Audit.LISTS if (those := getattr(found, name))}


def lost(*tests: str, **named: tuple[str, ...]) -> Verdict:
    """A verdict in which some tests lost points."""
    return Verdict({test: (0.0 if test in tests else 4.0, 4.0) for test in ("test_f", "test_g", "test_h")}, named)


def test_blame_on_other_answers_is_declared_or_reported() -> None:
    assert sorted_in(lost("test_f")) == {"killed": [""]}
    assert sorted_in(lost("test_f", "test_g")) == {"killed": [""]}  # it replaces g itself
    assert sorted_in(lost("test_f", "test_h")) == {"killed": [""], "blamed": ["test_h"]}
    assert sorted_in(lost("test_f", "test_h"), follow_on=("test_h",)) == {"killed": [""], "follow_on": ["test_h"]}
    assert sorted_in(lost("test_h")) == {"survived": [""], "blamed": ["test_h"]}


def test_the_wrong_name_or_none_is_misnamed() -> None:
    alike = {"f:wrong": frozenset({"f:wrong", "f:same"})}
    assert sorted_in(lost("test_f", test_f=("f:same",)), alike=alike) == {"killed": [""]}
    assert sorted_in(lost("test_f", test_f=("f:other",)), alike=alike)["misnamed"] == ["named f:other"]
    assert sorted_in(lost("test_f"), alike=alike)["misnamed"] == ["named nothing"]
    assert sorted_in(lost("test_f", test_f=("",)), alike=alike)["misnamed"] == ["named nothing"]


@pytest.mark.parametrize("kind", ["misconception", "alternative"])
def test_a_limit_is_an_error_and_no_score(kind: str) -> None:
    stopped = Verdict({"test_f": (0.0, 4.0), "test_h": (0.0, 4.0)}, {}, ("test_h",))
    assert sorted_in(stopped, kind) == {"stopped": ["test_h"]}
    assert sorted_in(None, kind) == {"stopped": ["all its tests together"]}


def test_an_answer_of_its_own_that_never_ends_is_a_mistake() -> None:
    stopped = Verdict({"test_f": (0.0, 4.0)}, {}, ("test_f",))
    assert sorted_in(stopped) == {"killed": ["stopped at a limit"]}
    assert sorted_in(stopped, "alternative") == {"stopped": ["test_f"]}


def test_an_endless_answer_is_stopped_in_the_child(small: Engine) -> None:
    catalogue = Catalogue("one")
    catalogue.misconception("double", "Never ends.")(endless)
    task = Task("one", catalogue.entries[0].cells({}))
    with small.fork() as child:  # with a limit that does not take ten seconds
        verdict = child.call("tests.examiner.audit.helpers:judge_quickly", task, 0.3)
    assert verdict == Verdict({"test_double": (0.0, 4.0)}, {}, ("test_double",))


# -------------------------------------------------------------------------------- whole catalogues


def test_an_assignments_own_catalogue_is_read_and_diagnosed(small: Engine, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    found = audit(small, cache=tmp_path, mutants=False, progress=lambda *each: seen.append(each))
    assert names(found.killed) == {"double:triples", "double:random_numbers", "square:halved"}
    assert names(found.alternatives_passed) == {"double:added", "square:power"}
    assert not found.misnamed
    assert seen[0] == ("fingerprints", 0, 1)
    assert ("entries", 5, 5) in seen
    assert seen[-1][0] == "at once"
    assert len(list(tmp_path.iterdir())) == 1


def test_without_a_catalogue_there_is_nothing_to_audit(tmp_path: Path) -> None:
    with Engine(write_plain_course(tmp_path)) as engine, pytest.raises(CatalogueError, match="has no catalogue to aud"):
        audit(engine)


@pytest.mark.audit
def test_the_whole_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / "audit.json"
    assert main(["audit", "neural_networks", "--mutants", "--json", str(file)]) == 0
    content = json.loads(file.read_text(encoding="utf-8"))
    assert not content["survived"] + content["alternatives_failed"] + content["blamed"] + content["without_entries"]
    assert not content["stopped"]
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
    count = Counter((entry.answer, entry.kind) for each in load_catalogues() for entry in each.entries)
    for path in SOURCE.glob("*.ipynb"):
        for cell in cells_of(read(path), "answer"):
            least = (25, 6) if grade_id(cell) == "FullyConnectedNet" else (4, 2)
            assert count[grade_id(cell), "misconception"] >= least[0], grade_id(cell)
            assert count[grade_id(cell), "alternative"] >= least[1], grade_id(cell)
