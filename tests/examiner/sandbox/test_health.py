"""Whether this machine can isolate: tried, and told in one sentence where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner._exceptions import IsolationError
from examiner.findings import Finding
from examiner.sandbox import bwrap, check_isolation, health, isolation_findings
from examiner.sandbox.linux import cgroup, seccomp, users
from tests.examiner import inside

bubblewrap = pytest.mark.skipif(not inside.works(), reason="bubblewrap does not work here")


@pytest.fixture(autouse=True)
def forget_the_tools() -> Iterator[None]:
    """Let each test look for the system's programs again."""
    yield
    bwrap.tool.cache_clear()
    bwrap.version.cache_clear()


def test_a_bubblewrap_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bwrap, "version", lambda: (0, 6, 1))
    with pytest.raises(IsolationError, match=r"bubblewrap 0\.6\.1 is too old: install 0\.8 or later"):
        check_isolation("bubblewrap")


def test_a_missing_bubblewrap_is_one_sentence_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    bwrap.tool.cache_clear()
    bwrap.version.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda *a, **k: None)
    with pytest.raises(IsolationError, match="apt install bubblewrap"):
        check_isolation("bubblewrap")
    check_isolation("none")


@pytest.mark.parametrize("how", ["fails", "runs nothing"])
def test_a_bubblewrap_that_does_not_work_is_one_sentence_with_the_remedy(
    how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "bwrap"
    message = "bwrap: No permissions to create new namespace"
    broken.write_text(f"#!/bin/sh\necho '{message}' >&2\nexit 1\n" if how == "fails" else "#!/bin/sh\nexit 0\n")
    broken.chmod(0o755)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    bwrap.version.cache_clear()
    real = bwrap.tool
    monkeypatch.setattr(bwrap, "tool", lambda name: str(broken) if name == "bwrap" else real(name))
    with pytest.raises(IsolationError, match="user namespaces") as error:
        check_isolation("bubblewrap")
    assert "\n" not in str(error.value)


BROKEN = "bwrap: No permissions to create new namespace"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A bubblewrap that may not make namespaces."""
    program = tmp_path / "bwrap"
    program.write_text(f"#!/bin/sh\necho '{BROKEN}' >&2\nexit 1\n")
    for path in (program, tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    bwrap.version.cache_clear()
    real = bwrap.tool
    monkeypatch.setattr(bwrap, "tool", lambda name: str(program) if name == "bwrap" else real(name))


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("setting", health.SETTINGS, ids=lambda setting: setting[0])
def test_the_setting_that_forbids_user_namespaces_is_named(
    setting: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, value, remedy = setting
    monkeypatch.setattr(health, "_setting", lambda each: value if each == name else None)
    with pytest.raises(IsolationError) as error:
        check_isolation("bubblewrap")
    assert f"{name.replace('/', '.')}={value}" in error.value.why
    assert error.value.remedy == f"as root of the machine: {remedy}"


@pytest.mark.usefixtures("broken")
def test_a_container_without_user_namespaces_is_told_how_to_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(health, "_setting", lambda name: None)
    monkeypatch.setattr(health, "CONTAINER_MARKS", (tmp_path,))
    with pytest.raises(IsolationError, match="the container forbids user namespaces") as error:
        check_isolation("bubblewrap")
    assert "podman" in error.value.remedy


def test_a_root_who_cannot_become_anybody_and_is_root_outside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(users, "mapped", lambda: [(0, 0, 1)])
    monkeypatch.setattr(bwrap, "version", lambda: (0, 8, 0))
    with pytest.raises(IsolationError, match="cannot become an ordinary user"):
        check_isolation("bubblewrap")


@bubblewrap
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up a capability of root")
def test_the_root_of_a_container_who_may_not_look_at_other_users_is_told_to_be_an_ordinary_user() -> None:
    code = "from examiner.sandbox import check_isolation; check_isolation('bubblewrap')"
    command = ["setpriv", "--bounding-set=-sys_ptrace", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=inside.ROOT)
    assert "IsolationError: root of this container has no capability CAP_SYS_PTRACE" in done.stderr
    assert "run the examiner as an ordinary user" in done.stderr


@bubblewrap
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user first")
def test_the_root_of_a_namespace_with_one_user_grades_as_the_ordinary_user_that_it_is() -> None:
    drop = ["setpriv", f"--reuid={inside.NOBODY}", f"--regid={inside.NOBODY}", "--clear-groups"]
    code = "from examiner.sandbox import check_isolation; check_isolation('bubblewrap'); print('works')"
    command = [*drop, "unshare", "--user", "--map-root-user", inside.python_for_nobody(), "-c", code]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(inside.ROOT), "HOME": "/nonexistent"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    if "unshare failed" in done.stderr:
        pytest.skip("an ordinary user may make no user namespace here")
    assert done.stdout == "works\n", done.stderr


# ---- findings ----


def found(name: str) -> Finding:
    """Give the one finding about isolation with a name."""
    (finding,) = (each for each in isolation_findings() if each.name == name)
    return finding


@bubblewrap
def test_isolation_is_tried_not_assumed() -> None:
    for name in ("isolation", "network", "rights", "processes"):
        assert found(name).state == "good", name


def test_missing_isolation_is_bad_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    bwrap.tool.cache_clear()
    bwrap.version.cache_clear()
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    missing = found("isolation")
    bwrap.tool.cache_clear()
    bwrap.version.cache_clear()
    assert (missing.state, missing.text) == ("bad", "bubblewrap (bwrap) is missing")
    assert missing.remedy == "install it (Debian, Ubuntu: apt install bubblewrap)"


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("network", {"interfaces": ["lo", "eth0"]}),
        ("rights", {"CapEff": "\t0000000000000001\n"}),
        ("rights", {"NoNewPrivs": "\t0\n"}),
        ("processes", {"forks": 59}),
    ],
)
def test_a_wall_with_a_hole_is_bad(name: str, seen: dict[str, object]) -> None:
    whole = {"interfaces": ["lo"], "CapEff": "\t0\n", "NoNewPrivs": "\t1\n", "forks": 18, "Seccomp": "\t2\n"}
    assert {each.state for each in health._protections(whole)} == {"good"}
    bad = [each for each in health._protections({**whole, **seen}) if each.state == "bad"]
    assert [each.name for each in bad] == [name]
    assert bad[0].remedy


def test_what_a_machine_cannot_do_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "create", lambda *limits: None)
    assert health._control_group().state == "note"
    monkeypatch.setattr(seccomp, "program", lambda: b"")
    whole = {"interfaces": ["lo"], "CapEff": "0", "NoNewPrivs": "1", "forks": 18, "Seccomp": "0"}
    assert [each.name for each in health._protections(whole) if each.state == "note"] == ["system calls"]
