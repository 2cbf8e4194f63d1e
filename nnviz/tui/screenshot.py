"""A picture of the visualizer after given keys, without a terminal."""

import asyncio
import math
from pathlib import Path

from rich.color import ColorSystem

from nnviz.errors import InputError
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.training.process import prepare_process
from nnviz.tui.app import NnvizApp


def screenshot(order: Order, path: Path, keys: list[str], size: tuple[int, int], light: bool = False) -> None:
    """Write the screen as an SVG file.

    `keys` are pressed one after the other, by Textual's names for them; a key that sets training going is followed
    by the next one when training has stopped. `size` is (columns, rows). The same order and keys give the same bytes.
    Raises InputError if the file cannot be written or the order is wrong.
    """
    prepare_process()
    svg = asyncio.run(_export(order, keys, size, light))
    try:
        path.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


async def _export(order: Order, keys: list[str], size: tuple[int, int], light: bool) -> str:
    # Without bounds to a slice, a run is one single answer: nothing depends on how fast the machine is.
    app = NnvizApp(
        LocalTrainer(order, slice_seconds=math.inf), order.experiment.data.source, light, ColorSystem.TRUECOLOR
    )
    async with app.run_test(size=size) as pilot:
        while not app.ready.is_set():
            if not app.is_running:
                raise app.failure or RuntimeError("the visualizer did not open")
            await pilot.pause(0.02)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            while app.training:
                await pilot.pause(0.02)
        await pilot.pause()
        return app.export_screenshot(title="nnviz")
