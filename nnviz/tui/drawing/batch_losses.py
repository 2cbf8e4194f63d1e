"""The examples of a batch with what each costs, before a curve can be drawn."""

from rich.cells import cell_len
from textual.strip import Strip

from nnviz.frame.batch_view import BatchView
from nnviz.outside_text import apart
from nnviz.tui.drawing.bars import bar
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import Run, fit, fit_right, row
from nnviz.wording import fitted, integer

VALUE, LONGEST_NAME = 7, 12


def first_shown(view: BatchView, chosen: int, rows: int) -> int:
    """Which example stands in the first of so many rows, so that the chosen one is in the middle, if it can be."""
    return max(min(chosen - rows // 2, len(view.numbers) - rows), 0)


def batch_losses(
    view: BatchView,
    classes: tuple[str, ...],
    chosen: int,
    width: int,
    height: int,
    palette: Palette,
    decimals: int | None = None,
) -> list[Strip]:
    """A row an example, in the order of the batch: its number, its label, its loss, and a bar for that."""
    # With a 0 and a point before the decimals.
    wide = max(VALUE, (decimals or 0) + 2)
    first = first_shown(view, chosen, height)
    shown = range(first, min(first + height, len(view.numbers)))
    numbers = [f"#{integer(int(number) + 1)}" for number in view.numbers]
    number_width = max(map(len, numbers))
    name_width = 0 if view.labels is None else min(max(map(cell_len, classes)), LONGEST_NAME, width // 3) + 1
    names = apart(classes, name_width - 1) if name_width else ()
    bar_width = max(width - number_width - name_width - wide - 3, 0)
    largest = 0.0 if view.losses is None else float(view.losses.max())
    text, faint = palette.style(palette.text), palette.style(palette.faint)
    strips = []
    for place in shown:
        lit = palette.style(palette.accent, bold=True) if place == chosen else text
        loss = None if view.losses is None else float(view.losses[place])
        name = "" if view.labels is None else names[int(view.labels[place])]
        told = "·" if loss is None else fitted(loss, wide, decimals=decimals)
        share = loss / largest if loss and largest else 0.0
        runs: list[Run] = [("▶" if place == chosen else " ", lit)]
        runs += [(f"{fit_right(numbers[place], number_width)} {fit(name, name_width)}", lit)]
        runs += [(fit_right(told, wide), faint if loss is None else text)]
        runs += [(f" {bar(share, bar_width)}", palette.style(palette.accent))]
        strips.append(row(runs, width, palette))
    return strips
