"""A run that another process trains, watched through the app's keys."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from itertools import count

import msgspec
import pytest

from nnviz.frame.frame import State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.remote.watching import REFUSED
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.tui.app import NnvizApp

from .conftest import Driver

Watch = Callable[[], AbstractAsyncContextManager[tuple[Driver, LocalTrainer]]]
BEGINNING = REFUSED.split(":")[0]


def train(trainer: LocalTrainer, steps: int) -> None:
    for _ in range(steps):
        trainer.send(m.Advance(m.Goal.STEP))
        trainer.receive()


@pytest.fixture
def watch(order: Order) -> Watch:
    """The app on a run of 12 steps that goes on, with a checkpoint every five; and who trains it."""

    @asynccontextmanager
    async def watched() -> AsyncIterator[tuple[Driver, LocalTrainer]]:
        trains = LocalTrainer(msgspec.structs.replace(order, checkpoints=CheckpointRule(steps=5)))
        train(trains, 12)
        opened = msgspec.structs.replace(order, opened=order.out, out=order.out.with_name("child"))
        # Whenever it looks at its clock, it is time to look into the directory.
        app = NnvizApp(LocalTrainer(opened, clock=partial(next, count(step=2))), "pets")
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await app.ready.wait()
            await pilot.pause()
            yield Driver(app, pilot), trains
        trains.close()

    return watched


async def test_keys_that_would_train_answer_with_one_line_that_says_why(watch: Watch) -> None:
    assert REFUSED.endswith("that has ended")
    async with watch() as (driver, _):
        before = driver.frame
        assert (before.state, before.moment.step, before.moment.furthest) == (State.WATCHING, 10, 10)
        for keys in (["space"], ["enter"], ["u"], ["e"], ["plus"], ["minus"], ["r"], ["R"], ["g", *"99", "enter"]):
            driver.app.clear_notifications()
            after = await driver.press(*keys)
            await driver.until_shown(BEGINNING)
            shown = " ".join(driver.text().replace("│", " ").split())
            assert "that has ended" in shown, "to its end, at 80 columns too"
            assert (after.state, after.moment, after.learning_rate) == (
                before.state,
                before.moment,
                before.learning_rate,
            ), keys


async def test_where_somebody_looks_back_they_do_too(watch: Watch) -> None:
    async with watch() as (driver, _):
        before = await driver.press("g", *"7", "enter")
        assert (before.state, before.moment.is_back, before.moment.step) == (State.WATCHING, True, 6)
        for key in ("plus", "space", "r"):
            driver.app.clear_notifications()
            after = await driver.press(key)
            await driver.until_shown(BEGINNING)
            assert "begins a branch" not in driver.text()
            assert (after.moment, after.learning_rate) == (before.moment, before.learning_rate)


async def test_keys_that_look_go_about_in_it_as_in_any_other(watch: Watch) -> None:
    async with watch() as (driver, _):
        for keys, place in ((["backspace"], 9), (["g", *"start", "enter"], 0), (["enter"], 0), (["enter"], 1)):
            frame = await driver.press(*keys)
            assert (frame.state, frame.moment.step) == (State.WATCHING, place), keys
        focus = driver.frame.focus
        frame = await driver.press("left_square_bracket", "full_stop", "w")
        assert frame.focus != focus
        await driver.press("g", *"end", "enter")
        await driver.press("h", "escape", "t", "escape")
        assert (driver.frame.moment.step, driver.frame.state) == (9, State.WATCHING)
        assert BEGINNING not in driver.text()


async def test_it_is_followed_and_open_when_it_has_ended(watch: Watch) -> None:
    async with watch() as (driver, trains):
        assert "WATCHING" in driver.text()
        train(trains, 6)
        await driver.wait_for(lambda: driver.frame.moment.furthest == 15)
        trains.close()
        await driver.wait_for(lambda: driver.frame.state is State.PAUSED)
        assert driver.frame.moment.furthest == 18
        frame = await driver.press("enter")
        assert (frame.state, frame.moment.step) == (State.PAUSED, 18)
        await driver.press("q")
        await driver.until_left()
        assert driver.app.link.trainer.close().result.parted_from.step == 18
