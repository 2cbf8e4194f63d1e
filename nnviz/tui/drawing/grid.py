"""Half-block pictures: two square pixels to a character cell."""

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import groupby

import numpy as np
from rich.color import Color, ColorSystem, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nnviz.array import Array, larger
from nnviz.tui.drawing.colours import nearest
from nnviz.tui.drawing.palette import LEVELS, Palette
from nnviz.tui.drawing.rows import Run
from nnviz.wording import integer

POSITIVE_SIGNS, NEGATIVE_SIGNS = " ·+*#", " ˗−=≡"
# From the background's lightness to that of text.
FULLER = " .:-=+*#%@"
# How much red, green and blue count for it (Rec. 601).
LIGHTNESS = (0.299, 0.587, 0.114)


def picture(pixels: Array, width: int, height: int, palette: Palette) -> list[Strip]:
    """An image (rows, columns, 1 or 3) uint8 as large as `width` × `height` cells allow, its proportions kept.

    Enlarged by a whole factor, or reduced by averaging; each strip is as wide as the picture. Of 16 colours there are
    too few for pictures: there they are drawn in characters, of which each covers two pixels.
    """
    pixels = _scaled(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels, width, height * 2)
    if len(pixels) % 2:
        pixels = np.concatenate([pixels, pixels[-1:]])
    if palette.system is ColorSystem.STANDARD:
        return _characters(pixels, palette)
    codes = pixels.astype(np.int64) @ (1 << 16, 1 << 8, 1)
    colour: Callable[[int], Color] = _colour
    if palette.system is ColorSystem.EIGHT_BIT:
        codes, colour = nearest(pixels), Color.from_ansi
    strips = []
    for line, same in groupby(((codes[::2] << 24) + codes[1::2]).tolist()):
        strips += [Strip(_half_blocks(line, colour), len(line))] * len(list(same))
    return strips


def _half_blocks(pairs: list[int], colour: Callable[[int], Color]) -> list[Segment]:
    """A row of cells of two colours each, equal neighbours in one segment."""
    return [
        Segment("▀" * len(list(same)), Style.from_color(colour(pair >> 24), colour(pair & 0xFFFFFF)))
        for pair, same in groupby(pairs)
    ]


