"""Plain values as JSON and raw buffers: all that ever enters or leaves the sandbox.

`pack` gives a list of byte strings: the first is JSON, the others are the arrays' bytes.
`unpack` turns such a list back into a value, or raises `CodecError`; it never runs anything that the
bytes ask for.  The one module is used on both sides, and only `unpack` as the examiner
uses it is trusted: whatever a hostile kernel sends, it ends in a value made of exact built-in and
NumPy types, or in `CodecError`.

What JSON knows (null, true, numbers, text, lists) stands for itself; everything else is a JSON object
with one key, its *tag*:

====  =================================  ====================================
tag   content                            value
====  =================================  ====================================
n     "nan", "inf", "-inf"               float that JSON does not know
i     decimal digits                     int too large for JSON's readers
c     [real, imaginary]                  complex
t     list                               tuple
d     list of [key, value]               dict
a     [dtype, shape, buffer]             ndarray
s     [dtype, buffer]                    NumPy scalar
y     name                               dtype
T     name                               type: ``float``, ``numpy.float32``, …
g     [bit generator, state]             numpy.random.Generator
r     [bit generator, state]             numpy.random.RandomState
o     {"id", "name", "methods"}          `Reference`: an object that stays where it is
k     [id, value]                        list, tuple, dict or ndarray that an object of a subclass is sent as
====  =================================  ====================================

An object of a *subclass* of list, tuple, dict or ndarray (a NamedTuple, a defaultdict, a matrix) crosses
as the plain value that it extends, together with its number in the sandbox's table.  Who sends the value
back sends the number, too, and the sandbox puts its own object in the value's place.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["LIMITS", "REQUEST_LIMITS", "CodecError", "Kept", "Limits", "Reference", "pack", "unpack"]


class CodecError(Exception):
    """A value cannot be passed to or from the sandbox, or the bytes received are not a value."""


@dataclass(frozen=True)
class Limits:
    """How much one message may hold."""

    bytes: int = 64 * 2**20  # JSON and buffers together
    json_bytes: int = 4 * 2**20
    items: int = 100_000  # values of all kinds, nested ones included
    keys: int = 4_096  # of one dict: equal hashes make a large one slow
    depth: int = 40
    text: int = 1_000_000  # characters of one string
    digits: int = 2_000  # of one int
    kept: int = 1_000  # values with the number of an object


LIMITS = Limits()
"""Of what comes out of a sandbox."""
REQUEST_LIMITS = Limits(bytes=2**28, items=10**6, json_bytes=2**26)
"""Of the examiner's own requests: data sets are sent."""


@dataclass(frozen=True)
class Reference:
    """An object that stays where it is: by number, or (``id`` None) a name of the notebook.

    Attributes
    ----------
    id : int or None
        Its number in the sandbox's table.
    name : str
        The name of the notebook, or of the object's type.
    methods : tuple of str
        Names of attributes that can be called.
    """

    id: int | None
    name: str
    methods: tuple[str, ...] = ()


# "<" is this format's byte order; the sizes are NumPy's.
DTYPES = {
    f"{kind}{size}": np.dtype(f"{'<' if size > 1 else '|'}{kind}{size}")
    for kind, sizes in {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8), "c": (8, 16)}.items()
    for size in sizes
}
_LONG = np.dtype(np.longdouble)
DTYPES[f"f{_LONG.itemsize}"] = _LONG
DTYPES[f"c{2 * _LONG.itemsize}"] = np.dtype(np.clongdouble)
NAMES = {dtype: name for name, dtype in DTYPES.items()}
TYPES: dict[str, type] = {
    **{kind.__name__: kind for kind in (bool, int, float, complex, str, list, tuple, dict)},
    **{f"numpy.{name}": dtype.type for name, dtype in DTYPES.items()},
    "numpy.floating": np.floating,
    "numpy.integer": np.integer,
    "numpy.ndarray": np.ndarray,
}
TYPE_NAMES = {kind: name for name, kind in TYPES.items()}
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_IDENTIFIER = re.compile(r"[^\W\d]\w{0,99}")
_SAFE_INT = 2**53
_MAX_ID = 2**53
_KEPT = (list, tuple, dict, np.ndarray)
_NATIVE = {dtype: dtype.newbyteorder("=") for dtype in NAMES}


