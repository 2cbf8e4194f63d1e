"""The heatmap's cursor stays where it was put; what it reads out can be copied; large cells hold their numbers."""

import re

import numpy as np
import pytest
from msgspec.structs import replace
from textual.geometry import Offset

from nnviz.experiment import combine
from nnviz.frame.focus import Quantity
from nnviz.frame.matrix_views import MatrixView
from nnviz.remote.messages import Order
from nnviz.tui.drawing.matrix import MatrixSheet
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.panes.heatmap import HeatmapPane
from tests.tui.conftest import TABLES, Driver, OpenApp
from tests.tui.test_numbers import NUMBER, shows


def read_out(driver: Driver) -> str:
    return driver.screen.query_one(HeatmapPane).readout() or ""


async def test_the_cursor_stays_when_the_focus_leaves_and_home_lets_it_go(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("b")
        peak = read_out(driver)
        await driver.press("4", "down", "right")
        there = read_out(driver)
        assert there != peak
        await driver.press("tab", "1", "2")
        assert not driver.screen.query_one(HeatmapPane).has_focus
        assert read_out(driver) == there
        await driver.press("4", "end")
        assert "unit 1" in read_out(driver)
        assert "input 4 " in read_out(driver)
        await driver.press("home")
        assert read_out(driver) == peak


async def test_a_click_leaves_the_cursor_where_it_was(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("b")
        pane = driver.screen.query_one(HeatmapPane)
        peak = read_out(driver)
        x, y = pane._current_sheet().spot(1, 2)
        last = Offset(x + 2, y + 2)
        await driver.pilot.hover(pane, last)
        hovered = read_out(driver)
        await driver.pilot.hover("#network")
        assert read_out(driver) == peak != hovered
        await driver.pilot.click(pane, last)
        await driver.pilot.hover("#network")
        assert read_out(driver) == hovered


async def test_y_copies_what_is_read_out(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("y")
        assert driver.app.clipboard == ""
        await driver.press("b", "y")
        assert driver.app.clipboard == read_out(driver)
        assert re.match(NUMBER, driver.app.clipboard)


async def test_going_forward_from_within_a_step_says_that_it_was_finished(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("f")
        assert "was finished first" not in driver.text()
        await driver.press("f")
        assert "training step 1 was finished first: its update has landed" in driver.text()


async def test_from_the_end_of_a_step_nothing_was_finished_first(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=replace(order, experiment=combine(TABLES))) as driver:
        await driver.press("u", "f", "b", "u", "b")
        assert "was finished first" not in driver.text()


@pytest.mark.parametrize("palette", [DARK, replace(DARK, system=None)], ids=["colours", "none"])
@pytest.mark.parametrize("size", [(60, 9), (37, 4), (24, 30)], ids=str)
def test_a_cell_that_is_large_enough_holds_its_number(palette, size: tuple[int, int]) -> None:
    cells = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32) * 0.1
    view = MatrixView(Quantity.GRADIENT, "dense1", False, (3, 4), 1, 1, cells, None)
    sheet = MatrixSheet(view, *size)
    strips = sheet.strips(1.0, palette)
    told = [re.findall(r"[+−]?\d\S*|≈0", strip.text) for strip in strips]
    rows = [texts for texts in told if texts]
    assert len(rows) == 3
    for texts, numbers in zip(rows, cells.tolist(), strict=True):
        assert all(shows(text, value) for text, value in zip(texts, numbers, strict=True)), (texts, numbers)
    plain = MatrixSheet(view, 12, 9).strips(1.0, palette)
    assert not re.search(r"\d", "".join(strip.text for strip in plain))
    assert {strip.cell_length for strip in strips} == {sheet._fitted[0].shape[1]}


@pytest.fixture
def wide(order: Order) -> Order:
    """Of so many inputs and units that no cell stands for one alone."""
    tables = combine(TABLES, {"network": {"layers": "dense 200 relu"}, "data": {"image_size": 10}})
    return replace(order, experiment=tables)


def whole_gradient(driver: Driver, name: str = "dense1.weights") -> np.ndarray:
    parameters = driver.screen._link.trainer.service.session.trainer.network.parameters
    return parameters.named(parameters.gradients)[name].T


async def test_a_cell_says_which_of_its_numbers_is_the_largest(open_app: OpenApp, wide: Order) -> None:
    async with open_app((160, 48), wide) as driver:
        await driver.press("b", "left_square_bracket", "4", *["down", "right"] * 4)
        matrix, whole = driver.frame.matrix, whole_gradient(driver)
        assert matrix.row_step > 1
        assert matrix.column_step > 1
        pane = driver.screen.query_one(HeatmapPane)
        cells = [(r, c) for r in range(0, matrix.cells.shape[0], 7) for c in range(0, matrix.cells.shape[1], 7)]
        for r, c in [*cells, pane._chosen(pane._current_sheet())]:
            told = re.match(
                r"(\S+) · (?:input )?(\d+) of (\d+)…(\d+) → (?:unit )?(\d+) of (\d+)…(\d+)",
                pane._current_sheet().readout(r, c),
            )
            column, left, right, row, top, bottom = map(int, told.groups()[1:])
            block = whole[top : bottom + 1, left : right + 1]
            assert abs(whole[row, column]) == np.abs(block).max()
            assert shows(told[1], float(whole[row, column]))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=str)
async def test_zoomed_in_each_number_stands_for_itself(open_app: OpenApp, wide: Order, size: tuple[int, int]) -> None:
    async with open_app(size, wide) as driver:
        await driver.press("b", "left_square_bracket", "4", "down", "z")
        whole, pane = whole_gradient(driver), driver.screen.query_one(HeatmapPane)
        before = driver.frame.moment
        for keys in ([], ["right"] * 9, ["down"] * 5, ["end"], ["right"], ["down"], ["home"], ["left"], ["up"]):
            await driver.press(*keys)
            sheet, (row, column) = pane._current_sheet(), driver.frame.focus.zoom
            texts = [re.findall(r"[+−]?\d\S*|≈0", strip.text) for strip in sheet.strips(pane._ends.end, pane.palette)]
            numbers = sheet.numbers
            for line, expected in zip([line for line in texts if line], numbers.tolist(), strict=True):
                assert all(shows(text, value) for text, value in zip(line, expected, strict=True) if text != "≈0")
            y, x = sheet.peak
            np.testing.assert_array_equal(numbers, whole[row - y :, column - x :][: len(numbers), : numbers.shape[1]])
            assert re.search(rf"(?:input )?{column} → (?:unit )?{row}\b", read_out(driver)), read_out(driver)
            # What the colours mean does not change with what is seen of the matrix.
            assert sheet.largest == np.abs(whole).max()
        assert driver.frame.focus.zoom == (len(whole) - 1, whole.shape[1] - 1)
        assert pane.chosen_weights() == tuple((at, at + 1) for at in reversed(driver.frame.focus.zoom))
        await driver.press("z")
        assert driver.frame.focus.zoom is None
        assert driver.frame.matrix.cells.shape != whole.shape
        assert driver.frame.moment == before


async def test_zoomed_in_what_the_next_step_has_not_come_to_is_said(open_app: OpenApp, wide: Order) -> None:
    async with open_app((120, 40), wide) as driver:
        await driver.press("b", "left_square_bracket", "4", "down", "z", "u", "f", "down")
        assert driver.frame.focus.zoom is not None
        assert "The gradient is known once backprop has come here: press b" in " ".join(driver.text().split())
        await driver.press("z")
        assert driver.frame.focus.zoom is None


async def test_the_mouse_zooms_too(open_app: OpenApp, wide: Order) -> None:
    async with open_app((120, 40), wide) as driver:
        await driver.press("b", "left_square_bracket")
        pane = driver.screen.query_one(HeatmapPane)
        x, y = pane._current_sheet().spot(3, 4)
        inside = pane._current_sheet().at(x, y)
        row, column = pane._current_sheet().number_at(*inside)
        await driver.pilot.click(pane, Offset(x + 1, y + 1), times=2)
        await driver.pilot.pause()
        assert driver.frame.focus.zoom == (row, column)
        sheet = pane._current_sheet()
        there = sheet.number_at(0, 0)
        await driver.pilot.click(pane, Offset(1, 1))
        await driver.pilot.pause()
        assert driver.frame.focus.zoom == there
        await driver.press("4", "escape")
        assert driver.frame.focus.zoom is None


async def test_where_there_is_no_matrix_zooming_says_so(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("z")
        assert "no matrix in the heatmap" in driver.text()
