"""The loss pane says what it draws, and so where the two losses that it shows are not of the same kind."""

import pytest
from msgspec.structs import replace

from nnviz.experiment import combine
from nnviz.frame.frame import State
from nnviz.frame.layer_measures import Measure
from nnviz.remote.messages import Order
from nnviz.tui.panes.loss import LossPane
from nnviz.wording import number, percent
from tests.remote.conftest import straight
from tests.tui.conftest import Driver, OpenApp

EXTRAS = {"label_smoothing": 0.1, "class_weights": "balanced"}


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((80, 24), "Loss · train has 3 extras"),
        ((120, 40), "Loss · train has 3 extras"),
        ((200, 50), "Loss · only train has smoothed labels and 2 more"),
    ],
)
async def test_what_only_the_training_loss_has_is_told(
    open_app: OpenApp, order: Order, size: tuple[int, int], told: str
) -> None:
    network = replace(order.experiment.network, layers="dense 5 relu dropout 0.3")
    experiment = replace(order.experiment.with_training(**EXTRAS), network=network)
    async with open_app(size, replace(order, experiment=experiment)) as driver:
        await driver.press("e")
        text = driver.text()
        assert told in text
        assert "validation accuracy" in text


async def test_losses_of_the_same_kind_are_told_without_a_word(open_app: OpenApp, order: Order) -> None:
    async with open_app((120, 40), order) as driver:
        await driver.press("e")
        assert "train has" not in driver.text()


def legend_of(driver: Driver) -> str:
    """The first row of the loss pane."""
    return driver.screen.query_one(LossPane).rows()[0].text


@pytest.mark.parametrize(
    ("size", "title"),
    [((120, 40), "Accuracy · in % "), ((200, 50), "Accuracy · share said right, in % ")],
    ids=["120", "200"],
)
async def test_c_shows_the_accuracy_of_batches_and_of_validation(
    open_app: OpenApp, order: Order, size: tuple[int, int], title: str
) -> None:
    async with open_app(size) as driver:
        for _ in range(2):
            await driver.press("e")
            await driver.until(State.PAUSED)
        await driver.press("c")
        oracle = straight(order.experiment, 20)
        legend = legend_of(driver)
        assert title in driver.text()
        _, means, _, _ = oracle.layers.right
        assert f"train {percent(means[-1])}" in legend
        assert percent(oracle.history.latest.validation.accuracy) in legend.split("val")[1]
        await driver.press("c")
        assert "Accuracy ·" not in driver.text()
        assert f"train {number(oracle.history.training.latest)}" in legend_of(driver)


async def test_a_number_of_a_layer_comes_from_the_page_of_health_and_is_named(open_app: OpenApp, order: Order) -> None:
    async with open_app((200, 50)) as driver:
        await driver.press("e")
        await driver.until(State.PAUSED)
        await driver.press("h", "tab") if driver.frame.alerts else await driver.press("h")
        await driver.press("down", "down", "right", "l")
        history = straight(order.experiment, 10).layers
        steps, means, _, _ = history.series(2, Measure.GRADIENT)
        assert "dense2 · size of the gradient of the weights" in driver.text()
        assert f"⡇ read {number(means[-1])}" in legend_of(driver)
        await driver.press("home")
        pane = driver.screen.query_one(LossPane)
        assert f"⡇ read {number(means[0])}" in " ".join(strip.text for strip in pane.rows())
        # From reading to reading.
        await driver.press("right", "right")
        assert pane.chosen == steps[2]
        await driver.press("c", "c")
        assert "dense2 ·" not in driver.text()
        await driver.press("c")
        assert "dense2 · size of the gradient" in driver.text()


async def test_where_targets_are_numbers_there_is_no_accuracy(open_app: OpenApp, tmp_path) -> None:
    tables = {"data": {"source": "waves"}, "network": {"layers": "dense 4 tanh"}}
    async with open_app((120, 40), Order(combine(tables), tmp_path / "run")) as driver:
        await driver.press("enter", "c")
        assert "Accuracy" not in driver.text()
        assert "Loss ·" in driver.text()
