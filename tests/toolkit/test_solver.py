"""The training loop, with models whose results are known in advance."""

import contextlib
import itertools
import math
import re
import sys
import time
import tracemalloc

import numpy as np
import pytest
from tqdm import tqdm

from toolkit.solver import Solver, _thread_pools


class Recorder:
    """A network that records its batches; W1 counts its updates."""

    category = "classification"

    def __init__(self, accuracies=None, loss=1.0):
        self.params = {"W1": np.zeros((1, 1), np.float32), "b1": np.zeros(1, np.float32)}
        self.batches = []
        self._accuracies = accuracies  # by number of updates, else always right
        self._losses = itertools.chain(np.atleast_1d(loss), itertools.repeat(np.atleast_1d(loss)[-1]))

    def loss(self, X, y=None):
        if y is None:
            return self._scores(X)
        self.batches.append(X[:, 0].astype(int).tolist())
        return next(self._losses), {"W1": np.ones((1, 1)), "b1": np.ones(1)}

    def _scores(self, X):
        """Scores that are right (class 1) for the wanted share of the rows."""
        steps = int(self.params["W1"][0, 0])
        share = 1.0 if self._accuracies is None else self._accuracies[steps]
        right = np.arange(len(X)) < round(share * len(X))
        return np.stack([~right, right], axis=1).astype(float)


class Line:
    """Linear regression, y = x w + b, with scores of shape (N, 1)."""

    category = "regression"

    def __init__(self, w=0.0):
        self.params = {"W1": np.full((1, 1), w), "b1": np.zeros(1)}

    def loss(self, X, y=None):
        scores = X @ self.params["W1"] + self.params["b1"]
        if y is None:
            return scores
        error = scores - y.reshape(-1, 1)
        dscores = 2 * error / error.size
        return np.mean(error**2), {"W1": X.T @ dscores, "b1": dscores.sum(axis=0)}


def count_up(w, dw, config):
    config.setdefault("seen", []).append(config["learning_rate"])
    return w + 1, config


def descend(w, dw, config):
    return w - config["learning_rate"] * dw, config


def classes(n=10, n_val=100):
    X, X_val = np.arange(n, dtype=float)[:, None], np.arange(n_val, dtype=float)[:, None]
    return {"X_train": X, "y_train": np.ones(n, int), "X_val": X_val, "y_val": np.ones(n_val, int)}


def line(n=50):
    X = np.linspace(-1, 1, n)[:, None]
    return {"X_train": X, "y_train": 3 * X[:, 0] + 1, "X_val": X[::5], "y_val": 3 * X[::5, 0] + 1}


def make(model=None, data=None, **options):
    settings = {"update_rule": count_up, "batch_size": 4, "num_epochs": 3, "verbose": False}
    return Solver(model or Recorder(), data or classes(), **settings | options)


