"""A test never measures by what it gave away: found in the text, and by answers that spoil all that they get."""

from __future__ import annotations

import pytest
from nbformat import NotebookNode

from examiner.notebooks import cells_of, grade_id
from tests.assignment.given_away import given_away
from tests.assignment.marks import Marks
from tests.assignment.test_notebooks import ANSWERS, FILES, NAMES

HELPERS = """
def steps(rule, w, gradients, config=None):
    for dw in gradients:
        w, config = rule(np.array(w), dw, config)
    return w


def measure(make, X, reg: float = 0.0):
    return make(reg).loss(X.copy())
"""


@pytest.mark.parametrize("name", NAMES)
def test_no_test_cell_reads_what_it_gave_to_an_answer(name: str, notebooks: dict[str, NotebookNode]) -> None:
    helpers = "\n".join(each.source for each in cells_of(notebooks[name], "given") if each.cell_type == "code")
    found = {
        grade_id(each): [str(place) for place in given_away(each.source, ANSWERS[name], helpers)]
        for each in cells_of(notebooks[name], "test")
    }
    assert {test: places for test, places in found.items() if places} == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("data = trial()\ntrain(model, data)\nc.equal('y', data['y'], 1)", ["data"]),
        ("out = layer(x)\nc.close('out', out, 2 * x)", ["x"]),
        ("out = layer(x[:1])\nc.close('out', out, 2 * x)", ["x"]),
        ("out = layer(x.reshape(2, 3))\nc.close('out', out, 2 * x)", ["x"]),
        ("out = layer({'x': x})\nc.close('out', out, 2 * x)", ["x"]),
        ("out = layer(**{'x': x} | other)\nprint(x, other)", ["x", "other"]),
        ("out = layer(scale=x)\nc.close('out', out, 2 * x)", ["x"]),
        ("out = chain(layer, train)(dout, x)\nprint(dout)", ["dout"]),
        ("both = chain(layer, train)\nout = both(dout, x)\nprint(dout)", ["dout"]),
        ("model = layer(3)\nloss = model.loss(X, y)\nprint(y)", ["y"]),
        ("for k in (1, 2):\n    layer(x)", ["x"]),
        ("outs = [layer(x) for k in (1, 2)]", ["x"]),
        ("for rule in (layer, reference.layer):\n    rule(w, 2)", ["w"]),
        ("out = steps(layer, w, gradients)\nprint(w, gradients)", ["gradients"]),
        ("out = steps(layer, w, g, config)\nprint(config)", ["config"]),
        ("def given(x):\n    return layer(x)\n\n\nout = given(x)\nprint(x)", ["x"]),
        ("bn = {'mode': 'train'}\nlayer(x, bn)\nbn['mean'] = 1", ["bn"]),
    ],
)
def test_what_is_given_and_then_read_is_found(source: str, names: list[str]) -> None:
    places = given_away(source, {"layer", "train"}, HELPERS)
    assert [each.name for each in places] == names


@pytest.mark.parametrize(
    "source",
    [
        "data = trial()\ntrain(model, deepcopy(data))\nc.equal('y', data['y'], 1)",
        "out = layer(x.copy())\nc.close('out', out, 2 * x)",
        "out = layer(x / 2)\nc.close('out', out, 2 * x)",
        "layer(x)\nx = draw()\nprint(x)",
        "expected = 2 * x\nout = layer(x)\nc.close('out', out, expected)",
        "for x in cases:\n    layer(x)",
        "outs = [layer(x) for x in cases]",
        "bn = returned({'mode': 'train'})\nlayer(x, bn)\nc.close('mean', bn['mean'], 1)",
        "for p, shape in [(0.5, (3, 2))]:\n    out = layer(p, shape)\n    print(p, shape)",
        "reg = float(c.rng.uniform())\nlayer(reg)\nprint(reg)",
        "c.same(layer, reference.layer, x)\nprint(x)",
        "model = layer(c.rng)\nlayer(model, c.rng)\nprint(model.params, c.rng)",
        "out = steps(layer, w, 1)\nprint(w)",
        "out = steps(reference.layer, w, g, config)\nprint(config)",
        "loss = measure(layer, X, reg)\nprint(X, reg)",
    ],
)
def test_copies_and_what_cannot_change_pass(source: str) -> None:
    assert given_away(source, {"layer", "train"}, HELPERS) == []


def test_the_message_says_where_and_what_to_do() -> None:
    (place,) = given_away("train(model, data)\nseen = 1\nprint(data)", {"train"})
    assert str(place) == (
        "line 3 reads data, which line 1 has given to an answer: give a copy "
        "(data.copy(), deepcopy(data)), or returned(...) to read what the answer changes"
    )


@pytest.mark.parametrize("name", NAMES)
def test_answers_that_spoil_all_that_they_get_lose_nothing(
    name: str, notebooks: dict[str, NotebookNode], marks: Marks
) -> None:
    """In one process, as in plain nbgrader: no check reads an argument after it has been given."""
    tests = [grade_id(each) for each in cells_of(notebooks[name], "test") if grade_id(each) not in FILES]
    shares = marks.of(name, {}, tests, spoiled=True)
    assert shares == dict.fromkeys(tests, 1.0)
