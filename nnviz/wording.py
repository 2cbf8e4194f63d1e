"""Numbers, names and lists as text: the one place where a number becomes something to read.

Panes, sentences, reports and the command line all take their text from here, so that the same number looks the same
wherever it stands, and is never cut: where room is short it loses digits, or gets an exponent.
"""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import index
from typing import NamedTuple, SupportsIndex
from unicodedata import normalize

from rich.cells import cell_len, set_cell_size

MINUS = "−"
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
LISTED_LINES, LISTED_NAMES = 3, 5
"""Of the lines of a file, and of names, that a message is about, so many are told."""
SURE_DIGITS = 15
"""So many significant decimal digits does every float64 hold (DBL_DIG of the C standard)."""
# In fewer cells there is not always room for a character between two cuts of a name.
NARROWEST = 4


# Numbers


def integer(many: SupportsIndex) -> str:
    """A whole number with all its digits, such as a step, a line or how many there are: 7, 12,300, −1,024."""
    return f"{index(many):,}".replace("-", MINUS)


def number(value: float, digits: int = 3) -> str:
    """With about so many significant digits: 0.200, 1.61, 0.0500, 12,300, 1.2e−5; 0 for exactly 0."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    size = abs(value)
    if size == 0:
        return "0"
    # The exponent after rounding, so that 0.9999 counts as 1 and does not get a digit too many.
    exponent = int(f"{size:.{digits - 1}e}".split("e")[1])
    if exponent < -3 or size >= 999_999.5:
        return _scientific(value, max(digits - 1, 1))
    # Below 0.1 the zeros in front take their room from the digits behind.
    return fixed(value, max(0, min(digits - 1 - exponent, digits + 1)))


def signed(value: float, digits: int = 3) -> str:
    """The same with a + before what is positive."""
    return f"+{number(value, digits)}" if value > 0 else number(value, digits)


def fitted(value: float, width: int, digits: int = 3) -> str:
    """A number in at most `width` cells: it loses digits, or gets an exponent, but is never cut.

    Seven cells hold any number. In fewer, one that is too small for them is ≈0, and one that is too large is ≫ or ≪.
    """
    return _first_fitting([number(value, d) for d in range(digits, 0, -1)], value, width)


def fitted_signed(value: float, width: int, digits: int = 3) -> str:
    """The same with a + before what is positive, as far as there is room for it."""
    texts = [signed(value, d) for d in range(digits, 0, -1)]
    return _first_fitting([*texts, number(value, 1)], value, width)


def fitted_in_unit(value: float, width: int, decimals: int | None) -> str:
    """A quantity in its own unit in at most `width` cells: never cut, but with fewer decimals, or an exponent."""
    fewer = range(decimals - 1, -1, -1) if decimals else ()
    texts = [in_unit(value, decimals), *(in_unit(value, d) for d in fewer), *(number(value, d) for d in (3, 2, 1))]
    return _first_fitting(texts, value, width)


def fitted_trimmed(value: float, width: int, digits: int = 4) -> str:
    """A number that somebody chose or measured, in at most `width` cells: never cut, but with fewer digits."""
    return _first_fitting([trimmed(value, d) for d in range(digits, 0, -1)], value, width)


def _first_fitting(texts: list[str], value: float, width: int) -> str:
    """The first of some texts that fits, then the number with an exponent, then only what it is like."""
    texts = [*texts, _scientific(value, 1)] if math.isfinite(value) and value else texts
    like = "≈0" if abs(value) < 1 else "≫" if value > 0 else "≪"
    return next((text for text in texts if len(text) <= width), like)


def fixed(value: float, decimals: int) -> str:
    """With exactly so many decimals: 1,234.50. What is not finite is as `number` has it."""
    return f"{value:z,.{decimals}f}".replace("-", MINUS) if math.isfinite(value) else number(value)


def fixed_signed(value: float, decimals: int) -> str:
    """The same with a + before what is positive."""
    return f"+{fixed(value, decimals)}" if value > 0 else fixed(value, decimals)


def trimmed(value: float, digits: int = 4) -> str:
    """A number that somebody chose, with the digits that it has, so many at most: 0.01, 2, 5e−6."""
    if not math.isfinite(value) or value == 0:
        return number(value)
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", MINUS)


def in_unit(value: float, decimals: int | None = None) -> str:
    """A quantity in a unit of its own, such as dollars, with the decimals that are worth reading there.

    Where nobody knows how many these are, it has four digits, and all that it has before the point.
    """
    size = abs(value)
    if decimals is not None and size < 1e9:
        return fixed(value, decimals)
    if decimals is not None or not size or not math.isfinite(value):
        return number(value)
    if not 1e-4 <= size < 1e15:
        return _scientific(value, 4)
    return fixed(value, max(0, 3 - math.floor(math.log10(size))))


def ticks(values: Sequence[float]) -> list[str]:
    """Round numbers along an axis in short, with the same digits behind the point: 0.0 0.5 1.0, 1k 1.5k, 2M, 5e−7."""
    largest = max(map(abs, values), default=0.0)
    smallest = min((abs(value) for value in values if value), default=1.0)
    if largest < 1e3 and smallest >= 1e-4:
        places = max((len(f"{value:.6g}".partition(".")[2]) for value in values), default=0)
        return [fixed(value, places) for value in values]
    return [tick(value) for value in values]


def tick(value: float) -> str:
    """One of them alone: with the digits that it has."""
    size = abs(value)
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if limit <= size < 1e9:
            return f"{trimmed(value / limit, 6)}{unit}"
    return trimmed(value, 6 if 1e-4 <= size < 1e9 else 4)


def compact(value: float) -> str:
    """A large number in short: 950, 1.8k, 29k, 3.1M."""
    if value < 0 or not math.isfinite(value):
        return MINUS + compact(-value) if value < 0 else number(value)
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit * 0.9995:
            scaled = value / limit
            return f"{scaled:.1f}{unit}" if scaled < 9.95 else f"{scaled:,.0f}{unit}"
    return f"{abs(value):.0f}"


def percent(share: float) -> str:
    """A share of a whole: 61.6%, 8.82%, 99.96%; 0% and 100% for exactly none and all of it."""
    if not 0 < share < 1:
        return f"{number(100 * share).removesuffix('.0')}%" if math.isfinite(share) else number(share)
    for digits in (3, 4, 5):
        text = number(100 * share, digits)
        if text != number(100, digits):
            return f"{text}%"
    return ">99.99%"


def whole_percent(share: float) -> str:
    """What is done of a whole, 7% or 99%: 100% once all of it is done, and not before."""
    return f"{math.floor(100 * share) if math.isfinite(share) else 0}%"


def exponential(value: float) -> str:
    """A number with all the digits that it has, and an exponent: 1.7e9, 3e−8."""
    return _scientific(value, len(Decimal(repr(float(value))).normalize().as_tuple().digits))


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", MINUS)


class Subtraction(NamedTuple):
    """ "0.200", "1" and "0.200 − 1 = −0.800"."""

    minuend: str
    subtrahend: str
    words: str


def subtraction(p: float, y: float, error: float, decimals: int | None = None) -> Subtraction:
    """p − y = error, with as many decimals as it takes to see the error, and at least the `decimals` of their unit.

    Where the printed difference is not exactly the printed error, ≈ stands for =.
    """
    is_whole = decimals is None and y.is_integer() and abs(y) < 1e6
    if decimals is None:
        minuend, subtrahend = number(p), fixed(y, 0) if is_whole else number(y)
    else:
        minuend, subtrahend = in_unit(p, decimals), in_unit(y, decimals)
    seen = next((d for d in range(7) if abs(error) * 10**d >= 0.5), None)
    if not math.isfinite(error) or "e" in minuend + subtrahend or (seen is None and error):
        return Subtraction(minuend, subtrahend, f"{minuend} − {_bracketed(subtrahend)} ≈ {signed(error)}")
    digits = min(max(_decimals(minuend), _decimals(subtrahend), seen or 0), SURE_DIGITS - _before_point(minuend))
    minuend, subtrahend = fixed(p, digits), fixed(y, 0 if is_whole else digits)
    difference = fixed_signed(error, digits) if error else "0"
    is_exact = _read(minuend) - _read(subtrahend) == _read(difference)
    words = f"{minuend} − {_bracketed(subtrahend)} {'=' if is_exact else '≈'} {difference}"
    return Subtraction(minuend, subtrahend, words)


def _before_point(text: str) -> int:
    return sum(map(str.isdigit, text.partition(".")[0]))


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _read(text: str) -> Decimal:
    return Decimal(text.replace(MINUS, "-").replace(",", ""))


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith(MINUS) else text


def duration(seconds: float) -> str:
    """`0.7 s`, `7 s`, `1:07 min` or `2:05 h`."""
    if seconds < 1:
        return f"{max(0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"


# Words


def count(many: SupportsIndex, thing: str) -> str:
    """ "1 unit", "1,024 units", "2 classes"."""
    return f"{integer(many)} {thing if many == 1 else plural(thing)}"


def plural(thing: str) -> str:
    """Several of a thing whose name is regular."""
    return thing + ("es" if thing.endswith(("s", "x", "tch", "sh")) else "s")


def listed(texts: Sequence[str], most: int | None = None) -> str:
    """ "a, b and c"; of more than `most`, the first ones and how many others: "a, b and 7 more"."""
    if most is not None and len(texts) > most:
        return f"{', '.join(texts[:most])} and {integer(len(texts) - most)} more"
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def listed_lines(first: Sequence[int], many: int) -> str:
    """ "line 7", "lines 7 and 9", "lines 7, 9, 12 and 5 more": so `many` lines of a file, of which these come first."""
    more = [f"{integer(many - LISTED_LINES)} more"] if many > LISTED_LINES else []
    shown = listed([*map(integer, first[:LISTED_LINES]), *more])
    return f"{'line' if many == 1 else 'lines'} {shown}"


# Outside text


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


# Names that are cut so that they can still be told apart


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
