"""The folders that may hold data sets, on each platform."""

import os
from pathlib import Path

import platformdirs
import platformdirs.macos
import platformdirs.unix
import platformdirs.windows
import pytest

from tests.toolkit.data.helpers import check_one_sentence
from toolkit.data import DataError, folders, places


def test_places(monkeypatch, tmp_path):
    cache = tmp_path / "cache/neural_networks"
    assert places() == {"cache": cache}
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path))
    assert list(places().items()) == [("NN_DATA_DIR", tmp_path), ("cache", cache)]


def test_own_folder_may_be_relative(monkeypatch, tmp_path):
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NN_DATA_DIR", "own")
    assert folders.own_folder() == tmp_path / "own"


def test_own_folder_may_start_with_a_tilde(monkeypatch, tmp_path):
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("NN_DATA_DIR", "~/own")
    assert folders.own_folder() == tmp_path / "own"


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_own_folder_that_is_no_folder(kind, monkeypatch, tmp_path):
    if kind == "file":
        (tmp_path / "own").touch()
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path / "own"))
    with pytest.raises(DataError, match=r"NN_DATA_DIR is set to .*own, which is not a readable folder") as caught:
        places()
    check_one_sentence(caught.value)


PLATFORMS = {
    "linux": (platformdirs.unix.Unix, ".cache/neural_networks"),
    "macos": (platformdirs.macos.MacOS, "Library/Caches/neural_networks"),
    "windows": (platformdirs.windows.Windows, "AppData/Local/neural_networks"),
}


@pytest.fixture(params=PLATFORMS)
def platform(request, monkeypatch, tmp_path):
    """Run on one of three platforms, in a home directory of its own; return the cache folder there."""
    class_, folder = PLATFORMS[request.param]
    monkeypatch.setattr(platformdirs, "PlatformDirs", class_)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(platformdirs.windows, "get_win_folder", lambda _: str(tmp_path / "AppData/Local"))
    return tmp_path / folder


def test_cache_folder_of_the_platform(platform, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert places()["cache"] == platform
    assert not platform.exists()  # to look for it does not create it


@pytest.mark.usefixtures("platform")
def test_xdg_cache_home_comes_first_on_every_platform(tmp_path):
    assert places()["cache"] == tmp_path / "cache/neural_networks"


def test_the_cache_folder_on_linux_is_where_it_always_was(monkeypatch, tmp_path):
    """Earlier versions used ``$XDG_CACHE_HOME/neural_networks``, else ``~/.cache/neural_networks``."""
    monkeypatch.setattr(platformdirs, "PlatformDirs", platformdirs.unix.Unix)
    monkeypatch.setenv("HOME", str(tmp_path))
    for setting in (str(tmp_path / "elsewhere"), ""):
        monkeypatch.setenv("XDG_CACHE_HOME", setting)
        earlier = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neural_networks"
        assert places()["cache"] == earlier


@pytest.mark.parametrize("answer", [RuntimeError("no home directory"), Path("~/.cache/neural_networks")])
def test_cache_folder_of_a_user_without_a_home(answer, monkeypatch, tmp_path):
    """Newer versions of platformdirs raise an error, older ones return a relative path."""

    def user_cache_path(*_, **__):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(folders, "user_cache_path", user_cache_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert places()["cache"] == tmp_path / "neural_networks"
