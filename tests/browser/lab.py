"""A running JupyterLab or Notebook 7, for those who look at it and for those who ask it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SECONDS", "TOKEN", "Lab", "jupyter_lab"]

SECONDS = 120
TOKEN = "secret"
Lab = tuple[str, subprocess.Popen[bytes]]
"""Its address, its process."""


@contextmanager
def jupyter_lab(folder: Path, home: Path, port: int = 0, program: str = "lab", **variables: str) -> Iterator[Lab]:
    """Start JupyterLab or Notebook 7, and end it.

    Parameters
    ----------
    folder : Path
        Where it is started.
    home : Path
        A home folder of its own: nothing of this machine's user is in it.
    port : int
        Its first choice.
    program : str
        ``lab``, or ``notebook`` for Notebook 7.
    **variables : str
        Environment variables, besides this process's own; without them it does not find this project's packages.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime"), **variables}
    call = [sys.executable, "-m", "jupyter", program, "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    call += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.port={port}"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(call, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        end = time.monotonic() + SECONDS
        while not (found := list(home.glob("runtime/jpserver-*.json"))):
            assert server.poll() is None, (home / "log").read_text()
            assert time.monotonic() < end, (home / "log").read_text()
            time.sleep(0.1)
        yield str(json.loads(found[0].read_text())["url"]), server
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:  # the machine is busy
            server.kill()
            server.wait()
