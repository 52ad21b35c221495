"""Matching: a mistake is named where it gives what the student gave, and explains all of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from toolkit.matching import Matcher, Mistake, Named
from toolkit.traces import Fingerprint, Place, TestResult, Trace, answer_of

X = np.array([1.0, -2.0, 3.0, 0.5])
OUT, DX, AFTER = ("test_f", "b", "out", 0), ("test_f", "b", "dx", 0), ("test_g", "b", "out", 0)


def fingerprint(name: str, wrong: Mapping[Place, Any], **noise: Any) -> Fingerprint:
    """What an entry gives: in some places a wrong value or a message, elsewhere the right one."""
    found = {}
    for place in (OUT, DX, AFTER):
        value = wrong.get(place)
        message, array = (value, None) if isinstance(value, str) else (None, value)
        noisy = bool(noise) and place in wrong
        found[place] = Trace(place not in wrong, message, array, noisy, noise.get("spread", 0.0) if noisy else 0.0)
    return Fingerprint(name, found)


def matcher(*wrong: Fingerprint, follow_on: Mapping[str, tuple[str, ...]] | None = None) -> Matcher:
    """A matcher of some mistakes."""
    places = {place: Trace(True, None, X) for place in (OUT, DX, AFTER)}
    reference = Fingerprint("reference", places, dict.fromkeys(places, (X**2,)))
    known = {"reference": reference, **{each.entry: each for each in wrong}}
    mistakes = []
    for each in wrong:
        if "+" not in each.entry:
            answer, _, name = each.entry.partition(":")
            mistakes.append(Mistake(answer, name, f"It is {name}.", (follow_on or {}).get(name, ())))
    return Matcher(known, mistakes)


def results(
    given: Mapping[Place, Any], *, tests: tuple[str, ...] = ("test_f", "test_g"), **more: Any
) -> list[TestResult]:
    """What a student's tests came to."""
    found = []
    for test in tests:
        checks = [
            SimpleNamespace(
                block=place[1],
                name=place[2],
                passed=place not in given,
                message=given[place] if isinstance(given.get(place), str) else None,
                received=None if isinstance(given.get(place), str) else given.get(place, X),
            )
            for place in (OUT, DX, AFTER)
            if place[0] == test
        ]
        found.append(TestResult(test, all(check.passed for check in checks), checks, **more))
    return found


def names(found: Mapping[str, tuple[Named, ...]]) -> dict[str, list[str | None]]:
    return {test: [each.name for each in those] for test, those in found.items()}


TRIPLED = fingerprint("f:tripled", {OUT: 3 * X})
HALVED = fingerprint("f:halved", {DX: X / 2})
BOTH = fingerprint("f:both", {OUT: 3 * X, DX: X / 2})


def test_the_mistake_with_the_same_values_is_named() -> None:
    found = matcher(TRIPLED, HALVED).diagnose(results({OUT: 3 * X + 1e-9}))
    assert found == {"test_f": (Named("f", "tripled", "It is tripled.", (("b", "out"),)),)}
    assert repr(matcher(TRIPLED, HALVED)) == "<Matcher: 2 mistakes>"


def test_single_precision_is_close_enough() -> None:
    assert names(matcher(TRIPLED).diagnose(results({OUT: (3 * X).astype(np.float32)}))) == {"test_f": ["tripled"]}


def test_other_values_shapes_and_kinds_are_not_named() -> None:
    for other in (3 * X + X**2, (3 * X)[:, None] * np.array([1.0, 2.0]), (3 * X).astype(int)):  # 1.5 is lost
        assert "tripled" not in names(matcher(TRIPLED).diagnose(results({OUT: other}))).get("test_f", [])


def test_what_passes_is_not_diagnosed() -> None:
    assert matcher(TRIPLED).diagnose(results({})) == {}


def test_the_one_that_explains_everything_comes_before_two_that_do_together() -> None:
    assert names(matcher(TRIPLED, HALVED, BOTH).diagnose(results({OUT: 3 * X, DX: X / 2}))) == {"test_f": ["both"]}
    assert names(matcher(TRIPLED, HALVED).diagnose(results({OUT: 3 * X, DX: X / 2}))) == {
        "test_f": ["tripled", "halved"]
    }


def test_a_mistake_with_a_failure_that_the_student_has_not_is_not_named() -> None:
    assert "both" not in names(matcher(BOTH).diagnose(results({OUT: 3 * X}))).get("test_f", [])


def test_a_mistake_that_leaves_a_failure_unexplained_is_not_named() -> None:
    assert matcher(TRIPLED).diagnose(results({OUT: 3 * X, DX: X + X**2})) == {}
    assert matcher(TRIPLED).diagnose(results({OUT: 3 * X, DX: "ValueError: something else"})) == {}


