"""What students are told about mistakes that were once named incorrectly, or not at all."""

from __future__ import annotations

import ast
import re
import textwrap

import pytest

from examiner.catalogue import load_catalogues
from examiner.diagnosis import Diagnoser
from examiner.engine import Engine
from examiner.notebooks import read, solutions
from misconceptions.in_the_wild import load_samples
from tests.conftest import SOURCE

HELPERS = "tests.examiner.diagnosis.helpers"


@pytest.fixture(scope="module")
def course(course_engine: Engine) -> Diagnoser:
    """A diagnoser of the course's own notebooks."""
    return Diagnoser(course_engine)


def told(course: Diagnoser, notebook: str, answer: str, source: str, **more: str) -> set[str]:
    """The sentences in the tests of one answer."""
    file = course.fingerprints(notebook)
    sources = {answer: textwrap.dedent(source), **{name: textwrap.dedent(text) for name, text in more.items()}}
    with course.engine.fork() as child:
        found = child.call(f"{HELPERS}:diagnosed", notebook, file, sources)
    return {each.sentence for test, those in found.items() if test.split("__")[0] == f"test_{answer}" for each in those}


def named(course: Diagnoser, notebook: str, answer: str, source: str) -> set[str | None]:
    """The entries that are named in the tests of one answer."""
    file = course.fingerprints(notebook)
    with course.engine.fork() as child:
        found = child.call(f"{HELPERS}:diagnosed", notebook, file, {answer: textwrap.dedent(source)})
    return {each.name for test, those in found.items() if test.split("__")[0] == f"test_{answer}" for each in those}


def network(*changes: tuple[str, str]) -> str:
    """The reference's network with some texts replaced, wherever they occur."""
    source = solutions(read(SOURCE / "04_fully_connected_net.ipynb"))["FullyConnectedNet"]
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


def test_an_averaged_penalty_is_named_beside_a_right_gradient(course: Diagnoser) -> None:
    for answer, penalty, dw in (
        ("l2", "reg / 2 * (w**2).mean()", "reg * w"),
        ("l1", "reg * np.average(np.abs(w))", "reg * np.sign(w)"),
    ):
        said = told(course, "03_regularization", f"{answer}_regularization", f"""
            def {answer}_regularization(w, reg):
                return {penalty}, {dw}
        """)  # fmt: skip
        assert said == {"The penalty is averaged over the weights: it should be a sum."}


def test_the_classical_form_with_its_signs_turned_is_named_where_an_average_belongs(course: Diagnoser) -> None:
    source = """
        def sgd_momentum_ema(w, dw, config=None):
            c = {"learning_rate": 1e-2, "beta": 0.9, "velocity": np.zeros_like(w)} | (config or {})
            c["velocity"] = c["beta"] * c["velocity"] + c["learning_rate"] * dw
            return w - c["velocity"], c
    """
    assert named(course, "05_optimization", "sgd_momentum_ema", source) == {"classical_instead"}


def test_changing_an_input_is_not_blamed_for_another_mistake(course: Diagnoser) -> None:
    said = told(course, "05_optimization", "sgd", """
        def sgd(w, dw, config=None):
            w -= 0.123 * dw ** 3
            return w, config or {}
    """)  # fmt: skip
    assert said == set()


@pytest.mark.parametrize(
    "mask",
    [
        "(np.random.uniform(size=x.shape) >= p) / (1 - p)",
        "np.random.choice([0.0, 1 / (1 - p)], size=x.shape, p=[p, 1 - p])",
        "np.array(np.random.random_sample(x.size) > p).reshape(x.shape) / (1.0 - p)",
    ],
)
def test_dropout_that_drops_with_p_by_any_draw(mask: str, course: Diagnoser) -> None:
    (sentence,) = told(course, "08_batch_normalization", "dropout_forward", f"""
        def dropout_forward(x, dropout_param):
            p = dropout_param["p"]
            mask = np.ones(x.shape) if dropout_param["mode"] == "test" else {mask}
            return mask * x, mask
    """)  # fmt: skip
    assert "probability to keep" in sentence


@pytest.mark.parametrize("key", ['("W", k)', 'f"W{k - 1}"', 'f"w{k}"'])
def test_parameters_under_other_keys(key: str, course: Diagnoser) -> None:
    bias = key.replace("W", "b").replace("w", "b")
    said = told(
        course, "04_fully_connected_net", "FullyConnectedNet", network(('f"W{k}"', key), ('f"b{k}"', bias))
    )  # fmt: skip
    assert len(said) == 1
    assert '"W1", "b1"' in said.pop()


