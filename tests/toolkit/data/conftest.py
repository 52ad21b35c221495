"""A process without data and network, and servers on this machine: no test needs the internet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.toolkit.data.helpers import IDX_NAMES, forget, idx, publish
from toolkit.data import download


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Start like a new process, with an empty cache folder and no network."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NN_OFFLINE", "1")
    monkeypatch.delenv("NN_DATA_DIR", raising=False)
    monkeypatch.setattr(download, "patience", download.Patience(30))
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    forget()
    yield
    forget()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Make MNIST consist of four tiny files; return their contents by name."""
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (size, 28, 28), dtype=np.uint8) for size in (7, 3)]
    labels = [np.arange(size, dtype=np.uint8) for size in (7, 3)]
    arrays = (images[0], labels[0], images[1], labels[1])
    contents = {name: idx(array) for name, array in zip(IDX_NAMES, arrays, strict=True)}
    publish(monkeypatch, contents)
    return contents


class Handler(BaseHTTPRequestHandler):
    """Serves the files of one test."""

    def do_GET(self) -> None:
        server: Any = self.server
        name = self.path.rpartition("/")[2]
        server.asked.append(name)
        content = server.contents.get(name)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, Any]], Any]]:
    """Return a function that starts a server of these contents: with `url`, and the names it was `asked` for."""
    servers: list[Any] = []

    def start(contents: dict[str, Any]) -> Any:
        server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
