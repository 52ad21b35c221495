"""The way to the answers: calls by value, exceptions by their built-in types, objects that stay and come back."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examiner import codec
from examiner._exceptions import AnswerStoppedError, GradingFaultError
from examiner.grading.proxies import AnswerError, Bridge, Proxy
from examiner.grading.proxies.proxy import wants_changes
from examiner.kernel import Cell, KernelHost, Session
from examiner.settings import Timing
from tests.examiner.grading.proxies.conftest import ANSWERS, Direct, helper


def test_a_function_is_called_by_value(bridge: Bridge) -> None:
    add = bridge.proxy("add")
    x = np.arange(3.0)
    out = add(x, 2, scale=np.float32(2))
    assert type(out) is np.ndarray
    assert (out == [4.0, 6.0, 8.0]).all()
    assert add.__name__ == "add"
    assert repr(add) == "<add in the sandbox>"


def test_arguments_are_copies(bridge: Bridge) -> None:
    x = np.ones(3)
    assert (bridge.proxy("fill")(x) == 0).all()
    assert (x == 1).all()


def test_who_changes_an_input_is_noted_for_one_test(bridge: Bridge) -> None:
    x = np.array([1.0, np.nan])
    bridge.proxy("add")(x, y=np.ones(2))
    assert bridge.mutating == []
    bridge.proxy("fill")(x)
    bridge.proxy("fill")(x=x)
    bridge.proxy("Model")(3).spoil(x)
    assert bridge.mutating == ["fill", "Model.spoil"]
    bridge.begin("test_other")
    assert bridge.mutating == []


@pytest.mark.parametrize("mark", [1, "yes", None, [True], {"x": 1}, np.True_, np.ones(2)])
def test_a_mark_of_change_that_is_none_is_refused(mark: Any, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "incidents", [])
    monkeypatch.setattr(bridge.link, "request", lambda *_: codec.pack({"value": 1.0, "mutated": mark}))
    with pytest.raises(AnswerStoppedError, match="an invalid flag for changed inputs"):
        bridge.proxy("add")(1)
    assert bridge.mutating == []


def test_what_is_no_plain_data_stays_there_and_comes_back(bridge: Bridge) -> None:
    total, cache = bridge.proxy("keep")(np.array([1.0, 2.0]))
    assert total == 3.0
    assert isinstance(cache, Proxy)
    assert (bridge.proxy("release")(np.array([2.0, 3.0]), cache) == [2.0, 6.0]).all()
    assert (cache(np.ones(2)) == [1.0, 2.0]).all()


class Wanted(dict[str, Any]):
    """A dict whose changes a test asks for, like the toolkit's `returned`."""

    returns_changes = True


def test_what_an_answer_changes_in_a_dict_comes_back_where_the_test_asks_for_it(bridge: Bridge) -> None:
    config = Wanted(n=4, v=np.zeros(2))
    assert bridge.proxy("count")(config)["n"] == config["n"] == 5
    bridge.proxy("count")(config=config)
    assert config["n"] == 6
    bridge.proxy("Model")(1).note(config)
    assert config["seen"] is True
    assert type(config) is Wanted


def test_what_an_answer_changes_in_any_other_argument_stays_there(bridge: Bridge) -> None:
    config, wanted = {"n": 4}, Wanted()
    assert bridge.proxy("count")(config)["n"] == 5
    bridge.proxy("both")(config, wanted)
    assert (config, wanted) == ({"n": 4}, {"seen": True})
    assert not wants_changes(config)
    assert not wants_changes(Wanted)


