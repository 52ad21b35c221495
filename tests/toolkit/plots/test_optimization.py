"""Paths of update rules, and curves of solvers that have trained on the fall-back data."""

import numpy as np
import pytest

from toolkit import plots
from toolkit.plots import BLUE, COLORS, GREY, ORANGE


def bowl(x, y):
    return x**2 / 20 + y**2


def test_valley(draw):
    steps = np.arange(20.0)
    paths = {f"rule {k}": np.stack([-10 * 0.9**steps, 2 * (-0.1 * k) ** steps], axis=1) for k in range(1, 5)}
    figure = draw(plots.valley, bowl, paths, limits=(-11, 3))
    assert len(figure.axes) == 6  # two rows of three
    assert [ax.axison for ax in figure.axes] == [True] * 4 + [False] * 2
    for ax, (name, path), color in zip(figure.axes, paths.items(), COLORS, strict=False):
        np.testing.assert_array_equal(ax.lines[0].get_xydata(), path)
        assert ax.lines[0].get_color() == color
        assert ax.get_title() == f"{name} (height {bowl(*path[-1]):.1g})"
        assert ax.get_xlim() == (-11, 3)


def test_valley_without_a_rule_says_what_to_do(capsys):
    plots.valley(bowl, {})
    assert capsys.readouterr().out == "There is no update rule yet: write one, then run this cell again.\n"


def test_loss_curves(draw):
    history = list(np.arange(30.0))
    (ax,) = draw(plots.loss_curves, {"SGD": history, "momentum": history, "Adam": history}, smooth=5).axes
    steps, means = ax.lines[0].get_data()
    assert (steps[0], steps[-1]) == (5, 30)
    np.testing.assert_allclose(means, np.arange(2.0, 28.0))  # the mean of five steps
    assert ax.lines[2].get_linestyle() != ax.lines[1].get_linestyle()
    assert ax.get_ylabel() == "loss, mean of 5 steps"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["SGD", "momentum", "Adam"]


def test_learning_rates(draw, train, digits):
    tried = {"sgd": {rate: train(digits, rate) for rate in (1e-2, 1e-4)}, "momentum": {1e-3: train(digits, 1e-3)}}
    diverged = train(digits, 1e-3)
    diverged.best_val = None
    tried["momentum"][1e3] = diverged
    (ax,) = draw(plots.learning_rates, tried, {"sgd": 1e-4, "momentum": 1e3}).axes
    sgd, star, momentum = ax.lines  # no star for a run that diverged
    reached = {rate: solver.best_val for rate, solver in tried["sgd"].items()}
    np.testing.assert_array_equal(sgd.get_xydata(), sorted(reached.items()))
    assert star.get_xydata().tolist() == [[1e-4, reached[1e-4]]]
    assert list(momentum.get_xdata()) == [1e-3]  # no point for a run that diverged
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["sgd", "momentum"]


def test_overfitting(draw, train, digits):
    solver = train(digits)
    left, right = draw(plots.overfitting, solver).axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), solver.loss_history)
    assert left.lines[0].get_xdata()[0] == 1
    np.testing.assert_array_equal(right.lines[1].get_ydata(), solver.val_history)
    assert right.get_ylim() == (0, 1.05)


@pytest.mark.parametrize(
    ("name", "learning_rate", "measure"),
    [("digits", 1e-3, "accuracy"), ("diabetes", 1e-7, "root mean square error")],
)
def test_training(draw, train, request, name, learning_rate, measure):
    solver = train(request.getfixturevalue(name), learning_rate)
    left, right = draw(plots.training, solver).axes
    assert left.get_yscale() == "log"
    np.testing.assert_array_equal(left.lines[0].get_ydata(), solver.loss_history)
    assert [list(line.get_ydata()) for line in right.lines] == [solver.train_history, solver.val_history]
    assert [line.get_color() for line in right.lines] == [BLUE, ORANGE]
    assert list(right.lines[1].get_xdata()) == [1, 2, 3]
    assert right.get_ylabel() == measure


def test_study(draw, train, digits):
    runs = {f"learning rate {rate:g}": train(digits, rate) for rate in (1e-3, 1e-4)}
    (ax,) = draw(plots.study, runs).axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [*runs, "(training)"]
    for k, solver in enumerate(runs.values()):
        training, validation = ax.lines[2 * k : 2 * k + 2]
        assert list(training.get_ydata()) == solver.train_history
        assert list(validation.get_ydata()) == solver.val_history
        assert training.get_color() == validation.get_color() == COLORS[k]
        assert (training.get_linestyle(), validation.get_linestyle()) == (":", "-")
    assert ax.lines[-1].get_color() == GREY


def test_validation_curves(draw, train, digits, capsys):
    good, diverged = train(digits), train(digits, np.finfo(float).max)
    assert diverged.stop_reason == "diverged"
    figure = draw(plots.validation_curves, {"low": {"with": good}, "high": {"with": good, "without": diverged}})
    left, right = figure.axes
    assert (left.get_title(), right.get_title()) == ("low", "high")
    assert list(left.lines[0].get_ydata()) == good.val_history
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["with", "without (diverged)"]
    assert left.get_ylim() == right.get_ylim() == (0, 1.05)


def test_train_and_validation(draw, train, digits):
    solver = train(digits)
    figure = draw(plots.train_and_validation, {"none": solver, "dropout": solver})
    assert [ax.get_title() for ax in figure.axes] == ["none", "dropout"]
    assert [list(line.get_ydata()) for line in figure.axes[1].lines] == [solver.train_history, solver.val_history]
    assert figure.axes[0].get_ylabel() == "accuracy"


def test_health(draw, train, digits):
    solver = train(digits)
    steps, gradients, dead = draw(plots.health, solver).axes
    for line, pulses in zip(steps.lines, solver.health_history.values(), strict=False):
        assert list(line.get_ydata()) == [each.update for each in pulses]
    assert [len(line.get_ydata()) for line in gradients.lines] == [len(solver.val_history)] * len(solver.health_history)
    assert steps.get_yscale() == gradients.get_yscale() == "log"
    assert len(dead.lines) == len(solver.dead_history[0])
    for ax in (steps, gradients, dead):
        assert [tick for tick in ax.get_xticks() if tick % 1] == []  # an epoch is a whole number