def test_each_epoch_sees_every_example_once_in_a_new_order():
    model = Recorder()
    solver = make(model, rng=np.random.default_rng(1)).train()
    assert [len(batch) for batch in model.batches] == [4, 4, 2] * 3
    epochs = [list(itertools.chain(*model.batches[i : i + 3])) for i in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert len(solver.loss_history) == 9
    assert len(solver.train_history) == len(solver.val_history) == 3
    assert solver.stop_reason == "finished"


def test_histories_are_python_floats():
    solver = make(Recorder(loss=np.float32(0.5))).train()
    for history in (solver.loss_history, solver.train_history, solver.val_history):
        assert {type(value) for value in history} == {float}


@pytest.mark.parametrize("make_rng", [np.random.default_rng, np.random.RandomState])
def test_the_same_generator_gives_the_same_batches(make_rng):
    first, second = Recorder(), Recorder()
    make(first, rng=make_rng(7)).train()
    make(second, rng=make_rng(7)).train()
    assert first.batches == second.batches


def test_epoch_lines_for_classification(capsys):
    accuracies = dict.fromkeys(range(10), 0.5) | {3: 0.25, 6: 0.75, 9: 0.5}
    make(Recorder(accuracies), classes(n=100), batch_size=34, verbose=True).train()
    captured = capsys.readouterr()
    lines = re.findall(r"\(Epoch.*", captured.out)
    assert lines == [
        "(Epoch 1 / 3) train acc: 0.250000; val_acc: 0.250000",
        "(Epoch 2 / 3) train acc: 0.750000; val_acc: 0.750000",
        "(Epoch 3 / 3) train acc: 0.500000; val_acc: 0.500000",
    ]
    assert captured.err == ""  # nbgrader gives 0 for anything there


def test_the_progress_bar_of_a_long_training_goes_to_stdout(capsys, monkeypatch):
    monkeypatch.setattr("toolkit.solver._BAR_SECONDS", 0.001)
    solver = make(verbose=True)
    train_epoch = solver._train_epoch

    def slowly(bar):
        time.sleep(0.01)
        train_epoch(bar)

    solver._train_epoch = slowly
    solver.train()
    said = capsys.readouterr()
    assert "/9" in said.out.partition("step")[0]  # 3 epochs of 3 steps
    assert said.out.count("(Epoch") == 3
    assert said.err == ""


def test_a_short_training_shows_no_progress_bar(capsys, monkeypatch):
    monkeypatch.setattr("toolkit.solver._BAR_SECONDS", 60)
    make(verbose=True).train()
    said = capsys.readouterr().out
    assert "step" not in said
    assert "\r" not in said
    assert len(said.splitlines()) == 3


def test_a_bar_of_the_students_own_stays_whole(capsys, monkeypatch):
    monkeypatch.setattr("toolkit.solver._BAR_SECONDS", 60)
    for _ in tqdm(range(2), file=sys.stdout, desc="own"):
        make(verbose=True).train()
    screen = [line.rpartition("\r")[2] for line in capsys.readouterr().out.replace("\x1b[A", "").splitlines()]
    assert [line for line in screen if "Epoch" in line and not line.startswith("(Epoch")] == []
    assert "step" not in screen[-1]


def test_libraries_are_looked_for_again_once_a_module_was_loaded(monkeypatch):
    make().train()
    known = _thread_pools(len(sys.modules))
    assert _thread_pools(len(sys.modules)) is known
    monkeypatch.setitem(sys.modules, "loaded_later", math)
    assert _thread_pools(len(sys.modules)) is not known


@pytest.mark.parametrize(("batch_size", "limit"), [(3, 1), (10**9, None)])
def test_small_products_use_one_thread(monkeypatch, batch_size, limit):
    used = []

    class Pools:
        def limit(self, limits):
            used.append(limits)
            return contextlib.nullcontext()

    monkeypatch.setattr("toolkit.solver._thread_pools", lambda modules: Pools())
    make(batch_size=batch_size).train()
    assert used == [limit]


def test_a_run_cut_short_says_after_how_many_epochs(capsys):
    make(num_epochs=15, max_steps=7, verbose=True).train()
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "Stopped" in line]
    assert "Stopped after 2 of 15 epochs: reached the limit of 7 steps" in line


def test_quiet(capsys):
    make().train()
    assert capsys.readouterr() == ("", "")


def test_regression_of_scores_with_one_column_against_a_vector(capsys):
    data = line()
    solver = make(Line(w=3.0), data, update_rule=lambda w, dw, c: (w, c), num_epochs=1, verbose=True)
    solver.train()
    assert solver.train_history == pytest.approx([1.0])  # the bias, 1, is missing everywhere
    assert "(Epoch 1 / 1) train rmse: 1.000000; val_rmse: 1.000000" in capsys.readouterr().out


def test_regression_learns_and_lower_is_better():
    solver = make(Line(), line(), update_rule=descend, learning_rate=0.1, num_epochs=60).train()
    assert solver.best_val == min(solver.val_history)
    assert solver.best_val < 1e-3
    assert solver.model.params["W1"][0, 0] == pytest.approx(3, abs=1e-2)


