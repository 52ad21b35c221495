"""Runs inside the sandbox: lines that work on a student's own machine and only fail here are made to do nothing.

Mounting a drive of Colab, asking for a name, choosing a window for plots or a magic of an extension decide nothing of
a notebook's answers. Whatever else is missing still fails, with its own message.
"""

from __future__ import annotations

import builtins
import getpass
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import pdb
import sys
import types
from collections.abc import Callable
from typing import Any

__all__ = ["forgive"]

COLAB = "auth", "data_table", "drive", "files", "output", "patches", "runtime", "userdata", "widgets"
MODULES = ("google.colab", *(f"google.colab.{name}" for name in COLAB))
LINE_MAGICS = ("pip", "conda", "mamba", "uv", "load_ext", "reload_ext", "autoreload", "gui")
INSTALLERS = ("pip", "pip3", "conda", "mamba", "uv", "apt", "apt-get", "sudo", "python -m pip", "python3 -m pip")


def forgive(shell: Any) -> None:
    """Make harmless lines work in a kernel.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    """
    for name in MODULES:
        _add_module(name)
    for name in LINE_MAGICS:
        shell.register_magic_function(_nothing(f"%{name}"), "line", name)
    shell.system = _without_installers(shell.system)
    shell.register_magic_function(_inline(shell), "line", "matplotlib")
    _answer_nothing(shell.kernel)
    _debug_nothing()
    _keep_backend()


def _add_module(name: str) -> None:
    """A module in which every function does nothing, where there is none of this name."""
    parent, _, leaf = name.rpartition(".")
    if name in sys.modules or (not parent and importlib.util.find_spec(name) is not None):
        return
    module = types.ModuleType(name)
    module.__path__ = []
    module.__getattr__ = lambda attribute: _attribute(name, attribute)  # type: ignore[method-assign]
    sys.modules[name] = module
    if parent:
        _add_module(parent)
        setattr(importlib.import_module(parent), leaf, module)


def _attribute(module: str, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Nothing(f"{module}.{name}")


class _Nothing:
    """Something that can be called, and whose attributes can be called as well."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __call__(self, *arguments: Any, **named: Any) -> None:
        print(f"({self._what} does nothing while the notebook is graded.)")

    def __getattr__(self, name: str) -> Any:
        return _attribute(self._what, name)


def _nothing(what: str) -> Callable[..., None]:
    def do_nothing(*arguments: Any, **named: Any) -> None:
        _Nothing(what)()

    return do_nothing


def _without_installers(system: Callable[[str], Any]) -> Callable[[str], Any]:
    """``!pip install`` would wait for a network that is not there."""

    def run(command: str) -> Any:
        if command.strip().startswith(INSTALLERS):
            return _nothing(f"!{command.split()[0]}")()
        return system(command)

    return run


def _answer_nothing(kernel: Any) -> None:
    """``input`` and ``getpass`` get an empty line: nobody is there to answer."""

    def ask(prompt: object = "", stream: object = None) -> str:
        print(f"{prompt}(nobody answers while the notebook is graded)")
        return ""

    kernel.raw_input = kernel.getpass = ask
    builtins.input = getpass.getpass = ask  # in calls by tests


def _debug_nothing() -> None:
    """A forgotten ``breakpoint()`` or ``set_trace()`` is passed over: a debugger would ask for ever."""
    sys.breakpointhook = _nothing("breakpoint()")
    pdb.set_trace = _nothing("pdb.set_trace()")
    debugger = importlib.import_module("IPython.core.debugger")
    debugger.set_trace = _nothing("set_trace()")  # type: ignore[attr-defined]


def _inline(shell: Any) -> Callable[[str], None]:
    """``%matplotlib`` with whatever it asks for: figures are drawn inline."""

    def matplotlib(line: str) -> None:
        shell.enable_matplotlib("inline")

    return matplotlib


def _keep_backend() -> None:
    """``matplotlib.use`` and ``plt.switch_backend`` take the backend that the notebook has, once they are imported."""
    own = os.environ["MPLBACKEND"]

    def keep(module: Any) -> None:
        if module.__name__ == "matplotlib":
            module.use = lambda backend, *, force=True: None
        else:
            switch = module.switch_backend
            module.switch_backend = lambda newbackend: switch(own)

    for name in ("matplotlib", "matplotlib.pyplot"):
        if name in sys.modules:
            keep(sys.modules[name])
        else:
            sys.meta_path.insert(0, _Afterwards(name, keep))


class _Afterwards(importlib.abc.MetaPathFinder):
    """Has something done to a module after it has been imported."""

    def __init__(self, name: str, act: Callable[[Any], None]) -> None:
        self._name, self._act = name, act

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Find the one module, as it would be found otherwise."""
        spec: Any = importlib.machinery.PathFinder.find_spec(name, path) if name == self._name else None
        if spec is not None:
            execute = spec.loader.exec_module

            def execute_and_act(module: Any) -> None:
                execute(module)
                self._act(module)

            spec.loader.exec_module = execute_and_act
        return spec
