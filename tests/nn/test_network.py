"""Network: one flat vector under many views, equal bits for equal seeds, evaluation that does not disturb."""

import numpy as np
import pytest

from nnviz.nn.layers import Dense
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.optimizers import Adam
from nnviz.nn.workers import TwoWorkers

DENSE = "dense 5 relu, dense 5 leakyrelu, dense 4 sigmoid, dense 4 tanh"
PICTURES = (
    "conv 4 3x3 batchnorm relu, pool 2, conv 3 2x2 stride 2 leakyrelu dropout 0.4, flatten, dense 4 batchnorm tanh"
)
AVERAGED = "dropout 0.1, conv 4 5x5 padding 0 tanh batchnorm, globalpool dropout 0.3"
INPUTS = {DENSE: (4,), PICTURES: (7, 6, 2), AVERAGED: (7, 6, 2)}
BOTH_KINDS = pytest.mark.parametrize("text", [DENSE, PICTURES], ids=["dense", "pictures"])


def build(text=DENSE, seed=1, dtype=np.float32):
    return Network([*parse(text), Dense(3)], CrossEntropy(), INPUTS.get(text, (4,)), np.random.default_rng(seed), dtype)


def draw_batch(n, seed, network):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, *network.input_shape)).astype(network.dtype)
    return x, np.eye(3, dtype=network.dtype)[generator.integers(0, 3, n)]


def compute(network, x, target):
    """Loss of each example and gradients, as copies."""
    scores = network.loss.forward(network.forward(x), target)
    network.backward()
    return scores.each.copy(), network.parameters.gradients.copy()


def train(network, sizes):
    """All that training changed, after as many steps as there are `sizes` of batches."""
    optimizer, parameters = Adam(0.01), network.parameters
    optimizer.attach(parameters.values)
    for step, n in enumerate(sizes):
        network.at_step(step)
        compute(network, *draw_batch(n, step, network))
        parameters.values += optimizer.propose(parameters.gradients)
        parameters.statistics[...] = parameters.following
    return np.concatenate([parameters.values, parameters.statistics])


def test_parameters_are_views_of_one_flat_vector():
    network = build(text="dense 5 relu")
    parameters = network.parameters
    assert {name: array.shape for name, array in parameters.named().items()} == {
        "dense1.weights": (4, 5),
        "dense1.biases": (5,),
        "dense2.weights": (5, 3),
        "dense2.biases": (3,),
    }
    assert parameters.size == parameters.values.size == 4 * 5 + 5 + 5 * 3 + 3

    # Every number of the flat vectors is in one view and no other.
    parameters.values[...] = np.arange(parameters.size)
    parameters.gradients[...] = -np.arange(parameters.size)
    arrays = [parameter for layer in network.layers for parameter in layer.parameters()]
    in_views = np.concatenate([parameter.values.ravel() for parameter in arrays])
    np.testing.assert_array_equal(in_views, np.arange(parameters.size))
    in_views = np.concatenate([parameter.gradients.ravel() for parameter in arrays])
    np.testing.assert_array_equal(in_views, -np.arange(parameters.size))

    parameters.named()["dense2.biases"][...] = 7
    np.testing.assert_array_equal(parameters.values[-3:], 7)
    np.testing.assert_array_equal(parameters.named(parameters.gradients)["dense1.weights"].ravel(), -np.arange(20))


def test_statistics_are_views_of_one_flat_vector():
    parameters = build(PICTURES).parameters
    assert {name: array.shape for name, array in parameters.named_statistics().items()} == {
        "batchnorm1.mean": (4,),
        "batchnorm1.variance": (4,),
        "batchnorm2.mean": (4,),
        "batchnorm2.variance": (4,),
    }
    parameters.statistics[...] = np.arange(16)
    parameters.following[...] = -np.arange(16)
    np.testing.assert_array_equal(np.concatenate(list(parameters.named_statistics().values())), np.arange(16))
    following = parameters.named_statistics(parameters.following)
    np.testing.assert_array_equal(following["batchnorm2.mean"], [-8, -9, -10, -11])
    assert build(DENSE).parameters.statistics.size == build(DENSE).parameters.following.size == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("text", INPUTS)
def test_equal_seeds_train_to_equal_bits(text, dtype):
    first, second = (train(build(text, dtype=dtype), sizes=(6, 6, 2)) for _ in range(2))
    assert first.dtype == dtype
    assert first.tobytes() == second.tobytes()
    assert not np.array_equal(build(text, seed=1).parameters.values, build(text, seed=2).parameters.values)


