"""Control groups, imitated in an ordinary folder: few machines that run tests allow one."""

from __future__ import annotations

from pathlib import Path

import pytest

from examiner.sandbox.linux import cgroup


def test_a_control_group_is_made_only_where_its_controllers_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cgroup, "_candidates", lambda: iter([tmp_path / "missing", tmp_path]))
    assert cgroup.create(2**30, 99) is None
    # An imitation: in the real file system a folder's control files appear by themselves.
    control = tmp_path / "cgroup.subtree_control"
    control.write_text("memory pids")
    group = cgroup.create(2**30, 99)
    assert group is not None
    assert (group.folder / "memory.max").read_text() == str(2**30)
    assert (group.folder / "pids.max").read_text() == "99"
    assert not group.out_of_memory()
    (group.folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.out_of_memory()


def test_controllers_that_are_not_switched_on_are_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cgroup, "_candidates", lambda: iter([tmp_path]))
    (tmp_path / "cgroup.subtree_control").write_text("")
    assert cgroup.create(2**30, 99) is None
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_group_is_removed_and_removing_it_again_is_no_error(tmp_path: Path) -> None:
    group = cgroup.Cgroup(tmp_path / "group")
    group.folder.mkdir()
    group.remove()
    group.remove()
    assert not group.folder.exists()
    assert not group.out_of_memory()
