"""The loss curve, drawn by plotext: training raw and smoothed, validation, and the best of it."""

import pickle
import re
from typing import Any

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nnviz.array import Array
from nnviz.frame.frame import Curves
from nnviz.tui.drawing.axis import Scale, multiples, round_up
from nnviz.tui.drawing.colours import Rgb
from nnviz.tui.drawing.loss_legend import ALERT, BEST, CURSOR, HERE, INSTEAD, OVER, POINT, legend, readout
from nnviz.tui.drawing.loss_series import LossSeries, Place, Shown, cleaned, series_of
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import centred, fit, page, row
from nnviz.wording import ticks

NOTHING = "no step yet: press u or space"
NOT_KNOWN = "no number that is known yet"
NOT_FINITE = "the loss is not a finite number: the run has diverged"
LEAST_WIDTH, LEAST_HEIGHT, ROWS_FOR_AXIS = 16, 4, 8
CELLS_PER_TICK = 7
X_NAME = "step"
# Above and below the cursor itself.
CURSOR_LINE = "╎"

_ESCAPES = re.compile(r"((?:\x1b\[[0-9;]*m)+)")
_FOREGROUND = re.compile(r"\x1b\[38;2;(\d+);(\d+);(\d+)m")


class LossChart:
    """Draws the loss so far. Keeps its y axis while the data stay inside, so that the chart does not jump."""

    def __init__(self) -> None:
        self._scale: Scale | None = None
        self._styles: dict[str, Style] = {}
        # The first and the last column of the curve that is drawn, and the step at the last one.
        self._extent: tuple[int, int, float] | None = None
        # What was drawn last, and from what, in bits.
        self._asked = b""
        self._drawn: list[Strip] = []

    def draw(
        self,
        curves: Curves,
        palette: Palette,
        width: int,
        height: int,
        cursor: int | None = None,
        shown: Shown = Shown.LOSS,
    ) -> list[Strip]:
        """`height` rows of `width` cells: a legend, and the chart below.

        The legend has the latest numbers, or those at the `cursor`, where so many training steps were done.
        """
        # Most keys change nothing here, and plotext takes some milliseconds.
        asked = pickle.dumps((curves, palette, width, height, cursor, shown))
        if asked != self._asked:
            self._drawn = self._draw(curves, palette, width, height, cursor, shown)
            self._asked = asked
        return self._drawn

    def _draw(
        self, curves: Curves, palette: Palette, width: int, height: int, cursor: int | None, shown: Shown
    ) -> list[Strip]:
        self._extent = None
        series = series_of(curves, shown)
        if series is None or not (len(series.steps) or series.others):
            self._scale = None
            return centred(NOTHING, width, height, palette)
        self._rescale(series)
        place = None if cursor is None or not len(series.steps) else series.at(cursor)
        if not len(series.steps):
            above = [row([(fit(NOTHING, width), palette.style(palette.faint))], width, palette)]
        elif place is None:
            above = [legend(curves, series, self._scale, palette, width)]
        else:
            above = readout(place, series, palette, width)
        left = height - len(above)
        if self._scale is None:
            words = NOT_FINITE if shown is Shown.LOSS else NOT_KNOWN
            return page([*above, *centred(words, width, max(left, 0), palette)], width, height, palette)
        if width < LEAST_WIDTH or left < LEAST_HEIGHT - 1:
            return page(above, width, height, palette)
        plot = _Plot(self._scale, series.end, palette, width, left)
        plot.axes()
        plot.others(series)
        plot.curves(series)
        plot.alerts(series)
        plot.mark(curves.position)
        plot.point(place)
        self._extent = width - plot.columns, width - 1, series.end
        return [*above, *_name_axis(self._split(plot.text(), palette, width), palette)]

    def step_at(self, x: int) -> int | None:
        """The training steps that are done at a column of what was drawn last, None if there is no curve."""
        if self._extent is None:
            return None
        first, last, end = self._extent
        return round(end * min(max(x - first, 0) / (last - first), 1))

    def _rescale(self, series: LossSeries) -> None:
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
        self.columns = width - 1 - max(map(len, self._labels), default=0)

    def axes(self) -> None:
        """Both axes, with ticks at round numbers."""
        faint = self._plotext.pixel(self._palette.faint, self._palette.background)
        self._figure.axes(False)
        self._figure.axes(True, pixel=faint, axis="y", side="left")
        self._figure.axes(self._axis_line, pixel=faint, axis="x", side="lower")
        steps = multiples(0, self._end, max(1.0, round_up(self._end * CELLS_PER_TICK / self.columns)))
        self._figure.ruler("x", "lower").pixel(faint).lim(0, self._end).ticks(steps, ticks(steps))
        places = self._scale.place(np.array(self._losses)).tolist()
        self._figure.ruler("y", "left").pixel(faint).lim(*self._scale.ends()).ticks(places, self._labels)

    def others(self, series: LossSeries) -> None:
        """Other branches, of signs that are drawn as points: one that is laid over has more of them, and brighter."""
        for other in reversed(series.others):
            steps, losses = other.level(series.end, self.columns // 2)
            colour, sign = (self._palette.text, OVER) if other.chosen else (self._palette.faint, INSTEAD)
            self._line(steps, self._scale.place(losses), colour, sign, joined=False)

    def curves(self, series: LossSeries) -> None:
        """Raw below smoothed below validation below the best."""
        palette = self._palette
        steps, losses = series.raw(self.columns // 2)
        self._line(steps, self._scale.place(losses), palette.faint)
        steps, losses = series.level(self.columns // 3)
        # plotext unites the dots of a cell: another kind of marker first wipes those of the raw line away.
        self._line(steps, self._scale.place(losses), palette.positive, "hd")
        self._line(steps, self._scale.place(losses), palette.positive, bold=True)
        # In every second column at most, or the points of a long run would hide the line behind them.
        steps, losses = series.validated(self.columns // 2)
        self._line(steps, self._scale.place(losses), palette.negative, POINT, joined=False)
        steps, losses = series.best
        self._line(steps, self._scale.place(losses), palette.accent, BEST, joined=False)

    def alerts(self, series: LossSeries) -> None:
        """A sign at the bottom where an alert began."""
        steps = np.array(sorted({mark.step for mark in series.marks}))
        places = np.full(len(steps), self._scale.ends()[0])
        self._line(steps, places, self._palette.bad, ALERT, joined=False, bold=True)

    def mark(self, position: int | None) -> None:
        """A line from top to bottom where somebody went back to."""
        if position is not None:
            places = np.linspace(*self._scale.ends(), self._rows)
            self._line(np.full(self._rows, position), places, self._palette.accent, HERE, joined=False)

    def point(self, place: Place | None) -> None:
        """The cursor, at the mean that it reads, and a line through it from top to bottom."""
        if place is not None:
            places = np.linspace(*self._scale.ends(), self._rows)
            self._line(np.full(self._rows, place.step), places, self._palette.text, CURSOR_LINE, joined=False)
            mean = self._scale.place(cleaned(np.array([place.mean])))
            self._line(np.array([place.step]), mean, self._palette.accent, CURSOR, joined=False, bold=True)

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
