"""Backward is the derivative of the loss that forward reports, by central differences."""

import numpy as np
import pytest

from nnviz.nn import convolution, workers
from nnviz.nn.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from nnviz.nn.convolution import Conv2d
from nnviz.nn.dropout import Dropout, NoDropout
from nnviz.nn.gradcheck import numerical_gradient, relative_error
from nnviz.nn.layers import Dense, Flatten
from nnviz.nn.losses import BinaryCrossEntropy, CrossEntropy, MeanSquaredError, QuadraticLoss, SummedBinaryCrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.normalization import BatchNorm, FixedBatchNorm
from nnviz.nn.notation import parse
from nnviz.nn.outputs import Identity, Logistic, Softmax
from nnviz.nn.parameters import Parameters
from nnviz.nn.pooling import GlobalAveragePool, MaxPool2d
from nnviz.nn.regularizers import Penalty
from nnviz.nn.scaled_error import ScaledSquaredError

TOLERANCE = 1e-7
# A difference must not step over a kink of ReLU or of a maximum. One step of 1e-6 in a weight moves z by a few 1e-6.
CLEAR_OF_KINKS = 1e-4

LOSSES = {
    "cross-entropy": CrossEntropy,
    "binary cross-entropy": BinaryCrossEntropy,
    "mse softmax": lambda: MeanSquaredError(Softmax()),
    "mse sigmoid": lambda: MeanSquaredError(Logistic()),
    "mse linear": lambda: MeanSquaredError(Identity()),
    "summed sigmoid": SummedBinaryCrossEntropy,
    "quadratic softmax": lambda: QuadraticLoss(Softmax()),
    "quadratic sigmoid": lambda: QuadraticLoss(Logistic()),
    "scaled": lambda: ScaledSquaredError(20.0, 8.0),
}


def build(text, loss, input_shape, outputs, seed=5):
    """A float64 network in general position: all of it random, weights small enough not to saturate."""
    generator = np.random.default_rng(seed)
    network = Network([*parse(text), Dense(outputs)], loss, input_shape, generator, np.float64)
    network.parameters.values[...] = generator.normal(scale=0.5, size=network.parameters.size)
    network.parameters.statistics[...] = generator.uniform(0.5, 2, network.parameters.statistics.shape)
    return network


def draw_batch(loss_name, input_shape, batch, outputs, seed=6):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(batch, *input_shape))
    if loss_name in ("mse linear", "scaled"):
        return x, generator.normal(size=(batch, outputs))
    if loss_name == "binary cross-entropy":
        return x, generator.integers(0, 2, (batch, outputs)).astype(float)
    return x, np.eye(outputs)[generator.integers(0, outputs, batch)]


def backward(network, x, target, weights=None):
    network.loss.forward(network.forward(x), target, weights)
    network.backward()
    return network.parameters.gradients.copy()


def differences(function, array, step=1e-6):
    """∂function()/∂array by central differences, one number of the array at a time."""
    gradient = np.empty_like(array)
    for i in np.ndindex(array.shape):
        value = array[i]
        array[i] = value + step
        above = function()
        array[i] = value - step
        below = function()
        array[i] = value
        gradient[i] = (above - below) / (2 * step)
    return gradient


def distance_to_a_kink(layer, x):
    """How far a number that goes into the layer is from where the layer's function has no derivative."""
    if layer.kind in ("relu", "leakyrelu"):
        return np.abs(x).min()
    if layer.kind == "pool" and layer.size > 1:
        size = layer.size
        cells = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))[:, ::size, ::size]
        highest = np.sort(cells.reshape(*cells.shape[:4], -1))
        return (highest[..., -1] - highest[..., -2]).min()
    return np.inf


def check_against_differences(network, x, target):
    a = x
    for layer in network.layers:
        assert distance_to_a_kink(layer, a) > CLEAR_OF_KINKS, "choose another seed: too close to a kink"
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
    assert gradient.any() or (outputs == 1 and loss in ("cross-entropy", "mse softmax", "quadratic softmax"))


def test_dense_reads_an_input_of_several_axes():
    network = build("dense 4 tanh", CrossEntropy(), (2, 3, 2), 3)
    check_against_differences(network, *draw_batch("cross-entropy", (2, 3, 2), 5, 3))


@pytest.mark.parametrize("loss", LOSSES)
def test_targets_that_are_no_one_hot_vector(loss):
    """Soft targets, and ones that do not add up to 1 where a loss takes any numbers."""
    network = build("dense 4 tanh", LOSSES[loss](), (3,), 3)
    x, _ = draw_batch(loss, (3,), 5, 3)
    target = np.random.default_rng(8).uniform(size=(5, 3))
    if loss == "cross-entropy":
        target /= target.sum(axis=1, keepdims=True)
    check_against_differences(network, x, target)


@pytest.mark.parametrize("loss", LOSSES)
def test_examples_that_weigh_differently(loss):
    network = build("dense 4 tanh", LOSSES[loss](), (3,), 3)
    x, target = draw_batch(loss, (3,), 5, 3)
    weights = np.array([0.5, 2.0, 0.0, 1.0, 3.0])
    gradient = backward(network, x, target, weights)
    expected = differences(
        lambda: network.loss.forward(network.forward(x), target, weights).mean, network.parameters.values
    )
    assert relative_error(gradient, expected) < TOLERANCE
    assert relative_error(gradient, backward(network, x, target)) > 0.1


