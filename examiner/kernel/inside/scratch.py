"""Runs inside the sandbox: the folders that a notebook may write to, as they were before the first one."""

from __future__ import annotations

import fcntl
import importlib
import os
import stat
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

removal: Any = importlib.import_module("_examiner_removal")

GET_FLAGS = 0x80086601  # FS_IOC_GETFLAGS, for chattr's flags


class Kept(NamedTuple):
    """What a notebook may not change of a file that was there before it, and a folder's times, which are reset."""

    identity: tuple[Any, ...]
    times: tuple[int, int]


class Scratch:
    """Folders with all that is in them now, which is all that is left of them after `wipe`.

    Parameters
    ----------
    folders : sequence of str
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self._kept = {path: _kept(path) for folder in folders for path in _found(folder)}
        self._names: dict[str, set[str]] = {path: set() for path in self._kept if _is_own_folder(path, folders)}
        for path in self._kept:
            parent, name = os.path.split(path)
            self._names.get(parent, set()).add(name)

    def __repr__(self) -> str:
        return f"<Scratch: {len(self._kept)} entries>"

    def wipe(self) -> bool:
        """Remove everything else; whether what was there is still as it was. Nothing else may be running."""
        if not self._as_it_was():
            return False  # moved away, say: what is there now is not looked into
        for folder, names in self._names.items():
            removal.clear_folder(folder, names)
        for folder in self._names:
            os.utime(folder, ns=self._kept[folder].times)
        return True

    def _as_it_was(self) -> bool:
        try:
            return all(_kept(path).identity == kept.identity for path, kept in self._kept.items())
        except OSError:
            return False


def _found(folder: str) -> Iterator[str]:
    """A folder and all that is in it, but not in what is mounted there."""
    yield folder
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False) and not os.path.ismount(entry.path):
            yield from _found(entry.path)
        else:
            yield entry.path


def _is_own_folder(path: str, folders: Sequence[str]) -> bool:
    """Whether it is a folder of the scratch itself, and not what is mounted in it."""
    return path in folders or (os.path.isdir(path) and not os.path.islink(path) and not os.path.ismount(path))


def _kept(path: str) -> Kept:
    found = os.lstat(path)
    identity = found.st_dev, found.st_ino, found.st_mode, found.st_uid, found.st_gid
    return Kept((*identity, *_attributes(path, found.st_mode)), (found.st_atime_ns, found.st_mtime_ns))


def _attributes(path: str, mode: int) -> tuple[Any, ...]:
    """A folder's extended attributes and flags."""
    if not stat.S_ISDIR(mode):
        return ()
    attributes = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    return tuple(sorted(attributes.items())), _flags(path)


def _flags(path: str) -> bytes:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        return fcntl.ioctl(folder, GET_FLAGS, bytes(8))
    except OSError:  # a file system without them
        return b""
    finally:
        os.close(folder)
