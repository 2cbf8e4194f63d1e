"""Colours as a terminal has them: any of 16 million, the nearest of 256, or the nearest of 16."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color, ColorSystem

if TYPE_CHECKING:
    from nnviz.array import Array

Rgb = tuple[int, int, int]

# Of a terminal's 256 colours, those that are the same on all of them: a cube of 6 × 6 × 6 from number 16 on, and 24
# greys from 232 on. The 16 before them are whatever the user likes.
STEPS = (0, 95, 135, 175, 215, 255)
CUBE, GREYS = 16, 232
DARKEST_GREY, GREY_STEP = 8, 10
BROWN = 3


def mixed(a: Rgb, b: Rgb, share: float) -> Rgb:
    """The colour that lies that share of the way from `a` to `b`."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def hexadecimal(colour: Rgb) -> str:
    """The colour as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def numbered(number: int) -> Rgb:
    """The colour of that number, 16 to 255, of a terminal with 256."""
    if number >= GREYS:
        grey = DARKEST_GREY + GREY_STEP * (number - GREYS)
        return grey, grey, grey
    red, green, blue = (number - CUBE) // 36, (number - CUBE) // 6 % 6, (number - CUBE) % 6
    return STEPS[red], STEPS[green], STEPS[blue]


def of_16(number: int) -> Rgb:
    """The colour of that number, 0 to 15, as Rich has it: what a terminal makes of it, nobody knows."""
    if number == BROWN:
        return 170, 85, 0
    red, green, blue = (85 * (number > 7) + 170 * (number >> bit & 1) for bit in range(3))
    return red, green, blue


def nearest(colours: Array) -> Array:
    """The number of the nearest of 256 colours for each of `colours` (…, 3) uint8: (…,) int64.

    Rich has its own way, which takes every pale colour for a grey and so loses whether it was a blue or an orange.
    """
    # Imported here, since the first paint needs themes and no arrays.
    import numpy as np

    wanted, steps = colours.astype(np.int64), np.array(STEPS)
    sixths = np.abs(wanted[..., None] - steps).argmin(axis=-1)
    greys = np.clip((wanted.sum(axis=-1) - 3 * DARKEST_GREY + 15) // (3 * GREY_STEP), 0, 23)
    as_cube = np.square(steps[sixths] - wanted).sum(axis=-1)
    as_grey = np.square((DARKEST_GREY + GREY_STEP * greys)[..., None] - wanted).sum(axis=-1)
    numbers: Array = np.where(as_grey < as_cube, GREYS + greys, CUBE + sixths @ (36, 6, 1))
    return numbers


@lru_cache(maxsize=1 << 14)
def colour_of(wanted: Rgb, system: ColorSystem | None) -> Color:
    """The colour that stands for `wanted`.

    Without a colour system that is the colour itself, which others make a grey. Of 16 it is one of them, but not by its
    number: Textual takes that for a colour of a theme of its own, and sends the number that is nearest to that.
    """
    if system is ColorSystem.EIGHT_BIT:
        import numpy as np

        return Color.from_ansi(int(nearest(np.array(wanted))))
    colour = Color.from_rgb(*wanted)
    if system is ColorSystem.STANDARD:
        return Color.from_rgb(*of_16(colour.downgrade(system).number or 0))
    return colour
