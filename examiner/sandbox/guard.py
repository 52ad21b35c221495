"""The thread of a sandbox: starts its program, watches it, collects its output, ends it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from examiner._exceptions import SandboxError
from examiner.sandbox.watch import END_SECONDS, Running, Said, Watch
from examiner.settings import Limits

__all__ = ["Guard"]


class Guard:
    """Starts and ends one sandbox; where it ends, however it ends, the sandbox does too.

    Parameters
    ----------
    limits : Limits
        What the sandbox may use.
    apart : bool
        Whether it has namespaces of its own.

    Attributes
    ----------
    running : Running
        What has been started.
    said : Said
        What the program wrote.
    reason : str or None
        One sentence when a limit ended the sandbox.
    """

    def __init__(self, limits: Limits, apart: bool) -> None:
        self.running, self.said = Running(), Said()
        self.reason: str | None = None
        self.watch = Watch(self.running, limits, apart)
        self._apart = apart
        self._failure: BaseException | None = None
        self._started, self._ended = threading.Event(), threading.Event()

    def __repr__(self) -> str:
        return f"<Guard of {self.running}>"

    def start(self, launch: Callable[[Running, int], None]) -> None:
        """Launch in a thread, and wait until the program runs; raises what went wrong.

        Parameters
        ----------
        launch : callable
            Fills a `Running`, and has the program write to a descriptor.
        """
        # bwrap dies with the *thread* that started it: so the thread that watches starts it.
        threading.Thread(target=self._run, args=(launch,), daemon=True).start()
        self._started.wait()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def wait(self, timeout: float | None) -> None:
        """Wait until everything has ended."""
        self._ended.wait(timeout)

    def kill(self) -> None:
        """End everything, at once; returns when all of it is gone."""
        if self.running.process is not None:
            self.running.end(self._apart)
            self.wait(END_SECONDS)

    def _run(self, launch: Callable[[Running, int], None]) -> None:
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(writer, True)
        try:
            try:
                launch(self.running, writer)
            finally:
                os.close(writer)
            self._started.set()
            self.reason = self.watch.until_the_end(self.said, reader)
        except BaseException as error:
            self.said.read(reader)
            self._failure = self._explained(error)
        finally:
            self._finish(reader)

    def _finish(self, reader: int) -> None:
        self.running.end(self._apart)
        self.said.read(reader)
        os.close(reader)
        self.running.release()
        self._ended.set()
        self._started.set()

    def _explained(self, error: BaseException) -> BaseException:
        said = str(self.said).strip().splitlines()
        if isinstance(error, SandboxError) and said:
            return SandboxError(f"The sandbox did not start: {said[-1]}")
        return error
