"""A series is bounded, and whatever it merges, the sums, the peaks and what is not finite stay true."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnviz.frame.series import DOWN, NAN, UP, Series, Value

anything = st.floats(width=64, allow_nan=True, allow_infinity=True)


@given(st.lists(anything, max_size=70), st.lists(st.integers(0, 70), max_size=6))
def test_whatever_is_merged_nothing_is_lost(values: list[float], cuts: list[int]) -> None:
    series = Series("loss", capacity=8)
    for part in np.split(np.arange(len(values)), sorted(cuts)):
        series.extend(part, np.array(values)[part], part + 0.5)
    points = series.points
    assert len(points) <= 8
    assert points["held"].sum() == series.total == len(values)
    assert (points["held"][:-1] == series.stride).all()
    start = 0
    for point in points:
        own = np.array(values[start : start + point["held"]])
        finite = own[np.isfinite(own)]
        assert (point["step"], point["time"], point["finite"]) == (start, start + 0.5, len(finite))
        assert bool(point["marks"] & NAN) == np.isnan(own).any()
        assert bool(point["marks"] & UP) == np.isposinf(own).any()
        assert bool(point["marks"] & DOWN) == np.isneginf(own).any()
        if len(finite):
            assert (point["low"], point["high"]) == (finite.min(), finite.max())
            mean = math.fsum(v / len(finite) for v in finite)
            assert abs(point["mean"] - mean) <= 1e-12 * max(abs(finite.min()), abs(finite.max()))
        else:
            assert np.isnan([point["low"], point["mean"], point["high"]]).all()
        start += point["held"]


@given(st.lists(anything, max_size=70))
def test_the_order_of_reading_changes_nothing_but_rounding(values: list[float]) -> None:
    whole, single = Series("loss", capacity=8), Series("loss", capacity=8)
    whole.extend(np.arange(len(values)), np.array(values))
    for step, value in enumerate(values):
        single.extend(np.array([step]), np.array([value]))
    for name in ("step", "low", "high", "finite", "held", "marks"):
        np.testing.assert_array_equal(whole.points[name], single.points[name])
    assert (whole.lowest, whole.highest, whole.stride) == (single.lowest, single.highest, single.stride)


def test_the_extremes_know_their_steps() -> None:
    series = Series("loss", capacity=4)
    series.extend(np.arange(10) * 5, np.array([3, 2, np.nan, 1, 9, np.inf, -np.inf, 1, 9, 4]))
    assert series.lowest == Value(15, 1)
    assert series.highest == Value(20, 9)
    assert series.latest == Value(45, 4)


def test_a_series_that_goes_on_is_one() -> None:
    first, later, whole = (Series("loss", capacity=8) for _ in range(3))
    first.extend(np.arange(6), np.arange(6.0), np.arange(6.0))
    later.extend(np.arange(6, 11), np.arange(6.0, 11), np.arange(6.0, 11))
    whole.extend(np.arange(11), np.arange(11.0), np.arange(11.0))
    both = first.followed_by(later)
    np.testing.assert_array_equal(both.points, whole.points)
    assert (both.latest, both.lowest, both.highest, both.total) == (Value(10, 10), Value(0, 0), Value(10, 10), 11)
    assert first.total == 6


def test_values_without_steps_are_counted() -> None:
    series = Series("loss", capacity=4)
    series.extend(np.zeros(7), np.array([5.0, 4, 3, 9, 1, 2, 6]))
    rows = series.counted()
    assert rows.points["step"].tolist() == [0, 2, 4, 6]
    assert (rows.axis, rows.latest, rows.lowest) == ("row", Value(6, 6), Value(4, 1))
    rows.extend(np.array([7]), np.array([0.0]))
    assert rows.points["held"].tolist() == [2, 2, 2, 2]
    assert series.points["held"].tolist() == [2, 2, 2, 1]


def test_few_points_for_a_narrow_screen() -> None:
    series = Series("loss")
    series.extend(np.arange(1000), np.where(np.arange(1000) == 567, 50.0, 1.0))
    few = series.reduced(80)
    assert len(few) <= 80
    assert few["high"].max() == 50
    assert few["held"].sum() == 1000
    assert len(series.reduced(2000)) == 1000
