"""A weight that is set by hand, by its keys: what the screen then shows is what plain NumPy makes of it."""

import re

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.experiment import combine
from nnviz.remote.messages import Order
from nnviz.tui.screens.set_weight import SetWeightScreen, read_value
from tests.tui.conftest import ENDLESS, TABLES, Driver, OpenApp
from tests.tui.oracle import recompute
from tests.tui.test_numbers import shows

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=str)
# A unit of the first hidden layer, and its inspector.
POINT = ("1", "down", "left", "left", "5")


def trainer(driver: Driver):
    return driver.screen._link.trainer.service.session.trainer


def value(driver: Driver) -> float:
    looked_at = driver.frame.unit.weight
    name = f"{driver.frame.layers[looked_at.layer].name}.{looked_at.kind}"
    return float(trainer(driver).network.parameters.named()[name][looked_at.at])


async def put(driver: Driver, text: str) -> None:
    await driver.press("equals_sign")
    await driver.pilot.press(*text)
    await driver.press("enter")


@SIZES
async def test_the_forward_pass_shows_what_it_does_and_going_back_undoes_it(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    async with open_app(size) as driver:
        await driver.press("f", *POINT)
        was, before = value(driver), driver.frame.example.logits
        await driver.press("equals_sign")
        assert isinstance(driver.app.screen, SetWeightScreen)
        told = " ".join(driver.text().split())
        assert "Set a weight by hand" in told
        assert "dense1 unit" in told
        assert "This training step is done again with it." in told
        assert shows(re.search(r" · weight of \S+ \S+ is (\S+)", told)[1], was)
        await driver.pilot.press(*"2.5")
        await driver.press("enter")
        assert (value(driver), driver.frame.unit.weight.value) == (2.5, 2.5)
        engine = trainer(driver).engine
        step = recompute(trainer(driver), engine.batch.inputs, engine.batch.targets)
        place = driver.frame.example.place
        np.testing.assert_allclose(driver.frame.example.logits, step.given[-1][place], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(driver.frame.example.prediction, step.prediction[place], rtol=1e-4)
        assert driver.frame.batch_loss == pytest.approx(step.loss, rel=1e-4)
        assert driver.frame.moment.done == len(trainer(driver).network.layers) + 1
        await driver.press("p", "f")
        assert value(driver) == was
        np.testing.assert_array_equal(driver.frame.example.logits, before)


async def test_a_bias_can_be_set_and_after_an_update_the_next_step_begins_with_it(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        await driver.press("u", *POINT, "left")
        assert driver.frame.unit.weight.kind == "biases"
        await driver.press("equals_sign")
        # What it is now, and not what it was before the update.
        assert shows(re.search(r"bias is (\S+)", driver.text())[1], value(driver))
        assert "The next training step begins with it." in driver.text()
        await driver.press("escape")
        moment = driver.frame.moment
        await put(driver, "-1e-1")
        assert value(driver) == np.float32(-0.1)
        assert (driver.frame.moment.step, driver.frame.moment.done) == (moment.step + 1, 0)
        await driver.press("backspace")
        assert (driver.frame.moment.step, driver.frame.moment.done) == (moment.step, moment.done)
        assert "as they were" in driver.text()
        assert value(driver) != np.float32(-0.1)


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-inf", "1e999", "1 2"])
async def test_what_is_no_finite_number_is_said_beside_the_field(open_app: OpenApp, text: str) -> None:
    async with open_app() as driver:
        await driver.press("f", *POINT)
        was = value(driver)
        await put(driver, text.replace(" ", "_ "))
        assert isinstance(driver.app.screen, SetWeightScreen)
        assert "no finite number" in driver.text()
        await driver.press("escape")
        assert value(driver) == was


async def test_what_is_too_large_for_the_network_is_said(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("f", *POINT)
        was = value(driver)
        await put(driver, "1e39")
        assert "not a number that a weight can be" in driver.text()
        assert value(driver) == was


async def test_without_a_weight_under_the_cursor_it_is_said_how_to_choose_one(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("f", "equals_sign")
        assert not isinstance(driver.app.screen, SetWeightScreen)
        assert "choose a weight first" in driver.text()


async def test_while_training_runs_it_is_refused(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=replace(order, experiment=combine(TABLES, ENDLESS))) as driver:
        await driver.press("f", *POINT, "space", "equals_sign")
        assert "pause first" in driver.text()
        assert not isinstance(driver.app.screen, SetWeightScreen)
        await driver.press("space")


async def test_in_the_past_the_next_step_begins_a_branch(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        await driver.press("enter", "enter", "enter", "backspace", "backspace", *POINT)
        await put(driver, "1")
        assert driver.frame.curves.branch is None
        await driver.press("u", "B")
        told = " ".join(driver.text().split())
        assert "by hand dense1.weights[" in told
        assert "→ 1 in step 2" in told


@pytest.mark.parametrize(("text", "read"), [("0.5", 0.5), ("−1.2e−3", -1.2e-3), (" 7 ", 7.0), ("5%", None)])
def test_a_number_is_read_as_it_is_written_on_screen(text: str, read: float | None) -> None:
    assert read_value(text) == read
