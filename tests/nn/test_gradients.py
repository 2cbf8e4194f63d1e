"""Backward is the derivative of the loss that forward reports, by central differences."""

import numpy as np
import pytest

from nnviz.nn.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from nnviz.nn.gradcheck import numerical_gradient, relative_error
from nnviz.nn.layers import Dense
from nnviz.nn.losses import BinaryCrossEntropy, CrossEntropy, Identity, Logistic, MeanSquaredError, Softmax
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.parameters import Parameters

TOLERANCE = 1e-7
# A difference must not step over a kink of ReLU. One step of 1e-6 in a weight moves z by a few 1e-6.
CLEAR_OF_KINKS = 1e-4

LOSSES = {
    "cross-entropy": CrossEntropy,
    "binary cross-entropy": BinaryCrossEntropy,
    "mse softmax": lambda: MeanSquaredError(Softmax()),
    "mse sigmoid": lambda: MeanSquaredError(Logistic()),
    "mse linear": lambda: MeanSquaredError(Identity()),
}


def build(text, loss, input_shape, outputs, seed=5):
    """A float64 network in general position: biases random too, weights small enough not to saturate."""
    generator = np.random.default_rng(seed)
    network = Network([*parse(text), Dense(outputs)], loss, input_shape, generator, np.float64)
    network.parameters.values[...] = generator.normal(scale=0.5, size=network.parameters.size)
    return network


def draw_batch(loss_name, input_shape, batch, outputs, seed=6):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(batch, *input_shape))
    if loss_name == "mse linear":
        return x, generator.normal(size=(batch, outputs))
    if loss_name == "binary cross-entropy":
        return x, generator.integers(0, 2, (batch, outputs)).astype(float)
    return x, np.eye(outputs)[generator.integers(0, outputs, batch)]


def backward(network, x, target):
    network.loss.forward(network.forward(x), target)
    network.backward()
    return network.parameters.gradients.copy()


def check_against_differences(network, x, target):
    a = x
    for layer in network.layers:
        if layer.kind in ("relu", "leakyrelu"):
            assert np.abs(a).min() > CLEAR_OF_KINKS, "choose another seed: too close to the kink at 0"
        a = layer.forward(a)
    gradient = backward(network, x, target)
    assert relative_error(gradient, numerical_gradient(network, x, target)) < TOLERANCE
    return gradient


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["", "relu", "leakyrelu", "sigmoid", "tanh"])
def test_parameter_gradients(activation, loss, outputs, batch):
    network = build(f"dense 4 {activation}, dense 3 {activation}", LOSSES[loss](), (3,), outputs)
    x, target = draw_batch(loss, (3,), batch, outputs)
    gradient = check_against_differences(network, x, target)
    # Nothing to compare is no agreement. A softmax over one output is always 1, and its gradient 0.
    assert gradient.any() or (outputs == 1 and loss in ("cross-entropy", "mse softmax"))


def test_dense_reads_an_input_of_several_axes():
    network = build("dense 4 tanh", CrossEntropy(), (2, 3, 2), 3)
    check_against_differences(network, *draw_batch("cross-entropy", (2, 3, 2), 5, 3))


@pytest.mark.parametrize("loss", LOSSES)
def test_targets_that_are_no_one_hot_vector(loss):
    """Soft targets, and ones that do not add up to 1: the derivative is still that of the reported loss."""
    network = build("dense 4 tanh", LOSSES[loss](), (3,), 3)
    x, _ = draw_batch(loss, (3,), 5, 3)
    check_against_differences(network, x, np.random.default_rng(8).uniform(size=(5, 3)))


@pytest.mark.parametrize(
    ("layer", "input_shape"),
    [
        (Dense(3), (4,)),
        (Dense(3), (2, 3, 2)),
        (ReLU(), (4,)),
        (ReLU(), (2, 3, 2)),
        (LeakyReLU(), (4,)),
        (Sigmoid(), (4,)),
        (Tanh(), (4,)),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "x".join(map(str, value)),
)
def test_input_gradient_of_one_layer(layer, input_shape):
    generator = np.random.default_rng(7)
    parameters = Parameters()
    output_shape = layer.build(input_shape, parameters)
    parameters.allocate(generator, np.float64)
    x = generator.normal(size=(5, *input_shape))
    assert np.abs(x).min() > CLEAR_OF_KINKS
    weighting = generator.normal(size=(5, *output_shape))

    layer.forward(x)
    gradient = layer.backward(weighting).copy()

    expected = np.empty_like(x)
    for i in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[i] = 1e-6
        expected[i] = np.sum(weighting * layer.forward(x + nudge))
        expected[i] -= np.sum(weighting * layer.forward(x - nudge))
        expected[i] /= 2e-6
    assert gradient.shape == x.shape
    assert relative_error(gradient, expected) < TOLERANCE


@pytest.mark.parametrize("activation", [ReLU, LeakyReLU, Sigmoid, Tanh])
def test_activations_far_from_zero_stay_finite(activation):
    layer = activation()
    z = np.array([[-1000.0, 0.0, 1000.0]], np.float32)
    ends = {"relu": (0, 0, 1000), "leakyrelu": (-10, 0, 1000), "sigmoid": (0, 0.5, 1), "tanh": (-1, 0, 1)}
    slopes = {"relu": (0, 0, 1), "leakyrelu": (0.01, 0.01, 1), "sigmoid": (0, 0.25, 0), "tanh": (0, 1, 0)}
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        np.testing.assert_allclose(layer.forward(z)[0], ends[layer.kind], rtol=1e-6)
        np.testing.assert_allclose(layer.backward(np.ones_like(z))[0], slopes[layer.kind], rtol=1e-6)


def test_central_differences_leave_the_network_as_it_was():
    network = build("dense 4 tanh", CrossEntropy(), (3,), 3)
    before = network.parameters.values.copy()
    numerical_gradient(network, *draw_batch("cross-entropy", (3,), 2, 3))
    np.testing.assert_array_equal(network.parameters.values, before)


def test_central_differences_refuse_float32():
    network = Network([Dense(2)], CrossEntropy(), (3,), np.random.default_rng(0))
    with pytest.raises(ValueError, match="float64"):
        numerical_gradient(network, np.ones((1, 3), np.float32), np.array([[1, 0]], np.float32))
