"""Colours tell sign and size on every terminal: of millions and of 256; where there are 16, characters do."""

import colorsys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color, ColorSystem, ColorType
from rich.console import Console

from nnviz.tui.drawing import palette as palettes
from nnviz.tui.drawing.colours import Rgb, nearest, numbered, of_16
from nnviz.tui.drawing.grid import FULLER, NEGATIVE_SIGNS, POSITIVE_SIGNS, heatmap, picture
from nnviz.tui.drawing.palette import LEVELS, Palette
from nnviz.tui.themes import palette_for, system_of, themes

MANY = [palettes.DARK, palettes.LIGHT]
OF_256 = [palettes.DARK_256, palettes.LIGHT_256]
OF_16 = [palettes.DARK_16, palettes.LIGHT_16]
ORANGE, BLUE = range(46), range(195, 246)


# How the light of a colour is seen (Machado et al. 2009): by most people, and by those without red or green cones.
NORMAL = np.eye(3)
PROTANOPE = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
DEUTERANOPE = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: Rgb) -> np.ndarray:
    channels = np.array(colour) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(colour: Rgb, eye: np.ndarray = NORMAL) -> np.ndarray:
    """CIELAB of a colour, as an eye sees it."""
    share = TO_XYZ @ np.clip(eye @ linear(colour), 0, 1) / TO_XYZ.sum(axis=1)
    x, y, z = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def lightness(colour: Rgb) -> float:
    return float(lab(colour)[0])


def contrast(one: Rgb, other: Rgb) -> float:
    """As the Web Content Accessibility Guidelines have it."""
    dark, light = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def hue(colour: Rgb) -> float:
    return 360 * colorsys.rgb_to_hls(*(channel / 255 for channel in colour))[0]


def as_seen(palette: Palette, colour: Rgb) -> Rgb:
    """What a terminal shows of a colour that a strip asks for."""
    return tuple(palette.on(colour, colour).color.get_truecolor())


@pytest.mark.parametrize("palette", [*MANY, *OF_256], ids=["dark", "light", "dark 256", "light 256"])
@pytest.mark.parametrize("scale", ["shades", "grounds", "faded"])
def test_signs_differ_and_what_is_larger_is_further_from_zero(palette: Palette, scale: str) -> None:
    shades = [as_seen(palette, shade) for shade in getattr(palette, scale)]
    negatives, zero, positives = shades[LEVELS - 1 :: -1], shades[LEVELS], shades[LEVELS + 1 :]
    assert not set(negatives) & set(positives)
    assert zero not in {*negatives, *positives}
    for side in (negatives, positives):
        different = list(dict.fromkeys(side))
        assert len(different) >= 4
        assert side == sorted(side, key=different.index)
        distances = [abs(lightness(shade) - lightness(zero)) for shade in different]
        assert distances == sorted(set(distances))


@pytest.mark.parametrize("palette", OF_256, ids=["dark", "light"])
def test_of_256_colours_blue_stays_blue_and_orange_stays_orange(palette: Palette) -> None:
    assert {int(hue(colour)) in ORANGE for colour in palette.negatives} == {True}
    assert {int(hue(colour)) in BLUE for colour in palette.positives} == {True}
    assert len(palette.negatives) == len(palette.positives) == len({*palette.negatives, *palette.positives}) / 2
    for negative, positive in zip(palette.negatives, palette.positives, strict=True):
        assert abs(lightness(negative) - lightness(positive)) < 13


@pytest.mark.parametrize("palette", OF_256, ids=["dark", "light"])
def test_every_colour_of_a_palette_for_256_is_one_of_them(palette: Palette) -> None:
    assert len({*palette.classes}) == len({*palette.class_grounds}) == len(palettes.CLASSES)
    for colour in (*palette.shades, *palette.classes, *palette.class_grounds, palette.text, palette.background):
        assert numbered(int(nearest(np.array(colour)))) == colour
        assert palette.style(colour).color.type is ColorType.EIGHT_BIT


@pytest.mark.parametrize("palette", [*MANY, *OF_256], ids=["dark", "light", "dark 256", "light 256"])
def test_of_several_classes_each_is_seen_on_the_background_and_told_from_the_others(palette: Palette) -> None:
    classes = [as_seen(palette, colour) for colour in palette.classes]
    assert min(contrast(colour, palette.background) for colour in classes) >= 3
    for eye, apart in ((NORMAL, 25), (PROTANOPE, 12), (DEUTERANOPE, 6)):
        seen = [lab(colour, eye) for colour in classes]
        assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > apart


