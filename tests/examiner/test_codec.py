"""The codec: plain values survive the crossing, and nothing that comes across can do harm."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from examiner import codec
from examiner.codec import CodecError, Kept, Limits, Reference, pack, unpack

PLAIN_DTYPES = [np.dtype(name) for name in "?bhilBHILefdgFDG"]
arrays = st.sampled_from(PLAIN_DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
scalars = (
    st.sampled_from(PLAIN_DTYPES)
    .flatmap(lambda dtype: hnp.from_dtype(dtype))
    .filter(lambda value: isinstance(value, np.generic))
)
generators = st.builds(
    lambda kind, seed: np.random.Generator(getattr(np.random, kind)(seed)),
    st.sampled_from(["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"]),
    st.integers(0, 2**32),
)
texts = st.text(st.characters(exclude_categories=["Cs"]))
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**300), 2**300),
    st.floats(),
    st.complex_numbers(),
    texts,
    arrays,
    scalars,
    st.sampled_from(PLAIN_DTYPES),
    st.sampled_from([float, int, np.float32, np.float64, np.bool_, dict]),
)
keys = st.one_of(st.none(), st.booleans(), st.integers(), texts, st.tuples(st.integers(), texts))
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
    ),
    max_leaves=12,
)


def same(left: Any, right: Any) -> bool:
    """Equal in type and content, bit for bit."""
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray | np.generic):
        return left.dtype == right.dtype and left.shape == right.shape and bool(np.all(_equal(left, right)))
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return len(left) == len(right) and all(
            same(a, b) and same(left[a], right[b]) for a, b in zip(left, right, strict=True)
        )
    if isinstance(left, float | complex):
        return left == right or (left != left and right != right)
    return bool(left == right)


def _equal(left: Any, right: Any) -> Any:
    return (left == right) | ((left != left) & (right != right))


CASES, MANY_CASES = 50, 2_000


@given(values)
@settings(max_examples=CASES, deadline=None)
def test_every_plain_value_comes_back_as_it_was(value: Any) -> None:
    assert same(unpack(pack(value)), value)


@pytest.mark.long
@given(values)
@settings(max_examples=MANY_CASES, deadline=None)
def test_very_many_plain_values_come_back_as_they_were(value: Any) -> None:
    assert same(unpack(pack(value)), value)


@given(generators)
@settings(max_examples=CASES, deadline=None)
def test_a_generator_goes_on_where_it_was(generator: np.random.Generator) -> None:
    generator.integers(7, size=3)
    copy = unpack(pack(generator))
    assert (copy.integers(1000, size=5) == generator.integers(1000, size=5)).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=CASES, deadline=None)
def test_a_random_state_goes_on_where_it_was(seed: int) -> None:
    state = np.random.RandomState(seed)
    state.randn()
    assert (unpack(pack(state)).randn(5) == state.randn(5)).all()


@given(arrays)
@settings(max_examples=CASES, deadline=None)
def test_an_array_is_exact_and_has_memory_of_its_own(array: np.ndarray) -> None:
    frames = pack(array.T)
    received = unpack(frames)
    assert type(received) is np.ndarray
    assert received.flags.writeable
    assert received.flags.owndata or received.base.flags.owndata


def test_subclasses_go_as_what_they_extend() -> None:
    class Liar(np.ndarray):
        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return True

        __hash__ = None  # type: ignore[assignment]

    class Text(str):
        pass

    value = {"a": np.zeros(2).view(Liar), "t": Text("x"), "f": type("F", (float,), {})(2)}
    received = unpack(pack(value))
    assert [type(item) for item in received.values()] == [np.ndarray, str, float]


def test_byte_order_and_strides_are_made_plain() -> None:
    array = np.arange(12, dtype=">f8").reshape(3, 4)[::2, ::-1]
    received = unpack(pack(array))
    assert received.dtype == np.float64
    assert (received == array).all()


# ------------------------------------------------------------------------- what is not plain


class Thing:
    """Not plain data."""


@pytest.mark.parametrize(
    "value",
    [
        Thing(),
        lambda: None,
        np.array([object()]),
        np.array(["text"]),
        np.zeros(2, dtype=[("a", "f8")]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        b"bytes",
        {1, 2},
        10**5000,
        "x" * 1_000_001,
        dict.fromkeys(range(5000)),
        [0] * 100_001,
        np.zeros(9_000_000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_or_too_large_is_refused(value: Any) -> None:
    with pytest.raises(CodecError):
        pack(value)


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(CodecError):
        pack(endless)


def test_objects_go_as_references() -> None:
    thing, table = Thing(), {}

    def refer(value: Any) -> Reference:
        table[7] = value
        return Reference(7, type(value).__name__, ("loss",))

    frames = pack({"cache": (1, thing)}, refer)
    assert unpack(frames) == {"cache": (1, Reference(7, "Thing", ("loss",)))}
    assert unpack(frames, lambda reference: table[reference.id]) == {"cache": (1, thing)}


@pytest.mark.parametrize("keep", [None, lambda value: 3])
@pytest.mark.parametrize("array", [np.array([1, None]), np.rec.fromarrays([[1.0]], names="v")])
def test_an_array_of_objects_or_records_is_an_object_where_it_is_a_part(array: Any, keep: Any) -> None:
    frames = pack((1, array), lambda value: Reference(7, "ndarray", ()), keep=keep)
    assert unpack(frames) == (1, Reference(7, "ndarray", ()))
    for alone in (array, (1, array)):
        with pytest.raises(CodecError, match="cannot be passed"):
            pack(alone)
    with pytest.raises(CodecError, match="arrays of dtype"):
        pack(array, lambda value: Reference(7, "ndarray", ()))


# ------------------------------------------------------------------ values that stand for objects


class Params(dict[str, Any]):
    """A dict of one's own."""


