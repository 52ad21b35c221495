"""Names that answers define."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from examiner.notebooks.cells import names_in
from examiner.notebooks.names import defined_names, imports, is_blank, names_defined_by, statements, words
from tests.examiner.small import cell, source_notebook


def defined(*sources: str) -> dict[str, bool]:
    """The names that some answer cells define."""
    cells = [cell(f"answer-{number}", "answer", source) for number, source in enumerate(sources)]
    return defined_names(new_notebook(cells=cells))


def test_functions_and_classes_of_answers_are_found() -> None:
    names = {"double": True, "square_forward": True, "square_backward": True, "Net": True}
    assert defined_names(source_notebook()) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 1", {"x": False}),
        ("x: int = 1", {"x": False}),
        ("a, (b, *c) = f()", {"a": False, "b": False, "c": False}),
        ("relu = lambda x: max(x, 0)", {"relu": True}),
        ("def f(x):\n    inner = 1\n    return inner\ng = f\nf = cache(f)", {"f": True, "g": True}),
        ("async def f():\n    pass", {"f": True}),
        ("for i in range(3):\n    total = i", {"i": False, "total": False}),
        ("if True:\n    def f(): pass\nelse:\n    f = None", {"f": True}),
        ("with open('x') as file:\n    text = file.read()", {"file": False, "text": False}),
        ("try:\n    import x\nexcept ImportError:\n    found = False", {"found": False}),
        ("values = [i for i in range(3)]", {"values": False}),
        ("print(y := 3)", {"y": False}),
        ("model.rate = 3\nd['x'] = 1", {}),
        ("%matplotlib inline\nx = 1", {"x": False}),
        ("x = (", {}),
    ],
)
def test_every_way_to_bind_a_name_counts(source: str, names: dict[str, bool]) -> None:
    assert defined(source) == names


def test_code_that_is_graded_by_hand_defines_names_too() -> None:
    made = cell("use", "answer", "def pyramid(n): pass")
    made.metadata.nbgrader |= {"grade": True, "points": 2}
    text = cell("explain", "written", "x = 1 as text")
    assert defined_names(new_notebook(cells=[made, text])) == {"pyramid": True}


def test_imports_of_free_cells_and_answers_are_found_not_those_of_tests_and_training_cells() -> None:
    training = new_code_cell("import time", metadata={"tags": ["skip-execution"]})
    cells = [
        new_code_cell("%matplotlib inline\nimport numpy as np\nnp.ones(2)"),
        cell("f", "answer", "from math import pi, tau\ndef f():\n    import os"),
        cell("test_f", "test", "import sys"),
        training,
        new_code_cell("import ("),
    ]
    assert imports(new_notebook(cells=cells), "free", "answer", "written") == [
        "import numpy as np",
        "from math import pi, tau",
    ]


def test_statements_and_the_names_in_them() -> None:
    body = statements("%time f()\nx = g(y)\nx")
    assert len(body) == 2
    assert names_in("%time f()\nx = g(y)\nx") == {"x", "g", "y"}
    assert statements("%%bash\nls") == []


def test_names_are_guessed_where_a_cell_does_not_parse() -> None:
    source = (
        "def double(x):\n    inner = 1\nclass Net(:\nx, y = 1\nz: int = 2\nif a == b:\n5 = x\nasync  def later(): ..."
    )
    assert names_defined_by(source) == {"double", "Net", "x", "y", "z", "later"}
    assert words("x_1 = 3y + ünit(z)") >= {"x_1", "ünit", "z"}


@pytest.mark.parametrize(
    ("source", "blank"),
    [
        ('def f(x):\n    """Say."""\n    # YOUR CODE HERE\n    raise NotImplementedError("Exercise 1: write f")', True),
        ("def f(x): ...", True),
        ("def f(x):\n    pass", True),
        ("class Net:\n    def loss(self, x):\n        raise NotImplementedError", True),
        ("def f(x):\n    y = 2 * x\n    return y\n    raise NotImplementedError('f')", False),
        ("def helper(x):\n    return x\n\ndef f(x):\n    raise NotImplementedError", False),
        ("f = lambda x: x", False),
        ("def f(x) return x", False),
        ("", False),
    ],
)
def test_a_cell_is_blank_if_its_functions_only_say_that_they_are_not_implemented(source: str, blank: bool) -> None:
    assert is_blank(source) is blank
