"""A number line with the prediction and the target on it."""

from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import Run

PREDICTION, TARGET, BOTH, EMPTY = "●", "◆", "◈", "·"
DEVIATIONS = 2.5
"""What is further from the mean of the training targets than that stands at the end of the line."""


def track(p: float | None, y: float, mean: float, deviation: float, width: int, palette: Palette) -> list[Run]:
    """`width` cells from 2.5 deviations below the mean to 2.5 above it."""
    if width < 1:
        return []

    def cell(value: float) -> int:
        share = 0.5 + (value - mean) / (2 * DEVIATIONS * deviation)
        return round(min(max(share if share == share else 0.5, 0.0), 1.0) * (width - 1))

    marks = {cell(y): (TARGET, palette.style(palette.good))}
    if p is not None:
        place = cell(p)
        marks[place] = (BOTH if place in marks else PREDICTION, palette.style(palette.accent))
    faint = palette.style(palette.faint)
    runs: list[Run] = []
    end = 0
    for place in sorted(marks):
        runs += [(EMPTY * (place - end), faint), marks[place]]
        end = place + 1
    return [*runs, (EMPTY * (width - end), faint)]
