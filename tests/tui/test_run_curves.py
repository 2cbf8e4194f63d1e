"""Curves of runs over each other, drawn and driven by keys and mouse."""

import math
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from nnviz.collection.lines import lines_of
from nnviz.collection.overlay import Asked, Overlay
from nnviz.collection.x_axis import X
from nnviz.tui.drawing.dots import BITS, EMPTY, Dots
from nnviz.tui.drawing.palette import DARK, DARK_16, DARK_256, LIGHT, LIGHT_256
from nnviz.tui.drawing.run_axes import View
from nnviz.tui.drawing.run_picture import Picture, run_picture
from nnviz.tui.screens.run_curves import CurvesScreen
from tests.collection.listed import append, listed, series, trained
from tests.tui.test_runs import Looker, looking


def test_dots_are_where_the_line_is() -> None:
    dots = Dots(3, 2)
    dots.lines(np.array([[0.0, 0.0, 7.0, 7.0, np.nan, 3.0]]), np.array([False]))
    style = DARK.style(DARK.text)
    codes = [[ord(c) - EMPTY for c in strip.text] for strip in dots.strips(lambda _: style, lambda _: style, style)]
    drawn = {
        (4 * row + y, 2 * column + x)
        for row, cells in enumerate(codes)
        for column, code in enumerate(cells)
        for y in range(4)
        for x in range(2)
        if code > 0 and code & BITS[y, x]
    }
    # Up to the middle between two heights, which is 3.5, and rounds to the even 4.
    assert drawn == {(0, 0), *((y, 1) for y in range(5)), *((y, 2) for y in range(4, 8)), (7, 3), (3, 5)}


def test_of_lines_that_cross_the_last_is_on_top() -> None:
    dots = Dots(4, 1)
    dots.lines(np.array([[0.0] * 8, [0.0] * 8, [3.0] * 8]), np.array([False] * 3))
    styles = [DARK.style(colour) for colour in (DARK.text, DARK.accent, DARK.faint)]
    (strip,) = dots.strips(lambda owner: styles[owner], lambda _: DARK.style(DARK.bad), DARK.style(DARK.zero))
    assert [segment.style for segment in strip] == [styles[2]]
    dots = Dots(4, 1)
    dots.lines(np.array([[0.0] * 8, [0.0] * 8]), np.array([False] * 2))
    (strip,) = dots.strips(lambda owner: styles[owner], lambda _: DARK.style(DARK.bad), DARK.style(DARK.zero))
    assert [segment.style for segment in strip] == [styles[1]]


def picture(*values: list[float], log: bool = False, limits: tuple[float, float] | None = None) -> Picture:
    runs = [listed(str(place), series(own)) for place, own in enumerate(values)]
    curves = Overlay().curves(runs, Asked("loss", "validation", X.STEP, 0.0))
    view = View(X.STEP, 0.0, max(max(map(len, values)) - 1.0, 1.0), log, limits, None, 0)
    return run_picture(lines_of(curves, [run.name for run in runs]), view, DARK, 60, 20)


def test_what_no_line_can_show_has_a_sign() -> None:
    drawn = picture([1.0, 2.0, math.nan, 1.0, math.inf, 1.5])
    assert drawn.beyond == {"✗": 1, "∞": 1}
    assert "∞" in drawn.strips[0].text
    assert any("✗" in strip.text for strip in drawn.strips)
    cut = picture([1.0, 2.0, 9.0, -9.0], limits=(0.0, 3.0))
    assert cut.beyond == {"▲": 1, "▼": 1}
    assert "▲" in cut.strips[0].text
    assert "▼" in cut.strips[17].text


def test_few_values_that_are_far_off_do_not_hide_the_others() -> None:
    drawn = picture([*np.linspace(0.5, 1.0, 200).tolist(), 1e9])
    assert drawn.scale is not None
    assert drawn.scale.high < 5
    assert drawn.beyond == {"▲": 1}


def test_runs_that_explode_do_not_hide_the_others() -> None:
    drawn = picture([0.5, 0.25], [0.75, 0.5], [0.5, 1e13], [0.5, 1e9], [1.0, 0.5])
    assert drawn.scale is not None
    assert drawn.scale.high <= 10
    assert drawn.beyond == {"▲": 2}


