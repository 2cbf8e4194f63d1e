"""The two themes of nnviz, and the drawing colours that fit any theme."""

from msgspec.structs import replace
from textual.color import Color
from textual.theme import Theme

from nnviz.tui.drawing.palette import DARK, LIGHT, Palette, hexadecimal


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


DARK_THEME = _theme("nnviz-dark", DARK, dark=True)
LIGHT_THEME = _theme("nnviz-light", LIGHT, dark=False)


def palette_for(theme: Theme, colourless: bool) -> Palette:
    """The drawing colours for a theme: ours, on the theme's own background."""
    palette = DARK if theme.dark else LIGHT
    if theme.background and not theme.ansi:
        background = Color.parse(theme.background)
        palette = replace(palette, background=background.rgb)
    return replace(palette, colourless=colourless)
