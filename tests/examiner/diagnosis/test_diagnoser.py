"""Diagnoses: the mistake is named, or what can be computed is said, and no reference value is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from examiner.diagnosis.fingerprints import Fingerprint, Trace, _digest, load, misconceptions, rehearsal, save

from examiner.diagnosis.diagnoser import Diagnoser, Diagnosis, diagnoser
from examiner.diagnosis.entries import load_catalogues
from examiner.engine.trusted import TestRun
from tests.conftest import ROOT, SOURCE
from toolkit.data.sources import FILES

CACHE = ROOT / ".cache" / "fingerprints"


def diagnose(notebook: str, sources: dict[str, str], seed: int = 231) -> dict[str, tuple[Diagnosis, ...]]:
    path = SOURCE / f"{notebook}.ipynb"
    runs = rehearsal(path, seed).run(sources, seconds=10)
    return diagnoser(path, seed, CACHE).diagnose(runs.values())


def sentences(notebook: str, answer: str, body: str, arguments: str) -> str:
    """All that is said of an answer with this body, in its own tests."""
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    found = diagnose(notebook, {answer: f"def {answer}({arguments}):\n{lines}"})
    said = [each for test, those in found.items() if test.split("__")[0] == f"test_{answer}" for each in those]
    assert all(each.name is None for each in said), said
    return " ".join(each.sentence for each in said)


@pytest.mark.parametrize("seed", [231, 12])
@pytest.mark.parametrize("notebook", ["01_layers", "02_losses", "03_regularization"])
def test_every_misconception_is_named(notebook: str, seed: int) -> None:
    path = SOURCE / f"{notebook}.ipynb"
    rehearsed = rehearsal(path, seed)
    alike = diagnoser(path, seed, CACHE).alike()
    for entry in misconceptions(notebook):
        found = diagnose(notebook, entry.cells(rehearsed.reference), seed)
        own = [each for test, those in found.items() if test.startswith(f"test_{entry.answer}") for each in those]
        assert f"{own[0].answer}:{own[0].name}" in alike[str(entry)], entry
        assert own[0].checks


def test_the_reports_own_bug_is_named() -> None:
    path = SOURCE / "04_fully_connected_net.ipynb"
    (entry,) = (e for e in misconceptions(path.stem) if e.name == "last_layer_gradient_not_regularized")
    found = diagnose(path.stem, entry.cells(rehearsal(path, 231).reference))
    (diagnosis,) = found["test_FullyConnectedNet__gradients"]
    assert diagnosis.sentence == entry.sentence
    assert "last layer's weights lacks its term λW" in entry.sentence
    block = "regularization of the weights of the last layer"
    assert (block, "what reg adds to the gradient of W3") in diagnosis.checks


def test_mistakes_on_the_way_back_are_named_whatever_was_drawn_on_the_way_forward() -> None:
    """A forward function with another generator gives another mask: what is compared does not depend on it."""
    (catalogue,) = (each for each in load_catalogues() if each.notebook == "08_batch_normalization")
    reference = rehearsal(SOURCE / "08_batch_normalization.ipynb", 231).reference
    (forward,) = (each.cells(reference) for each in catalogue.entries if each.name == "global_generator")
    wrong = [each for each in catalogue.entries if (each.answer, each.kind) == ("dropout_backward", "misconception")]
    assert len(wrong) >= 7
    for entry in wrong:
        found = diagnose(catalogue.notebook, forward | entry.cells(reference))
        assert set(found) == {"test_dropout_backward"}
        assert [each.name for each in found["test_dropout_backward"]] == [entry.name]


def test_an_entry_that_explains_nothing_is_not_alike() -> None:
    alike = diagnoser(SOURCE / "04_fully_connected_net.ipynb", 231, CACHE).alike()
    assert "FullyConnectedNet:biases_random" not in alike["FullyConnectedNet:parameters_copied"]
    assert all(name in those for name, those in alike.items())


def test_two_mistakes_in_different_values_are_both_named() -> None:
    source = """
