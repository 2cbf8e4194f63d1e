"""Where a car is steered and where it should be: two lines in the picture of the road."""

from rich.segment import Segment
from textual.strip import Strip

from nnviz.tui.drawing.colours import Rgb
from nnviz.tui.drawing.palette import Palette

NAME = "steering"
"""The lines are drawn where the one number to predict has this name: −1 is hard to the left and 1 hard to the right."""
# How far to the side a line goes that is steered hard, as a share of half of the picture.
SIDEWAYS = 0.46


def steered(strips: list[Strip], wanted: float, told: float | None, palette: Palette) -> list[Strip]:
    """A picture with a line from the middle of its bottom to its middle row: y the target, and p what was predicted.

    The line of what was predicted is a row longer, so that both letters can be read where they agree.
    """
    if not strips:
        return strips
    cells = [[Segment(sign, segment.style) for segment in strip for sign in segment.text] for strip in strips]
    top = len(cells) // 2
    lines = [(wanted, "y", palette.good, top)]
    if told is not None:
        lines.append((told, "p", palette.accent, max(top - 1, 0)))
    ends = [_line(cells, number, colour, palette, end) for number, _, colour, end in lines]
    # The letters come last, so that no line covers the other's.
    for (_, letter, colour, end), column in zip(lines, ends, strict=True):
        cells[end][column] = Segment(letter, palette.style(colour, bold=True))
    return [Strip(line, len(line)) for line in cells]


def _line(cells: list[list[Segment]], number: float, colour: Rgb, palette: Palette, top: int) -> int:
    """Draw it into the cells, from the bottom row to row `top`, and return the column where it ends."""
    width, bottom = len(cells[0]), len(cells) - 1
    middle = (width - 1) / 2
    reach = max(-1.0, min(1.0, number if number == number else 0.0)) * SIDEWAYS * width / 2
    slope = reach / max(bottom - top, 1)
    stroke = "│" if abs(slope) < 0.35 else "╱" if slope > 0 else "╲"
    column = round(middle)
    for line in range(bottom, top - 1, -1):
        column = round(middle + slope * (bottom - line))
        cells[line][column] = Segment(stroke, palette.style(colour, bold=True))
    return column
