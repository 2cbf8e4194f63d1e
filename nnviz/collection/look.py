"""Look: how somebody has chosen to look at the curves of runs, and how that is changed."""

from dataclasses import dataclass

from nnviz.collection.overlay import Curve
from nnviz.collection.smoothing import WEIGHTS
from nnviz.collection.x_axis import X

SMALLEST = 1e-9
"""Of a window, the share of all that there is which it has at least."""


@dataclass
class Look:
    """What is looked at.

    metric, split  None of a split: each that there is
    x              what the curves are laid over
    weight         of the smoothing; 0 for none
    group          the setting by whose values runs are put together, None for none; `deviation`, whether their
                   deviation is shown, and not the lowest and the highest
    span           from where to where on x; None for all, also of what is still to come
    limits         of y, None for what the lines need
    cursor         on x, None for none
    chosen         the number of the line that is on top
    """

    metric: str = ""
    split: str | None = None
    x: X = X.STEP
    log: bool = False
    weight: float = 0.0
    group: str | None = None
    deviation: bool = False
    span: tuple[float, float] | None = None
    limits: tuple[float, float] | None = None
    cursor: float | None = None
    chosen: int = 0

    def whole(self) -> None:
        """All that there is."""
        self.span = self.limits = None

    def other_x(self, x: X) -> None:
        """Lay the curves over something else; places on what was are none there."""
        self.x, self.span, self.cursor = x, None, None

    def smooth(self, more: int) -> None:
        """More of it, or less."""
        place = min(range(len(WEIGHTS)), key=lambda i: abs(WEIGHTS[i] - self.weight)) + more
        self.weight = WEIGHTS[min(max(place, 0), len(WEIGHTS) - 1)]

    def zoom(self, extent: tuple[float, float], factor: float, around: float) -> None:
        """See so many times as much of x, `around` stays where it is; all of it, where it would be more."""
        first, last = self.span or extent
        around = min(max(around, first), last)
        first, last = around - (around - first) * factor, around + (last - around) * factor
        whole = extent[1] - extent[0]
        if last - first >= whole:
            self.span = None
        elif last - first > whole * SMALLEST:
            self.span = self._within(extent, first, last)

    def pan(self, extent: tuple[float, float], share: float) -> None:
        """See what is further to the right, by a share of what is seen; no further than there is something."""
        if self.span is not None:
            first, last = self.span
            move = share * (last - first)
            self.span = self._within(extent, first + move, last + move)

    @staticmethod
    def _within(extent: tuple[float, float], first: float, last: float) -> tuple[float, float]:
        move = max(extent[0] - first, 0.0) + min(extent[1] - last, 0.0)
        return first + move, last + move

    def zoom_y(self, limits: tuple[float, float], factor: float) -> None:
        """See so many times as much of y, in its own places, the middle stays; `limits` is what is seen."""
        low, high = limits
        middle, half = (low + high) / 2, (high - low) / 2 * factor
        self.limits = middle - half, middle + half

    def move_y(self, limits: tuple[float, float], share: float) -> None:
        """See what is further up, by a share of what is seen."""
        move = share * (limits[1] - limits[0])
        self.limits = limits[0] + move, limits[1] + move

    def move(self, extent: tuple[float, float], curve: Curve, columns: int, places: int) -> None:
        """Move the cursor by so many points of a curve, or by cells, where a cell has several points."""
        first, last = self.span or extent
        if self.cursor is None:
            self.cursor = last if places < 0 else first
            return
        cell = (last - first) / max(columns, 1)
        x = curve.x[(curve.x >= first) & (curve.x <= last)]
        if len(x) > columns or not len(x):
            at = self.cursor + places * cell
        else:
            number = int(x.searchsorted(self.cursor, side="left" if places < 0 else "right"))
            number += places if places < 0 else places - 1
            at = float(x[min(max(number, 0), len(x) - 1)])
        self.cursor = min(max(at, extent[0]), extent[1])
        if not first <= self.cursor <= last:
            self.pan(extent, (self.cursor - (first + last) / 2) / (last - first))
