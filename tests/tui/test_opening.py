"""The screen while a source is being opened."""

import asyncio

import pytest

from nnviz.remote.opening_progress import OpeningProgress
from nnviz.tui.app import NnvizApp
from tests.tui.conftest import Driver


class SlowlyOpened:
    """A trainer that says how far it is, if that is known, and never gets further."""

    def __init__(self, *known: OpeningProgress) -> None:
        self.known = list(known)

    async def has_spoken(self) -> None:
        if not self.known:
            await asyncio.Event().wait()

    def receive(self) -> OpeningProgress:
        return self.known.pop(0)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 16)])
@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_it_says_how_far_it_is_and_can_be_left_at_once(size: tuple[int, int], key: str) -> None:
    trainer = SlowlyOpened(OpeningProgress(12_345, 50_000, 3210.0))
    app = NnvizApp(trainer, "flowers")  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        await driver.wait_for(lambda: "left" in driver.text())
        lines = [line.strip() for line in driver.text().splitlines() if line.strip()]
        told = " ".join(lines[:-1])
        assert told == "nnviz   opening flowers …  12,345 of 50,000 images · 3,210/s · 12 s left"
        assert lines[-1].endswith("25%")
        assert "━" in lines[-1]
        await pilot.press(key)
        await driver.wait_for(lambda: not app.is_running)


async def test_a_source_that_is_there_at_once_needs_no_bar() -> None:
    trainer = SlowlyOpened()
    app = NnvizApp(trainer, "flowers")  # type: ignore[arg-type]
    async with app.run_test() as pilot:
        await pilot.pause()
        assert Driver(app, pilot).text().split() == ["nnviz", "opening", "flowers", "…"]
