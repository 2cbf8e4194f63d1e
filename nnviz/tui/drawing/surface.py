"""The plane of two inputs: what the network says everywhere, and examples on it."""

import math
from collections.abc import Iterator
from functools import cached_property
from string import ascii_lowercase

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nnviz.array import Array
from nnviz.frame.plane_views import PointsView, SurfaceView
from nnviz.outside_text import apart, cut
from nnviz.tui.drawing.colours import Rgb, mixed
from nnviz.tui.drawing.grid import diverging, heatmap, levels
from nnviz.tui.drawing.palette import LEVELS, Palette
from nnviz.tui.drawing.rows import Run, fit, row
from nnviz.wording import fitted, fixed, integer, number, ticks

# Below so many pixels on a side, axes and legend leave their room to the plane.
SMALLEST_SIDE = 10
LONGEST_NAME = 6
MOST_DECIMALS = 6
# In a legend: cells of a name that can still be read, and of a number; of the signs at both ends, with what is free
# beside them; and what is free between classes.
LEGIBLE, LONGEST_NUMBER, SIGNED, GAP = 4, 7, 6, "  "
LEGEND_BLOCKS = 7
# Cells from a point within which a click means it.
NEAR = 3.0
# Points would hide what they stand on: at most one for so many cells of the screen, of the batch and of others.
CELLS_PER_BATCH_POINT, CELLS_PER_OTHER = 6, 8
POINT, OTHER = "●", "•"
SIGNS = "ox"
NUMBER_TINT = 0.4
"""How far a point of some number goes from its colour towards that of text."""


