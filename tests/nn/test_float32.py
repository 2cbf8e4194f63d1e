"""In float32 every number keeps about seven digits, however near 0 or 1 a probability is."""

import numpy as np
import pytest

from nnviz.nn.activations import Sigmoid, Tanh
from nnviz.nn.losses import BinaryCrossEntropy, CrossEntropy, MeanSquaredError
from nnviz.nn.outputs import Logistic, Softmax
from nnviz.nn.parameters import Parameters
from nnviz.nn.scaled_error import ScaledSquaredError

NEAR = np.linspace(-100, 100, 4001)
Z = np.concatenate([[-1e4, -18, 18, 1e4], np.linspace(-1e4, 1e4, 401), NEAR, np.geomspace(1e-30, 1, 61)])
Z = np.unique(np.concatenate([Z, -Z])).astype(np.float32)
# Below the smallest number that float32 holds with all of its digits, it has fewer and fewer.
SMALLEST = float(np.finfo(np.float32).tiny)


@pytest.fixture(autouse=True)
def _exact():
    """Where the closed forms overflow to what they come to far out, they say so; what is tested may not."""
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


def closely(got, expected, digits=6e-7):
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=digits, atol=SMALLEST)


def share(z):
    """1 / (1 + exp(−z)) in float64; 1 minus it is the same of −z."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-np.asarray(z, np.float64)))


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_a_sure_sigmoid_output(y):
    loss, target = BinaryCrossEntropy(), np.full((len(Z), 1), y, np.float32)
    scores = loss.forward(Z[:, None], target)
    grad = loss.backward()
    error = share(Z) if y == 0 else -share(-Z)
    closely(scores.prediction[:, 0], share(Z))
    closely(scores.each, np.logaddexp(0, Z.astype(np.float64) * (1 - 2 * y)))
    closely(scores.errors[:, 0], error)
    closely(grad[:, 0] * np.float32(len(Z)), error, 1e-6)


def test_the_loss_beside_a_small_probability_is_that_of_its_error():
    scores = BinaryCrossEntropy().forward(np.array([[-18.0]], np.float32), np.array([[0.0]], np.float32))
    assert scores.prediction[0, 0] == scores.errors[0, 0] == pytest.approx(1.52e-8, rel=3e-3)
    assert scores.mean == pytest.approx(1.52e-8, rel=3e-3)


def test_smoothed_targets_of_a_sigmoid_output():
    y = np.float32(0.975)
    loss = BinaryCrossEntropy()
    scores = loss.forward(Z[:, None], np.full((len(Z), 1), y))
    z, wanted = Z.astype(np.float64), np.float64(y)
    closely(scores.each, wanted * np.logaddexp(0, -z) + (1 - wanted) * np.logaddexp(0, z))
    # Near its target an error is small because p and y are near each other, and as exact as these are.
    np.testing.assert_allclose(scores.errors[:, 0], share(z) - wanted, rtol=1e-6, atol=1e-7)


def test_a_squared_error_of_a_sigmoid_output():
    # Squares of smaller errors are not held with all of their digits.
    z = Z[np.abs(Z) < 40]
    loss = MeanSquaredError(Logistic())
    scores = loss.forward(z[:, None], np.ones((len(z), 1), np.float32))
    closely(scores.each, share(-z) ** 2, 1e-6)
    closely(loss.backward()[:, 0] * np.float32(len(z)), -2 * share(-z) ** 2 * share(z), 2e-6)


def differences(z):
    """z_j − z_k in float64, of logits (n, outputs): (n, j, k)."""
    z = z.astype(np.float64)
    return z[:, :, None] - z[:, None, :]


def of_float32(z):
    """How exact a share can be: float32 holds a difference of logits to seven digits, and exp makes it a factor."""
    return 6e-7 + 6e-8 * np.abs(differences(z)).max(axis=(1, 2))


@pytest.mark.parametrize("outputs", [2, 3, 10])
def test_a_sure_softmax(outputs):
    generator = np.random.default_rng(outputs)
    # The first examples are about even, the last ones as sure as can be.
    z = (generator.normal(size=(500, outputs)) * np.geomspace(0.01, 3000, 500)[:, None]).astype(np.float32)
    classes = generator.integers(outputs, size=500)
    target = np.eye(outputs, dtype=np.float32)[classes]
    loss = CrossEntropy()
    scores = loss.forward(z, target)
    grad = loss.backward() * np.float32(500)
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        apart = differences(z)
        p = 1 / np.exp(apart).sum(axis=1)
        others = np.exp(np.where(np.eye(outputs, dtype=bool), -np.inf, apart)).sum(axis=1)
        missing = 1 / (1 + 1 / others)
        expected = -np.take_along_axis(missing, classes[:, None], 1)[:, 0]
        surprise = np.logaddexp.reduce(apart[np.arange(500), :, classes], axis=1)
        small = surprise < 1e-3
        surprise[small] = np.log1p(others[np.arange(500), classes])[small]
    for i, digits in enumerate(of_float32(z)):
        error = np.where(target[i] == 1, expected[i], p[i])
        closely(scores.prediction[i], p[i], digits)
        closely(scores.errors[i], error, digits)
        closely(grad[i], error, digits + 2e-7)
        closely(scores.each[i : i + 1], surprise[i : i + 1], digits)


def test_a_squared_error_of_a_softmax_of_two():
    z = np.stack([Z, np.zeros_like(Z)], axis=1)[np.abs(Z) < 25]
    loss = MeanSquaredError(Softmax())
    scores = loss.forward(z, np.tile(np.array([1, 0], np.float32), (len(z), 1)))
    p, rest = share(z[:, 0]), share(-z[:, 0])
    closely(scores.each, rest**2, 3e-6)
    for column, sign in ((0, -1), (1, 1)):
        closely(loss.backward()[:, column] * np.float32(len(z)), sign * 2 * p * rest**2, 6e-6)


def test_errors_of_numbers_far_from_zero():
    mean, deviation = 30_000.0, 0.25
    z = np.linspace(-2, 2, 41).astype(np.float32)[:, None]
    y = (mean + deviation * np.arange(41) / 16).astype(np.float32)[:, None]
    loss = ScaledSquaredError([mean], [deviation])
    scores = loss.forward(z, y)
    error = z.astype(np.float64) * deviation - (y.astype(np.float64) - mean)
    closely(scores.errors, error, 1e-5)
    closely(scores.each, np.square(error[:, 0] / deviation), 1e-5)
    closely(loss.backward(), 2 * error / deviation / 41, 1e-5)


@pytest.mark.parametrize(
    ("layer", "output", "slope"),
    [
        (Sigmoid(), share, lambda z: share(z) * share(-z)),
        (Tanh(), lambda z: np.tanh(z.astype(np.float64)), lambda z: 4 * share(2 * z) * share(-2 * z)),
    ],
    ids=["sigmoid", "tanh"],
)
def test_an_activation_and_its_slope(layer, output, slope):
    layer.build((1,), Parameters())
    closely(layer.forward(Z[:, None])[:, 0], output(Z))
    closely(layer.backward(np.ones((len(Z), 1), np.float32))[:, 0], slope(Z), 1e-6)