def _characters(pixels: Array, palette: Palette) -> list[Strip]:
    """Two pixels to a character, which is the fuller the more their lightness is that of text."""
    lightness = pixels.reshape(len(pixels) // 2, 2, -1, 3).mean(axis=1) @ LIGHTNESS / 255
    if sum(palette.background) > sum(palette.text):
        lightness = 1 - lightness
    style = palette.style(palette.text)
    return [
        Strip([Segment("".join(FULLER[place] for place in line), style)], len(line))
        for line in np.rint(lightness * (len(FULLER) - 1)).astype(np.int64).tolist()
    ]


@lru_cache(maxsize=1 << 12)
def _colour(code: int) -> Color:
    # What Color.from_rgb does, without the name that it formats: half of the time of a picture.
    return Color("", ColorType.TRUECOLOR, None, ColorTriplet(code >> 16, code >> 8 & 255, code & 255))


def _scaled(pixels: Array, columns: int, rows: int) -> Array:
    size = _drawn_size(pixels.shape, columns, rows)
    if size[0] >= pixels.shape[0] and size[1] >= pixels.shape[1]:
        factor = size[0] // pixels.shape[0]
        return pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    return _averaged(_averaged(pixels.astype(np.float32), size[0], 0), size[1], 1).round().astype(np.uint8)


def _drawn_size(shape: tuple[int, ...], columns: int, rows: int) -> tuple[int, int]:
    """Rows and columns of pixels that a `picture` of that shape fills: whole factors of its own, or a part of them."""
    factor = min(columns / shape[1], rows / shape[0])
    factor = int(factor) if factor >= 1 else factor
    return max(1, int(shape[0] * factor)), max(1, int(shape[1] * factor))


def picture_width(shape: tuple[int, ...], width: int, height: int) -> int:
    """How wide a `picture` of that shape is in so many cells."""
    return _drawn_size(shape, width, 2 * height)[1]


def pixel_at(shape: tuple[int, ...], width: int, height: int, x: int, y: int) -> tuple[int, int] | None:
    """The first pixel (row, column) under a cell of a `picture` of that shape in so many cells; None beside it."""
    rows, columns = _drawn_size(shape, width, 2 * height)
    inside = 0 <= 2 * y < rows and 0 <= x < columns
    return (2 * y * shape[0] // rows, x * shape[1] // columns) if inside else None


def _averaged(pixels: Array, count: int, axis: int) -> Array:
    edges = np.linspace(0, pixels.shape[axis], count + 1).astype(int)
    sizes = np.diff(edges).reshape([-1 if i == axis else 1 for i in range(pixels.ndim)])
    averages: Array = np.add.reduceat(pixels, edges[:-1], axis=axis) / sizes
    return averages


def fitted(matrix: Array, rows: int, columns: int) -> tuple[Array, int, int]:
    """A matrix for `rows` × `columns` pixels, and how many pixels (> 0) or numbers (< 0) a step of it takes.

    A small one is enlarged by whole factors. A large one keeps the number of largest magnitude of each block.
    """
    row_step, column_step = _step(matrix.shape[0], rows), _step(matrix.shape[1], columns)
    return stretched(stretched(matrix, row_step, 0), column_step, 1), row_step, column_step


def _step(size: int, room: int) -> int:
    return -math.ceil(size / room) if size > room else room // size


def stretched(matrix: Array, step: int, axis: int) -> Array:
    """A matrix with each number repeated `step` times (> 0), or the largest in magnitude of each −`step` numbers."""
    if step > 0:
        return matrix.repeat(step, axis=axis)
    starts = np.arange(0, matrix.shape[axis], -step)
    highs, lows = np.maximum.reduceat(matrix, starts, axis=axis), np.minimum.reduceat(matrix, starts, axis=axis)
    return larger(highs, lows)


def pixel(place: int, step: int) -> int:
    """Where the number at `place` of a row (or column) begins that was stretched by `step`."""
    return place * step if step > 0 else place // -step


def number(pixel: int, step: int) -> int:
    """The first number that stands at a pixel of a row (or column) that was stretched by `step`."""
    return pixel // step if step > 0 else pixel * -step


def span(place: int, step: int, size: int, first: int = 0) -> str:
    """Which of `size` numbers, counted from `first` on, stand at `place`, when each holds `step`: 7, or 12…15."""
    if step == 1:
        return integer(place + first)
    return f"{integer(place * step + first)}…{integer(min((place + 1) * step, size) - 1 + first)}"


def heatmap(matrix: Array, scale: float, palette: Palette) -> list[Strip]:
    """A fitted matrix in the diverging colours of a scale that ends at ±`scale`; two rows of it to a strip."""
    if palette.colourless:
        return _signs(matrix, scale, palette)
    shades = (levels(matrix, scale, LEVELS) + LEVELS).tolist()
    table = palette.half_blocks
    strips = [
        Strip([table[above][below] for above, below in zip(upper, lower, strict=True)], len(upper))
        for upper, lower in zip(shades[::2], shades[1::2], strict=False)
    ]
    if len(shades) % 2:
        # Half a cell without a number is not a number that is 0.
        cells = [palette.half_block(palette.shades[above], palette.background) for above in shades[-1]]
        strips.append(Strip(cells, len(cells)))
    return strips


def _signs(matrix: Array, scale: float, palette: Palette) -> list[Strip]:
    """Without colours: one character for two rows, its sign and its size by its shape."""
    pairs, _, _ = fitted(matrix, -(-len(matrix) // 2), matrix.shape[1])
    signs = NEGATIVE_SIGNS[:0:-1] + POSITIVE_SIGNS
    middle = len(NEGATIVE_SIGNS) - 1
    style = palette.style(palette.text)
    return [
        Strip([Segment("".join(signs[middle + i] for i in line), style)], len(line))
        for line in levels(pairs, scale, middle).tolist()
    ]


def diverging(palette: Palette, room: int) -> list[Run]:
    """The scale of a heatmap from end to end, or only its ends and its middle where there is less room."""
    if palette.colourless:
        signs, text = NEGATIVE_SIGNS[:0:-1] + POSITIVE_SIGNS, palette.style(palette.text)
        whole = [(sign, text) for sign in signs]
    else:
        whole = [("█", palette.style(shade)) for shade in palette.shades[::3]]
    short = whole[:: len(whole) // 2]
    return whole if len(whole) <= room else short if len(short) <= room else []


def magnitudes(numbers: Array) -> Array:
    """Of each number; what is not finite counts as 0."""
    # NumPy's nan_to_num takes three times as long.
    sizes = np.abs(numbers)
    return np.where(np.isfinite(sizes), sizes, 0.0)


def levels(matrix: Array, scale: float, most: int) -> Array:
    """Each number as a whole one from −`most` to `most`, on a scale that ends at ±`scale`."""
    if not scale > 0:
        return np.zeros(matrix.shape, np.int64)
    # In float64, since an end may lie beyond what float32 can hold.
    shares = np.divide(matrix, scale, dtype=np.float64)
    places: Array = np.rint(np.clip(np.nan_to_num(shares, nan=0.0, posinf=1.0, neginf=-1.0), -1, 1) * most)
    return places.astype(np.int64)
