"""The page of comparisons: by keys, while they are made."""

import re

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.experiment import combine
from nnviz.frame.frame import State
from nnviz.remote.messages import Order
from nnviz.tui.screens.verification import VerificationScreen
from tests.tui.conftest import ENDLESS, TABLES, Driver, OpenApp
from tests.tui.test_blame import MAPS, trainer_of
from tests.tui.test_numbers import NUMBER, shows
from tests.tui.whole import faults


async def until_done(driver: Driver) -> None:
    await driver.wait_for(lambda: re.search(r"All \d+ agree", driver.text()))


async def test_v_compares_the_weight_that_the_heatmap_reads_out_and_some_of_each_layer(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("left_square_bracket", "v")
        assert isinstance(driver.app.screen, VerificationScreen)
        assert driver.frame.moment.done
        await until_done(driver)
        assert not faults(driver.app)
        parameters = trainer_of(driver).network.parameters
        gradients = parameters.named(parameters.gradients)["dense2.weights"]
        row, column = np.unravel_index(np.abs(gradients).argmax(), gradients.shape)
        found = re.search(rf"relu1 {row} → dense2 {column}\s.*?∂L/∂w {NUMBER} · measured {NUMBER}", driver.text(), re.S)
        assert found, driver.text()
        assert shows(found[1], float(gradients[row, column]))
        assert float(found[2].replace("−", "-")) == pytest.approx(float(gradients[row, column]), rel=1e-3)
        for layer, array in (("dense1", 1158), ("dense2", 35), ("dense3", 12)):
            drawn = min(array, 200)
            assert re.search(rf"{layer} +{array:,} +{drawn} +{drawn} +0 +\S+%", driver.text()), driver.text()


async def test_a_page_that_is_closed_ends_it_and_training_goes_on_from_there(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("b", "v")
        frame = await driver.press("escape")
        service = trainer_of_service(driver)
        assert service._verification is None
        assert frame.state is State.PAUSED
        assert (await driver.press("u")).moment.done > frame.moment.done


async def test_a_running_training_is_paused_for_it(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=replace(order, experiment=combine(TABLES, ENDLESS))) as driver:
        await driver.press("space")
        assert driver.screen.is_training
        await driver.press("v")
        await until_done(driver)
        assert driver.frame.state is State.PAUSED


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 50)], ids=str)
async def test_the_page_is_whole_at_every_size(open_app: OpenApp, order: Order, size: tuple[int, int]) -> None:
    async with open_app(size, replace(order, experiment=combine(TABLES, MAPS))) as driver:
        await driver.press("u", "left_square_bracket", "left_square_bracket", "v")
        assert not faults(driver.app)
        await driver.wait_for(lambda: "so far …" not in driver.text())
        assert not faults(driver.app)


def trainer_of_service(driver: Driver):
    return driver.app.link.trainer.service
