"""Many tasks on several children: results by number, and no task takes another one with it."""

from __future__ import annotations

import pytest

from examiner._exceptions import EngineError
from examiner.engine import Engine, run_all
from tests.examiner.engine.conftest import INSIDE

TASK = f"{INSIDE}:task"


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_do_not_depend_on_the_order_in_which_they_come(jobs: int, plain: Engine) -> None:
    found = dict(run_all(plain, TASK, range(12), jobs=jobs))
    assert {number: square for number, (_, square) in found.items()} == {n: n**2 for n in range(12)}
    assert len({pid for pid, _ in found.values()}) <= jobs


def test_no_task_is_no_work(plain: Engine) -> None:
    assert dict(run_all(plain, TASK, [])) == {}


@pytest.mark.parametrize("end", ["leave", "loop"])
def test_a_task_that_dies_or_never_ends_is_none_and_its_worker_is_replaced(end: str, plain: Engine) -> None:
    found = dict(run_all(plain, TASK, [1, end, 2, 3], jobs=1, seconds=0.5 if end == "loop" else 60))
    assert found[1] is None
    assert {number: found[number][1] for number in (0, 2, 3)} == {0: 1, 2: 4, 3: 9}
    assert found[0][0] != found[2][0] == found[3][0]


def test_an_exception_in_a_task_is_an_error_that_names_it(plain: Engine) -> None:
    with pytest.raises(EngineError, match=r"(?s)ValueError: task 3.*in fail"):
        list(run_all(plain, TASK, [1, 2, "fail", 4], jobs=2))
    with plain.fork() as child:
        assert child.call(f"{INSIDE}:add", 1, 2) == 3
