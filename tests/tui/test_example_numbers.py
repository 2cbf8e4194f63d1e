"""Examples are counted from 1 wherever they are told by a number: in the batch, in the split, and in the heatmap."""

import re

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.experiment import combine
from nnviz.frame.focus import Quantity
from nnviz.remote.messages import Order
from tests.tui.conftest import OpenApp


@pytest.mark.parametrize("place", [0, 2])
async def test_an_example_has_the_same_number_in_the_header_the_list_and_the_heatmap(
    open_app: OpenApp, order: Order, place: int
) -> None:
    # The first layers join no units, so that the heatmap has a column for each example.
    tables = {
        "data": {"source": "xor"},
        "network": {"layers": "dropout 0.3, dense 5 relu"},
        "training": {"batch_size": 9},
    }
    async with open_app((160, 48), replace(order, experiment=combine(tables))) as driver:
        trainer = driver.app.link.trainer.service.session.trainer  # type: ignore[attr-defined]
        frame = await driver.press("f", *["full_stop"] * place)
        stored = trainer.dataset.train.inputs
        assert f"{place + 1} of 9 in the batch" in driver.text()
        (number,) = re.findall(r" #([\d,]+)│", driver.text())
        assert re.findall(r"▶#([\d,]+) ", driver.text()) == [number], "where the losses of the batch are listed"
        np.testing.assert_array_equal(stored[int(number.replace(",", "")) - 1], frame.example.stored)
        await driver.press(*["left_square_bracket"] * 2, "w", "w", "w", "4", "home")
        assert driver.frame.matrix.quantity is Quantity.ACTIVATION
        given, seen = trainer.engine.outputs[1], set()
        for _ in range(9):
            told, unit, example = re.search(r"([+−][\d.e−]+|0) · unit (\d), example (\d)", driver.text()).groups()
            value = given[int(example) - 1, int(unit)]
            assert float(told.replace("−", "-")) == pytest.approx(value, abs=0.006)
            seen.add(int(example))
            await driver.press("right")
        assert seen == set(range(1, 10))
