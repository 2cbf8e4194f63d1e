"""A click looks at what it hits, as the key for it would."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from textual.geometry import Offset

from nnviz.experiment import combine
from nnviz.frame.focus import Focus
from nnviz.frame.frame import State
from nnviz.frame.stages import Phase
from nnviz.options import Options
from nnviz.remote.messages import Order
from nnviz.tui.drawing import diagram
from tests.tui.conftest import Driver, OpenApp


async def click(driver: Driver, pane: str, x: int, y: int) -> Focus:
    """Click on a cell of what a pane draws; what is looked at then."""
    await driver.pilot.click(f"#{pane}", offset=Offset(x + 1, y + 1))
    await driver.pilot.pause()
    return driver.frame.focus


def content(driver: Driver, pane: str) -> list[str]:
    return [strip.text for strip in driver.screen.query_one(f"#{pane}").rows()]


async def test_rows_of_outputs_and_errors_are_units(open_app: OpenApp) -> None:
    async with open_app() as driver:
        frame = await driver.press("b")
        last = frame.layers[-1].block
        for row, name in enumerate(content(driver, "prediction")[1:3], 1):
            focus = await click(driver, "prediction", 5, row)
            assert (focus.block, frame.task.class_names[focus.unit]) == (last, name.split()[0])
        await driver.press("left_square_bracket", "left_square_bracket")
        for row in (3, 1):
            rows = content(driver, "errors")
            focus = await click(driver, "errors", 5, row)
            assert (focus.block, f"unit {focus.unit} ") == (0, rows[row][:7])
            assert driver.frame.unit is not None
        assert await click(driver, "errors", 5, 0) == focus


async def test_nothing_is_pointed_at_where_there_are_no_rows_yet(open_app: OpenApp) -> None:
    async with open_app() as driver:
        before = driver.frame.focus
        await driver.press("left_square_bracket")
        assert await click(driver, "errors", 5, 2) == replace(before, block=before.block - 1)


async def test_the_head_of_a_column_is_its_layer(open_app: OpenApp) -> None:
    async with open_app() as driver:
        heads = content(driver, "network")[0]
        for name, block in (("dense1", 0), ("dense3", 2), ("dense2", 1)):
            focus = await click(driver, "network", heads.index(name) + 2, block % diagram.HEAD)
            assert (focus.block, focus.unit) == (block, None)
        assert await click(driver, "network", heads.index("input"), 0) == focus


async def test_a_pixel_is_what_the_network_gets_from_it(open_app: OpenApp) -> None:
    async with open_app() as driver:
        pixels = driver.frame.example.pixels
        for row, column in ((0, 0), (6, 3), (7, 7)):
            drawn = next(line for line in content(driver, "example") if "▀" in line)
            left, width = len(drawn) - len(drawn.lstrip()), len(drawn.strip())
            focus = await click(driver, "example", left + column * width // 8, -(-row * width // 16))
            assert (focus.block, focus.unit) == (0, None)
            channel = pixels[row, column].argmax()
            assert focus.input == (row * 8 + column) * 3 + channel
        # Of a unit of the first layer, it is the weight for that pixel.
        await driver.press("1", "right")
        unit = driver.frame.focus.unit
        assert driver.frame.focus.block == 0
        focus = await click(driver, "example", left, 0)
        assert (focus.block, focus.unit, focus.input) == (0, unit, pixels[0, 0].argmax())


async def test_a_feature_is_an_input(open_app: OpenApp, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b,c,y\n" + "".join(f"{i},{i % 3},{i % 5},{'xy'[i % 2]}\n" for i in range(30)))
    async with open_app(order=Order(Options.of(source=str(table)).experiment(), tmp_path / "t")) as driver:
        focus = await click(driver, "example", 3, 1)
        assert (focus.block, focus.unit, focus.input) == (0, None, 1)
        assert "b" in content(driver, "example")[1]


async def test_an_n_gram_is_an_input(open_app: OpenApp, tmp_path: Path) -> None:
    order = Order(combine({"data": {"source": "language"}, "network": {"layers": ""}}), tmp_path / "l")
    async with open_app(order=order) as driver:
        strongest = driver.frame.example.text.strongest
        rows = content(driver, "example")
        for ngram in (strongest[2], strongest[0]):
            row = next(y for y, line in enumerate(rows) if line.startswith(ngram.name))
            focus = await click(driver, "example", 3, row)
            assert (focus.unit, focus.input) == (None, ngram.input)


async def test_a_point_of_the_batch_is_its_example(open_app: OpenApp, tmp_path: Path) -> None:
    order = Order(Options.of(source="circles", examples=40).experiment(), tmp_path / "c")
    async with open_app(order=order) as driver:
        before = driver.frame
        rows = content(driver, "example")
        spots = [(x, y) for y, line in enumerate(rows[:-3]) for x, sign in enumerate(line) if sign == "●"]
        x, y = spots[0]
        focus = await click(driver, "example", x, y)
        assert focus.example != before.focus.example
        after = driver.frame
        assert content(driver, "example")[y][x] == "●"
        assert "(●)" in content(driver, "example")[y]
        np.testing.assert_array_equal(after.example.stored, after.points.points[after.points.focused])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_first_two_lines_do_what_their_keys_do(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size) as driver:
        line = driver.text().splitlines()[1].lower()
        for word, phase in (("forward", Phase.LOSS), ("backward", Phase.BACKWARD), ("update", Phase.UPDATE)):
            await driver.pilot.click("#rail", offset=(line.index(word) + 1, 0))
            await driver.pilot.pause()
            assert driver.frame.has_reached(phase)
        assert driver.frame.moment.step == 0
        state = driver.text().splitlines()[0].index("PAUSED")
        await driver.press(*["less_than_sign"] * 5)
        await driver.pilot.click("#title", offset=(state, 0))
        await driver.until(State.RUNNING)
        await driver.pilot.click("#title", offset=(driver.text().splitlines()[0].index("RUNNING"), 0))
        await driver.until(State.PAUSED)


async def test_two_clicks_on_the_curve_go_there(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("enter", "enter", "enter", "enter")
        pane = driver.screen.query_one("#loss")
        width = pane.content_size.width
        await driver.pilot.click("#loss", offset=(width // 4, 4), times=2)
        await driver.pilot.pause()
        assert pane.chosen is not None
        assert driver.frame.moment.step + 1 == pane.chosen < 4


async def test_the_offered_link_of_the_chain_rule_is_unfolded(open_app: OpenApp) -> None:
    async with open_app((200, 60)) as driver:
        await driver.press("b", "1", "left_square_bracket", "left_square_bracket", "down")
        rows = content(driver, "inspect")
        at = next(y for y, row in enumerate(rows) if row.startswith("enter: "))
        await click(driver, "inspect", 3, at)
        assert content(driver, "inspect") != rows
        assert driver.screen.query_one("#inspect").has_focus
