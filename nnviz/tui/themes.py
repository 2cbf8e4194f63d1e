"""The two themes of nnviz, and the drawing colours that fit any theme, for as many colours as a terminal has."""

from msgspec.structs import replace
from rich.color import ColorSystem
from rich.console import Console
from textual.color import Color
from textual.theme import Theme

from nnviz.tui.drawing import palette as palettes
from nnviz.tui.drawing.colours import hexadecimal
from nnviz.tui.drawing.palette import Palette

DARK_NAME, LIGHT_NAME = "nnviz-dark", "nnviz-light"
_SYSTEMS = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}


def system_of(console: Console) -> ColorSystem | None:
    """The colours that a console's terminal has, as TERM and COLORTERM say; None if it has none."""
    return _SYSTEMS.get(console.color_system or "")


def themes(system: ColorSystem | None) -> tuple[Theme, Theme]:
    """The dark theme and the light one."""
    return _theme(DARK_NAME, _palette(True, system), dark=True), _theme(LIGHT_NAME, _palette(False, system), dark=False)


def palette_for(theme: Theme, system: ColorSystem | None) -> Palette:
    """The drawing colours for a theme: ours, on the theme's own background."""
    palette = _palette(theme.dark, system)
    if theme.background and not theme.ansi:
        palette = replace(palette, background=Color.parse(theme.background).rgb)
    return palette


def _palette(dark: bool, system: ColorSystem | None) -> Palette:
    match system:
        case ColorSystem.EIGHT_BIT:
            return palettes.DARK_256 if dark else palettes.LIGHT_256
        case ColorSystem.STANDARD:
            return palettes.DARK_16 if dark else palettes.LIGHT_16
    return replace(palettes.DARK if dark else palettes.LIGHT, system=system)


def _theme(name: str, palette: Palette, dark: bool) -> Theme:
    return Theme(
        name=name,
        primary=hexadecimal(palette.positive),
        secondary=hexadecimal(palette.negative),
        accent=hexadecimal(palette.accent),
        warning=hexadecimal(palette.accent),
        success=hexadecimal(palette.good),
        error=hexadecimal(palette.bad),
        foreground=hexadecimal(palette.text),
        background=hexadecimal(palette.background),
        surface=hexadecimal(palette.background),
        panel=hexadecimal(palette.zero),
        dark=dark,
        variables={
            "footer-key-foreground": hexadecimal(palette.accent),
            "footer-background": hexadecimal(palette.zero),
        },
    )
