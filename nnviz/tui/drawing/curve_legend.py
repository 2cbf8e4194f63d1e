"""What stands below the curves of runs: a row for each line, with what it says at the cursor, and its best value."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.strip import Strip

from nnviz.collection.lines import Line, read_at
from nnviz.outside_text import apart, cut, printable
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import Run, fit, fit_right, row
from nnviz.tui.drawing.run_axes import View, told_x
from nnviz.tui.drawing.run_picture import colour_of_run, sign_of
from nnviz.wording import count, integer, listed, number

CHOSEN = "▶"
GAP, SIGNS = 2, 4
DIGITS = 4
NAME, NARROW = 44, 14
NOTHING = "—"


class _Column(NamedTuple):
    """A heading, and what stands below it."""

    heading: str
    cells: list[str]
    gone: int


def curve_legend(
    lines: Sequence[Line], named: str, view: View, palette: Palette, width: int, height: int
) -> tuple[list[Strip], int]:
    """`height` rows, the headings first, `named` above the lines; and the number of the line in the second one."""
    room = max(height - 1, 1)
    first = min(max(view.chosen - room // 2, 0), max(len(lines) - room, 0))
    shown = lines[first : first + room]
    columns = _columns(shown, view)
    names = [_named(line) for line in shown]
    seen = f"{named} · {integer(first + 1)} to {integer(first + len(shown))} of {integer(len(lines))}"
    heading = named if len(shown) == len(lines) else seen
    wanted = min(max(map(cell_len, [heading, *names])), NAME)
    while columns and SIGNS + NARROW + sum(GAP + _wide(column) for column in columns) > width:
        columns.remove(max(columns, key=lambda column: column.gone))
    spare = width - SIGNS - sum(GAP + _wide(column) for column in columns)
    name = max(min(wanted, spare), 0)
    shortened = apart(tuple(names), name) if name >= NARROW and len(set(names)) == len(names) else names
    # No number of it is cut.
    above = fit(cut(heading if cell_len(heading) <= name else named, name), name)
    faint = palette.style(palette.faint, bold=True)
    rows = [row([(" " * SIGNS + above, faint), *_headings(columns, palette)], width, palette)]
    for place, line in enumerate(shown):
        is_chosen = first + place == view.chosen
        colour = palette.style(colour_of_run(line.owner, palette), bold=True)
        text = palette.style(palette.text, bold=is_chosen)
        runs: list[Run] = [(f"{CHOSEN if is_chosen else ' '} ", palette.style(palette.accent, bold=True))]
        runs += [(f"{sign_of(line.owner)} ", colour), (fit(cut(shortened[place], name), name), text)]
        for column in columns:
            runs += [(" " * GAP, text), (fit_right(column.cells[place], _wide(column)), text)]
        rows.append(row(runs, width, palette))
    return rows, first


def _headings(columns: Sequence[_Column], palette: Palette) -> list[Run]:
    style = palette.style(palette.faint, bold=True)
    return [(" " * GAP + fit_right(column.heading, _wide(column)), style) for column in columns]


def _wide(column: _Column) -> int:
    return max(map(cell_len, [column.heading, *column.cells]))


def _named(line: Line) -> str:
    """What a line is called, with its split, and with how many runs are in it."""
    parts = [printable(line.name) or NOTHING, line.split]
    if line.is_group:
        parts.append(count(len(line.curves), "run"))
    return " · ".join(filter(None, parts))


def _columns(lines: Sequence[Line], view: View) -> list[_Column]:
    at = view.last if view.cursor is None else view.cursor
    readings = [read_at(line, at) for line in lines]
    where = "last" if view.cursor is None else f"at {told_x(view.cursor, view)}"
    values = [NOTHING if reading is None else number(reading.value, DIGITS) for reading in readings]
    columns = [_Column(where, values, 0)]
    levels = ["" if r is None or r.level is None else number(r.level, DIGITS) for r in readings]
    if any(levels):
        columns.append(_Column("smoothed", levels, 2))
    ranges = [
        f"{number(r.low, DIGITS)}…{number(r.high, DIGITS)}" if r is not None and r.held > 1 and r.low == r.low else ""
        for r in readings
    ]
    if any(ranges):
        deviation = any(line.deviation and line.is_group for line in lines)
        columns.append(_Column("mean ± deviation" if deviation else "lowest…highest", ranges, 4))
    bests = [None if line.is_group else line.curves[0].best for line in lines]
    if any(bests):
        told = ["" if best is None else number(best.value, DIGITS) for best in bests]
        columns.append(_Column("best", told, 1))
        steps = ["" if best is None else told_step(best.step) for best in bests]
        columns.append(_Column("best at", steps, 3))
    odd = [_odd(line) for line in lines]
    if any(odd):
        columns.append(_Column("no number", odd, 5))
    return columns


def told_step(step: float) -> str:
    """A step, or an epoch, as a text."""
    return integer(int(step)) if step == math.floor(step) else number(step, DIGITS)


def _odd(line: Line) -> str:
    found: dict[str, int] = {}
    for curve in line.curves:
        for name, many in curve.odd().items():
            found[name] = found.get(name, 0) + many
    return listed([f"{integer(many)} {name}" for name, many in found.items()])