def surface(
    view: SurfaceView, points: PointsView, class_names: tuple[str, ...], width: int, height: int, palette: Palette
) -> list[Strip]:
    """A square as large as `width` × `height` cells allow, with the ends of its axes and a legend."""
    drawing = _Drawing(view, points, class_names, palette)
    (left, bottom), (right, top) = view.low, view.high
    x_ends, y_ends = _ends(left, right), _ends(bottom, top)
    x_name, y_name = view.names
    faint = palette.style(palette.faint)
    margin, side = _laid_out(view, width, height)
    if margin is None:
        left_free = " " * ((width - side - 2) // 2)
        return [row([(left_free, faint), *drawn], width, palette) for drawn in drawing.rows(side)]
    beside = {0: y_ends[1], side // 4: fit(y_name, margin - 1).rstrip(), side // 2 - 1: y_ends[0]}
    indent = (width - margin - side - 1) // 2
    rows = [
        [(" " * indent + beside.get(y, "").rjust(margin - 1), faint), *drawn]
        for y, drawn in enumerate(drawing.rows(side))
    ]
    rows.append([(" " * (indent + margin) + _below(x_ends, x_name, side), faint)])
    legend = drawing.legend(width)
    indent = max(min(indent + margin, width - sum(cell_len(text) for text, _ in legend)), 0)
    rows.append([(" " * indent, faint), *legend])
    return [row(runs, width, palette) for runs in rows]


def _laid_out(view: SurfaceView, width: int, height: int) -> tuple[int | None, int]:
    """Cells beside the plane for its axis, None where axes have no room; and pixels on a side of it."""
    y_ends = _ends(view.low[1], view.high[1])
    margin = max(*map(len, y_ends), min(cell_len(view.names[1]), LONGEST_NAME)) + 1
    side = min(2 * (height - 2), width - margin - 1) // 2 * 2
    return (None, max(min(2 * height, width) // 2 * 2, 2)) if side < SMALLEST_SIDE else (margin, side)


def example_at(view: SurfaceView, points: PointsView, width: int, height: int, x: int, y: int) -> int | None:
    """Which example of the batch is nearest to a cell of the plane, if one is near."""
    margin, side = _laid_out(view, width, height)
    left = (width - side - 2) // 2 + 1 if margin is None else (width - margin - side - 1) // 2 + margin
    low, high = np.array(view.low), np.array(view.high)
    shares = (points.points[: points.batch] - low) / (high - low)
    # In cells, of which one is as high as two are wide.
    away = np.hypot(shares[:, 0] * side - 0.5 - (x - left), (1 - shares[:, 1]) * side - 1 - 2 * y)
    nearest = int(away.argmin())
    return nearest if away[nearest] <= NEAR else None


def _ends(low: float, high: float) -> list[str]:
    """What is written at the ends of an axis."""
    ends = ticks([low, high])
    return ends if ends[0] != ends[1] else [_told(end, high - low) for end in (low, high)]


def _below(ends: list[str], name: str, width: int) -> str:
    """The ends of an axis with its name between them, as far as there is room for it."""
    room = width - sum(map(len, ends))
    if room < 1:
        return ""
    name = cut(name, room - 2)
    left = (room - cell_len(name)) // 2
    return ends[0] + " " * left + name + " " * (room - left - cell_len(name)) + ends[1]


def _told(value: float, extent: float) -> str:
    """A place on an axis, to a hundredth of its extent or so."""
    decimals = max(2 - math.floor(math.log10(extent)), 0)
    return number(value) if decimals > MOST_DECIMALS or abs(value) >= 1e9 else fixed(value, decimals)


def told_place(view: SurfaceView, points: PointsView) -> str:
    """Where the focused example is, to a hundredth of the plane or so."""
    point = points.points[points.focused].tolist()
    x, y = (_told(value, end - start) for value, start, end in zip(point, view.low, view.high, strict=True))
    return f"({x}, {y})"


class _Drawing:
    """A plane in the colours of its classes, or in the diverging ones; without colours, in signs and letters."""

    def __init__(self, view: SurfaceView, points: PointsView, class_names: tuple[str, ...], palette: Palette) -> None:
        self._view = view
        self._points = points
        self._palette = palette
        self._names = class_names
        self._low, self._high = view.targets or (0.0, 1.0)

    @property
    def _has_several(self) -> bool:
        return len(self._names) > 2

    def rows(self, side: int) -> list[list[Run]]:
        """`side` // 2 rows of cells, with one more at each end of a row."""
        cells = self._signs(side) if self._palette.colourless else self._blocks(side)
        nothing: Run = (" ", self._palette.style(self._palette.text))
        rows = [[nothing, *line, nothing] for line in cells]
        self._put_points(rows, side)
        return rows

    # The surface

    def _seen(self, side: int) -> tuple[Array, Array | None]:
        """Of each pixel, the value and the class of the cell that its middle lies in."""
        view = self._view
        nearest = ((np.arange(side) + 0.5) * len(view.values) / side).astype(np.int64)
        place = np.ix_(nearest, nearest)
        return view.values[place], None if view.classes is None else view.classes[place]

    def _shares(self, values: Array) -> Array:
        """Values from −1 at one end of the scale to 1 at the other; of several classes, from 0 for a mere guess."""
        if self._has_several:
            guess = 1 / len(self._names)
            return (values - guess) / (1 - guess)
        return (2 * values - self._low - self._high) / ((self._high - self._low) or 1.0)

    def _blocks(self, side: int) -> list[list[Run]]:
        values, classes = self._seen(side)
        palette, shares = self._palette, self._shares(values)
        if classes is not None and self._has_several:
            return self._blocks_of_several(classes * (LEVELS + 1) + levels(np.maximum(shares, 0), 1.0, LEVELS))
        shades = levels(shares, 1.0, LEVELS) + LEVELS
        blocks = palette.ground_blocks
        return [[blocks[above][below] for above, below in zip(*pair, strict=True)] for pair in _pairs(shades)]

    def _blocks_of_several(self, places: Array) -> list[list[Run]]:
        palette = self._palette
        table = [palette.class_ground(k, i / LEVELS) for k in range(len(self._names)) for i in range(LEVELS + 1)]
        return [
            [_run(palette.half_block(table[above], table[below])) for above, below in zip(*pair, strict=True)]
            for pair in _pairs(places)
        ]

    def _signs(self, side: int) -> list[list[Run]]:
        """One character for two pixels."""
        values, classes = self._seen(side)
        style = self._palette.style(self._palette.faint)
        if classes is None or not self._has_several:
            strips = heatmap(self._shares(values), 1.0, self._palette)
            return [[(sign, style) for sign in strip.text] for strip in strips]
        likely = values[::2] >= 0.5
        return [
            [(self._letter(k) if sure else " ", style) for k, sure in zip(*pair, strict=True)]
            for pair in zip(classes[::2].tolist(), likely.tolist(), strict=True)
        ]

    # The points

    def _put_points(self, rows: list[list[Run]], side: int) -> None:
        """The focused example last, on top of the batch, which is on top of others."""
        points = self._points
        cells = side * side // 2
        batch = [k for k in range(points.batch) if k != points.focused][: cells // CELLS_PER_BATCH_POINT]
        others = range(points.batch, min(len(points.points), points.batch + cells // CELLS_PER_OTHER))
        columns, lines = self._places(side)
        grounds: dict[tuple[int, int], Rgb] = {}
        for k in [*others, *batch, points.focused]:
            x, y = columns[k] + 1, lines[k]
            ground = grounds.setdefault((x, y), self._ground_of(*rows[y][x]))
            rows[y][x] = (self._mark(k), self._palette.on(self._point_colour(k), ground, bold=k < points.batch))
        self._put_brackets(rows[lines[points.focused]], columns[points.focused] + 1)

    def _ground_of(self, sign: str, style: Style) -> Rgb:
        """What a point stands on in a cell: the middle of a half-block's two colours, or the background."""
        if sign != "▀" or style.color is None or style.bgcolor is None:
            return self._palette.background
        return mixed(style.color.get_truecolor(), style.bgcolor.get_truecolor(), 0.5)

    def _put_brackets(self, line: list[Run], x: int) -> None:
        palette = self._palette
        accent = palette.style(palette.accent, bold=True)
        colour = palette.style(self._point_colour(self._points.focused), bold=True)
        line[x - 1 : x + 2] = [("(", accent), (line[x][0], colour), (")", accent)]

    def _places(self, side: int) -> tuple[list[int], list[int]]:
        """Column and row of each point's cell."""
        view = self._view
        low, high = np.array(view.low), np.array(view.high)
        across, up = ((self._points.points - low) / (high - low)).T
        columns = np.clip((across * side).astype(np.int64), 0, side - 1)
        lines = np.clip(((1 - up) * side).astype(np.int64), 0, side - 1) // 2
        return columns.tolist(), lines.tolist()

    def _mark(self, k: int) -> str:
        if not self._palette.colourless:
            return POINT if k < self._points.batch else OTHER
        if self._has_several:
            return self._letter(int(self._points.labels[k])).upper()
        return SIGNS[int(self._label_shares[k] > 0)]

    def _letter(self, label: int) -> str:
        return ascii_lowercase[label % len(ascii_lowercase)]

    @cached_property
    def _label_shares(self) -> list[float]:
        shares: list[float] = self._shares(self._points.labels.astype(np.float64)).tolist()
        return shares

    def _point_colour(self, k: int) -> Rgb:
        palette = self._palette
        if palette.colourless:
            return palette.text
        if self._names:
            return self._colour(int(self._points.labels[k]))
        # A number that is met would else vanish in the surface.
        return mixed(palette.signed(self._label_shares[k], 1.0), palette.text, NUMBER_TINT)

    def _colour(self, label: int) -> Rgb:
        return self._palette.class_colour(label, len(self._names))

    # The legend

    def legend(self, width: int) -> list[Run]:
        """What the colours mean, in at most `width` cells."""
        return self._legend_of_several(width) if self._has_several else self._legend_of_two(width)

    def _legend_of_two(self, width: int) -> list[Run]:
        """Both ends of the scale, and the scale between them where there is room for it."""
        palette = self._palette
        text = palette.style(palette.text)
        steps = np.rint(np.linspace(0, 2 * LEVELS, LEGEND_BLOCKS)).astype(int).tolist()
        scale: list[Run] = [("█", palette.style(palette.grounds[i])) for i in steps]
        if palette.colourless:
            scale = diverging(palette, width)
        longest = max(map(cell_len, self._names), default=LONGEST_NUMBER)
        if 2 * min(longest, LEGIBLE) + len(scale) + SIGNED > width:
            scale = []
        room = max((width - len(scale) - SIGNED) // 2, 1)
        low, high = (
            apart(self._names, room) if self._names else (fitted(value, room) for value in (self._low, self._high))
        )
        return [self._sign(0), (f" {low} ", text), *scale, (f" {high} ", text), self._sign(1)]

    def _legend_of_several(self, width: int) -> list[Run]:
        """As many classes as there is room for, with names as short as they have to be, and how many more there are."""
        palette, names = self._palette, self._names
        text, faint = palette.style(palette.text), palette.style(palette.faint)
        longest, apiece = max(map(cell_len, names)), len(self._sign(0)[0]) + len(" ") + len(GAP)
        for shown in range(len(names), 0, -1):
            more = f"+{integer(len(names) - shown)}" if shown < len(names) else ""
            room = (width + len(GAP) * (not more) - len(more)) // shown - apiece
            if room >= min(longest, LEGIBLE):
                short = apart(names, room)[:shown]
                runs = [run for k, name in enumerate(short) for run in (self._sign(k), (f" {name}{GAP}", text))]
                return [*runs, (more, faint)]
        return []

    def _sign(self, label: int) -> Run:
        palette = self._palette
        if not palette.colourless:
            colour = self._colour(label) if self._names else palette.shades[-label]
            return POINT, palette.style(colour)
        sign = f"{self._letter(label)}{self._letter(label).upper()}" if self._has_several else SIGNS[label]
        return sign, palette.style(palette.text)


def _pairs(places: Array) -> Iterator[tuple[list[int], list[int]]]:
    """The two rows of pixels of each row of cells."""
    return zip(places[::2].tolist(), places[1::2].tolist(), strict=True)


def _run(segment: Segment) -> Run:
    return segment.text, segment.style or Style()
