"""Dropout: chance that can be repeated, and none of it in evaluation."""

import numpy as np
import pytest

from nnviz.nn.dropout import Dropout, NoDropout
from nnviz.nn.layers import Dense
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import parse

SHAPE = (20, 10, 50)


def factors(share=0.3, step=0, key=5, dtype=np.float64, shape=SHAPE):
    """What each number of a batch is multiplied by at that step."""
    layer = Dropout(share)
    layer.key, layer.step = key, step
    return layer.forward(np.ones(shape, dtype)).copy()


def test_the_mask_follows_from_key_and_step_alone():
    layer = Dropout(0.3)
    layer.key = 5
    for step in (0, 1, 2**40, 1, 0):
        layer.step = step
        np.testing.assert_array_equal(layer.forward(np.ones(SHAPE)), factors(step=step))
    left_out = [factors(**which) == 0 for which in ({}, {"step": 1}, {"step": 2**40}, {"key": 6})]
    # Where two masks have nothing to do with each other, 0.3² + 0.7² of their numbers agree.
    for i, mask in enumerate(left_out):
        for other in left_out[:i]:
            assert np.mean(mask == other) == pytest.approx(0.58, abs=0.025)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_the_share_is_left_out_and_the_rest_makes_up_for_it(share):
    mask = factors(share)
    deviation = np.sqrt(share * (1 - share) / mask.size)
    assert np.mean(mask == 0) == pytest.approx(share, abs=5 * deviation)
    np.testing.assert_allclose(mask[mask != 0], 1 / (1 - share))


def test_float32_and_float64_leave_the_same_units_out():
    single, double = factors(dtype=np.float32), factors(dtype=np.float64)
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single == 0, double == 0)


def test_the_gradient_passes_where_the_number_passed():
    layer = Dropout(0.3)
    x, grad_y = np.random.default_rng(1).normal(size=(2, *SHAPE))
    y, grad_x = layer.forward(x), layer.input_gradient(grad_y)
    np.testing.assert_array_equal(grad_x == 0, y == 0)
    np.testing.assert_allclose(grad_x[y != 0], grad_y[y != 0] / 0.7)


def test_every_dropout_of_a_network_has_a_mask_of_its_own_and_evaluation_has_none():
    def build(seed):
        layers = [*parse("dropout 0.5, flatten dropout 0.5"), Dense(2)]
        return Network(layers, CrossEntropy(), SHAPE[1:], np.random.default_rng(seed))

    def masks(network, step):
        network.at_step(step)
        ones = np.ones((20, 500), np.float32)
        return [layer.forward(ones).copy() for layer in network.layers if layer.kind == "dropout"]

    network = build(1)
    first, second = masks(network, 3)
    assert np.mean(first == second) == pytest.approx(0.5, abs=0.05)
    np.testing.assert_array_equal(masks(build(1), 3), [first, second])
    assert not np.array_equal(masks(build(2), 3)[0], first)
    assert not np.array_equal(masks(network, 4)[0], first)

    evaluated = network.for_evaluation()
    np.testing.assert_array_equal(masks(evaluated, 3), np.ones((2, 20, 500)))
    assert isinstance(evaluated.layers[0], NoDropout)
    # Evaluation leaves the step of the network in training alone.
    np.testing.assert_array_equal(masks(network, 4), masks(network, 4))
    evaluated.at_step(9)
    assert network.layers[0].step == 4
