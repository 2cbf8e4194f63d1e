"""Penalties pull at weights and at nothing else; a gradient that is too long is shortened."""

import numpy as np
import pytest

from nnviz.nn.layers import Dense
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.regularizers import Clip, Penalty

VALUES = np.array([1.0, -2.0, 0.0, 10.0])
IS_WEIGHT = np.array([1.0, 1.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("l1", "l2", "value", "pull"),
    [
        (0.5, 0.0, 1.5, [0.5, -0.5, 0, 0]),
        (0.0, 0.2, 0.5, [0.2, -0.4, 0, 0]),
        (0.5, 0.2, 2.0, [0.7, -0.9, 0, 0]),
    ],
)
def test_worked_example(l1, l2, value, pull):
    penalty = Penalty(l1, l2, VALUES, IS_WEIGHT)
    gradients = np.ones(4)
    assert penalty.value() == pytest.approx(value)
    for _ in range(2):
        np.testing.assert_allclose(penalty.added_to(gradients), 1 + np.array(pull))
    np.testing.assert_array_equal(gradients, 1)


def test_a_penalty_is_on_the_values_as_they_are():
    values = VALUES.copy()
    penalty = Penalty(1.0, 1.0, values, IS_WEIGHT)
    values[...] = 0
    assert penalty.value() == 0
    assert not penalty.added_to(np.zeros(4)).any()


def test_weights_decay_and_biases_scales_and_shifts_do_not():
    layers = [*parse("conv 2 3x3 relu batchnorm, dense 4 batchnorm relu"), Dense(3)]
    parameters = Network(layers, CrossEntropy(), (5, 5, 1), np.random.default_rng(0)).parameters
    decaying = {name: set(mask.ravel()) for name, mask in parameters.named(parameters.decaying()).items()}
    assert decaying == {name: {float(name.endswith("weights"))} for name in parameters.named()}
    assert {name.split(".")[1] for name in decaying} == {"weights", "biases", "scales", "shifts"}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_long_gradient_is_shortened_to_the_limit_and_a_short_one_is_itself(dtype):
    clip = Clip(2.0, np.zeros(4, dtype))
    long = np.array([3, 0, -4, 0], dtype)
    for _ in range(2):
        shortened = clip.shortened(long)
        assert shortened.dtype == dtype
        np.testing.assert_allclose(shortened, [1.2, 0, -1.6, 0], rtol=1e-6)
        assert clip.norm == 5
    np.testing.assert_array_equal(long, [3, 0, -4, 0])
    for short in (long / 5, np.zeros(4, dtype)):
        assert clip.shortened(short) is short
        assert clip.norm == pytest.approx(np.linalg.norm(short))
