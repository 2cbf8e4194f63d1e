"""A picture of the visualizer after given keys, without a terminal."""

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from types import FrameType
from typing import Any

from rich.color import ColorSystem
from textual.keys import Keys, key_to_character

from nnviz.collection.collection import Collection
from nnviz.errors import InputError
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.training.process import prepare_process
from nnviz.tui.app import NnvizApp
from nnviz.tui.runs_app import RunsApp
from nnviz.tui.screens.runs import Chosen, RunsScreen
from nnviz.whole_file import write_asked

LEFT = "--keys: these keys leave the {}, and then there is nothing to make a picture of"
MODIFIERS = {"ctrl", "alt", "shift", "meta", "super", "hyper"}


def screenshot(order: Order, path: Path, keys: list[str], size: tuple[int, int], light: bool = False) -> None:
    """Write the screen as an SVG file.

    `keys` are pressed one after the other, by Textual's names for them; a key that sets training going is followed
    by the next one when training has stopped. `size` is (columns, rows). The same order and keys give the same bytes.
    Raises InputError if there is no such key, there can be no such file or the order is wrong, and UnkeptError if the
    disk does not take the file.
    """
    _refuse_unknown(keys)
    prepare_process()
    _write(_export(order, keys, size, light), path)


def screenshot_of_runs(place: Path, path: Path, keys: list[str], size: tuple[int, int], light: bool = False) -> None:
    """The same of the list of the runs at a place. What is the newest of them was written just now.

    Raises InputError as well if there is no run.
    """
    _refuse_unknown(keys)
    collection = Collection(place)
    collection.refuse_nothing()
    for _ in collection.looking():
        pass
    now = max((run.written for run in collection.runs), default=0.0)
    _write(_export_runs(RunsApp(collection, Chosen(), light, ColorSystem.TRUECOLOR, lambda: now), keys, size), path)


def _write(exported: Coroutine[Any, Any, str], path: Path) -> None:
    # asyncio would have a ctrl+C wait for the event loop, which has to wait for the training.
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        svg = asyncio.run(exported)
    finally:
        signal.signal(signal.SIGINT, before)
    write_asked(path, svg.encode())


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _refuse_unknown(keys: list[str]) -> None:
    for key in keys:
        *modifiers, name = key.split("+") if len(key) > 1 else [key]
        is_known = name in {known.value for known in Keys} or len(name) == 1 or key_to_character(name) is not None
        if not (is_known and MODIFIERS.issuperset(modifiers)):
            raise InputError(
                f"--keys: no key is called '{key}'; write characters and names such as 'f', 'space', 'full_stop', "
                "'ctrl+p', with spaces between"
            )


async def _export(order: Order, keys: list[str], size: tuple[int, int], light: bool) -> str:
    # Without a bound to its steps, a run is one single answer; at a slow pace, a second is over whenever the screen has
    # been looked at: nothing depends on how fast the machine is.
    seconds = 0.0
    trainer = LocalTrainer(order, steps=None, clock=lambda: seconds)
    try:
        app = NnvizApp(trainer, order.experiment.data.source, light, ColorSystem.TRUECOLOR)
        async with app.run_test(size=size) as pilot:
            while not app.ready.is_set():
                _refuse_ended(app)
                await pilot.pause(0.02)
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
                while app.training:
                    await pilot.pause(0.02)
                    seconds += 1.0
                _refuse_ended(app)
            await pilot.pause()
            return app.export_screenshot(title="nnviz")
    finally:
        trainer.close()


async def _export_runs(app: RunsApp, keys: list[str], size: tuple[int, int]) -> str:
    async with app.run_test(size=size) as pilot:
        while not (isinstance(app.screen, RunsScreen) and app.screen.is_whole):
            await pilot.pause(0.02)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            if not app.is_running:
                raise InputError(LEFT.format("list of runs"))
        return app.export_screenshot(title="nnviz")


def _refuse_ended(app: NnvizApp) -> None:
    if app.failure is not None:
        raise app.failure
    if app.is_leaving or not app.is_running:
        raise InputError(LEFT.format("visualizer"))
