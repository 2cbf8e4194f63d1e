"""Student's t distribution: how often chance alone gives a t as large as this one.

Written here, and tested beside SciPy, because SciPy would be by far the largest thing that nnviz installs.
"""

import math

TINY = 1e-300
"""In place of a 0 in a denominator of a continued fraction."""
PRECISE = 2e-16
MOST_TERMS = 100_000


def two_sided(t: float, freedom: float) -> float:
    """The probability of a |T| of at least |t| with so many degrees of freedom, above 0; they need not be whole.

    With n degrees of freedom, P(|T| ≥ |t|) = I_x(n/2, 1/2) where x = n / (n + t²): Abramowitz and Stegun 26.5.27.
    """
    square = t * t
    if math.isinf(square):
        return 0.0
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + square), square / (freedom + square))


def limit(share: float, freedom: float) -> float:
    """The t that |T| reaches or exceeds with that probability, of 0 … 1 and neither of them."""
    low, high = 0.0, 1.0
    while two_sided(high, freedom) > share:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if two_sided(middle, freedom) > share else (low, middle)
    return high


def incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """The regularized incomplete beta function I_x(a, b), where `rest` is 1 − x to all its digits; a, b > 0.

    By the continued fraction of DLMF 8.17.22, which converges fast for x < (a + 1) / (a + b + 2); beyond that, by
    I_x(a, b) = 1 − I_{1−x}(b, a), DLMF 8.17.4.
    """
    if x == 0 or rest == 0:
        return float(rest == 0)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, rest, x)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    return math.exp(logarithm) / (a * _continued_fraction(a, b, x))


def _continued_fraction(a: float, b: float, x: float) -> float:
    """1 + d₁/(1 + d₂/(1 + …)) of DLMF 8.17.22, by Lentz's algorithm (Thompson and Barnett 1986)."""
    value, above, below = 1.0, 1.0, 0.0
    for term in range(1, MOST_TERMS):
        m, is_odd = divmod(term, 2)
        if is_odd:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        above, below = 1 + d / above or TINY, 1 / (1 + d * below or TINY)
        value *= above * below
        if abs(above * below - 1) < PRECISE:
            break
    return value