# ------------------------------------------------------------------------------------ packing
# Nearly all keys are texts: both methods `_key` have a fast path for them.

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)


def pack(
    value: Any,
    refer: Callable[[Any], Reference] | None = None,
    limits: Limits = LIMITS,
    keep: Callable[[Any], int | None] | None = None,
) -> list[bytes]:
    """Turn a value into JSON and buffers.

    Parameters
    ----------
    value : object
        Plain values, nested as you like; instances of subclasses of them go as what they extend.
    refer : callable, optional
        Gives the `Reference` of a value that is not plain, or raises `CodecError`.
    limits : Limits
        How much it may hold.
    keep : callable, optional
        Gives the number of the object that a list, tuple, dict or array stands for, None for all others.

    Returns
    -------
    list of bytes
        JSON first, then the buffers that it counts from 0.

    Raises
    ------
    CodecError
        It is not plain, or too large.
    """
    packer = _Packer(refer or _refuse, limits, keep)
    try:
        tree = packer.tree(value, 0)
    except RecursionError:
        raise CodecError("the value is nested too deeply") from None
    head = _ENCODER.encode(tree).encode()
    if len(head) > limits.json_bytes or len(head) + packer.size > limits.bytes:
        raise CodecError(f"the value takes more than {limits.bytes >> 20} MiB")
    return [head, *packer.buffers]


def _refuse(value: Any) -> Reference:
    raise CodecError(f"values of type {type(value).__name__} cannot be passed")


class _Packer:
    """The state of one `pack`: buffers so far, and how much has been used of the limits."""

    def __init__(
        self, refer: Callable[[Any], Reference], limits: Limits, keep: Callable[[Any], int | None] | None = None
    ) -> None:
        self.refer, self.limits, self.keep = refer, limits, keep
        self.buffers: list[bytes] = []
        self.size = self.items = self.kept = 0

    def tree(self, value: Any, depth: int) -> Any:
        """The value as what JSON can hold."""
        self.items += 1
        if self.items > self.limits.items or depth > self.limits.depth:
            raise CodecError("the value has too many parts, or is nested too deeply")
        try:
            method = _BY_TYPE.get(type(value))
        except TypeError:  # a class of the student's may have no hash
            method = None
        method = method or _packer_of(value)
        if method is None:
            return self._reference(value)
        if self.keep is None or method not in _KEPT_PACKERS:
            return method(self, value, depth)
        number = self._number(value)
        self.items += number is not None
        tree = method(self, value, depth)
        by_reference = isinstance(tree, dict) and "o" in tree
        return tree if number is None or by_reference else {"k": [number, tree]}

    def _number(self, value: Any) -> int | None:
        if self.keep is None or self.kept >= self.limits.kept:
            return None
        number = self.keep(value)
        self.kept += number is not None
        return number

    def _reference(self, value: Any) -> Any:
        reference = self.refer(value)
        return {"o": {"id": reference.id, "name": reference.name, "methods": list(reference.methods)}}

    def pack_none(self, value: None, depth: int) -> None:
        return None

    def pack_bool(self, value: bool, depth: int) -> bool:
        return bool(value)

    def pack_int(self, value: int, depth: int) -> Any:
        value = int(value)
        if abs(value) <= _SAFE_INT:
            return value
        if value.bit_length() > 3 * self.limits.digits:
            raise CodecError("the whole number is too long")
        return {"i": str(value)}

    def pack_float(self, value: float, depth: int) -> Any:
        value = float(value)
        return value if math.isfinite(value) else {"n": str(value)}

    def pack_complex(self, value: complex, depth: int) -> Any:
        return {"c": [self.pack_float(value.real, depth), self.pack_float(value.imag, depth)]}

    def pack_str(self, value: str, depth: int) -> str:
        if len(value) > self.limits.text:
            raise CodecError("the text is too long")
        return str.__str__(value)

    def pack_list(self, value: list[Any], depth: int) -> Any:
        return [self.tree(item, depth + 1) for item in list.__iter__(value)]

    def pack_tuple(self, value: tuple[Any, ...], depth: int) -> Any:
        return {"t": [self.tree(item, depth + 1) for item in tuple.__iter__(value)]}

    def pack_dict(self, value: dict[Any, Any], depth: int) -> Any:
        if len(value) > self.limits.keys:
            raise CodecError("the dict has too many keys")
        pairs = list(dict.items(value))
        return {"d": [[self._key(k, depth + 1), self.tree(v, depth + 1)] for k, v in pairs]}

    def _key(self, value: Any, depth: int) -> Any:
        if type(value) is str:
            self.items += 1
            return self.pack_str(value, depth)
        keep, self.keep = self.keep, None  # a key is its value, whatever its type is called
        try:
            return self.tree(value, depth)
        finally:
            self.keep = keep

    def pack_array(self, value: np.ndarray, depth: int) -> Any:
        array = np.asarray(value)
        if depth and array.dtype.kind in "OV":  # part of a cache: only what is given back by itself must be plain
            return self._reference(value)
        return {"a": [*self._raw(array), list(array.shape)]}

    def pack_scalar(self, value: np.generic, depth: int) -> Any:
        return {"s": self._raw(np.asarray(value))}

    def _raw(self, array: np.ndarray) -> list[Any]:
        dtype = array.dtype
        name = NAMES.get(dtype)
        if name is None and dtype.kind in "biufc":
            dtype = dtype.newbyteorder("<")
            name = NAMES.get(dtype)
        if name is None:
            raise CodecError(f"arrays of dtype {str(array.dtype)[:100]} cannot be passed")
        self.size += array.nbytes
        if self.size > self.limits.bytes:
            raise CodecError(f"the value takes more than {self.limits.bytes >> 20} MiB")
        self.buffers.append(array.astype(dtype, copy=False).tobytes())
        return [name, len(self.buffers) - 1]

    def pack_dtype(self, value: np.dtype, depth: int) -> Any:
        name = NAMES.get(value.newbyteorder("<") if value.kind in "biufc" else value)
        if name is None:
            raise CodecError(f"the dtype {str(value)[:100]} cannot be passed")
        return {"y": name}

    def pack_type(self, value: type, depth: int) -> Any:
        name = TYPE_NAMES.get(value)
        if name is not None:
            return {"T": name}
        return self._reference(value)

    def pack_generator(self, value: np.random.Generator, depth: int) -> Any:
        return {"g": self._bits(value.bit_generator.state, depth)}

    def pack_random_state(self, value: np.random.RandomState, depth: int) -> Any:
        return {"r": self._bits(value.get_state(legacy=False), depth)}

    def _bits(self, state: Any, depth: int) -> list[Any]:
        name = state.get("bit_generator")
        if name not in _STATES:
            raise CodecError(f"a generator of random numbers over {name!r} cannot be passed")
        return [name, self.tree({k: v for k, v in state.items() if k != "bit_generator"}, depth + 1)]


