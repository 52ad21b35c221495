"""Where data sets come from, and what happens where they do not come.

The downloads here are from servers on this machine; no test needs a network.
"""

import functools
import gzip
import hashlib
import io
import os
import socket
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from toolkit import data
from toolkit.data import DataError, DataNotAvailable

REAL = os.environ.get("NN_DATA_DIR", "")
needs_real_data = pytest.mark.skipif(not Path(REAL, "mnist").is_dir(), reason="NN_DATA_DIR holds no data")

IDX_NAMES = [file.name for file in data._FILES["mnist"]]


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """Start as a process that has loaded nothing, has an empty cache folder and no network."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NN_OFFLINE", "1")
    monkeypatch.delenv("NN_DATA_DIR", raising=False)
    monkeypatch.setattr(data, "_patience", data._Patience())
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    forget()
    yield
    forget()


def forget():
    for loader in data._LOADERS.values():
        loader.cache_clear()
    data._say_not_kept.cache_clear()


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


@pytest.fixture
def small(monkeypatch):
    """Make MNIST consist of four tiny files; return their contents by name."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (7, 28, 28), dtype=np.uint8), rng.integers(0, 256, (3, 28, 28), np.uint8)
    labels = np.arange(7, dtype=np.uint8), np.arange(3, dtype=np.uint8)
    arrays = (images[0], labels[0], images[1], labels[1])
    contents = {name: idx(array) for name, array in zip(IDX_NAMES, arrays, strict=True)}
    publish(monkeypatch, contents)
    return contents


def publish(monkeypatch, contents, *servers):
    files = tuple(
        data._File(
            name,
            tuple(f"{server}/{name}" for server in servers),
            functools.partial(data._parse_idx, hashlib.md5(content).hexdigest()),
        )
        for name, content in contents.items()
    )
    monkeypatch.setitem(data._FILES, "mnist", files)


def put(folder, contents):
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


class Handler(BaseHTTPRequestHandler):
    """Serves the files of one test."""

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        content = self.server.contents.get(name)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def serve(monkeypatch):
    """Start a server of these contents; return it, with `url` and the names it was `asked` for."""
    servers = []

    def start(contents):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.contents, server.asked = contents, []
        server.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    monkeypatch.setenv("NN_OFFLINE", "0")
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def check_small(dataset):
    assert dataset.name == "mnist"
    np.testing.assert_array_equal(dataset.y_train, np.arange(7))
    np.testing.assert_array_equal(dataset.y_test, np.arange(3))
    first = np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)
    np.testing.assert_array_equal(dataset.X_train, first.reshape(7, 784))


# --------------------------------------------------------------------------- own folder


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
def test_own_folder_that_is_missing(loader, tmp_path, monkeypatch):
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "missing"))
    with pytest.raises(DataError, match=r"NN_DATA_DIR names .*missing, which is no folder") as caught:
        loader()
    one_sentence(caught.value)


@pytest.mark.parametrize("content", [b"", b"corrupt", b"\x1f\x8b cut"])
def test_own_file_that_is_corrupt(small, content, tmp_path, monkeypatch):
    put(tmp_path / "own/mnist", small | {IDX_NAMES[2]: content})
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    with pytest.raises(DataError, match=rf"own/mnist/{IDX_NAMES[2]} is corrupt") as caught:
        data.load_mnist()
    one_sentence(caught.value)


@pytest.mark.parametrize("content", [b"", b"# comment", b"1,2\n3", b"\xff\xfe", b"1,2,3\n4,5,6\n"])
def test_own_housing_file_that_is_corrupt(content, tmp_path, monkeypatch):
    put(tmp_path / "own/california_housing", {"cal_housing.data": content})
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    with pytest.raises(DataError, match=r"cal_housing\.data is corrupt") as caught:
        data.load_california_housing()
    one_sentence(caught.value)


def test_own_file_that_is_missing(small, tmp_path, monkeypatch):
    del small[IDX_NAMES[1]]
    put(tmp_path / "own/mnist", small)
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    with pytest.raises(DataError, match=rf"{IDX_NAMES[1]} cannot be read .No such file") as caught:
        data.load_mnist()
    one_sentence(caught.value)