def test_a_change_that_was_not_asked_for_is_not_taken(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    forged = {"value": 1.0, "changed": {0: {"y_val": np.zeros(1)}}, "mutated": False}
    monkeypatch.setattr(bridge.link, "request", lambda *_: codec.pack(forged))
    data = {"y_val": np.ones(1)}
    bridge.proxy("add")(data)
    assert data["y_val"] == 1


def test_answers_given_helpers_and_objects_can_be_arguments(bridge: Bridge) -> None:
    apply = bridge.proxy("apply")
    assert apply(bridge.proxy("add"), 2) == 3
    assert apply(helper, 2) == 12
    assert apply(bridge.proxy("Model"), 2).size == 2


def test_what_a_test_cannot_send_is_the_tests_fault(bridge: Bridge) -> None:
    with pytest.raises(GradingFaultError):
        bridge.proxy("apply")(lambda x: x, 2)
    assert "cannot cross" in bridge.faults[0]


@pytest.mark.parametrize(
    ("kind", "caught", "text"),
    [
        ("value", ValueError, "the <message>"),
        ("missing", NotImplementedError, "the <message>"),
        ("own", KeyError, "Own: 'the <message>'"),
        ("exit", RuntimeError, "SystemExit: the <message>"),
        ("unicode", UnicodeError, "the <message>"),
    ],
)
def test_an_exception_is_raised_as_its_builtin_type(
    kind: str, caught: type[Exception], text: str, bridge: Bridge
) -> None:
    with pytest.raises(caught) as found:
        bridge.proxy("fail")(kind)
    assert isinstance(found.value, AnswerError)
    assert type(found.value).__name__ == caught.__name__
    assert str(found.value) == text
    ((cell, line, function, source),) = bridge.raised[-1].frames
    assert (cell, function) == ("answers", "fail")
    assert source == ANSWERS.split("\n")[line - 1].strip()


def test_a_missing_answer_is_a_name_error(bridge: Bridge) -> None:
    with pytest.raises(NameError, match="'gone' is not defined"):
        bridge.proxy("gone")(1)


def test_warnings_are_issued_here(bridge: Bridge) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bridge.proxy("warn")(np.zeros(1))
    assert [(item.category, str(item.message)) for item in caught] == [(RuntimeWarning, "overflow encountered")]


def test_a_plain_value_can_be_read(bridge: Bridge) -> None:
    assert bridge.value("rate") == 0.125


def test_random_generators_cross_by_value(bridge: Bridge) -> None:
    rng = np.random.default_rng(3)
    model = bridge.proxy("Model")(2, rng=rng)
    assert rng.integers(1000) == np.random.default_rng(3).integers(1000)
    assert model.size == 2


def test_an_object_is_lost_with_its_kernel(tmp_path: Path) -> None:
    session = Session(lambda: KernelHost("none", {}).start(), {}, Timing(call=5))
    try:
        session.run(Cell("answers", ANSWERS))
        session.run(Cell("more", "import os\ndef end(): os._exit(1)"))
        bridge = Bridge(Direct(session), {})
        bridge.begin("test")
        model = bridge.proxy("Model")(1)
        with pytest.raises(AnswerStoppedError, match="ended its kernel"):
            bridge.proxy("end")()
        with pytest.raises(AnswerStoppedError, match="was lost"):
            model.loss(np.ones((1, 1)))
        assert bridge.proxy("add")(1) == 2
        with pytest.raises(AnswerStoppedError):
            bridge.proxy("end")()
        with pytest.raises(AnswerStoppedError, match="stopped twice"):
            bridge.proxy("end")()
    finally:
        session.close()


CACHES = """
from collections import namedtuple
from dataclasses import dataclass
from typing import NamedTuple

class Cache(NamedTuple):
    x: object
    w: object

class Named(dict):
    def __getattr__(self, name):
        return self[name]

@dataclass
class Record:
    x: object
    w: object

class Layer:
    def forward(self, x, w):
        self.x, self.w = x, w
        return x * w

class Tagged(np.ndarray):
    pass

def tuple_forward(x, w):
    return x * w, Cache(x, w)

def dict_forward(x, w):
    return x * w, Named(x=x, w=w)

def record_forward(x, w):
    return x * w, Record(x, w)

def layer_forward(x, w):
    layer = Layer()
    return layer.forward(x, w), layer

def nested_forward(x, w):
    return x * w, (Cache(x, w), {"w": w})

def array_forward(x, w):
    cache = x.view(Tagged)
    cache.w = w
    return x * w, cache

def backward(dout, cache):
    return dout * cache.w, dout * cache.x

def nested_backward(dout, cache):
    return backward(dout, cache[0])

def array_backward(dout, cache):
    return dout * cache.w, dout * np.asarray(cache)
""".strip()


@pytest.mark.parametrize("kind", ["tuple", "dict", "record", "layer", "nested", "array"])
def test_a_cache_of_any_kind_comes_back_as_what_it_was(kind: str, session: Session, bridge: Bridge) -> None:
    """The student's backward reads `cache.x`, which no plain tuple, dict or array has."""
    assert session.run(Cell("caches", CACHES)) == []
    x, w, dout = np.arange(3.0), np.array([2.0, -1.0, 0.5]), np.array([1.0, 10.0, 100.0])
    backward = bridge.proxy(f"{kind}_backward" if kind in ("nested", "array") else "backward")
    out, cache = bridge.proxy(f"{kind}_forward")(x, w)
    _, other = bridge.proxy(f"{kind}_forward")(x + 1, w)
    assert (out == x * w).all()
    for _ in range(2):
        dx, dw = backward(dout, cache)
        assert (dx == dout * w).all()
        assert (dw == dout * x).all()
    assert (backward(dout, other)[1] == dout * (x + 1)).all()
    bridge.begin("another test")
    _, cache = bridge.proxy(f"{kind}_forward")(2 * x, w)
    assert (backward(dout, cache)[1] == dout * 2 * x).all()


def test_what_a_test_has_changed_stands_for_itself(session: Session, bridge: Bridge) -> None:
    session.run(Cell("caches", CACHES))
    _, cache = bridge.proxy("dict_forward")(np.ones(2), np.ones(2))
    cache["x"] = np.full(2, 5.0)
    with pytest.raises(AttributeError):  # a plain dict of the test's own
        bridge.proxy("backward")(np.ones(2), cache)


GROWING = """
from typing import NamedTuple


class Grown(NamedTuple):
    x: object


def planted(x):
    return Grown(x)


def grow(cache):
    cache[0][...] *= 2
    return cache[0].sum()
"""


def test_with_copies_no_call_sees_what_another_one_changed(session: Session, bridge: Bridge) -> None:
    session.run(Cell("growing", GROWING))
    cache = bridge.proxy("planted")(np.ones(2))
    grow = bridge.proxy("grow")
    bridge.copies = True
    assert [grow(cache), grow(cache), grow(cache=cache)] == [4.0, 4.0, 4.0]
    bridge.copies = False
    assert [grow(cache), grow(cache)] == [4.0, 8.0]
