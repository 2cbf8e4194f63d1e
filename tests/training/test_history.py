"""The metrics of any number of steps take bounded memory and lose no peak."""

import tracemalloc
from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnviz.training.evaluation import Score
from nnviz.training.history import CAPACITY, History, LossCurve

MILLION = 1_000_000


def recorded(losses) -> LossCurve:
    curve = LossCurve()
    for loss in losses:
        curve.record(float(loss))
    return curve


def test_a_million_steps_take_no_more_memory_than_a_thousand():
    losses = np.random.default_rng(0).gamma(2, size=MILLION).tolist()
    losses[123_456], losses[777_777] = 1e6, -1.0
    curve = LossCurve()
    for loss in islice(losses, 5000):
        curve.record(loss)
    tracemalloc.start()
    for loss in islice(losses, 5000, None):
        curve.record(loss)
    grown, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # NumPy keeps what it has freed of small arrays.
    assert grown < 10_000
    assert peak < 100_000
    assert curve.filled <= CAPACITY
    assert curve.highs[: curve.filled].max() == 1e6
    assert curve.lows[: curve.filled].min() == -1.0


def test_a_short_curve_takes_little_memory():
    recorded(range(10))
    tracemalloc.start()
    curves = [recorded(range(10)) for _ in range(100)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / len(curves) < 4_000


@given(st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_full_bins_hold_the_mean_the_lowest_and_the_highest_of_their_steps(doublings, seed):
    stride = 2**doublings
    losses = np.random.default_rng(seed).normal(size=CAPACITY // 2 * stride)
    curve = recorded(losses)
    bins = losses.reshape(-1, curve.stride)
    assert curve.filled == len(bins)
    np.testing.assert_allclose(curve.means[: curve.filled], bins.mean(axis=1), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(curve.lows[: curve.filled], bins.min(axis=1))
    np.testing.assert_array_equal(curve.highs[: curve.filled], bins.max(axis=1))
    assert np.isclose(curve.means[: curve.filled].mean(), losses.mean())


@given(st.lists(st.tuples(st.integers(-8, 8), st.integers(1, 5000)), max_size=60))
def test_a_loss_that_stands_for_several_steps_counts_as_often(told):
    curve = LossCurve()
    for loss, steps in told:
        curve.record_for(float(loss), steps)
    one_by_one = recorded(loss for loss, steps in told for _ in range(steps))
    numbers, expected = curve.numbers(), one_by_one.numbers()
    for name in expected:
        np.testing.assert_array_equal(numbers[name], expected[name], err_msg=name)


@given(st.integers(0, 5000), st.integers(1, 400))
def test_a_curve_is_binned_for_a_screen_without_losing_steps_or_peaks(count, most):
    losses = np.random.default_rng(count).normal(size=count)
    curve = recorded(losses)
    stride, means, lows, highs = curve.binned(most)
    assert len(means) == len(lows) == len(highs) <= most
    bins = [losses[start : start + stride] for start in range(0, count, stride)]
    np.testing.assert_allclose(means, [bin.mean() for bin in bins], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(lows, [bin.min() for bin in bins])
    np.testing.assert_array_equal(highs, [bin.max() for bin in bins])
    assert (curve.steps, curve.latest) == (count, losses[-1] if count else None)
    again = curve.binned(most)
    assert [stride, *map(bytes, (means, lows, highs))] == [again[0], *map(bytes, again[1:])], "looking changes nothing"


def test_evaluations_are_thinned_but_the_first_the_latest_and_the_best_stay():
    history = History()
    for epoch in range(1, 20_000):
        history.record_step(1.0)
        history.record_evaluation(epoch, epoch, 0.0, Score(abs(epoch - 777.25), 0.5))
    assert len(history.evaluations) <= CAPACITY
    assert [history.evaluations[0].epoch, history.evaluations[-1].epoch] == [1, 19_999]
    assert history.best.epoch == 777


def test_the_loss_of_the_steps_is_the_mean_since_the_last_evaluation():
    history = History()
    for losses in ([4.0, 2.0], [1.0], [0.5, 0.25, 0.75]):
        for loss in losses:
            history.record_step(loss)
            assert history.step_loss == np.mean(losses[: losses.index(loss) + 1])
        evaluation = history.record_evaluation(1, 1, 0.0, None)
        assert evaluation.step_loss == history.step_loss == np.mean(losses)
    assert history.best is evaluation, "without validation, the training loss says which is best"


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_a_curve_that_goes_on_from_the_middle_of_another_has_its_own_steps_and_those_before(before, after, known, seed):
    """Of the bin in the middle of which that is, those steps are left out that are not told."""
    shared, other, own = (np.random.default_rng((seed, k)).normal(size=n) for k, n in enumerate((before, 500, after)))
    parent = recorded([*shared, *other])
    curve = parent.cut(before, shared[-known:].tolist() if before else [])
    stride = curve.stride
    for loss in own:
        curve.record(float(loss))
    assert curve.steps == before + after
    assert curve.latest == (own[-1] if after else shared[-1] if before else None)
    told = np.full(before, np.nan)
    told[: before // stride * stride] = shared[: before // stride * stride]
    told[max(before - known, 0) :] = shared[max(before - known, 0) :]
    losses = np.concatenate([told, own])
    width, means, lows, highs = curve.binned(CAPACITY)
    bins = [losses[start : start + width] for start in range(0, len(losses), width)]
    bins = [kept for one in bins if len(kept := one[np.isfinite(one)])]
    assert len(bins) == len(means)
    np.testing.assert_allclose(means, [one.mean() for one in bins], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(lows, [one.min() for one in bins])
    np.testing.assert_array_equal(highs, [one.max() for one in bins])
