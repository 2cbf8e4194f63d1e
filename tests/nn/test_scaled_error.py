"""The loss for numbers in any unit."""

import numpy as np
import pytest

from nnviz.nn.scaled_error import ScaledSquaredError

Y = np.array([[10.0, 300.0], [20.0, 100.0], [60.0, 200.0]])
MEAN, DEVIATION = Y.mean(axis=0), Y.std(axis=0)


def test_predictions_are_in_the_unit_of_the_targets() -> None:
    scores = ScaledSquaredError(MEAN, DEVIATION).forward(np.array([[0.0, 1.0]]), Y[:1])
    np.testing.assert_allclose(scores.prediction, [[30, 200 + DEVIATION[1]]])


def test_always_to_predict_the_mean_costs_one() -> None:
    assert ScaledSquaredError(MEAN, DEVIATION).forward(np.zeros((3, 2)), Y).mean == pytest.approx(1)


def test_the_unit_changes_neither_loss_nor_gradient() -> None:
    z = np.random.default_rng(0).normal(size=(3, 2))
    small, large = ScaledSquaredError(MEAN, DEVIATION), ScaledSquaredError(1e6 * MEAN, 1e6 * DEVIATION)
    assert small.forward(z, Y).mean == pytest.approx(large.forward(z, 1e6 * Y).mean)
    np.testing.assert_allclose(small.backward(), large.backward())


def test_float32_stays_float32() -> None:
    loss = ScaledSquaredError(MEAN, DEVIATION)
    scores = loss.forward(np.zeros((3, 2), np.float32), Y.astype(np.float32))
    assert scores.prediction.dtype == scores.each.dtype == loss.backward().dtype == np.float32
