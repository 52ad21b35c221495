"""Command lines for a sandbox: what bubblewrap mounts, which limits and rights a program gets."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from examiner._exceptions import IsolationError
from examiner.own_processes import KEEP_MEMORY, ONE_THREAD
from examiner.settings import MIB, Limits

WORK = "/tmp/work"
DATA = "/data"
SHARED_MEMORY = 16 * MIB  # /dev/shm
FONTS = ".matplotlib"  # a folder that Matplotlib wants to write to, with a list that it may only read
OWN_PACKAGES = ("examiner", "misconceptions")
SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
SYSTEM_FILES = ("ld.so.cache", "localtime", "alternatives", "fonts", "ssl/openssl.cnf")
PREFIX_PARTS = ("bin", "lib", "lib64", "share", "etc", "pyvenv.cfg")
OLDEST = (0, 8)  # of bubblewrap: the first with --disable-userns
INSTALL = "install it (Debian, Ubuntu: apt install bubblewrap)"
# For sh: mount pairs of folders up to "--", then become the program that follows.
MOUNT_AND_GO = 'set -e; while [ "$1" != -- ]; do "$0" --bind "$1" "$2"; shift 2; done; shift; exec "$@"'


@dataclass(frozen=True)
class Layout:
    """What a sandbox sees of the host, apart from the system and Python.

    Root's private folders cannot be reached by the user that root becomes: they are noted in
    `stage`, to be mounted where that user can, in a mount namespace that ends with the sandbox.
    """

    root: Path  # the sandbox's folder on the host
    files: Path  # in it, or shared with other sandboxes: what goes into the working folder
    data: Path | None
    user: int | None  # whom root becomes
    stage: dict[Path, Path] = field(default_factory=dict)

    def source(self, path: Path) -> str:
        """Give the path where bubblewrap will find a folder or file of the host."""
        if self.user is None or self.root in path.parents or _reachable(path):
            return str(path)
        if path not in self.stage:
            target = self.root / "stage" / str(len(self.stage))
            target.parent.mkdir(exist_ok=True)
            target.mkdir() if path.is_dir() else target.touch()
            self.stage[path] = target
        return str(self.stage[path])


def environment(work: Path, temporary: str) -> dict[str, str]:
    """Give the environment variables that every program in a sandbox has."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(work),
        "USER": "student",
        "TMPDIR": temporary,
        "MPLCONFIGDIR": f"{work}/{FONTS}",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": f"{temporary}/.ipython",
        **ONE_THREAD,
        **KEEP_MEMORY,
        "PYTHONDONTWRITEBYTECODE": "1",
        # Where Python itself was built to need it.
        **{name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
    }


def bwrap(layout: Layout, variables: Mapping[str, str], disk: int) -> list[str]:
    """Give bubblewrap's arguments: namespaces, environment, mounts.

    Parameters
    ----------
    layout : Layout
        What comes from the host; its `stage` is complete afterwards.
    variables : mapping of str to str
        The environment.
    disk : int
        Bytes that the scratch may hold.
    """
    arguments = ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
    arguments += ["--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv"]
    for name, value in variables.items():
        arguments += ["--setenv", name, value]
    arguments += _system(layout)
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    arguments += ["--size", str(SHARED_MEMORY), "--perms", "1777", "--tmpfs", "/dev/shm"]
    arguments += ["--size", str(disk), "--perms", "1777", "--tmpfs", "/tmp", "--dir", WORK]
    arguments += _python(layout)
    files = layout.source(layout.files)
    for entry in sorted(layout.files.iterdir()):
        if entry.name == FONTS:
            arguments += ["--dir", f"{WORK}/{FONTS}"]
            for each in entry.iterdir():
                arguments += ["--ro-bind", f"{files}/{FONTS}/{each.name}", f"{WORK}/{FONTS}/{each.name}"]
        else:
            arguments += ["--ro-bind", f"{files}/{entry.name}", f"{WORK}/{entry.name}"]
    if layout.data is not None:
        arguments += ["--ro-bind", layout.source(layout.data), DATA]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORK]


def _system(layout: Layout) -> list[str]:
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in SYSTEM_FOLDERS:
        folder = Path("/") / name
        if folder.is_symlink():
            arguments += ["--symlink", os.readlink(folder), str(folder)]
        elif folder.is_dir():
            arguments += ["--ro-bind", str(folder), str(folder)]
    for name in SYSTEM_FILES:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    users = layout.root / "passwd"
    users.write_text(f"student:x:1000:1000:student:{WORK}:/bin/sh\n")
    users.chmod(0o644)
    return [*arguments, "--ro-bind", str(users), "/etc/passwd"]


