"""What an assignment is: the one module that reads ``c.Examiner.assignments`` of `nbgrader_config.py`.

An entry says where the assignment's toolkit is, which environment variables and data sets it has, and which submitted
files its tests read, and when it is due::

    c.Examiner.assignments = {
        "regression": {
            "toolkit": "toolkit",
            "catalogue": "misconceptions",
            "environment": {"OFFLINE": "1", "EARLIER_DIR": "{earlier}", "CHECKS_SEED": "{seed}"},
            "data_folder": {"variable": "COURSE_DATA_DIR", "cache": "my_course"},
            "data_sets": {"weather": "toolkit.data:load_weather"},
            "provide": "toolkit.data:provide",
            "files": ["weights.npz"],
            "late": {"due": "2026-03-01 23:59 Europe/Berlin", "percent_a_day": 10},
        },
    }

An assignment without an entry has none of these, and is graded all the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from examiner._exceptions import ConfigurationError, CourseNotFoundError
from examiner.late import LateWork
from examiner.paths import CONFIG, course_root

__all__ = ["Assignment", "find_assignment", "read_config"]

KEYS = "toolkit", "catalogue", "environment", "data_folder", "data_sets", "provide", "files", "late"
TEXTS = "toolkit", "catalogue", "provide"
SOURCE = "source"  # nbgrader's default
STRUCTURE = "{nbgrader_step}/{student_id}/{assignment_id}"  # nbgrader's default


@dataclass(frozen=True)
class Assignment:
    """One assignment of a course.

    Attributes
    ----------
    name : str
    root : Path
        The course's folder, which holds ``nbgrader_config.py``.
    source : Path
        The folder of the source notebooks.
    toolkit : str or None
        Name of the package next to the notebooks that students get; its checks and diagnosis are used.
    catalogue : str or None
        Name of the package below `root` that holds wrong and right answers.
    environment : mapping of str to str
        Environment variables of provided cells, answers and tests. ``{earlier}`` stands for the folder of the earlier
        notebooks, ``{seed}`` for the seed.
    data_variable : str or None
        Name of the environment variable that names the folder of the data sets.
    data_cache : str or None
        Name of the data sets' folder in the user's cache, where the variable is not set.
    data_sets : mapping of str to str
        For each kind of data set the function that loads it, ``"module:function"``; what it returns has a ``name``.
    provide : str or None
        The function that takes a data set which another process has loaded, so that loaders return it. Without it,
        every sandbox loads the data sets.
    files : tuple of str
        Names of submitted files that tests read.
    late : LateWork or None
        The due date, and what a late submission loses. No mark of a test depends on it.
    """

    name: str
    root: Path
    source: Path
    toolkit: str | None = None
    catalogue: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    data_variable: str | None = None
    data_cache: str | None = None
    data_sets: Mapping[str, str] = field(default_factory=dict)
    provide: str | None = None
    files: tuple[str, ...] = ()
    late: LateWork | None = field(default=None, repr=False)

    @classmethod
    def from_config(cls, name: str, root: Path, config: Config) -> Assignment:
        """Read an assignment from a course's configuration.

        Parameters
        ----------
        name : str
        root : Path
            The course's folder.
        config : traitlets.config.Config
            What ``nbgrader_config.py`` sets.

        Raises
        ------
        CourseNotFoundError
            The course has no such assignment.
        ConfigurationError
            Its entry has an unknown key or a value of the wrong type.
        """
        folder = _source(name, root, config)
        if not folder.is_dir():
            place = folder.relative_to(root) if folder.is_relative_to(root) else folder
            raise CourseNotFoundError(f"Assignment {name!r} not found: the folder {place} does not exist.")
        entry = _entry(name, config)
        data = entry.get("data_folder", {})
        return cls(
            name,
            root,
            folder,
            entry.get("toolkit"),
            entry.get("catalogue"),
            dict(entry.get("environment", {})),
            data.get("variable"),
            data.get("cache"),
            dict(entry.get("data_sets", {})),
            entry.get("provide"),
            tuple(entry.get("files", ())),
            _late(name, root, entry["late"]) if entry.get("late") is not None else None,
        )

    def notebooks(self) -> list[Path]:
        """The source notebooks, in order."""
        return sorted(path for path in self.source.glob("*.ipynb") if not path.name.startswith("."))

    def notebook(self, name: str) -> Path:
        """The path of one source notebook.

        Raises
        ------
        CourseNotFoundError
            There is none of this name.
        """
        path = self.source / f"{name}.ipynb"
        if not path.is_file():
            raise CourseNotFoundError(f"No notebook {name!r} in {self.source.name}: give its name without .ipynb.")
        return path

    def variables(self, *, earlier: Path | str, seed: int, data: Path | str | None) -> dict[str, str]:
        """Environment variables of a process that runs cells of this assignment.

        Parameters
        ----------
        earlier : Path or str
            Folder of the earlier notebooks, as that process sees it.
        seed : int
            Seed of the hidden inputs.
        data : Path, str or None
            Folder of the data sets, as that process sees it.
        """
        values = {"earlier": str(earlier), "seed": str(seed)}
        found = {name: _filled(text, values) for name, text in self.environment.items()}
        return found | ({self.data_variable: str(data)} if self.data_variable and data is not None else {})

    def data_dir(self, chosen: str = "") -> Path | None:
        """The folder of the data sets: the chosen one, else the one in the environment, else the user's cache.

        Raises
        ------
        ConfigurationError
            The folder that is named does not exist.
        """
        named = chosen or (os.environ.get(self.data_variable, "") if self.data_variable else "")
        if named:
            if not Path(named).expanduser().is_dir():
                who = f"{self.data_variable} or c.Examiner.data_dir" if self.data_variable else "c.Examiner.data_dir"
                raise ConfigurationError(f"{who} names {named}, which is not a folder: correct it, or unset it.")
            return Path(named).expanduser().resolve()
        cache = _cache(self.data_cache) if self.data_cache else None
        return cache if cache is not None and cache.is_dir() else None


def _cache(name: str) -> Path:
    """A folder in the user's cache, ``$XDG_CACHE_HOME`` first on every platform."""
    own = os.environ.get("XDG_CACHE_HOME")
    return Path(own, name) if own else platformdirs.user_cache_path(name, appauthor=False, opinion=False)


