"""Losses: the numbers everyone can check by hand, stability, and what holds for all logits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nnviz.nn.losses import BinaryCrossEntropy, CrossEntropy, MeanSquaredError, QuadraticLoss, SummedBinaryCrossEntropy
from nnviz.nn.outputs import Identity, Logistic, Softmax

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 5))


def numbers(bound):
    return st.floats(-bound, bound)


def logits(bound):
    return SHAPES.flatmap(lambda shape: arrays(np.float64, shape, elements=numbers(bound)))


def one_hot(shape):
    """One row for each example; the hot place wanders over the outputs."""
    return np.eye(shape[1])[np.arange(shape[0]) % shape[1]]


ALL_LOSSES = pytest.mark.parametrize(
    "loss",
    [
        *(CrossEntropy(), BinaryCrossEntropy(), SummedBinaryCrossEntropy()),
        *(MeanSquaredError(output) for output in (Softmax(), Logistic(), Identity())),
        *(QuadraticLoss(output) for output in (Softmax(), Logistic())),
    ],
    ids=lambda loss: f"{loss.name} {loss.output.name}",
)

# The example that is taught with: a picture of a cat, and the network says dog with 80 %.
CAT = np.array([[1.0, 0.0]])
SAYS_DOG = np.log([[0.2, 0.8]])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(CrossEntropy(), 1.609), (MeanSquaredError(Softmax()), 0.64), (QuadraticLoss(Softmax()), 0.64)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_worked_example(loss, expected):
    scores = loss.forward(SAYS_DOG, CAT)
    np.testing.assert_allclose(scores.prediction, [[0.20, 0.80]])
    np.testing.assert_allclose(scores.prediction - CAT, [[-0.80, +0.80]])
    assert scores.mean == pytest.approx(expected, abs=5e-4)
    assert scores.each == pytest.approx([expected], abs=5e-4)


def test_worked_example_backward():
    """Cross-entropy: p − y. MSE: 2/2 (p − y) through the softmax: p₁ p₂ ((−0.8) − (+0.8)) = −0.256."""
    cross_entropy, mse = CrossEntropy(), MeanSquaredError(Softmax())
    cross_entropy.forward(SAYS_DOG, CAT)
    mse.forward(SAYS_DOG, CAT)
    np.testing.assert_allclose(cross_entropy.backward(), [[-0.80, +0.80]])
    np.testing.assert_allclose(mse.backward(), [[-0.256, +0.256]])


def test_worked_example_with_one_output():
    """The same 20 % from a single node: target 1, loss −log 0.2, error −0.8."""
    loss = BinaryCrossEntropy()
    scores = loss.forward(np.log([[0.2 / 0.8]]), np.array([[1.0]]))
    assert scores.mean == pytest.approx(math.log(5))
    np.testing.assert_allclose(scores.prediction, [[0.2]])
    np.testing.assert_allclose(loss.backward(), [[-0.8]])


@pytest.mark.parametrize(
    ("loss", "z", "target", "mean", "prediction", "gradient"),
    [
        (CrossEntropy(), [1000, -1000], [1, 0], 0, [1, 0], [0, 0]),
        (CrossEntropy(), [1000, -1000], [0, 1], 2000, [1, 0], [1, -1]),
        (BinaryCrossEntropy(), [1000, -1000], [1, 0], 0, [1, 0], [0, 0]),
        (BinaryCrossEntropy(), [1000, -1000], [0, 1], 1000, [1, 0], [0.5, -0.5]),
        (MeanSquaredError(Softmax()), [1000, -1000], [0, 1], 1, [1, 0], [0, 0]),
        (MeanSquaredError(Logistic()), [1000, -1000], [0, 1], 1, [1, 0], [0, 0]),
        (SummedBinaryCrossEntropy(), [1000, -1000], [0, 1], 2000, [1, 0], [1, -1]),
        (QuadraticLoss(Logistic()), [1000, -1000], [0, 1], 1, [1, 0], [0, 0]),
        (MeanSquaredError(Identity()), [1000, -1000], [1000, -998], 2, [1000, -1000], [0, -2]),
    ],
)
def test_far_logits_are_exact_and_finite(loss, z, target, mean, prediction, gradient):
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        scores = loss.forward(np.array([z], np.float32), np.array([target], np.float32))
        derivative = loss.backward()
    assert scores.mean == mean
    np.testing.assert_array_equal(scores.prediction, [prediction])
    np.testing.assert_array_equal(derivative, [gradient])
    assert scores.prediction.dtype == scores.each.dtype == derivative.dtype == np.float32


@ALL_LOSSES
def test_batch_mean_loss_of_each_and_prediction_agree(loss):
    generator = np.random.default_rng(1)
    z, target = generator.normal(size=(4, 3)), one_hot((4, 3))
    z_before = z.copy()
    scores = loss.forward(z, target)
    alone = [loss.forward(z[i : i + 1], target[i : i + 1]).mean for i in range(4)]
    np.testing.assert_allclose(scores.each, alone)
    assert scores.mean == pytest.approx(np.mean(alone))
    np.testing.assert_allclose(loss.predict(z), scores.prediction)
    np.testing.assert_array_equal(z, z_before)


@ALL_LOSSES
def test_an_example_that_weighs_twice_as_much_is_as_good_as_two(loss):
    z, target = np.random.default_rng(1).normal(size=(3, 3)), one_hot((3, 3))
    repeated = [0, 1, 1, 2, 2, 2]
    weighted = loss.forward(z, target, np.array([1.0, 2.0, 3.0]) / 7)
    gradient = loss.backward().copy()
    plain = loss.forward(z[repeated], target[repeated])
    assert weighted.mean == pytest.approx(plain.mean, rel=1e-12)
    np.testing.assert_allclose(weighted.each, plain.each[[0, 1, 3]], rtol=1e-12)
    expected = np.zeros((3, 3))
    np.add.at(expected, repeated, loss.backward())
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


@ALL_LOSSES
def test_equal_weights_are_none_and_leave_nothing_behind(loss):
    z, target = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32), one_hot((4, 3)).astype(np.float32)

    def compute(weights):
        scores = loss.forward(z, target, weights)
        return scores.mean, loss.backward().copy()

    mean, gradient = compute(None)
    assert compute(np.full(4, 0.3, np.float32))[0] == pytest.approx(mean, rel=1e-6)
    uneven_mean, uneven = compute(np.array([1, 0, 0, 2], np.float32))
    assert uneven_mean != pytest.approx(mean, rel=1e-2)
    assert uneven.dtype == np.float32
    assert not uneven[1:3].any()
    np.testing.assert_array_equal(compute(None)[1], gradient)


@given(logits(1000))
def test_softmax_rows_are_probabilities(z):
    p = Softmax().forward(z).values
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)


@given(logits(1000))
def test_cross_entropy_is_never_negative(z):
    assert (CrossEntropy().forward(z, one_hot(z.shape)).each >= 0).all()


@given(logits(50), numbers(1000))
def test_a_shift_of_all_logits_changes_nothing(z, shift):
    here, there = CrossEntropy(), CrossEntropy()
    target = one_hot(z.shape)
    np.testing.assert_allclose(
        there.forward(z + shift, target).each, here.forward(z, target).each, rtol=1e-10, atol=1e-10
    )
    np.testing.assert_allclose(there.backward(), here.backward(), rtol=1e-10, atol=1e-10)


@given(logits(10))
def test_cross_entropies_equal_their_naive_formulas(z):
    target = one_hot(z.shape)
    exponentials = np.exp(z)
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    naive = -np.sum(target * np.log(p), axis=1)
    np.testing.assert_allclose(CrossEntropy().forward(z, target).each, naive, rtol=1e-9, atol=1e-9)

    p = 1 / (1 + np.exp(-z))
    naive = -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p), axis=1)
    np.testing.assert_allclose(BinaryCrossEntropy().forward(z, target).each, naive, rtol=1e-9, atol=1e-9)
