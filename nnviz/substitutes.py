"""What is drawn for a character that the terminal does not have: on a Latin-1 or ASCII terminal, nearly all of them.

As an error handler of the encoder, `stream.reconfigure(errors=SUBSTITUTES)`: what the terminal has stays as it is.
"""

import codecs

SUBSTITUTES = "nnviz.substitutes"
UNKNOWN = "?"

# Each is like the ones behind it, and as wide. ∞ has none: no digit or letter means that.
_LIKE = {
    "-": "─━═╌╴╶╸╺⠒−–—‐‑˗▱▔",
    "|": "│┃║╎╵╷▏▎▍▌▐⡇∣⋮❘",
    "+": "┼╭╮╯╰┌┐└┘├┤┬┴╋╬⊕",
    "/": "╱÷",
    "\\": "╲",
    "#": "█▉▊▋▇▆▰■▓◼",
    "=": "▅▄≡",
    '"': "▀“”",
    ":": "▒",
    "_": "▁▂▃",
    ".": "░·⋯",
    "~": "…≈",
    "*": "●◆◈•★",
    "@": "◉",
    "o": "○◌◇⊖°",
    "<": "◀◂←≪≤‹↺",
    ">": "▶▸→≫≥›",
    "^": "▲▴↑",
    "v": "▼▾↓✓✔√",
    "x": "✗✘✖×",
    "d": "∂",
    "D": "Δ",
    "S": "Σ",
    "b": "β",
    "g": "γ",
    "e": "ε",
    "l": "λ",
    "u": "μ",
    "s": "σ",
    "T": "ᵀᵗ",
    "'": "‘’",
}
_TABLE = {character: like for like, characters in _LIKE.items() for character in characters}
_BRAILLE = range(0x2800, 0x2900)
# By how many of its eight dots are set.
_DOTS = " ...:::##"


def substitute(character: str) -> str:
    """ASCII in as many cells: a sign that is like it, its letter without the accent, or ?."""
    from unicodedata import normalize

    from rich.cells import cell_len

    width = cell_len(character)
    if ord(character) in _BRAILLE:
        like = _DOTS[(ord(character) - _BRAILLE.start).bit_count()]
    else:
        like = _TABLE.get(character) or normalize("NFKD", character)[0]
    return (like if like.isascii() and like.isprintable() else UNKNOWN * width).ljust(width)[:width]


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(substitute, error.object[error.start : error.end])), error.end


codecs.register_error(SUBSTITUTES, _handle)
