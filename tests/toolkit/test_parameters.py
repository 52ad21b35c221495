"""Files of trained parameters: valid ones load unchanged, all others are refused with a reason."""

import errno
import io
import itertools
import os
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit import parameters
from toolkit.parameters import Parameters, ParametersError, load_parameters, save_parameters

QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def network(dims=(8, 5, 3, 1), dtype=np.float32, data_set="california_housing"):
    rng = np.random.default_rng(0)
    params = {}
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(dims), start=1):
        params[f"W{layer}"] = rng.standard_normal((inputs, outputs)).astype(dtype)
        params[f"b{layer}"] = rng.standard_normal(outputs).astype(dtype)
    mean, std = rng.standard_normal(dims[0]), rng.uniform(1, 2, dims[0])
    return {"params": params, "data_set": data_set, "mean": mean, "std": std}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "housing_parameters.npz"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    file = tmp_path_factory.mktemp("saved") / "good.npz"
    return save_parameters(file, **network()).read_bytes()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def members():
    good = network()
    arrays = good["params"] | {"mean": good["mean"], "std": good["std"]}
    arrays["data_set"] = np.array(good["data_set"])
    return {f"{name}.npy": npy(array) for name, array in arrays.items()}


def write_zip(path, contents, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def refused(path, what):
    with pytest.raises(ParametersError, match=what) as caught:
        load_parameters(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert message.endswith("train and save it again.")
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dims", [(8, 1), (8, 5, 3, 1), (8, *[2] * 11, 1)])
def test_what_is_saved_comes_back(path, dims, dtype):
    original = network(dims, dtype)
    assert save_parameters(path, **original) == path
    loaded = load_parameters(str(path))
    assert list(loaded.params) == list(original["params"])
    for name, w in original["params"].items():
        np.testing.assert_array_equal(loaded.params[name], w, strict=True)
    np.testing.assert_array_equal(loaded.mean, original["mean"], strict=True)
    np.testing.assert_array_equal(loaded.std, original["std"], strict=True)
    assert loaded.data_set == "california_housing"


def test_arrays_in_fortran_order(path):
    original = network()
    original["params"]["W2"] = np.asfortranarray(original["params"]["W2"])
    save_parameters(path, **original)
    np.testing.assert_array_equal(load_parameters(path).params["W2"], original["params"]["W2"])


def test_repr(path):
    save_parameters(path, **network())
    assert repr(load_parameters(path)) == "Parameters(california_housing: 8 -> 5 -> 3 -> 1, float32)"


def test_the_file_is_a_plain_npz(path):
    save_parameters(path, **network())
    with np.load(path, allow_pickle=False) as arrays:
        assert set(arrays) == {"W1", "b1", "W2", "b2", "W3", "b3", "mean", "std", "data_set"}


# Each defect changes a good network; saving and loading must both refuse it, in the same words.
DEFECTS = {
    "unknown data set": ({"data_set": "cifar"}, "data set is 'cifar', not one of mnist"),
    "another data set's width": ({"data_set": "diabetes"}, r"W1 has shape \(8, 5\), not \(10, 5\)"),
    "classes for a regression": ({"W3": np.ones((3, 10)), "b3": np.ones(10)}, r"W3 .*not \(3, 1\)"),
    "layers that do not chain": ({"W2": np.ones((6, 3))}, r"W2 has shape \(6, 3\), not \(5, 3\)"),
    "bias with two axes": ({"b2": np.ones((1, 3))}, r"b2 has shape \(1, 3\), not \(3,\)"),
    "weights with one axis": ({"W1": np.ones(5)}, r"W1 has shape \(5,\)"),
    "a layer left out": ({"W2": None, "b2": None}, "must contain mean, std, W1, b1"),
    "a bias left out": ({"b3": None}, "must contain mean, std, W1, b1"),
    "no layer": (dict.fromkeys(["W1", "b1", "W2", "b2", "W3", "b3"]), "must contain mean, std, W1"),
    "integers": ({"b1": np.ones(5, int)}, "b1 is int64, not float32 or float64"),
    "half precision": ({"b1": np.ones(5, np.float16)}, "b1 "),
    "complex": ({"b1": np.ones(5, complex)}, "b1 "),
    "objects": ({"b1": np.array([None] * 5)}, "b1 "),
    "not a number": ({"W1": np.full((8, 5), np.nan)}, "W1 contains values that are not finite"),
    "infinite mean": ({"mean": np.full(8, np.inf)}, "mean contains values that are not finite"),
    "mean with two axes": ({"mean": np.ones((1, 8))}, r"mean has shape \(1, 8\), not \(8,\)"),
    "constant feature": ({"std": np.array([1.0] * 7 + [0])}, "std is not positive .*set it to 1"),
    "negative std": ({"std": -np.ones(8)}, "std is not positive"),
}


@pytest.fixture(params=DEFECTS)
def defect(request):
    return DEFECTS[request.param]


def test_defects_are_not_saved(path, defect):
    change, message = defect
    good = network()
    for name, value in change.items():
        target = good if name in good else good["params"]
        target[name] = value
    good["params"] = {name: w for name, w in good["params"].items() if w is not None}
    with pytest.raises(ParametersError, match=message) as caught:
        save_parameters(path, **good)
    assert str(path) in str(caught.value)
    assert not path.exists()


def test_defects_are_not_loaded(path, defect):
    change, message = defect
    contents = members()
    for name, value in change.items():
        contents.pop(f"{name}.npy")
        if value is not None:
            contents[f"{name}.npy"] = npy(value)
    write_zip(path, contents)
    # the header of an array of another type is refused before its content
    refused(path, rf"{message}|b1\.npy is not a plain array of real numbers")


@pytest.mark.parametrize("missing", ["mean", "std", "data_set", "W1"])
def test_missing_members(path, missing):
    contents = members()
    del contents[f"{missing}.npy"]
    write_zip(path, contents)
    refused(path, "must contain mean|data set is ''")


def test_missing_file(path):
    refused(path, "cannot be read .No such file")


def test_empty_file(path):
    path.write_bytes(b"")
    refused(path, "damaged, or not written by save_parameters")


def test_folder(path):
    path.mkdir()
    refused(path, "regular file|directory")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipe_is_not_waited_for(path):
    os.mkfifo(path)
    refused(path, "not a regular file")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are followed here")
def test_links_are_not_followed(path, saved):
    target = path.with_name("target.npz")
    target.write_bytes(saved)
    path.symlink_to(target)
    refused(path, "cannot be read")


def test_pickles_are_never_loaded(path):
    class Bomb:
        def __reduce__(self):
            return (os.abort, ())

    contents = members()
    contents["W1.npy"] = npy(np.array([Bomb()], dtype=object))
    write_zip(path, contents)
    refused(path, r"W1\.npy is not a plain array")


def test_oversized_file(path):
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse: reading it all would not end
    refused(path, "1000000.0 MB, more than 20 MB")


@pytest.mark.parametrize("name", ["W0", "W01", "W100", "w1", "../W1", "evil", "W1\n"])
def test_foreign_members(path, name):
    write_zip(path, members() | {f"{name}.npy": npy(np.ones(1))})
    refused(path, "which is not the name of a parameter")


def test_a_name_twice(path):
    write_zip(path, members())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("W1.npy", members()["W1.npy"])
    refused(path, r"it contains W1\.npy twice")


def test_compressed_bomb(path):
    zeros = npy(np.zeros((8, 10**6), np.float32))
    write_zip(path, members() | {"W1.npy": zeros}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10**6
    refused(path, "is compressed")


def test_header_that_declares_more_than_there_is(path):
    contents = members()
    shape, huge = b"(8, 5)", b"(800000000, 500000000)"
    header = contents["W1.npy"].replace(shape + b", }" + b" " * 16, huge + b", }")
    assert len(header) == len(contents["W1.npy"])
    write_zip(path, contents | {"W1.npy": header})
    refused(path, r"W1\.npy does not have the size that its header declares")


def test_members_that_share_their_bytes(path):
    """Two central directory entries for one member of 15 MB declare 30 MB."""
    big = npy(np.zeros((8, 470_000), np.float32))
    write_zip(path, {"W1.npy": big, "W2.npy": b"x"})
    with zipfile.ZipFile(path) as archive:
        first, second = archive.infolist()
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    struct.pack_into("<II", content, entry + 20, first.file_size, first.file_size)
    struct.pack_into("<I", content, entry + 42, first.header_offset)
    path.write_bytes(content)
    refused(path, "declare more bytes than the file has")
    assert second.file_size == 1


def test_many_members_are_refused_before_they_are_listed(path, monkeypatch):
    write_zip(path, {f"x{i}": b"" for i in range(100)})
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("opened"))
    refused(path, "more than 64 members")


def test_a_network_too_large_is_not_saved(path):
    path.write_bytes(b"old")
    with pytest.raises(ParametersError, match=r"its arrays take 30.6 MB, more than 20 MB"):
        save_parameters(path, **network((8, 2000, 1900, 1), np.float64))
    assert path.read_bytes() == b"old"


def test_the_largest_network_that_is_saved_can_be_loaded(path, monkeypatch):
    original = network((8, 2000, 2000, 400, 1))
    content = sum(w.nbytes for w in original["params"].values()) + 128
    monkeypatch.setattr(parameters, "_MAX_CONTENT", content)
    save_parameters(path, **original)
    assert path.stat().st_size - content < parameters._MAX_MEMBERS * 512
    assert load_parameters(path).params["W2"].shape == (2000, 2000)


def test_deep_networks_have_room_for_their_headers(path):
    save_parameters(path, **network((8, *[3] * 29, 1)))
    overhead = path.stat().st_size - sum(w.nbytes for w in network((8, *[3] * 29, 1))["params"].values())
    assert overhead < parameters.MAX_BYTES - parameters._MAX_CONTENT
    assert len(load_parameters(path).params) == 60


def test_networks_too_deep_to_be_loaded_are_not_saved(path):
    with pytest.raises(ParametersError, match="more than 30 layers"):
        save_parameters(path, **network((8, *[3] * 30, 1)))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_folder_that_takes_no_file(path, monkeypatch, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    path.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ParametersError, match=rf"{os.strerror(number)}.*writable"):
        save_parameters(path, **network())
    assert os.listdir(path.parent) == [path.name]
    assert path.read_bytes() == b"old"


def test_missing_folder(tmp_path):
    with pytest.raises(ParametersError, match="No such file or directory"):
        save_parameters(tmp_path / "missing" / "p.npz", **network())


# --------------------------------------------------------------------------- any bytes at all


def loads_or_refuses(path, content):
    path.write_bytes(content)
    try:
        result = load_parameters(path)
    except ParametersError as error:
        result = str(error)
        result.encode()
    assert isinstance(result, Parameters) or result.startswith(str(path))


@QUIET
@given(st.binary(max_size=2000))
def test_arbitrary_bytes(path, content):
    loads_or_refuses(path, content)


@QUIET
@given(st.data())
def test_truncated_files(path, saved, data):
    content = saved[: data.draw(st.integers(0, len(saved) - 1))]
    path.write_bytes(content)
    with pytest.raises(ParametersError):
        load_parameters(path)


@QUIET
@given(st.data())
def test_flipped_bits(path, saved, data):
    content = bytearray(saved)
    for bit in data.draw(st.lists(st.integers(0, 8 * len(saved) - 1), min_size=1, max_size=8)):
        content[bit // 8] ^= 1 << bit % 8
    loads_or_refuses(path, bytes(content))


@QUIET
@given(st.data())
def test_flipped_bits_in_the_directory(path, saved, data):
    """The zip's own tables are a small part of the file: flip there on purpose."""
    content, start = bytearray(saved), saved.index(b"PK\x01\x02")
    for bit in data.draw(st.lists(st.integers(8 * start, 8 * len(saved) - 1), min_size=1, max_size=4)):
        content[bit // 8] ^= 1 << bit % 8
    loads_or_refuses(path, bytes(content))


@QUIET
@given(name=st.sampled_from(sorted(members())), data=st.data())
def test_flipped_bits_below_a_valid_checksum(path, name, data):
    contents = members()
    content = bytearray(contents[name])
    for bit in data.draw(st.lists(st.integers(0, 8 * len(content) - 1), min_size=1, max_size=8)):
        content[bit // 8] ^= 1 << bit % 8
    write_zip(path, contents | {name: bytes(content)})
    loads_or_refuses(path, path.read_bytes())


@QUIET
@given(contents=st.dictionaries(st.sampled_from([*members(), "x", "W9.npy"]), st.binary(max_size=300), max_size=12))
def test_arbitrary_members(path, contents):
    write_zip(path, members() | contents)
    loads_or_refuses(path, path.read_bytes())