@pytest.mark.parametrize("text", INPUTS)
def test_one_seed_is_one_network_in_float32_and_float64(text):
    single, double = build(text, dtype=np.float32), build(text, dtype=np.float64)
    rounded = double.parameters.values.astype(np.float32)
    np.testing.assert_array_equal(single.parameters.values, rounded)
    assert (rounded != double.parameters.values).sum() > rounded.size / 2  # drawn in full precision, biases are 0
    x, target = draw_batch(6, 2, single)
    for in_single, in_double in zip(compute(single, x, target), compute(double, x, target), strict=True):
        assert in_single.dtype == np.float32
        np.testing.assert_allclose(in_single, in_double, rtol=1e-4, atol=2e-6)
    np.testing.assert_allclose(single.parameters.following, double.parameters.following, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("text", INPUTS)
def test_every_layer_computes_in_the_type_of_the_network(text, dtype):
    network = build(text, dtype=dtype)
    for each in (network, network.for_evaluation()):
        x, target = draw_batch(6, 2, network)
        for layer in each.layers:
            x = layer.forward(x)
            assert (x.dtype, x.shape) == (dtype, (6, *layer.output_shape))
        each.loss.forward(x, target)
        gradient = each.loss.backward()
        for layer in reversed(each.layers):
            gradient = layer.backward(gradient)
            assert (gradient.dtype, gradient.shape) == (dtype, (6, *layer.input_shape))


@BOTH_KINDS
@pytest.mark.parametrize("other_size", [6, 2])
def test_evaluation_leaves_the_batch_in_the_network_alone(text, other_size):
    network = build(text)
    batch, other = draw_batch(6, 2, network), draw_batch(other_size, 3, network)
    _, expected = compute(network, *batch)

    scores = network.loss.forward(network.forward(batch[0]), batch[1])
    prediction, following = scores.prediction.copy(), network.parameters.following.copy()
    evaluated = network.for_evaluation()
    for _ in range(2):
        evaluated.loss.forward(evaluated.forward(other[0]), other[1])
    network.backward()
    np.testing.assert_array_equal(network.parameters.gradients, expected)
    np.testing.assert_array_equal(scores.prediction, prediction)
    np.testing.assert_array_equal(network.parameters.following, following)


def test_evaluation_is_of_the_same_parameters():
    network = build()
    evaluated = network.for_evaluation()
    x, _ = draw_batch(6, 2, network)
    assert evaluated.parameters.values is network.parameters.values
    network.parameters.values += 0.5
    np.testing.assert_array_equal(evaluated.predict(x), network.predict(x))
    assert evaluated.parameters.named().keys() == network.parameters.named().keys()
    # The original's own views still look at its vector.
    network.parameters.values[...] = 0
    assert not any(parameter.values.any() for layer in network.layers for parameter in layer.parameters())


def test_evaluation_goes_by_the_statistics_that_a_step_has_brought_into_use():
    network = build(PICTURES)
    evaluated, parameters = network.for_evaluation(), network.parameters
    x, _ = draw_batch(6, 2, network)
    before = evaluated.predict(x)
    network.forward(x)
    np.testing.assert_array_equal(evaluated.predict(x), before)
    parameters.statistics[...] = parameters.following
    assert np.abs(evaluated.predict(x) - before).max() > 1e-3
    # Nothing of it depends on chance, on the step, or on the rest of the batch.
    evaluated.at_step(8)
    alone = np.concatenate([evaluated.predict(x[i : i + 1]) for i in range(6)])
    np.testing.assert_allclose(evaluated.predict(x), alone, rtol=1e-5)
    assert [layer.name for layer in evaluated.layers] == [layer.name for layer in network.layers]
    np.testing.assert_array_equal(evaluated.for_evaluation().predict(x), evaluated.predict(x))


@pytest.mark.parametrize("text", INPUTS)
def test_batch_size_may_change_between_steps(text):
    network = build(text)
    for n in (6, 2, 6, 1):
        batch = draw_batch(n, n, network)
        for measured, fresh in zip(compute(network, *batch), compute(build(text), *batch), strict=True):
            np.testing.assert_array_equal(measured, fresh)


@BOTH_KINDS
def test_gradient_of_the_input_is_not_computed(text, monkeypatch):
    network = build(text)
    expected = compute(network, *draw_batch(6, 2, network))[1]
    network.parameters.gradients[...] = 0

    def refuse(_):
        raise AssertionError("nobody needs the gradient of the input")

    monkeypatch.setattr(network.layers[0], "input_gradient", refuse)
    np.testing.assert_array_equal(compute(network, *draw_batch(6, 2, network))[1], expected)


def test_to_flatten_feature_maps_is_what_a_dense_layer_does_anyway():
    layers = "conv 2 3x3 tanh, flatten, dense 4", "conv 2 3x3 tanh, dense 4"
    flat, implied = (
        Network([*parse(text), Dense(3)], CrossEntropy(), (5, 4, 1), np.random.default_rng(1)) for text in layers
    )
    batch = draw_batch(3, 2, flat)
    for one, other in zip(compute(flat, *batch), compute(implied, *batch), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_second_worker_helps_in_evaluation_too():
    two = TwoWorkers()
    layers = [*parse("conv 2 3x3 batchnorm relu, pool 2 dropout 0.5"), Dense(3)]
    network = Network(layers, CrossEntropy(), (5, 5, 1), np.random.default_rng(0), workers=two)
    assert all(layer.workers is two for layer in [*network.layers, *network.for_evaluation().layers])
