"""Answers of earlier notebooks: what is run, what is not, and what a student reads when it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolkit.earlier import EarlierAnswerError, UnfinishedAnswerError, answers, read_ahead
from toolkit.likeness import symptom


@pytest.fixture
def save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A function that saves a notebook of code cells, to be seen at once; a cell may be (source, metadata)."""
    monkeypatch.setattr("toolkit.earlier.LOOK_SECONDS", 0)

    def save(name: str, *cells: Any) -> Path:
        made = []
        for cell in cells:
            source, metadata = cell if isinstance(cell, tuple) else (cell, {})
            made.append({"cell_type": "code", "source": source, "metadata": metadata, "outputs": []})
        heading = {"cell_type": "markdown", "source": "### Exercise 1.1: `double` (5 minutes, 1 point)", "metadata": {}}
        (tmp_path / f"{name}.ipynb").write_text(json.dumps({"cells": [heading, *made]}), encoding="utf-8")
        return tmp_path

    return save


def test_an_answer_brings_its_helpers_imports_and_constants(save: Callable[..., Path]) -> None:
    folder = save(
        "01_layers",
        "%matplotlib inline\nimport math as m",
        "TWO = 2",
        "def helper(x):\n    return m.floor(x) * TWO",
        "def double(x):\n    return helper(x)",
    )
    layers = answers("01_layers", folder)
    assert layers.double(3.5) == 6
    assert repr(layers) == "<answers of 01_layers.ipynb>"
    assert repr(layers.double) == "<double from 01_layers.ipynb>"


