"""Where the files of a data set come from: the user's own folder, the cache or the web."""

import os

import pytest

from tests.toolkit.data.helpers import IDX_NAMES, check_one_sentence, check_small, forget, publish, put
from toolkit import data
from toolkit.data import DataError, DataNotAvailable


def test_own_folder_comes_first(small, tmp_path, monkeypatch):
    put(tmp_path / "own/mnist", small)
    put(tmp_path / "cache/neural_networks/mnist", dict.fromkeys(small, b"corrupt"))
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    check_small(data.load_mnist())


def test_own_folder_may_be_relative(small, tmp_path, monkeypatch):
    put(tmp_path / "own/mnist", small)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NN_DATA_DIR", "own")
    check_small(data.load_mnist())


def test_own_folder_without_this_data_set(small, tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    put(tmp_path / "cache/neural_networks/mnist", small)
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    check_small(data.load_mnist())


@pytest.mark.parametrize("loader", [data.load_mnist, data.load_california_housing])
def test_own_folder_that_is_missing_forbids_a_fall_back(loader, tmp_path, monkeypatch):
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "missing"))
    with pytest.raises(DataError, match="not a readable folder") as caught:
        loader()
    check_one_sentence(caught.value)


@pytest.mark.parametrize("content", [b"", b"corrupt", b"\x1f\x8b cut"])
def test_own_file_that_is_corrupt(small, content, tmp_path, monkeypatch):
    put(tmp_path / "own/mnist", small | {IDX_NAMES[2]: content})
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    with pytest.raises(DataError, match=rf"own/mnist/{IDX_NAMES[2]} is corrupt \(its MD5 differs") as caught:
        data.load_mnist()
    check_one_sentence(caught.value)


def test_own_housing_file_that_is_corrupt(tmp_path, monkeypatch):
    put(tmp_path / "own/california_housing", {"cal_housing.data": b"1,2,3\n"})
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    with pytest.raises(DataError, match=r"cal_housing\.data is corrupt \(its numbers differ") as caught:
        data.load_california_housing()
    check_one_sentence(caught.value)


def test_own_file_that_is_missing(small, tmp_path, monkeypatch):
    del small[IDX_NAMES[1]]
    put(tmp_path / "own/mnist", small)
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    with pytest.raises(DataError, match=rf"{IDX_NAMES[1]} cannot be read .No such file") as caught:
        data.load_mnist()
    check_one_sentence(caught.value)


def test_a_download_is_kept(small, serve, monkeypatch, tmp_path):
    server = serve(small)
    publish(monkeypatch, small, server.url)
    check_small(data.load_mnist())
    assert sorted(server.asked) == sorted(IDX_NAMES)
    kept = tmp_path / "cache/neural_networks/mnist"
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == small
    assert data.locate("mnist") == kept

    forget()
    check_small(data.load_mnist())
    assert len(server.asked) == 4


def test_a_corrupt_file_in_the_cache_is_downloaded_again(small, serve, monkeypatch, tmp_path):
    kept = tmp_path / "cache/neural_networks/mnist"
    put(kept, small | {IDX_NAMES[0]: small[IDX_NAMES[0]][:-1]})
    server = serve(small)
    publish(monkeypatch, small, server.url)
    check_small(data.load_mnist())
    assert server.asked == [IDX_NAMES[0]]
    assert (kept / IDX_NAMES[0]).read_bytes() == small[IDX_NAMES[0]]


def test_a_cache_folder_that_is_not_writable_is_reported_once(small, serve, monkeypatch, tmp_path, capsys):
    (tmp_path / "cache").write_text("a file in place of a folder")
    publish(monkeypatch, small, serve(small).url)
    check_small(data.load_mnist())
    lines = [line for line in capsys.readouterr().out.splitlines() if "Cannot write to" in line]
    assert len(lines) == 1


@pytest.mark.usefixtures("small")
def test_a_failed_download_names_the_reason_and_the_remedies():
    with pytest.raises(DataNotAvailable) as caught:
        data.load("mnist")
    assert str(caught.value) == (
        "The data set mnist is not on this machine, and the download failed (NN_OFFLINE is set): unset NN_OFFLINE, "
        f"or set NN_DATA_DIR to a folder that contains mnist/{IDX_NAMES[0]}."
    )
    assert caught.value.__suppress_context__


def test_locate(small, tmp_path, monkeypatch):
    assert data.locate("mnist") is None
    assert data.locate("digits") is None
    put(tmp_path / "own/mnist", small)
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    assert data.locate("mnist") == tmp_path / "own/mnist"
    (tmp_path / "own/mnist" / IDX_NAMES[3]).unlink()
    assert data.locate("mnist") is None


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        data.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