@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.0, 0.7), (0.3, 0.7)])
def test_loss_and_penalty_together(l1, l2):
    network = build("conv 2 2x2 batchnorm tanh", CrossEntropy(), (3, 4, 2), 3, seed=9)
    x, target = draw_batch("cross-entropy", (3, 4, 2), 5, 3)
    values = network.parameters.values
    assert np.abs(values).min() > CLEAR_OF_KINKS
    penalty = Penalty(l1, l2, values, network.parameters.decaying())
    gradient = penalty.added_to(backward(network, x, target))
    expected = differences(lambda: network.loss.forward(network.forward(x), target).mean + penalty.value(), values)
    assert relative_error(gradient, expected) < TOLERANCE


@pytest.mark.parametrize("mode", ["training", "evaluation"])
@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(
    "text",
    [
        "conv 3 3x3 tanh, pool 2, dense 4 tanh",
        "conv 2 3x3 stride 2 batchnorm leakyrelu, conv 3 2x2 padding 0 tanh, globalpool",
        "conv 3 1x1 batchnorm, pool 3 tanh, flatten, dense 3 relu batchnorm tanh dropout 0.4",
        "pool 2 batchnorm, conv 3 5x5 stride 3 padding 1 sigmoid dropout 0.3, flatten dropout 0.2",
    ],
)
def test_whole_networks(text, batch, mode):
    network = build(text, CrossEntropy(), (7, 6, 2), 3)
    network.at_step(4)
    if mode == "evaluation":
        network = network.for_evaluation()
    assert check_against_differences(network, *draw_batch("cross-entropy", (7, 6, 2), batch, 3)).any()


def check_one_layer(layer, input_shape, batch):
    """Gradients of the layer's input and of its parameters."""
    # A twin has no buffers yet, whoever else tests this layer.
    layer, parameters, generator = layer.twin(), Parameters(), np.random.default_rng(7)
    output_shape = layer.build(input_shape, parameters)
    parameters.allocate(generator, np.float64)
    parameters.values[...] = generator.normal(size=parameters.size)
    parameters.statistics[...] = generator.uniform(0.5, 2, parameters.statistics.shape)
    x = generator.normal(size=(batch, *input_shape))
    assert distance_to_a_kink(layer, x) > CLEAR_OF_KINKS
    weighting = generator.normal(size=(batch, *output_shape))

    assert layer.forward(x).shape == weighting.shape
    gradient = layer.backward(weighting).copy()
    parameter_gradients = parameters.gradients.copy()

    def score():
        return np.sum(weighting * layer.forward(x))

    assert gradient.shape == x.shape
    if type(layer) is BatchNorm and x.size == layer.channels:
        # Of a batch of one it leaves nothing, and the differences are those of roundings.
        np.testing.assert_allclose(gradient, np.zeros_like(x), rtol=0, atol=1e-12)
    else:
        assert gradient.any()
        assert relative_error(gradient, differences(score, x)) < TOLERANCE
    assert relative_error(parameter_gradients, differences(score, parameters.values)) < TOLERANCE
    return layer


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(
    ("layer", "input_shape"),
    [
        (Dense(3), (4,)),
        (Dense(3), (2, 3, 2)),
        (Dense(3, biased=False), (4,)),
        (Flatten(), (2, 3, 2)),
        (ReLU(), (4,)),
        (ReLU(), (2, 3, 2)),
        (LeakyReLU(), (4,)),
        (Sigmoid(), (4,)),
        (Tanh(), (4,)),
        (MaxPool2d(1), (5, 7, 2)),
        (MaxPool2d(2), (5, 7, 2)),
        (MaxPool2d(3), (5, 7, 2)),
        (GlobalAveragePool(), (5, 7, 2)),
        (BatchNorm(), (4,)),
        (BatchNorm(), (5, 3, 2)),
        (FixedBatchNorm(), (4,)),
        (FixedBatchNorm(), (5, 3, 2)),
        (Dropout(0.4), (8,)),
        (Dropout(0.4), (5, 3, 2)),
        (NoDropout(0.4), (8,)),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "kind") else "x".join(map(str, value)),
)
def test_one_layer(layer, input_shape, batch):
    check_one_layer(layer, input_shape, batch)


CONVOLUTIONS = [
    Conv2d(3, size, stride, padding, biased=stride != 2)
    for size in (1, 2, 3, 5)
    for stride in (1, 2, 3)
    for padding in sorted({0, size // 2, size - 1})
]


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=lambda layer: layer.describe())
def test_convolutions(layer):
    for batch in (1, 5):
        check_one_layer(layer, (5, 7, 2), batch)


@pytest.mark.parametrize("layer", [BatchNorm(), MaxPool2d(2)], ids=lambda layer: layer.kind)
@pytest.mark.parametrize("examples", [1, 2, 4])
def test_a_layer_that_works_on_some_examples_at_a_time(layer, examples, monkeypatch):
    monkeypatch.setattr(workers, "PIECE_BYTES", examples * 5 * 7 * 2 * 8)
    pieces = check_one_layer(layer, (5, 7, 2), 5)._pieces.halves
    assert min(map(len, pieces)) >= 1


@pytest.mark.parametrize("lines", [2, 3, 12])
def test_a_convolution_in_several_pieces(lines, monkeypatch):
    """Pieces of some lines of one picture, with lines left over, and pieces of two pictures, with one left over."""
    monkeypatch.setattr(convolution, "UNROLLED_BYTES", lines * 7 * 3 * 3 * 2 * 8)
    layer = check_one_layer(Conv2d(2, 3), (5, 7, 2), 5)
    assert sum(map(len, layer._windows._unrolled.values())) == {2: 15, 3: 10, 12: 3}[lines]


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
