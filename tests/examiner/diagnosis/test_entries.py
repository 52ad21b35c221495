"""The catalogue: how an entry becomes the source of a cell."""

from __future__ import annotations

import pickle

import pytest

from examiner._exceptions import CatalogueError
from examiner.audit import find_entry
from examiner.diagnosis import Catalogue, Excused, Listing, load_catalogues
from examiner.diagnosis.entries import excused_in, listings


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


def test_a_listing_is_plain_records(catalogue: Catalogue) -> None:
    catalogue.own_choice("double", "axis", "[...]")
    catalogue.probe("double", "other")(lambda names, rng: 1.0)
    listing = catalogue.listing()
    assert listing == Listing(
        "01_layers", tuple(catalogue.entries), {"double": frozenset({"axis", "[...]"})}, frozenset({"double", "other"})
    )
    assert pickle.loads(pickle.dumps(listing)) == listing
    assert repr(catalogue) == "<Catalogue of 01_layers: 2 entries>"


def test_an_entry_names_what_it_replaces(catalogue: Catalogue) -> None:
    whole, change = catalogue.entries
    assert (str(whole), whole.replaced()) == ("double:triples", ("double", "double_backward"))
    assert change.replaced() == ("double",)


def test_changes_that_go_together_are_combined(catalogue: Catalogue) -> None:
    catalogue.change("double", "returns_more", "", {"return": "return 1 +"})
    catalogue.change("double", "same_place", "", {"2 * x": "3 * x"})
    catalogue.change("double", "inside", "", {"* x": "* y"})
    catalogue.change("other", "elsewhere", "", {"return": "return 1 +"})
    whole, adds, more, same, inside, elsewhere = catalogue.entries
    reference = {"double": "def double(x):\n    return 2 * x", "other": "return"}
    assert adds.combined(more, reference) == {"double": "def double(x):\n    return 1 + 2 + x"}
    for other in (whole, same, inside, elsewhere):
        assert adds.combined(other, reference) is None


def test_listings_come_in_the_order_of_the_notebooks() -> None:
    found = [each.notebook for each in listings("misconceptions")]
    assert found == sorted(found)
    assert len(found) == 8


def test_excuses_are_optional() -> None:
    assert all(isinstance(each, Excused) for each in excused_in("misconceptions"))
    assert excused_in("misconceptions.in_the_wild") == ()