def test_targets_that_are_not_reshaped(course: Diagnoser) -> None:
    source = network(("np.asarray(y, self.dtype).reshape(out.shape)", "y.astype(self.dtype)"))
    (sentence,) = told(course, "04_fully_connected_net", "FullyConnectedNet", source)
    assert "give y the scores' shape" in sentence


def test_a_network_that_fails_without_hidden_layers(course: Diagnoser) -> None:
    for text in ("first = hidden_dims[0]", "last = hidden_dims[-1]", "assert len(hidden_dims) >= 1"):
        source = network(("self.params = {}", f"self.params = {{}}\n        {text}"))
        (sentence,) = told(course, "04_fully_connected_net", "FullyConnectedNet", source)
        assert "hidden_dims may be the empty list" in sentence


def test_blank_batch_normalization(course: Diagnoser) -> None:
    (sentence,) = told(course, "08_batch_normalization", "batchnorm_forward", """
        def batchnorm_forward(x, gamma, beta, bn_param):
            zeros = np.zeros(len(gamma))
            for name in ("running_mean", "running_var"):
                bn_param[name] = bn_param.get(name, zeros)
            output = memory = None
            return output, memory
    """)  # fmt: skip
    assert "Nothing is computed yet" in sentence


def test_an_infinite_loss_that_is_hidden(course: Diagnoser) -> None:
    (sentence,) = told(course, "02_losses", "softmax_loss", """
        def softmax_loss(x, y):
            table = np.exp(x - np.amax(x, axis=1)[:, None])
            table /= table.sum(axis=1)[:, None]
            chosen = table[range(len(y)), y]
            loss = -np.log(chosen).sum() / len(y)
            table[range(len(y)), y] = chosen - 1
            return (0 if loss == np.inf else loss), table / len(y)
    """)  # fmt: skip
    assert "hidden" in sentence


MSE = [
    ("x - y", "((x - y) ** 2).sum() / x.size", "2/n"),
    ("2 * (x - y) / x.shape[0]", "((x - y) ** 2).mean()", "number of rows"),
    ("x - y", "((x - y) ** 2).mean() / 2", "2/n"),
    ("(x - y) * 2", "((x - y) ** 2).mean()", "not divided by n"),
    ("np.sum(x - y) / x.size", "((x - y) ** 2).mean()", None),
]


@pytest.mark.parametrize(("dx", "loss", "words"), MSE)
def test_scales_of_the_squared_error(dx: str, loss: str, words: str | None, course: Diagnoser) -> None:
    said = told(course, "02_losses", "mse_loss", f"def mse_loss(x, y):\n    return {loss}, {dx}")
    assert not any("times what it should be" in each for each in said)
    assert len(said) == (1 if words else 0)
    assert all(words is not None and words in each for each in said)


def test_relu_backward_for_two_axes_only(course: Diagnoser) -> None:
    (sentence,) = told(course, "01_layers", "relu_backward", """
        def relu_backward(dout, cache):
            height, width = cache.shape
            dx = np.zeros((height, width))
            dx += dout * (cache > 0)
            return dx
    """)  # fmt: skip
    assert "any number of axes" in sentence


@pytest.mark.parametrize("epsilon", ["1e-4", "1e-2"])
def test_epsilon_added_to_the_standard_deviation(epsilon: str, course: Diagnoser) -> None:
    (sentence,) = told(course, "07_california_housing", "standardize_and_clip", f"""
        def standardize_and_clip(train, *others, limit=4.0):
            centre, spread = train.mean(0), train.std(0)
            spread = spread + {epsilon}
            return [np.clip((part - centre) / spread, -limit, limit) for part in [train, *others]]
    """)  # fmt: skip
    assert "added to every standard deviation" in sentence


