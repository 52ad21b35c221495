"""The agent, in this process and with a fake shell: every operation, and what goes wrong in one."""

from __future__ import annotations

import collections
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examiner import codec
from examiner.codec import Kept, Reference

ANSWERS = """
import collections, typing, warnings
import numpy as np

class Cache(typing.NamedTuple):
    x: np.ndarray
    total: float

class Matrix(np.ndarray):
    pass

def add(x, y=1):
    return x + y

def forward(x):
    return 2 * x, Cache(x, float(x.sum()))

def backward(dout, cache):
    return dout * cache.x + cache.total

def squares(n):
    return [i ** 2 for i in range(n)]

def sum_of_squares(n):
    return sum(squares(n))

def count(config):
    config["n"] = config.get("n", 0) + 1

def fill(x):
    x[:] = 0

def fail(kind):
    raise kind("the message")

def warn():
    for each in range(50):
        warnings.warn(f"number {each}", RuntimeWarning)

class Net:
    kind = "net"
    def __init__(self):
        self.params = {"W": np.ones(2)}
    def loss(self, x):
        return float(x.sum())
    def _hidden(self):
        pass

def identity(x):
    return x

def same(a, b):
    return a is b

def type_name(x):
    return type(x).__name__
"""


class Shell:
    """What the agent uses of IPython's shell."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.compile = types.SimpleNamespace(_filename_map={"cell-7": 7})
        self.triggered: list[str] = []
        self.events = types.SimpleNamespace(trigger=self.triggered.append)


class Client:
    """The examiner's side, in short: objects stay references, kept values are remembered."""

    def __init__(self, agent: types.ModuleType) -> None:
        self.shell = Shell()
        exec(compile(ANSWERS, "cell-7", "exec"), self.shell.user_ns)
        self.answers = agent.Answers(self.shell)
        self.cell = "test_one"
        self.kept = Kept(lambda value: value)

    def send(self, operation: str, **details: Any) -> dict[str, Any]:
        """Send a request; references in it are sent as they are."""
        request = {"op": operation, "cell": self.cell, **details}
        frames = codec.pack(request, lambda value: value, codec.REQUEST_LIMITS, self.kept.number)
        reply = codec.unpack(self.answers.answer(frames), kept=self.kept.remember)
        assert isinstance(reply, dict)
        return reply

    def call(self, name: str | Reference, *args: Any, attribute: str | None = None, **details: Any) -> Any:
        """Call something by name and give its value, or its error."""
        target = Reference(None, name) if isinstance(name, str) else name
        details = {"kwargs": {}, **details}
        reply = self.send("call", target=target, attribute=attribute, args=args, **details)
        return reply["value"] if "value" in reply else reply["error"]


@pytest.fixture
def client(agent: types.ModuleType) -> Client:
    """A client of a fresh agent."""
    return Client(agent)


# ---- calls ----


def test_a_call_gives_a_value(client: Client) -> None:
    reply = client.send("call", target=Reference(None, "add"), attribute=None, args=(np.arange(2.0),), kwargs={"y": 3})
    assert (reply["value"] == [3.0, 4.0]).all()
    assert not reply.keys() & {"changed", "mutated", "warnings"}  # what is empty is not said


def test_changes_of_dicts_come_back_only_on_request(client: Client) -> None:
    request = {"target": Reference(None, "count"), "attribute": None, "args": ({"n": 4},), "kwargs": {}}
    assert "changed" not in client.send("call", **request)
    assert client.send("call", **request, returns_changes=True)["changed"] == {0: {"n": 5}}
    by_name = {**request, "args": (), "kwargs": {"config": {}}}
    assert client.send("call", **by_name, returns_changes=True)["changed"] == {"config": {"n": 1}}
    unchanged = {**request, "target": Reference(None, "identity")}
    assert "changed" not in client.send("call", **unchanged, returns_changes=True)


def test_an_array_that_is_changed_in_place_is_told(client: Client) -> None:
    request = {"target": Reference(None, "fill"), "attribute": None, "kwargs": {}}
    assert client.send("call", **request, args=(np.array([1.0, np.nan]),))["mutated"] is True
    assert "mutated" not in client.send("call", **request, args=(np.zeros(2),))


