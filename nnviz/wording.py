"""Numbers and lists as text: the one place where a number becomes something to read.

Panes, sentences, reports and the command line all take their text from here, so that the same number looks the same
wherever it stands, and is never cut: where room is short it loses digits, or gets an exponent.
"""

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import index
from typing import NamedTuple, SupportsIndex

MINUS = "−"
ARROW = " → "
LISTED_LINES = 3
"""Of the lines of a file that a message is about, so many are told."""
SURE_DIGITS = 15
"""So many significant decimal digits does every float64 hold (DBL_DIG of the C standard)."""


# Numbers


def integer(many: SupportsIndex) -> str:
    """A whole number with all its digits, such as a step, a line or how many there are: 7, 12,300, −1,024."""
    return f"{index(many):,}".replace("-", MINUS)


def number(value: float, digits: int = 3, decimals: int | None = None) -> str:
    """With about so many significant digits: 0.200, 1.61, 0.0500, 12,300, 1.2e−5; 0 for exactly 0.

    With `decimals`, a number that has three digits within them is told with all of them, less zeros at the end: 0.05,
    0.298371109.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    size = abs(value)
    if size == 0:
        return "0"
    if decimals is not None and 10.0 ** (2 - decimals) <= size < 1e9:
        return fixed(value, decimals).rstrip("0").removesuffix(".")
    # The exponent after rounding, so that 0.9999 counts as 1 and does not get a digit too many.
    exponent = int(f"{size:.{digits - 1}e}".split("e")[1])
    if exponent < -3 or size >= 999_999.5:
        return _scientific(value, max(digits - 1, 1))
    # Below 0.1 the zeros in front take their room from the digits behind.
    return fixed(value, max(0, min(digits - 1 - exponent, digits + 1)))


def signed(value: float, digits: int = 3, decimals: int | None = None) -> str:
    """The same with a + before what is positive."""
    text = number(value, digits, decimals)
    return f"+{text}" if value > 0 else text


def fitted(value: float, width: int, digits: int = 3, decimals: int | None = None) -> str:
    """A number in at most `width` cells: it loses digits, or gets an exponent, but is never cut.

    Seven cells hold any number. In fewer, one that is too small for them is ≈0, and one that is too large is ≫ or ≪.
    """
    most = [number(value, decimals=d) for d in range(decimals or 0, 2, -1)]
    return _first_fitting(_telling([*most, *(number(value, d) for d in range(digits, 0, -1))], value), value, width)


def fitted_signed(value: float, width: int, digits: int = 3, decimals: int | None = None) -> str:
    """The same with a + before what is positive, as far as there is room for it."""
    most = [signed(value, decimals=d) for d in range(decimals or 0, 2, -1)]
    texts = [*most, *(signed(value, d) for d in range(digits, 0, -1))]
    shortest = [("+" if value > 0 else "") + _scientific(value, 1)] if math.isfinite(value) and value else []
    return _first_fitting(_telling([*texts, *shortest, number(value, 1)], value), value, width)


def fitted_in_unit(value: float, width: int, decimals: int | None) -> str:
    """A quantity in its own unit in at most `width` cells: never cut, but with fewer decimals, or an exponent."""
    fewer = range(decimals - 1, -1, -1) if decimals else ()
    texts = [in_unit(value, decimals), *(in_unit(value, d) for d in fewer), *(number(value, d) for d in (3, 2, 1))]
    return _first_fitting(texts, value, width)


def fitted_trimmed(value: float, width: int, digits: int = 4) -> str:
    """A number that somebody chose or measured, in at most `width` cells: never cut, but with fewer digits."""
    return _first_fitting([trimmed(value, d) for d in range(digits, 0, -1)], value, width)


def _telling(texts: list[str], value: float) -> list[str]:
    """Of these the ones that have a digit of the number: 0.00 stands for nothing but 0."""
    return [text for text in texts if not math.isfinite(value) or not value or re.search("[1-9]", text)]


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


def published_subtraction(p: float, y: float, error: float, decimals: int) -> Subtraction:
    """p − y = error as they are published: with so many decimals, less zeros at the end."""
    minuend, subtrahend = number(p, decimals=decimals), number(y, decimals=decimals)
    return _subtraction(minuend, subtrahend, signed(error, decimals=decimals))


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
    return _subtraction(minuend, subtrahend, fixed_signed(error, digits) if error else "0")


def _subtraction(minuend: str, subtrahend: str, difference: str) -> Subtraction:
    texts = (minuend, subtrahend, difference)
    # What has an exponent, or is not finite, is not printed to its last digit.
    is_exact = not any(set("e∞N") & set(text) for text in texts)
    is_exact = is_exact and _read(minuend) - _read(subtrahend) == _read(difference)
    words = f"{minuend} − {_bracketed(subtrahend)} {'=' if is_exact else '≈'} {difference}"
    return Subtraction(minuend, subtrahend, words)


def addition(before: float, change: float, after: float) -> str:
    """ "0.5000 − 0.0012 = 0.4988": a number, what is added to it, and what that gives.

    It has as many decimals as it takes to see two digits of the change. Where the printed sum is not exactly what is
    printed, ≈ stands for =.
    """
    if change == 0:
        return f"{number(before)} + 0 = {number(before)}"
    seen = next((d for d in range(10) if abs(change) * 10**d >= 9.5), None)
    if seen is None or not math.isfinite(change) or not math.isfinite(before) or max(abs(before), abs(change)) >= 1e6:
        return f"{number(before)} + {_bracketed(number(change))} ≈ {number(after)}"
    texts = fixed(before, max(seen, 3)), fixed(abs(change), max(seen, 3)), fixed(after, max(seen, 3))
    first, second, third = map(_read, texts)
    sign, total = ("−", first - second) if change < 0 else ("+", first + second)
    return f"{texts[0]} {sign} {texts[1]} {'=' if total == third else '≈'} {texts[2]}"


class AddedUp(NamedTuple):
    """ "+0.31", "−0.08" and "+0.23": what stands there adds up, as it stands there.

    rounding  what is missing to that, of the last digits; "" where nothing is
    """

    parts: tuple[str, ...]
    rounding: str
    total: str


def added_up(parts: Sequence[float], total: float, digits: int = 3, decimals: int | None = None) -> AddedUp:
    """Numbers that add up to `total`, all with the same last digit, so that the total has about so many digits.

    Where `decimals` are wanted, there are so many at least. One digit more is shown where the printed numbers add up
    exactly then. Each is rounded as it is; what rounding leaves over is a number of its own.
    """
    sizes = [abs(value) for value in (*parts, total)]
    if not all(map(math.isfinite, sizes)):
        return AddedUp(tuple(signed(part) for part in parts), "", signed(total))
    largest = max(sizes) or 1.0
    exponent = _exponent(largest)
    power = exponent if not -5 < exponent < 6 else 0
    # A total that is far smaller than its parts gets more digits, as long as the parts do not get too many.
    finest = exponent if not total else max(_exponent(abs(total)), exponent - digits)
    least = max(digits - 1 - finest + power, 0 if power or decimals is None else decimals)
    for shown in range(least, least + 2):
        texts = [_with_power(value, shown, power) for value in (*parts, total)]
        left = _read(texts[-1]) - sum(map(_read, texts[:-1]))
        if not left:
            return AddedUp(tuple(texts[:-1]), "", texts[-1])
    texts = [_with_power(value, least, power) for value in (*parts, total)]
    left = _read(texts[-1]) - sum(map(_read, texts[:-1]))
    return AddedUp(tuple(texts[:-1]), _with_power(float(left), least, power), texts[-1])


def product(left: float, right: float, result: str) -> str:
    """ "0.41 · −0.3 =", whose printed factors give the printed `result`; ≈ where no twelve digits of them do."""
    if not (math.isfinite(left) and math.isfinite(right)):
        return f"{number(left)} · {number(right)} ≈"
    wanted = _read(result) if result[-1].isdigit() else None
    for digits in range(3, 13):
        texts = number(left, digits), number(right, digits)
        if wanted is None or abs(_read(texts[0]) * _read(texts[1]) - wanted) <= _last_digit(result) / 2:
            return f"{texts[0]} · {texts[1]} ="
    return f"{number(left)} · {number(right)} ≈"


def _exponent(size: float) -> int:
    return math.floor(math.log10(size)) if size else 0


def _with_power(value: float, decimals: int, power: int) -> str:
    """A number with so many decimals, in units of a power of ten: +0.31, +0.04e−7."""
    text = fixed_signed(value / 10.0**power, decimals)
    return f"{text}e{power}".replace("-", MINUS) if power and value else text


def _last_digit(text: str) -> Decimal:
    """One unit of the last digit of a number."""
    mantissa, _, exponent = text.partition("e")
    return Decimal(1).scaleb(-_decimals(mantissa)) * Decimal(10) ** int(_read(exponent or "0"))


def _before_point(text: str) -> int:
    return sum(map(str.isdigit, text.partition(".")[0]))


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _read(text: str) -> Decimal:
    return Decimal(text.replace(MINUS, "-").replace(",", ""))


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith(MINUS) else text


class Change(NamedTuple):
    """ "0.433", "0.471" and "0.433 → 0.471"."""

    before: str
    after: str
    words: str


def change(
    before: float, after: float, decimals: int | None = None, room: int | None = None, published: int | None = None
) -> Change:
    """A number before and after, with as many digits as it takes to tell the two apart, up to two more than usual.

    Those of float32 end soon after. A quantity in its own unit has its `decimals`, as in `in_unit`. Where each of the
    two has `room`, it is never cut, but loses digits; seven cells hold any. Where they are
    published, they have so many decimals.
    """
    written = [(text(before, digits), text(after, digits)) for text, digits in _closer(decimals)]
    told = next((pair for pair in written if pair[0] != pair[1]), written[-1] if before != after else written[0])
    if published is not None:
        told = number(before, decimals=published), number(after, decimals=published)
    if room is not None and max(map(len, told)) > room:
        told = fitted(before, room, decimals=published), fitted(after, room, decimals=published)
    return Change(*told, ARROW.join(told))


def _closer(decimals: int | None) -> list[tuple[Callable[[float, int], str], int]]:
    """Ways to write a number, each with more digits than the one before."""
    if decimals is None:
        return [(number, digits) for digits in (3, 4, 5)]
    return [(in_unit, decimals + more) for more in range(3)]


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


AGES = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"))


def age(seconds: float) -> str:
    """How long ago something was, in one unit: `12 s`, `5 min`, `3 h`, `40 d`; of what is yet to be, 0 s."""
    size, unit = next(((size, unit) for size, unit in AGES if seconds >= size), AGES[-1])
    return f"{integer(max(0, int(seconds // size)))} {unit}"


def byte_size(many: int) -> str:
    """So many bytes, in units of thousands: 950 B, 1.8 KB, 29 MB."""
    size, unit = next(((size, unit) for size, unit in SIZES if many >= size * 0.9995), (1.0, "B"))
    scaled = many / size
    return f"{fixed(scaled, 1 if scaled < 9.95 and size > 1 else 0)} {unit}"


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
