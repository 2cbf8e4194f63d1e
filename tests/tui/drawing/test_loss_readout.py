"""What the cursor of the loss curve reads out: true numbers, whole at every width."""

import math
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from nnviz.frame.branch_views import OtherCurve
from nnviz.tui.drawing.curve import LossChart
from nnviz.tui.drawing.loss_legend import readout
from nnviz.tui.drawing.loss_series import Place, loss_series
from nnviz.tui.drawing.palette import DARK
from nnviz.wording import number
from tests.tui.drawing.test_curve import BRAILLE, assert_page, curves_of, falling, lines


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 4000), st.integers(0, 2**32 - 1))
def test_what_is_read_out_is_what_the_steps_had(total, step, seed):
    generator = np.random.default_rng(seed)
    losses = generator.gamma(2, size=total)
    validation = {int(at): float(at) / 7 for at in np.unique(generator.integers(1, total + 1, 5))}
    place = loss_series(curves_of(losses.tolist(), validation)).at(step)
    assert place.step == min(step, total)
    assert place.first <= place.step <= place.last <= total
    steps = losses[place.first - 1 : place.last]
    np.testing.assert_allclose(place.mean, steps.mean(), rtol=1e-12)
    assert (place.lowest, place.highest) == (steps.min(), steps.max())
    judged = [at for at in validation if at <= place.step]
    assert place.validation == ((max(judged), validation[max(judged)]) if judged else None)
    # The average of all steps until the bin's end, each of which weighs the less the longer ago it was.
    if total <= 200:
        span = max(10.0, 0.02 * total)
        weights = np.exp(-np.arange(place.last)[::-1] / span)
        np.testing.assert_allclose(place.smoothed, weights @ losses[: place.last] / weights.sum(), rtol=1e-9)


one, several = (7, 7), (4_097, 8_192)
sizes = st.one_of(st.floats(0, 1e12), st.sampled_from([0.0, math.nan, math.inf, 999_999.0, 1.2345e-7]))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([one, several]), sizes, sizes, sizes, sizes, st.none() | sizes, st.integers(25, 180))
@example(several, 1.7e-214, 1.7e-214, 0.0625, 1.7e-214, 1.7e-214, 25)
def test_it_is_whole_at_every_width(bounds, mean, lowest, highest, smoothed, validation, width):
    judged = None if validation is None else (bounds[1] - 1, validation)
    place = Place(bounds[1], *bounds, mean, lowest, highest, smoothed, judged)
    rows = readout(place, loss_series(curves_of([1.0])), DARK, width)
    assert [cell_len(strip.text) for strip in rows] == [width] * len(rows)
    assert len(rows) <= 4
    said = " ".join(strip.text for strip in rows)
    told = [mean, *([smoothed] if math.isfinite(smoothed) else []), *([] if validation is None else [validation])]
    told += [lowest, highest] if bounds == several else []
    for value in told:
        assert number(value) in said, said
    assert "…" not in re.sub("[0-9∞N]…[0-9∞N]", "", said), "cut"


@pytest.mark.parametrize(("width", "height"), [(25, 3), (34, 6), (60, 12), (100, 30), (16, 4), (8, 1), (0, 0)])
def test_a_cursor_in_any_size(width, height):
    for steps in (1, 3, 5000):
        curves = curves_of(falling(steps), {1: 0.5})
        for cursor in (1, steps // 2, steps, 10**9):
            assert_page(LossChart().draw(curves, DARK, width, height, cursor), width, height)


@pytest.mark.parametrize("cursor", [1, 150, 300])
def test_the_cursor_stands_at_its_step_and_on_the_mean(cursor):
    chart = LossChart()
    _, *drawn, _ = lines(chart.draw(curves_of([0.5] * 300), DARK, 90, 14, cursor))
    axis = next(line for line in drawn if "┤" in line).index("┤")
    places = {line.index(mark) for line in drawn for mark in "╎┼" if mark in line[axis + 1 :]}
    [column] = places
    assert column == axis + 1 + round(cursor / 300 * (89 - axis - 1))
    [row] = [line for line in drawn if "┼" in line[axis + 1 :]]
    assert sum(ord(char) in BRAILLE for char in row) > 40, "it is not on the line"
    assert abs(chart.step_at(column) - cursor) <= 300 / (89 - axis - 1)
    assert (chart.step_at(0), chart.step_at(10**6)) == (0, 300)


def test_there_is_nothing_to_point_at_where_there_is_no_curve():
    chart = LossChart()
    chart.draw(curves_of([]), DARK, 80, 14, 5)
    assert chart.step_at(40) is None
    chart.draw(curves_of([math.nan, math.nan]), DARK, 80, 14, 1)
    assert chart.step_at(40) is None


def other(losses: list[float], start: int, chosen: bool) -> OtherCurve:
    curves = curves_of(losses)
    return OtherCurve("branch 1", curves.stride, curves.total, curves.means, start, chosen)


@pytest.mark.parametrize(("width", "height"), [(25, 3), (34, 6), (58, 10), (120, 30), (16, 4), (3, 1)])
@pytest.mark.parametrize("steps", [0, 1, 300])
def test_other_branches_in_any_size(width, height, steps):
    others = (other(falling(700), 0, chosen=True), other(falling(40), 12, chosen=False))
    curves = replace(curves_of(falling(steps)), others=others, branch="branch 3")
    for cursor in (None, 1, 250):
        assert_page(LossChart().draw(curves, DARK, width, height, cursor), width, height)


@pytest.mark.parametrize(("chosen", "sign", "from_step"), [(True, "+", 0), (False, "·", 300)])
def test_another_branch_is_drawn_with_a_sign_of_its_own_where_it_was_another(chosen, sign, from_step):
    curves = replace(curves_of([0.5] * 300), others=(other([0.8] * 600, from_step, chosen),))
    strips = LossChart().draw(curves, DARK, 90, 14)
    legend, *drawn, _ = lines(strips)
    axis = next(line for line in drawn if "┤" in line).index("┤")
    [row] = [line for line in drawn if sign in line[axis + 1 :]]
    columns = [i - axis - 1 for i, char in enumerate(row) if char == sign and i > axis]
    right = 89 - axis - 1
    assert columns[0] == pytest.approx(from_step / 600 * right, abs=2.5)
    assert columns[-1] == pytest.approx(right, abs=2.5)
    assert len(columns) > 10
    assert ("+ branch 1 0.800" in legend) == chosen


def test_at_the_cursor_both_are_read_out():
    """The other one smoothed, as at that step; where it has not come to that, there is nothing to read."""
    losses = falling(200)
    laid = other(losses, 0, chosen=True)
    expected = loss_series(curves_of(losses)).smoothed[119]
    chart = LossChart()
    curves = replace(curves_of(falling(300)), others=(laid,))
    assert f"+ branch 1 {number(expected)}" in lines(chart.draw(curves, DARK, 100, 12, 120))[0]
    assert "branch 1" not in lines(chart.draw(curves, DARK, 100, 12, 201))[0]
