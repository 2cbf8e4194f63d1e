"""Walks by chance: a network drawn by chance, and somebody who presses, clicks, pastes and resizes without a plan.

A walk is its number: the same number is the same walk. `python -m tests.tui.walks FIRST LAST` walks several.
"""

import asyncio
import contextlib
import sys
import traceback
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from textual import events
from textual.pilot import Pilot

from nnviz.outside_text import printable
from nnviz.remote import beginnings, session
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.keys import KEYS
from tests.hostile_text import HOSTILE
from tests.tui import chance
from tests.tui.whole import faults

STEPS = 10
# Of the training screen, of the pages over it and of Textual's own; a letter is also a letter of what is searched for.
PRESSED = [key for binding in KEYS for key in binding.key.split(",") if binding.id != "screen.quit"]
OTHERS = ["tab", "shift+tab", "up", "down", "left", "escape", "escape", "ctrl+p", "home", "end", "pagedown", "f1", "é"]


async def walk(number: int) -> list[str]:
    """Walk, and look at the screen after each step: what was wrong with it, and what led to that."""
    random = Random(number)
    with TemporaryDirectory() as folder, contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        experiment, dataset = chance.experiment(random)
        for room in (beginnings, session):
            patch.setattr(room, "open_dataset", lambda *_: dataset)
        app = NnvizApp(LocalTrainer(Order(experiment, Path("run"))), "some data")
        done = [experiment.to_toml()]
        try:
            async with app.run_test(size=_size(random), notifications=True) as pilot:
                await app.ready.wait()
                await pilot.pause()
                return await _wander(random, app, pilot, done)
        except Exception:
            return [*done, traceback.format_exc()]


async def _wander(random: Random, app: NnvizApp, pilot: Pilot[object], done: list[str]) -> list[str]:
    """Go all steps, and note each in `done`; what was wrong after one of them, and what led to that."""
    for _ in range(STEPS):
        done.append(await _go(random, app, pilot))
        await pilot.pause()
        while app.is_running and app.screen._compositor.size != app.size:
            # A new size is laid out a little later, much later on a busy machine.
            await pilot.pause()
        if not app.is_running:
            break
        if found := faults(app):
            return [*done, *found]
    return []


def _size(random: Random) -> tuple[int, int]:
    return random.choice([(80, 24), (120, 40), (random.randint(1, 230), random.randint(1, 70))])


async def _go(random: Random, app: NnvizApp, pilot: Pilot[object]) -> str:
    """One step, and its name."""
    x, y = random.randrange(app.size.width), random.randrange(app.size.height)
    match random.choices(["key", "other", "click", "scroll", "paste", "resize"], [12, 3, 3, 1, 1, 2])[0]:
        case "click":
            await pilot.click(offset=(x, y), times=random.randint(1, 2))
            return f"click {x} {y}"
        case "scroll":
            kind = random.choice([events.MouseScrollDown, events.MouseScrollUp])
            app.post_message(kind(None, x, y, 0, 0, 0, False, False, False, x, y))
            return f"{kind.__name__} {x} {y}"
        case "paste":
            text = printable(random.choice(list(HOSTILE.values())))
            app.post_message(events.Paste(text))
            return f"paste {text!r}"
        case "resize":
            columns, rows = _size(random)
            await pilot.resize_terminal(columns, rows)
            return f"resize {columns} {rows}"
        case kind:
            key = random.choice(PRESSED if kind == "key" else OTHERS)
            await pilot.press(key)
            return key


def main(first: int, last: int) -> None:
    """Walk the walks of these numbers; the first one that goes wrong is told, and ends this."""
    with np.errstate(all="ignore"):
        for number in range(first, last):
            if found := asyncio.run(walk(number)):
                sys.exit("\n".join([f"walk {number}:", *found]))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
