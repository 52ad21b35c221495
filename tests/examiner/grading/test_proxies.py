"""Proxies look and behave like the answers that they stand for."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examiner import codec
from examiner._exceptions import AnswerStoppedError, GradingFaultError
from examiner.grading.proxies import AnswerError, Bridge, Link, Proxy
from examiner.grading.proxies.proxy import wants_changes
from examiner.kernel import Cell, Kernel, Session
from examiner.settings import Timing

ANSWERS = """
import warnings
import numpy as np

def add(x, y=1, *, scale=1):
    return scale * (x + y)

def keep(x):
    return x.sum(), lambda dout: dout * x

def release(dout, cache):
    return cache(dout)

def count(config=None):
    if config is not None:
        config["n"] = config.get("n", 0) + 1
    return config

def both(one, other):
    one["seen"] = other["seen"] = True

def fill(x):
    x[:] = 0
    return x

def fail(kind):
    raise {"value": ValueError, "missing": NotImplementedError, "own": type("Own", (KeyError,), {}),
           "exit": SystemExit, "unicode": UnicodeError}[kind]("the <message>")

def warn(x):
    warnings.warn("overflow encountered", RuntimeWarning)
    return np.exp(x)

def apply(function, x):
    return function(x)

def many():
    return (number for number in range(3))

class Model:
    category = "regression"
    def __init__(self, size, rng=None):
        self.size, self.history = size, [1.0, 2.0]
        self.params = {"W1": np.ones((size, 2)), "b1": np.zeros(2)}
    def loss(self, X):
        return X @ self.params["W1"] + self.params["b1"]
    def itself(self):
        return self
    def spoil(self, X):
        X *= 2
    def note(self, config):
        config["seen"] = True

rate = 0.125
""".strip()


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session in which the answers are defined."""
    made = Session(lambda: Kernel("none", {}), {}, Timing(call=5))
    assert made.run(Cell("answers", ANSWERS)) == []
    yield made
    made.close()


class Direct(Link):
    """A link to a session of the same process, where no engine stands between."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def request(self, answer: str, frames: list[bytes]) -> list[bytes]:
        """Send a request without detour."""
        try:
            return self.session.request(answer, frames)
        finally:
            self.generation, self.alive = self.session.generation, self.session.alive

    def cell_name(self, number: int) -> str | None:
        """What the cell is called."""
        return self.session.cell_name(number)


def helper(x: Any) -> Any:
    """Stand for a helper of a given cell."""
    return x + 10


@pytest.fixture
def bridge(session: Session) -> Bridge:
    """A bridge to it, at the beginning of a test cell."""
    session.run(Cell("given", "def helper(x):\n    return x + 10"))
    made = Bridge(Direct(session), {"helper": helper})
    made.begin("test_all")
    return made


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
    with pytest.raises(AnswerStoppedError, match="a mark that is none"):
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


def test_an_object_has_attributes_methods_and_parameters(bridge: Bridge) -> None:
    model = bridge.proxy("Model")(3)
    assert (model.size, model.category, model.history) == (3, "regression", [1.0, 2.0])
    assert isinstance(model.params, dict)
    assert sorted(model.params) == ["W1", "b1"]
    model.params["b1"] = np.array([5.0, 6.0])
    assert (model.loss(np.zeros((1, 3))) == [[5.0, 6.0]]).all()
    assert (model.params["b1"] == [5.0, 6.0]).all()
    model.params = {"W1": np.zeros((3, 2)), "b1": np.ones(2)}
    assert (model.loss(np.ones((1, 3))) == 1.0).all()
    model.params.update(b1=np.zeros(2))
    assert (model.itself().loss(np.ones((1, 3))) == 0.0).all()
    with pytest.raises(AttributeError):
        _ = model.gone
    assert not hasattr(model, "gone")
    assert hasattr(model, "loss")


def test_assignments_and_reads_are_not_calls_of_their_own(bridge: Bridge, session: Session) -> None:
    model = bridge.proxy("Model")(3)
    before = session.calls
    for name in model.params:
        model.params[name] = model.params[name] + 1
    assert (model.loss(np.zeros((1, 3))) == 1.0).all()
    assert session.calls - before == 2


def test_every_way_to_change_a_dict_reaches_the_object(bridge: Bridge) -> None:
    params = bridge.proxy("Model")(2).params
    params |= {"b2": np.ones(1)}
    params.setdefault("b3", 3.0)
    assert params.pop("W1").shape == (2, 2)
    del params["b1"]
    assert sorted(params._owner.params) == sorted(params) == ["b2", "b3"]
    params.popitem()
    params.clear()
    assert params._owner.itself().params == {}
    assert type(copy.deepcopy(params)) is dict


def test_a_copy_of_an_object_is_another_object(bridge: Bridge) -> None:
    model = bridge.proxy("Model")(1)
    other = copy.deepcopy(model)
    other.params["b1"] = np.full(2, 9.0)
    assert (model.loss(np.zeros((1, 1))) == 0).all()
    assert (other.loss(np.zeros((1, 1))) == 9).all()
    add = bridge.proxy("add")
    assert copy.deepcopy(add) is add


def test_an_object_answers_nothing_for_itself(bridge: Bridge) -> None:
    model = bridge.proxy("Model")(1)
    assert model != 1.0
    assert np.asarray(model).dtype == object
    for convert in (float, int, len, complex):
        with pytest.raises(TypeError):
            convert(model)


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


def test_what_an_object_yields_can_be_gone_through(bridge: Bridge) -> None:
    assert list(bridge.proxy("many")()) == [0, 1, 2]


def test_a_plain_value_can_be_read(bridge: Bridge) -> None:
    assert bridge.value("rate") == 0.125


def test_random_generators_cross_by_value(bridge: Bridge) -> None:
    rng = np.random.default_rng(3)
    model = bridge.proxy("Model")(2, rng=rng)
    assert rng.integers(1000) == np.random.default_rng(3).integers(1000)
    assert model.size == 2


def test_an_object_is_lost_with_its_kernel(tmp_path: Path) -> None:
    session = Session(lambda: Kernel("none", {}), {}, Timing(call=5))
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
