"""Curves over each other: each number beside a loop that anybody can read."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nnviz.array import Array
from nnviz.collection.groups import grouped, middle, settings_to_group_by
from nnviz.collection.lines import Line, lines_of, lines_of_groups, read_at, shape_of
from nnviz.collection.listed_run import ListedRun
from nnviz.collection.look import Look
from nnviz.collection.metrics import metrics_of, splits_of
from nnviz.collection.overlay import Asked, Curve, Overlay, extent
from nnviz.collection.smoothing import smoothed
from nnviz.collection.window import Points, band, line, odd, window
from nnviz.collection.x_axis import X, first_of
from nnviz.frame.series import DOWN, NAN, UP, Series
from tests.collection.listed import listed, series

anything = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])


def drawn(x: list[float], values: list[float]) -> Points:
    made = np.array(values)
    finite = np.where(np.isfinite(made), made, np.nan)
    marks = NAN * np.isnan(made) + UP * np.isposinf(made) + DOWN * np.isneginf(made)
    return Points(np.array(x, float), finite, finite, finite, marks.astype(np.uint8), np.zeros(len(made), bool))


@given(st.lists(anything, max_size=300), st.sampled_from([0.0, 0.3, 0.9, 0.999]))
@example([float(value * value % 7) for value in range(300)], 0.3)
@example([float(value * value % 7) for value in range(300)], 0.9)
def test_smoothing_is_the_recursion_that_everybody_writes(values: list[float], weight: float) -> None:
    total = count = 0.0
    wanted = []
    for value in values:
        if math.isfinite(value):
            total, count = weight * total + value, weight * count + 1
        wanted.append(total / count if math.isfinite(value) else math.nan)
    found = smoothed(np.array(values, float), weight)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-3)


@st.composite
def curves(draw: st.DrawFn) -> tuple[list[float], list[float], float, float, int]:
    x = sorted(draw(st.lists(st.integers(0, 40), min_size=1, max_size=40)))
    values = draw(st.lists(anything, min_size=len(x), max_size=len(x)))
    first = draw(st.integers(-5, 39))
    return (
        [float(at) for at in x],
        values,
        float(first),
        float(first + draw(st.integers(1, 50))),
        draw(st.integers(1, 9)),
    )


@given(curves())
def test_each_column_has_all_that_falls_into_it(case: tuple[list[float], list[float], float, float, int]) -> None:
    x, values, first, last, many = case
    points = drawn(x, values)
    seen = window(points, np.linspace(first, last, many + 1))
    lows, highs = band(points, seen)
    edges = np.linspace(first, last, many + 1)
    found = dict(
        zip(np.floor(seen.places).astype(int).tolist(), zip(seen.levels, lows, highs, strict=True), strict=True)
    )
    for column in range(many):
        is_last = column == many - 1
        own = [
            value
            for at, value in zip(x, values, strict=True)
            if edges[column] <= at < edges[column + 1] or (is_last and at == last)
        ]
        if not own:
            continue
        finite = [value for value in own if math.isfinite(value)]
        level, low, high = found[column]
        if finite:
            assert (low, high) == (min(finite), max(finite))
            assert level == pytest.approx(sum(finite) / len(finite), abs=1e-6)
        else:
            assert np.isnan([level, low, high]).all()


def along(x: list[float], values: list[float], many: int = 10, last: float = 10.0) -> list[float]:
    points = drawn(x, values)
    seen = window(points, np.linspace(0.0, last, many + 1))
    found: Array = line(seen, seen.levels, many, np.asarray)
    return found.tolist()


def test_a_line_goes_straight_from_point_to_point_and_to_what_is_out_of_sight() -> None:
    assert along([0.5, 4.5], [1.0, 5.0]) == pytest.approx([1, 2, 3, 4, 5, *[math.nan] * 5], nan_ok=True)
    assert along([-0.5, 10.5], [0.0, 11.0]) == pytest.approx([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])


def test_a_value_that_is_no_number_is_a_gap_with_a_mark() -> None:
    values = [1.0, math.nan, 3.0]
    gap = along([0.5, 2.5, 4.5], values)
    assert np.isnan(gap[1:4]).all()
    assert (gap[0], gap[4]) == (1.0, 3.0)
    points = drawn([0.5, 2.5, 4.5, 6.5], [*values, math.inf])
    places, marks = odd(points, window(points, np.linspace(0.0, 10.0, 11)))
    assert places.tolist() == [2.5, 6.5]
    assert marks.tolist() == [NAN, UP]


def run(name: str, values: list[float], metric: str = "loss", split: str = "validation", **settings: str) -> ListedRun:
    return listed(name, series(values, metric, split), settings=settings)


def asked(runs: list[ListedRun], **changes: object) -> list[Curve]:
    return Overlay().curves(runs, Asked("loss", "validation", X.STEP, 0.0)._replace(**changes))


def test_where_several_values_share_a_column_its_band_has_their_ends() -> None:
    (curve,) = asked([run("a", [1.0, 5.0, 3.0, 2.0])])
    shape = shape_of(Line("a", "", 0, (curve,)), np.linspace(0.0, 4.0, 3), np.asarray)
    assert shape.has_band
    assert (shape.levels.tolist(), shape.lows.tolist(), shape.highs.tolist()) == ([3.0, 2.5], [1.0, 2.0], [5.0, 3.0])
    logarithms = shape_of(Line("a", "", 0, (curve,)), np.linspace(0.0, 4.0, 5), np.log10)
    assert logarithms.levels[0] == 0.0


def test_of_groups_the_mean_with_its_ends_or_its_deviation() -> None:
    runs = [run("a", [1.0, 2.0], lr="0.1", seed="0"), run("b", [3.0, 6.0], lr="0.1", seed="1"), run("c", [5.0], lr="1")]
    assert settings_to_group_by(runs) == ["lr"]
    groups = grouped(runs, "lr")
    assert [(group.name, group.runs) for group in groups] == [("0.1", (0, 1)), ("1", (2,))]
    first, second = lines_of_groups(asked(runs), groups, deviation=False)
    assert read_at(first, 1.0) == (4.0, None, 2.0, 6.0, 2, 1.0)
    spread = read_at(first._replace(deviation=True), 0.0)
    assert spread is not None
    assert (spread.value, spread.low, spread.high) == (
        2.0,
        pytest.approx(2 - math.sqrt(2)),
        pytest.approx(2 + math.sqrt(2)),
    )
    alone = read_at(second._replace(deviation=True), 0.0)
    assert alone is not None
    assert math.isnan(alone.low)
    levels = [np.array([1.0, math.nan]), np.array([3.0, 5.0])]
    assert middle(levels, False).means.tolist() == [2.0, 5.0]
    assert middle(levels, True).highs[0] == pytest.approx(2 + math.sqrt(2))
    assert np.isnan(middle(levels, True).highs[1])


def test_a_line_is_read_at_the_last_point_until_there() -> None:
    (curve,) = asked([run("a", [4.0, math.nan, -math.inf])])
    one = lines_of([curve], ["a"])[0]
    assert read_at(one, -0.5) is None
    assert read_at(one, 0.9) == (4.0, None, 4.0, 4.0, 1, 0.0)
    nan, infinite = read_at(one, 1.5), read_at(one, 99.0)
    assert nan is not None
    assert math.isnan(nan.value)
    assert infinite is not None
    assert infinite.value == -math.inf
    assert curve.odd() == {"NaN": 1, "−∞": 1}


def with_times(name: str, times: list[float], axis: str = "step") -> ListedRun:
    loss, epoch = (Series(metric, metric, "validation", axis) for metric in ("loss", "epoch"))
    steps = np.arange(0.0, 10.0 * len(times), 10.0)
    loss.extend(steps, np.ones(len(times)), np.array(times))
    epoch.extend(steps[::2], np.arange(len(steps[::2]), dtype=float), np.array(times)[::2])
    return listed(name, loss, *([epoch] if axis == "step" else []), axis=axis)


def test_curves_are_laid_over_steps_epochs_time_and_hour() -> None:
    runs = [
        with_times("a", [1e9, 1e9 + 5, 1e9 + 4]),
        with_times("b", [0.5, 2.5, 3.5]),
        with_times("c", [math.nan] * 3, "epoch"),
    ]
    overlay = Overlay()

    def x_of(x: X) -> list[list[float]]:
        return [curve.x.tolist() for curve in overlay.curves(runs, Asked("loss", None, x, 0.0))]

    assert x_of(X.STEP) == [[0, 10, 20], [0, 10, 20]]
    assert overlay.unplaced == ["c"]
    assert x_of(X.EPOCH) == [[0, 0.5, 1], [0, 0.5, 1], [0, 10, 20]]
    # A clock that was set back stands still.
    assert x_of(X.RELATIVE) == [[0, 5, 5], [0.5, 2.5, 3.5]]
    assert x_of(X.WALL) == [[1e9, 1e9 + 5, 1e9 + 5]]
    assert overlay.unplaced == ["b", "c"]
    assert first_of(runs) is X.EPOCH
    assert first_of(runs[:2]) is X.STEP


def test_what_is_measured_is_found_with_the_most_telling_first() -> None:
    runs = [
        listed("a", series([1.0], "accuracy"), series([1.0], "mean_step_loss", "train"), series([1.0], "lr", "")),
        listed("b", series([1.0], "loss"), series([1.0], "error"), series([0.0], "epoch"), series([], "never")),
    ]
    assert metrics_of(runs) == ["loss", "error", "accuracy", "lr"]
    assert splits_of(runs, "loss") == ["validation", "train"]


def test_zooming_and_panning_stay_within_what_there_is() -> None:
    look, whole = Look(), (0.0, 100.0)
    look.zoom(whole, 0.5, 10.0)
    assert look.span == (5.0, 55.0)
    look.pan(whole, -1.0)
    assert look.span == (0.0, 50.0)
    look.pan(whole, 5.0)
    assert look.span == (50.0, 100.0)
    look.zoom(whole, 4.0, 75.0)
    assert look.span is None
    (curve,) = asked([run("a", [1.0] * 5)])
    look.cursor = 2.5
    look.move((0.0, 4.0), curve, 80, 1)
    assert look.cursor == 3.0
    look.move((0.0, 4.0), curve, 80, -2)
    assert look.cursor == 1.0


def test_curves_are_kept_until_there_is_more_of_them() -> None:
    overlay, before = Overlay(), [run("a", [1.0, 2.0])]
    wanted = Asked("loss", "validation", X.STEP, 0.0)
    (first,) = overlay.curves(before, wanted)
    assert overlay.curves(before, wanted)[0].drawn is first.drawn
    (longer,) = overlay.curves([run("a", [1.0, 2.0, 3.0])], wanted)
    assert extent([longer]) == (0.0, 2.0)
    assert Path(before[0].name) == before[0].place
