"""The list of runs as a table: as many of its columns as there is room for, and no number is cut."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from nnviz.collection.listed_run import ListedRun
from nnviz.logs.logged_run import DIVERGED, FAILED, FINISHED, RUNNING
from nnviz.outside_text import apart, cut, printable
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import Run, fit, fit_right, row
from nnviz.wording import age, byte_size, integer, number

CURSOR, MARKED = "▶", "✓"
STATES = {RUNNING: "▶", FINISHED: "✓", DIVERGED: "✖", FAILED: "✖"}
"""Signs of states, besides their words."""
UP, DOWN = "▲", "▼"
GAP, SIGNS = 2, 4
DIGITS = 4
NOTHING = "—"


class TableColumn(NamedTuple):
    """A column: what it is called by, how narrow it may get, and whether numbers stand in it.

    gone   the larger, the sooner it is left out where there is no room
    """

    name: str
    least: int
    gone: int
    is_number: bool = False


COLUMNS = (
    TableColumn("run", 16, 0),
    TableColumn("by", 11, 4),
    TableColumn("source", 6, 6),
    TableColumn("network", 10, 5),
    TableColumn("state", 9, 0),
    TableColumn("best", 6, 0, True),
    TableColumn("of", 15, 2),
    TableColumn("steps", 5, 1, True),
    TableColumn("size", 6, 7, True),
    TableColumn("age", 5, 3, True),
)
WIDEST = 48
"""Of a column of texts, where there is room."""
TEXTS = ("run", "of", "by", "network", "source")
"""Columns that get wider where there is room."""
SORTED_BY = {"of": "best"}
"""Columns that are sorted by another one."""


class Table(NamedTuple):
    """What is to be seen of the list.

    runs    those that are listed, in their order
    marked  the keys of those that are marked
    cursor  the place of the one that is looked at
    first   the place of the first that is seen
    column  what they are sorted by, and `backwards`, whether the other way round
    now     seconds since 1970
    """

    runs: Sequence[ListedRun]
    marked: Collection[tuple[Path, str]]
    cursor: int
    first: int
    column: str
    backwards: bool
    now: float


class Laid(NamedTuple):
    """Where a column is: from which cell on, and how wide."""

    column: TableColumn
    start: int
    width: int


def cells_of(run: ListedRun, now: float) -> dict[str, str]:
    """The text in each column."""
    reached = run.reached
    steps = "" if reached < 0 else integer(int(reached)) if reached == int(reached) else number(reached, DIGITS)
    main = run.main
    value = run.best.value if run.best else main.latest.value if main and main.latest else None
    return {
        "run": printable(run.name),
        "by": run.by,
        "source": printable(run.source) or NOTHING,
        "network": printable(run.network) or NOTHING,
        "state": f"{STATES.get(run.state, '·')} {run.state}",
        "best": NOTHING if value is None else number(value, DIGITS),
        "of": NOTHING if main is None else printable(main.name) + ("" if run.best else " (last)"),
        "steps": f"{steps}{'' if run.axis == 'step' or not steps else f' {run.axis}s'}",
        "size": byte_size(run.size),
        "age": age(now - run.written),
    }


def laid_out(cells: Sequence[dict[str, str]], width: int) -> list[Laid]:
    """The columns that there is room for. Those of texts get narrower first, then some are left out."""
    columns = list(COLUMNS)
    wanted = {
        column.name: max([cell_len(column.name) + 2, *(cell_len(one[column.name]) for one in cells)])
        for column in columns
    }
    least = {c.name: wanted[c.name] if c.is_number else min(wanted[c.name], c.least) for c in columns}
    least["state"] = wanted["state"]
    room = width - SIGNS

    def taken(widths: dict[str, int]) -> int:
        return sum(widths[column.name] + GAP for column in columns) - GAP

    while len(columns) > 1 and taken(least) > room:
        columns.remove(max(columns, key=lambda column: column.gone))
    widths = {column.name: least[column.name] for column in columns}
    spare = room - taken(widths)
    # A column that little is missing of goes first: a single long text takes nothing from the others. Among like ones,
    # names do, then what differs among runs of one source.
    missing = {name: max(min(wanted[name], WIDEST) - widths[name], 0) for name in TEXTS if name in widths}
    for name in sorted(missing, key=missing.__getitem__):
        more = max(min(spare, missing[name]), 0)
        widths[name] += more
        spare -= more
    laid, start = [], SIGNS
    for column in columns:
        laid.append(Laid(column, start, max(min(widths[column.name], width - start), 0)))
        start += widths[column.name] + GAP
    return laid


def run_table(table: Table, palette: Palette, width: int, height: int) -> tuple[list[Strip], list[Laid]]:
    """The headings and as many runs as there is room for, and where the columns are."""
    cells = [cells_of(run, table.now) for run in table.runs]
    laid = laid_out(cells, width)
    names = tuple(one["run"] for one in cells)
    if len(set(names)) == len(names):
        for one, name in zip(cells, apart(names, laid[0].width), strict=True):
            one["run"] = name
    rows = [_headings(table, laid, palette, width)]
    for place in range(table.first, min(len(cells), table.first + height - 1)):
        rows.append(_row(table, place, cells[place], laid, palette, width))
    return rows, laid


def _headings(table: Table, laid: Sequence[Laid], palette: Palette, width: int) -> Strip:
    runs: list[Run] = [(" " * SIGNS, palette.style(palette.faint))]
    for column, _, room in laid:
        sign = (UP if table.backwards else DOWN) if table.column == column.name else ""
        text = f"{column.name} {sign}" if sign else column.name
        style = palette.style(palette.accent if sign else palette.faint, bold=True)
        runs += [((fit_right if column.is_number else fit)(text, room), style), (" " * GAP, style)]
    return row(runs, width, palette)


def _row(table: Table, place: int, cells: dict[str, str], laid: Sequence[Laid], palette: Palette, width: int) -> Strip:
    run = table.runs[place]
    at, is_marked = place == table.cursor, run.key in table.marked
    ground = palette.zero if at and not palette.colourless else palette.background

    def style(colour: tuple[int, int, int], bold: bool = False) -> Style:
        return palette.on(colour, ground, bold)

    text = style(palette.text, bold=at)
    signs = f"{CURSOR if at else ' '} {MARKED if is_marked else ' '} "
    runs: list[Run] = [(signs, style(palette.accent, bold=True))]
    for column, _, room in laid:
        shown, look = cells[column.name], text
        if column.name == "state":
            colours = {RUNNING: palette.accent, FINISHED: palette.good, DIVERGED: palette.bad, FAILED: palette.bad}
            look = style(colours.get(run.state, palette.faint), bold=at)
        elif column.name in ("by", "of", "size", "age"):
            look = style(palette.faint, bold=at)
        shown = fit_right(shown, room) if column.is_number else fit(cut(shown, room), room)
        runs += [(shown, look), (" " * GAP, text)]
    return row(runs, width, palette)
