"""An assignment by value: what a worker on another machine needs to grade its submissions."""

from __future__ import annotations

import atexit
import hashlib
import platform
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from examiner._exceptions import ExaminerError
from examiner.assignment import Assignment
from examiner.jobs.digest import PACKAGES, files_below
from examiner.jobs.submission import GradedSubmission, Work, grade_submission, grader_for, reason_of
from examiner.notebooks import Submission
from examiner.paths import FINGERPRINTS
from examiner.sandbox import check_isolation

__all__ = ["Bundle", "Machine", "bundled", "grade_elsewhere", "machine"]


@dataclass(frozen=True)
class Bundle:
    """An assignment with its files.

    Attributes
    ----------
    work : Work
        Its folders are those of the machine that made the bundle.
    files : mapping of str to bytes
        Source notebooks, toolkit, catalogue and fingerprints, by path below the course's folder.
    source : str
        Path of the source folder, below the course's folder.
    digest : str
        A hash of the files.
    """

    work: Work
    files: Mapping[str, bytes]
    source: str
    digest: str


@dataclass(frozen=True)
class Machine:
    """What a worker runs on, as far as marks depend on it; `fault` says why it cannot grade."""

    python: str
    packages: Mapping[str, str]
    data: Mapping[str, str | None]
    fault: str | None = None


def bundled(work: Work) -> Bundle:
    """Collect the files of an assignment; its fingerprints are computed first, where they are missing.

    Parameters
    ----------
    work : Work
    """
    assignment, root = work.assignment, work.assignment.root
    fingerprints = grader_for(assignment, work.options).all_fingerprints()
    folders = [assignment.source, *([root / assignment.catalogue] if assignment.catalogue else [])]
    paths = {path: path.relative_to(root) for folder in folders for path in files_below(folder)}
    paths |= {path: FINGERPRINTS / path.name for path in fingerprints}
    files = {str(name): path.read_bytes() for path, name in paths.items()}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)}\0".encode() + content)
    return Bundle(work, files, str(assignment.source.relative_to(root)), digest.hexdigest())


def machine(packed: Bundle) -> Machine:
    """Say what this process runs on: to be called on a worker.

    Parameters
    ----------
    packed : Bundle
    """
    packages = {name: version(name) for name in PACKAGES}
    try:
        work = _unpacked(packed)
        check_isolation(work.options.isolation)
        data = grader_for(work.assignment, work.options).engine.data_sets()
        return Machine(platform.python_version(), packages, {kind: each.name for kind, each in data.items()})
    except ExaminerError as error:
        return Machine(platform.python_version(), packages, {}, reason_of(error))


def grade_elsewhere(packed: Bundle, submission: Submission) -> GradedSubmission:
    """Grade a submission on a machine that may not have the course's folder.

    Parameters
    ----------
    packed : Bundle
    submission : Submission
    """
    return grade_submission(_unpacked(packed), submission)


_places: dict[str, Path] = {}
_lock = threading.Lock()


def _unpacked(packed: Bundle) -> Work:
    """The same work with the folders of this machine, written once for each bundle."""
    with _lock:
        if packed.digest not in _places:
            _places[packed.digest] = _written(packed)
    root = _places[packed.digest]
    here: Assignment = replace(packed.work.assignment, root=root, source=root / packed.source)
    options = replace(packed.work.options, data_dir=here.data_dir())
    return replace(packed.work, assignment=here, options=options)


def _written(packed: Bundle) -> Path:
    root = Path(tempfile.mkdtemp(prefix="examiner-course-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    for name, content in packed.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root
