"""The loss curve: exact sizes, nothing lost, and an axis that stays."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from textual.strip import Strip

from nnviz.frame.frame import CURVE_BINS, AlertMark, Curves
from nnviz.training.history import LossCurve
from nnviz.tui.drawing import curve
from nnviz.tui.drawing.curve import LossChart
from nnviz.tui.drawing.loss_series import smooth
from nnviz.tui.drawing.palette import DARK, LIGHT
from nnviz.wording import number

BRAILLE = range(0x2801, 0x2900)


def curves_of(losses: list[float], validation: dict[int, float] | None = None) -> Curves:
    """What a frame says of a run with these losses and these validation losses at steps."""
    history = LossCurve()
    for loss in losses:
        history.record(loss)
    stride, means, lows, highs = history.binned(CURVE_BINS)
    validation = validation or {}
    best = min(validation, key=validation.__getitem__) if validation else None
    return Curves(
        stride=stride,
        total=len(losses),
        means=means,
        lows=lows,
        highs=highs,
        latest=history.latest,
        validation_steps=np.array(list(validation)),
        validation_losses=np.array(list(validation.values())),
        best_step=best,
        best_loss=None if best is None else validation[best],
        accuracy=None,
    )


def falling(steps: int, start: float = 2.3, end: float = 0.3) -> list[float]:
    noise = np.random.default_rng(0).standard_normal(steps)
    return (np.geomspace(start, end, steps) * np.exp(0.1 * noise)).tolist()


def lines(strips: list[Strip]) -> list[str]:
    return [strip.text for strip in strips]


def labels(strips: list[Strip]) -> list[str]:
    """What is written at the y axis, from the top down."""
    return [line.split("┤")[0].strip() for line in lines(strips) if "┤" in line]


def assert_page(strips: list[Strip], width: int, height: int) -> None:
    assert [strip.cell_length for strip in strips] == [width] * height
    # Counted from the text as well: a strip believes the length that it is given.
    assert [Strip(list(strip)).cell_length for strip in strips] == [width] * height
    assert all(char.isprintable() for line in lines(strips) for char in line)


awkward = st.sampled_from([0.0, math.nan, math.inf, -math.inf, 1e-300, 1e-6, 0.5, 1e3, 1e308, -2.0])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats() | awkward, max_size=40),
    st.dictionaries(st.integers(1, 60), st.floats() | awkward, max_size=10),
    st.integers(0, 130),
    st.integers(0, 45),
)
def test_any_data_in_any_size(losses, validation, width, height):
    assert_page(
        LossChart().draw(curves_of(losses, dict(sorted(validation.items()))), DARK, width, height), width, height
    )


@pytest.mark.parametrize("steps", [0, 1, 3, 255, 3000, 30_000])
@pytest.mark.parametrize(("width", "height"), [(24, 6), (36, 10), (50, 12), (100, 30)])
def test_runs_of_any_length(steps, width, height):
    validation = dict.fromkeys(range(10, steps, 10), 0.5)
    for palette in (DARK, LIGHT):
        assert_page(LossChart().draw(curves_of(falling(steps), validation), palette, width, height), width, height)


def test_before_the_first_step_a_sentence_says_what_to_press():
    text = " ".join(" ".join(lines(LossChart().draw(curves_of([]), DARK, 30, 8))).split())
    assert text == "no step yet: press u or space"


def test_a_peak_of_one_step_in_a_long_run_reaches_the_top():
    losses = [1.0] * 20_000
    losses[7_777] = 5.0
    top = lines(LossChart().draw(curves_of(losses), DARK, 60, 20))[1]
    assert any(ord(char) in BRAILLE for char in top)


def test_what_is_not_finite_is_a_gap_and_the_rest_is_drawn():
    losses = [1.0] * 40 + [math.nan] * 20 + [1.0] * 40
    strips = LossChart().draw(curves_of(losses), DARK, 104, 12)
    [drawn] = [line for line in lines(strips)[1:] if any(ord(char) in BRAILLE for char in line)]
    start = drawn.index("┤") + 1 if "┤" in drawn else drawn.index("│") + 1
    columns = np.array([ord(char) in BRAILLE for char in drawn[start:]])
    assert columns[5:35].all()
    assert not columns[42:57].any()
    assert columns[65:95].all()


def test_a_diverged_run_says_so_and_stays_readable():
    strips = LossChart().draw(curves_of([*falling(200), 1e9, 1e30, math.inf, math.nan]), DARK, 80, 14)
    assert "train NaN" in lines(strips)[0]
    assert labels(strips)[-1] == "1"
    nothing_left = lines(LossChart().draw(curves_of([math.nan, math.nan]), DARK, 80, 14))
    assert any("diverged" in line for line in nothing_left)


@pytest.mark.parametrize(("end", "logarithmic"), [(0.3, False), (1e-4, True)])
def test_the_axis_is_logarithmic_only_where_losses_span_a_large_range(end, logarithmic):
    strips = LossChart().draw(curves_of(falling(2000, end=end), {500: end}), DARK, 120, 20)
    assert ("log scale" in lines(strips)[0]) == logarithmic
    assert ("0.001" in labels(strips)) == logarithmic


def test_between_the_two_thresholds_the_axis_stays_as_it_is():
    between, far = curves_of([3.5, 3.5, 0.1], {3: 0.1}), curves_of([3.5, 3.5, 0.01], {3: 0.01})
    chart = LossChart()
    assert "log" not in lines(chart.draw(between, DARK, 120, 20))[0]
    assert "log" in lines(chart.draw(far, DARK, 120, 20))[0]
    assert "log" in lines(chart.draw(between, DARK, 120, 20))[0]


def test_limits_stay_until_data_leave_them():
    chart = LossChart()
    losses = falling(400)
    seen = {tuple(labels(chart.draw(curves_of(losses[:n]), DARK, 80, 20))) for n in range(20, 401)}
    assert len(seen) <= 2
    before = labels(chart.draw(curves_of(losses), DARK, 80, 20))
    assert labels(chart.draw(curves_of(losses[:5]), DARK, 80, 20)) == before, "going back in time"
    assert labels(chart.draw(curves_of([*losses, 40.0]), DARK, 80, 20)) != before
    chart.draw(curves_of([]), DARK, 80, 20)
    assert labels(chart.draw(curves_of(losses), DARK, 80, 20)) == before, "a new run"


def test_the_legend_tells_the_latest_numbers_as_far_as_there_is_room():
    losses = falling(1500)
    curves = replace(curves_of(losses, {400: 0.9123, 1260: 0.4312, 1500: 0.4551}), accuracy=0.5)
    chart = LossChart()
    wide = lines(chart.draw(curves, DARK, 100, 10))[0]
    span = 0.02 * 1500
    counts = np.clip(1500 - curves.stride * np.arange(len(curves.means)), 1, curves.stride)
    smoothed = smooth(curves.means, counts, span)[-1]
    for part in (f"train {number(losses[-1])} ", f"smoothed {number(smoothed)} ", "validation 0.455 "):
        assert part in wide
    assert "◆ best 0.431 @ step 1,260" in wide
    for width in range(24, 100):
        legend = lines(chart.draw(curves, DARK, width, 10))[0]
        assert f"train {number(losses[-1])}" in legend
        assert "val 0.455" in legend or "validation 0.455" in legend


@pytest.mark.parametrize(("position", "share"), [(0, 0.0), (500, 0.5), (1000, 1.0)])
def test_a_line_stands_where_somebody_went_back_to(position, share):
    strips = LossChart().draw(replace(curves_of(falling(1000)), position=position), DARK, 80, 20)
    legend, *chart, _ = lines(strips)
    assert f"at step {number(position) if position < 1000 else '1,000'}" in legend
    axis = next(line for line in chart if "┤" in line).index("┤")
    marks = {line.rindex("│") for line in chart if "│" in line[axis + 1 :]}
    place = axis + 1 + round(share * (79 - axis - 1))
    assert marks == {place}
    assert "│" not in "".join(
        line[axis + 1 :] for line in lines(LossChart().draw(curves_of(falling(1000)), DARK, 80, 20))
    )


@pytest.mark.parametrize(
    ("steps", "expected"), [(800, "0 200 400 600 800"), (900, "0 200 400 600 800 1k"), (2_000, "0 500 1k 1.5k 2k")]
)
def test_steps_are_written_round_and_named(steps, expected):
    assert lines(LossChart().draw(curves_of(falling(steps)), DARK, 45, 12))[-1].split() == ["step", *expected.split()]


@given(st.floats(1e-6, 1e6), st.integers(1, 30), st.floats(1, 100))
def test_smoothing_is_unbiased_from_the_first_mean_on(value, bins, span):
    assert smooth(np.full(bins, value), np.ones(bins), span) == pytest.approx(np.full(bins, value))


def test_smoothing_weighs_a_bin_by_its_steps():
    bins = np.array([3.0, 1.0, 2.0])
    fine = smooth(np.repeat(bins, 4), np.ones(12), 10.0)
    coarse = smooth(bins, np.full(3, 4), 10.0)
    assert coarse == pytest.approx(fine[3::4])


def test_nothing_is_printed(capfd):
    LossChart().draw(curves_of(falling(300), {100: 1.0}), DARK, 200, 60)
    LossChart().draw(curves_of([1e-300, 1e300]), DARK, 16, 4)
    assert capfd.readouterr() == ("", "")


def test_alerts_are_marked_below_the_curve_where_they_began():
    marks = (AlertMark(0, "inputs-badly-scaled", None), AlertMark(150, "dead-units", "relu1"))
    curves = replace(curves_of(falling(300)), marks=marks)
    chart = LossChart()
    strips = chart.draw(curves, DARK, 106, 14)
    [bottom] = [line for line in lines(strips) if "▲" in line and "┤" in line]
    places = [place for place, char in enumerate(bottom) if char == "▲"]
    assert [abs(chart.step_at(place) - step) <= 2 for place, step in zip(places, (0, 150), strict=True)] == [True, True]
    assert "▲ 2 alerts" in lines(strips)[0]
    assert "▲ dead-units @ step 150" in lines(LossChart().draw(replace(curves, marks=marks[1:]), DARK, 160, 14))[0]
    assert "▲ dead-units relu1" in lines(chart.draw(curves, DARK, 160, 14, cursor=150))[0]
    assert "▲" not in lines(chart.draw(curves, DARK, 160, 14, cursor=100))[0]
    assert "▲ inputs-badly-scaled" in lines(chart.draw(curves, DARK, 160, 14, cursor=1))[0]
    for width in range(20, 160, 9):
        assert_page(LossChart().draw(curves, DARK, width, 9, 150), width, 9)


def test_the_same_is_not_drawn_twice_and_whatever_differs_is_drawn(monkeypatch):
    drawn = []
    monkeypatch.setattr(curve, "_Plot", lambda *of, plot=curve._Plot: drawn.append(of) or plot(*of))
    losses, evaluated = falling(40), {20: 0.9, 40: 0.8}
    first = curves_of(losses, evaluated)
    other_bits = np.nextafter(first.means, 9)
    # Each differs from the one before in one thing.
    asked = [
        (first, DARK, 60, 12),
        (replace(first, means=other_bits), DARK, 60, 12),
        (replace(first, means=other_bits, position=7), DARK, 60, 12),
        (replace(first, means=other_bits, position=7), LIGHT, 60, 12),
        (replace(first, means=other_bits, position=7), LIGHT, 61, 12),
        (replace(first, means=other_bits, position=7), LIGHT, 61, 13),
        (replace(first, means=other_bits, position=7), LIGHT, 61, 13, 5),
        (first, DARK, 60, 12),
    ]
    chart = LossChart()
    for number_of, (curves, *how) in enumerate(asked, 1):
        again = replace(curves, means=curves.means.copy(), validation_steps=curves.validation_steps.copy())
        strips = [chart.draw(seen, *how) for seen in (curves, again, again)]
        assert len(drawn) == number_of
        fresh = LossChart()
        assert strips == [fresh.draw(curves, *how)] * 3
        assert chart.step_at(30) == fresh.step_at(30)
        drawn.pop()