def test_only_what_is_needed_runs(save: Callable[..., Path], tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    touch = f"open({str(marker)!r}, 'w').close()"
    folder = save(
        "01_layers",
        "def double(x):\n    y = 2 * x\n    return y",
        touch,
        f"y = {touch}",
        (f"double = {touch}", {"nbgrader": {"grade": True}}),
        (f"double = {touch}", {"tags": ["skip-execution"]}),
        "this does not parse",
    )
    assert answers("01_layers", folder).double(2) == 4
    assert not marker.exists()


def test_nothing_is_read_before_the_first_call(tmp_path: Path) -> None:
    layers = answers("01_layers", tmp_path)
    double = layers.double
    with pytest.raises(EarlierAnswerError, match=r"01_layers.ipynb is not in this folder, and double is needed"):
        double(1)


def test_a_saved_notebook_is_read_again(save: Callable[..., Path]) -> None:
    layers = answers("01_layers", save("01_layers", "TWO = 2\ndef double(x):\n    return TWO * x"))
    double = layers.double
    assert double(3) == 6
    save("01_layers", "def double(x):\n    return x + x + TWO")
    with pytest.raises(EarlierAnswerError, match="name 'TWO' is not defined"):
        double(3)  # nothing of the old notebook is left
    save("01_layers", "def double(x):\n    return x + x")
    assert double(3) == layers.double(3) == 6


def test_what_is_read_ahead_is_not_parsed_again_and_each_has_names_of_its_own(
    save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = "seen = []", "def note(x):\n    seen.append(x)\n    return list(seen)", "def broken(:"
    folder = save("01_layers", *cells, "def double(x):\n    return 2 * x", "return 3")
    read_ahead("01_layers", folder)
    for name in ("ast", "symtable", "compile"):
        monkeypatch.setattr(f"toolkit.earlier.{name}", None, raising=False)
    first, second = answers("01_layers", folder), answers("01_layers", folder)
    assert first.note(1) == [1]
    assert second.note(2) == [2]
    assert first.note(3) == [1, 3]
    assert first.double(2) == 4
    with pytest.raises(EarlierAnswerError, match=r"broken of 01_layers\.ipynb is not defined there"):
        first.broken()


def test_a_notebook_that_is_read_ahead_and_saved_is_read_again(save: Callable[..., Path]) -> None:
    folder = save("01_layers", "def double(x):\n    return 0")
    read_ahead("01_layers", folder)
    layers = answers("01_layers", folder)
    assert layers.double(2) == 0
    save("01_layers", "def double(x):\n    return 2 * x")
    assert layers.double(2) == 4


def test_a_statement_that_cannot_be_compiled_does_not_end_reading_ahead(save: Callable[..., Path]) -> None:
    folder = save("01_layers", "def f():\n    nonlocal q", "x, y = 1, (yield)", "def double(x):\n    return 2 * x")
    read_ahead("01_layers", folder)
    assert answers("01_layers", folder).double(2) == 4


def test_a_notebook_that_comes_later_and_goes_again_is_missed(save: Callable[..., Path], tmp_path: Path) -> None:
    layers = answers("01_layers", tmp_path)
    folder = save("01_layers", "def double(x):\n    return 2 * x")
    assert layers.double(2) == 4
    (folder / "01_layers.ipynb").unlink()
    with pytest.raises(EarlierAnswerError, match="is not in this folder"):
        answers("01_layers", folder).double(2)


def test_a_change_reaches_through_the_notebooks_between(save: Callable[..., Path]) -> None:
    folder = save("01_layers", "def double(x):\n    return 'wrong'")
    net = "from toolkit.earlier import answers\nlayers = answers('01_layers')\nclass Net:\n    double = layers.double"
    networks = answers("04_net", save("04_net", net))
    trained = networks.Net()
    assert trained.double(3) == "wrong"
    save("01_layers", "def double(x):\n    return 2 * x")
    assert (trained.double(3), networks.Net().double(3)) == (6, 6)
    (folder / "01_layers.ipynb").unlink()
    with pytest.raises(EarlierAnswerError, match=r"01_layers.ipynb is not in this folder"):
        trained.double(3)


def test_an_object_keeps_the_class_that_made_it(save: Callable[..., Path]) -> None:
    networks = answers("04_net", save("04_net", "STEP = 1\nclass Net:\n    def step(self):\n        return STEP"))
    old = networks.Net()
    save("04_net", "STEP = 2\nclass Net:\n    def step(self):\n        return STEP")
    assert (networks.Net().step(), old.step()) == (2, 1)


def test_methods_added_later_belong_to_their_class(save: Callable[..., Path]) -> None:
    folder = save(
        "04_net",
        "class Net:\n    pass",
        "def loss(self):\n    return 7",
        "Net.loss = loss",
        "Net.table = {}\nNet.table['a'] = 1",
    )
    net = answers("04_net", folder).Net()
    assert net.loss() == 7
    assert net.table == {"a": 1}


def test_an_earlier_notebook_looks_beside_itself(save: Callable[..., Path]) -> None:
    save("01_layers", "def double(x):\n    return 2 * x")
    folder = save(
        "04_net",
        "from toolkit.earlier import answers\nlayers = answers('01_layers')",
        "def quadruple(x):\n    return layers.double(layers.double(x))",
    )
    assert answers("04_net", folder).quadruple(3) == 12


def test_an_unfinished_answer_names_notebook_and_exercise(save: Callable[..., Path]) -> None:
    folder = save("01_layers", "def double(x):\n    raise NotImplementedError('Exercise 1.1: write double')")
    with pytest.raises(UnfinishedAnswerError) as caught:
        answers("01_layers", folder).double(1)
    assert str(caught.value).startswith("Exercise 1.1 (double) of 01_layers.ipynb is not written yet")
    assert isinstance(caught.value, NotImplementedError)  # a test cell lets it pass, as for any blank answer


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["def double(x):\n    return x + 'a'"], "raised TypeError"),
        (["def double(x):\n    return 2 *"], "does not parse"),
        (["double = 3"], "is not defined there"),
        (["HALF = 1 / 0", "def double(x):\n    return x / HALF"], "ZeroDivisionError"),
    ],
)
def test_a_broken_answer_gives_one_sentence(save: Callable[..., Path], cells: list[str], words: str) -> None:
    with pytest.raises(EarlierAnswerError) as caught:
        answers("01_layers", save("01_layers", *cells)).double(1)
    assert words in str(caught.value)
    assert "Exercise 1.1 (double) of 01_layers.ipynb" in str(caught.value)
    shown = caught.value._render_traceback_()  # what a notebook displays
    assert shown == [f"EarlierAnswerError: {caught.value}"]


@pytest.mark.parametrize(
    "content", ["", "not a notebook", "[]", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}', "\udcff"]
)
def test_a_damaged_notebook_gives_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "01_layers.ipynb").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(EarlierAnswerError, match="cannot be read as a notebook"):
        answers("01_layers", tmp_path).double(1)


DOCUMENTED = """
def double(x, w):
    '''Multiply.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    w : ndarray, shape (D, M)
    '''
    return x @ w{}
"""


