"""The page of blame: by keys, with the numbers of the training step."""

import re

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.experiment import combine
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.training.trainer import Trainer
from nnviz.tui.screens.blame import BlameScreen
from tests.tui.conftest import TABLES, Driver, OpenApp
from tests.tui.test_numbers import NUMBER, number, shows
from tests.tui.whole import faults

SIZES = [(60, 16), (80, 24), (120, 40), (200, 50)]
MAPS = {"network": {"layers": "conv 4 3x3 batchnorm relu, pool 2, dense 5 tanh dropout 0.3"}}


def trainer_of(driver: Driver) -> Trainer:
    trainer = driver.app.link.trainer
    assert isinstance(trainer, LocalTrainer)
    return trainer.service.session.trainer


def first_line(driver: Driver) -> str:
    """Of the most blamed weight."""
    lines = driver.text().splitlines()
    return next(lines[number + 1] for number, line in enumerate(lines) if "from → to" in line)


async def test_the_most_blamed_weight_is_that_of_the_step(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("i")
        assert isinstance(driver.app.screen, BlameScreen)
        engine = trainer_of(driver).engine
        a, slope = engine.outputs[-2][0], engine.output_gradients[-1][0]
        weights, own = engine.network.parameters.named()["dense3.weights"], np.outer(a, slope)
        own = np.concatenate([own.ravel(), slope])
        values = np.concatenate([weights.ravel(), engine.network.parameters.named()["dense3.biases"]])
        for keys, measured in (([], own), (["w"], own * values)):
            await driver.press(*keys)
            at = int(np.abs(measured).argmax())
            found = [number(text) for text in re.findall(NUMBER, first_line(driver).split("→")[1])]
            assert shows(re.findall(NUMBER, first_line(driver).split("→")[1])[0], values[at])
            assert found[-1] == pytest.approx(100 * np.abs(measured[at]) / np.abs(measured).sum(), rel=0.01)
        await driver.press("w")
        assert "press escape, then u" in driver.text()
        await driver.press("escape", "u", "i", "w", "w", "a")
        updates, values = engine.update_rule.optimizer.updates, engine.network.parameters.values
        at = int(np.abs(updates).argmax())
        before, moved, after, _ = re.findall(NUMBER, first_line(driver).split("→")[1].partition(" ")[2])[-4:]
        assert shows(after, values[at])
        assert shows(moved.lstrip("−+"), abs(updates[at]))
        assert shows(before, values[at] - updates[at])


async def test_an_example_and_the_batch_have_gradients_of_their_own(open_app: OpenApp) -> None:
    async with open_app() as driver:
        await driver.press("b", "i")
        of_first = first_line(driver)
        assert "alone: what it adds to ∂L/∂w" in driver.text()
        await driver.press("full_stop")
        assert first_line(driver) != of_first
        await driver.press("comma")
        assert first_line(driver) == of_first
        await driver.press("e")
        assert "for the batch of 100" in driver.text()
        gradients = trainer_of(driver).network.parameters.named(trainer_of(driver).network.parameters.gradients)
        largest = max(float(np.abs(gradients[f"dense3.{kind}"]).max()) for kind in ("weights", "biases"))
        assert shows(re.findall(NUMBER, first_line(driver))[-2].lstrip("+−"), largest)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_page_of_blame_is_whole_at_every_size(
    open_app: OpenApp, order: Order, size: tuple[int, int]
) -> None:
    experiment = combine(TABLES, MAPS)
    async with open_app(size, replace(order, experiment=experiment)) as driver:
        await driver.press("u", "i")
        for key in ("w", "w", "a", "e", "w", "left_square_bracket", "left_square_bracket", "left_square_bracket"):
            await driver.press(key)
            assert not faults(driver.app), key
        assert "∂L/∂x" in driver.text()
        assert "Largest" in driver.text() or size[1] < 24
        await driver.press("i")
        assert not isinstance(driver.app.screen, BlameScreen)


async def test_a_layer_without_weights_says_so(open_app: OpenApp, order: Order) -> None:
    async with open_app(order=replace(order, experiment=combine(TABLES, MAPS))) as driver:
        await driver.press("i", "left_square_bracket", "left_square_bracket")
        assert "This layer has no weights" in driver.text()