BATCHNORM = """
    def batchnorm_forward(x, gamma, beta, bn_param):
        m = bn_param.get("momentum", 0.9)
        mu, var = bn_param.get("running_mean", 0 * beta), bn_param.get("running_var", 0 * beta)
        if bn_param["mode"] == "train":
            now = x.mean(0), ((x - x.mean(0)) ** 2).mean(0)
            bn_param.update(running_mean=m * mu + (1 - m) * now[0], running_var=m * var + (1 - m) * now[1])
            mu, var = now
        root = (var + bn_param.get("eps", 1e-5)) ** 0.5
        hat = (x - mu) / root
        return OUT, (hat, gamma, root)
"""
RMSPROP = """
    def rmsprop(w, dw, config=None):
        c = dict(learning_rate=0.01, decay_rate=0.99, epsilon=1e-8, cache=0 * w) | (config or {})
        rate, eps = c["learning_rate"], c["epsilon"]
        c["cache"] = k = c["cache"] + (1 - c["decay_rate"]) * (dw * dw - c["cache"])
        return w - STEP, c
"""
OTHERS = [
    ("05_optimization", "sgd_momentum", """
        def sgd_momentum(w, dw, config=None):
            config = dict(learning_rate=0.01, momentum=0.9, velocity=0 * w) | (config or {})
            config["velocity"] = dw + config["momentum"] * config["velocity"]
            return w - config["velocity"] * config["learning_rate"], config
    """, "library_convention"),
    ("03_regularization", "l1_regularization", """
        def l1_regularization(w, reg):
            return reg * (w ** 2).sum() ** 0.5, np.sign(w) * reg
    """, "l1_euclidean_norm"),
    ("03_regularization", "l2_regularization", """
        def l2_regularization(w, reg):
            return (w.T @ w).sum() * 0.5 * reg, w * reg
    """, "l2_matrix_product"),
    ("03_regularization", "l2_regularization", """
        def l2_regularization(w, reg):
            return np.square(w).sum() * 0.5 * reg, np.sum(w * reg)
    """, "l2_gradient_summed"),
    ("05_optimization", "sgd_momentum_ema", """
        def sgd_momentum_ema(w, dw, config=None):
            config = {} if config is None else dict(config)
            rate, old = config.get("learning_rate", 0.01), config.get("velocity", 0 * w)
            config["velocity"] = old + (dw - old) / 10
            return w - rate * config["velocity"], config
    """, "beta_ignored"),
    ("05_optimization", "sgd_momentum", """
        def sgd_momentum(w, dw, config=None):
            config = dict(momentum=0.9, velocity=0 * w) | (config or {})
            config["velocity"] = config["momentum"] * config["velocity"] - dw / 100
            return w + config["velocity"], config
    """, "learning_rate_ignored"),
    ("08_batch_normalization", "batchnorm_forward", """
        def batchnorm_forward(x, gamma, beta, bn_param):
            small, keep = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
            old = [bn_param.get(name, 0 * gamma) for name in ("running_mean", "running_var")]
            if bn_param["mode"] != "train":
                return (x - old[0]) / (old[1] + small) ** 0.5, None
            new = [x.mean(0), x.var(0)]
            bn_param["running_mean"], bn_param["running_var"] = [keep * a + (1 - keep) * b for a, b in zip(old, new)]
            scale = (new[1] + small) ** 0.5
            plain = (x - new[0]) / scale
            return plain * gamma + beta, (plain, gamma, scale)
    """, "test_mode_only_normalizes"),
    ("02_losses", "softmax_loss", """
        def softmax_loss(x, y):
            table = np.exp(x - np.amax(x, axis=1)[:, None])
            table /= table.sum(axis=1)[:, None]
            loss = -np.log(np.maximum(table[range(len(y)), y], 1e-12)).mean()
            table[range(len(y)), y] -= 1
            return loss, table / len(y)
    """, "softmax_logarithm_guarded"),
    ("05_optimization", "adam", """
        def adam(w, dw, config=None):
            c = dict(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, m=0 * w, v=0 * w, t=1) | (config or {})
            c["t"] = c["t"] + 1
            c["m"] = c["m"] + (1 - c["beta1"]) * (dw - c["m"])
            c["v"] = c["v"] + (1 - c["beta2"]) * (dw * dw - c["v"])
            rate = c["learning_rate"] / (1 - c["beta1"] ** c["t"])
            return w - rate * c["m"] / (np.sqrt(c["v"] / (1 - c["beta2"] ** c["t"])) + c["epsilon"]), c
    """, "one_step_ahead"),
    ("08_batch_normalization", "dropout_forward", """
        def dropout_forward(x, dropout_param):
            keep = np.ones((len(x), x.shape[1]))
            if dropout_param["mode"] == "train":
                (height, width), p = x.shape, dropout_param["p"]
                keep = np.random.binomial(1, p, (height, width)) / p
            elif x.ndim != 2:
                height, width = x.shape
            return x * keep, keep
    """, "two_axes_only"),
    ("05_optimization", "sgd", """
        def sgd(w, dw, config=None):
            config = {} if config is None else config
            return np.multiply(dw, -config.setdefault("learning_rate", 1e-2)), config
    """, "step_returned"),
    ("07_california_housing", "standardize_and_clip", """
        def standardize_and_clip(train, *others, limit=4.0):
            m, s = np.mean(train, 0), np.std(train, 0)
            s = np.where(s > 0, s, 1)
            return [np.maximum(0, np.minimum((a - m) / s, limit)) for a in [train, *others]]
    """, "clipped_at_zero"),
    ("07_california_housing", "standardize_and_clip", """
        def standardize_and_clip(train, *others, limit=4.0):
            m, s = np.mean(train, 0), np.std(train, 0)
            s = np.where(s > 0, s, 1)
            scaled = [(a - m) / s for a in [train, *others]]
            return [z * (np.abs(z) <= limit) for z in scaled]
    """, "outliers_become_zero"),
    ("07_california_housing", "r2_score", """
        def r2_score(y, prediction):
            wrong = np.ravel(prediction - y)
            return 1 - wrong @ wrong / wrong.size
    """, "not_divided"),
    ("05_optimization", "sgd_momentum_ema", """
        def sgd_momentum_ema(w, dw, config=None):
            c = dict(learning_rate=0.01, beta=0.9, velocity=0 * w) | (config or {})
            c["velocity"] = c["velocity"] + (1 - c["beta"]) * (dw - c["velocity"])
            return w - dw * c["learning_rate"], c
    """, "average_not_used"),
    ("05_optimization", "adam", """
        def adam(w, dw, config=None):
            c = dict(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, m=0 * w, v=0 * w, t=0) | (config or {})
            c["t"] = c["t"] + 1
            c["m"] = c["m"] + (1 - c["beta1"]) * (dw - c["m"])
            c["v"] = c["v"] + (1 - c["beta2"]) * (dw * dw - c["v"])
            root = (c["v"] / (1 - c["beta2"] ** c["t"])) ** 0.5
            return w - c["learning_rate"] * dw / (root + c["epsilon"]), c
    """, "gradient_instead_of_average"),
    ("05_optimization", "rmsprop", RMSPROP.replace("STEP", "rate * dw / k**0.5 + eps"), "epsilon_outside_the_fraction"),
    ("05_optimization", "rmsprop", RMSPROP.replace("STEP", "rate * dw * (eps + k ** 0.5)"), "multiplied_by_the_root"),
    ("01_layers", "relu_backward", """
        def relu_backward(dout, cache):
            dx = dout.copy()
            dx[(cache <= 0) | (dout <= 0)] = 0
            return dx
    """, "negative_gradients_dropped"),
    ("08_batch_normalization", "batchnorm_backward", """
        def batchnorm_backward(dout, cache):
            hat, gamma, root = cache
            g = gamma * dout
            dx = g - g.mean(0) - hat * (g * hat).mean(0)
            return dx / root / root, np.sum(hat * dout, 0), np.sum(dout, 0)
    """, "divided_by_the_variance"),
    ("08_batch_normalization", "batchnorm_forward", BATCHNORM.replace("OUT", "hat * gamma"), "shift_forgotten"),
    ("08_batch_normalization", "batchnorm_forward", BATCHNORM.replace("OUT", "hat + beta"), "scale_forgotten"),
]  # fmt: skip


