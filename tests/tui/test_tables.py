"""A table on screen: columns by name, numbers in their own unit, predicted against true."""

import re
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.remote.messages import Order
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.scatter import scatter
from nnviz.tui.drawing.track import track
from tests.tui.conftest import OpenApp


@pytest.fixture
def houses(order: Order, tmp_path: Path) -> Order:
    rows = [f"{i},{'red' if i % 3 else 'blue'},{100_000 + 1000 * i}" for i in range(100)]
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(["size,colour,price", *rows, ""]))
    return replace(order, experiment=combine(suggested(find_source(str(path))), {"data": {"source": str(path)}}))


async def test_columns_have_names_and_their_own_unit(open_app: OpenApp, houses: Order) -> None:
    async with open_app((120, 40), houses) as driver:
        frame = await driver.press("f")
        text = driver.text()
        example = frame.example
        assert example.stored is not None
        assert example.prediction is not None
        size, blue, red = example.stored.tolist()
        for name, value in (("size", size), ("colour=blue", blue), ("colour=red", red)):
            assert re.search(rf"{name} +{value:g} ", text)
        assert example.target[0] == 100_000 + 1000 * size
        assert f"target {example.target[0]:,.0f}" in text
        assert f"said {example.prediction[0]:,.0f}" in text
        assert "scaled squared error" in text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_test_shows_predicted_against_true(open_app: OpenApp, houses: Order, size: tuple[int, int]) -> None:
    async with open_app(size, houses) as driver:
        await driver.press("u", "t")
        text = driver.text()
        assert "RMSE" in text
        assert "(the mean" in text
        assert "across: true price" in text
        assert "●" in text


async def test_the_test_tells_the_distance_from_each_target(open_app: OpenApp, order: Order, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    path = tmp_path / "two.npz"
    np.savez(path, x=generator.normal(size=(80, 3)), y=generator.normal(size=(80, 2)) * [0.01, 5000])
    experiment = combine(suggested(find_source(str(path))), {"data": {"source": str(path)}})
    async with open_app((80, 24), replace(order, experiment=experiment)) as driver:
        await driver.press("u", "t")
        small, large = (re.search(rf"output {k} +([\d.,]+) +([\d.,]+)", driver.text()) for k in (0, 1))
        assert small is not None
        assert large is not None
        # About the deviation of each: little has been learnt.
        for found, deviation in ((small, 0.01), (large, 5000)):
            assert deviation / 3 < float(found[1].replace(",", "")) < deviation * 9
            assert deviation / 3 < float(found[2].replace(",", "")) < deviation * 3
        assert "across: true output 0" in driver.text()


def test_a_perfect_prediction_lies_on_the_diagonal() -> None:
    numbers = np.linspace(0, 1000, 400)
    drawn = scatter(numbers, numbers, 60, 20).plain
    assert drawn.count("●") > 5 * drawn.count("·")
    assert {len(line) for line in drawn.splitlines()} == {60}


@pytest.mark.parametrize("predicted", [np.array([np.nan, np.inf]), np.array([1e30, -1e30]), np.array([5.0, 5.0])])
def test_any_prediction_can_be_drawn(predicted: np.ndarray) -> None:
    assert len(scatter(np.array([5.0, 5.0]), predicted, 40, 10).plain.splitlines()) == 10


@pytest.mark.parametrize("p", [None, 0.0, 99.0, -99.0, float("nan"), float("inf")])
@pytest.mark.parametrize("width", [0, 1, 9])
def test_a_number_line_is_as_wide_as_it_is_to_be(p: float | None, width: int) -> None:
    assert sum(len(text) for text, _ in track(p, 0.5, 0.0, 1.0, width, DARK)) == width
