"""``examiner doctor``: whether this machine can grade, each shortcoming with what to do about it."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from rich.console import Console
from rich.text import Text

from examiner._exceptions import CourseNotFoundError, ExaminerError, IsolationError
from examiner.assignment import Assignment, read_config
from examiner.cli.arguments import Commands
from examiner.paths import course_root
from examiner.sandbox import Sandbox, bwrap, cgroup, check_isolation, seccomp
from examiner.settings import SEED, Limits

State = Literal["good", "note", "bad"]
MARKS: dict[State, tuple[str, str]] = {
    "good": ("ok  ", "green"),
    "note": ("note", "yellow"),
    "bad": ("BAD ", "red"),
}
PROJECT = "neural-networks-course"
OLDEST_PYTHON = (3, 11)
FORKS = 60
PROBE_PROCESSES = 20

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


# Run in a process with the toolkit on its path: the name of the data set that a loader gives.
LOAD = """
import importlib, sys
found = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])()
print()
print(getattr(found, "name", "loaded"))
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What was looked at.
    state : {"good", "note", "bad"}
        A note is worth knowing; with something bad, grading refuses or misleads.
    text : str
        What was found.
    remedy : str, optional
        What to do about it.
    """

    name: str
    state: State
    text: str
    remedy: str | None = None


def findings() -> tuple[Finding, ...]:
    """Look at everything that grading depends on."""
    return (*_versions(), *_isolation(), *_course(), *_data_sets())


def report(found: Iterable[Finding], console: Console | None = None) -> int:
    """Print findings.

    Returns
    -------
    int
        The exit status: 0, or 2 where something is bad.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    found = tuple(found)
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        mark, color = MARKS[each.state]
        console.print(Text.assemble((mark, color), f"  {each.name:<{width}}  {each.text}"))
        if each.remedy:
            console.print(Text(f"{'':{width + 8}}-> {each.remedy}"))
    return 2 if any(each.state == "bad" for each in found) else 0


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command, which has no arguments."""
    parser = commands.add_parser("doctor", help="what is there, what is missing, what to do about it")
    parser.set_defaults(run=lambda _: main())
    return parser


def main() -> int:
    """Look and report; the exit status is the command's."""
    return report(findings())


# ---- versions ----


def _versions() -> Iterator[Finding]:
    version, oldest = platform.python_version(), ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info >= OLDEST_PYTHON:
        yield Finding("Python", "good", f"{version}, {sys.executable}")
    else:
        yield Finding("Python", "bad", version, f"install Python {oldest} or later and make the environment anew")
    try:
        required = importlib.metadata.requires(PROJECT) or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding(
            "packages", "note", f"{PROJECT} is not installed, so versions are not checked", "pip install -e ."
        )
        return
    for requirement in map(Requirement, required):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement)


def _package(requirement: Requirement) -> Finding:
    remedy = f'pip install "{requirement}"'
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(requirement.name, "bad", "missing", remedy)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(requirement.name, "bad", f"{version}, but {requirement.specifier} is needed", remedy)
    return Finding(requirement.name, "good", version)


# ---- isolation ----


def _isolation() -> Iterator[Finding]:
    try:
        check_isolation("bubblewrap")
    except IsolationError as error:
        yield Finding("isolation", "bad", error.why, error.remedy)
        return
    who = "root, which becomes an unused user for each sandbox" if os.geteuid() == 0 else "an ordinary user"
    yield Finding("isolation", "good", f"bubblewrap {'.'.join(map(str, bwrap.version()))} works, started by {who}")
    with Sandbox("bubblewrap", Limits(processes=PROBE_PROCESSES)) as sandbox:
        sandbox.start([sys.executable, "-I", "-S", "-c", PROBE])
        sandbox.wait(20)
        sealed = _can_seal()
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
    yield from _walls(inside)
    yield _seal(sealed)
    yield _control_group()