_PACKERS: tuple[tuple[Any, Callable[..., Any]], ...] = (
    (type(None), _Packer.pack_none),
    (np.ndarray, _Packer.pack_array),
    (np.generic, _Packer.pack_scalar),  # before float: np.float64 is one
    (bool, _Packer.pack_bool),
    (int, _Packer.pack_int),
    (float, _Packer.pack_float),
    (complex, _Packer.pack_complex),
    (str, _Packer.pack_str),
    (list, _Packer.pack_list),
    (tuple, _Packer.pack_tuple),
    (dict, _Packer.pack_dict),
    (np.dtype, _Packer.pack_dtype),
    (type, _Packer.pack_type),
    (np.random.Generator, _Packer.pack_generator),
    (np.random.RandomState, _Packer.pack_random_state),
)
_BY_TYPE: dict[type, Callable[..., Any]] = dict(_PACKERS)
_KEPT_PACKERS = {_BY_TYPE[kind] for kind in _KEPT}


def _packer_of(value: Any) -> Callable[..., Any] | None:
    """How an instance of a subclass is packed: as the first type in the table that it is an instance of."""
    return next((method for kinds, method in _PACKERS if isinstance(value, kinds)), None)


# ---------------------------------------------------------------------------------- unpacking


def unpack(
    frames: Sequence[bytes],
    resolve: Callable[[Reference], Any] | None = None,
    limits: Limits = LIMITS,
    kept: Callable[[Any, Reference], Any] | None = None,
) -> Any:
    """Turn JSON and buffers back into a value, trusting nothing.

    Parameters
    ----------
    frames : sequence of bytes
        JSON first, then the buffers.
    resolve : callable, optional
        Gives the object that a `Reference` stands for; by default the reference itself.
    limits : Limits
        How much it may hold.
    kept : callable, optional
        Called with a list, tuple, dict or array and the `Reference` of the object that it stands for;
        what it returns takes the value's place. By default the value stays.

    Returns
    -------
    object
        Made of exact built-in and NumPy types, and of what `resolve` and `kept` give.

    Raises
    ------
    CodecError
        It is anything but what `pack` makes, or too large.
    """
    if not frames or len(frames[0]) > limits.json_bytes or sum(map(len, frames)) > limits.bytes:
        raise CodecError("the message is empty or too large")
    try:
        tree = _DECODER.decode(bytes(frames[0]).decode())
        return _Unpacker(frames[1:], resolve or (lambda reference: reference), limits, kept).value(tree, 0)
    except CodecError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        raise CodecError(f"the message is damaged ({type(error).__name__})") from None