@pytest.mark.parametrize("theme", [0, 1], ids=["dark", "light"])
@pytest.mark.parametrize("system", [None, ColorSystem.STANDARD], ids=["none", "16"])
def test_where_colours_tell_nothing_apart_all_of_several_are_in_that_of_text(
    theme: int, system: ColorSystem | None
) -> None:
    palette = palette_for(themes(system)[theme], system)
    assert {palette.class_colour(label, 8) for label in range(8)} == {palette.text}


@pytest.mark.parametrize("number", range(16))
def test_each_of_16_colours_is_sent_as_its_number(number: int) -> None:
    assert Color.from_rgb(*of_16(number)).downgrade(ColorSystem.STANDARD).number == number


def test_of_16_colours_none_on_white_is_a_yellow() -> None:
    palette = palettes.LIGHT_16
    named = (palette.text, palette.faint, palette.accent, palette.good, palette.bad, palette.negative, palette.positive)
    assert not {palette.style(colour).color.downgrade(palette.system).number for colour in named} & {3, 11}


ALL = np.array([numbered(number) for number in range(16, 256)])


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_the_nearest_colour_is_the_nearest_of_all(wanted: Rgb) -> None:
    found = int(nearest(np.array(wanted, np.uint8)))
    distances = np.square(ALL - np.array(wanted)).sum(axis=1)
    assert distances[found - 16] == distances.min()


def test_tiny_numbers_have_the_sign_of_large_ones() -> None:
    """A cell of a tenth of the scale is blue or orange, not grey and not teal, and darker than one of a half."""
    for palette in OF_256:
        cells = [as_seen(palette, palette.signed(value, 1.0)) for value in (-0.1, 0.1, -0.5, 0.5, 0.0)]
        below, above, low, high, zero = cells
        assert int(hue(below)) in ORANGE
        assert int(hue(above)) in BLUE
        assert len({*cells}) == 5
        assert abs(lightness(above) - lightness(zero)) < abs(lightness(high) - lightness(zero))
        assert abs(lightness(below) - lightness(zero)) < abs(lightness(low) - lightness(zero))


@pytest.mark.parametrize("palette", OF_16, ids=["dark", "light"])
def test_with_16_colours_characters_tell_sign_and_size(palette: Palette) -> None:
    numbers = np.repeat(np.array([[-1.0, -0.5, -0.25, 0, 0.25, 0.5, 1.0]]), 2, axis=0)
    (line,) = [strip.text for strip in heatmap(numbers, 1.0, palette)]
    assert line == NEGATIVE_SIGNS[4] + NEGATIVE_SIGNS[2] + NEGATIVE_SIGNS[1] + " " + "·+#"
    assert POSITIVE_SIGNS[1] + POSITIVE_SIGNS[2] + POSITIVE_SIGNS[4] == "·+#"


@pytest.mark.parametrize("palette", [*MANY, *OF_256, *OF_16])
def test_a_picture_keeps_its_order_of_lightness(palette: Palette) -> None:
    ramp = np.linspace(0, 255, 24).astype(np.uint8)
    pixels = np.repeat(ramp[None, :, None], 2, axis=0)
    (strip,) = picture(pixels, 24, 1, palette)
    assert strip.cell_length == 24
    if palette.colourless:
        fuller = [FULLER.index(sign) for sign in strip.text]
        assert fuller == sorted(fuller, reverse=palette in OF_16[1:])
        assert (min(fuller), max(fuller)) == (0, len(FULLER) - 1)
        return
    seen = [segment.style.color.get_truecolor().red for segment in strip for _ in segment.text]
    assert seen == sorted(seen)
    assert np.abs(np.array(seen) - ramp).max() <= 5


@pytest.mark.parametrize(
    ("variables", "system"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ColorSystem.TRUECOLOR),
        ({"TERM": "xterm-256color"}, ColorSystem.EIGHT_BIT),
        ({"TERM": "screen-256color"}, ColorSystem.EIGHT_BIT),
        ({"TERM": "linux"}, ColorSystem.STANDARD),
        ({"TERM": "xterm"}, ColorSystem.STANDARD),
        ({"TERM": "dumb"}, None),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_the_terminal_s_colours_are_those_that_it_says_it_has(
    variables: dict[str, str], system: ColorSystem | None
) -> None:
    console = Console(force_terminal=True, _environ=variables)
    assert system_of(console) is system
    for theme in themes(system):
        palette = palette_for(theme, system)
        assert palette.system is system
        assert palette.style(palette.text) == palette.style(palette.text, bold=False)
        seen = palette.style(palette.accent).color
        assert system is not ColorSystem.EIGHT_BIT or seen.type is ColorType.EIGHT_BIT