def test_several_mistakes_must_together_explain_all_and_contradict_nothing() -> None:
    third = fingerprint("f:third", {OUT: 5 * X, DX: X / 2})
    found = matcher(TRIPLED, third).diagnose(results({OUT: 3 * X, DX: X / 2}))
    assert names(found) == {"test_f": [None]}  # a hint about dx alone


def test_the_same_values_of_another_dtype_are_the_same_mistake() -> None:
    gate = fingerprint("f:gate", {OUT: (X > 0).astype(float)})
    for same in (X > 0, (X > 0).astype(int), (X > 0).astype(np.float32)):
        assert names(matcher(gate).diagnose(results({OUT: same}))) == {"test_f": ["gate"]}


def test_a_variant_is_named_like_its_entry() -> None:
    variant = fingerprint("f:tripled~1", {OUT: 4 * X})
    reference = Fingerprint("reference", {place: Trace(True, None, X) for place in (OUT, DX, AFTER)})
    known = {"reference": reference, "f:tripled": TRIPLED, "f:tripled~1": variant}
    made = Matcher(known, [Mistake("f", "tripled", "Too large.")])
    assert names(made.diagnose(results({OUT: 4 * X}))) == {"test_f": ["tripled"]}
    assert made.alike() == {"f:tripled": {"f:tripled"}}


def test_two_mistakes_in_one_value_are_matched_as_a_pair() -> None:
    shifted = fingerprint("f:shifted", {OUT: X + 1})
    pair = fingerprint("f:tripled+f:shifted", {OUT: 3 * X + 1})
    found = matcher(TRIPLED, shifted, pair).diagnose(results({OUT: 3 * X + 1}))
    assert names(found) == {"test_f": ["tripled", "shifted"]}


def test_what_follows_from_a_mistake_is_not_blamed_on_another_answer() -> None:
    spread = fingerprint("f:spread", {OUT: 3 * X, AFTER: 5 * X})
    guilty = fingerprint("g:guilty", {AFTER: 5 * X})
    found = matcher(spread, guilty).diagnose(results({OUT: 3 * X, AFTER: 5 * X}))
    assert names(found) == {"test_f": ["spread"], "test_g": ["spread"]}
    declared = matcher(TRIPLED, guilty, follow_on={"tripled": ("test_g",)})
    assert names(declared.diagnose(results({OUT: 3 * X, AFTER: 8 * X + 1}))) == {
        "test_f": ["tripled"],
        "test_g": ["tripled"],
    }


def test_messages_are_compared_without_the_students_own_lines() -> None:
    raises = fingerprint("f:raises", {OUT: "ValueError: shapes (3,4) and (3,) not aligned (in f, line 3: x @ w)"})
    same = "ValueError: shapes (3,4) and (3,) not aligned (in mine, line 9: w @ x)"
    assert names(matcher(raises).diagnose(results({OUT: same}))) == {"test_f": ["raises"]}
    assert matcher(raises).diagnose(results({DX: same})) == {}
    foreign = matcher(fingerprint("f:raises", {OUT: "AxisError: axis 1 is out of bounds"}))
    assert names(foreign.diagnose(results({OUT: "RuntimeError: AxisError: axis 1 is out of bounds"}))) == {
        "test_f": ["raises"]
    }
    for other in ("TypeError: shapes (3,4) and (3,) not aligned", "ValueError: a wholly different text"):
        assert matcher(raises).diagnose(results({OUT: other})) == {}


def test_what_is_drawn_at_random_is_compared_by_its_size() -> None:
    rng = np.random.default_rng(0)
    reference = Fingerprint("reference", {OUT: Trace(True, None, np.zeros(1000))})
    drawn = Fingerprint("f:large", {OUT: Trace(False, None, 5 * rng.normal(size=1000), noisy=True)})
    made = Matcher({"reference": reference, "f:large": drawn}, [Mistake("f", "large", "Too large.")])

    def given(scale: float) -> list[TestResult]:
        value = scale * rng.normal(size=1000)
        check = SimpleNamespace(block="b", name="out", passed=False, message=None, received=value)
        return [TestResult("test_f", False, [check])]

    assert names(made.diagnose(given(5.0))) == {"test_f": ["large"]}
    assert names(made.diagnose(given(1.0))) == {}


