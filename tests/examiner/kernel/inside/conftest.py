"""The modules that run inside a sandbox, in this process: beside each other, as they are put there."""

from __future__ import annotations

import importlib
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from examiner.kernel.host import FILES


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Their folder, from which they can be imported."""
    made = tmp_path_factory.mktemp("inside")
    for name, path in FILES.items():
        shutil.copy(path, made / Path(name).name)
    sys.path.insert(0, str(made))
    yield made
    sys.path.remove(str(made))
    for name in [name for name, module in sys.modules.items() if str(made) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def agent(folder: Path) -> types.ModuleType:
    """The agent."""
    return importlib.import_module("_examiner_agent")


@pytest.fixture(scope="session")
def scratch(folder: Path) -> types.ModuleType:
    """The scratch's module."""
    return importlib.import_module("_examiner_scratch")