def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.reshape(len(x), -1).T @ dout, dout.mean(axis=0)
"""
    named = {each.name for each in diagnose("01_layers", {"affine_backward": source})["test_affine_backward"]}
    assert named == {"dx_not_reshaped", "db_averaged"}


def test_two_mistakes_in_one_value_are_both_named() -> None:
    reference = rehearsal(SOURCE / "05_optimization.ipynb", 231).reference
    entries = {str(entry): entry for entry in misconceptions("05_optimization")}
    one, other = entries["adam:epsilon_inside_root"], entries["adam:betas_swapped"]
    sources = one.combined(other, reference)
    assert sources is not None
    named = [each.name for each in diagnose("05_optimization", sources)["test_adam"]]
    assert set(named) == {"epsilon_inside_root", "betas_swapped"}


def test_a_blank_answer_and_a_right_one_get_no_diagnosis() -> None:
    assert diagnose("01_layers", {"relu_forward": "def relu_forward(x):\n    raise NotImplementedError"}) == {}
    assert diagnose("01_layers", {"relu_forward": "def relu_forward(x):\n    return x * (x > 0), x"}) == {}


BACK = "dout, cache"
FACTOR = "rows = x.reshape(len(x), -1)\nreturn 0.25 * (rows @ w + b), (x, w)"
AFFINE = "x, w = cache\ndx, dw, db = (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)\n"


@pytest.mark.parametrize(
    ("answer", "arguments", "body", "said"),
    [
        ("affine_forward", "x, w, b", FACTOR, "out is off by a constant factor: it is 0.25 times"),
        ("affine_forward", "x, w, b", FACTOR.replace("0.25 *", "-"), "out has the wrong sign"),
        ("affine_forward", "x, w, b", FACTOR.replace("0.25 *", "np.nan *"), "out is NaN"),
        ("affine_forward", "x, w, b", FACTOR.replace("0.25 *", "").replace("b), (", "b).T, ("), "out is transposed"),
        ("relu_forward", "x", "return x, x", "out equals an input of the function"),
        ("relu_forward", "x", "return (x > 0) & (x < 9), x", "out has the wrong dtype: it holds true/false values"),
        ("affine_backward", BACK, AFFINE + "return dx, dw, db / 2", "db is off by a constant factor: it is 0.5"),
        ("affine_backward", BACK, AFFINE + "return dx / len(x), dw, db", "dx is off by 1/N"),
        ("affine_backward", BACK, AFFINE + "return dx, dw, db[:, None]", "db has the right numbers in the wrong"),
        ("affine_backward", BACK, AFFINE + "dw[-1] = 7\nreturn dx, dw, db", "dw is right up to the last row"),
        ("affine_backward", BACK, AFFINE + "dw[:, 0] *= 3\nreturn dx, dw, db", "dw is right up to the first column"),
    ],
)  # fmt: skip
def test_hints(answer: str, arguments: str, body: str, said: str) -> None:
    assert said in sentences("01_layers", answer, body, arguments)


def test_a_changed_input_is_the_hint_where_no_other_fits() -> None:
    path = SOURCE / "01_layers.ipynb"
    wrong = {"sigmoid_forward": "def sigmoid_forward(x):\n    return x**2 + 1, x"}
    run = rehearsal(path, 231).run(wrong, ["test_sigmoid_forward"], seconds=10)["test_sigmoid_forward"]
    names = {
        (): "",
        ("sigmoid_forward",): "out is wrong, and sigmoid_forward changes its input in place: work on a copy.",
        ("f", "g"): "out is wrong, and f and g change their inputs in place: work on a copy.",
    }
    for mutating, sentence in names.items():
        found = diagnoser(path, 231, CACHE).diagnose([replace(run, mutating=mutating)])
        assert [each.sentence for each in found.get(run.test, ())] == ([sentence] if sentence else [])


def test_one_layer_of_several() -> None:
    path = SOURCE / "04_fully_connected_net.ipynb"
    source = rehearsal(path, 231).reference["FullyConnectedNet"]
    line = 'grads["W2"] = grads["W2"] + 0.1 * grads["W2"] ** 2\n        '
    wrong = source.replace("return loss, grads\n", line + "return loss, grads\n")
    found = diagnose(path.stem, {"FullyConnectedNet": wrong})["test_FullyConnectedNet__gradients"]
    said = [each.sentence for each in found]
    assert "W is right up to one layer: only W2 is wrong." in said


def test_no_diagnosis_contains_a_reference_value() -> None:
    for notebook in ("01_layers", "02_losses"):
        reference = diagnoser(SOURCE / f"{notebook}.ipynb", 231, CACHE).reference
        values = {f"{v:.4g}" for t in reference.traces.values() if t.received is not None for v in t.received.flat}
        told = [each for entry in misconceptions(notebook) for each in re.findall(r"-?\d+\.\d+", entry.sentence)]
        assert not values & set(told)


def test_fingerprints_survive_the_disk(tmp_path: Path) -> None:
    place = ("test_f", "a block", "out", 0)
    odd = np.array([[1.5, np.nan], [np.inf, 0]], np.float32)
    inputs = {place: (odd[0], np.array(3))}
    save(tmp_path / "file.npz", [Fingerprint("f:wrong", {place: Trace(False, "out: …", odd, True, 0.5)}, inputs)])
    after = load(tmp_path / "file.npz")["f:wrong"]
    trace = after.traces[place]
    assert (trace.message, trace.noisy, trace.spread) == ("out: …", True, 0.5)
    np.testing.assert_array_equal(trace.received, odd)
    assert trace.received is not None
    assert trace.received.dtype == np.float32
    np.testing.assert_array_equal(after.inputs[place][1], 3)


def test_what_a_missing_file_costs_hides_no_mistake() -> None:
    path = SOURCE / "01_layers.ipynb"
    runs = list(rehearsal(path, 231).run({"relu_forward": "def relu_forward(x):\n    return np.abs(x), x"}).values())
    about_a_file = TestRun("test_relu_forward__file", 0.0, 1.0, (), "NotImplementedError")
    found = diagnoser(path, 231, CACHE).diagnose([*runs, about_a_file])
    assert found["test_relu_forward"][0].name == "absolute_value"
    assert about_a_file.test not in found


def test_repr() -> None:
    path = SOURCE / "03_regularization.ipynb"
    assert re.fullmatch(r"<Diagnoser: \d+ misconceptions>", repr(Diagnoser(path, 231, CACHE)))


def test_fingerprints_belong_to_the_data_sets_that_were_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = SOURCE / "06_mnist.ipynb"
    without = _digest(path, [])
    (tmp_path / "mnist").mkdir()
    for file in FILES["mnist"]:
        (tmp_path / "mnist" / file.name).touch()
    assert _digest(path, []) != without
