"""Whoever is kept from the processor, between any two lines, does late what is due, and leaves nothing out."""

from itertools import count
from types import SimpleNamespace

from textual import timer


async def test_a_new_size_is_laid_out_on_a_machine_that_is_busy(open_app, monkeypatch):
    async with open_app() as driver:
        clock = count(step=0.02)
        monkeypatch.setattr(timer, "_time", SimpleNamespace(get_time=lambda: next(clock)))
        for size in ((80, 24), (100, 30)):
            await driver.pilot.resize_terminal(*size)
            await driver.wait_for(lambda size=size: driver.app.screen._compositor.size == size)
