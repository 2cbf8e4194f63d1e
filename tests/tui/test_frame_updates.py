"""What panes draw of a running training, of which they are shown only some parts."""

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from textual.strip import Strip

from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Frame, FrameUpdate
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import PACES, Look, Order, Run, SetFocus
from nnviz.tui.app import NnvizApp
from nnviz.tui.panes.framed_pane import FramedPane
from nnviz.tui.panes.pane import TURNS, Pane
from nnviz.tui.screens.training import TrainingScreen
from tests.tui.conftest import ENDLESS, TABLES, Driver, OpenApp

NAMES = {"[": "left_square_bracket", "]": "right_square_bracket", ".": "full_stop"}
EXPERIMENTS = {
    "pets": combine(TABLES),
    "maps": combine(TABLES, {"network": {"layers": "conv 4 3x3 relu, pool 2, dense 5 tanh"}}),
    **{
        name: combine(suggested(find_source(name)), {"data": {"source": name}})
        for name in ("spiral", "waves", "road", "language")
    },
}


def drawn(pane: Pane, frame: Frame) -> tuple[list[Strip], object]:
    caption = pane.caption(frame, *pane.content_size) if isinstance(pane, FramedPane) else None
    return pane.draw(frame, *pane.content_size), caption


@pytest.mark.parametrize("source", EXPERIMENTS)
async def test_a_pane_draws_of_its_parts_what_it_would_draw_of_the_whole_frame(order: Order, source: str) -> None:
    order = replace(order, experiment=EXPERIMENTS[source])
    now = 0.0
    trainer = LocalTrainer(order, clock=lambda: now)
    service = trainer.service
    async with NnvizApp(trainer, source).run_test(size=(160, 48)) as pilot:
        app = pilot.app
        assert isinstance(app, NnvizApp)
        await app.ready.wait()
        screen = app.screen
        assert isinstance(screen, TrainingScreen)
        before = service.answer(Run(PACES[-1]))
        assert isinstance(before, Frame)
        for quantity in Quantity:
            for focus in (SetFocus(Focus(1, 0, quantity)), SetFocus(Focus(3, 9, quantity))):
                service.work(iter([False, False, True]).__next__)
                now += 1.0
                whole = service.answer(focus)
                assert isinstance(whole, Frame)
                assert whole.rates.steps_per_second == 2
                for pane in screen.query(Pane):
                    update = service.answer(Look(pane.parts))
                    assert isinstance(update, FrameUpdate)
                    assert drawn(pane, update.over(before)) == drawn(pane, whole), (pane.id, focus)
                before = whole


async def test_keys_of_a_fast_training_ask_for_what_the_panes_that_follow_need(
    open_app: OpenApp, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app((160, 48), replace(order, experiment=combine(TABLES, ENDLESS))) as driver:
        await driver.press("space")
        assert driver.screen.is_training
        asked = _requests(driver, monkeypatch)
        for key, panes, wanted in (
            ("left_square_bracket", ["heatmap"], lambda frame: frame.focus.block == 1),
            ("full_stop", ["errors", "example", "prediction"], lambda frame: frame.focus.example == 1),
            ("plus", ["title"], lambda frame: frame.learning_rate == 0.02),
        ):
            driver.screen._clock.pause()
            frame = await driver.press(key)
            assert wanted(frame)
            shown = [pane for pane in driver.screen.query(Pane) if pane._frame is frame]
            assert sorted(str(pane.id) for pane in shown) == panes
            assert asked[-1] == frozenset(part for pane in shown for part in pane.parts)


async def test_a_dear_surface_is_asked_for_again_when_it_has_lasted_and_is_said_to_be_old_until_then(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = combine(suggested(find_source("spiral")), {"data": {"source": "spiral"}}, ENDLESS)
    trainer = LocalTrainer(replace(order, experiment=tables), steps=100)
    async with NnvizApp(trainer, "spiral").run_test(size=(160, 48)) as pilot:
        app = pilot.app
        assert isinstance(app, NnvizApp)
        await app.ready.wait()
        driver = Driver(app, pilot)
        await driver.press("space")
        driver.screen._clock.pause()
        asked = _requests(driver, monkeypatch)
        ages = set()
        for _ in range(12 * TURNS):
            before = driver.frame
            assert before.surface is not None
            await driver.screen._look()
            if "points" in (parts := asked[-1]):
                lasted = before.moment.step >= before.surface.steps + before.surface.lasts
                assert ("surface" in parts) == lasted
                ages.add(lasted)
                told = re.search(r"[Ss]urface( after ([\d,]+) steps)?", driver.text())
                assert told is not None
                steps = int(told[2].replace(",", "")) if told[1] else driver.frame.moment.step + 1
                assert driver.frame.surface.steps == steps
        assert ages == {True, False}
        frame = await driver.press("space")
        assert frame.surface.steps == frame.moment.step + 1
        assert "urface after" not in driver.text()


async def test_a_picture_and_what_is_said_of_it_are_of_one_example_while_training_runs(
    open_app: OpenApp, order: Order
) -> None:
    async with open_app((160, 48), replace(order, experiment=combine(TABLES, ENDLESS))) as driver:
        await driver.press("space")
        panes = [driver.screen.query_one(f"#{name}", Pane) for name in ("example", "prediction", "errors")]
        numbers = set()
        for key in ("full_stop", "left_square_bracket", "w", "plus", "comma"):
            for _ in range(TURNS):
                await driver.screen._look()
                picture, *said = [pane._frame.example for pane in panes if pane._frame]
                assert all(example is picture for example in said)
                numbers.add(picture.number)
            await driver.press(key)
        assert driver.screen.is_training
        assert len(numbers) > 5


@pytest.mark.parametrize(
    ("size", "keys"),
    [((80, 24), "[ [ space ] ] 3"), ((80, 24), "[ space ] 4 [ 2 . 1"), ((160, 48), "[ [ space 4 m ] ] m")],
)
async def test_what_comes_on_screen_while_training_runs_is_of_one_moment(
    open_app: OpenApp, order: Order, size: tuple[int, int], keys: str
) -> None:
    tables = {"network": {"layers": "dense 60 relu, dense 5 tanh"}}
    async with open_app(size, replace(order, experiment=combine(TABLES, ENDLESS, tables))) as driver:
        await driver.press(*(NAMES.get(key, key) for key in keys.split()))
        assert driver.screen.is_training
        await driver.app.workers.wait_for_complete()
        await driver.pilot.pause()
        for name, part in (("errors", "errors"), ("heatmap", "matrix")):
            pane = driver.screen.query_one(f"#{name}", Pane)
            if pane.display:
                assert pane._frame is not None
                focused = next(view.name for view in pane._frame.layers if view.block == pane._frame.focus.block)
                assert getattr(pane._frame, part).name == focused


def _requests(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The parts that are asked for from now on."""
    asked: list[object] = []
    trainer = driver.app.link.trainer
    send: Callable[[object], None] = trainer.send  # type: ignore[assignment]
    monkeypatch.setattr(trainer, "send", lambda request: (asked.append(getattr(request, "parts", None)), send(request)))
    return asked
