"""Download a file from the first mirror that delivers it, without waiting long for servers that hang.

`pooch` does not replace this module: its timeout does not cover a name lookup that hangs (tried with pooch 1.9: 12
seconds with a timeout of 2), and it knows one address for each file, not several mirrors.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tqdm import tqdm

from toolkit.data.exceptions import DownloadError

T = TypeVar("T")

PATIENCE_SECONDS = 7.0
_STALL_SECONDS = 10.0
_MAX_BYTES = 32_000_000


@dataclass
class Patience:
    """How many more seconds this process waits for servers that do not answer."""

    seconds: float = PATIENCE_SECONDS


patience = Patience()


def download(urls: Sequence[str], decode: Callable[[bytes], T]) -> T:
    """Download a file and decode it, from the first mirror that delivers a valid one.

    Parameters
    ----------
    urls : sequence of str
        Mirrors, the preferred one first.
    decode : callable
        ``decode(body)`` returns the result; it raises ValueError for a file that is not valid.

    Returns
    -------
    object
        The result of `decode`.

    Raises
    ------
    DownloadError
        No mirror delivered a valid file, or ``NN_OFFLINE`` is set.
    """
    if os.environ.get("NN_OFFLINE", "0") not in ("", "0"):
        raise DownloadError("NN_OFFLINE is set", "unset NN_OFFLINE")
    reason = "no server answered"
    for tried, url in enumerate(urls):
        if patience.seconds <= 0:
            break
        try:
            result = decode(_fetch(url, patience.seconds / (len(urls) - tried)))
        except TimeoutError:
            continue
        except (OSError, HTTPException, ValueError) as error:
            reason = f"{urlsplit(url).hostname}: {getattr(error, 'reason', error)}"
        else:
            patience.seconds = PATIENCE_SECONDS
            return result
    raise DownloadError(reason, "connect to the internet and restart the kernel")


def _fetch(url: str, seconds: float) -> bytes:
    """Download with a progress bar; the server has `seconds` to send its first byte."""
    body = bytearray()
    with _answer(url, seconds) as response, _progress_bar(url, response) as bar:
        while len(body) < _MAX_BYTES and (chunk := response.read1(1 << 16)):
            body += chunk
            bar.update(len(chunk))
    return bytes(body)


def _progress_bar(url: str, response: HTTPResponse) -> Any:
    size = response.headers.get("Content-Length", "")
    total = int(size) if size.isdecimal() else None
    description = urlsplit(url).hostname
    return tqdm(total=total, desc=description, unit="B", unit_scale=True, file=sys.stdout, leave=False)


def _answer(url: str, seconds: float) -> HTTPResponse:
    """Open a URL within `seconds`, in a thread because a name lookup has no timeout."""
    future: Future[HTTPResponse] = Future()
    start = time.monotonic()
    threading.Thread(target=_open, args=(url, future), daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except Exception as error:
        waited = seconds if isinstance(error, TimeoutError) else time.monotonic() - start
        patience.seconds = max(0.0, patience.seconds - waited)
        if future.cancel() or future.exception():
            raise
        return future.result()  # the answer arrived at the last moment


def _open(url: str, future: Future[HTTPResponse]) -> None:
    """Connect and wait for the first byte; close the response if the caller has given up."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    try:
        request = Request(url, headers={"User-Agent": "neural-networks-course"})
        response = urlopen(request, timeout=_STALL_SECONDS)
        response.peek(1)
    except Exception as error:  # any error belongs to the thread that waits
        if isinstance(error, HTTPError):
            error.close()
        if future.set_running_or_notify_cancel():
            future.set_exception(error)
        return
    if future.set_running_or_notify_cancel():
        future.set_result(response)
    else:
        response.close()