def _python(layout: Layout) -> list[str]:
    arguments = []
    for part in python_parts():
        if part.is_symlink() and not os.path.isabs(os.readlink(part)):  # lib64 -> lib: one folder, one mount
            arguments += ["--symlink", os.readlink(part), str(part)]
        else:
            arguments += ["--ro-bind", f"{layout.source(part.parent)}/{part.name}", str(part)]
    for folder in own_folders():
        arguments += ["--perms", "0555", "--tmpfs", str(folder), "--remount-ro", str(folder)]
    return arguments


def with_rights(layout: Layout) -> list[str]:
    """Give the command that mounts what was staged and drops root; nothing for an ordinary user."""
    if layout.user is None:
        return []
    drop = [tool("setpriv"), f"--reuid={layout.user}", f"--regid={layout.user}", "--clear-groups"]
    if not layout.stage:
        return drop
    pairs = [str(each) for pair in layout.stage.items() for each in pair]
    return [tool("unshare"), "--mount", tool("sh"), "-c", MOUNT_AND_GO, tool("mount"), *pairs, "--", *drop]


def with_limits(limits: Limits) -> list[str]:
    """Give the command that sets the kernel's limits of one process."""
    return [
        tool("prlimit"),
        f"--fsize={limits.file_size}",
        f"--cpu={limits.cpu_seconds}:{limits.cpu_seconds + 5}",
        f"--nofile={limits.open_files}",
        f"--data={limits.memory}",
        f"--as={limits.memory + 4096 * MIB}",  # shared mappings, coarsely: threads reserve much
        "--core=0",
        "--msgqueue=0",
        f"--memlock={MIB}",
    ]


@functools.cache
def tool(name: str) -> str:
    """Find a program of the system that sandboxes are started with.

    Raises
    ------
    IsolationError
        If it is not installed.
    """
    found = shutil.which(name) or shutil.which(name, path=f"{os.defpath}:/usr/sbin:/sbin")
    if found is None:
        what = "bubblewrap (bwrap)" if name == "bwrap" else f"{name} (of util-linux)"
        raise IsolationError(f"{what} is missing", INSTALL)
    return found


@functools.cache
def version() -> tuple[int, ...]:
    """Give the version of bubblewrap."""
    said = subprocess.run([tool("bwrap"), "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in said.rpartition(" ")[2].split(".") if part.strip().isdigit())


@functools.cache
def font_cache() -> dict[str, Path | bytes]:
    """Give Matplotlib's list of fonts, which takes seconds to make, as a file for a sandbox."""
    if importlib.util.find_spec("matplotlib") is None:
        return {}
    folder = Path(importlib.import_module("matplotlib").get_cachedir())
    if not any(folder.glob("fontlist-v*.json")):
        importlib.import_module("matplotlib.font_manager")  # makes it
    return {f"{FONTS}/{each.name}": each.read_bytes() for each in sorted(folder.glob("fontlist-v*.json"))}


@functools.cache
def python_parts() -> tuple[Path, ...]:
    """List what this Python needs beyond /usr: parts of its prefixes, never a project around them."""
    prefixes = {sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix)}
    parts = [Path(prefix) / part for prefix in sorted(prefixes) for part in PREFIX_PARTS]
    if site.ENABLE_USER_SITE:
        parts.append(Path(site.getusersitepackages()))
    return tuple(each for each in parts if each.exists() and Path("/usr") not in each.parents)


@functools.cache
def own_folders() -> tuple[Path, ...]:
    """List our own packages that are in a folder that the sandbox sees."""
    specs = [importlib.util.find_spec(name) for name in OWN_PACKAGES]
    own = [Path(place) for spec in specs if spec for place in spec.submodule_search_locations or ()]
    visible = {Path("/usr"), *python_parts(), *(part.resolve() for part in python_parts())}
    return tuple(each for each in own if visible & set(each.parents))


@functools.cache
def _reachable(path: Path) -> bool:
    """Whether an unprivileged user can reach a path, links on the way included."""
    real = path.resolve()
    need = 0o005 if real.is_dir() else 0o004
    return real.stat().st_mode & need == need and all(each.stat().st_mode & 0o001 for each in real.parents)
