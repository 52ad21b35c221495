"""A sandbox's folders on the host: made and filled."""

from __future__ import annotations

import compileall
import contextlib
import os
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from examiner._exceptions import SandboxError
from examiner.removal import remove_folder


class SharedFiles:
    """Read-only files that many sandboxes show in their working folders, written once, with Python modules compiled.

    They are removed by `close`, or with this object: close the sandboxes first.

    Parameters
    ----------
    content : mapping of str to Path or bytes
        Like a sandbox's `files`.

    Attributes
    ----------
    folder : Path
        Where they are on the host.
    close : callable
        Removes them.
    """

    def __init__(self, content: Mapping[str, Path | bytes]) -> None:
        self.content = dict(content)
        root = new_folder()
        self.close = weakref.finalize(self, _remove, root)
        self.folder = root / "files"
        self.folder.mkdir()
        write_files(self.folder, self.content, compiled=True)

    def __repr__(self) -> str:
        return f"<SharedFiles in {self.folder}>"


def _remove(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # somebody tidied up
        remove_folder(folder)


class Folders:
    """A sandbox's folders on the host.

    Parameters
    ----------
    user : int or None
        Whom root becomes.
    data : Path or None
        The data sets.
    files : SharedFiles, or mapping of str to Path or bytes
        What goes into the working folder.
    """

    def __init__(self, user: int | None, data: Path | None, files: SharedFiles | Mapping[str, Path | bytes]) -> None:
        self.user, self.data = user, data
        self.root = new_folder()
        self.files = files.folder if isinstance(files, SharedFiles) else self.root / "files"
        try:
            if user is not None:
                os.chown(self.root, -1, user)
                os.chmod(self.root, 0o710)  # passable for the sandbox's user, closed for all others
            if not isinstance(files, SharedFiles):
                self.files.mkdir()
                write_files(self.files, files)
        except BaseException:
            remove_folder(self.root)
            raise


def new_folder() -> Path:
    """Make the sandbox's folder on the host, where the user that root becomes can reach it."""
    base = Path(tempfile.gettempdir()).resolve()
    open_to_all = all(each.stat().st_mode & 0o001 for each in (base, *base.parents))
    return Path(tempfile.mkdtemp(prefix="ex-", dir=base if open_to_all or os.geteuid() else "/tmp"))


def write_files(folder: Path, files: Mapping[str, Path | bytes], *, compiled: bool = False) -> None:
    """Copy files of the host and given contents into a folder, readable for all users.

    Parameters
    ----------
    folder : Path
    files : mapping of str to Path or bytes
    compiled : bool, optional
        Whether to compile Python modules; those with syntax errors are left out, and links are not followed.

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
    if compiled:
        with warnings.catch_warnings(action="ignore"):  # they are for whoever runs these modules
            compileall.compile_dir(folder, quiet=2, limit_sl_dest=folder)
    for base, folders, names in os.walk(folder):
        for each in folders:
            if not os.path.islink(os.path.join(base, each)):
                os.chmod(os.path.join(base, each), 0o755)
        for each in names:
            if not os.path.islink(os.path.join(base, each)):
                os.chmod(os.path.join(base, each), 0o644)
    folder.chmod(0o755)
