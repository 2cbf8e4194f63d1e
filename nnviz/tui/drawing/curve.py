"""The loss curve, drawn by plotext: training raw and smoothed, validation, and the best of it."""

import math
import re
from typing import Any

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nnviz.array import Array
from nnviz.frame.frame import Curves
from nnviz.tui.drawing.axis import Scale, multiples, round_up
from nnviz.tui.drawing.colours import Rgb
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import Run, centred, page, row
from nnviz.wording import integer, number, ticks

NOTHING = "no step yet: press u, enter or space"
NOT_FINITE = "the loss is not a finite number: the run has diverged"
LEAST_WIDTH, LEAST_HEIGHT, ROWS_FOR_AXIS = 16, 4, 8
CELLS_PER_TICK = 7
X_NAME = "step"
# What stands for each line in the legend; the last three are also what is drawn.
RAW, SMOOTHED, POINT, BEST, HERE = "⡇", "⠒", "•", "◆", "│"

# Below and beyond these a loss counts as 0 and as not finite: nobody reads it, and arithmetic on it would overflow.
TINY, HUGE = 1e-100, 1e100
# The y axis becomes logarithmic above the one ratio of largest to smallest loss, and linear again below the other.
LOG_ABOVE, LOG_BELOW = 50.0, 25.0
# The smoothed loss looks back over that share of the run, but over so many steps at least.
SPAN_SHARE, SPAN_LEAST = 0.02, 10.0

_ESCAPES = re.compile(r"((?:\x1b\[[0-9;]*m)+)")
_FOREGROUND = re.compile(r"\x1b\[38;2;(\d+);(\d+);(\d+)m")


def smooth(means: Array, counts: Array, span: float) -> Array:
    """An exponential moving average over about `span` steps, of bins that hold `counts` steps each.

    It starts at the first mean, not at 0: each average is divided by the sum of its weights. What is not a number
    leaves a gap and is left out of what follows.
    """
    smoothed = np.full(len(means), np.nan)
    total = weight = 0.0
    for i, (mean, keep) in enumerate(zip(means.tolist(), np.exp(-counts / span).tolist(), strict=True)):
        if mean == mean:
            total = keep * total + (1 - keep) * mean
            weight = keep * weight + (1 - keep)
            smoothed[i] = total / weight
    return smoothed


def _clean(values: Array) -> Array:
    """Losses that can be drawn; what is not finite becomes NaN."""
    values = np.asarray(values, dtype=float)
    size = np.abs(values)
    return np.where(size < TINY, 0.0, np.where(size < HUGE, values, np.nan))


class _Series:
    """What `Curves` says, ready to be drawn: x counts the steps that are done."""

    def __init__(self, curves: Curves) -> None:
        bins = np.arange(len(curves.means))
        counts = np.clip(curves.total - curves.stride * bins, 1, curves.stride)
        self.steps = curves.stride * bins + (counts + 1) / 2
        self.lows, self.highs = _clean(curves.lows), _clean(curves.highs)
        self.smoothed = smooth(_clean(curves.means), counts, max(SPAN_LEAST, SPAN_SHARE * curves.total))
        self.validation_steps, self.validation = curves.validation_steps, _clean(curves.validation_losses)
        best = [] if curves.best_step is None or curves.best_loss is None else [(curves.best_step, curves.best_loss)]
        self.best = np.array([step for step, _ in best]), _clean(np.array([loss for _, loss in best]))
        # Round as well, so that the curve does not creep to the left at every step.
        self.end = round_up(max(curves.total, 10, *curves.validation_steps[-1:]), (1, 1.5, 2, 3, 4, 5, 6, 8))

    def scale(self, log: bool) -> Scale | None:
        """The y axis that suits; `log` says whether it is logarithmic so far."""
        drawn = np.concatenate([self.lows, self.highs, self.smoothed, self.validation])
        drawn = drawn[np.isfinite(drawn)]
        if not len(drawn):
            return None
        low, high = float(drawn.min()), float(drawn.max())
        levels = np.concatenate([self.smoothed, self.validation])
        levels = levels[levels > 0]
        if low < 0 or not len(levels) or high / levels.min() <= (LOG_BELOW if log else LOG_ABOVE):
            return Scale.linear(low, high)
        # A single lucky batch must not stretch the axis down to nothing: a dip is cut a decade below; a peak never.
        return Scale.logarithmic(max(low, float(levels.min()) / 10), high)

    def raw(self, columns: int) -> tuple[Array, Array]:
        """(steps, losses): in each column the lowest and the highest, in the order in which they came."""
        lowest, highest = np.nan_to_num(self.lows, nan=np.inf), np.nan_to_num(self.highs, nan=-np.inf)
        steps, losses = [], []
        for first, last in zip(*_columns(self.steps, self.end, columns), strict=True):
            low, high = first + lowest[first : last + 1].argmin(), first + highest[first : last + 1].argmax()
            for place, loss in sorted({(low, self.lows[low]), (high, self.highs[high])}):
                steps.append(self.steps[place])
                losses.append(loss)
        return np.array(steps), np.array(losses)

    def level(self, columns: int) -> tuple[Array, Array]:
        """(steps, smoothed losses): the last of each column."""
        last = _columns(self.steps, self.end, columns)[1]
        return self.steps[last], self.smoothed[last]

    def validated(self, columns: int) -> tuple[Array, Array]:
        """(steps, validation losses): the last of each column."""
        last = _columns(self.validation_steps, self.end, columns)[1]
        return self.validation_steps[last], self.validation[last]


