"""Answers that are alike, for a person to look at: what two students wrote, not who wrote it first."""

from __future__ import annotations

import ast
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

from rapidfuzz import fuzz

from examiner import similarity
from examiner.course import Course, Results
from examiner.kept import keep, read_kept
from examiner.notebooks import cells_of, read
from examiner.outcome import StudentOutcome
from examiner.similarity import canonical, fingerprints, length

__all__ = ["Pair", "similar_answers"]

FEWEST = 3  # statements of an answer's own: of fewer, two students may well think of the same
LONG = 100  # characters of these statements
SHARED = 0.5  # of these characters, so that two answers are compared at all
ALIKE = 88.0  # of 100, as rapidfuzz counts
COMMON = 0.1  # of the students: what more of them wrote comes from a lecture, a book or the task
FEW_STUDENTS = 4  # what so many wrote is never common


@dataclass(frozen=True)
class Pair:
    """Two students' versions of one answer."""

    answer: str
    students: tuple[str, str]
    sources: tuple[str, str]
    similarity: float
    """From 0 to 100: how much of the statements is the same, order and names of variables aside."""


def similar_answers(results: Results, outcomes: Mapping[str, StudentOutcome]) -> list[Pair]:
    """Find pairs of students with long answers that are alike.

    What the course gives, what its reference and catalogue have, and what many students wrote does not count.

    Parameters
    ----------
    results : Results
    outcomes : mapping of str to StudentOutcome
        By student.
    """
    known = _known(results.course)
    by_answer: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(dict)
    for student, outcome in outcomes.items():
        for notebook, record in outcome.notebooks.items():
            for answer, found in record.statements.items():
                by_answer[notebook, answer][student] = set(found) - known
    answers = cache(results.answers)
    pairs = []
    for (notebook, answer), written in by_answer.items():
        for one, other in _candidates(written):
            sources = answers(one, notebook).get(answer, ""), answers(other, notebook).get(answer, "")
            pair = Pair(answer, (one, other), sources, _similarity(*sources))
            if pair.similarity >= ALIKE:
                pairs.append(pair)
    return sorted(pairs, key=lambda pair: (-pair.similarity, pair.students, pair.answer))


def _candidates(written: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Pairs of students who share enough statements that few have."""
    how_many = Counter(statement for own in written.values() for statement in own)
    most = max(FEW_STUDENTS, COMMON * len(written))
    own = {student: {each for each in found if how_many[each] <= most} for student, found in written.items()}
    size = {student: sum(map(length, found)) for student, found in own.items()}
    who: dict[str, list[str]] = defaultdict(list)
    for student, found in own.items():
        if len(found) >= FEWEST and size[student] >= LONG:
            for statement in found:
                who[statement].append(student)
    shared: Counter[tuple[str, str]] = Counter()
    for statement, students in who.items():
        for pair in combinations(sorted(students), 2):
            shared[pair] += length(statement)
    for (one, other), number in shared.items():
        if number >= SHARED * max(size[one], size[other]):
            yield one, other


def _similarity(*sources: str) -> float:
    texts = [_in_one_order(source) for source in sources]
    return fuzz.ratio(*texts) if all(texts) else 0.0


@cache
def _in_one_order(source: str) -> str:
    """The statements of an answer, sorted: students who are alike are in many pairs."""
    return "\n".join(sorted(canonical(source)))


def _known(course: Course) -> set[str]:
    """Statements that stand in the source notebooks, in the toolkit and in the catalogue: found once for each state."""
    assignment, file = course.assignment, course.cache("statements") / f"{course.name}.json"
    folders = [assignment.source, *([assignment.root / assignment.catalogue] if assignment.catalogue else [])]
    modules = sorted(path for folder in folders for path in folder.rglob("*.py"))
    paths = [*assignment.notebooks(), *modules, Path(__file__), Path(similarity.__file__)]
    state = [[os.fspath(path), path.stat().st_mtime_ns, path.stat().st_size] for path in paths]
    found = read_kept(file, state)
    if not isinstance(found, list):
        found = sorted(_statements(assignment.notebooks(), modules))
        keep(file, state, found)
    return set(found)


def _statements(notebooks: Iterable[Path], modules: Iterable[Path]) -> set[str]:
    texts = [cell.source for path in notebooks for cell in cells_of(read(path), "given", "answer", "free")]
    texts += [text for path in modules for text in _code_in(path.read_text("utf-8"))]
    return {each for text in texts for each in fingerprints(text)}


def _code_in(source: str) -> Iterable[str]:
    """A file's functions and classes, one by one, and the code in its strings: so a catalogue holds answers.

    A method is read with its class, as it is in a student's answer.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield ast.unparse(node)
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and "\n" in each.value:
            yield each.value
