"""Proxies look and behave like the answers that they stand for."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from examiner.codec import Reference
from examiner.grading.proxies import Bridge, Proxy, RemoteDict
from examiner.kernel import Session


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


def test_what_an_object_yields_can_be_gone_through(bridge: Bridge) -> None:
    assert list(bridge.proxy("many")()) == [0, 1, 2]


class Recorder:
    """A way to a sandbox that only notes what is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def ask(self, answer: str, operation: str, target: Proxy, **details: Any) -> Any:
        """Note it."""
        self.asked.append((answer, operation, details))

    def read(self, answer: str, target: Proxy, attribute: str) -> Any:
        """Note it."""
        self.asked.append((answer, "read", attribute))

    def assign(self, target: Proxy, attribute: str, items: dict[Any, Any], deleted: list[Any]) -> None:
        """Note it."""
        self.asked.append((attribute, items, deleted))


def test_nothing_private_is_asked_for_and_nothing_is_pickled() -> None:
    recorder = Recorder()
    model = Proxy(recorder, Reference(4, "Model", ("loss",)), 1)
    with pytest.raises(AttributeError):
        _ = model._secret
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(model)
    assert repr(model) == "<object Model in the sandbox>"
    assert repr(model.loss) == "<method loss of <object Model in the sandbox>>"
    assert copy.copy(model) is model
    assert recorder.asked == []
    model.loss(3, mode="train")
    model.rate = 0.5
    details = {"attribute": "loss", "args": (3,), "kwargs": {"mode": "train"}}
    assert recorder.asked == [
        ("Model.loss", "call", details),
        ("Model.rate", "set", {"attribute": "rate", "value": 0.5}),
    ]


def test_a_remote_dict_tells_what_changes_and_nothing_else() -> None:
    recorder = Recorder()
    params = RemoteDict({"W": 1, "b": 2}, Proxy(recorder, Reference(4, "Model"), 1), "params")
    assert (params["W"], params.get("c"), params.setdefault("b"), params.pop("c", None)) == (1, None, 2, None)
    assert recorder.asked == []
    params["W"] = 3
    assert params.popitem() == ("b", 2)
    assert recorder.asked == [("params", {"W": 3}, []), ("params", {}, ["b"])]
    assert pickle.loads(pickle.dumps(params)) == {"W": 3}
