"""Numerical gradients against derivatives that are known exactly."""

import numpy as np
import pytest

from toolkit.gradients import numerical_gradient, numerical_gradient_array


def affine_inputs():
    rng = np.random.RandomState(231)
    return rng.randn(10, 2, 3), rng.randn(6, 5), rng.randn(5), rng.randn(10, 5)


def affine(x, w, b):
    return x.reshape(len(x), -1) @ w + b


def rel_error(x, y):
    return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 4)])
def test_gradient_of_a_sum_of_cubes(shape):
    x = np.random.default_rng(0).standard_normal(shape)
    gradient = numerical_gradient(lambda x: np.sum(x**3), x)
    assert gradient.shape == shape
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=1e-6, atol=1e-8)


def test_differences_are_centered():
    # A centered difference of a parabola is exact; a one-sided one is off by h.
    assert numerical_gradient(lambda x: float(x**2), 3.0, h=0.5) == 6.0


def test_float32_and_integer_inputs_are_differentiated_in_float64():
    for dtype in (np.float32, np.int64):
        gradient = numerical_gradient(lambda x: np.sum(x**2), np.array([1, 2, 3], dtype))
        np.testing.assert_allclose(gradient, [2, 4, 6], rtol=1e-9)


@pytest.mark.parametrize("differentiate", [numerical_gradient, numerical_gradient_array])
def test_x_is_never_changed_not_even_by_f(differentiate):
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def spoil(point):
        result = np.sum(point**2)
        point[...] = 99
        return result

    arguments = (x,) if differentiate is numerical_gradient else (x, 1.0)
    np.testing.assert_allclose(differentiate(spoil, *arguments), [[2, 4], [6, 8]])
    np.testing.assert_array_equal(x, [[1, 2], [3, 4]])


def test_transposed_input():
    x = np.arange(6.0).reshape(2, 3).T
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sum(x**2), x), 2 * x, atol=1e-9)


def test_array_gradient_gives_the_published_errors_of_affine_backward():
    x, w, b, dout = affine_inputs()
    dx = numerical_gradient_array(lambda x: affine(x, w, b), x, dout)
    dw = numerical_gradient_array(lambda w: affine(x, w, b), w, dout)
    db = numerical_gradient_array(lambda b: affine(x, w, b), b, dout)
    errors = [
        rel_error(dx, (dout @ w.T).reshape(x.shape)),
        rel_error(dw, x.reshape(10, 6).T @ dout),
        rel_error(db, dout.sum(axis=0)),
    ]
    published = np.array([5.399e-11, 9.904e-11, 2.412e-11])
    assert np.all(errors < 3 * published)
    assert np.all(errors > published / 3)


def test_f_must_return_one_number():
    with pytest.raises(ValueError, match=r"one number, not an array of shape \(3,\)"):
        numerical_gradient(lambda x: x, np.ones(3))


def test_f_that_returns_nothing():
    with pytest.raises(TypeError, match=r"f\(x\) must contain real numbers"):
        numerical_gradient(lambda x: None, np.ones(3))


def test_df_of_another_shape_is_not_broadcast():
    with pytest.raises(ValueError, match=r"shape \(3,\), but df has shape \(1,\)"):
        numerical_gradient_array(lambda x: x, np.ones(3), np.ones(1))


@pytest.mark.parametrize("x", [np.array([1j]), np.array(["a"]), np.array([None])])
def test_x_must_be_real(x):
    with pytest.raises(TypeError, match="x must contain real numbers"):
        numerical_gradient(np.sum, x)


@pytest.mark.parametrize("h", [0, -1e-5, float("nan")])
def test_h_must_be_positive(h):
    with pytest.raises(ValueError, match="h must be positive"):
        numerical_gradient(np.sum, np.ones(2), h=h)