def test_best_parameters_are_kept_and_put_into_the_model():
    accuracies = dict.fromkeys(range(13), 0.1) | {3: 0.5, 6: 0.9, 9: 0.9, 12: 0.7}
    model = Recorder(accuracies)
    solver = make(model, num_epochs=4).train()
    assert solver.val_history == [0.5, 0.9, 0.9, 0.7]
    assert (solver.best_epoch, solver.best_val) == (2, 0.9)  # the first of two equals
    assert model.params["W1"][0, 0] == 6
    model.params["W1"][...] = -1
    assert solver.best_params["W1"][0, 0] == 6  # a copy


def test_update_rules_may_work_in_place():
    def in_place(w, dw, config):
        w += 1
        return w, config

    solver = make(Recorder(dict.fromkeys(range(10), 0.1) | {3: 0.9}), update_rule=in_place).train()
    assert solver.best_params["W1"][0, 0] == 3


def test_float32_parameters_stay_float32():
    solver = make(update_rule=lambda w, dw, c: (w.astype(float) + 1, c)).train()
    assert {w.dtype for w in solver.model.params.values()} == {np.dtype(np.float32)}


def test_learning_rate_decays_after_each_epoch():
    rates = []

    def note(w, dw, config):
        rates.append(config["learning_rate"])
        return w, dict(config)  # a rule may return a new config

    solver = make(update_rule=note, learning_rate=8.0, lr_decay=0.5, optim_config={"momentum": 0.9})
    solver.train()
    assert rates == [8.0] * 6 + [4.0] * 6 + [2.0] * 6  # 3 steps, 2 parameters
    assert solver.learning_rate == 1.0


def test_every_parameter_has_a_config_of_its_own():
    configs = []

    def note(w, dw, config):
        configs.append(config)
        return w, config

    make(update_rule=note, optim_config={"m": []}, max_steps=1).train()
    assert configs[0] is not configs[1]
    assert configs[0]["m"] is not configs[1]["m"]


def test_patience():
    accuracies = dict.fromkeys(range(100), 0.1) | {3: 0.5, 6: 0.6}
    solver = make(Recorder(accuracies), num_epochs=20, patience=3).train()
    assert solver.stop_reason == "patience"
    assert len(solver.val_history) == 5


def test_max_steps_in_the_middle_of_an_epoch():
    model = Recorder()
    solver = make(model, max_steps=4).train()
    assert solver.stop_reason == "max_steps"
    assert len(solver.loss_history) == 4
    assert len(solver.val_history) == 2  # the epoch cut short counts
    assert make(max_steps=100).train().stop_reason == "finished"


def test_steps_less_than_an_epoch_still_train():
    accuracies = dict.fromkeys(range(100), 0.1)
    model = Recorder(accuracies)
    make(model, max_steps=2).train()
    assert model.params["W1"][0, 0] == 2


def test_max_seconds(monkeypatch, capsys):
    clock = itertools.count()
    monkeypatch.setattr("toolkit.solver.time.monotonic", lambda: next(clock))
    solver = make(num_epochs=1000, max_seconds=5, verbose=True).train()
    assert solver.stop_reason == "max_seconds"
    assert len(solver.loss_history) < 6
    assert "reached the limit of 5 seconds" in capsys.readouterr().out


def interrupting(after):
    steps = itertools.count(1)

    def rule(w, dw, config):
        if next(steps) > after:
            raise KeyboardInterrupt
        return w + 1, config

    return rule


def test_interrupt_keeps_the_result_so_far(capsys):
    model = Recorder(dict.fromkeys(range(10), 0.5))
    solver = make(model, update_rule=interrupting(after=4), verbose=True).train()
    assert solver.stop_reason == "interrupted"
    assert model.params["W1"][0, 0] == 2  # two steps of two parameters
    assert solver.val_history == [0.5]
    assert "Stopped after 1 of 3 epochs: interrupted; the parameters" in capsys.readouterr().out


