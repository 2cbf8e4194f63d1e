"""Rows of text in several styles, cut or filled to an exact width."""

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nnviz.tui.drawing.palette import Palette

Run = tuple[str, Style]


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells: filled with spaces, or cut with … where it is too long."""
    if cell_len(text) <= width:
        return set_cell_size(text, max(width, 0))
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def fit_right(text: str, width: int) -> str:
    """The same, filled from the left."""
    missing = width - cell_len(text)
    return " " * missing + text if missing >= 0 else fit(text, width)


def row(runs: Iterable[Run], width: int, palette: Palette) -> Strip:
    """One row of exactly `width` cells."""
    # Neighbours of one style are one segment: each costs Textual the same, however long it is.
    texts: list[str] = []
    styles: list[Style] = []
    for text, style in runs:
        if texts and style is styles[-1]:
            texts[-1] += text
        elif text:
            texts.append(text)
            styles.append(style)
    length = sum(map(cell_len, texts))
    if length < width:
        texts.append(" " * (width - length))
        styles.append(palette.style(palette.text))
    # Textual makes a strip anew to lengthen it.
    return Strip(map(Segment, texts, styles), max(length, width)).adjust_cell_length(width)


def filled(strip: Strip, width: int, palette: Palette) -> Strip:
    """A strip of exactly `width` cells: the surplus is cut, what is missing is background."""
    return strip.adjust_cell_length(width, palette.style(palette.text))


def page(rows: list[Strip], width: int, height: int, palette: Palette) -> list[Strip]:
    """Exactly `height` rows: the surplus is cut, what is missing is empty."""
    missing = height - len(rows)
    return rows[:height] if missing <= 0 else rows + [row((), width, palette)] * missing


def centred(sentence: str, width: int, height: int, palette: Palette) -> list[Strip]:
    """A faint sentence in the middle of an empty pane."""
    from textwrap import wrap

    style = palette.style(palette.faint)
    lines = [row([(line.center(width), style)], width, palette) for line in wrap(sentence, max(width * 4 // 5, 1))]
    return page([row((), width, palette)] * ((height - len(lines)) // 2) + lines, width, height, palette)
