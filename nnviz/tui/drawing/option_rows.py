"""A line for each option: what it is called, its value, and what it takes to change it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.text import Text

from nnviz.described import KEYS, Key
from nnviz.outside_text import printable
from nnviz.remote.messages import OptionsView
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import fit
from nnviz.tui.drawing.text import wrapped

NAME, EFFECT = 17, 14
"""Cells of a name, and of what it takes to change an option."""
NONE, WAITS, AT_ONCE, CURSOR = "none", "waits for b", "at once", "▶ "
TITLES = {"data": "Data", "network": "Network and loss", "training": "Training", "stopping": "Stopping"}
ASKED = tuple(key for key in KEYS if key.is_asked)


class Shown(NamedTuple):
    """What there is to draw.

    waiting  values with which to begin again, by their keys' places
    at       the place of the key under the cursor
    refused  why its new value cannot be
    """

    view: OptionsView
    waiting: Mapping[str, Any]
    at: Key
    refused: str | None

    def value(self, key: Key) -> Any:
        """What is told of a key: what waits, or what there is."""
        return self.waiting[key.place] if key.place in self.waiting else key.of(self.view.experiment)

    def effect(self, key: Key) -> str:
        """What it takes to change a key."""
        if key.place in self.waiting:
            return WAITS
        if key.place in self.view.at_once:
            return AT_ONCE
        return str(key.about.effect) if key.about.effect != AT_ONCE else "begins again"


def rows(shown: Shown, width: int, palette: Palette) -> tuple[Text, int]:
    """All of them, `width` cells wide, and the line that the cursor is in."""
    text, at, line = Text(), 0, 0
    plain, faint, bad = (palette.style(colour) for colour in (palette.text, palette.faint, palette.bad))
    accent, table = palette.style(palette.accent, bold=True), None
    for key in ASKED:
        if key.table != table:
            table = key.table
            text.append(f"{fit(TITLES[table], width)}\n", accent)
            line += 1
        is_at = key == shown.at
        at = line if is_at else at
        effect, value = shown.effect(key), told(key, shown.value(key))
        room = width - len(CURSOR) - NAME - EFFECT - 2
        style = accent if is_at else plain
        text.append(f"{CURSOR if is_at else '  '}{fit(key.title, NAME)} ", style)
        text.append(f"{fit(value, room)} ", style if is_at or value != NONE else faint)
        text.append(f"{fit(effect, EFFECT)}\n", accent if effect == WAITS else faint)
        line += 1
        if is_at and shown.refused is not None:
            for start, end in wrapped(shown.refused, width - 4):
                text.append(f"    {shown.refused[start:end]}\n", bad)
                line += 1
    text.rstrip()
    return text, at


def told(key: Key, value: Any) -> str:
    """A value as it is shown."""
    return NONE if value in (None, ()) else printable(key.written(value)) or NONE


def about(shown: Shown, width: int, palette: Palette) -> Text:
    """What the option under the cursor means, what it may be, and what it is in full."""
    key, value = shown.at, told(shown.at, shown.value(shown.at))
    text = Text()
    text.append(f"{key.place} · {key.option}", palette.style(palette.accent, bold=True))
    if len(value) > width - NAME - EFFECT - 4:
        text.append(f"\n{value}", palette.style(palette.text))
    text.append(f"\n{key.about.help}", palette.style(palette.text))
    # What files, columns and sources may be, the help says.
    if key.about.values is None or key.choices:
        none = "; nothing for none" if key.is_optional else ""
        text.append(f"\nMay be: {key.values}{none}.", palette.style(palette.faint))
    return text
