"""A student's side of one submission: the kernels of its notebooks, and the time that they share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from examiner.kernel import Kernel, KernelHost, TimeBudget

__all__ = ["StudentSide"]


class StudentSide:
    """Kernels for the notebooks of one student: one after the other, from one sandbox while that is alive and clean.

    Nothing is shared with another student.

    Parameters
    ----------
    make_host : callable
        Gives a sandbox in which nothing has run.
    time_budget : TimeBudget
        What the notebooks share.
    spared : mapping of str to frozenset of str, optional
        Ids of the cells that need not run, by notebook, where that is known.
    draws : bool, optional
        Whether kernels may draw figures: what that takes is loaded once, for all of them.
    """

    def __init__(
        self,
        make_host: Callable[[], KernelHost],
        time_budget: TimeBudget,
        spared: Mapping[str, frozenset[str]] | None = None,
        draws: bool = True,
    ) -> None:
        self.time_budget, self.spared = time_budget, spared or {}
        self._draws = draws
        self._make_host = make_host
        self._host: KernelHost | None = None
        self._references: set[str] = set()  # of which notebooks the reference has been in the sandbox

    def __repr__(self) -> str:
        return f"<StudentSide: {self.time_budget.left:.1f} s left, {self._host}>"

    def __enter__(self) -> StudentSide:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, notebook: str, builds_on: Collection[str] = ()) -> Kernel:
        """Start a kernel for a notebook; the one before it has been closed.

        Parameters
        ----------
        notebook : str
        builds_on : collection of str
            The notebooks whose references it gets. None of these notebooks will run in the same sandbox.

        Raises
        ------
        IsolationError, SandboxError
            It did not start.
        """
        if self._host is not None and (not self._host.alive or notebook in self._references):
            self.close()
        if self._host is None:
            self._host = self._make_host()
        self._references |= set(builds_on)
        return self._host.start(draws=self._draws)

    def close(self) -> None:
        """End the sandbox; the next kernel gets a fresh one."""
        host, self._host = self._host, None
        self._references = set()
        if host is not None:
            host.close()
