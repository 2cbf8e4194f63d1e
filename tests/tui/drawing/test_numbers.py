"""Numbers as text: what is shown is the number, to the digits shown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.tui.drawing.numbers import MINUS, count, plain, signed

# Without subnormal numbers, whose own last digit is coarser than the digits shown.
finite = st.one_of(st.floats(-most, most, allow_subnormal=False) for most in (1e300, 2e6, 0.2))
UNITS = {"k": 1e3, "M": 1e6}


def read(text: str) -> tuple[float, float]:
    """(the number that a text shows, one unit of its last digit)."""
    text = text.replace(MINUS, "-").replace(",", "")
    unit = UNITS.get(text[-1], 1.0)
    mantissa, _, exponent = text.rstrip("kM").partition("e")
    places = len(mantissa.partition(".")[2])
    scale = unit * float(f"1e{exponent or 0}")
    return float(mantissa) * scale, 10.0**-places * scale


@given(finite, st.integers(2, 6))
def test_plain_shows_the_number_to_the_digits_shown(value, digits):
    shown, last = read(plain(value, digits))
    assert shown == pytest.approx(value, rel=1e-9, abs=last * 0.5000001)


@given(st.floats(1e-3, 999_999), st.integers(2, 6))
def test_plain_shows_enough_digits_and_not_too_many(value, digits):
    text = plain(value, digits)
    shown = len(re.sub(r"\D", "", text).lstrip("0"))
    assert shown <= max(digits, 7)
    assert shown >= digits or value < 0.1


@given(st.floats() | st.floats(-2e6, 2e6))
def test_a_minus_is_a_true_minus_and_only_before_what_is_negative(value):
    for text in (plain(value), signed(value), count(value)):
        assert "-" not in text
    assert plain(value).startswith(MINUS) == (value < 0)
    assert signed(value).startswith("+") == (value > 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.9999, "1.00"),
        (9.996, "10.0"),
        (99.96, "100"),
        (999.4, "999"),
        (999.6, "1,000"),
        (12_300, "12,300"),
        (9.9996e5, "999,960"),
        (999_999.7, "1.0e6"),
        (9.96e6, "1.0e7"),
        (0.2, "0.200"),
        (0.05, "0.0500"),
        (0.0012496, "0.0012"),
        (9.996e-4, "0.0010"),
        (1.2496e-5, f"1.2e{MINUS}5"),
        (-1.2e-5, f"{MINUS}1.2e{MINUS}5"),
        (float("nan"), "NaN"),
        (float("-inf"), f"{MINUS}∞"),
    ],
)
def test_plain_at_the_edges(value, text):
    assert plain(value) == text


@given(st.floats(0, 1e12, allow_subnormal=False))
def test_count_is_within_its_digits_and_short(value):
    shown, last = read(count(value))
    assert shown == pytest.approx(value, rel=1e-9, abs=last * 0.5000001)
    assert value >= 1e9 or len(count(value)) <= 4


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (950, "950"), (999.6, "1.0k"), (1_800, "1.8k"), (9_960, "10k"), (29_000, "29k"), (999_700, "1.0M")],
)
def test_count_at_the_edges(value, text):
    assert count(value) == text