def crossing(value: Any, table: dict[int, Any], kept: Kept) -> Any:
    """Send a value as the agent does, objects of subclasses with their number, and receive it."""

    def keep(item: Any) -> int | None:
        if type(item) in (list, tuple, dict, np.ndarray):
            return None
        table[len(table)] = item
        return len(table) - 1

    return unpack(pack(value, keep=keep), kept=kept.remember)


def back(value: Any, table: dict[int, Any], kept: Kept) -> Any:
    """Send a value as the examiner does, and receive it as the agent does."""
    return unpack(pack(value, keep=kept.number), kept=lambda _, reference: table[reference.id])


@pytest.mark.parametrize(
    "thing",
    [Params(a=1), Params(), Params(a=np.ones(2)), np.ones((2, 2)).view(type("Matrix", (np.ndarray,), {}))],
    ids=["dict", "empty dict", "dict of arrays", "array"],
)
def test_an_object_of_a_subclass_comes_as_a_plain_value_and_returns_as_itself(thing: Any) -> None:
    table: dict[int, Any] = {}
    kept = Kept()
    received = crossing([thing], table, kept)[0]
    assert type(received) in (dict, np.ndarray)
    assert back([received, 1], table, kept)[0] is thing
    kept.clear()
    assert back(received, table, kept) is not thing


def test_a_changed_value_stands_for_itself() -> None:
    table: dict[int, Any] = {}
    kept = Kept()
    received = crossing(Params(a=np.ones(2)), table, kept)
    received["a"][0] = 5
    assert type(back(received, table, kept)) is dict


def test_a_copy_with_arrays_stands_for_the_object_and_other_equal_values_for_themselves() -> None:
    table: dict[int, Any] = {}
    kept = Kept()
    cache, empty, array = Params(a=np.ones(2)), Params(), np.ones(2).view(type("Matrix", (np.ndarray,), {}))
    crossing((cache, empty, array), table, kept)
    assert back({"a": np.ones(2)}, table, kept) is cache
    assert back({}, table, kept) is not empty
    assert type(back(np.ones(2), table, kept)) is np.ndarray


