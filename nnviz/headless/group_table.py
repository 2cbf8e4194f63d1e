"""Groups of runs as a table: what each came to, as mean ± deviation, in as many parts as the terminal is narrow."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from nnviz.collection.comparison import Group, Spread
from nnviz.collection.differences import short_names
from nnviz.headless.report import table
from nnviz.outside_text import cut, printable
from nnviz.wording import integer, number

DIGITS, DEVIATION_DIGITS = 4, 3
LABEL = 60
"""Cells of what a row is called, at most; on a narrow terminal half of its width."""


def label(settings: Mapping[str, str | None]) -> str:
    """Settings in short: `learning_rate 0.01, layers dense 32 relu`, with their tables where they would be mistaken."""
    named = zip(short_names(list(settings)), settings.values(), strict=True)
    return ", ".join(f"{printable(name)} {told(text)}" for name, text in named)


def told(text: str | None) -> str:
    """A setting's text, and a word for one that has none."""
    return "none" if text is None else printable(text) or "''"


def group_rows(group: Group, metrics: Sequence[str]) -> list[str]:
    """A cell for how many runs it has, and one for each metric."""
    return [integer(len(group.runs)), *(_cell(group.spreads[name], len(group.runs)) for name in metrics)]


def _cell(found: Spread | None, runs: int) -> str:
    if found is None:
        return "none"
    deviation = "" if found.deviation is None else f" ± {number(found.deviation, DEVIATION_DIGITS)}"
    some = "" if found.n == runs else f" ({integer(found.n)} of {integer(runs)})"
    return f"{number(found.mean, DIGITS)}{deviation}{some}"


def heads(metrics: Sequence[str]) -> tuple[list[str], list[str]]:
    """Two lines: split and metric."""
    parts = [printable(name).partition("/") for name in metrics]
    return [split if slash else "" for split, slash, _ in parts], [rest or split for split, _, rest in parts]


def in_parts(rows: Sequence[Sequence[str]], labels: Sequence[str], columns: int) -> str:
    """Rows of cells as tables that fit: as many cells as there is room for, and the others below, each with its label.

    Those of no row are heads. No cell is ever cut, however narrow it is.
    """
    names = [cut(name, min(LABEL, max(columns // 2 - 2, 8))) for name in labels]
    widths = [max(cell_len(cell) for cell in column) + 2 for column in zip(*rows, strict=True)]
    own = max(map(cell_len, names)) + 2
    parts: list[list[int]] = [[]]
    for place, width in enumerate(widths):
        if parts[-1] and own + sum(widths[one] for one in parts[-1]) + width > columns:
            parts.append([])
        parts[-1].append(place)
    tables = [[[name, *(row[one] for one in part)] for name, row in zip(names, rows, strict=True)] for part in parts]
    return "\n\n".join(map(table, tables))
