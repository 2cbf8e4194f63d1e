"""The cursor of the loss curve, by keys and by the mouse."""

import re

import pytest

from nnviz.frame.frame import State
from nnviz.tui.panes.loss import LossPane
from nnviz.wording import number
from tests.remote.conftest import straight
from tests.tui.conftest import Driver, OpenApp

PER_EPOCH = 10


async def trained(driver: Driver, epochs: int) -> LossPane:
    """The loss pane after some epochs, with the focus."""
    for _ in range(epochs):
        await driver.press("e")
        await driver.until(State.PAUSED)
    pane = driver.screen.query_one(LossPane)
    pane.focus()
    await driver.pilot.pause()
    return pane


def read_out(pane: LossPane) -> str:
    return "\n".join(strip.text for strip in pane.rows())


def steps(driver: Driver) -> int:
    moment = driver.frame.moment
    return moment.step + (moment.done == len(driver.frame.stages))


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 50)])
async def test_it_reads_out_true_numbers_and_enter_goes_there(open_app: OpenApp, order, size) -> None:
    """As a training that goes straight through to that step has them."""
    async with open_app(size) as driver:
        pane = await trained(driver, 3)
        frame = await driver.press("left", "down", *["left"] * 5)
        assert pane.chosen == 30 - 15
        oracle = straight(order.experiment, 15)
        text = read_out(pane)
        assert re.search(r"┼ (step )?15 ", text)
        assert re.search(rf"⡇ (train )?{re.escape(number(oracle.history.training.latest))} ", text)
        judged = number(oracle.history.latest.validation.loss)
        assert re.search(rf"• (val |validation )?{re.escape(judged)} @ (step )?10\b", text)
        assert re.search(r"⠒ (smoothed )?[0-9.]+ ", text)
        assert re.search(r" enter(:| goes to step) 15 ", driver.text())
        assert (steps(driver), frame.curves.position) == (30, None), "it has gone already"
        await driver.press("enter")
        assert (steps(driver), driver.frame.curves.position) == (15, 15)
        assert driver.frame.batch_loss == oracle.history.training.latest


async def test_home_end_and_what_is_beyond(open_app: OpenApp) -> None:
    async with open_app() as driver:
        pane = await trained(driver, 1)
        for keys, chosen in [
            ("right", 10),
            ("right", 10),
            ("home", 1),
            ("left", 1),
            ("up", 10),
            ("down", 1),
            ("end", 10),
        ]:
            await driver.press(keys)
            assert pane.chosen == chosen, keys
        await driver.press("escape")
        assert pane.chosen is None
        assert "┼" not in read_out(pane)


async def test_it_stays_when_the_focus_leaves_and_the_curve_grows(open_app: OpenApp) -> None:
    async with open_app() as driver:
        pane = await trained(driver, 1)
        await driver.press("home", "right", "right")
        assert "enter goes to step 3" in driver.text()
        driver.screen.set_focus(None)
        await driver.press("enter", "enter")
        assert steps(driver) == 12, "without the focus, enter is a training step"
        assert pane.chosen == 3
        assert "┼ step 3" in read_out(pane)
        assert "enter goes" not in driver.text()
        frame = await driver.press("right", "left")
        assert pane.chosen == 3, "without the focus, arrows go a stage on and back"
        assert frame.moment.step == 11


async def test_a_click_puts_it_there(open_app: OpenApp) -> None:
    async with open_app() as driver:
        pane = await trained(driver, 1)
        driver.screen.set_focus(None)
        axis = next(strip.text for strip in pane.rows() if "┤" in strip.text).index("┤")
        width = pane.content_size.width
        middle = axis + 1 + round((width - axis - 2) * 0.6)
        await driver.pilot.click(pane, offset=(middle + 1, 5))
        await driver.pilot.pause()
        assert pane.chosen == 6
        assert driver.screen.focused is pane
        await driver.press("enter")
        assert steps(driver) == 6


async def test_before_the_first_step_there_is_none(open_app: OpenApp) -> None:
    async with open_app() as driver:
        pane = await trained(driver, 0)
        await driver.press("left", "home", "end")
        assert pane.chosen is None
        await driver.press("enter")
        assert steps(driver) == 1
