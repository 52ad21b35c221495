"""Whether this machine can isolate submitted code: tested, not assumed, with the cause if it cannot."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from examiner._exceptions import IsolationError, SandboxError
from examiner.findings import Finding
from examiner.sandbox import bwrap
from examiner.sandbox.linux import cgroup, seccomp, users
from examiner.sandbox.sandbox import Sandbox
from examiner.settings import Isolation, Limits

__all__ = ["check_isolation", "isolation_findings"]

TRY_SECONDS = 20
FORKS = 60
PROBE_PROCESSES = 20
ALLOW = (
    "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces=10000)"
)
IN_CONTAINER = (
    "start the container so that it may make user namespaces (podman, docker: --security-opt seccomp=unconfined "
    "--security-opt systempaths=unconfined), or grade outside of it"
)
# A setting of Linux, the value that forbids user namespaces, and what allows them.
SETTINGS = (
    ("user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
    ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
)
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))

# Run in a sandbox: what holds there is tried, not assumed.
PROBE = f"""
import json, os, signal, socket
report = {{"forks": 0, "interfaces": [name for _, name in socket.if_nameindex()]}}
with open("/proc/self/status") as status:
    wanted = ("Seccomp:", "CapEff:", "NoNewPrivs:")
    report.update(line.split(":") for line in status if line.startswith(wanted))
try:
    for report["forks"] in range({FORKS}):
        if os.fork() == 0:
            signal.pause()
except OSError:
    pass
print(json.dumps(report))
"""


def check_isolation(isolation: Isolation) -> None:
    """Make sure that this machine can isolate in the way asked for.

    Parameters
    ----------
    isolation : {"bubblewrap", "none"}
        What is asked for.

    Raises
    ------
    IsolationError
        With one sentence that says what is missing and what to install or to allow.
    """
    if isolation == "none":
        return
    if sys.platform != "linux":
        raise IsolationError("bubblewrap works on Linux only", "grade there")
    if () != bwrap.version() < bwrap.OLDEST:
        found, oldest = (".".join(map(str, each)) for each in (bwrap.version(), bwrap.OLDEST))
        remedy = f"install {oldest} or later (as in Debian 12 and Ubuntu 24.04)"
        raise IsolationError(f"bubblewrap {found} is too old", remedy)
    if os.geteuid() == 0 and users.is_root_outside():
        why = "this user namespace has one user, root, who cannot become an ordinary user for submitted code"
        raise IsolationError(why, "run the examiner as an ordinary user, or give the container more user ids")
    if users.unused() is not None and not users.may_trace():
        why = (
            "root of this container has no capability CAP_SYS_PTRACE, which watching a sandbox of another user requires"
        )
        raise IsolationError(why, "run the examiner as an ordinary user (podman: --userns=keep-id)")
    with Sandbox("bubblewrap") as sandbox:
        try:
            sandbox.start([sys.executable, "-I", "-S", "-c", "print('works')"])
        except SandboxError as error:
            raise _diagnosed(str(error)) from None
        if sandbox.wait(TRY_SECONDS) != 0 or "works" not in sandbox.output:
            said = (sandbox.output.strip().splitlines() or ["no message"])[-1]
            raise _diagnosed(f"bubblewrap does not work here ({said})")


def _diagnosed(said: str) -> IsolationError:
    """Say why user namespaces are missing, as far as this machine tells."""
    said = said.rstrip(".")
    for name, forbidden, remedy in SETTINGS:
        if _setting(name) == forbidden:
            why = f"user namespaces are forbidden by {name.replace('/', '.')}={forbidden}"
            return IsolationError(f"{said}: {why}", f"as root of the machine: {remedy}")
    if any(mark.exists() for mark in CONTAINER_MARKS):
        return IsolationError(f"{said}: the container forbids user namespaces", IN_CONTAINER)
    return IsolationError(said, ALLOW)


def _setting(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None


def isolation_findings() -> Iterator[Finding]:
    """Try out what a sandbox holds on this machine.

    Yields
    ------
    Finding
        One for each protection; only one where bubblewrap does not work at all.
    """
    try:
        check_isolation("bubblewrap")
    except IsolationError as error:
        yield Finding("isolation", "bad", error.why, error.remedy)
        return
    who = "root, which becomes an unused user for each sandbox" if users.unused() else "an ordinary user"
    yield Finding("isolation", "good", f"bubblewrap {'.'.join(map(str, bwrap.version()))} works, started by {who}")
    with Sandbox("bubblewrap", Limits(processes=PROBE_PROCESSES)) as sandbox:
        sandbox.start([sys.executable, "-I", "-S", "-c", PROBE])
        sandbox.wait(20)
        try:
            inside = json.loads(sandbox.output.strip().splitlines()[0])
        except (ValueError, IndexError):
            text = (sandbox.output.strip().splitlines() or ["it said nothing"])[-1]
            yield Finding(
                "limits",
                "bad",
                f"a program in the sandbox failed: {text}",
                "report this with the whole output",
            )
            return
    yield from _protections(inside)
    yield _control_group()


def _protections(inside: dict[str, object]) -> Iterator[Finding]:
    """Findings from the report of a program in the sandbox."""
    allow = "grade on another machine: the sandbox on this one does not isolate the code"
    alone = inside["interfaces"] in ([], ["lo"])
    yield Finding("network", "good" if alone else "bad", "none" if alone else "reachable", None if alone else allow)
    powerless = int(str(inside["CapEff"]), 16) == 0 and int(str(inside["NoNewPrivs"])) == 1
    rights = "no capabilities, and none can be gained" if powerless else "the sandbox has capabilities"
    yield Finding("rights", "good" if powerless else "bad", rights, None if powerless else allow)
    bound = int(str(inside["forks"])) < PROBE_PROCESSES
    yield Finding(
        "processes",
        "good" if bound else "bad",
        "the limit binds" if bound else "the kernel's limit does not bind: a fork bomb is stopped late",
        None if bound else "grade as an ordinary user, or as root of the machine itself",
    )
    if int(str(inside["Seccomp"])) == 2:
        yield Finding("system calls", "good", f"{len(seccomp.DENIED)} are denied by a filter")
    else:
        text = f"no filter for {platform.machine()}; the other protections work"
        yield Finding("system calls", "note", text)


def _control_group() -> Finding:
    group = cgroup.create(2**30, 100)
    if group is not None:
        group.remove()
        return Finding("control group", "good", "each sandbox has its own (cgroup v2): memory is limited exactly")
    text = (
        "cannot be created: the Linux kernel limits memory per process, and the watchdog limits all processes together"
    )
    remedy = "as an ordinary user, with systemd 254 or later: systemd-run --user --pty --same-dir "
    remedy += "--property=Delegate=yes --property=DelegateSubgroup=main examiner ..."
    return Finding("control group", "note", text, remedy)