def _columns(steps: Array, end: float, count: int) -> tuple[Array, Array]:
    """The places of the first and of the last of `steps` in each of `count` columns that reach from 0 to `end`."""
    column = (steps * ((count - 1) / end) + 0.5).astype(int)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    return starts, np.append(starts[1:], len(steps))[: len(starts)] - 1


class LossChart:
    """Draws the loss so far. Keeps its y axis while the data stay inside, so that the chart does not jump."""

    def __init__(self) -> None:
        self._scale: Scale | None = None
        self._styles: dict[str, Style] = {}

    def draw(self, curves: Curves, palette: Palette, width: int, height: int) -> list[Strip]:
        """`height` rows of `width` cells: a legend with the latest numbers, and the chart below."""
        if not len(curves.means):
            self._scale = None
            return centred(NOTHING, width, height, palette)
        series = _Series(curves)
        self._rescale(series)
        legend = _legend(curves, series, self._scale, palette, width)
        if self._scale is None:
            return page([legend, *centred(NOT_FINITE, width, max(height - 1, 0), palette)], width, height, palette)
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            return page([legend], width, height, palette)
        plot = _Plot(self._scale, series.end, palette, width, height - 1)
        plot.axes()
        plot.curves(series)
        plot.mark(curves.position)
        return [legend, *_name_axis(self._split(plot.text(), palette, width), palette)]

    def _rescale(self, series: _Series) -> None:
        old = self._scale
        fresh = series.scale(old is not None and old.log)
        if old is None or fresh is None or not old.suits(fresh):
            self._scale = fresh

    def _split(self, text: str, palette: Palette, width: int) -> list[Strip]:
        """plotext's text with escape codes as strips."""
        strips = []
        for line in text.splitlines():
            parts = _ESCAPES.split(line)
            pairs = zip(parts[1::2], parts[2::2], strict=True)
            strips.append(Strip([Segment(cells, self._style(code, palette)) for code, cells in pairs if cells], width))
        return strips

    def _style(self, code: str, palette: Palette) -> Style:
        # A code names the background too, so two palettes never share an entry.
        if code not in self._styles:
            found = _FOREGROUND.search(code)
            red, green, blue = map(int, found.groups()) if found else palette.text
            self._styles[code] = palette.style((red, green, blue), bold="\x1b[1m" in code)
        return self._styles[code]


