"""The axes of a picture of runs: what is written at them, and in which unit."""

import math
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from nnviz.collection.x_axis import X
from nnviz.tui.drawing.axis import Scale, multiples, round_up
from nnviz.tui.drawing.dots import DOWN
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import fit_right, row
from nnviz.wording import integer, number, ticks

CELLS_PER_TICK = 9
UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))
FEW = 10**9
"""Of a whole number, all digits are told up to here."""


class View(NamedTuple):
    """What is looked at.

    first, last  where the picture begins and ends on x
    limits       of y, where somebody has chosen them, else None: as the lines need them
    cursor       where on x; None if there is none
    chosen       the number of the line that is on top
    """

    x: X
    first: float
    last: float
    log: bool
    limits: tuple[float, float] | None
    cursor: float | None
    chosen: int


def with_y(drawn: list[Strip], scale: Scale, room: int, palette: Palette) -> list[Strip]:
    """The y axis beside the rows."""
    rows, style = len(drawn), palette.style(palette.faint)
    low, high = scale.ends()
    values = scale.ticks(min(8, max(2, (rows + 1) // 3)))
    values = [value for value in values if math.isfinite(value)]
    at = {}
    for value, label in zip(values, scale.labels(values), strict=True):
        place = float(scale.place(np.array([value]))[0])
        level = int((high - place) * ((DOWN * rows - 1) / (high - low))) // DOWN
        at[min(max(level, 0), rows - 1)] = label
    strips = []
    for level, strip in enumerate(drawn):
        label = at.get(level, "")
        text = fit_right(label, room) + ("┤" if label else "│")
        strips.append(Strip.join([Strip([Segment(text, style)], cell_len(text)), strip]))
    return strips


def x_axis(view: View, room: int, columns: int, palette: Palette, width: int) -> list[Strip]:
    """The line below, its ticks, and what it counts."""
    style = palette.style(palette.faint)
    unit, name, origin = unit_of(view)
    first, last = (view.first - origin) / unit, (view.last - origin) / unit
    apart = round_up((last - first) * CELLS_PER_TICK / columns)
    values = multiples(first, last, max(apart, 1.0) if view.x in (X.STEP,) and last - first > 4 else apart)
    labels = ticks(values)
    axis, told = ["─"] * columns, [" "] * columns
    reached = -1
    for value, label in zip(values, labels, strict=True):
        column = min(int((value - first) / (last - first) * columns), columns - 1)
        axis[column] = "┬"
        start = min(max(column - len(label) // 2, 0), columns - len(label))
        if start > reached:
            told[start : start + len(label)] = label
            reached = start + len(label)
    above = " " * room + "└" + "".join(axis)
    below = fit_right(name if cell_len(name) <= room else "", room) + " "
    return [row([(above, style)], width, palette), row([(below + "".join(told), style)], width, palette)]


def unit_of(view: View) -> tuple[float, str, float]:
    """In what x is told: how much of it is one, what it is called, and from where it is counted."""
    if view.x in (X.STEP, X.EPOCH):
        return 1.0, view.x.value, 0.0
    span = max(abs(view.last - view.first), 1e-9)
    unit, name = next(((unit, name) for unit, name in UNITS if span >= 3 * unit), UNITS[-1])
    origin = math.floor(view.first / 60) * 60.0 if view.x is X.WALL else 0.0
    return unit, name, origin


def x_words(view: View) -> str:
    """What x counts, in words."""
    _, name, origin = unit_of(view)
    if view.x is X.WALL:
        return f"{name} since {datetime.fromtimestamp(origin, UTC).replace(tzinfo=None).isoformat(' ', 'minutes')} UTC"
    return f"{name} since its start" if view.x is X.RELATIVE else name


def told_x(x: float, view: View) -> str:
    """A place on x, in its unit."""
    unit, name, origin = unit_of(view)
    value = (x - origin) / unit
    text = integer(int(value)) if value == math.floor(value) and abs(value) < FEW else number(value)
    return f"{text} {name}" if view.x in (X.RELATIVE, X.WALL) else text
