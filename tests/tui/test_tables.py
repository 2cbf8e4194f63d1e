"""A table on screen: columns by name, numbers in their own unit, predicted against true."""

import re
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.remote.messages import Order
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.scatter import scatter
from nnviz.tui.drawing.track import track
from tests.insight.test_story import shows
from tests.tui.conftest import Driver, OpenApp


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


def _distances(driver: Driver) -> tuple[Array, Array]:
    """RMSE and MAE (2, targets) of what is predicted of the test examples, and of always predicting the mean."""
    trainer = driver.app.link.trainer.service.session.trainer  # type: ignore[attr-defined]
    test, train = trainer.dataset.test, trainer.dataset.train
    of_mean = train.labels.astype(np.float64).mean(axis=0) - test.labels
    both = (trainer.predict(test.inputs).astype(np.float64) - test.labels, of_mean)
    told, mean = (np.stack([np.sqrt((errors**2).mean(axis=0)), np.abs(errors).mean(axis=0)]) for errors in both)
    return told, mean


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_test_shows_predicted_against_true(open_app: OpenApp, houses: Order, size: tuple[int, int]) -> None:
    async with open_app(size, houses) as driver:
        await driver.press("u", "t")
        text = driver.text()
        for measure, told, of_mean in zip(("RMSE", "MAE"), *_distances(driver), strict=True):
            found = re.search(rf"{measure} ([\d.,]+) \(the mean ([\d.,]+)\)", text)
            assert found is not None
            assert shows(found[1], told.item())
            assert shows(found[2], of_mean.item())
        assert "across: true price" in text
        assert "●" in text


async def test_the_test_tells_the_distance_from_each_target(open_app: OpenApp, order: Order, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    path = tmp_path / "two.npz"
    np.savez(path, x=generator.normal(size=(80, 3)), y=generator.normal(size=(80, 2)) * [0.01, 5000])
    experiment = combine(suggested(find_source(str(path))), {"data": {"source": str(path)}})
    async with open_app((80, 24), replace(order, experiment=experiment)) as driver:
        await driver.press("u", "t")
        told, of_mean = _distances(driver)
        for k in (0, 1):
            found = re.search(rf"output {k} +([\d.,]+) +([\d.,]+) +([\d.,]+) +([\d.,]+)", driver.text())
            assert found is not None
            expected = (told[0, k], of_mean[0, k], told[1, k], of_mean[1, k])
            assert all(map(shows, found.groups(), expected)), (found.groups(), expected)
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