class _Plot:
    """One picture by plotext, whose only figure is shared: everything that a picture needs is set anew."""

    def __init__(self, scale: Scale, end: float, palette: Palette, width: int, height: int) -> None:
        # Imported here because it takes 100 ms, which the first paint of the screen should not wait for.
        import plotext

        plotext.terminal.limit(False, False)
        self._plotext: Any = plotext
        self._figure: Any = plotext.figure
        self._figure.clear()
        self._figure.plot_size(width, height)
        self._figure.canvas(palette.background)
        self._scale, self._end, self._palette = scale, end, palette
        self._axis_line = height >= ROWS_FOR_AXIS
        self._rows = height - 1 - self._axis_line
        self._losses = scale.ticks(min(8, max(2, (self._rows + 1) // 2)))
        self._labels = [label.rjust(len(X_NAME)) for label in scale.labels(self._losses)]
        self._columns = width - 1 - max(map(len, self._labels), default=0)

    def axes(self) -> None:
        """Both axes, with ticks at round numbers."""
        faint = self._plotext.pixel(self._palette.faint, self._palette.background)
        self._figure.axes(False)
        self._figure.axes(True, pixel=faint, axis="y", side="left")
        self._figure.axes(self._axis_line, pixel=faint, axis="x", side="lower")
        steps = multiples(0, self._end, max(1.0, round_up(self._end * CELLS_PER_TICK / self._columns)))
        self._figure.ruler("x", "lower").pixel(faint).lim(0, self._end).ticks(steps, ticks(steps))
        places = self._scale.place(np.array(self._losses)).tolist()
        self._figure.ruler("y", "left").pixel(faint).lim(*self._scale.ends()).ticks(places, self._labels)

    def curves(self, series: _Series) -> None:
        """Raw below smoothed below validation below the best."""
        palette = self._palette
        steps, losses = series.raw(self._columns // 2)
        self._line(steps, self._scale.place(losses), palette.faint)
        steps, losses = series.level(self._columns // 3)
        # plotext unites the dots of a cell: another kind of marker first wipes those of the raw line away.
        self._line(steps, self._scale.place(losses), palette.positive, "hd")
        self._line(steps, self._scale.place(losses), palette.positive, bold=True)
        # In every second column at most, or the points of a long run would hide the line behind them.
        steps, losses = series.validated(self._columns // 2)
        self._line(steps, self._scale.place(losses), palette.negative, POINT, joined=False)
        steps, losses = series.best
        self._line(steps, self._scale.place(losses), palette.accent, BEST, joined=False)

    def mark(self, position: int | None) -> None:
        """A line from top to bottom where somebody went back to."""
        if position is not None:
            places = np.linspace(*self._scale.ends(), self._rows)
            self._line(np.full(self._rows, position), places, self._palette.accent, HERE, joined=False)

    def _line(
        self, steps: Array, places: Array, colour: Rgb, marker: str = "braille", joined: bool = True, bold: bool = False
    ) -> None:
        """A line with gaps where a place is NaN, or its points alone."""
        kept = np.flatnonzero(np.isfinite(places))
        pixel = self._plotext.pixel(colour, None, "bold" if bold else None)
        marker = self._plotext.marker(marker, pixel)
        signal = self._figure.signal(steps[kept].tolist(), places[kept].tolist(), marker=marker)
        if joined:
            signal.lines()
            for after_gap in np.flatnonzero(np.diff(kept) > 1) + 1:
                signal.line(int(after_gap), False)
        self._figure.draw(signal)

    def text(self) -> str:
        """The picture, with escape codes for its colours."""
        text: str = self._figure.build().string()
        return text


def _name_axis(strips: list[Strip], palette: Palette) -> list[Strip]:
    """Writes what x counts into the free corner left of its ticks."""
    name = Strip([Segment(X_NAME, palette.style(palette.faint))], len(X_NAME))
    return [*strips[:-1], Strip.join([name, strips[-1].crop(len(X_NAME))])]


def _legend(curves: Curves, series: _Series, scale: Scale | None, palette: Palette, width: int) -> Strip:
    """The latest numbers in one row, fewer of them and in fewer words where it is narrow."""
    log = scale is not None and scale.log
    for detail in reversed(range(7)):
        runs = _numbers(curves, series, palette, detail, log)
        if sum(cell_len(text) for text, _ in runs) <= width:
            break
    return row(runs, width, palette)


def _numbers(curves: Curves, series: _Series, palette: Palette, detail: int, log: bool) -> list[Run]:
    latest, smoothed = math.nan if curves.latest is None else curves.latest, float(series.smoothed[-1])
    entries = [(RAW, f"train {number(latest)}", palette.faint if math.isfinite(latest) else palette.bad)]
    if detail >= 4 and math.isfinite(smoothed):
        entries.append((SMOOTHED, f"smoothed {number(smoothed)}", palette.positive))
    if detail >= 1 and len(curves.validation_losses):
        name = "validation" if detail >= 5 else "val"
        entries.append((POINT, f"{name} {number(float(curves.validation_losses[-1]))}", palette.negative))
    if detail >= 2 and curves.best_loss is not None and curves.best_step is not None:
        name, step = "best " * (detail >= 3), f" @ step {integer(curves.best_step)}" * (detail >= 6)
        entries.append((BEST, f"{name}{number(curves.best_loss)}{step}", palette.accent))
    if curves.position is not None:
        entries.append((HERE, f"{'you are ' * (detail >= 5)}at step {integer(curves.position)}", palette.accent))
    runs: list[Run] = []
    for glyph, text, colour in entries:
        style = palette.style(colour, bold=glyph == SMOOTHED)
        runs += [(f"{glyph} {text}  " if detail >= 2 else f"{text} ", style)]
    if log and detail >= 2:
        runs.append(("log scale" if detail >= 4 else "log", palette.style(palette.faint)))
    text, style = runs[-1]
    return [*runs[:-1], (text.rstrip(), style)]
