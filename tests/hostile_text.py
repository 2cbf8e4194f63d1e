"""Texts as no friendly source has them, and what is true of every text that may reach a terminal."""

import unicodedata

from rich.cells import cell_len

CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
"""Every C0 and C1 character, and the one between."""
TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What turns the direction of writing."""

HOSTILE = {
    "C0": "".join(f"c{c}" for c in CONTROLS if c < "\x7f"),
    "C1": "".join(f"c{c}" for c in CONTROLS if c >= "\x7f"),
    "sequences": "\x1b]0;owned\x07\x1b[2J\x1b[31m\x1b[?1049l\x9b2J\x9d0;owned\x9c",
    "turned": "".join(f"t{c}" for c in TURNS),
    "marks": "\u0301\u0308e" + "\u0301" * 200 + " \u0301a\u20dd",
    "wide": "長い名前の動物" * 3 + "👍🏽👩‍💻❤️🇩🇪한",
    "unseen": "a\u200b\u200d\u00ad\ufeff\U000e0041\u3164b",
    "no characters": "\ud800\ufffe\U0010ffff\ue000\u0378",
    "markup": "[/b][bold red]x[/][@click=app.leave]here[/]{x}<b>&amp;]]>",
    "blanks": " \t\r\n\v\f\x85\u2028\u2029\u3000x",
    "long": "A very long name, " * 556,
}


def unfit(text: str) -> list[str]:
    """The characters of a text that may not reach a terminal."""
    return [c for c in text if unicodedata.category(c)[0] == "C" or unicodedata.category(c) in ("Zl", "Zp")]


def is_whole(text: str) -> bool:
    """Whether a terminal shows the text on one line, in as many cells as are counted for it."""
    alone = sum(cell_len(character) for character in text)
    return not unfit(text) and alone == cell_len(text)
