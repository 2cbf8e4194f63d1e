"""Numbers as text: few digits, a true minus sign, a width that stays the same."""

import math

from nnviz.data.dataset import Targets

MINUS = "−"


def plain(value: float, digits: int = 3) -> str:
    """A number with about `digits` significant digits: 0.200, 1.61, 0.0500, 12,300, 1.2e−5."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    size = abs(value)
    # The exponent after rounding, so that 0.9999 counts as 1 and does not get a digit too many.
    exponent = int(f"{size:.{digits - 1}e}".split("e")[1])
    if size == 0:
        text = "0"
    elif exponent < -3 or size >= 999_999.5:
        mantissa, power = f"{size:.{digits - 2}e}".split("e")
        text = f"{mantissa}e{int(power)}".replace("-", MINUS)
    else:
        # Below 0.1 the zeros in front take their room from the digits behind.
        text = f"{size:,.{max(0, min(digits - 1 - exponent, digits + 1))}f}"
    return MINUS + text if value < 0 else text


def signed(value: float, digits: int = 3) -> str:
    """The same with a + before what is positive."""
    return f"+{plain(value, digits)}" if value > 0 else plain(value, digits)


def in_unit(value: float, targets: Targets | None, output: int) -> str:
    """A number to predict, or a prediction of it, with as many decimals as its deviation makes worth reading."""
    if targets is None or not abs(value) < 1e9:
        return plain(value)
    return f"{value:,.{targets.decimals(output)}f}".replace("-", MINUS)


def rounded(value: float) -> str:
    """A number that is round already, with no zeros behind it: 0.01, 2, 5e−6."""
    mantissa, _, exponent = f"{value:g}".partition("e")
    text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", MINUS)


def count(value: float) -> str:
    """A large number in short: 950, 1.8k, 29k, 3.1M."""
    if value < 0 or not math.isfinite(value):
        return MINUS + count(-value) if value < 0 else plain(value)
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit * 0.9995:
            scaled = value / limit
            return f"{scaled:.1f}{unit}" if scaled < 9.95 else f"{scaled:,.0f}{unit}"
    return f"{abs(value):.0f}"


def round_up(least: float, leads: tuple[float, ...] = (1, 2, 5)) -> float:
    """The smallest number of 1, 2, 5, 10, 20, … (or of other leads) that is not below `least` > 0."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((lead * power for lead in leads if lead * power >= least * (1 - 1e-9)), 10 * power)


def span(place: int, step: int, size: int) -> str:
    """Which of `size` numbers stand at `place`, when each place holds `step` of them: 7, or 12…15."""
    if step == 1:
        return f"{place:,}"
    return f"{place * step:,}…{min((place + 1) * step, size) - 1:,}"
