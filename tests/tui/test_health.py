"""The page of health by its keys: its numbers are those of the network, and it follows the training."""

import re
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from textual.widgets import OptionList

from nnviz.experiment import combine
from nnviz.frame.frame import State
from nnviz.frame.layer_measures import MEASURES, Measure, measured, measures_of
from nnviz.remote.messages import Order
from nnviz.training.engine_trace import EngineTrace
from nnviz.tui.drawing.layer_table import COLUMNS, told
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.sparkline import sparkline
from nnviz.tui.panes.loss import LossPane
from nnviz.tui.panes.title import TitlePane
from nnviz.tui.screens.health import HealthScreen
from nnviz.tui.screens.training import TrainingScreen
from tests.remote.conftest import straight
from tests.tui.conftest import ENDLESS, TABLES, OpenApp

SIZES = [(80, 24), (120, 40), (160, 48), (200, 50)]


def told_of(driver) -> str:
    """All that the list of alerts and rules says."""
    options = driver.app.screen.query_one(OptionList).options
    return " ".join(" ".join(str(option.prompt) for option in options).split())


async def test_layers_are_read_at_least_as_often_as_is_said(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        trainer = driver.app.link.trainer.service.session.trainer
        # Far enough for readings that lie as far apart as they ever do, and too short a run for bins of several.
        while trainer.steps_done < 3 * trainer.layers.spacing:
            trainer.step()
        await driver.press("h")
        told = re.search(r"layers read (?:at least )?every ([\d,]+ )?steps?", driver.text())
        most = int((told[1] or "1").replace(",", ""))
        gaps = np.diff(trainer.layers.steps[: trainer.layers.filled])
        assert trainer.layers.stride == 1
        assert gaps.max() == most
        assert ("at least" in told[0]) == (gaps.min() < most)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_table_has_the_numbers_of_the_network_at_this_moment(open_app: OpenApp, order: Order, size) -> None:
    async with open_app(size) as driver:
        for _ in range(3):
            await driver.press("enter")
        await driver.press("h")
        page = driver.app.screen
        assert isinstance(page, HealthScreen)
        oracle = straight(order.experiment, 3)
        expected = measured(EngineTrace(oracle.engine))
        assert "after step 3" in driver.text()
        lines = [line.strip("│ ").split() for line in driver.text().splitlines()]
        headings = next(line for line in lines if "W" in line)
        shown = [measure for measure, name in COLUMNS if " ".join(headings).count(name)]
        assert len(shown) >= (9 if size[0] > 80 else 8)
        for number, layer in enumerate(EngineTrace(oracle.engine).layers):
            [row] = [line for line in lines if line and line[0] == layer.name]
            own = [measure for measure in shown if measure in measures_of(layer)]
            for text, measure in zip(row[1:], own, strict=True):
                assert text == told(expected[number, MEASURES.index(measure)], measure, len(text)), (
                    layer.name,
                    measure,
                )
        np.testing.assert_array_equal(page._view.now, expected)
        await driver.press("escape")
        assert isinstance(driver.app.screen, TrainingScreen)


async def test_the_cursor_reads_a_number_out_with_its_curve(open_app: OpenApp, order: Order) -> None:
    async with open_app((120, 40)) as driver:
        for _ in range(3):
            await driver.press("enter")
        await driver.press("h", "down", "down", "right")
        assert "dense2: size of the gradient of the weights" in driver.text()
        history = straight(order.experiment, 3).layers
        steps, means, _, _ = history.series(2, Measure.GRADIENT)
        assert steps.tolist() == [1, 2, 3]
        assert re.search(r"steps 1 to 3", driver.text())
        np.testing.assert_allclose(
            driver.app.screen._view.means[:, 2, MEASURES.index(Measure.GRADIENT)], means, rtol=1e-6
        )
        await driver.press("up", "up", "up")
        assert "dense3: size of the gradient" in driver.text(), "layers go round"


async def test_an_alert_is_marked_above_and_told_on_the_page_with_what_ran_and_what_did_not(open_app, tmp_path) -> None:
    tables = {**TABLES, "training": {"batch_size": 100, "learning_rate": 1e-9}}
    async with open_app((120, 40), Order(combine(tables), tmp_path / "ill")) as driver:
        assert driver.frame.alerts == 0
        for _ in range(5):
            await driver.press("e")
            await driver.until(State.PAUSED)
        assert driver.frame.alerts >= 2
        assert f"▲ {driver.frame.alerts} alerts (h)" in driver.text()
        await driver.press("h")
        text = told_of(driver)
        assert "▲ updates-too-small · dense1 · step 1 A step changes the weights of dense1" in text
        assert "To try: A learning rate of 0.01 instead of 1e−9; or adam as the optimizer." in text
        assert "Ran, and found nothing: inputs-badly-scaled" in text
        assert "Could not run: targets-badly-scaled, because the targets are classes." in text


async def test_the_page_follows_a_training_that_runs(open_app: OpenApp, tmp_path: Path) -> None:
    endless = Order(combine(TABLES, ENDLESS), tmp_path / "endless")
    async with open_app((80, 24), endless) as driver:
        await driver.press("space", "h")
        await driver.wait_for(lambda: isinstance(driver.app.screen, HealthScreen))
        seen = driver.app.screen._view.total
        await driver.wait_for(lambda: driver.app.screen._view.total > seen + 2)
        await driver.press("escape", "space")


async def test_the_sign_of_alerts_is_never_cut_from_the_title(open_app: OpenApp) -> None:
    async with open_app((120, 40)) as driver:
        frame, pane = driver.frame, TitlePane()
        pane.palette = DARK
        for state in set(State) - {State.REPLAYING}:
            for width in (60, 80, 120, 200):
                [strip] = pane.draw(replace(frame, alerts=12, state=state), width, 1)
                assert "▲ 12" in strip.text
                assert "lr 0.01" in strip.text
                [strip] = pane.draw(replace(frame, state=state), width, 1)
                assert "▲" not in strip.text


def test_a_sparkline_has_its_lowest_its_highest_and_gaps() -> None:
    assert sparkline(np.array([0.0, 7.0, np.nan, 3.0]), 4) == "▁█ ▄"
    assert sparkline(np.array([2.0, 2.0]), 9) == "▁▁"
    assert sparkline(np.array([np.nan, np.inf]), 9) == "  "
    assert sparkline(np.arange(100.0), 8) == "▁▂▃▄▅▆▇█"
    assert sparkline(np.array([]), 8) == ""


async def test_enter_on_an_alert_tries_it_and_both_curves_are_seen(open_app: OpenApp, tmp_path: Path) -> None:
    tables = {**TABLES, "training": {"batch_size": 100, "learning_rate": 1e-9}}
    async with open_app((120, 40), Order(combine(tables), tmp_path / "ill")) as driver:
        for _ in range(5):
            await driver.press("e")
            await driver.until(State.PAUSED)
        end = driver.frame.moment.furthest
        assert "▲" in driver.screen.query_one(LossPane).rows()[0].text
        await driver.press("h")
        page = driver.app.screen
        alert = page._view.diagnosis.alerts[page.query_one(OptionList).highlighted]
        await driver.press("enter")
        assert isinstance(driver.app.screen, TrainingScreen)
        await driver.wait_for(lambda: driver.frame.state is State.PAUSED)
        assert driver.frame.moment.furthest == end
        assert driver.frame.learning_rate == alert.changes["training"]["learning_rate"] == 0.01
        [other] = driver.frame.curves.others
        assert (other.name, other.total) == ("branch 1", end)
        assert "branch 2 (· branch 1)" in driver.text()
        await driver.press("B")
        assert "with a learning rate of 0.01 instead of 1e−9, after branch 1" in " ".join(driver.text().split())


async def test_an_alert_that_takes_a_person_says_so(open_app: OpenApp, tmp_path: Path) -> None:
    table = tmp_path / "few.csv"
    rows = "".join(f"{i % 7},{'ab'[i % 2]}\n" for i in range(200))
    table.write_text(f"x,target\n{rows}")
    order = Order(combine({"data": {"source": str(table)}, "network": {"layers": "dense 4 relu"}}), tmp_path / "run")
    async with open_app((120, 40), order) as driver:
        await driver.press("enter", "h")
        assert "▲ shared-examples · from the beginning" in told_of(driver)
        assert "To do by hand: " in told_of(driver)
        await driver.press("enter")
        assert isinstance(driver.app.screen, HealthScreen)
        assert "That takes a person: " in driver.text()


async def test_the_cursor_stays_at_its_alert_while_others_come(open_app: OpenApp, tmp_path: Path) -> None:
    tables = {**TABLES, "training": {"batch_size": 100, "learning_rate": 1e-9}}
    async with open_app((120, 40), Order(combine(tables), tmp_path / "ill")) as driver:
        for _ in range(5):
            await driver.press("e")
            await driver.until(State.PAUSED)
        await driver.press("h", "down")
        page = driver.app.screen
        assert page.query_one(OptionList).highlighted == 1
        alerts = page._view.diagnosis.alerts
        page._view = replace(page._view, diagnosis=replace(page._view.diagnosis, alerts=alerts[1:]))
        page._show()
        assert page.query_one(OptionList).highlighted == 0
        # The numbers have a cursor of their own.
        await driver.press("tab", "right")
        assert "size of the gradient" in driver.text()
        await driver.press("tab", "down")
        assert page.query_one(OptionList).highlighted == 1
