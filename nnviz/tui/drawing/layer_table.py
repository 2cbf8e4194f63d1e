"""The table of what each layer does: two rows a layer, its numbers and below them their curves."""

from typing import NamedTuple

import numpy as np
from rich.text import Text

from nnviz.frame.health_view import HealthView
from nnviz.frame.layer_measures import MEASURES, Measure
from nnviz.insight.measure_words import MEASURE_WORDS, SHARES, told_measure
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import fit, fit_right
from nnviz.tui.drawing.sparkline import sparkline
from nnviz.wording import fitted, fitted_signed, integer, percent

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
NAME, LEAST, MOST = 11, 7, 18


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
    words = f"{view.layers[cell.layer]}: {MEASURE_WORDS[measure]}"
    known = np.isfinite(curve)
    if not view.has[cell.layer, place]:
        return f"{words}: this layer has none"
    if not known.any():
        return f"{words}: not known yet"
    now = "not yet in this step" if np.isnan(value) else told_measure(value, measure)
    low, high = (told_measure(float(end), measure) for end in (curve[known].min(), curve[known].max()))
    return (
        f"{words}: {now} · curve from {low} to {high}, steps {integer(view.steps[known][0])} to "
        f"{integer(view.steps[known][-1])}"
    )
