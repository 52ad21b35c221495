"""The tape of notebook 4, as its cells define it: each operation's gradient, and that uses add up."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from nbformat import NotebookNode

from examiner.notebooks import cells_of
from toolkit.gradients import numerical_gradient

LINES = 90


@pytest.fixture(scope="module")
def cells(notebooks: dict[str, NotebookNode]) -> list[str]:
    free = [cell.source for cell in cells_of(notebooks["04_fully_connected_net"], "free") if cell.cell_type == "code"]
    return [next(s for s in free if start in s) for start in ("class Tensor", "def matmul(a, b)", "def taped_loss(")]


@pytest.fixture(scope="module")
def tape(cells: list[str]) -> SimpleNamespace:
    """What the cells define."""
    names: dict[str, object] = {"np": np}
    for source in cells:
        exec(source, names)
    return SimpleNamespace(**names)


def test_it_is_as_short_as_the_text_says(cells: list[str]) -> None:
    assert sum(1 for source in cells for line in source.split("\n") if line.strip()) <= LINES


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("add", [(3, 4), (4,)]),
        ("subtract", [(3, 4), (3, 1)]),
        ("multiply", [(3, 4), ()]),
        ("matmul", [(3, 4), (4, 2)]),
        ("relu", [(3, 4)]),
        ("exp", [(3, 4)]),
        ("log", [(3, 4)]),
        ("total", [(3, 4)]),
    ],
)
def test_each_operation(tape: SimpleNamespace, name: str, shapes: list[tuple[int, ...]]) -> None:
    rng = np.random.default_rng(1)
    values = [rng.uniform(0.5, 2, size=shape) for shape in shapes]
    operation = getattr(tape, name)

    def loss(arrays: list[np.ndarray]) -> tuple[object, list[object]]:
        leaves = [tape.Tensor(array) for array in arrays]
        out = operation(*leaves)
        weights = np.arange(1.0, out.data.size + 1).reshape(out.data.shape)
        return tape.total(tape.multiply(out, tape.Tensor(weights))), leaves

    result, leaves = loss(values)
    result.backward()  # type: ignore[attr-defined]
    for k, (value, leaf) in enumerate(zip(values, leaves, strict=True)):
        numeric = numerical_gradient(lambda v, k=k: loss([*values[:k], v, *values[k + 1 :]])[0].data.item(), value)
        np.testing.assert_allclose(leaf.grad, numeric, rtol=1e-6)  # type: ignore[attr-defined]


def test_a_value_that_is_used_twice_gets_the_sum(tape: SimpleNamespace) -> None:
    x = tape.Tensor(3.0)
    cube = tape.multiply(tape.multiply(x, x), x)
    cube.backward()
    assert (cube.data, x.grad) == (27, 27)
    assert len(cube.tape()) == 3  # x once
    assert "parents=2" in repr(cube)
