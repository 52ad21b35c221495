"""A training that was interrupted ends as one that was not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tools.results.training import Recipe, ResumableSolver, train

RECIPE = Recipe("classification", (16,), 4, 0.1, last_rate=0.1, drop_hidden=0.2, batch=16)


@pytest.fixture
def data() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 6)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int) + 2 * (X[:, 1] > 0)
    return {"X_train": X[:80], "y_train": y[:80], "X_val": X[80:], "y_val": y[80:]}


@pytest.mark.parametrize("normalize", [False, True])
def test_an_interrupted_training_goes_on(
    normalize: bool, data: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(RECIPE, normalize=normalize)
    whole = train(recipe, data, 3)
    finish = ResumableSolver._finish_epoch

    def cut(solver: ResumableSolver, bar: object) -> None:
        finish(solver, bar)
        if len(solver.val_history) == 2:
            raise RuntimeError("the machine stopped")

    with monkeypatch.context() as patch:
        patch.setattr(ResumableSolver, "_finish_epoch", cut)
        with pytest.raises(RuntimeError, match="the machine stopped"):
            train(recipe, data, 3, tmp_path)
    resumed = train(recipe, data, 3, tmp_path)
    assert resumed.val_history == whole.val_history
    assert resumed.loss_history == whole.loss_history
    for name, value in whole.model.params.items():
        np.testing.assert_array_equal(resumed.model.params[name], value)
    np.testing.assert_array_equal(resumed.predict(data["X_val"]), whole.predict(data["X_val"]))
    scores = resumed.predict(data["X_val"])
    assert resumed.measure(scores, data["y_val"]) == resumed.best_val


def test_a_finished_training_is_read_and_not_repeated(data: dict[str, np.ndarray], tmp_path: Path) -> None:
    first = train(RECIPE, data, 3, tmp_path)
    again = train(RECIPE, data, 3, tmp_path)
    assert again.stop_reason == "finished"
    assert (again.seconds, again.loss_history) == (first.seconds, first.loss_history)
    np.testing.assert_array_equal(again.predict(data["X_val"]), first.predict(data["X_val"]))


def test_without_validation_the_last_epoch_counts(data: dict[str, np.ndarray], tmp_path: Path) -> None:
    recipe = replace(RECIPE, rate=1.0, epochs=6, normalize=True)  # so large that the last epoch is not the best
    arrays = {name: values for name, values in data.items() if "val" not in name}
    chosen = train(recipe, arrays | {"X_val": arrays["X_train"][:100], "y_val": arrays["y_train"][:100]}, 3)
    last = train(recipe, arrays, 3, tmp_path)
    assert last.best_epoch == chosen.best_epoch < 6
    scores = last.predict(data["X_val"])
    assert not np.array_equal(scores, chosen.predict(data["X_val"]))
    np.testing.assert_array_equal(train(recipe, arrays, 3, tmp_path).predict(data["X_val"]), scores)  # read again
    assert last.measure(last.predict(arrays["X_train"][:100]), arrays["y_train"][:100]) == last.val_history[-1]


def test_other_settings_have_other_names() -> None:
    assert RECIPE.key == replace(RECIPE).key
    assert len({RECIPE.key, replace(RECIPE, rate=0.2).key, replace(RECIPE, hidden=(16, 16)).key}) == 3


def test_the_rate_ends_where_the_recipe_says(data: dict[str, np.ndarray]) -> None:
    solver = train(RECIPE, data, 0)
    assert [RECIPE.share(epoch) for epoch in range(4)] == pytest.approx([1, 0.1 ** (1 / 3), 0.1 ** (2 / 3), 0.1])
    assert solver.learning_rate == pytest.approx(RECIPE.rate * RECIPE.share(4))
    cosine = replace(RECIPE, last_rate=0.0)
    assert [cosine.share(epoch) for epoch in (0, 1, 2, 4)] == pytest.approx([1, (1 + np.sqrt(0.5)) / 2, 0.5, 0])
    assert train(cosine, data, 0).learning_rate == pytest.approx(0, abs=1e-9)
