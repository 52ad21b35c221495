"""A sandbox's folder on the host: made, filled, and removed whatever is in it."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from examiner._exceptions import SandboxError


def new_folder() -> Path:
    """Make the sandbox's folder on the host, with a path short enough for unix sockets."""
    base = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="ex-", dir=base if len(base) <= 40 else "/tmp"))


def write_files(folder: Path, files: Mapping[str, Path | bytes]) -> None:
    """Copy files of the host and given contents into a folder, readable for everybody.

    Raises
    ------
    SandboxError
        If a name leads out of the folder, or a file to copy is a symbolic link.
    """
    for name, content in files.items():
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or not relative.parts:
            raise SandboxError(f"{name!r} is no name in the working folder.")
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        elif content.is_symlink():
            raise SandboxError(f"{content} is a symbolic link: give the file that it points to.")
        elif content.is_dir():
            shutil.copytree(content, target, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(content, target)
    for base, folders, names in os.walk(folder):
        for each in folders:
            if not os.path.islink(os.path.join(base, each)):
                os.chmod(os.path.join(base, each), 0o755)
        for each in names:
            if not os.path.islink(os.path.join(base, each)):
                os.chmod(os.path.join(base, each), 0o644)
    folder.chmod(0o755)


def remove_folder(folder: Path) -> None:
    """Remove a folder whose content is hostile: no link is followed, no depth is too deep.

    Nothing may write to it any more.  A nested folder's own folders are moved up one by
    one, so that neither paths nor recursion grow with what the sandbox has built.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        while names := os.listdir(top):
            for name in names:
                if _is_folder(name, top):
                    _flatten(name, top)
                else:
                    os.unlink(name, dir_fd=top)
    finally:
        os.close(top)
    os.rmdir(folder)


def _flatten(name: str, top: int) -> None:
    os.chmod(name, 0o700, dir_fd=top)
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        for each in os.listdir(inner):
            if _is_folder(each, inner):
                os.chmod(each, 0o700, dir_fd=inner)  # a folder is moved by changing what is in it
                os.rename(each, secrets.token_hex(16), src_dir_fd=inner, dst_dir_fd=top)
            else:
                os.unlink(each, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _is_folder(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