def test_without_anybody_who_keeps_values_are_plain() -> None:
    frames = pack(Params(a=1), keep=lambda value: 7)
    assert frames == [b'{"k":[7,{"d":[["a",1]]}]}']
    assert same(unpack(frames), {"a": 1})


def test_only_so_many_objects_are_kept() -> None:
    limits = Limits(kept=2)
    frames = pack(
        [Params(), Params(), Params()], keep=lambda value: 1 if type(value) is Params else None, limits=limits
    )
    assert frames[0].count(b'"k"') == 2
    assert unpack(frames, limits=limits) == [{}, {}, {}]
    with pytest.raises(CodecError, match="too many objects"):
        unpack([b'[{"k":[1,[]]},{"k":[1,[]]},{"k":[1,[]]}]'], limits=limits)


def test_a_key_of_a_dict_is_never_kept() -> None:
    pair = type("Pair", (tuple,), {})((1, 2))
    frames = pack({pair: 3}, keep=lambda value: 1 if type(value) is not dict else None)
    assert unpack(frames, kept=lambda value, reference: None) == {(1, 2): 3}
    received = unpack([b'{"d": [[{"k": [1, {"t": [1]}]}, 2]]}'], kept=lambda value, reference: [])
    assert received == {(1,): 2}


@pytest.mark.parametrize(
    "content",
    ["[1]", "[-1, []]", "[true, []]", "[1, 5]", '[1, {"k": [1, []]}]', "[1, {}]", '[1, {"n": "nan"}]', "null"],
)
def test_kept_values_are_checked(content: str) -> None:
    with pytest.raises(CodecError):
        unpack([f'{{"k": {content}}}'.encode()])


# -------------------------------------------------------------------- what a hostile kernel sends

json_trees = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2**64), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from([*"nictdasyTgrok", "id", "name", "methods"]), inner, max_size=2),
        st.tuples(st.sampled_from(list("nictdasyTgrok")), inner).map(lambda pair: {pair[0]: pair[1]}),
    ),
    max_leaves=20,
)
headers = st.tuples(
    st.one_of(st.sampled_from(["f8", "b1", "O", "|O", "V8", "M8[D]", "f8,f8", "S5", ">f8"]), st.text(max_size=3)),
    st.integers(-2, 3),
    st.lists(st.one_of(st.integers(-3, 4), st.integers(2**31, 2**70), st.floats(), st.booleans()), max_size=40),
).map(lambda header: {"a": list(header)})


@given(st.lists(st.binary(max_size=60), max_size=4))
@settings(max_examples=CASES, deadline=None)
def test_arbitrary_bytes_give_a_value_or_the_codecs_own_error(frames: list[bytes]) -> None:
    _unpack_or_refuse(frames)


@given(st.one_of(json_trees, headers), st.lists(st.binary(max_size=40), max_size=3))
@settings(max_examples=CASES, deadline=None)
def test_arbitrary_trees_give_a_value_or_the_codecs_own_error(tree: Any, buffers: list[bytes]) -> None:
    _unpack_or_refuse([json.dumps(tree).encode(), *buffers])


@pytest.mark.long
@given(st.one_of(json_trees, headers), st.lists(st.binary(max_size=40), max_size=3))
@settings(max_examples=MANY_CASES, deadline=None)
def test_very_many_trees_give_a_value_or_the_codecs_own_error(tree: Any, buffers: list[bytes]) -> None:
    _unpack_or_refuse([json.dumps(tree).encode(), *buffers])


@pytest.mark.parametrize("tag", list("nictdasyTgrok"))
@pytest.mark.parametrize("content", [None, 0, "x", [], {}, [None, None], ["PCG64", None], ["MT19937", []], [1, [2]]])
def test_every_tag_is_checked(tag: str, content: Any) -> None:
    _unpack_or_refuse([json.dumps({tag: content}).encode()])