def _no_constant(name: str) -> Any:
    raise CodecError(f"the message holds {name[:20]}")


def _small_int(digits: str) -> int:
    if len(digits) > 20:
        raise CodecError("the message holds a number that is too long")
    return int(digits)


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_int=_small_int)


def _need(condition: bool, what: str) -> None:
    if not condition:
        raise CodecError(f"the message is damaged ({what})")


class _Unpacker:
    """The state of one `unpack`: the buffers, and how many values have been made."""

    def __init__(
        self,
        buffers: Sequence[bytes],
        resolve: Callable[[Reference], Any],
        limits: Limits,
        kept: Callable[[Any, Reference], Any] | None = None,
    ) -> None:
        self.buffers, self.resolve, self.limits, self.kept = buffers, resolve, limits, kept
        self.items = self.size = self.numbers = 0

    def value(self, tree: Any, depth: int) -> Any:
        """The value that a piece of JSON stands for."""
        self.items += 1
        if self.items > self.limits.items or depth > self.limits.depth:
            raise CodecError("the message is damaged (too many parts, or nested too deeply)")
        kind = type(tree)  # JSON's readers make no others
        if kind is str:
            return self._text(tree)
        if kind is list:
            return [self.value(item, depth + 1) for item in tree]
        if kind is int or tree is None or kind is bool:
            return tree
        if kind is float:
            _need(math.isfinite(tree), "a number that is not finite")
            return tree
        _need(len(tree) == 1, "not one tag")
        [(tag, content)] = tree.items()
        method = _UNPACKERS.get(tag)
        if method is None:
            raise CodecError("the message is damaged (unknown tag)")
        return method(self, content, depth)

    def _text(self, text: str) -> str:
        if len(text) > self.limits.text:
            raise CodecError("the message is damaged (text too long)")
        if not text.isascii():
            text.encode()  # half a surrogate pair is not text: printing it fails
        return text

    def read_not_finite(self, content: Any, depth: int) -> float:
        return _NOT_FINITE[content]

    def read_int(self, content: Any, depth: int) -> int:
        _need(isinstance(content, str) and len(content) <= self.limits.digits, "digits")
        _need(re.fullmatch(r"-?[0-9]+", content) is not None, "digits")
        return int(content)

    def read_complex(self, content: Any, depth: int) -> complex:
        real, imaginary = (self.value(part, depth + 1) for part in _list(content, 2))
        _need(isinstance(real, float) and isinstance(imaginary, float), "complex")
        return complex(real, imaginary)

    def read_tuple(self, content: Any, depth: int) -> tuple[Any, ...]:
        return tuple([self.value(item, depth + 1) for item in _list(content)])

    def read_dict(self, content: Any, depth: int) -> dict[Any, Any]:
        _need(len(_list(content)) <= self.limits.keys, "too many keys")
        made = {}
        for pair in content:
            key, item = _list(pair, 2)
            made[self._key(key, depth + 1)] = self.value(item, depth + 1)
        _need(len(made) == len(content), "a key twice")
        return made

    def _key(self, tree: Any, depth: int) -> Any:
        if type(tree) is str:
            self.items += 1
            return self._text(tree)
        kept, self.kept = self.kept, None
        key = self.value(tree, depth)
        self.kept = kept
        _need(key is None or type(key) in (bool, int, float, str, tuple), "a key of this type")
        hash(key)
        return key

    def read_array(self, content: Any, depth: int) -> np.ndarray:
        name, buffer, shape = _list(content, 3)
        _need(len(_list(shape)) <= 32, "a shape")
        dtype, data = DTYPES[name], self._buffer(buffer)
        count = rows = 1
        for n in shape:
            _need(type(n) is int and n >= 0, "a shape")
            count, rows = count * n, rows * (n or 1)
        # An array of no bytes may still have rows without end, which a test would go through one by one.
        _need(rows <= self.limits.bytes, "a shape")
        _need(count * dtype.itemsize == len(data), "a shape that does not fit its bytes")
        return _numbers(data, dtype).reshape(shape)

    def read_scalar(self, content: Any, depth: int) -> Any:
        name, buffer = _list(content, 2)
        dtype, data = DTYPES[name], self._buffer(buffer)
        _need(dtype.itemsize == len(data), "a scalar that does not fit its bytes")
        return _numbers(data, dtype)[0]

    def _buffer(self, index: Any) -> bytes:
        _need(type(index) is int and 0 <= index < len(self.buffers), "a buffer's number")
        # Counted per use: one buffer named a thousand times would be a thousand arrays.
        self.size += len(self.buffers[index])
        _need(self.size <= self.limits.bytes, "too large")
        return bytes(self.buffers[index])

    def read_dtype(self, content: Any, depth: int) -> np.dtype:
        return DTYPES[content]

    def read_type(self, content: Any, depth: int) -> type:
        return TYPES[content]

    def read_generator(self, content: Any, depth: int) -> np.random.Generator:
        return np.random.Generator(self._bits(content, depth))

    def read_random_state(self, content: Any, depth: int) -> np.random.RandomState:
        name, state = _list(content, 2)
        state = self.value(state, depth + 1)
        _need(isinstance(state, dict), "a random state")
        extra = {key: state.pop(key) for key in ("has_gauss", "gauss")}
        _need(extra["has_gauss"] in (0, 1) and type(extra["gauss"]) is float, "a random state")
        made = np.random.RandomState(_bit_generator(name, state))
        made.set_state({"bit_generator": name, **state, **extra})
        return made

    def _bits(self, content: Any, depth: int) -> np.random.BitGenerator:
        name, state = _list(content, 2)
        return _bit_generator(name, self.value(state, depth + 1))

    def read_reference(self, content: Any, depth: int) -> Any:
        _need(isinstance(content, dict) and set(content) == {"id", "name", "methods"}, "a reference")
        number, name, methods = content["id"], content["name"], _list(content["methods"])
        _need(number is None or (type(number) is int and 0 <= number < _MAX_ID), "a reference's number")
        names = [name, *methods]
        _need(len(names) <= 200 and all(isinstance(n, str) for n in names), "a reference's names")
        _need(all(_IDENTIFIER.fullmatch(n) for n in names), "a reference's names")
        return self.resolve(Reference(number, name, tuple(methods)))

    def read_kept(self, content: Any, depth: int) -> Any:
        number, tree = _list(content, 2)
        _need(type(number) is int and 0 <= number < _MAX_ID, "a reference's number")
        self.numbers += 1
        _need(self.numbers <= self.limits.kept, "too many objects")
        _need(isinstance(tree, list) or (isinstance(tree, dict) and set(tree) <= set("tda")), "an object of this type")
        value = self.value(tree, depth)
        return value if self.kept is None else self.kept(value, Reference(number, type(value).__name__))