def find_assignment(name: str, start: Path | None = None) -> Assignment:
    """The assignment of this name in the course that a folder belongs to, by default the working folder."""
    root = course_root(start)
    return Assignment.from_config(name, root, read_config(root))


def read_config(root: Path) -> Config:
    """Read a course's ``nbgrader_config.py``.

    Raises
    ------
    ConfigurationError
        The file raises an exception.
    """
    try:
        config: Config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    except Exception as error:
        raise ConfigurationError(f"{CONFIG} raised {type(error).__name__}: {error}.") from error
    return config


def _source(name: str, root: Path, config: Config) -> Path:
    """An assignment's source folder, as nbgrader would format its path."""
    course = config.get("CourseDirectory", {})
    structure = str(course.get("directory_structure", STRUCTURE))
    step = str(course.get("source_directory", SOURCE))
    return (root / structure.format(nbgrader_step=step, student_id=".", assignment_id=name)).resolve()


def _entry(name: str, config: Config) -> Mapping[str, Any]:
    entries = config.get("Examiner", {}).get("assignments", {})
    entry = entries.get(name, {}) if isinstance(entries, Mapping) else None
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"c.Examiner.assignments[{name!r}] must be a dict.")
    if unknown := sorted(set(entry) - set(KEYS)):
        known = ", ".join(KEYS)
        raise ConfigurationError(f"c.Examiner.assignments[{name!r}] has an unknown key {unknown[0]!r}: use {known}.")
    for key, value in entry.items():
        kinds = str | None if key in TEXTS else {"files": list | tuple, "late": object}.get(key, Mapping)
        if not isinstance(value, kinds):
            raise ConfigurationError(f"c.Examiner.assignments[{name!r}][{key!r}] has a value of the wrong type.")
    return entry


def _late(name: str, root: Path, entry: object) -> LateWork:
    try:
        return LateWork.read(entry)
    except ValueError as error:
        what, value = error.args
        where = f"{CONFIG}{_line_of(root / CONFIG, value)}"
        raise ConfigurationError(f"{where}: c.Examiner.assignments[{name!r}]['late'] {what}.") from None


def _line_of(path: Path, value: object) -> str:
    """Where a file has a value, as it was written there: `, line 7`, or nothing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    found = [
        number for number, line in enumerate(lines, 1) if "#" not in line.split(str(value))[0] and str(value) in line
    ]
    return f", line {found[0]}" if found and str(value) else ""


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), str(text))