def test_interrupt_falls_back_on_a_better_epoch():
    model = Recorder({0: 0.1, 3: 0.9, 4: 0.2})
    solver = make(model, update_rule=interrupting(after=8)).train()
    assert solver.val_history == [0.9, 0.2]
    assert model.params["W1"][0, 0] == 3


def test_interrupt_before_the_first_step_of_an_epoch_counts_none(monkeypatch):
    model = Recorder()
    loss = model.loss

    def interrupted(X, y=None):
        if y is not None and len(model.batches) == 3:
            raise KeyboardInterrupt
        return loss(X, y)

    monkeypatch.setattr(model, "loss", interrupted)
    solver = make(model).train()
    assert (solver.stop_reason, len(solver.val_history)) == ("interrupted", 1)


def test_interrupt_while_an_epoch_is_measured_counts_it_once(monkeypatch):
    solver = make()
    evaluate, calls = solver._evaluate, itertools.count()

    def interrupted_once():
        if next(calls) == 0:
            raise KeyboardInterrupt
        return evaluate()

    monkeypatch.setattr(solver, "_evaluate", interrupted_once)
    solver.train()
    assert (len(solver.train_history), len(solver.val_history)) == (1, 1)


def test_other_exceptions_pass_through():
    def broken(w, dw, config):
        raise NotImplementedError("Exercise 5.1")

    with pytest.raises(NotImplementedError, match=r"Exercise 5\.1"):
        make(update_rule=broken).train()


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_divergence_is_reported_at_once(loss, capsys):
    accuracies = {0: 0.1, 3: 0.6}
    model = Recorder(accuracies, loss=[1, 1, 1, 1, loss])
    accuracies |= {4: 0.9}
    solver = make(model, learning_rate=0.25).train()
    assert solver.stop_reason == "diverged"
    assert len(solver.loss_history) == 5
    assert model.params["W1"][0, 0] == 3  # the best, not the diverged
    assert solver.val_history == [0.6]
    (message,) = capsys.readouterr().out.splitlines()
    assert "epoch 2, step 5" in message
    assert "try a smaller learning rate than 0.25" in message


def test_a_really_diverging_network_warns_of_nothing_and_keeps_its_start(capsys):
    model = Line()
    solver = make(model, line(), update_rule=descend, learning_rate=1e200, num_epochs=50).train()
    assert solver.stop_reason == "diverged"
    assert all(np.isfinite(w).all() for w in model.params.values())
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    assert captured.err == ""


def test_parameters_that_diverge_in_the_last_step_are_not_the_best():
    class Exploding(Recorder):
        def _scores(self, X):
            return np.stack([X[:, 0] * 0, X[:, 0] * self.params["W1"][0, 0]], axis=1)

    def explode(w, dw, config):
        return w * np.nan, config

    solver = make(Exploding(), update_rule=explode, num_epochs=1, batch_size=10).train()
    assert solver.stop_reason == "diverged"
    assert solver.val_history == []
    assert solver.model.params["W1"][0, 0] == 0


def test_training_result_is_measured_on_a_sample():
    model, sizes = Recorder(), []
    predict = Solver.predict
    solver = make(model, classes(n=50), num_train_samples=20, num_epochs=1)
    solver.predict = lambda X: sizes.append(len(X)) or predict(solver, X)
    solver.train()
    assert sizes == [20, 100]


def test_predict_joins_batches():
    X = np.linspace(0, 1, 2500)[:, None]
    solver = make(Line(w=2.0), line())
    np.testing.assert_allclose(solver.predict(X), 2 * X)


def test_training_continues():
    accuracies = dict.fromkeys(range(10), 0.1) | {6: 0.8, 9: 0.7, 12: 0.9}
    solver = make(Recorder(accuracies), num_epochs=2, lr_decay=0.5, learning_rate=1.0).train().train()
    assert len(solver.val_history) == 4
    assert solver.learning_rate == 1 / 16
    assert solver.model.params["W1"][0, 0] == 12
    assert "after 4 epochs" in repr(solver)