_UNPACKERS: dict[str, Callable[[_Unpacker, Any, int], Any]] = {
    "n": _Unpacker.read_not_finite,
    "i": _Unpacker.read_int,
    "c": _Unpacker.read_complex,
    "t": _Unpacker.read_tuple,
    "d": _Unpacker.read_dict,
    "a": _Unpacker.read_array,
    "s": _Unpacker.read_scalar,
    "y": _Unpacker.read_dtype,
    "T": _Unpacker.read_type,
    "g": _Unpacker.read_generator,
    "r": _Unpacker.read_random_state,
    "o": _Unpacker.read_reference,
    "k": _Unpacker.read_kept,
}


class Kept:
    """Which objects of the sandbox plain values stand for: `remember` is for `unpack`, `number` for `pack`.

    A value stands for its object as long as its content is what came.  So does a copy of a list, tuple or
    dict that holds arrays, for tests give caches away as copies; any other equal value stands for itself.
    To be cleared when the sandbox's table is: with the kernel, and with the test cell.

    Parameters
    ----------
    refer : callable, optional
        As for `pack`: gives the `Reference` of what is not plain in a value.
    """

    def __init__(self, refer: Callable[[Any], Reference] | None = None) -> None:
        self._refer = refer
        self._values: dict[int, tuple[Any, bytes, int]] = {}  # by id, with the value so that the id stays its own
        self._copies: dict[bytes, int] = {}  # by content

    def __repr__(self) -> str:
        return f"<Kept: {len(self._values)} values>"

    def clear(self) -> None:
        """Forget all of them."""
        self._values.clear()
        self._copies.clear()

    def remember(self, value: Any, reference: Reference) -> Any:
        """Note which object a value stands for, and give the value."""
        content, has_arrays = self._content(value)
        if content and reference.id is not None:
            self._values[id(value)] = value, content, reference.id
            if has_arrays and not isinstance(value, np.ndarray):
                self._copies[content] = reference.id
        return value

    def number(self, value: Any) -> int | None:
        """Give the number of the object that a value stands for, None where it stands for itself."""
        if not self._values:
            return None
        content, _ = self._content(value)
        itself, original, number = self._values.get(id(value), (None, b"", 0))
        if itself is value and original == content:
            return number
        return self._copies.get(content)

    def _content(self, value: Any) -> tuple[bytes, bool]:
        """A value's digest, empty where it cannot cross, and whether there are arrays in it."""
        digest = hashlib.blake2b()
        try:
            frames = pack(value, self._refer, REQUEST_LIMITS)
        except CodecError:
            return b"", False
        for frame in frames:
            digest.update(len(frame).to_bytes(8, "big") + frame)
        return digest.digest(), len(frames) > 1


