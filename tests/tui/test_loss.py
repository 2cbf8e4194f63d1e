"""The loss pane says so where the two losses that it shows are not of the same kind."""

import pytest
from msgspec.structs import replace

from nnviz.remote.messages import Order
from tests.tui.conftest import OpenApp

EXTRAS = {"label_smoothing": 0.1, "class_weights": "balanced"}


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((80, 24), "Loss · train has 3 extras"),
        ((120, 40), "Loss · only train has smoothed labels and 2 more"),
        ((200, 50), "only train has smoothed labels, class weights and dropout"),
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
