"""Arguments of commands with workers, and what Ctrl-C means."""

from __future__ import annotations

import argparse
import os
import signal

import pytest

from examiner._exceptions import ExaminerError
from examiner.cli.working import Stop, add_worker_arguments, workers_of
from examiner.workers import LocalWorkers, usable_cores


def parsed(*arguments: str) -> argparse.Namespace:
    """The arguments as a command reads them."""
    parser = argparse.ArgumentParser()
    add_worker_arguments(parser)
    return parser.parse_args(arguments)


def test_there_is_a_worker_for_each_core_unless_jobs_says_otherwise() -> None:
    for arguments, number in [((), usable_cores()), (("--jobs", "3"), 3)]:
        with workers_of(parsed(*arguments)) as workers:
            assert isinstance(workers, LocalWorkers)
            assert workers.number == number


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "1.5"])
def test_jobs_is_a_number_of_1_or_more(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--jobs", jobs)
    assert "--jobs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--executor", "dask"), "needs the cluster's address"),
        (("--scheduler", "tcp://127.0.0.1:1"), "is for --executor dask"),
    ],
)
def test_arguments_that_do_not_fit_are_one_sentence(arguments: tuple[str, ...], why: str) -> None:
    with pytest.raises(ExaminerError, match=why):
        workers_of(parsed(*arguments))


def test_the_first_ctrl_c_asks_and_the_second_ends(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with Stop("autograde") as stop:
        assert not stop.asked()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.asked()
        assert "Stopping autograde after the submissions that are being graded" in capsys.readouterr().out
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