def one_sentence(error):
    message = str(error)
    assert "\n" not in message
    assert message.endswith(".")
    assert not isinstance(error, DataNotAvailable)  # a wrong setting is not passed over
    assert error.__suppress_context__ or error.__context__ is None


# --------------------------------------------------------------------------- fall-backs


@pytest.mark.parametrize(
    ("loader", "wanted", "name"),
    [
        (data.load_mnist, "mnist", "digits"),
        (data.load_california_housing, "california_housing", "diabetes"),
    ],
)
def test_fall_back_says_so_in_one_line(loader, wanted, name, capsys):
    assert loader().name == name
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    for part in (wanted, name, "NN_DATA_DIR", "NN_OFFLINE"):
        assert part in captured.out
    assert captured.err == ""


@pytest.mark.parametrize("name", ["mnist", "california_housing"])
def test_load_by_name_never_falls_back(name):
    with pytest.raises(DataNotAvailable, match=name):
        data.load(name)


def test_unknown_name():
    with pytest.raises(ValueError, match="no data set 'iris'; choose from mnist, digits"):
        data.load("iris")


def test_diabetes_target_is_of_the_order_of_a_house_value():
    from sklearn.datasets import load_diabetes

    dataset = data.load("diabetes")
    y = np.concatenate([dataset.y_train, dataset.y_val, dataset.y_test])
    np.testing.assert_allclose(np.sort(y), np.sort(load_diabetes().target) / 100)
    assert dataset.feature_names[:3] == ("age", "sex", "bmi")


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_split_is_a_partition_that_keeps_pairs(name):
    from sklearn import datasets

    dataset = data.load(name)
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name == "diabetes":
        X, y = datasets.load_diabetes(return_X_y=True, scaled=False)[0], y / 100
    parts = [(dataset.X_train, dataset.y_train), (dataset.X_val, dataset.y_val)]
    parts.append((dataset.X_test, dataset.y_test))
    rows = np.concatenate([np.column_stack(part) for part in parts])
    expected = np.column_stack([X, y])
    order = [np.lexsort(table.T) for table in (rows, expected)]
    np.testing.assert_allclose(rows[order[0]], expected[order[1]])
    shares = [len(part[1]) / len(y) for part in parts]
    assert shares == pytest.approx([0.64, 0.16, 0.20], abs=0.005)


def test_split_is_the_same_in_every_process():
    order = data._split(np.arange(20), np.arange(20))[0]
    np.testing.assert_array_equal(order, np.random.RandomState(231).permutation(20)[:13])


# --------------------------------------------------------------------------- the object


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_arrays_are_read_only(name):
    dataset = data.load(name)
    for array in [*dataset.as_dict().values(), dataset.X_test, dataset.y_test]:
        with pytest.raises(ValueError, match="read-only"):
            array -= 1


def test_loaded_once():
    assert data.load("digits") is data.load("digits")


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_dimensions(name):
    dataset = data.load(name)
    assert dataset.X_train.shape[1] == dataset.input_dim == data.DIMENSIONS[name][0]
    assert dataset.output_dim == (10 if dataset.category == "classification" else 1)
    assert dataset.y_train.ndim == 1
    assert dataset.y_train.dtype == (np.int64 if name == "digits" else np.float64)
    assert dataset.X_train.dtype == (np.float32 if name == "digits" else np.float64)
    assert dataset.image_shape == ((8, 8) if name == "digits" else None)
    assert len(dataset.feature_names) == (0 if name == "digits" else 10)


def test_as_dict_is_what_the_solver_takes():
    assert list(data.load("digits").as_dict()) == ["X_train", "y_train", "X_val", "y_val"]


def test_repr():
    assert repr(data.load("digits")) == (
        "Dataset(digits, classification: X_train (1150, 64), X_val (288, 64), X_test (359, 64), float32)"
    )


# --------------------------------------------------------------------------- downloads


