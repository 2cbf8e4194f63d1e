"""Predicted against true numbers, drawn by plotext."""

from typing import Any

import numpy as np
from rich.text import Text

from nnviz.array import Array
from nnviz.tui.drawing.axis import Scale
from nnviz.wording import ticks

MOST_TICKS = 5
POINT, AGREED = "●", "·"


def scatter(true: Array, predicted: Array, width: int, height: int) -> Text:
    """Points (n,) as text of `width` × `height` cells: a perfect prediction lies on the diagonal."""
    # Imported here because it takes 100 ms, which the first paint of the screen should not wait for.
    import plotext

    finite = np.isfinite(predicted)
    true, predicted = true[finite].astype(float), predicted[finite].astype(float)
    both = np.concatenate([true, predicted, [] if len(true) else [0.0, 1.0]])
    low, high = float(both.min()), float(both.max())
    margin = (high - low or abs(high) or 1.0) / 50
    ends = low - margin, high + margin
    plotext.terminal.limit(False, False)
    figure: Any = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    figure.theme("colorless")
    figure.draw(figure.signal(list(ends), list(ends), marker=AGREED).lines())
    if len(true):
        figure.draw(figure.signal(true.tolist(), predicted.tolist(), marker=POINT))
    places = [tick for tick in Scale(*ends, log=False).ticks(MOST_TICKS) if ends[0] <= tick <= ends[1]]
    for axis, side in (("x", "lower"), ("y", "left")):
        figure.ruler(axis, side).lim(*ends).ticks(places, ticks(places))
    drawn = Text(figure.build().string(colorless=True).rstrip("\n"), no_wrap=True)
    drawn.highlight_regex(f"{AGREED}+", "dim")
    drawn.highlight_regex(f"{POINT}+", "bold")
    return drawn