def _list(content: Any, length: int | None = None) -> list[Any]:
    if type(content) is not list or (length is not None and len(content) != length):
        raise CodecError("the message is damaged (a list is missing)")
    return content


def _numbers(data: bytes, dtype: np.dtype) -> np.ndarray:
    """Bytes as an array of its own memory; a byte that is neither 0 nor 1 is no NumPy bool."""
    if dtype.kind == "b":
        truth: np.ndarray = np.frombuffer(data, np.uint8) != 0
        return truth
    array: np.ndarray = np.frombuffer(data, dtype).astype(_NATIVE[dtype])
    return array


# --------------------------------------------------------------------- states of random numbers
# NumPy does not check a state that it is given: a position beyond the end would read foreign memory.


def _words(count: int, dtype: Any = np.uint64) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        return isinstance(value, np.ndarray) and value.dtype == dtype and value.shape == (count,)

    return check


def _below(bound: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and 0 <= value < bound


_SPARE = {"has_uint32": _below(2), "uinteger": _below(2**32)}
_PCG = {"state": {"state": _below(2**128), "inc": _below(2**128)}, **_SPARE}
_STATES: dict[str, dict[str, Any]] = {
    "PCG64": _PCG,
    "PCG64DXSM": _PCG,
    "MT19937": {"state": {"key": _words(624, np.uint32), "pos": _below(625)}},
    "Philox": {
        "state": {"counter": _words(4), "key": _words(2)},
        "buffer": _words(4),
        "buffer_pos": _below(5),
        **_SPARE,
    },
    "SFC64": {"state": {"state": _words(4)}, **_SPARE},
}


def _bit_generator(name: Any, state: Any) -> np.random.BitGenerator:
    _need(name in _STATES and _fits(state, _STATES[name]), "the state of a random generator")
    made: np.random.BitGenerator = getattr(np.random, name)(0)
    made.state = {"bit_generator": name, **state}
    return made


def _fits(value: Any, schema: Any) -> bool:
    if not isinstance(schema, dict):
        return bool(schema(value))
    if not isinstance(value, dict) or set(value) != set(schema):
        return False
    return all(_fits(value[key], check) for key, check in schema.items())