def test_download_is_kept(small, serve, monkeypatch, tmp_path, capsys):
    server = serve(small)
    publish(monkeypatch, small, server.url)
    check_small(data.load_mnist())
    assert sorted(server.asked) == sorted(IDX_NAMES)
    kept = tmp_path / "cache/neural_networks/mnist"
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == small
    assert data.locate("mnist") == kept
    assert "127.0.0.1" in capsys.readouterr().out  # the progress bar

    forget()
    check_small(data.load_mnist())
    assert len(server.asked) == 4


def test_corrupt_kept_file_is_fetched_again(small, serve, monkeypatch, tmp_path):
    kept = tmp_path / "cache/neural_networks/mnist"
    put(kept, small | {IDX_NAMES[0]: small[IDX_NAMES[0]][:-1]})
    server = serve(small)
    publish(monkeypatch, small, server.url)
    check_small(data.load_mnist())
    assert server.asked == [IDX_NAMES[0]]
    assert (kept / IDX_NAMES[0]).read_bytes() == small[IDX_NAMES[0]]


@pytest.mark.parametrize("answer", [b"<html>please log in</html>", b"", None])
def test_next_mirror_after_one_that_is_wrong(small, serve, monkeypatch, answer):
    wrong, right = serve(dict.fromkeys(small, answer)), serve(small)
    publish(monkeypatch, small, wrong.url, right.url)
    check_small(data.load_mnist())
    assert wrong.asked == right.asked == IDX_NAMES


def test_download_cut_short_is_no_data(small, serve, monkeypatch, capsys):
    server = serve({name: content[:-5] for name, content in small.items()})
    publish(monkeypatch, small, server.url)
    assert data.load_mnist().name == "digits"
    assert "MD5 differs" in capsys.readouterr().out


