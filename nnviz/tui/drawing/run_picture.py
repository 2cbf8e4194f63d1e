"""The curves of runs over each other: axes, lines with what is behind them, and signs for what no line can show."""

from collections import Counter
from collections.abc import Callable, Sequence
from string import ascii_letters
from typing import NamedTuple

import numpy as np
from rich.style import Style
from textual.strip import Strip

from nnviz.array import Array
from nnviz.collection.lines import Line, Shape, shape_of
from nnviz.frame.series import DOWN, NAN, UP
from nnviz.tui.drawing.axis import Scale
from nnviz.tui.drawing.colours import Rgb, mixed
from nnviz.tui.drawing.dots import ACROSS, Dots
from nnviz.tui.drawing.dots import DOWN as DOTS_DOWN
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import centred, page
from nnviz.tui.drawing.run_axes import View, with_y, x_axis

BEST, NOT_A_NUMBER, INFINITE, ABOVE, BELOW, CURSOR = "◆", "✗", "∞", "▲", "▼", "╎"
SIGNS = ascii_letters
Places = Callable[[Array], Array]
MOST_BANDS = 6
"""Of more lines, what is behind them is drawn of the chosen one alone: it would hide the others."""
FAINT = 0.38
EVERY = 14
"""Cells after which a line tells its sign again, where colours do not tell lines apart."""
FAR = 20.0
"""Where so many times of what most values take is taken by all of them, the axis is for most."""
NOTHING = "there is nothing to show here"


class Picture(NamedTuple):
    """What was drawn.

    left, columns  the cells of the lines: from which on, and how many
    scale          the y axis; None where nothing is drawn
    beyond         signs of what is out of the picture or not a number, each with how many lines have it
    """

    strips: list[Strip]
    left: int
    columns: int
    scale: Scale | None
    beyond: dict[str, int]


def sign_of(owner: int) -> str:
    """The letter of a run."""
    return SIGNS[owner % len(SIGNS)]


def colour_of_run(owner: int, palette: Palette) -> Rgb:
    """The colour of a run."""
    return palette.one_of_several(owner)


def run_picture(
    lines: Sequence[Line], view: View, palette: Palette, width: int, height: int, before: Scale | None = None
) -> Picture:
    """The lines in `height` rows of `width` cells; the y axis stays as it was `before` where it can."""
    rows = height - 2
    if width < 24 or rows < 3 or not lines:
        return Picture(centred(NOTHING, width, height, palette), 0, 0, None, {})
    # The labels of the y axis depend on the picture, which depends on their width: eight cells hold any of them.
    room = 8
    columns = width - room - 1
    edges = np.linspace(view.first, view.last, ACROSS * columns + 1)
    bands = [len(lines) <= MOST_BANDS or number == view.chosen for number in range(len(lines))]
    place = _places(view.log)
    shapes = [shape_of(line, edges, place, wanted) for line, wanted in zip(lines, bands, strict=True)]
    scale = _scale(shapes, bands, view, before)
    if scale is None:
        return Picture(centred(NOTHING, width, height, palette), 0, 0, None, _odd(shapes))
    dots = Dots(columns, rows)
    order = [number for number in range(len(lines)) if number != view.chosen]
    # Whoever is drawn last is on top, and owners that are larger win a cell.
    order = [*order, view.chosen] if view.chosen < len(lines) else order
    heights, several = {}, _of_several_splits(lines)
    low, high = scale.ends()

    def down(places: Array) -> Array:
        """Places on the y axis as dots from the top."""
        found: Array = (high - places) * ((dots.height - 1) / (high - low))
        return found

    every = down(np.stack([shapes[number].levels for number in order]))
    for rank, number in enumerate(order):
        shape, heights[number] = shapes[number], every[rank]
        if shape.has_band and bands[number]:
            # What is spread about a line that has left the picture would cover all others.
            inside = (heights[number] > -0.5) & (heights[number] < dots.height - 0.5)
            dots.band(np.where(inside, down(shape.highs), np.nan), down(shape.lows), rank)
    owners = [lines[number].owner for number in order]
    dots.lines(every, np.array([lines[number].split == "train" and lines[number].owner in several for number in order]))
    beyond = _odd(shapes)
    for number in reversed(order):
        _signs(dots, lines[number], shapes[number], heights[number], number == view.chosen, palette, beyond)
        if len(lines) <= MOST_BANDS or number == view.chosen:
            _best(dots, lines[number], view, down, palette)
    _letters(dots, lines, order, heights, palette)
    if view.cursor is not None:
        _cursor(dots, view, palette)
    on_top = len(order) - 1

    def bold(rank: int) -> Style:
        return palette.style(colour_of_run(owners[rank], palette), bold=rank == on_top and len(order) > 1)

    def faint(rank: int) -> Style:
        if palette.colourless:
            return palette.style(palette.faint)
        return palette.style(mixed(palette.background, colour_of_run(owners[rank], palette), FAINT))

    drawn = dots.strips(bold, faint, palette.style(palette.text))
    strips = with_y(drawn, scale, room, palette)
    strips += x_axis(view, room, columns, palette, width)
    return Picture(page(strips, width, height, palette), room + 1, columns, scale, beyond)


