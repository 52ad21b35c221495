"""Remove a folder whose content is hostile. Needs only the standard library: it also runs inside a sandbox."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Container
from pathlib import Path

__all__ = ["clear_folder", "remove_folder"]


def remove_folder(folder: Path | str) -> None:
    """Remove a folder: no link is followed, no depth is too deep. Nothing may write to it any more."""
    clear_folder(folder)
    os.rmdir(folder)


def clear_folder(folder: Path | str, keep: Container[str] = ()) -> None:
    """Remove what is in a folder, like `remove_folder`.

    A nested folder's own folders are moved up one by one, so that neither paths nor recursion grow with
    what has been built.

    Parameters
    ----------
    folder : Path or str
    keep : container of str
        Names in it that stay.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        while names := [name for name in os.listdir(top) if name not in keep]:
            for name in names:
                if _is_folder(name, top):
                    _flatten(name, top)
                else:
                    os.unlink(name, dir_fd=top)
    finally:
        os.close(top)


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