@pytest.mark.parametrize(("notebook", "answer", "source", "name"), OTHERS)
def test_mistakes_that_had_no_entry(notebook: str, answer: str, source: str, name: str, course: Diagnoser) -> None:
    assert named(course, notebook, answer, source) == {name}


def test_a_general_maximum_is_named_where_it_costs_points(course: Diagnoser) -> None:
    said = told(course, "02_losses", "softmax_loss", """
        def softmax_loss(x, y):
            moved = x - np.amax(x)
            total = np.exp(moved).sum(axis=1)
            rows = range(len(y))
            gradient = np.exp(moved) / total[:, None]
            gradient[rows, y] -= 1
            return np.mean(np.log(total) - moved[rows, y]), gradient / len(y)
    """)  # fmt: skip
    assert all("subtracted from all rows" in each for each in said)


def test_no_entry_is_a_sample(course: Diagnoser) -> None:
    """Entries are written in the catalogue's own words: neither they nor their variants are texts of the corpus."""
    samples = {_shape(source) for sample in load_samples() for source in sample.cells().values()}
    for catalogue in load_catalogues():
        reference = solutions(read(SOURCE / f"{catalogue.notebook}.ipynb"))
        for entry in catalogue.entries:
            for number in range(len(entry.variants) + 1):
                assert _shape(entry.cells(reference, number)[entry.answer]) not in samples, entry


def _shape(source: str) -> str:
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return source


def test_no_sentence_quotes_a_number_of_the_references_results(course: Diagnoser) -> None:
    sentences = [entry.sentence for catalogue in load_catalogues() for entry in catalogue.entries]
    assert {each for sentence in sentences for each in re.findall(r"\d+\.\d+", sentence)} <= {"0.9"}