def test_who_is_to_blame_is_told_by_the_shapes(save: Callable[..., Path]) -> None:
    folder = save("01_layers", DOCUMENTED.format(""))
    with pytest.raises(EarlierAnswerError) as caught:
        answers("01_layers", folder).double(np.ones((2, 3)), np.ones((4, 5)))
    assert str(caught.value).startswith("Exercise 1.1 (double) of 01_layers.ipynb raised ValueError: ")
    assert str(caught.value).endswith(
        " It was given x (2, 3), w (4, 5): w of shape (4, 5) does not fit the others: D is 3 there. So the mistake is "
        "in this notebook, in what it passes to double."
    )
    folder = save("01_layers", DOCUMENTED.format(".T + np.ones(9)"), "import numpy as np")
    with pytest.raises(EarlierAnswerError) as caught:
        answers("01_layers", folder).double(np.ones((2, 3)), np.ones((3, 5)))
    assert str(caught.value).endswith(
        " It was given x (2, 3), w (3, 5), which fit together. The mistake is probably in 01_layers.ipynb: run its "
        "checks there first."
    )


def test_a_gradient_that_does_not_fit_its_cache_is_not_blamed_on_the_earlier_notebook(
    save: Callable[..., Path],
) -> None:
    source = "def backward(dout, cache):\n    x, w = cache\n    return dout @ w.T"
    with pytest.raises(EarlierAnswerError) as caught:
        answers("01_layers", save("01_layers", source)).backward(np.ones((3, 3)), (np.ones((3, 2)), np.ones((2, 1))))
    assert str(caught.value).endswith(
        " It was given dout (3, 3). Do dout and the cache belong together? If so, run the checks in 01_layers.ipynb."
    )


def test_shapes_do_not_matter_for_the_kind_of_the_exception(save: Callable[..., Path]) -> None:
    folder = save("01_layers", DOCUMENTED.format(""))
    with pytest.raises(EarlierAnswerError) as caught:
        answers("01_layers", folder).double(np.ones((2, 3)), np.ones((4, 5)))
    plain = "ValueError: matmul: Input operand 1 has a mismatch in its core dimension 0 (size 4 is different from 3)"
    assert symptom(f"EarlierAnswerError: {caught.value}") == symptom(plain)


def test_a_file_is_not_looked_at_in_every_call(save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []
    folder = save("01_layers", "def double(x):\n    return 2 * x")
    double = answers("01_layers", folder).double
    assert double(1) == 2
    monkeypatch.setattr("toolkit.earlier._version", lambda path: looks.append(path))
    monkeypatch.setattr("toolkit.earlier.LOOK_SECONDS", 60)
    assert [double(2) for _ in range(100)] == [4] * 100
    assert looks == []


@pytest.mark.parametrize(
    "cells",
    [
        ("TWO = 2; THREE = 3", "def double(x):\n    return TWO * x"),
        ("TWO = 1; \\\nTWO = 2", "def double(x):\n    return TWO * x"),
        ("from math import *", "def double(x):\n    return int(floor(2.5)) * x"),
        ("def ﬁt(x):\n    return 2 * x", "def double(x):\n    return fit(x)"),  # one name to Python
        ("def one(x=(TWO := 2)):\n    return 1", "def double(x):\n    return TWO * x"),
        ("def of(\n    number,\n):\n    return lambda f: f", "@of(\n    2\n)\ndef double(x):\n    return 2 * x"),
        ("TWO = 1\rTWO = 2", "def double(x):\n    return TWO * x"),
        ("def broken():\n    nonlocal x", "def double(x):\n    return 2 * x"),
    ],
    ids=["semicolon", "backslash", "star", "letters", "walrus", "decorator", "return", "not needed"],
)
def test_what_an_answer_needs_is_found_however_it_is_written(cells: tuple[str, ...], save: Callable[..., Path]) -> None:
    assert answers("01_layers", save("01_layers", *cells)).double(4) == 8


def test_an_answer_that_cannot_be_compiled_is_one_sentence(save: Callable[..., Path]) -> None:
    with pytest.raises(EarlierAnswerError, match=r"Exercise 1.1 \(double\) of 01_layers.ipynb is not defined there"):
        answers("01_layers", save("01_layers", "def double(x):\n    nonlocal y")).double(1)
