"""A picture of the visualizer after given keys, without a terminal."""

import asyncio
import signal
from pathlib import Path
from types import FrameType

from rich.color import ColorSystem
from textual.keys import Keys, key_to_character

from nnviz.errors import InputError
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.training.process import prepare_process
from nnviz.tui.app import NnvizApp
from nnviz.whole_file import write_asked

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
    # asyncio would have a ctrl+C wait for the event loop, which has to wait for the training.
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        svg = asyncio.run(_export(order, keys, size, light))
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


def _refuse_ended(app: NnvizApp) -> None:
    if app.failure is not None:
        raise app.failure
    if app.is_leaving or not app.is_running:
        raise InputError("--keys: these keys leave the visualizer, and then there is nothing to make a picture of")