def test_runs_that_explode_do_not_hide_others_of_a_single_value_each() -> None:
    drawn = picture(*([0.1 + 0.1 * place] for place in range(10)), [1e8], [1e9])
    assert drawn.scale is not None
    assert drawn.scale.high < 20
    assert drawn.beyond == {"▲": 2}
    few = picture([1.0], [1.0], [30.0])
    assert few.scale is not None
    assert few.beyond == {}


@pytest.mark.parametrize("values", [[0.0, -1.0], [math.nan] * 3, [-math.inf]])
def test_where_nothing_can_be_drawn_that_is_said(values: list[float]) -> None:
    drawn = picture(values, log=True)
    assert "nothing to show" in " ".join(strip.text for strip in drawn.strips)


def test_lines_whose_colour_is_that_of_another_one_say_their_letters_on_their_way() -> None:
    runs = [listed(f"run {place}", series([1.0 + place, 2.0 + place])) for place in range(10)]
    lines = lines_of(Overlay().curves(runs, Asked("loss", None, X.STEP, 0.0)), [run.name for run in runs])
    for palette in (DARK, LIGHT, DARK_256, LIGHT_256):
        drawn = run_picture(lines, View(X.STEP, 0.0, 1.0, False, None, None, 1), palette, 100, 60)
        text = "".join(strip.text for strip in drawn.strips[:58])
        assert {letter: text.count(letter) > 1 for letter in "abcdefghij"} == {
            letter: letter in "abij" for letter in "abcdefghij"
        }
        assert all(letter in text for letter in "abcdefghij")


def test_where_lines_end_at_one_place_the_letter_is_that_of_the_line_on_top() -> None:
    runs = [listed(name, series([1.0, 2.0])) for name in "xyz"]
    lines = lines_of(Overlay().curves(runs, Asked("loss", None, X.STEP, 0.0)), "xyz")
    for chosen, letter in enumerate("abc"):
        drawn = run_picture(lines, View(X.STEP, 0.0, 1.0, False, None, None, chosen), DARK, 80, 24)
        assert letter in "".join(strip.text for strip in drawn.strips[:22])


@pytest.mark.parametrize("x", [X.STEP, X.EPOCH])
@pytest.mark.parametrize(
    ("last", "numbers"), [(20.0, "0 5 10 15 20"), (2000.0, "0 500 1k 1.5k 2k"), (2.0, "0.0 0.5 1.0 1.5 2.0")]
)
def test_no_number_at_the_x_axis_is_cut_or_runs_into_what_x_counts(x: X, last: float, numbers: str) -> None:
    lines = lines_of(Overlay().curves([listed("a", series([1.0, 2.0, 3.0]))], Asked("loss", None, X.STEP, 0.0)), "a")
    drawn = run_picture(lines, View(x, 0.0, last, False, None, None, 0), DARK, 60, 20)
    assert drawn.strips[-1].text.split() == [x.value, *numbers.split()]


def test_without_colours_each_line_has_its_letter() -> None:
    runs = [listed(name, series([1.0 + place, 2.0 + place])) for place, name in enumerate("xyz")]
    lines = lines_of(Overlay().curves(runs, Asked("loss", None, X.STEP, 0.0)), "xyz")
    view = View(X.STEP, 0.0, 1.0, False, None, 0.5, 1)
    for palette in (DARK_16, replace(DARK, system=None)):
        drawn = run_picture(lines, view, palette, 80, 24)
        text = "".join(strip.text for strip in drawn.strips[:22])
        assert all(text.count(letter) > 2 for letter in "abc")
        assert all(cell_len(strip.text) == 80 for strip in drawn.strips)


def told(looker: Looker) -> str:
    return [notice.message for notice in looker.app._notifications][-1]


async def test_a_key_that_can_do_nothing_says_why(tmp_path: Path) -> None:
    trained(tmp_path / "one", [0.5, 0.25])
    async with looking(tmp_path) as looker:
        for key, why in (
            *(("d", "there is nothing to compare"), ("c", None), ("m", "no other number"), ("M", "no other number")),
            *(("v", "there is no group"), ("full_stop", "all of it is shown"), ("comma", "all of it is shown")),
            *(("down", "there is no other line"), ("up", "there is no other line"), ("W", "are not smoothed")),
            ("g", "all settings of these runs are the same"),
        ):
            await looker.press(key)
            assert why is None or why in told(looker), key
        await looker.press(*"w" * 20)
        assert "as smooth as they get" in told(looker)


