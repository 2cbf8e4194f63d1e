"""The table of what each layer does: two rows a layer, its numbers and below them their curves."""

from typing import NamedTuple

import numpy as np
from rich.text import Text

from nnviz.frame.health_view import HealthView
from nnviz.frame.layer_measures import MEASURES, Measure
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import fit, fit_right
from nnviz.tui.drawing.sparkline import sparkline
from nnviz.wording import fitted, fitted_signed, integer, number, percent, signed

# In the order in which there is room for them.
COLUMNS: tuple[tuple[Measure, str], ...] = (
    (Measure.WEIGHTS, "W"),
    (Measure.GRADIENT, "∂L/∂W"),
    (Measure.UPDATE, "ΔW"),
    (Measure.RATIO, "lg Δ/W"),
    (Measure.BIASES, "bias"),
    (Measure.MEAN, "mean a"),
    (Measure.DEVIATION, "dev a"),
    (Measure.DEAD, "dead"),
    (Measure.SATURATED, "flat"),
    (Measure.SILENT, "silent"),
)
SHARES = (Measure.DEAD, Measure.SATURATED, Measure.SILENT)
NAME, LEAST, MOST = 11, 7, 18
# What a cell is, in words; those of a normalisation are its scales and shifts.
WORDS = {
    Measure.WEIGHTS: "size of the weights",
    Measure.GRADIENT: "size of the gradient of the weights",
    Measure.UPDATE: "size of the update of the weights",
    Measure.RATIO: "update beside weights, as a power of 10",
    Measure.BIASES: "size of the biases",
    Measure.MEAN: "mean of what it gives",
    Measure.DEVIATION: "deviation of what it gives",
    Measure.DEAD: "share of its units silent for long",
    Measure.SATURATED: "share of what it gives near the ends",
    Measure.SILENT: "share of its units silent in this batch",
}


class Cell(NamedTuple):
    """A place in the table: a layer, and a column."""

    layer: int
    column: int


def columns(width: int) -> int:
    """How many columns there is room for."""
    return min(len(COLUMNS), max((width - NAME) // LEAST, 1))


def table(view: HealthView, cell: Cell, width: int, height: int, palette: Palette) -> Text:
    """The layers around the chosen cell in at most `height` rows of `width`, the first of which has the names."""
    shown, many = columns(width), max((height - 1) // 2, 1)
    first_column = min(max(cell.column - shown + 1, 0), len(COLUMNS) - shown)
    first = min(max(cell.layer - many // 2, 0), max(len(view.layers) - many, 0))
    wide = min((width - NAME) // shown, MOST)
    faint, plain, chosen = (
        palette.style(palette.faint),
        palette.style(palette.text),
        palette.style(palette.accent, bold=True),
    )
    text = Text(" " * NAME, no_wrap=True)
    for _, heading in COLUMNS[first_column : first_column + shown]:
        text.append(fit_right(heading, wide), faint)
    for layer in range(first, min(first + many, len(view.layers))):
        here = layer == cell.layer
        text.append("\n" + fit(view.layers[layer], NAME - 1) + " ", chosen if here else plain)
        curves = " " * NAME
        for place, (measure, _) in enumerate(COLUMNS[first_column : first_column + shown], first_column):
            style = chosen if here and place == cell.column else plain
            known = view.has[layer, MEASURES.index(measure)]
            cell_text = told(view.now[layer, MEASURES.index(measure)], measure, wide - 1) if known else ""
            text.append(fit_right(cell_text, wide), style)
            curves += fit_right(sparkline(view.means[:, layer, MEASURES.index(measure)], wide - 1), wide)
        text.append("\n" + curves, chosen if here else faint)
    return text


def told(value: float, measure: Measure, width: int) -> str:
    """A number of the table in at most `width` cells; · where it is not known yet."""
    if np.isnan(value):
        return "·"
    if measure in SHARES:
        text = percent(value)
        return text if len(text) <= width else fitted(100 * value, width - 1) + "%"
    return fitted_signed(value, width) if measure in (Measure.RATIO, Measure.MEAN) else fitted(value, width)


def readout(view: HealthView, cell: Cell) -> str:
    """The chosen cell in words, with the ends of its curve."""
    measure = COLUMNS[cell.column][0]
    place = MEASURES.index(measure)
    value, curve = float(view.now[cell.layer, place]), view.means[:, cell.layer, place]
    words = f"{view.layers[cell.layer]}: {WORDS[measure]}"
    known = np.isfinite(curve)
    if not view.has[cell.layer, place]:
        return f"{words}: this layer has none"
    if not known.any():
        return f"{words}: not known yet"
    write = percent if measure in SHARES else signed if measure in (Measure.RATIO, Measure.MEAN) else number
    now = "not yet in this step" if np.isnan(value) else write(value)
    low, high = float(curve[known].min()), float(curve[known].max())
    return (
        f"{words}: {now} · curve from {write(low)} to {write(high)}, steps {integer(view.steps[known][0])} to "
        f"{integer(view.steps[known][-1])}"
    )
