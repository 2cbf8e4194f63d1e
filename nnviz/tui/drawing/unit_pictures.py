"""What a unit looks for, as pictures side by side: its weights, their gradient and update, or its map."""

from collections.abc import Sequence

import numpy as np
from rich.segment import Segment
from textual.strip import Strip

from nnviz.frame.focus import Quantity
from nnviz.frame.unit_view import Picture
from nnviz.tui.drawing.grid import fitted, heatmap, magnitudes, pixel
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import filled, fit, row
from nnviz.wording import fitted as fitted_number

NAMES = {
    Quantity.WEIGHT: "w",
    Quantity.GRADIENT: "∂L/∂w",
    Quantity.UPDATE: "Δw",
    Quantity.ACTIVATION: "a",
}
GAP = 2
NARROWEST = 6


def picture_strips(pictures: Sequence[Picture], width: int, height: int, palette: Palette) -> list[Strip]:
    """As many pictures as `width` holds, in at most `height` lines, the first of which says what each is."""
    pictures = [picture for picture in pictures if min(picture.cells.shape) > 1]
    pictures = pictures[: max((width + GAP) // (NARROWEST + GAP), 0)]
    if not pictures or height < 3:
        return []
    room = (width + GAP) // len(pictures) - GAP
    columns = [_drawn(picture, room, height - 1, palette) for picture in pictures]
    lines = max(len(strips) for _, strips in columns)
    faint = palette.style(palette.faint)
    heads = [(fit(label, room + GAP), faint) for label, _ in columns]
    gap = Strip([Segment(" " * GAP, faint)], GAP)
    empty = row((), room, palette)
    return [
        row(heads, width, palette),
        *(
            filled(
                Strip.join(
                    part
                    for _, strips in columns
                    for part in (filled(strips[y], room, palette) if y < len(strips) else empty, gap)
                ),
                width,
                palette,
            )
            for y in range(lines)
        ),
    ]


def _drawn(picture: Picture, width: int, height: int, palette: Palette) -> tuple[str, list[Strip]]:
    """What a picture is, with the end of its colours' scale, and its lines."""
    cells = picture.cells
    scale = float(magnitudes(cells).max(initial=0.0))
    step = min(width // cells.shape[1], 2 * height // cells.shape[0])
    rows, columns = (2 * height, width) if step < 1 else (cells.shape[0] * step, cells.shape[1] * step)
    shown, row_step, column_step = fitted(np.asarray(cells), rows, columns)
    strips = heatmap(shown, scale, palette)
    if picture.marked is not None:
        y, x = (pixel(place, step) for place, step in zip(picture.marked, (row_step, column_step), strict=True))
        strips[y // 2] = _marked(strips[y // 2], x, palette)
    name = NAMES[picture.what]
    label = f"{name} ±{fitted_number(scale, 7)}"
    return label if len(label) <= width else name, strips


def _marked(strip: Strip, x: int, palette: Palette) -> Strip:
    mark = Strip([Segment("┼", palette.style(palette.accent, bold=True))], 1)
    return Strip.join([strip.crop(0, x), mark, strip.crop(x + 1)])
