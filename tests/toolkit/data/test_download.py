"""Mirrors that deliver, refuse, lie or hang. Waiting is counted, not timed: a busy machine fails no test."""

import socket
import threading
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from tests.toolkit.data.helpers import IDX_NAMES, check_small, publish
from toolkit import data
from toolkit.data import download
from toolkit.data.exceptions import DownloadError


def test_a_file_is_decoded(serve, capsys):
    server = serve({"x": b"content"})
    assert download.download([f"{server.url}/x"], bytes.decode) == "content"
    assert "127.0.0.1" in capsys.readouterr().out  # the progress bar


@pytest.mark.parametrize("answer", [b"<html>please log in</html>", b"", None])
def test_the_next_mirror_is_tried_after_a_wrong_answer(small, serve, monkeypatch, answer):
    wrong, right = serve(dict.fromkeys(small, answer)), serve(small)
    publish(monkeypatch, small, wrong.url, right.url)
    check_small(data.load_mnist())
    assert wrong.asked == right.asked == IDX_NAMES


def test_a_download_cut_short_is_refused(small, serve, monkeypatch, capsys):
    server = serve({name: content[:-5] for name, content in small.items()})
    publish(monkeypatch, small, server.url)
    assert data.load_mnist().name == "mnist_5k"
    assert "127.0.0.1: its MD5 differs" in capsys.readouterr().out


def test_a_file_that_the_server_does_not_have(serve):
    with pytest.raises(DownloadError) as caught:
        download.download([f"{serve({}).url}/x"], bytes)
    assert caught.value.reason == "127.0.0.1: Not Found"
    assert caught.value.remedy == "connect to the internet and restart the kernel"


def test_a_refused_connection(serve):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    urls = [f"http://127.0.0.1:{port}/x", f"{serve({'x': b'content'}).url}/x"]
    assert download.download(urls, bytes) == b"content"


@pytest.mark.parametrize("setting", ["1", "yes"])
def test_offline_no_mirror_is_tried(setting, monkeypatch):
    monkeypatch.setenv("NN_OFFLINE", setting)
    monkeypatch.setattr(download, "_answer", lambda *_: pytest.fail("tried"))
    with pytest.raises(DownloadError, match="NN_OFFLINE is set: unset NN_OFFLINE"):
        download.download(["http://127.0.0.1:9/x"], bytes)


# --------------------------------------------------------------------------- servers that hang


@pytest.fixture
def released():
    """Return an event for which hanging threads wait; it is set at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(params=["connection", "name lookup", "answer"])
def hanging(request, monkeypatch, released):
    """Make every attempt to reach a server hang, in one of three ways; return the server's address."""
    monkeypatch.setenv("NN_OFFLINE", "0")

    def hang(*_, **__):
        released.wait(30)
        raise OSError("too late")

    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts connections and never answers
        if request.param == "connection":
            monkeypatch.setattr(socket.socket, "connect", hang)
        elif request.param == "name lookup":
            monkeypatch.setattr(socket, "getaddrinfo", hang)
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


@pytest.fixture
def waits(monkeypatch):
    """Return the list of the seconds for which answers were waited for."""
    seconds = []

    class Recorded(Future):
        def result(self, timeout=None):
            seconds.append(timeout)
            return super().result(timeout)

    monkeypatch.setattr(download, "Future", Recorded)
    return seconds


def test_servers_that_hang_use_up_the_patience_once(hanging, waits, monkeypatch):
    monkeypatch.setattr(download, "patience", download.Patience(0.6))
    for _ in range(2):  # the second call does not wait
        with pytest.raises(DownloadError) as caught:
            download.download([f"{hanging}/{mirror}" for mirror in range(3)], bytes)
        assert caught.value.reason == "no server answered"
        assert waits == pytest.approx([0.2, 0.2, 0.2])
        assert download.patience.seconds == 0


def test_servers_that_hang_lead_to_the_fall_back(hanging, small, monkeypatch, capsys):
    monkeypatch.setattr(download, "patience", download.Patience(0.3))
    publish(monkeypatch, small, hanging)
    assert data.load_mnist().name == "mnist_5k"
    assert "no server answered" in capsys.readouterr().out


def test_a_process_waits_for_at_most_seven_seconds():
    assert download.Patience().seconds == download.PATIENCE_SECONDS == 7


def test_a_mirror_that_hangs_leaves_time_for_the_next(serve, monkeypatch):
    answer, granted = download._answer, []

    def patient(url, seconds):
        """Wait briefly for the mirror that hangs, and long for the other one, however slow this machine is."""
        granted.append(seconds)
        return answer(url, 0.1 if url == silent_url else 60)

    monkeypatch.setattr(download, "_answer", patient)
    monkeypatch.setattr(download, "patience", download.Patience(7))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        urls = [silent_url, f"{serve({'x': b'content'}).url}/x"]
        assert download.download(urls, bytes) == b"content"
    assert granted == pytest.approx([3.5, 6.9])  # half of 7 seconds, then what is left of them
    assert download.patience.seconds == 7  # there is a network: later downloads have the full time again


def test_a_refused_connection_costs_the_time_it_took(serve, monkeypatch):
    clock = iter([10.0, 12.5])
    monkeypatch.setattr(download, "patience", download.Patience(7))
    monkeypatch.setattr(download, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with pytest.raises(DownloadError):
        download.download([f"{serve({}).url}/x"], bytes)
    assert download.patience.seconds == 4.5