def _of_several_splits(lines: Sequence[Line]) -> set[int]:
    """The runs that have lines of more than one split."""
    found: dict[int, set[str]] = {}
    for line in lines:
        found.setdefault(line.owner, set()).add(line.split)
    return {owner for owner, splits in found.items() if len(splits) > 1}


def _places(log: bool) -> Places:
    def place(values: Array) -> Array:
        values = np.asarray(values, dtype=float)
        if not log:
            return values
        return np.log10(np.where(values > 0, values, np.nan))

    return place


def _scale(shapes: Sequence[Shape], bands: Sequence[bool], view: View, before: Scale | None) -> Scale | None:
    """The y axis; places are logarithms where it is logarithmic."""
    if view.limits is not None:
        return Scale(*view.limits, log=view.log)
    ends = []
    for shape, has in zip(shapes, bands, strict=True):
        every = np.concatenate([shape.levels, shape.lows, shape.highs]) if has else shape.levels
        if len(known := every[np.isfinite(every)]):
            ends.append(_most(known))
    if not ends:
        return None
    low, high = _of_most(ends)
    fresh = Scale.logarithmic(10**low, 10**high) if view.log else Scale.linear(low, high)
    return before if before is not None and before.suits(fresh) else fresh


def _most(found: Array) -> tuple[float, float]:
    """From the lowest to the highest, but for the few that are so far off that the others could not be seen."""
    ranked = np.sort(found)
    low, high = float(ranked[0]), float(ranked[-1])
    least, most = (float(ranked[round(share * (len(ranked) - 1))]) for share in (0.02, 0.98))
    if high - low <= FAR * (most - least) or most == least:
        return low, high
    margin = (most - least) / 10
    return max(low, least - margin), min(high, most + margin)


