"""The worked example on screen: through its keys come the numbers that textbooks publish."""

import re
from pathlib import Path

import pytest

from nnviz.options import Options
from nnviz.remote.messages import Order
from nnviz.tui.panes.heatmap import HeatmapPane
from tests.tui.conftest import Driver, OpenApp

PUBLISHED = {
    "gradient": {"w5": "+0.082167041", "w6": "+0.082667628", "w7": "−0.02260254", "w8": "−0.022740242"},
    "new": {
        "w1": "+0.149780716",
        "w2": "+0.199561432",
        "w3": "+0.249751144",
        "w4": "+0.299502287",
        "w5": "+0.35891648",
        "w6": "+0.408666186",
        "w7": "+0.51130127",
        "w8": "+0.561370121",
    },
}
"""Matt Mazur, A Step by Step Backpropagation Example (2015), with the digits that a float64 gives."""
PLACES = {"w1": (0, 0, 0), "w2": (0, 0, 1), "w3": (0, 1, 0), "w4": (0, 1, 1)}
PLACES |= {"w5": (1, 0, 0), "w6": (1, 0, 1), "w7": (1, 1, 0), "w8": (1, 1, 1)}
"""Block, unit and input of each weight."""


@pytest.fixture
def worked(tmp_path: Path) -> Order:
    return Order(Options.of(source="worked").experiment(), tmp_path / "run")


async def read_out(driver: Driver, quantity: str) -> dict[str, str]:
    """What stands below the heatmap, of all weights, with its cursor on each."""
    pane, told = driver.app.screen.query_one(HeatmapPane), {}
    while driver.frame.focus.quantity != quantity:
        await driver.press("w")
    for name, (block, row, column) in PLACES.items():
        while driver.frame.focus.block != block:
            await driver.press("right_square_bracket" if driver.frame.focus.block < block else "left_square_bracket")
        pane.focus()
        for _ in range(4):
            found = re.search(r"([+−]\S+) · (?:input )?(\d) → (?:unit )?(\d)", driver.text())
            assert found, driver.text()
            if (int(found[3]), int(found[2])) == (row, column):
                break
            await driver.press("down" if int(found[3]) != row else "left")
        told[name] = found[1]
    return told


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screen_shows_the_published_numbers(open_app: OpenApp, worked: Order, size: tuple[int, int]) -> None:
    async with open_app(size, worked) as driver:
        assert "begins with those of 'worked'" in " ".join(driver.text().split())
        await driver.press("f")
        text = " ".join(driver.text().split())
        for published in ("0.75136507", "0.772928465", "0.01", "0.99", "= 0.298371109"):
            assert published in text, text
        await driver.press("b")
        if size[0] == 80:
            await driver.press("4")
        told = await read_out(driver, "gradient")
        assert {name: told[name] for name in PUBLISHED["gradient"]} == PUBLISHED["gradient"]
        if size[0] > 80:
            # ∂E/∂net of o1, as far as there is room.
            assert "+0.1384985" in driver.text()
        await driver.press("u")
        assert await read_out(driver, "weight") == PUBLISHED["new"]
