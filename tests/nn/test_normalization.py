"""Batch normalisation: what a batch becomes, and what is remembered of it for evaluation."""

import numpy as np
import pytest

from nnviz.nn import workers
from nnviz.nn.normalization import BatchNorm, FixedBatchNorm
from nnviz.nn.parameters import Parameters


def build(input_shape, dtype=np.float64, kind=BatchNorm):
    """A layer in general position, and its parameters."""
    layer, parameters, generator = kind(), Parameters(), np.random.default_rng(1)
    layer.build(input_shape, parameters)
    parameters.allocate(generator, dtype)
    parameters.values[...] = generator.normal(size=parameters.size)
    parameters.statistics[...] = generator.uniform(0.5, 2, parameters.statistics.shape)
    parameters.following[...] = np.nan
    return layer, parameters


def draw(shape, dtype=np.float64, seed=2):
    return np.random.default_rng(seed).normal(3, 2, shape).astype(dtype)


# Counts of numbers in a channel that can be folded into longer rows, that cannot (257 is prime), and long rows.
@pytest.mark.parametrize("shape", [(4, 2), (257, 3), (6, 600), (1, 3, 5, 2), (6, 8, 8, 3), (2, 1, 1, 5)])
@pytest.mark.parametrize("piece_bytes", [1, 1000, 1 << 18])
def test_each_unit_has_the_mean_and_deviation_that_its_shift_and_scale_say(shape, piece_bytes, monkeypatch):
    monkeypatch.setattr(workers, "PIECE_BYTES", piece_bytes)
    layer, parameters = build(shape[1:])
    before = parameters.statistics.reshape(2, -1)
    # Two batches of one size: the second is not told from what the first left.
    for seed in (2, 3):
        x = draw(shape, seed=seed)
        axes = tuple(range(x.ndim - 1))
        expected = (x - x.mean(axes)) / np.sqrt(x.var(axes) + 1e-5) * layer.scales.values + layer.shifts.values
        np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-10, atol=1e-11)
        following = 0.9 * before + 0.1 * np.stack([x.mean(axes), x.var(axes, ddof=1)])
        np.testing.assert_allclose(parameters.following.reshape(2, -1), following, rtol=1e-12)


@pytest.mark.parametrize("kind", [BatchNorm, FixedBatchNorm])
def test_numbers_in_another_order_in_memory_are_the_same_numbers(kind):
    layer, parameters = build((5, 3, 2), kind=kind)
    x, grad_y = draw((4, 5, 3, 2)), draw((4, 5, 3, 2), seed=3)
    expected = layer.forward(x).copy(), layer.backward(grad_y).copy(), parameters.gradients.copy()
    layer.forget()
    turned = [np.ascontiguousarray(array.transpose(3, 0, 1, 2)).transpose(1, 2, 3, 0) for array in (x, grad_y)]
    for measured, wanted in zip(
        (layer.forward(turned[0]), layer.backward(turned[1]), parameters.gradients), expected, strict=True
    ):
        np.testing.assert_allclose(measured, wanted, rtol=1e-12)


@pytest.mark.parametrize("shape", [(4, 2), (3, 5, 4, 2)])
def test_a_batch_prepares_the_statistics_that_follow_and_leaves_those_in_use(shape):
    layer, parameters = build(shape[1:])
    before = parameters.statistics.copy()
    layer.forward(draw(shape))
    expected = parameters.following.copy()
    np.testing.assert_array_equal(parameters.statistics, before)
    # A step that is done again counts once.
    layer.forward(draw(shape))
    np.testing.assert_array_equal(parameters.following, expected)


def test_statistics_begin_as_those_of_numbers_that_need_no_normalisation():
    parameters = Parameters()
    layer = BatchNorm()
    layer.name = "batchnorm1"
    layer.build((3,), parameters)
    parameters.allocate(np.random.default_rng(0), np.float32)
    statistics = parameters.named_statistics()
    assert list(statistics) == ["batchnorm1.mean", "batchnorm1.variance"]
    np.testing.assert_array_equal(np.stack(list(statistics.values())), [[0, 0, 0], [1, 1, 1]])
    assert parameters.statistics.dtype == parameters.following.dtype == np.float32
    np.testing.assert_array_equal(parameters.values, [1, 1, 1, 0, 0, 0])


def test_of_a_batch_of_one_only_the_shift_is_left():
    layer, parameters = build((3,))
    before, x = parameters.statistics.copy(), draw((1, 3))
    with np.errstate(all="raise"):
        np.testing.assert_allclose(layer.forward(x), [layer.shifts.values], rtol=1e-10)
        np.testing.assert_allclose(layer.backward(np.ones((1, 3))), np.zeros((1, 3)), rtol=0, atol=1e-10)
    np.testing.assert_array_equal(layer.scales.gradients, 0)
    np.testing.assert_array_equal(layer.shifts.gradients, 1)
    np.testing.assert_allclose(parameters.following[:3], 0.9 * before[:3] + 0.1 * x[0])
    # One number has no variance, so the one that is known stays.
    np.testing.assert_allclose(parameters.following[3:], before[3:], rtol=1e-15)


@pytest.mark.parametrize("shape", [(4, 2), (3, 5, 4, 2)])
def test_evaluation_goes_by_the_statistics_in_use_whatever_the_batch_is(shape):
    layer, parameters = build(shape[1:], kind=FixedBatchNorm)
    x = draw(shape)
    for _ in range(2):
        mean, variance = parameters.statistics.reshape(2, -1)
        expected = (x - mean) / np.sqrt(variance + 1e-5) * layer.scales.values + layer.shifts.values
        y = layer.forward(x).copy()
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(np.concatenate([layer.forward(x[i : i + 1]).copy() for i in range(len(x))]), y)
        assert np.isnan(parameters.following).all(), "evaluation measures nothing"
        parameters.statistics += 0.5
