"""Lines of a picture of curves: each is one curve, or the middle of a group of them, and can be read at any place."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.collection.groups import Group, middle
from nnviz.collection.overlay import Curve
from nnviz.collection.window import band, is_merged, line, odd, window
from nnviz.frame.series import DOWN, NAN, UP


class Line(NamedTuple):
    """One of the lines.

    curves     that of the line, or those of its group
    deviation  of a group: whether the deviation is shown, and not the lowest and the highest
    """

    name: str
    split: str
    owner: int
    curves: tuple[Curve, ...]
    is_group: bool = False
    deviation: bool = False


class Shape(NamedTuple):
    """What of a line is in a picture of `columns`; all (columns,) but `odd`.

    levels        the heights of the line, as `place` says; `lows`, `highs` of its band
    has_band      whether there is more to the band than to the line
    odd           places and marks of values that are no finite numbers
    """

    levels: Array
    lows: Array
    highs: Array
    has_band: bool
    odd: tuple[Array, Array]


class Reading(NamedTuple):
    """What a line says at one place.

    value   the value there; of a point in which `held` values were merged, or of a group of `held`, their mean
    level   the smoothed one, where it is smoothed
    low, high  of the merged, or of the group
    x       where the point stands
    """

    value: float
    level: float | None
    low: float
    high: float
    held: int
    x: float


def lines_of(curves: Sequence[Curve], names: Sequence[str]) -> list[Line]:
    """A line for each curve; runs have these names."""
    return [Line(names[curve.run], curve.split, curve.run, (curve,)) for curve in curves]


def lines_of_groups(curves: Sequence[Curve], groups: Sequence[Group], deviation: bool) -> list[Line]:
    """A line for each group and split of it."""
    found = []
    for owner, group in enumerate(groups):
        own = [curve for curve in curves if curve.run in group.runs]
        for split in dict.fromkeys(curve.split for curve in own):
            members = tuple(curve for curve in own if curve.split == split)
            found.append(Line(group.name, split, owner, members, True, deviation))
    return found


def shape_of(one: Line, edges: Array, place: Callable[[Array], Array], wants_band: bool = True) -> Shape:
    """The line in the columns between `edges` (columns + 1,), evenly spaced.

    `place` says where values lie on the other axis; NaN where they have none.
    """
    columns = len(edges) - 1
    both = [(curve, window(curve.drawn, edges)) for curve in one.curves]
    found = [odd(curve.drawn, seen) for curve, seen in both]
    strange = np.concatenate([places for places, _ in found]), np.concatenate([marks for _, marks in found])
    if one.is_group:
        every = middle([line(seen, seen.levels, columns, np.asarray) for _, seen in both], one.deviation)
        return Shape(place(every.means), place(every.lows), place(every.highs), len(both) > 1, strange)
    ((curve, seen),) = both
    levels = line(seen, seen.levels, columns, place)
    if not wants_band or not (curve.is_smoothed or is_merged(curve.drawn, seen)):
        return Shape(levels, levels, levels, False, strange)
    lows, highs = band(curve.drawn, seen)
    return Shape(levels, line(seen, lows, columns, place), line(seen, highs, columns, place), True, strange)


def read_at(one: Line, x: float) -> Reading | None:
    """What it says at the last point until x; None before its first. Of a group: of the runs that have come so far."""
    if not one.is_group:
        return _read(one.curves[0], x)
    found = [reading for curve in one.curves if (reading := _read(curve, x)) is not None]
    values = np.array([reading.value if reading.level is None else reading.level for reading in found])
    if not len(values):
        return None
    mean, low, high = float(values.mean()), float(values.min()), float(values.max())
    if one.deviation:
        spread = float(values.std(ddof=1)) if len(values) > 1 else math.nan
        low, high = mean - spread, mean + spread
    return Reading(mean, None, low, high, len(values), x)


def _read(curve: Curve, x: float) -> Reading | None:
    place = curve.at(x)
    if place is None:
        return None
    point = curve.points[place]
    odd = {NAN: math.nan, UP: math.inf, DOWN: -math.inf}
    value = float(point["mean"]) if point["finite"] else odd.get(int(point["marks"]), math.nan)
    level = float(curve.levels[place]) if curve.is_smoothed else None
    return Reading(value, level, float(point["low"]), float(point["high"]), int(point["held"]), float(curve.x[place]))