def _of_most(ends: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """From the lowest end of lines to the highest, but for lines that are so far off that the others were flat."""
    lows, highs = sorted(low for low, _ in ends), sorted(high for _, high in ends)
    low, high = lows[len(lows) // 2], highs[(len(highs) - 1) // 2]
    # Where most lines are flat, what is far is told by how far they are apart.
    away = sorted(max(abs(a - low), abs(b - low)) for a, b in ends)
    reach = FAR * max(high - lows[0], (away[len(away) // 2] or away[-1]) if high <= low else 0.0) or FAR
    inside = [(a, b) for a, b in ends if b <= high + reach and a >= low - reach] or list(ends)
    return min(a for a, _ in inside), max(b for _, b in inside)


def _odd(shapes: Sequence[Shape]) -> dict[str, int]:
    signs = ((NOT_A_NUMBER, NAN), (INFINITE, UP | DOWN))
    counts = {sign: sum(bool((shape.odd[1] & mark).any()) for shape in shapes) for sign, mark in signs}
    return {sign: count for sign, count in counts.items() if count}


def _signs(
    dots: Dots, line: Line, shape: Shape, heights: Array, on_top: bool, palette: Palette, beyond: dict[str, int]
) -> None:
    """What is not a number, where the line breaks off; and arrows where it leaves the picture."""
    style = palette.style(colour_of_run(line.owner, palette), bold=on_top)
    known = np.flatnonzero(np.isfinite(heights))
    for place, mark in zip(*shape.odd, strict=True):
        column = int(place // ACROSS)
        if mark & (UP | DOWN):
            dots.sign(column, 0 if mark & UP else dots.rows - 1, INFINITE, style, on_top)
        if mark & NAN:
            before = known[known <= place]
            at = heights[before[-1] if len(before) else known[0]] if len(known) else dots.height - 1
            dots.sign(column, min(max(int(at) // DOTS_DOWN, 0), dots.rows - 1), NOT_A_NUMBER, style, on_top)
    for sign, where, edge in ((ABOVE, heights < -0.5, 0), (BELOW, heights > dots.height - 0.5, dots.rows - 1)):
        if not where.any():
            continue
        beyond[sign] = beyond.get(sign, 0) + 1
        for column in np.unique(np.flatnonzero(where) // ACROSS).tolist():
            dots.sign(column, edge, sign, style, on_top)


def _best(dots: Dots, line: Line, view: View, down: Places, palette: Palette) -> None:
    """The best value of a run, where it is."""
    if line.is_group or (best := line.curves[0].best) is None:
        return
    curve = line.curves[0]
    place = max(int(np.searchsorted(curve.points["step"], best.step, side="right")) - 1, 0)
    at = (float(curve.x[place]) - view.first) / (view.last - view.first)
    height = down(_places(view.log)(np.array([best.value])))[0]
    if 0 <= at <= 1 and -0.5 < height < dots.height - 0.5:
        style = palette.style(palette.accent, bold=True)
        dots.sign(min(int(at * dots.columns), dots.columns - 1), int(height) // DOTS_DOWN, BEST, style)


def _letters(
    dots: Dots, lines: Sequence[Line], order: Sequence[int], heights: dict[int, Array], palette: Palette
) -> None:
    """The letter of each line at its end; of those whose colour is that of another one as well, again and again."""
    owners = {line.owner for line in lines}
    having = Counter(colour_of_run(owner, palette) for owner in owners)
    # Of more runs than there are letters, in colours, one letter is enough.
    if len(owners) < 2 or (len(owners) > len(SIGNS) and not palette.colourless):
        order = order[-1:]
    # Where there is room for one letter, it is that of the line on top.
    for number in reversed(order):
        line, own = lines[number], heights[number]
        inside = np.flatnonzero((own > -0.5) & (own < dots.height - 0.5))
        if not len(inside):
            continue
        colour = colour_of_run(line.owner, palette)
        style = palette.style(colour, bold=True)
        at = [inside[-1]]
        if having[colour] > 1:
            before = inside[inside // ACROSS < inside[-1] // ACROSS]
            at += before[(before + 5 * ACROSS * line.owner) % (EVERY * ACROSS) == 0].tolist()
        for column in at:
            dots.sign(int(column) // ACROSS, int(own[column]) // DOTS_DOWN, sign_of(line.owner), style, always=False)


def _cursor(dots: Dots, view: View, palette: Palette) -> None:
    assert view.cursor is not None
    at = (view.cursor - view.first) / (view.last - view.first)
    if 0 <= at <= 1:
        column = min(int(at * dots.columns), dots.columns - 1)
        for level in dots.empty_rows(column):
            dots.sign(column, level, CURSOR, palette.style(palette.text), always=False)
