"""What a class would be told at over all thresholds, drawn by plotext."""

from typing import Any

import numpy as np
from rich.text import Text

from nnviz.array import Array
from nnviz.scores.thresholds import Thresholds
from nnviz.tui.drawing.palette import Palette
from nnviz.wording import ticks

PRECISION, RECALL, FALSE_POSITIVES, CURSOR = "•", "+", "·", "╎"
LEAST_HEIGHT = 6
TICKS = [0.0, 0.25, 0.5, 0.75, 1.0]


def legend(palette: Palette) -> Text:
    """Which sign stands for what."""
    text = Text()
    named = ("precision", "recall (true-positive rate)", "false-positive rate")
    for (sign, style), name in zip(_signs(palette).items(), named, strict=True):
        text.append(f"{sign} {name}   ", style)
    text.rstrip()
    return text


def threshold_curve(of: Thresholds, cursor: int, width: int, height: int, palette: Palette) -> Text:
    """Precision, recall and false-positive rate over the thresholds, the `cursor`-th of which is marked."""
    # Imported here because it takes 100 ms, which the first paint of the screen should not wait for.
    import plotext

    plotext.terminal.limit(False, False)
    figure: Any = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    figure.theme("colorless")
    upright = np.linspace(0, 1, height)
    _points(figure, np.full(height, of.values[cursor]), upright, CURSOR)
    shares = {FALSE_POSITIVES: of.false_positive_rate, RECALL: of.recall, PRECISION: of.precision}
    for sign, share in shares.items():
        _points(figure, of.values, share, sign)
    for axis, side in (("x", "lower"), ("y", "left")):
        figure.ruler(axis, side).lim(0, 1).ticks(TICKS, ticks(TICKS))
    drawn = Text(figure.build().string(colorless=True).rstrip("\n"), no_wrap=True)
    for sign, style in (_signs(palette) | {CURSOR: palette.style(palette.accent)}).items():
        drawn.highlight_regex(f"[{sign}]+", style)
    return drawn


def _signs(palette: Palette) -> dict[str, Any]:
    """The style of each curve's sign."""
    return {
        PRECISION: palette.style(palette.positive),
        RECALL: palette.style(palette.negative),
        FALSE_POSITIVES: palette.style(palette.text),
    }


def _points(figure: Any, values: Array, shares: Array, sign: str) -> None:
    """Points where there is a share."""
    there = np.isfinite(shares)
    if there.any():
        figure.draw(figure.signal(values[there].tolist(), shares[there].tolist(), marker=sign))
