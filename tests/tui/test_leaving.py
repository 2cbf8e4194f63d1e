"""Leaving, and beginning another branch, by the app's keys: how far the scores are is shown, and escape stays."""

import asyncio

import pytest
from textual.command import CommandList, DiscoveryHit, Hits, Provider

from nnviz.frame.frame import Frame, State
from nnviz.remote import messages as m
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.tui.app import NnvizApp

from .conftest import Driver, OpenApp

SETS_DOWN = (m.SetDown, m.Restart)


class Slow(LocalTrainer):
    """It says that a quarter of the scores is there, and goes on when somebody would rather leave them, or lets it."""

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        self.goes_on = asyncio.Event()
        self.has_told = False

    def send(self, request: m.Request) -> None:
        super().send(request)
        self.goes_on.clear()
        self.has_told = not isinstance(request, SETS_DOWN)

    async def has_spoken(self) -> None:
        if isinstance(self._asked, SETS_DOWN) and self.has_told:
            await self.goes_on.wait()

    def receive(self) -> "m.Answer | OpeningProgress":
        if not self.has_told:
            self.has_told = True
            return OpeningProgress(1, 4, 3.0, "batch")
        return super().receive()

    def hurry(self) -> None:
        if self._asked is not None and self.has_told and isinstance(self._asked, SETS_DOWN):
            # The service is asked before it begins to score.
            session = self.service.session
            session.tell_scores = lambda: lambda *_: session.interruption.ask()
        self.goes_on.set()


@pytest.mark.parametrize("page", [(), ("question_mark",)], ids=["screen", "help"])
async def test_who_leaves_sees_how_far_the_scores_are_and_may_stay(order: Order, page: tuple[str, ...]) -> None:
    trainer = Slow(order)
    app = NnvizApp(trainer, "pets")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await app.ready.wait()
        driver = Driver(app, pilot)
        before = await driver.press("enter", "f")
        await driver.press(*page, "ctrl+q")
        await driver.wait_for(lambda: app.link.is_told)
        # Where that was told first, words that say less do not take its place.
        app._tell_keeping()
        if not page:
            await driver.until_shown("Scores of what was trained: 25% done. Escape stays, q leaves the scores out.")
        covering = app.screen
        await driver.press("escape")
        await driver.wait_for(lambda: not app.link.busy)
        assert app.is_running
        assert not app.is_leaving
        assert app.screen is covering, "a page is left by the next escape"
        await driver.wait_for(lambda: "Scores of" not in driver.text())
        if page:
            await driver.press("escape")
        assert (driver.frame.moment, driver.frame.state) == (before.moment, State.PAUSED)
        trainer.service.session.tell_scores = lambda: lambda *_: None
        assert (await driver.press("enter")).moment.step == before.moment.step
        await driver.press("q")
        await driver.wait_for(lambda: app.link.is_told)
        trainer.goes_on.set()
        await driver.until_left()
    ending = trainer.close()
    assert ending.directory == str(order.out)
    assert ending.is_scored


async def test_who_leaves_twice_does_not_wait_for_scores(order: Order) -> None:
    trainer = Slow(order)
    app = NnvizApp(trainer, "pets")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await app.ready.wait()
        driver = Driver(app, pilot)
        await driver.press("enter", "q")
        await driver.wait_for(lambda: app.link.is_told)
        await driver.press("q")
        await driver.until_left()
    ending = trainer.close()
    assert ending.directory == str(order.out)
    assert not ending.is_scored


async def test_who_begins_again_may_stay_with_what_there_is(order: Order) -> None:
    trainer = Slow(order)
    app = NnvizApp(trainer, "pets")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await app.ready.wait()
        driver = Driver(app, pilot)
        before = await driver.press("enter", "f")
        await driver.press("r")
        await driver.wait_for(lambda: app.link.is_told)
        driver.screen._tell_working()
        await driver.until_shown("Scores of what was trained: 25% done. Escape stays.")
        await driver.press("escape")
        await driver.wait_for(lambda: not app.link.busy)
        assert isinstance(driver.frame, Frame)
        assert driver.frame.moment == before.moment
        trainer.service.session.tell_scores = lambda: lambda *_: None
        await driver.press("r")
        await driver.wait_for(lambda: app.link.is_told)
        trainer.goes_on.set()
        await driver.wait_for(lambda: not app.link.busy)
        assert (driver.frame.moment.step, driver.frame.moment.done) == (0, 0)
        assert not app.is_leaving
    trainer.close()


async def test_an_end_while_commands_are_looked_for_is_no_fault(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_gone = asyncio.Event()

    class Slow(Provider):
        async def search(self, query: str) -> Hits:
            raise NotImplementedError(query)
            yield

        async def discover(self) -> Hits:
            await list_gone.wait()
            yield DiscoveryHit("a command", lambda: None)

    monkeypatch.setattr(NnvizApp, "COMMANDS", {Slow})
    monkeypatch.setattr(CommandList, "on_unmount", lambda _: list_gone.set(), raising=False)
    async with open_app() as driver:
        await driver.press("ctrl+p")
    assert list_gone.is_set()
    assert driver.app.fault is None
