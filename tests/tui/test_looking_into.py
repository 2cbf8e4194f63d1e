"""A mistake of the test opens in the microscope: a picture, a row of a table, a text."""

from pathlib import Path

import numpy as np
import pytest

from nnviz.experiment import combine
from nnviz.frame.frame import State
from nnviz.frame.stages import Phase
from nnviz.options import Options
from nnviz.remote.messages import Order
from nnviz.tui.screens.mistakes import MistakeCard
from nnviz.tui.screens.test import TestScreen
from nnviz.tui.screens.training import TrainingScreen
from tests.tui.conftest import ENDLESS, TABLES, Driver, OpenApp


async def show_mistakes(driver: Driver) -> list[MistakeCard]:
    """Open the test page at its mistakes."""
    await driver.press("t")
    page = driver.app.screen
    assert isinstance(page, TestScreen)
    await driver.press(str(1 + list(page._parts).index("mistakes")))
    return list(page.query(MistakeCard))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_picture_is_looked_into_by_key_and_by_click(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size) as driver:
        before = await driver.press("f")
        cards = await show_mistakes(driver)
        await driver.press("right", "enter")
        frame, mistake = driver.frame, cards[1].mistake
        assert isinstance(driver.app.screen, TrainingScreen)
        assert frame.has_reached(Phase.LOSS)
        assert not frame.has_begun(Phase.BACKWARD)
        assert frame.example.number == mistake.number
        np.testing.assert_array_equal(frame.example.pixels, mistake.pixels)
        names = frame.task.class_names
        assert (names[frame.example.label], names[frame.example.said]) == (mistake.label, mistake.said)
        assert frame.example.prediction.max() == pytest.approx(mistake.probability, rel=1e-5)
        assert frame.example.loss == pytest.approx(mistake.loss, rel=1e-5)
        assert f"TEST EXAMPLE #{mistake.number + 1}" in driver.text()
        assert f"This is test example #{mistake.number + 1}, which was never trained on" in driver.text()
        # The others are at hand, and it can be told why it was mistaken.
        frame = await driver.press("full_stop", "b")
        assert frame.example.number == cards[2].mistake.number
        assert frame.has_reached(Phase.BACKWARD)
        await driver.press("i")
        assert "Blame" in driver.text()
        await driver.press("escape")
        # Back to where the training was.
        frame = await driver.press("escape")
        assert frame.examined is None
        assert frame.moment == before.moment
        np.testing.assert_array_equal(frame.example.prediction, before.example.prediction)
        cards = await show_mistakes(driver)
        await driver.pilot.click(cards[0], offset=(2, 1))
        await driver.pilot.pause()
        assert driver.frame.example.number == cards[0].mistake.number
        frame = await driver.press("u")
        assert frame.examined is None
        assert frame.moment.step == 0
        assert frame.has_reached(Phase.UPDATE)


async def test_a_row_of_a_table_and_a_text_are_shown_whole(open_app: OpenApp, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rows = "".join(f"{i % 7},{i % 3},{i % 5},{'xy'[i * i % 7 % 2]}\n" for i in range(80))
    table.write_text("height,width,depth,kind\n" + rows)
    async with open_app(order=Order(Options.of(source=str(table)).experiment(), tmp_path / "t")) as driver:
        card = (await show_mistakes(driver))[0]
        frame = await driver.press("enter")
        assert frame.example.number == card.mistake.number
        example = "\n".join(strip.text for strip in driver.screen.query_one("#example").rows())
        for name, value in zip(("height", "width", "depth"), frame.example.stored.tolist(), strict=True):
            assert any(line.split()[:2] == [name, f"{value:g}"] for line in example.splitlines())
    texts = Order(combine({"data": {"source": "language"}, "network": {"layers": ""}}), tmp_path / "l")
    async with open_app(order=texts) as driver:
        card = (await show_mistakes(driver))[0]
        frame = await driver.press("enter")
        assert frame.example.text.text.startswith(card.mistake.text[:30].rstrip("… "))


async def test_a_training_that_runs_waits(open_app: OpenApp, tmp_path: Path) -> None:
    async with open_app(order=Order(combine(TABLES, ENDLESS), tmp_path / "endless")) as driver:
        await driver.press("space")
        await show_mistakes(driver)
        await driver.press("enter")
        await driver.wait_for(lambda: driver.frame.examined is not None)
        assert driver.frame.state is State.PAUSED
        step = driver.frame.moment.step
        frame = await driver.press("escape")
        assert (frame.state, frame.moment.step) == (State.PAUSED, step)