def test_refused_connection(small, serve, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    publish(monkeypatch, small, f"http://127.0.0.1:{port}", serve(small).url)
    check_small(data.load_mnist())


def test_cache_folder_that_takes_no_file(small, serve, monkeypatch, tmp_path, capsys):
    (tmp_path / "cache").write_text("a file where a folder should be")
    publish(monkeypatch, small, serve(small).url)
    check_small(data.load_mnist())
    lines = [line for line in capsys.readouterr().out.splitlines() if "takes no files" in line]
    assert len(lines) == 1


def test_housing_archive_is_unpacked(serve, monkeypatch, tmp_path):
    stream, table = io.BytesIO(), b"1,2\n"
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo("CaliforniaHousing/cal_housing.data")
        member.size = len(table)
        archive.addfile(member, io.BytesIO(table))
    monkeypatch.setattr(data, "_HOUSING_ARCHIVE", hashlib.sha256(stream.getvalue()).hexdigest())
    assert data._unpack_housing(stream.getvalue()) == table
    assert data._unpack_housing(table) == table


# --------------------------------------------------------------------------- nobody answers


@pytest.fixture
def released():
    """Return an event that threads which hang wait for; it comes at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(params=["connection", "name lookup", "answer"])
def hanging(request, monkeypatch, small, released):
    """Let every attempt to reach a server hang, in one of three ways."""
    monkeypatch.setenv("NN_OFFLINE", "0")

    def hang(*_, **__):
        released.wait(30)
        raise OSError("too late")

    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and says nothing
        if request.param == "connection":
            monkeypatch.setattr(socket.socket, "connect", hang)
        elif request.param == "name lookup":
            monkeypatch.setattr(socket, "getaddrinfo", hang)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        publish(monkeypatch, small, url, url, url)
        yield


@pytest.mark.usefixtures("hanging")
def test_servers_that_swallow_packets(monkeypatch, capsys):
    monkeypatch.setattr(data, "_patience", data._Patience(0.6))
    start = time.monotonic()
    assert data.load_mnist().name == "digits"
    waited = time.monotonic() - start
    assert 0.5 < waited < 5  # scikit-learn's import included
    assert "no server answers" in capsys.readouterr().out

    start = time.monotonic()
    assert data.load_mnist().name == "digits"  # does not wait again
    with pytest.raises(DataNotAvailable):
        data.load("mnist")
    assert time.monotonic() - start < 0.3


def test_patience_of_a_process_is_below_ten_seconds():
    assert data._Patience().seconds == data._PATIENCE <= 8


def test_a_mirror_that_hangs_leaves_time_for_the_next(small, serve, monkeypatch):
    monkeypatch.setattr(data, "_PATIENCE", 1.0)
    monkeypatch.setattr(data, "_patience", data._Patience(1.0))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}"
        publish(monkeypatch, small, hanging, serve(small).url)
        check_small(data.load_mnist())  # four files, half a second's wait for each
    assert data._patience.seconds == 1.0  # there is a network: the wait is not held against it


def test_offline_does_not_even_try(small, monkeypatch):
    publish(monkeypatch, small, "http://127.0.0.1:9")
    monkeypatch.setattr(data, "_answer", lambda *_: pytest.fail("tried"))
    assert data.load_mnist().name == "digits"


# --------------------------------------------------------------------------- folders


def test_places(monkeypatch, tmp_path):
    cache = tmp_path / "cache/neural_networks"
    assert data.places() == {"cache": cache}
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path))
    assert list(data.places().items()) == [("NN_DATA_DIR", tmp_path), ("cache", cache)]


def test_cache_folder_of_the_platform(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, folder in {"linux": ".cache", "darwin": "Library/Caches"}.items():
        monkeypatch.setattr(data.sys, "platform", platform)
        assert data.places()["cache"] == tmp_path / folder / "neural_networks"
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "AppData"))
    assert data.places()["cache"] == tmp_path / "AppData/neural_networks"


def test_cache_folder_of_a_user_without_a_home(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    assert data.places()["cache"].name == "neural_networks"


def test_locate(small, tmp_path, monkeypatch):
    assert data.locate("mnist") is None
    assert data.locate("digits") is None
    put(tmp_path / "own/mnist", small)
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    assert data.locate("mnist") == tmp_path / "own/mnist"
    (tmp_path / "own/mnist" / IDX_NAMES[3]).unlink()
    assert data.locate("mnist") is None


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(data.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        data.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


# --------------------------------------------------------------------------- the real ones


@needs_real_data
def test_real_mnist(monkeypatch):
    monkeypatch.setenv("NN_DATA_DIR", REAL)
    dataset = data.load_mnist()
    assert dataset.X_train.shape == (55_000, 784)
    assert dataset.X_val.shape == (5_000, 784)
    assert dataset.X_test.shape == (10_000, 784)
    assert dataset.X_train.dtype == np.float32
    assert (dataset.X_train.min(), dataset.X_train.max()) == (0, 255)
    np.testing.assert_array_equal(dataset.y_train[:10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    np.testing.assert_array_equal(dataset.y_test[:5], [7, 2, 1, 0, 4])
    all_labels = np.concatenate([dataset.y_train, dataset.y_val])
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    np.testing.assert_array_equal(np.bincount(all_labels), published)
    assert dataset.image_shape == (28, 28)


@needs_real_data
def test_real_housing(monkeypatch):
    monkeypatch.setenv("NN_DATA_DIR", REAL)
    dataset = data.load_california_housing()
    X = np.concatenate([dataset.X_train, dataset.X_val, dataset.X_test])
    y = np.concatenate([dataset.y_train, dataset.y_val, dataset.y_test])
    assert X.shape == (20_640, 8)
    assert dict(zip(dataset.feature_names, X[X[:, 0] == 8.3252][0].round(4), strict=True)) == {
        "MedInc": 8.3252,
        "HouseAge": 41,
        "AveRooms": 6.9841,
        "AveBedrms": 1.0238,
        "Population": 322,
        "AveOccup": 2.5556,
        "Latitude": 37.88,
        "Longitude": -122.23,
    }
    assert y.mean() == pytest.approx(2.068558, abs=1e-6)
    assert (dataset.input_dim, dataset.output_dim) == (8, 1)
    assert len(dataset.X_test) == 4128


@needs_real_data
def test_real_housing_with_other_line_endings(monkeypatch, tmp_path):
    content = Path(REAL, "california_housing/cal_housing.data").read_bytes()
    put(tmp_path / "own/california_housing", {"cal_housing.data": content.replace(b"\n", b"\r\n")})
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    assert data.load_california_housing().name == "california_housing"