def _walls(inside: dict[str, object]) -> Iterator[Finding]:
    """Tell what a program in the sandbox found."""
    allow = "grade on another machine: this one lets through what bubblewrap should hold"
    alone = inside["interfaces"] in ([], ["lo"])
    yield Finding("network", "good" if alone else "bad", "none" if alone else "reachable", None if alone else allow)
    powerless = int(str(inside["CapEff"]), 16) == 0 and int(str(inside["NoNewPrivs"])) == 1
    rights = "no capability, no way to one" if powerless else "the sandbox has capabilities"
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
        text = f"there is no filter for {platform.machine()}; the other walls stand"
        yield Finding("system calls", "note", text)


def _can_seal() -> bool:
    with Sandbox("bubblewrap") as sandbox:
        sandbox.start(["sleep", "20"])
        return sandbox.seal()


def _seal(sealed: bool) -> Finding:
    if sealed:
        return Finding("sockets", "good", "their folder is read-only for submitted code")
    text = "their folder stays writable for submitted code; the watchdog measures it"
    return Finding("sockets", "note", text, "use Linux 5.12 or later")


def _control_group() -> Finding:
    group = cgroup.create(2**30, 100)
    if group is not None:
        group.remove()
        return Finding("control group", "good", "each sandbox has its own (cgroup v2): memory is limited exactly")
    text = "none can be made: the kernel limits each process's memory, the watchdog that of all together"
    remedy = "as an ordinary user, with systemd 254 or later: systemd-run --user --pty --same-dir "
    remedy += "--property=Delegate=yes --property=DelegateSubgroup=main examiner ..."
    return Finding("control group", "note", text, remedy)


# ---- the course and its data sets ----


def _course() -> Iterator[Finding]:
    try:
        yield Finding("course", "good", str(course_root()))
    except CourseNotFoundError as error:
        yield Finding("course", "note", str(error), "cd into the course's folder")


def _data_sets() -> Iterator[Finding]:
    """The data sets of every assignment that has some: which ones its toolkit finds."""
    try:
        root = course_root()
        config = read_config(root)
        names = sorted(config.get("Examiner", {}).get("assignments", {}))
        assignments = [Assignment.from_config(name, root, config) for name in names]
    except CourseNotFoundError:
        return
    except ExaminerError as error:
        yield Finding("configuration", "bad", str(error), "correct nbgrader_config.py")
        return
    for assignment in assignments:
        try:
            folder = assignment.data_dir(config.get("Examiner", {}).get("data_dir", ""))
        except ExaminerError as error:
            yield Finding(f"data of {assignment.name}", "bad", str(error), "name a folder that exists, or none")
            continue
        for kind, loader in assignment.data_sets.items():
            yield _data_set(assignment, kind, loader, folder)


def _data_set(assignment: Assignment, kind: str, loader: str, folder: Path | None) -> Finding:
    """Load one data set in a process of its own: nothing of the course is imported here."""
    variables = assignment.variables(earlier=assignment.source, seed=SEED, data=folder)
    environment = os.environ | variables | {"PYTHONPATH": str(assignment.source)}
    command = [sys.executable, "-c", LOAD, *loader.split(":")]
    done = subprocess.run(command, cwd=assignment.root, env=environment, capture_output=True, text=True)
    lines, variable = done.stdout.split("\n"), assignment.data_variable or "c.Examiner.data_dir"
    remedy = f"name a folder that holds it in {variable}"
    if done.returncode == 0 and len(lines) > 1:
        *said, name, _ = lines
        if notes := [line for line in said if line.strip()]:  # that it is a smaller one, say
            return Finding(f"data: {kind}", "note", notes[-1].strip(), remedy)
        return Finding(f"data: {kind}", "good", f"{name}, looked for in {folder or 'the packages'}")
    why = (done.stderr.strip().splitlines() or ["the loader ended without a word"])[-1]
    return Finding(f"data: {kind}", "bad", why, remedy)


if __name__ == "__main__":
    sys.exit(main())
