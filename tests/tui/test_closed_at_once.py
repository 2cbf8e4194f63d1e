"""A screen that is closed while it is still opening: what it does too late, without its parts, harms nobody."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.css.query import NoMatches
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import Static

from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.screens.after_drawing import once_drawn
from nnviz.tui.terminal_app import TerminalApp

Alarm = Callable[[int, Callable[[], object]], None]


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Iterator[Alarm]:
    """Have something done when so many more messages have been taken from their queues."""
    dispatch = MessagePump._dispatch_message
    due: list[tuple[int, Callable[[], object]]] = []
    taken = 0

    async def counted(self: MessagePump, message: Message) -> None:
        nonlocal taken
        taken += 1
        if due and taken >= due[0][0]:
            due.pop()[1]()
        await dispatch(self, message)

    monkeypatch.setattr(MessagePump, "_dispatch_message", counted)
    yield lambda messages, action: due.append((taken + messages, action))
    assert not due, "it was never done"


@pytest.mark.parametrize("messages", [1, 4, 8, 16, 48])
@pytest.mark.parametrize("key", ["o", "t"], ids=["options", "test"])
async def test_an_app_ends_while_a_page_opens(after: Alarm, order: Order, key: str, messages: int) -> None:
    app = NnvizApp(LocalTrainer(order), "pets")
    async with app.run_test(size=(120, 40)) as pilot:
        await app.ready.wait()
        await pilot.pause()
        after(messages, app.exit)
        app.simulate_key(key)
        while app.return_code is None:
            await pilot.pause(0.02)
    assert app.return_code == 0
    assert app.fault is None


class Part(Static):
    """What is fitted."""


class Fitted(Screen[None]):
    """It fits its part once it has been drawn, and has done so `fitted` times."""

    fitted = 0

    def compose(self) -> ComposeResult:
        yield Part()

    def fit(self) -> None:
        self.query_one(Part)
        self.fitted += 1

    async def close(self) -> None:
        once_drawn(self, self.fit)
        # It is off the screen before it has come to its next message.
        self.app.pop_screen()
        while self in self.app.screen_stack:
            await asyncio.sleep(0)


async def test_nothing_is_fitted_on_a_screen_that_was_closed() -> None:
    app: TerminalApp[Any] = TerminalApp()
    async with app.run_test() as pilot:
        screen = Fitted()
        await app.push_screen(screen)
        once_drawn(screen, screen.fit)
        while not screen.fitted:
            await pilot.pause()
        screen.call_next(screen.close)
        while screen.is_running:
            await pilot.pause()
        await pilot.pause()
    assert app.fault is None
    assert screen.fitted == 1


async def test_a_screen_that_is_there_and_misses_a_part_is_a_fault() -> None:
    app: TerminalApp[Any] = TerminalApp()

    async def miss() -> None:
        async with app.run_test() as pilot:
            app.screen.call_next(lambda: app.screen.query_one(Part))
            while app.fault is None:
                await pilot.pause(0.02)

    with pytest.raises(NoMatches):
        await miss()


class Lacking(TerminalApp[None]):
    """It misses a part as it starts."""

    def on_mount(self) -> None:
        self.query_one(Part)


async def test_a_part_that_is_missing_at_the_start_is_a_fault() -> None:
    app = Lacking()

    async def start() -> None:
        async with app.run_test():
            pass

    with pytest.raises(NoMatches):
        await start()
    assert app.fault is not None
