"""The corpus of answers as students write them: complete, well-formed, and out of the diagnosis's reach."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest
from nbformat import NotebookNode

from examiner.catalogue import load_catalogues
from examiner.diagnosis.entries import listings
from examiner.notebooks import cells_of, grade_id
from misconceptions.in_the_wild import Sample, load_samples
from misconceptions.in_the_wild.sample import edited

SAMPLES = load_samples()
SYNTAX_ERRORS = {"colon_forgotten"}


@pytest.fixture(scope="module")
def answers(notebooks: dict[str, NotebookNode]) -> dict[str, list[str]]:
    """The answers of each source notebook."""
    return {name: [grade_id(cell) for cell in cells_of(each, "answer")] for name, each in notebooks.items()}


def test_every_source_parses() -> None:
    broken = set()
    for sample in SAMPLES:
        for source in sample.cells().values():
            try:
                ast.parse(source)
            except SyntaxError:
                broken.add(sample.name)
    assert broken == SYNTAX_ERRORS


def test_names_are_unique() -> None:
    assert [name for name, count in Counter(sample.name for sample in SAMPLES).items() if count > 1] == []
    assert [sample.name for sample in SAMPLES if not re.fullmatch(r"[a-z][a-z0-9_]*", sample.name)] == []


def test_there_are_enough_samples() -> None:
    assert sum(not sample.right for sample in SAMPLES) >= 150
    assert sum(sample.right for sample in SAMPLES) >= 60


def test_every_answer_has_wrong_and_right_samples(answers: dict[str, list[str]]) -> None:
    counts = Counter((sample.notebook, sample.answer, sample.right) for sample in SAMPLES)
    asked = [(notebook, answer) for notebook, names in answers.items() for answer in names]
    assert [each for each in asked if counts[*each, False] < 2 or counts[*each, True] < 1] == []
    assert {(sample.notebook, sample.answer) for sample in SAMPLES} == set(asked)


def test_every_cell_defines_its_answer() -> None:
    for sample in (each for each in SAMPLES if each.name not in SYNTAX_ERRORS):
        for answer, source in sample.cells().items():
            names: set[str] = set()
            for node in ast.parse(source).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    names.add(node.name)
                elif isinstance(node, ast.Assign):
                    names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            assert answer in names, sample


def test_companions_are_answers_of_the_same_notebook(answers: dict[str, list[str]]) -> None:
    for sample in SAMPLES:
        assert set(sample.cells()) <= set(answers[sample.notebook]), sample


def test_right_samples_have_no_meaning_and_wrong_ones_name_entries_that_exist() -> None:
    entries = {f"{entry.answer}:{entry.name}" for each in load_catalogues() for entry in each.entries}
    for sample in SAMPLES:
        assert not sample.right or not (sample.meaning or sample.names), sample
        assert set(sample.names) <= entries, sample
        for pattern in sample.meaning:
            re.compile(pattern)


def test_no_two_samples_are_the_same_text() -> None:
    texts = Counter(tuple(sorted(sample.cells().items())) for sample in SAMPLES)
    assert max(texts.values()) == 1


def test_the_corpus_does_not_reach_the_fingerprints(answers: dict[str, list[str]]) -> None:
    """Fingerprints are made of the entries of `load_catalogues`, and nothing else: no sample is one."""
    parsing = [sample for sample in SAMPLES if sample.name not in SYNTAX_ERRORS]
    written = {ast.dump(ast.parse(source)) for sample in parsing for source in sample.cells().values()}
    catalogued = [entry for each in load_catalogues() for entry in each.entries]
    assert not any(each.__class__ is Sample for each in catalogued)
    assert {entry.notebook for entry in catalogued} == set(answers)
    assert not {ast.dump(ast.parse(source)) for entry in catalogued for source in entry.sources.values()} & written
    # What fingerprints are made of: the listings, and nothing else (examiner/diagnosis/inside.py).
    listed = [entry for listing in listings("misconceptions") for entry in listing.entries]
    assert sorted(map(str, listed)) == sorted(map(str, catalogued))


def test_a_sentence_is_right_by_its_meaning_or_its_name() -> None:
    sample = Sample("01_layers", "double", "triples", "", False, meaning=("3 times",), names=("double:tripled",))
    assert sample.is_named_by("double", None, "out is 3 TIMES what it should be")
    assert sample.is_named_by("double", "tripled", "Anything.")
    assert not sample.is_named_by("double", "halved", "It is halved.")
    assert not Sample("01_layers", "double", "odd", "", False).is_named_by("double", None, "out is wrong")


def test_an_edit_must_find_its_text_once() -> None:
    assert edited("a + b", ("b", "c")) == "a + c"
    with pytest.raises(ValueError, match="occurs 2 times"):
        edited("a + a", ("a", "c"))
