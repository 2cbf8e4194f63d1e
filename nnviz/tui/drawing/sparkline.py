"""A sparkline: a small curve in one row of text."""

import numpy as np

from nnviz.array import Array
from nnviz.tui.drawing.hill import EIGHTHS

LOWEST, GAP = 1, " "


def sparkline(values: Array, width: int) -> str:
    """Values (n,) in at most `width` cells, the lowest as ▁ and the highest as █; what is no finite number is a gap.

    Where there are more values than cells, a cell has the mean of its neighbours.
    """
    if not len(values) or width < 1:
        return ""
    parts = np.array_split(values.astype(np.float64), min(width, len(values)))
    cells = [part[np.isfinite(part)] for part in parts]
    means = [float(cell.mean()) if len(cell) else None for cell in cells]
    known = [mean for mean in means if mean is not None]
    if not known:
        return GAP * len(means)
    low, high = min(known), max(known)
    span = high - low
    return "".join(GAP if mean is None else EIGHTHS[_level(mean - low, span)] for mean in means)


def _level(above: float, span: float) -> int:
    """From 1 to 8; a curve that does not move lies at the bottom."""
    return LOWEST + round(above / span * (8 - LOWEST)) if span > 0 else LOWEST
