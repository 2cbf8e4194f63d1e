"""A hill of activation over the units that tell a number, and the hill that was wanted of them."""

import numpy as np
from textual.strip import Strip

from nnviz.array import Array
from nnviz.frame.frame import Frame
from nnviz.frame.hill import DIRECTIONS
from nnviz.tui.drawing.colours import Rgb
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import fit, fit_right, row
from nnviz.wording import change, fitted_in_unit

NUMBER = 9
EIGHTHS = " ▁▂▃▄▅▆▇█"


def hills(frame: Frame, width: int, height: int, palette: Palette) -> list[Strip]:
    """The predicted hill above the wanted one, the units of −1 and 1 marked; in about `height` rows of `width`."""
    prediction, target, decimals = frame.example.prediction, frame.example.target, frame.task.decimals(0)
    told, wanted = (
        "·" if number is None else fitted_in_unit(number, NUMBER, decimals)
        for number in (frame.example.told, frame.example.wanted)
    )
    again = None if frame.outcome is None else frame.outcome.again
    if again is not None and again.told is not None and frame.example.told is not None:
        prediction, told = again.prediction, change(frame.example.told, again.told, decimals, NUMBER).words
    tall = max((height - 3) // 2, 1)
    step = -(-len(target) // width)
    faint = palette.style(palette.faint)
    rows = [_heading("p", told, width, palette)]
    activations = np.zeros_like(target) if prediction is None else prediction
    rows += _columns(_grouped(activations, step), tall, width, palette, palette.accent)
    rows.append(_heading("y", wanted, width, palette))
    rows += _columns(_grouped(target, step), tall, width, palette, palette.good)
    axis = [" "] * -(-len(target) // step)
    for number, mark in ((-1.0, "−1"), (0.0, "0"), (1.0, "1")):
        place = int(np.abs(DIRECTIONS - number).argmin()) // step
        axis[place - len(mark) + 1 : place + 1] = list(mark)
    rows.append(row([(_middle("".join(axis), width), faint)], width, palette))
    return rows


def _heading(name: str, number: str, width: int, palette: Palette) -> Strip:
    text, faint = palette.style(palette.text, bold=True), palette.style(palette.faint)
    wide = max(NUMBER, len(number))
    what = "predicted" if name == "p" else "target"
    return row(
        [(f"{name} ", text), (fit(what, width - wide - 3), faint), (fit_right(number, wide + 1), text)],
        width,
        palette,
    )


def _grouped(values: Array, step: int) -> Array:
    """The largest of each `step` units: a screen may have fewer columns than there are units."""
    return np.maximum.reduceat(np.clip(np.nan_to_num(values), 0, 1), np.arange(0, len(values), step))


def _columns(values: Array, tall: int, width: int, palette: Palette, colour: Rgb) -> list[Strip]:
    """Columns from 0 to 1, an eighth of a row exact, the top row first."""
    eighths = np.rint(values * tall * 8).astype(int)
    style = palette.style(colour)
    return [
        row([(_middle("".join(EIGHTHS[min(max(e - 8 * level, 0), 8)] for e in eighths), width), style)], width, palette)
        for level in reversed(range(tall))
    ]


def _middle(text: str, width: int) -> str:
    return " " * ((width - len(text)) // 2) + text
