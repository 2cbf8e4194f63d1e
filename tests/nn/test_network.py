"""Network: one flat vector under many views, equal bits for equal seeds, replicas that do not disturb."""

import numpy as np
import pytest

from nnviz.nn.layers import Dense
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.optimizers import Adam

ALL_KINDS = "dense 5 relu, dense 5 leakyrelu, dense 4 sigmoid, dense 4 tanh"


def build(seed=1, dtype=np.float32, text=ALL_KINDS):
    return Network([*parse(text), Dense(3)], CrossEntropy(), (4,), np.random.default_rng(seed), dtype)


def draw_batch(n, seed, dtype=np.float32):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, 4)).astype(dtype), np.eye(3, dtype=dtype)[generator.integers(0, 3, n)]


def compute(network, x, target):
    """Loss of each example and gradients, as copies."""
    scores = network.loss.forward(network.forward(x), target)
    network.backward()
    return scores.each.copy(), network.parameters.gradients.copy()


def train(network, sizes):
    optimizer = Adam(0.01)
    optimizer.attach(network.parameters.values)
    for step, n in enumerate(sizes):
        compute(network, *draw_batch(n, seed=step, dtype=network.dtype))
        network.parameters.values += optimizer.propose(network.parameters.gradients)
    return network.parameters.values


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_seeds_train_to_equal_bits(dtype):
    first, second = (train(build(dtype=dtype), sizes=(6, 6, 2)) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert not np.array_equal(build(seed=1).parameters.values, build(seed=2).parameters.values)


def test_one_seed_is_one_network_in_float32_and_float64():
    single, double = build(dtype=np.float32), build(dtype=np.float64)
    rounded = double.parameters.values.astype(np.float32)
    np.testing.assert_array_equal(single.parameters.values, rounded)
    assert (rounded != double.parameters.values).sum() > rounded.size / 2  # drawn in full precision, biases are 0
    x, target = draw_batch(6, seed=2)
    for in_single, in_double in zip(compute(single, x, target), compute(double, x, target), strict=True):
        assert in_single.dtype == np.float32
        np.testing.assert_allclose(in_single, in_double, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("other_size", [6, 2])
def test_replica_leaves_the_batch_in_the_original_alone(other_size):
    network = build()
    batch, other = draw_batch(6, seed=2), draw_batch(other_size, seed=3)
    _, expected = compute(network, *batch)

    scores = network.loss.forward(network.forward(batch[0]), batch[1])
    prediction = scores.prediction.copy()
    twin = network.replica()
    twin.loss.forward(twin.forward(other[0]), other[1])
    network.backward()
    np.testing.assert_array_equal(network.parameters.gradients, expected)
    np.testing.assert_array_equal(scores.prediction, prediction)


def test_replica_shares_the_parameters():
    network = build()
    twin = network.replica()
    x, _ = draw_batch(6, seed=2)
    assert twin.parameters.values is network.parameters.values
    network.parameters.values += 0.5
    np.testing.assert_array_equal(twin.predict(x), network.predict(x))
    assert twin.parameters.named().keys() == network.parameters.named().keys()
    # The original's own views still look at its vector.
    network.parameters.values[...] = 0
    assert not any(parameter.values.any() for layer in network.layers for parameter in layer.parameters())


def test_batch_size_may_change_between_steps():
    network = build()
    for n in (6, 2, 6, 1):
        x, target = draw_batch(n, seed=n)
        each, gradients = compute(network, x, target)
        fresh_each, fresh_gradients = compute(build(), x, target)
        np.testing.assert_array_equal(each, fresh_each)
        np.testing.assert_array_equal(gradients, fresh_gradients)


def test_gradient_of_the_input_is_not_computed(monkeypatch):
    network = build()
    expected = compute(network, *draw_batch(6, seed=2))[1]
    network.parameters.gradients[...] = 0

    def refuse(_):
        raise AssertionError("nobody needs the gradient of the input")

    monkeypatch.setattr(network.layers[0], "input_gradient", refuse)
    np.testing.assert_array_equal(compute(network, *draw_batch(6, seed=2))[1], expected)
