"""Workers of a running Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from examiner._exceptions import ExaminerError

__all__ = ["DaskWorkers"]

CONNECT_SECONDS = 10


@dataclass
class _Shared:
    """A value, and what represents it on the cluster."""

    value: Any
    sent: Any


class DaskWorkers:
    """The workers of a Dask cluster, which may not see this machine's files.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``"tcp://10.0.0.1:8786"``.

    Attributes
    ----------
    number : int
        Submissions that are graded at the same time: threads of all workers.

    Raises
    ------
    ExaminerError
        Dask is not installed, the scheduler does not answer, or it has no workers.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError:
            raise ExaminerError("Dask is not installed: pip install distributed.") from None
        connect: Any = distributed.Client  # it has no types
        try:
            self.client = connect(address, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise ExaminerError(f"No Dask scheduler answers at {address}: {error}.") from None
        threads = self.client.nthreads()
        if not threads:
            self.client.close()
            raise ExaminerError(f"The Dask cluster at {address} has no workers: start some with `dask worker`.")
        self.address, self.number = address, sum(threads.values())
        self._executor = self.client.get_executor(pure=False)

    def __repr__(self) -> str:
        return f"<DaskWorkers: {self.number} at {self.address}>"

    def __enter__(self) -> DaskWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def share(self, value: Any) -> Any:
        """Send a value to all workers once, and return what represents it in `submit`."""
        return _Shared(value, self.client.scatter(value, broadcast=True, hash=False))

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Give a task to the cluster; one whose worker is lost runs on another one."""
        future: Future[Any] = self._executor.submit(function, *map(self._sent, arguments))
        return future

    def _sent(self, argument: Any) -> Any:
        """What represents an argument on the cluster. A shared value is lost with the last worker that had it."""
        if not isinstance(argument, _Shared):
            return argument
        if argument.sent.status != "finished":
            argument.sent = self.client.scatter(argument.value, broadcast=True, hash=False)
        return argument.sent

    def everywhere(self, function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """Call a function once on each worker; the results by the worker's address."""
        found: dict[str, Any] = self.client.run(function, *arguments)
        return found

    def close(self) -> None:
        """Leave the cluster; what still runs is given up."""
        self.client.close()