def test_a_mask_is_compared_by_what_it_does() -> None:
    """The share that it keeps, and by what it multiplies that: not by which elements it happens to keep."""
    rng = np.random.default_rng(1)
    x = rng.uniform(1, 2, size=(60, 40))

    def dropped(share: float, scale: float, rows: bool = False) -> np.ndarray:
        kept = rng.random((60, 1) if rows else x.shape) < share
        return scale * x * kept

    reference = Fingerprint("reference", {OUT: Trace(True, None, x)}, {OUT: (x,)})
    known = {"reference": reference}
    for name, value in {"share": dropped(0.2, 5), "scale": dropped(0.8, 1), "rows": dropped(0.8, 1.25, True)}.items():
        known[f"f:{name}"] = Fingerprint(f"f:{name}", {OUT: Trace(False, None, value, noisy=True)})
    made = Matcher(known, [Mistake("f", name, f"It is {name}.") for name in ("share", "scale", "rows")])
    for name, value in {"share": dropped(0.2, 5), "scale": dropped(0.8, 1), "rows": dropped(0.8, 1.25, True)}.items():
        assert names(made.diagnose(results({OUT: value}, tests=("test_f",)))) == {"test_f": [name]}
    for other in (dropped(0.5, 2), dropped(0.8, 0.8), 1.25 * x):
        assert names(made.diagnose(results({OUT: other}, tests=("test_f",)))) == {}


def test_a_test_that_no_answer_decides_hides_nothing() -> None:
    about_a_file = TestResult("test_f__file", False, (), "NotImplementedError")
    found = matcher(TRIPLED).diagnose([*results({OUT: 3 * X}), about_a_file])
    assert names(found) == {"test_f": ["tripled"]}


def test_a_hint_is_computed_where_no_mistake_fits() -> None:
    found = matcher(TRIPLED).diagnose(results({OUT: -X, AFTER: X + X**2}))
    assert {test: [(each.answer, each.name) for each in those] for test, those in found.items()} == {
        "test_f": [("f", None)],
    }
    assert found["test_f"][0].sentence == "out has the wrong sign."
    assert all(answer_of(test) == those[0].answer for test, those in found.items())


def test_mistakes_that_no_comparison_tells_apart_are_alike() -> None:
    same = fingerprint("f:added_up", {OUT: X + X + X})
    alike = matcher(TRIPLED, same, HALVED, BOTH).alike()
    assert alike["f:tripled"] == alike["f:added_up"] == {"f:tripled", "f:added_up"}
    assert alike["f:halved"] == {"f:halved"}
    assert alike["f:both"] == {"f:both"}


# ------------------------------------------------------------------------------ in a notebook


def sure(*wrong: Fingerprint, sentences: Mapping[str, str] | None = None) -> Matcher:
    """A matcher that names a mistake only if no other one fits as well."""
    made = matcher(*wrong)
    mistakes = [
        Mistake(each.answer, each.name, (sentences or {}).get(each.name, each.sentence))
        for each in made.entries.values()
    ]
    return Matcher({"reference": made.reference, **made.known}, mistakes, sure=True)


THRICE = fingerprint("f:thrice", {OUT: 3 * X})
ADDED = fingerprint("f:added", {OUT: 3 * X})


def test_one_of_two_that_fit_is_said_as_either_or() -> None:
    (named,) = sure(TRIPLED, THRICE).diagnose(results({OUT: 3 * X}))["test_f"]
    assert (named.name, named.instead) == ("tripled", "thrice")
    assert named.sentence == "Either: It is tripled. Or: It is thrice."
    (named,) = matcher(TRIPLED, THRICE).diagnose(results({OUT: 3 * X}))["test_f"]
    assert (named.sentence, named.instead) == ("It is tripled.", None)


def test_of_three_that_fit_none_is_said() -> None:
    assert names(sure(TRIPLED, THRICE, ADDED).diagnose(results({OUT: 3 * X}))) == {}


def test_equal_sentences_are_one() -> None:
    same = dict.fromkeys(("thrice", "added"), "It is tripled.")
    (named,) = sure(TRIPLED, THRICE, ADDED, sentences=same).diagnose(results({OUT: 3 * X}))["test_f"]
    assert (named.sentence, named.instead) == ("It is tripled.", None)


def test_a_draw_that_fits_by_chance_is_no_evidence() -> None:
    noisy = fingerprint("f:noisy", {OUT: 3.1 * X}, spread=0.0)
    assert names(sure(noisy).diagnose(results({OUT: 3 * X}))) == {}
    assert names(sure(noisy, TRIPLED).diagnose(results({OUT: 3 * X}))) == {"test_f": ["tripled"]}


def test_several_mistakes_are_named_only_if_each_part_has_one_explanation() -> None:
    wrong = {OUT: 3 * X, DX: X / 2}
    assert names(sure(TRIPLED, HALVED).diagnose(results(wrong))) == {"test_f": ["tripled", "halved"]}
    assert names(sure(TRIPLED, THRICE, HALVED).diagnose(results(wrong))) == {"test_f": [None]}  # a hint about dx
