"""Horizontal bars of block characters, an eighth of a cell exact."""

import math

from rich.style import Style

from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import Run

EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, width: int) -> str:
    """A bar that fills `share` (0 … 1) of `width` cells from the left."""
    if not math.isfinite(share):
        return " " * width
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def signed_bar(share: float, width: int, palette: Palette) -> list[Run]:
    """A bar from the middle of `width` cells: to the right for a positive share (−1 … 1), to the left otherwise."""
    half = (width - 1) // 2
    axis = ("│", palette.style(palette.faint))
    empty = (" " * half, palette.style(palette.text))
    if not math.isfinite(share) or share == 0:
        return [empty, axis, empty]
    if share > 0:
        return [empty, axis, (bar(share, half), palette.style(palette.positive))]
    return [_leftward(-share, half, palette), axis, empty]


def _leftward(share: float, width: int, palette: Palette) -> Run:
    # There are no blocks that grow from the right but a half one: what the bar leaves free is drawn, colours swapped.
    filled = palette.style(palette.negative)
    swapped = Style(color=filled.bgcolor, bgcolor=filled.color)
    free = bar(1 - min(share, 1.0), width)
    if palette.colourless:
        return ("".join(" " if block == "█" else "█" for block in free), filled)
    return (free, swapped)