def test_figures_are_shown_after_a_call_whatever_it_did(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    pyplot = types.SimpleNamespace(get_fignums=lambda: [1])
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", pyplot)  # type: ignore[arg-type]
    client.call("add", 1)
    client.call("fail", Reference(None, "ValueError"))
    assert client.shell.triggered == ["post_execute"]  # the second request names nothing that exists


def test_an_error_names_its_kinds_and_the_student_s_lines(client: Client) -> None:
    client.shell.user_ns["kind"] = type("Own", (KeyError,), {})
    error = client.call("fail", Reference(None, "kind"))
    assert error["name"] == "Own"
    assert error["kinds"][:2] == ["KeyError", "LookupError"]
    assert error["message"] == "'the message'"
    assert [(cell, function) for cell, _, function, _ in error["frames"]] == [(7, "fail")]


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_nothing_that_is_raised_ends_the_agent(raised: type[BaseException], client: Client) -> None:
    client.shell.user_ns["kind"] = raised
    assert client.call("fail", Reference(None, "kind"))["name"] == raised.__name__


def test_an_exception_without_a_text_has_none(client: Client) -> None:
    def unspeakable(self: object) -> str:
        raise ValueError

    client.shell.user_ns["kind"] = type("Silent", (Exception,), {"__str__": unspeakable})
    assert client.call("fail", Reference(None, "kind"))["message"] == ""


def test_warnings_are_told_once_and_not_without_end(client: Client, agent: types.ModuleType) -> None:
    reply = client.send("call", target=Reference(None, "warn"), attribute=None, args=(), kwargs={})
    assert len(reply["warnings"]) == agent.MAX_WARNINGS
    assert reply["warnings"][0] == ("RuntimeWarning", "number 0")
    assert warnings.filters  # the agent's own filters are gone


def test_a_value_that_cannot_cross_is_an_error(client: Client) -> None:
    client.shell.user_ns["text"] = "x" * 2_000_000
    reply = client.send("get", target=Reference(None, "text"), attribute=None)
    assert "cannot be graded: the text is too long" in reply["error"]["message"]


def test_damaged_requests_are_errors(client: Client) -> None:
    reply = codec.unpack(client.answers.answer([b"nothing"]))
    assert "error" in reply
    assert "error" in client.send("dance")


# ---- objects ----


def test_what_is_no_plain_data_is_a_reference_with_its_public_methods(client: Client) -> None:
    net = client.call("Net")
    assert (net.name, net.methods) == ("Net", ("loss",))
    assert client.call(net, np.ones(3), attribute="loss") == 3.0
    assert client.send("get", target=net, attribute="kind")["value"] == "net"
    client.send("set", target=net, attribute="kind", value="other")
    assert client.send("get", target=net, attribute="kind")["value"] == "other"


def test_an_object_has_one_number(client: Client) -> None:
    net = client.call("Net")
    assert client.call("identity", net) == net
    assert client.call("Net") != net


def test_a_copy_is_another_object(client: Client) -> None:
    net = client.call("Net")
    other = client.send("copy", target=net)["value"]
    assert other.id != net.id
    assert not client.call("same", net, other)


def test_items_of_an_object_s_dict_are_set_together_with_a_request(client: Client) -> None:
    net = client.call("Net")
    update = {"target": net, "attribute": "params", "items": {"b": 1.0}, "deleted": ["W"]}
    reply = client.send("get", target=net, attribute="params", first=[update])
    assert reply["value"] == {"b": 1.0}


def test_an_object_gives_what_it_yields_up_to_a_number(client: Client, agent: types.ModuleType) -> None:
    client.shell.user_ns["endless"] = iter(int, 1)
    found = client.send("list", target=Reference(None, "endless"))["value"]
    assert found == [0] * agent.MAX_ITEMS


def test_objects_are_limited(client: Client, agent: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "MAX_OBJECTS", 2)
    assert client.call("Net").id
    assert client.call("Net").id
    assert "too many objects" in client.call("Net")["message"]
    assert type(client.call("forward", np.ones(2))[1]) is tuple  # then by value alone


def test_objects_are_forgotten_with_their_test_cell(client: Client) -> None:
    net = client.call("Net")
    client.cell = "test_two"
    assert "error" in client.send("get", target=net, attribute="kind")
    assert client.call("Net").id != net.id


def test_files_are_installed_below_the_working_folder(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client.send("install", files={"deep/er/a.bin": np.frombuffer(b"\0\xff", np.uint8)})
    assert (tmp_path / "deep" / "er" / "a.bin").read_bytes() == b"\0\xff"


# ---- objects of subclasses ----


@pytest.mark.parametrize(
    "make",
    [
        lambda space: space["Cache"](np.arange(3.0), 1.0),
        lambda space: collections.OrderedDict(a=1),
        lambda space: collections.defaultdict(list, {"a": [1.0]}),
        lambda space: type("Stack", (list,), {})([1, 2]),
        lambda space: np.ones((2, 2)).view(space["Matrix"]),
        lambda space: np.zeros(3).view(space["Matrix"]),
    ],
    ids=["NamedTuple", "OrderedDict", "defaultdict", "list", "matrix", "array"],
)
def test_an_object_of_a_subclass_is_plain_here_and_itself_there(make: Any, client: Client) -> None:
    thing = client.shell.user_ns["thing"] = make(client.shell.user_ns)
    value = client.send("get", target=Reference(None, "thing"), attribute=None)["value"]
    assert type(value) in (tuple, dict, list, np.ndarray)
    assert client.call("type_name", value) == type(thing).__name__
    assert client.call("same", value, Reference(None, "thing"))


def test_a_named_tuple_goes_from_forward_to_backward(client: Client) -> None:
    _out, cache = client.call("forward", np.array([1.0, 2.0]))
    assert type(cache) is tuple
    assert (client.call("backward", np.ones(2), cache) == [4.0, 5.0]).all()


def test_a_copy_stands_for_the_same_object_and_a_changed_one_for_itself(client: Client) -> None:
    client.shell.user_ns["thing"] = collections.OrderedDict(a=np.zeros(2))
    value = client.send("get", target=Reference(None, "thing"), attribute=None)["value"]
    assert client.call("type_name", {"a": np.zeros(2)}) == "OrderedDict"
    value["a"] = np.ones(2)
    assert client.call("type_name", value) == "dict"


def test_objects_of_subclasses_are_found_inside_of_others(client: Client) -> None:
    ns = client.shell.user_ns
    ns["thing"] = [ns["Cache"](np.ones(1), 1.0), (ns["Cache"](np.zeros(2), 2.0), {"k": ns["Cache"](np.zeros(3), 3.0)})]
    first, (second, others) = client.send("get", target=Reference(None, "thing"), attribute=None)["value"]
    for value in (first, second, others["k"]):
        assert client.call("type_name", value) == "Cache"
    assert client.call("type_name", [first]) == "list"


def test_a_named_tuple_that_holds_an_object_keeps_it(client: Client) -> None:
    ns = client.shell.user_ns
    net = ns["net"] = ns["Net"]()
    ns["thing"] = ns["Cache"](net, 1.0)
    value = client.send("get", target=Reference(None, "thing"), attribute=None)["value"]
    assert isinstance(value[0], Reference)
    assert client.call("same", value, Reference(None, "thing"))
    assert client.call("same", value[0], Reference(None, "net"))


def test_a_key_is_its_value(client: Client) -> None:
    ns = client.shell.user_ns
    ns["thing"] = {ns["Cache"](1, 2.0): 3}
    assert client.send("get", target=Reference(None, "thing"), attribute=None)["value"] == {(1, 2.0): 3}


# ---- names ----


def test_a_deleted_name_is_missing_for_other_functions_and_not_for_who_kept_it(client: Client) -> None:
    assert client.call("sum_of_squares", 4) == 14
    client.send("delete", name="squares")
    assert client.call("sum_of_squares", 4)["name"] == "NameError"
    assert client.call("squares", 3) == [0, 1, 4]
    client.send("bind", name="squares", value=Reference(None, "squares"))
    assert client.call("sum_of_squares", 4) == 14


def test_a_name_that_is_not_there_cannot_be_deleted(client: Client) -> None:
    assert client.send("delete", name="gone")["error"]["name"] == "NameError"
    client.send("delete", name="squares")
    assert client.send("delete", name="squares")["error"]["name"] == "NameError"
    assert client.call("gone")["message"] == "name 'gone' is not defined"


def test_a_name_is_bound_to_a_value_to_another_name_and_to_an_object(client: Client) -> None:
    client.send("bind", name="squares", value=Reference(None, "identity"))
    assert client.call("sum_of_squares", [1, 2]) == 3
    client.send("bind", name="rate", value=0.5)
    assert client.send("get", target=Reference(None, "rate"), attribute=None)["value"] == 0.5
    net = client.call("Net")
    client.send("bind", name="net", value=net)
    assert client.call("same", net, Reference(None, "net"))
    assert client.call("squares", 2) == [0, 1]  # who kept the name's object still has it


def test_a_name_is_bound_to_itself_again(client: Client) -> None:
    client.send("delete", name="squares")
    client.send("bind", name="squares", value=Reference(None, "squares"))
    assert client.answers.names.stashed == {}
    assert client.call("sum_of_squares", 3) == 5


@pytest.mark.parametrize("what", ["the next test cell", "the next cell of the notebook"])
def test_all_names_are_put_back_before(what: str, client: Client) -> None:
    client.send("delete", name="squares")
    client.send("bind", name="add", value=1)
    client.send("bind", name="new", value=1)
    if what == "the next test cell":
        client.cell = "test_two"
        assert client.call("add", 1) == 2
    else:
        client.answers.names.put_back()
    assert callable(client.shell.user_ns["squares"])
    assert callable(client.shell.user_ns["add"])
    assert "new" not in client.shell.user_ns