async def test_a_line_of_several_runs_opens_none_of_them(tmp_path: Path) -> None:
    for place, rate in enumerate((0.1, 0.1, 0.01)):
        trained(tmp_path / f"r{place}", [0.5 + place, 0.25 + place], rate, seed=str(place))
    async with looking(tmp_path) as looker:
        await looker.press("a", "c", "g", "enter")
        assert "stands for 2 runs" in told(looker)
        assert looker.app.return_value is None
        await looker.press("down", "enter")
        assert looker.app.return_value == tmp_path / "r2"


def test_a_steep_line_says_its_letter_once_in_a_column() -> None:
    runs = [listed(name, series(values)) for name, values in (("x", [0.0, 40.0]), ("y", [1.0, 1.0]))]
    lines = lines_of(Overlay().curves(runs, Asked("loss", None, X.STEP, 0.0)), "xy")
    drawn = run_picture(lines, View(X.STEP, 0.0, 1.0, False, None, None, 1), DARK_16, 40, 80)
    columns = [at for strip in drawn.strips[:78] for at, sign in enumerate(strip.text) if sign == "a"]
    assert len(columns) == len(set(columns)) > 1


async def test_groups_are_called_by_their_setting_also_on_80_cells(tmp_path: Path) -> None:
    for place in range(8):
        trained(tmp_path / f"r{place}", [0.5, 0.25], 0.1 + place, seed=str(place))
    async with looking(tmp_path, (80, 24)) as looker:
        lines = (await looker.press("a", "c")).splitlines()
        assert "run · 1 to 4 of 8" in lines[18]
        lines = (await looker.press("g")).splitlines()
        assert lines[0].rstrip() == "loss · validation · over step · mean by learning_rate · 8 runs"
        assert "learning_rate · 1 to 4 of 8" in lines[18]
        lines = (await looker.press("v")).splitlines()
        assert lines[0].rstrip() == "loss · validation · over step · mean ± deviation by learning_rate · 8 runs"


async def test_curves_are_looked_at_by_keys_and_mouse_and_follow_the_training(tmp_path: Path) -> None:
    for place, rate in enumerate((0.1, 0.1, 0.01)):
        trained(tmp_path / f"r{place}", [0.5 + place, 0.25 + place], rate, seed=str(place))
    async with looking(tmp_path) as looker:
        await looker.press("a", "c")
        screen = looker.app.screen
        assert isinstance(screen, CurvesScreen)
        assert "loss · validation · over step · 3 runs" in looker.text()
        await looker.press("end")
        assert "at 20" in looker.text()
        assert "2.250" in looker.text()
        await looker.press("left")
        assert "at 10" in looker.text()
        assert "1.500" in looker.text()
        append(tmp_path / "r2", [0.0625])
        await looker.until("0.06250")
        await looker.press("g", "end")
        assert "0.3125" not in looker.text()
        assert "mean by learning_rate" in looker.text()
        # At step 30, the last values until then: (0.25 + 1.25) / 2 of the first group.
        assert "0.7500" in looker.text()
        assert "0.2500…1.250" in looker.text()
        await looker.press("g", "plus", "plus")
        assert screen.look.span == (25.0, 30.0)
        await looker.press("comma")
        assert screen.look.span == (23.75, 28.75)
        await looker.press("0", "w", "x")
        assert "3 curves with too few points to smooth" in looker.text()
        assert "over epoch" in looker.text()
        page = await looker.press("h")
        assert "it takes 20 losses to tell" in page
        assert "r0 and r1" in page
        await looker.press("escape", "x", "l")
        assert "over s since its start · log scale" in looker.text()
        await looker.pilot.click("#curves", offset=(9, 3))
        assert screen.look.cursor == pytest.approx(0.5, abs=0.01)
        await looker.press("escape", "escape")
        assert looker.names == ["r0", "r1", "r2"]