@given(values, st.data())
@settings(max_examples=CASES, deadline=None)
def test_a_damaged_message_gives_a_value_or_the_codecs_own_error(value: Any, data: st.DataObject) -> None:
    frames = pack(value)
    index = data.draw(st.integers(0, len(frames) - 1))
    place = data.draw(st.integers(0, len(frames[index])))
    frames[index] = frames[index][:place] + data.draw(st.binary(max_size=3)) + frames[index][place + 1 :]
    _unpack_or_refuse(frames)


@given(generators, st.sampled_from(["key", "pos", "buffer_pos", "has_uint32", "state"]), json_trees)
@settings(max_examples=CASES, deadline=None)
def test_the_state_of_a_generator_is_checked(generator: Any, field: str, content: Any) -> None:
    frames = pack(generator)
    tree = json.loads(frames[0])
    for pairs in (tree["g"][1]["d"], tree["g"][1]["d"][0][1]["d"]):
        for pair in pairs:
            if pair[0] == field:
                pair[1] = content
    _unpack_or_refuse([json.dumps(tree).encode(), *frames[1:]])


def _unpack_or_refuse(frames: list[bytes]) -> None:
    try:
        value = unpack(frames)
    except CodecError:
        return
    _assert_exact(value)
    repr(value).encode()


def _assert_exact(value: Any) -> None:
    allowed = (type(None), bool, int, float, complex, str, list, tuple, dict, np.ndarray, Reference)
    others = (np.generic, np.dtype, np.random.Generator, np.random.RandomState)
    assert type(value) in allowed or isinstance(value, others) or value in codec.TYPES.values()
    for item in value if isinstance(value, list | tuple) else value.values() if isinstance(value, dict) else ():
        _assert_exact(item)


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b""],
        [b"[" * 100_000],
        [b'{"t":' * 60 + b"[]" + b"}" * 60],
        [b"NaN"],
        [b"1e999"],
        [b"9" * 21],
        [b"9" * 5000],
        [b'{"i": "' + b"9" * 5000 + b'"}'],
        [b'{"a": ["O", 0, [1]]}', bytes(8)],
        [b'{"a": ["f8", 0, [4611686018427387904, 0, 4]]}', b""],
        [b'{"a": ["f8", 0, [100000000000000000, 0]]}', b""],
        [b'{"a": ["f8", 0, [-1]]}', bytes(8)],
        [b'{"a": ["f8", 0, [true]]}', bytes(8)],
        [b'{"a": ["f8", 5, [1]]}', bytes(8)],
        [b'{"d": [[[1], 2]]}'],
        [b'{"d": [[1, 2], [1, 3]]}'],
        [b'{"o": {"id": -1, "name": "x", "methods": []}}'],
        [b'{"o": {"id": 1, "name": "a.b", "methods": []}}'],
        [b'{"o": {"id": 1, "name": "<script>", "methods": []}}'],
        [b'"\\ud800"'],
        [b"[" + b"1," * 200_000 + b"1]"],
        [b"[" + b",".join([b'{"a": ["f8", 0, [1000000]]}'] * 100) + b"]", bytes(8_000_000)],
        [b'{"T": "eval"}'],
        [
            b'{"g": ["MT19937", {"d": [["state", {"d": [["key", {"a": ["u4", 0, [624]]}], ["pos", 999]]}]]}]}',
            bytes(2496),
        ],
    ],
    ids=range(25),
)
def test_known_attacks_are_refused(frames: list[bytes]) -> None:
    with pytest.raises(CodecError):
        unpack(frames)


def test_a_bool_is_made_of_zeros_and_ones() -> None:
    received = unpack([b'{"a": ["b1", 0, [3]]}', bytes([0, 7, 255])])
    assert received.tolist() == [False, True, True]
    assert received.view(np.uint8).tolist() == [0, 1, 1]


def test_limits_can_be_set() -> None:
    with pytest.raises(CodecError):
        unpack(pack(np.zeros(100)), limits=Limits(bytes=100))
    assert math.isnan(unpack(pack(math.nan)))
