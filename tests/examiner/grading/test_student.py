"""A student's side, with hosts that start nothing."""

from __future__ import annotations

from examiner.grading import StudentSide
from examiner.kernel import TimeBudget


class FakeHost:
    """A sandbox in which nothing runs."""

    def __init__(self) -> None:
        self.alive, self.started = True, 0

    def start(self, draws: bool) -> int:
        """Count it."""
        self.started += 1
        return self.started

    def close(self) -> None:
        """End it."""
        self.alive = False


class Hosts:
    """Makes them."""

    def __init__(self) -> None:
        self.made: list[FakeHost] = []

    def __call__(self) -> FakeHost:
        self.made.append(FakeHost())
        return self.made[-1]


def side(hosts: Hosts) -> StudentSide:
    """A student's side."""
    return StudentSide(hosts, TimeBudget(600))  # type: ignore[arg-type]


def test_one_sandbox_serves_all_notebooks_and_is_made_when_it_is_needed() -> None:
    hosts = Hosts()
    with side(hosts) as made:
        assert hosts.made == []
        for name in ("01", "02", "03", "03"):
            made.take(name)
        assert [each.started for each in hosts.made] == [4]
        assert hosts.made[0].alive
    assert not hosts.made[0].alive
    made.close()


def test_a_sandbox_that_ended_is_replaced() -> None:
    hosts = Hosts()
    made = side(hosts)
    made.take("01")
    hosts.made[0].alive = False
    made.take("01")
    assert [each.started for each in hosts.made] == [1, 1]


def test_no_notebook_runs_where_its_own_reference_has_been() -> None:
    hosts = Hosts()
    made = side(hosts)
    made.take("04", {"01", "02"})
    made.take("05", {"02", "04"})
    assert len(hosts.made) == 1
    made.take("02")
    assert [each.alive for each in hosts.made] == [False, True]
    made.take("01")
    made.take("02")
    assert len(hosts.made) == 2


def test_after_an_idle_time_a_side_goes_on_with_a_fresh_sandbox() -> None:
    hosts = Hosts()
    made = side(hosts)
    made.take("01", {"00"})
    made.close()
    made.take("00")
    assert [each.started for each in hosts.made] == [1, 1]
    assert repr(made).startswith("<StudentSide: 600.0 s left")
