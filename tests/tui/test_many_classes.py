"""Hundreds of classes whose names are long and alike: what is shown is what matters, and can be told apart."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from nnviz.experiment import combine
from nnviz.remote.messages import Order
from nnviz.tui.panes.pane import Pane
from tests.tui.conftest import TABLES, OpenApp

CLASSES = 70
SIZES = [(80, 24), (120, 40), (200, 50)]


@pytest.fixture
def many(order: Order, tmp_path: Path) -> Order:
    for k in range(CLASSES):
        folder = tmp_path / "pictures" / f"a very long name of class {k:03}"
        folder.mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", (8, 8), (3 * k, 255 - 3 * k, 80 * i)).save(folder / f"{i}.png")
    return replace(order, experiment=combine(TABLES, {"data": {"source": str(tmp_path / "pictures")}}))


@pytest.mark.parametrize("size", SIZES[1:], ids=["120x40", "200x50"])
async def test_errors_are_those_of_the_classes_beside_the_prediction(
    open_app: OpenApp, many: Order, size: tuple[int, int]
) -> None:
    async with open_app(size, many) as driver:
        frame = await driver.press("u", "b")
        panes = [driver.screen.query_one(name, Pane) for name in ("#prediction", "#errors")]
        texts = ["\n".join(line.text for line in pane.rows()) for pane in panes]
        prediction, errors = (re.findall(r"(?m)^.*?(\d{3}) ", text) for text in texts)
        assert f"{frame.example.label:03}" in errors
        assert len(errors) == panes[1].content_size.height - 1
        assert sorted(errors) == errors
        assert set(prediction) <= set(errors)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_diagram_has_the_target_s_class_and_the_one_that_was_said(
    open_app: OpenApp, many: Order, size: tuple[int, int]
) -> None:
    async with open_app(size, many) as driver:
        frame = await driver.press("u", "f")
        pane = driver.screen.query_one("#network", Pane)
        text = "\n".join(line.text for line in pane.rows())
        for output in (frame.example.label, frame.example.said):
            # Its name, or what is left of it beside the number.
            assert re.search(rf"{output:03}|…{output:02}\b", text)


async def test_a_pane_with_room_for_more_than_a_frame_holds_counts_the_others(open_app: OpenApp, many: Order) -> None:
    async with open_app((120, 90), many) as driver:
        await driver.press("u", "b", "3", "m")
        pane = driver.screen.query_one("#errors", Pane)
        shown = sum(bool(line.text.strip()) for line in pane.rows()[1:])
        assert shown < CLASSES
        assert pane.paint()[-1].text.endswith(f" {CLASSES - shown} more ─╯")
