"""A text, wrapped, with the characters that count most underlined, and its strongest n-grams as bars."""

from itertools import groupby

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from nnviz.data.ngrams import MOST_COUNTED
from nnviz.frame.example_view import NGramView, TextView
from nnviz.tui.drawing.bars import bar
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import fit, fit_right, row
from nnviz.wording import count, fitted

STRONG = 0.6
"""What is as strong as that, next to the strongest, is bold too."""
VALUE, SHORTEST_BAR = 7, 4
# Rows that bars take from a text that would fill the pane.
KEPT = 4


def marked_text(view: TextView, layer: str, width: int, height: int, palette: Palette) -> list[Strip]:
    """The text in the upper rows, and what its marks mean and come from in those that are left; at most `height`."""
    lines = wrapped(view.text, width)
    room = height - KEPT if height > 2 * KEPT else height
    rows = [_line(view, start, end, width, palette) for start, end in lines[:room]]
    if len(lines) > room or view.more:
        hidden = view.more + sum(end - start for start, end in lines[max(room - 1, 0) :])
        rows[room - 1 :] = [
            row([(f"… {count(hidden, 'more character')}", palette.style(palette.faint))], width, palette)
        ]
    left = height - len(rows)
    if left < 2 or not view.strongest:
        return rows[:height]
    if left > KEPT:
        rows.append(row((), width, palette))
    rows.append(_legend(layer, width, palette))
    return rows + bars(view.strongest[: height - len(rows)], width, palette)


def bar_at(view: TextView, width: int, height: int, y: int) -> NGramView | None:
    """The n-gram whose bar `marked_text` has in that row."""
    lines = len(wrapped(view.text, width))
    room = height - KEPT if height > 2 * KEPT else height
    rows = room if lines > room else lines + bool(view.more)
    left = height - min(rows, room)
    first = height - left + (left > KEPT) + 1
    return view.strongest[y - first] if left >= 2 and 0 <= y - first < len(view.strongest) else None


def wrapped(text: str, width: int) -> list[tuple[int, int]]:
    """From which character to which each line goes, none wider than `width` cells; lines end between words."""
    lines = []
    start = 0
    while start < len(text):
        end, cells = start, 0
        while end < len(text) and (cells := cells + cell_len(text[end])) <= width:
            end += 1
        if end < len(text):
            space = text.rfind(" ", start, end + 1)
            end = space if space > start else max(end, start + 1)
        lines.append((start, end))
        start = end + (text[end : end + 1] == " ")
    return lines


def bars(strongest: tuple[NGramView, ...], width: int, palette: Palette) -> list[Strip]:
    """A row for each n-gram: its name, how often it is in the whole text, and how strong it is."""
    text, faint, colour = (palette.style(c) for c in (palette.text, palette.faint, palette.accent))
    longest = max((cell_len(ngram.name) for ngram in strongest), default=0)
    counts = [f" ×{ngram.count}{'+' * (ngram.count >= MOST_COUNTED)} " for ngram in strongest]
    count_width = max(map(cell_len, counts), default=0)
    name_width = max(min(longest, width - count_width - VALUE - SHORTEST_BAR - 1), 0)
    largest = max((ngram.strength for ngram in strongest), default=0.0)
    rows = []
    for ngram, times in zip(strongest, counts, strict=True):
        share = ngram.strength / largest if largest else 0.0
        told = [(fit(ngram.name, name_width), text), (fit(times, count_width), faint)]
        filled = bar(share, max(width - name_width - count_width - VALUE - 1, 1))
        strength = fit_right(fitted(ngram.strength, VALUE), VALUE + 1)
        rows.append(row([*told, (filled, colour), (strength, text)], width, palette))
    return rows


def _line(view: TextView, start: int, end: int, width: int, palette: Palette) -> Strip:
    styles = _styles(palette)
    levels = [0 if mark <= 0 else 1 if mark < STRONG else 2 for mark in view.marks[start:end].tolist()]
    characters = zip(levels, view.text[start:end], strict=True)
    runs = [
        ("".join(character for _, character in same), styles[level])
        for level, same in groupby(characters, key=lambda pair: pair[0])
    ]
    return row(runs, width, palette)


def _legend(layer: str, width: int, palette: Palette) -> Strip:
    said = [f"underlined: moves {layer} most", f"moves {layer} most", ""]
    return row([(next(text for text in said if len(text) <= width), palette.style(palette.faint))], width, palette)


def _styles(palette: Palette) -> list[Style]:
    """Of what is not marked, marked, and marked most."""
    underline = Style(underline=True)
    return [
        palette.style(palette.text),
        palette.style(palette.accent) + underline,
        palette.style(palette.accent, bold=True) + underline,
    ]
