"""The page of the test on unseen examples: its parts, by keys and clicks, beside what is counted here."""

import io
import math
import re
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from rich.console import Console

from nnviz.array import Array
from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.frame.frame import State
from nnviz.insight.score_words import class_rows, rule, threshold_rows
from nnviz.remote.messages import Order
from nnviz.scores.class_score import Commonest, class_scores
from nnviz.scores.interval import wilson
from nnviz.scores.thresholds import thresholds
from nnviz.training.judgement import ClassJudgement
from nnviz.tui.drawing.row_table import RowTable
from nnviz.tui.screens.mistakes import MistakesPart
from nnviz.wording import percent
from tests.tui.conftest import Driver, OpenApp


def judged_here(driver: Driver) -> tuple[Array, Array]:
    """What the network says of the test examples, and their labels."""
    trainer = driver.app.link.trainer.service.session.trainer  # type: ignore[attr-defined]
    test = trainer.dataset.test
    return trainer.predict(test.inputs), test.labels


@pytest.fixture
async def epoch(open_app: OpenApp) -> AsyncIterator[Driver]:
    async with open_app((80, 24)) as driver:
        await driver.press("e")
        await driver.until(State.PAUSED)
        await driver.press("t")
        yield driver


async def test_accuracy_beside_its_interval_and_the_commonest_class_and_the_measures_of_each(epoch: Driver) -> None:
    predictions, labels = judged_here(epoch)
    n, share = len(labels), float((predictions.argmax(axis=1) == labels).mean())
    z = 1.959963984540054
    middle, reach = share + z**2 / (2 * n), z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = ((middle + sign * reach) / (1 + z**2 / n) for sign in (-1, 1))
    assert f"95% interval {percent(low)} to {percent(high)}" in epoch.text()
    assert f"always saying cat, the commonest: {percent(float((labels == 0).mean()))}" in epoch.text()
    said, text = predictions.argmax(axis=1), epoch.text()
    for k, name in enumerate(("cat", "dog")):
        right = int(((said == k) & (labels == k)).sum())
        counts = int((labels == k).sum()), int((said == k).sum())
        shares = right / counts[1], right / counts[0], 2 * right / sum(counts)
        expected = [name, *map(str, counts), str(right), *map(percent, shares)]
        assert re.search(" +".join(map(re.escape, expected)), text), expected


async def test_a_threshold_is_chosen_by_arrows_and_a_part_by_a_click(epoch: Driver) -> None:
    predictions, labels = judged_here(epoch)
    await epoch.press("2")
    p = predictions[:, 1]
    for keys, threshold in (("", 0.5), ("right right", 0.52), ("shift+left", 0.42), ("home left", 0.49)):
        await epoch.press(*keys.split())
        said = p >= threshold
        right, positives, negatives = ((said & (labels == 1)).sum(), (labels == 1).sum(), (labels == 0).sum())
        shares = right / said.sum(), right / positives, (said.sum() - right) / negatives
        expected = [f"{threshold:.2f}", str(said.sum()), str(right), *(percent(float(share)) for share in shares)]
        assert re.search(" +".join(map(re.escape, expected)), epoch.text()), expected
    pairs = (p[labels == 1][:, None] > p[labels == 0]) + (p[labels == 1][:, None] == p[labels == 0]) / 2
    assert f"ROC area {pairs.mean():.3f}" in epoch.text()
    # Calibration, bin by bin.
    await epoch.pilot.click("TabsPane", offset=(28, 0))
    await epoch.pilot.pause()
    sure, right = predictions.max(axis=1).astype(np.float64), predictions.argmax(axis=1) == labels
    error = 0.0
    for m in range(5, 10):
        inside = (sure > m / 10) & (sure <= (m + 1) / 10)
        if not inside.any():
            continue
        many, mean, share = int(inside.sum()), float(sure[inside].mean()), float(right[inside].mean())
        error += many / len(labels) * abs(mean - share)
        expected = [percent(m / 10), "to", percent((m + 1) / 10), str(many), percent(mean), percent(share)]
        assert re.search(" +".join(map(re.escape, expected)), epoch.text()), expected
    assert f"calibration error {percent(error)}" in " ".join(epoch.text().replace("│", " ").split())


async def test_the_cursor_goes_from_mistake_to_mistake(epoch: Driver) -> None:
    await epoch.press("4")
    part = epoch.app.screen.query_one(MistakesPart)
    mistakes = [card.mistake for card in part.children]  # type: ignore[attr-defined]
    across = 3
    at = 0
    for key, by in (("up", 0), ("left", 0), ("right", 1), ("down", across), ("left", -1), ("up", -across)):
        await epoch.press(key)
        at += by
        assert part.chosen is mistakes[at]
        assert epoch.text().count("▶ ") == 1
    assert [m.loss for m in mistakes] == sorted((m.loss for m in mistakes), reverse=True)


async def test_numbers_that_are_furthest_off_come_first(open_app: OpenApp, order: Order, tmp_path: Path) -> None:
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(["size,colour,price", *(f"{i},{'red' if i % 3 else 'blue'},{9 * i}" for i in range(99))]))
    houses = replace(order, experiment=combine(suggested(find_source(str(path))), {"data": {"source": str(path)}}))
    async with open_app((120, 40), houses) as driver:
        await driver.press("u", "t")
        predictions, labels = judged_here(driver)
        residuals = labels - predictions
        explained = 1 - float((residuals**2).sum() / ((labels - labels.mean()) ** 2).sum())
        found = re.search(r"R² (−?[\d.]+)", driver.text())
        assert found is not None
        assert float(found[1].replace("−", "-")) == pytest.approx(explained, abs=6e-3)
        await driver.press("2")
        worst = int(np.abs(residuals[:, 0]).argmax())
        assert f"▶ price {labels[worst, 0]:.0f}" in driver.text()
        assert re.search(rf"said {predictions[worst, 0]:.0f}\b".replace("-", "−"), driver.text())


def test_what_cannot_be_computed_is_not_0() -> None:
    confusion: Array = np.array([[3, 0, 1], [2, 0, 0], [0, 0, 0]])
    judged = ClassJudgement(3, wilson(3, 6), Commonest(0, 4 / 6), class_scores(confusion), None, None)
    rows = class_rows(judged, ("a", "b", "c"))
    assert rows[2][4:] == ["never said", "0%", "0%"]
    assert rows[3][4:] == ["0%", "no examples", "no examples"]
    of = thresholds(np.array([0.2, 0.4]), np.array([False, False]))
    assert of is not None
    assert rule(of, "yes", "no").endswith("no ROC area, as there is no yes")
    assert threshold_rows(of.at(np.array([0.3, 0.5])))[1:] == [
        ["0.30", "1", "0", "0%", "no examples", "50.0%"],
        ["0.50", "0", "0", "never said", "no examples", "0%"],
    ]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_no_number_of_a_table_is_cut(width: int) -> None:
    rows = [["class", "examples", "precision"], ["a long name", "12,345", "99.9%"], ["b", "1", "0%"]]
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(RowTable(rows))
    said = console.export_text()
    assert all(cell in said for row in rows[1:] for cell in row[1:])
