"""The catalogue: how an entry becomes the source of a cell."""

from __future__ import annotations

import pytest

from examiner._exceptions import CatalogueError
from examiner.audit.students import find_entry
from examiner.diagnosis.entries import Catalogue, load_catalogues


@pytest.fixture
def catalogue() -> Catalogue:
    """A catalogue with one entry of each form."""
    catalogue = Catalogue("01_layers")

    def twice_backward(dout, cache):  # type: ignore[no-untyped-def]
        return 2 * dout

    @catalogue.misconception("double", "It triples.", together_with={"double_backward": twice_backward})
    def triples(x):  # type: ignore[no-untyped-def]
        return 3 * x

    catalogue.change("double", "adds", "It adds 2.", {"2 * x": "2 + x"})
    return catalogue


def test_a_function_takes_the_answers_name(catalogue: Catalogue) -> None:
    cells = catalogue.entries[0].cells({})
    assert cells == {
        "double": "def double(x):\n    return 3 * x",
        "double_backward": "def double_backward(dout, cache):\n    return 2 * dout",
    }


def test_a_change_replaces_text_of_the_reference(catalogue: Catalogue) -> None:
    reference = {"double": "def double(x):\n    return 2 * x"}
    assert catalogue.entries[1].cells(reference) == {"double": "def double(x):\n    return 2 + x"}


@pytest.mark.parametrize("source", ["def double(x):\n    return x + x", "2 * x + 2 * x"])
def test_a_change_must_fit_exactly_once(catalogue: Catalogue, source: str) -> None:
    with pytest.raises(CatalogueError, match="adds changes '2 \\* x'"):
        catalogue.entries[1].cells({"double": source})


def test_every_entry_of_the_course_parses_and_is_unique() -> None:
    from examiner.notebooks.cells import read, solutions
    from tests.conftest import SOURCE

    for catalogue in load_catalogues():
        reference = solutions(read(SOURCE / f"{catalogue.notebook}.ipynb"))
        names = [(entry.answer, entry.name) for entry in catalogue.entries]
        assert len(names) == len(set(names))
        for entry in catalogue.entries:
            assert entry.answer in reference, entry
            for answer, source in entry.cells(reference).items():
                compile(source, f"{entry.name}: {answer}", "exec")
                assert answer in reference, entry


def test_an_unknown_entry_is_an_error() -> None:
    with pytest.raises(CatalogueError, match="affine_forward:no_such"):
        find_entry("affine_forward:no_such")
