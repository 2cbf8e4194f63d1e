"""The colours of everything that panes draw: for a dark and a light background, for many colours and for few."""

import math
from functools import cached_property, lru_cache

import msgspec
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from nnviz.tui.drawing.colours import Rgb, colour_of, mixed, numbered

# Shades from −LEVELS (most negative) through 0 to +LEVELS.
LEVELS = 15
# How far what is only there to compare with goes from the background to its own colour, and how far a ground does from
# that of zero, so that what stands on it in its own colour can be seen.
FADED, GROUND = 0.35, 0.5
# Of a class that is hardly more likely than a guess, the ground is that of zero where there are few colours.
HARDLY = 0.25

# Of several classes, none of them the colour of another to colour-blind people (Okabe and Ito). On a light background
# they are darker.
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
CLASSES_ON_LIGHT: tuple[Rgb, ...] = (
    (160, 92, 0),
    (40, 144, 210),
    (0, 124, 80),
    (190, 60, 150),
    (120, 30, 0),
    (0, 64, 150),
    (152, 146, 20),
    (130, 130, 130),
)


class Palette(msgspec.Struct, frozen=True, dict=True):
    """Colours by what they mean. Blue is positive and orange is negative, a pair that colour-blind people tell apart.

    negatives, positives  the colours of numbers on either side of `zero`, the weakest first: up to `LEVELS` of them
    classes       a colour for each of several classes, which begin again after the last
    class_grounds what they stand on where a class is likely; empty where that is mixed as it is needed
    system        the colours that the terminal has; None for none
    """

    background: Rgb
    text: Rgb
    faint: Rgb
    accent: Rgb
    good: Rgb
    bad: Rgb
    zero: Rgb
    negatives: tuple[Rgb, ...]
    positives: tuple[Rgb, ...]
    classes: tuple[Rgb, ...] = CLASSES
    class_grounds: tuple[Rgb, ...] = ()
    system: ColorSystem | None = ColorSystem.TRUECOLOR

    @property
    def colourless(self) -> bool:
        """Whether signs and sizes have to be told by characters: 16 colours are too few to tell sizes apart."""
        return self.system in (None, ColorSystem.STANDARD)

    @property
    def positive(self) -> Rgb:
        """The colour of what is positive."""
        return self.positives[-1]

    @property
    def negative(self) -> Rgb:
        """The colour of what is negative."""
        return self.negatives[-1]

    # Text

    def style(self, colour: Rgb, bold: bool = False) -> Style:
        """Text of that colour on the background."""
        key = (colour, bold)
        if key not in self._styles:
            self._styles[key] = self.on(colour, self.background, bold)
        return self._styles[key]

    @cached_property
    def _styles(self) -> dict[tuple[Rgb, bool], Style]:
        return {}

    def on(self, colour: Rgb, ground: Rgb, bold: bool = False) -> Style:
        """Text of a colour on another one."""
        return _style(colour, ground, bold, self.system)

    # Numbers

    def signed(self, value: float, scale: float) -> Rgb:
        """The colour of `value` on a symmetric scale that ends at ±`scale`. What is not a number counts as 0."""
        if not scale > 0 or math.isnan(value):
            return self.zero
        return self.shades[LEVELS + round(max(-1.0, min(1.0, value / scale)) * LEVELS)]

    @cached_property
    def shades(self) -> list[Rgb]:
        """The diverging scale, most negative first."""
        return [*reversed(_spread(self.negatives)), self.zero, *_spread(self.positives)]

    @cached_property
    def faded(self) -> list[Rgb]:
        """The diverging scale for what is only there to compare with."""
        if self.system is ColorSystem.EIGHT_BIT:
            return self._weaker(FADED)
        return [mixed(self.background, shade, FADED) for shade in self.shades]

    @cached_property
    def grounds(self) -> list[Rgb]:
        """The diverging scale for what something in its own colours stands on."""
        if self.system is ColorSystem.EIGHT_BIT:
            return self._weaker(GROUND)
        return [mixed(self.zero, shade, GROUND) for shade in self.shades]

    def _weaker(self, share: float) -> list[Rgb]:
        """The shades of that share of each number, which never becomes zero: between shades of few there is nothing."""
        return [self.shades[LEVELS + _away_from_zero(i * share)] for i in range(-LEVELS, LEVELS + 1)]

    # Half-blocks

    @cached_property
    def half_blocks(self) -> list[list[Segment]]:
        """A ready cell for every pair of shades, [upper][lower]; built once, since making styles is what costs."""
        return [[self.half_block(upper, lower) for lower in self.shades] for upper in self.shades]

    @cached_property
    def ground_blocks(self) -> list[list[tuple[str, Style]]]:
        """A ready cell for every pair of `grounds`, [upper][lower]."""
        return [[("▀", self.on(upper, lower)) for lower in self.grounds] for upper in self.grounds]

    def half_block(self, upper: Rgb, lower: Rgb) -> Segment:
        """A cell of any two colours, made once."""
        key = upper, lower
        if key not in self._half_blocks:
            self._half_blocks[key] = Segment("▀", self.on(upper, lower))
        return self._half_blocks[key]

    @cached_property
    def _half_blocks(self) -> dict[tuple[Rgb, Rgb], Segment]:
        return {}

    # Classes

    def class_colour(self, label: int, classes: int) -> Rgb:
        """The colour of a class: orange and blue for two."""
        return (self.negative, self.positive)[label] if classes == 2 else self.one_of_several(label)

    def one_of_several(self, number: int) -> Rgb:
        """The colour of a class or a line that letters tell from others as well: of text, where colours cannot."""
        return self.text if self.colourless else self.classes[number % len(self.classes)]

    def class_ground(self, label: int, likely: float) -> Rgb:
        """What one of several classes stands on, from 0 where it is as likely as the others to 1 where it is sure."""
        if not self.class_grounds:
            return mixed(self.zero, self.class_colour(label, len(self.classes)), GROUND * likely)
        return self.zero if likely < HARDLY else self.class_grounds[label % len(self.class_grounds)]


