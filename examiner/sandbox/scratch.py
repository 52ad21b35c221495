"""A sandbox's folders on the host: made, filled, and removed whatever is in them."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from examiner._exceptions import SandboxError


class Folders:
    """A sandbox's folders on the host.

    Parameters
    ----------
    user : int or None
        Whom root becomes.
    data : Path or None
        The data sets.
    files : mapping of str to Path or bytes
        What goes into the working folder.
    """

    def __init__(self, user: int | None, data: Path | None, files: Mapping[str, Path | bytes]) -> None:
        self.user, self.data = user, data
        self.root = new_folder()
        self.sockets, self.files = self.root / "ipc", self.root / "files"
        try:
            self.sockets.mkdir(mode=0o700)
            self.files.mkdir()
            if user is not None:
                os.chown(self.root, -1, user)
                os.chmod(self.root, 0o710)  # passable for the sandbox's user, closed for all others
                os.chown(self.sockets, user, user)
            write_files(self.files, files)
        except BaseException:
            remove_folder(self.root)
            raise

    def hand_over(self) -> None:
        """Give the sandbox's user what has been put into the folder of sockets: the connection file."""
        if self.user is not None:
            for entry in os.scandir(self.sockets):
                os.chown(entry.path, self.user, self.user, follow_symlinks=False)


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
            raise SandboxError(f"{name!r} is not a valid file name in the working folder.")
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
