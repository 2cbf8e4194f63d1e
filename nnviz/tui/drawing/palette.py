"""The colours of everything that panes draw, for a dark and a light background."""

from functools import cached_property

import msgspec
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

Rgb = tuple[int, int, int]

# Shades from −LEVELS (most negative) through 0 to +LEVELS.
LEVELS = 15


# Of several classes, none of them the colour of another to colour-blind people (Okabe and Ito).
CLASSES: tuple[Rgb, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
    (240, 228, 66),
    (150, 150, 150),
)


def mixed(a: Rgb, b: Rgb, share: float) -> Rgb:
    """The colour that lies that share of the way from `a` to `b`."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def hexadecimal(colour: Rgb) -> str:
    """The colour as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


class Palette(msgspec.Struct, frozen=True, dict=True):
    """Colours by what they mean. Blue is positive and orange is negative, a pair that colour-blind people tell apart.

    `colourless` says that signs have to be told by characters.
    """

    background: Rgb
    text: Rgb
    faint: Rgb
    accent: Rgb
    positive: Rgb
    negative: Rgb
    zero: Rgb
    good: Rgb
    bad: Rgb
    colourless: bool = False

    def style(self, colour: Rgb, bold: bool = False) -> Style:
        """Text of that colour on the background."""
        return self._styles(colour, bold)

    def _styles(self, colour: Rgb, bold: bool) -> Style:
        key = (colour, bold)
        if key not in self._cache:
            self._cache[key] = Style(
                color=Color.from_rgb(*colour), bgcolor=Color.from_rgb(*self.background), bold=bold or None
            )
        return self._cache[key]

    @cached_property
    def _cache(self) -> dict[tuple[Rgb, bool], Style]:
        return {}

    def signed(self, value: float, scale: float) -> Rgb:
        """The colour of `value` on a symmetric scale that ends at ±`scale`."""
        return self.shades[LEVELS + level(value, scale)]

    @cached_property
    def shades(self) -> list[Rgb]:
        """The diverging scale, most negative first."""
        falling = [mixed(self.zero, self.negative, i / LEVELS) for i in range(LEVELS, 0, -1)]
        rising = [mixed(self.zero, self.positive, i / LEVELS) for i in range(LEVELS + 1)]
        return falling + rising

    @cached_property
    def half_blocks(self) -> list[list[Segment]]:
        """A ready cell for every pair of shades, [upper][lower]; built once, since making styles is what costs."""
        colours = [Color.from_rgb(*shade) for shade in self.shades]
        return [[Segment("▀", Style(color=upper, bgcolor=lower)) for lower in colours] for upper in colours]

    @cached_property
    def faded(self) -> list[Rgb]:
        """The diverging scale for what is only there to compare with."""
        return [mixed(self.background, shade, 0.35) for shade in self.shades]

    @cached_property
    def grounds(self) -> list[Rgb]:
        """The diverging scale for what something in its own colours stands on."""
        return [mixed(self.zero, shade, 0.5) for shade in self.shades]

    @cached_property
    def ground_blocks(self) -> list[list[tuple[str, Style]]]:
        """A ready cell for every pair of `grounds`, [upper][lower]."""
        colours = [Color.from_rgb(*ground) for ground in self.grounds]
        return [[("▀", Style(color=upper, bgcolor=lower)) for lower in colours] for upper in colours]

    def class_colour(self, label: int, classes: int) -> Rgb:
        """The colour of a class: orange and blue for two."""
        return (self.negative, self.positive)[label] if classes == 2 else CLASSES[label % len(CLASSES)]

    def half_block(self, upper: Rgb, lower: Rgb) -> Segment:
        """A cell of any two colours, made once."""
        key = upper, lower
        if key not in self._half_blocks:
            self._half_blocks[key] = Segment("▀", Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower)))
        return self._half_blocks[key]

    @cached_property
    def _half_blocks(self) -> dict[tuple[Rgb, Rgb], Segment]:
        return {}


def level(value: float, scale: float) -> int:
    """The shade of `value`, −LEVELS … LEVELS, on a scale that ends at ±`scale`. What is not a number counts as 0."""
    if not scale > 0 or value != value:
        return 0
    return round(max(-1.0, min(1.0, value / scale)) * LEVELS)


DARK = Palette(
    background=(18, 20, 26),
    text=(222, 225, 232),
    faint=(122, 129, 146),
    accent=(226, 196, 92),
    positive=(84, 172, 255),
    negative=(255, 146, 48),
    zero=(38, 41, 50),
    good=(104, 204, 126),
    bad=(255, 108, 108),
)
LIGHT = Palette(
    background=(250, 250, 247),
    text=(30, 34, 42),
    faint=(112, 117, 130),
    accent=(140, 98, 0),
    positive=(0, 92, 197),
    negative=(204, 84, 0),
    zero=(233, 234, 231),
    good=(20, 124, 52),
    bad=(196, 32, 44),
)