def test_repr():
    solver = make()
    assert repr(solver).startswith("Solver(classification, count_up, learning rate 0.01, not started")
    assert "best val_acc 1.000000" in repr(solver.train())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0}, "learning_rate must be a positive number, not 0"),
        ({"learning_rate": math.nan}, "learning_rate"),
        ({"learning_rate": "1e-2"}, "learning_rate"),
        ({"lr_decay": -1}, "lr_decay"),
        ({"batch_size": 0}, "batch_size must be a positive integer"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"num_epochs": True}, "num_epochs"),
        ({"max_steps": 0}, "max_steps"),
        ({"max_seconds": -1}, "max_seconds"),
        ({"patience": 0}, "patience"),
        ({"num_train_samples": 0}, "num_train_samples"),
        ({"update_rule": "sgd"}, "update_rule must be a function"),
        ({"optim_config": {"learning_rate": 1}}, "optim_config must not contain learning_rate"),
        ({"rng": 231}, "rng must be a numpy"),
    ],
)
def test_options_that_are_not_valid(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_val": None}, "data has no 'y_val'; it contains "),
        ({"X_train": None}, "data has no 'X_train'"),
        ({"y_train": np.ones(9, int)}, r"X_train has 10 rows, but y_train has shape \(9,\)"),
        ({"y_train": np.ones(10)}, "y_train must contain integers for classification, not float64"),
        ({"y_val": np.ones((100, 1), int)}, r"y_val must be \(N,\) class numbers"),
        ({"X_val": np.ones((0, 1)), "y_val": np.ones(0, int)}, "with N > 0"),
        ({"X_train": np.arange(10.0)}, "X_train must be"),
    ],
)
def test_data_that_are_not_valid(change, message):
    data = {key: value for key, value in (classes() | change).items() if value is not None}
    with pytest.raises(ValueError, match=message):
        make(data=data)


def test_unknown_category():
    model = Recorder()
    model.category = "clustering"
    with pytest.raises(ValueError, match=r"must be one of \['classification', 'regression'\]"):
        make(model)


def test_regression_takes_no_text():
    with pytest.raises(ValueError, match="real numbers for regression"):
        make(Line(), line() | {"y_val": np.array(["1"] * 10)})


def test_the_pulse_is_taken_at_the_end_of_each_epoch():
    def in_place(w, dw, config):
        w -= config["learning_rate"] * dw
        return w, config

    for rule in (descend, in_place):
        model = Line(w=2.0)
        solver = Solver(model, line(), update_rule=rule, learning_rate=0.01, batch_size=20, num_epochs=2, verbose=False)
        taken = solver.train().health_history
        assert list(taken) == ["W1"]
        assert len(taken["W1"]) == 2
        assert all(each.update > 0 and each.gradient > 0 for each in taken["W1"])
    assert solver.dead_history == [[], []]  # no hidden layer


def test_an_epoch_that_is_cut_short_has_no_pulse():
    solver = Solver(Line(), line(), update_rule=descend, batch_size=20, max_steps=1, verbose=False).train()
    assert solver.health_history == {}


def test_an_epoch_copies_batches_and_never_the_data():
    n = 200_000
    X = np.zeros((n, 20))  # 32 MB
    data = {"X_train": X, "y_train": np.ones(n), "X_val": X[:100], "y_val": np.ones(100)}
    model = Line()
    model.params["W1"] = np.zeros((20, 1))
    options = {"learning_rate": 0.01, "batch_size": 20_000, "num_epochs": 2, "num_train_samples": None}
    solver = Solver(model, data, update_rule=descend, verbose=False, **options)
    tracemalloc.start()
    try:
        solver.train()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes / 2
    assert solver.X_train is X
