"""Names and other text from outside, made fit to be shown: on one line, moving no cursor, no wider than there is room.

Screens, messages and reports all take it from here.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache
from unicodedata import normalize

from rich.cells import cell_len, set_cell_size

from nnviz.wording import listed

CUT = "…"
UNSHOWN = "�"
# No ordinary writing puts more on one letter; a heap of them would reach into the lines above and below.
MOST_MARKS = 4
# Of Unicode's Default_Ignorable_Code_Point, all that does not turn the direction of writing: joiners, fillers,
# variation selectors, tags. Terminals disagree on how they change the width of their neighbours.
_UNSEEN = re.compile(
    "[\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
SHORT = 16
"""Width of a name in a sentence."""
EXCERPT = 40
"""Width of outside text in a message."""
LISTED_NAMES = 5
"""Of names that a message is about, so many are told."""
# In fewer cells there is not always room for a character between two cuts of a name.
NARROWEST = 4


def printable(text: str) -> str:
    """Outside text as one line that moves no cursor: for screens, messages and reports.

    A blank of any kind is a space; what a terminal would obey, what turns the direction of writing and what is no
    character is �. Characters that have no look of their own, and accents past `MOST_MARKS` on a letter, are left out.
    What is left is as wide as `cell_len` says, wherever it is shown.
    """
    return "".join(pieces(text))


def pieces(text: str) -> list[str]:
    """What is shown of each character of an outside text: itself, another one, or nothing."""
    if text.isascii() and text.isprintable():
        return list(text)
    shown: list[str] = []
    marks = None  # on the last letter; None where there is none to carry one
    for character in text:
        piece = character
        if character.isspace():
            piece, marks = " ", None
        elif _UNSEEN.match(character):
            piece = ""
        elif not character.isprintable():
            piece, marks = UNSHOWN, MOST_MARKS
        elif cell_len(character):
            marks = 0
        elif marks is None:
            piece, marks = UNSHOWN, MOST_MARKS
        elif marks < MOST_MARKS:
            marks += 1
        else:
            piece = ""
        shown.append(piece)
    return shown


@lru_cache(maxsize=64)
def shown_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of one set as they can be shown. Where two would look alike, both are shown with what tells them apart."""
    shown = {name: printable(name) for name in names}
    for spell in (_spelt, ascii):
        for alike in _alike({name: normalize("NFC", text).strip() for name, text in shown.items()}):
            shown |= {name: spell(name) for name in alike}
    return tuple(shown[name] for name in names)


def _spelt(name: str) -> str:
    """A name with the code of each character that is not shown as it is: `a\\x07`."""
    both = zip(name, pieces(name), strict=True)
    return "".join(piece if piece == c else c.encode("unicode_escape", "surrogatepass").decode() for c, piece in both)


def excerpt(text: str) -> str:
    """Outside text, such as a cell or a column's name, as a message may show it: on one line, and not too long."""
    return cut(printable(" ".join(text.split())), EXCERPT)


def listed_names(names: Iterable[str]) -> str:
    """The first few of outside names, such as those of columns, as a message may show them."""
    return listed(list(map(excerpt, names)), LISTED_NAMES)


def short(name: str) -> str:
    """A name, cut where it is too long for a sentence."""
    return cut(name, SHORT)


def cut(name: str, width: int) -> str:
    """A name in at most `width` cells: what is too long loses its middle, for many names differ only at their end."""
    if cell_len(name) <= width:
        return name
    if width < 1:
        return ""
    return _beginning(name, width - 1 - width // 2) + CUT + _end(name, width // 2)


@lru_cache(maxsize=64)
def apart(names: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Each of the names of one set in at most `width` cells, of which there is one at least.

    They lose their ends, unless they all begin alike or would look alike then; else their middles; those that would
    still look alike are shown from where they differ on. In fewer than four cells some may look alike all the same.
    """
    shown = {name: _begun(name, width) for name in names}
    if _alike(shown) or (len(shown) > 1 and _common(shown)):
        shown = {name: cut(name, width) for name in names}
    for alike in _alike(shown):
        shown |= _from_difference(alike, width)
    return tuple(shown[name] for name in names)


def _from_difference(names: list[str], width: int) -> dict[str, str]:
    """Names without what they all begin with."""
    start = _common(names)
    shown = {name: _begun(CUT + name[start:], width) for name in names}
    if width >= NARROWEST:
        for alike in _alike(shown):
            shown |= _from_difference(alike, width)
    return shown


def _common(names: Collection[str]) -> int:
    """How many characters all names begin with."""
    first, last = min(names), max(names)
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def _alike(shown: dict[str, str]) -> list[list[str]]:
    """The names that look like others."""
    groups = defaultdict(list)
    for name, text in shown.items():
        groups[text].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _begun(name: str, width: int) -> str:
    """A name that loses its end where it is too long."""
    return name if cell_len(name) <= width else _beginning(name, width - 1) + CUT


def _beginning(name: str, width: int) -> str:
    # A wide character that does not fit in whole has become a space.
    return set_cell_size(name, width).rstrip()


def _end(name: str, width: int) -> str:
    start = len(name)
    while start and cell_len(name[start - 1 :]) <= width:
        start -= 1
    # An accent is no good without the letter below it.
    while start < len(name) and not cell_len(name[start]):
        start += 1
    return name[start:].lstrip()
