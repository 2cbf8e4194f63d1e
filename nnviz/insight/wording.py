"""Numbers and names as words."""

import math

from nnviz.data.names import apart, cut

LISTED_CLASSES = 5
NAME = 16


def listed(names: tuple[str, ...]) -> str:
    """Some names as one phrase; how many there are, where they are many."""
    if len(names) > LISTED_CLASSES:
        return f"{len(names):,} classes"
    shown = apart(names, NAME)
    return ", ".join(shown[:-1]) + f" and {shown[-1]}"


def short(name: str) -> str:
    """A name, cut where it is too long for a sentence."""
    return cut(name, NAME)


def count(many: int, thing: str) -> str:
    """ "1 unit", "1,024 units"."""
    return f"{many:,} {thing}" + ("" if many == 1 else "s")


def number(value: float, decimals: int = 2) -> str:
    """So many decimals, or two significant digits where these would show hardly any; 1e−9 and 2.5e9 at the ends."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    size = abs(value)
    if size >= 1e6:
        text = f"{size:.3g}"
    elif size >= 0.95 * 10 ** (1 - decimals) or size == 0:
        text = f"{size:,.{decimals}f}"
    else:
        text = f"{size:.2g}"
    return _typeset(f"-{text}" if value < 0 else text)


def learning_rate(value: float) -> str:
    """With as many digits as it has, four at most: as the title says it."""
    return _typeset(f"{value:.4g}")


def _typeset(text: str) -> str:
    """What Python writes as -1e-09 is −1e−9."""
    mantissa, _, exponent = text.partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", "−")


def signed(value: float) -> str:
    """A number with its sign."""
    return f"+{number(value)}" if value > 0 else number(value)


def percent(share: float) -> str:
    """0.5 as "50%"."""
    return f"{number(100 * share)}%"


def subtraction(p: float, y: float, error: float) -> tuple[str, str]:
    """p, and "p − y = error", with as many decimals as it takes to see the error."""
    decimals = next((d for d in range(2, 7) if abs(error) * 10**d >= 0.5), 2)
    minuend, subtrahend = _fixed(p, decimals), _fixed(y, 0 if y.is_integer() else decimals)
    difference = f"{error:+.{decimals}f}"
    if max(abs(p), abs(y)) < 1e6 and float(difference) != 0:
        exact = round(round(p, decimals) - round(y, decimals), decimals) == float(difference)
        difference = difference.replace("-", "−")
    else:
        exact, difference = error == 0, signed(error)
    if y < 0:
        subtrahend = f"({subtrahend})"
    return minuend, f"{minuend} − {subtrahend} {'=' if exact else '≈'} {difference}"


def _fixed(value: float, decimals: int) -> str:
    """Exactly so many decimals, unless the number is too large for that, or none."""
    return f"{value:.{decimals}f}".replace("-", "−") if abs(value) < 1e6 else number(value)


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