def legible(palette: Palette, ground: Rgb) -> Rgb:
    """The colour of text or of the background: the one that is further from a ground in lightness."""
    return max(palette.text, palette.background, key=lambda colour: abs(sum(colour) - sum(ground)))


@lru_cache(maxsize=1 << 14)
def _style(colour: Rgb, ground: Rgb, bold: bool, system: ColorSystem | None) -> Style:
    return Style(color=colour_of(colour, system), bgcolor=colour_of(ground, system), bold=bold or None)


def _away_from_zero(value: float) -> int:
    return math.ceil(value) if value > 0 else math.floor(value)


def _spread(colours: tuple[Rgb, ...]) -> list[Rgb]:
    """As many shades as there are levels: where there are fewer colours, neighbours look the same."""
    return [colours[math.ceil(i * len(colours) / LEVELS) - 1] for i in range(1, LEVELS + 1)]


def _ramp(zero: Rgb, end: Rgb) -> tuple[Rgb, ...]:
    return tuple(mixed(zero, end, i / LEVELS) for i in range(1, LEVELS + 1))


DARK = Palette(
    background=(18, 20, 26),
    text=(222, 225, 232),
    faint=(122, 129, 146),
    accent=(226, 196, 92),
    good=(104, 204, 126),
    bad=(255, 108, 108),
    zero=(38, 41, 50),
    negatives=_ramp((38, 41, 50), (255, 146, 48)),
    positives=_ramp((38, 41, 50), (84, 172, 255)),
)
LIGHT = Palette(
    background=(250, 250, 247),
    text=(30, 34, 42),
    faint=(112, 117, 130),
    accent=(140, 98, 0),
    good=(20, 124, 52),
    bad=(196, 32, 44),
    zero=(233, 234, 231),
    negatives=_ramp((233, 234, 231), (204, 84, 0)),
    positives=_ramp((233, 234, 231), (0, 92, 197)),
    classes=CLASSES_ON_LIGHT,
)

# 256 colours have few of one hue. These are blues, and oranges with the browns and dark reds that are the dark of it;
# each is further from the lightness of zero than the one before, and about as far as that of the other sign.
DARK_256 = Palette(
    background=numbered(233),
    text=numbered(253),
    faint=numbered(245),
    accent=numbered(221),
    good=numbered(78),
    bad=numbered(203),
    zero=numbered(234),
    negatives=tuple(map(numbered, (52, 88, 94, 130, 166, 202, 172, 208))),
    positives=tuple(map(numbered, (18, 20, 25, 26, 27, 33, 69, 75))),
    classes=tuple(map(numbered, (214, 74, 36, 175, 166, 27, 227, 246))),
    class_grounds=tuple(map(numbered, (94, 24, 22, 96, 88, 18, 100, 240))),
    system=ColorSystem.EIGHT_BIT,
)
LIGHT_256 = Palette(
    background=numbered(231),
    text=numbered(235),
    faint=numbered(243),
    accent=numbered(94),
    good=numbered(28),
    bad=numbered(160),
    zero=numbered(255),
    negatives=tuple(map(numbered, (223, 216, 215, 209, 208, 172, 202, 166))),
    positives=tuple(map(numbered, (189, 153, 147, 111, 75, 69, 33, 26))),
    classes=tuple(map(numbered, (130, 33, 29, 169, 88, 18, 136, 245))),
    class_grounds=tuple(map(numbered, (222, 153, 158, 218, 216, 147, 229, 252))),
    system=ColorSystem.EIGHT_BIT,
)

# Of 16 colours nobody knows what they look like, but for their names: blue, magenta and so on. What one terminal has as
# brown, most have as a yellow that cannot be read on white.
DARK_16 = Palette(
    background=(0, 0, 0),
    text=(170, 170, 170),
    faint=(85, 85, 85),
    accent=(255, 255, 85),
    good=(85, 255, 85),
    bad=(255, 85, 85),
    zero=(85, 85, 85),
    negatives=((170, 85, 0),),
    positives=((85, 85, 255),),
    system=ColorSystem.STANDARD,
)
LIGHT_16 = Palette(
    background=(255, 255, 255),
    text=(0, 0, 0),
    faint=(85, 85, 85),
    accent=(170, 0, 170),
    good=(0, 170, 0),
    bad=(170, 0, 0),
    zero=(170, 170, 170),
    negatives=((170, 0, 0),),
    positives=((0, 0, 170),),
    system=ColorSystem.STANDARD,
)
