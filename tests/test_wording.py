"""What is shown is the number, to the digits shown."""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.wording import (
    MINUS,
    added_up,
    addition,
    change,
    compact,
    exponential,
    fitted,
    fitted_in_unit,
    fitted_signed,
    fitted_trimmed,
    fixed,
    in_unit,
    integer,
    number,
    percent,
    product,
    signed,
    subtraction,
    ticks,
    trimmed,
    whole_percent,
)

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
def test_number_shows_the_number_to_the_digits_shown(value, digits):
    shown, last = read(number(value, digits))
    assert shown == pytest.approx(value, rel=1e-9, abs=last * 0.5000001)


@given(st.floats(1e-3, 999_999), st.integers(2, 6))
def test_number_shows_enough_digits_and_not_too_many(value, digits):
    text = number(value, digits)
    shown = len(re.sub(r"\D", "", text).lstrip("0"))
    assert shown <= max(digits, 7)
    assert shown >= digits or value < 0.1


@given(st.floats() | st.floats(-2e6, 2e6))
def test_a_minus_is_a_true_minus_and_only_before_what_is_negative(value):
    for text in (number(value), signed(value), compact(value)):
        assert "-" not in text
    assert number(value).startswith(MINUS) == (value < 0)
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
def test_number_at_the_edges(value, text):
    assert number(value) == text


@given(st.floats(0, 1e12, allow_subnormal=False))
def test_compact_is_within_its_digits_and_short(value):
    shown, last = read(compact(value))
    assert shown == pytest.approx(value, rel=1e-9, abs=last * 0.5000001)
    assert value >= 1e9 or len(compact(value)) <= 4


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (950, "950"), (999.6, "1.0k"), (1_800, "1.8k"), (9_960, "10k"), (29_000, "29k"), (999_700, "1.0M")],
)
def test_compact_at_the_edges(value, text):
    assert compact(value) == text


@pytest.mark.parametrize(
    ("many", "text"),
    [(0, "0"), (999, "999"), (12_300, "12,300"), (-1024, f"{MINUS}1,024"), (np.int64(10**6), "1,000,000")],
)
def test_whole_numbers_have_all_their_digits(many: int, text: str) -> None:
    assert integer(many) == text


def test_a_whole_number_is_never_rounded_silently() -> None:
    with pytest.raises(TypeError):
        integer(0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"), [(1.7e9, "1.7e9"), (1e3, "1e3"), (2.5, "2.5e0"), (-3e-8, f"{MINUS}3e{MINUS}8")]
)
def test_an_exponential_has_the_digits_that_the_number_has(value: float, text: str) -> None:
    assert exponential(value) == text


any_number = finite | st.sampled_from([math.nan, math.inf, -math.inf])
like = {"≈0", "≫", "≪"}


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_fixed_has_its_decimals_and_no_minus_before_nothing(value: float, decimals: int) -> None:
    text = fixed(value, decimals)
    assert len(text.partition(".")[2]) == decimals
    assert Decimal(text.replace(MINUS, "-").replace(",", "")) == round(Decimal(value), decimals)
    assert text.startswith(MINUS) == (round(Decimal(value), decimals) < 0)


@given(finite, st.integers(1, 8))
def test_trimmed_has_the_digits_of_the_number_and_no_more_than_it_may(value: float, digits: int) -> None:
    text = trimmed(value, digits)
    assert read(text)[0] == pytest.approx(value, rel=0.500001 * 10 ** (1 - digits))
    mantissa = text.lstrip(MINUS).partition("e")[0]
    assert len(mantissa.replace(".", "").lstrip("0")) <= digits
    assert not re.search(r"\.\d*0$", mantissa)


@pytest.mark.parametrize("tell", [number, signed, trimmed, in_unit, compact, partial(fixed, decimals=2)])
@pytest.mark.parametrize(("value", "text"), [(math.nan, "NaN"), (math.inf, "∞"), (-math.inf, f"{MINUS}∞")])
def test_what_is_not_finite_looks_the_same_everywhere(tell: Callable[[float], str], value: float, text: str) -> None:
    assert tell(value).removeprefix("+") == text


@pytest.mark.parametrize(
    "fit",
    [
        fitted,
        fitted_signed,
        fitted_trimmed,
        partial(fitted_in_unit, decimals=None),
        partial(fitted_in_unit, decimals=2),
    ],
)
@given(any_number, st.integers(3, 12))
def test_a_number_fits_and_is_never_cut(fit: Callable[[float, int], str], value: float, width: int) -> None:
    text = fit(value, width)
    assert len(text) <= width
    if text in like:
        assert width < 7
        assert text == ("≈0" if abs(value) < 1 else "≫" if value > 0 else "≪")
    elif math.isfinite(value):
        shown, last = read(text)
        assert shown == pytest.approx(value, rel=1e-9, abs=last * 0.5000001)
        if fit in (fitted, fitted_signed):
            assert bool(shown) == bool(value), "0.00 stands for nothing but 0"


@given(st.floats(0, 1, allow_subnormal=False))
def test_a_percentage_is_the_share_and_0_and_100_are_exact(share: float) -> None:
    text = percent(share)
    assert (text == "0%") == (share == 0)
    assert (text == "100%") == (share == 1)
    if text == ">99.99%":
        assert 0.9999 < share < 1
    else:
        shown, last = read(text.removesuffix("%"))
        assert shown == pytest.approx(100 * share, rel=1e-9, abs=last * 0.5000001)


@given(st.floats(0, 1, allow_subnormal=False))
def test_a_whole_percentage_of_what_is_done_is_100_only_once_all_is_done(share: float) -> None:
    done = int(whole_percent(share).removesuffix("%"))
    assert done <= 100 * share < done + 1


@given(
    st.floats(0, 1, allow_subnormal=False) | st.floats(-1e6, 1e6, allow_subnormal=False),
    st.sampled_from([0.0, 1.0, 0.9, 23.5, -4.25]),
)
def test_a_subtraction_that_says_equal_is_so(p: float, y: float) -> None:
    minuend, subtrahend, words = subtraction(p, y, p - y)
    left, sign, right = re.fullmatch(r"(.*) ([=≈]) (.*)", words).groups()
    assert left == f"{minuend} − {f'({subtrahend})' if y < 0 else subtrahend}"
    exact = [Decimal(text.replace(MINUS, "-").replace(",", "")) for text in (minuend, subtrahend, right)]
    if sign == "=":
        assert exact[0] - exact[1] == exact[2]
    for text, value in ((minuend, p), (subtrahend, y), (right.removeprefix("+"), p - y)):
        shown, last = read(text)
        assert shown == pytest.approx(value, rel=1e-9, abs=last * 0.5000001)
    assert (right == "0") == (p == y)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.0, 0.5, 1.0], ["0.0", "0.5", "1.0"]),
        ([1000.0, 1500.0, 2000.0], ["1k", "1.5k", "2k"]),
        ([0.0, 2e6], ["0", "2M"]),
        ([-0.25, 0.0, 0.25], [f"{MINUS}0.25", "0.00", "0.25"]),
        ([0.0, 5e-7], ["0", f"5e{MINUS}7"]),
        ([], []),
    ],
)
def test_ticks_have_the_same_digits(values: list[float], texts: list[str]) -> None:
    assert ticks(values) == texts


@pytest.mark.parametrize(
    ("before", "after", "decimals", "words"),
    [
        (0.433, 0.471, None, "0.433 → 0.471"),
        (0.69312, 0.69281, None, "0.6931 → 0.6928"),
        (2.30259, 2.30257, None, "2.3026 → 2.3026"),
        (0.5, 0.5, None, "0.500 → 0.500"),
        (1234.3, 1234.4, 0, "1,234.3 → 1,234.4"),
        (0.5, math.inf, None, "0.500 → ∞"),
    ],
)
def test_a_change_has_as_many_digits_as_it_takes_to_be_seen(before, after, decimals, words):
    assert change(before, after, decimals).words == words


def test_a_change_keeps_to_its_room():
    told = change(0.00123456, -0.00123457, room=7)
    assert max(len(told.before), len(told.after)) <= 7


@pytest.mark.parametrize(
    ("before", "moved", "words"),
    [
        (0.5, -0.0012, "0.5000 − 0.0012 = 0.4988"),
        (-0.25249, 0.00144, "−0.2525 + 0.0014 ≈ −0.2510"),
        (0.1, 0.25, "0.100 + 0.250 = 0.350"),
        (0.3, 0.0, "0.300 + 0 = 0.300"),
        (1.0, 1e-12, "1.00 + 1.0e−12 ≈ 1.00"),
        (1.0, -math.inf, "1.00 + (−∞) ≈ −∞"),
    ],
)
def test_an_addition_that_says_equal_is_so_as_printed(before, moved, words):
    assert addition(before, moved, before + moved) == words


def read_exactly(text: str) -> Decimal:
    return Decimal(text.replace(MINUS, "-").replace(",", ""))


near = st.floats(-50, 50, allow_subnormal=False)
scaled = st.tuples(st.lists(near, min_size=1, max_size=9), st.integers(-12, 9))


@given(scaled, st.floats(-1e-6, 1e-6))
def test_an_addition_adds_up_as_it_stands_there(numbers: tuple[list[float], int], missed: float) -> None:
    parts = [part * 10.0 ** numbers[1] for part in numbers[0]]
    total = math.fsum(parts) + missed * max(map(abs, parts))
    told = added_up(parts, total)
    assert sum(map(read_exactly, told.parts)) + read_exactly(told.rounding or "0") == read_exactly(told.total)
    for value, text in zip([*parts, total], [*told.parts, told.total], strict=True):
        # Each is rounded as it is.
        assert abs(float(read_exactly(text)) - value) <= 0.5001 * unit_of(text) + 1e-12 * abs(value)
    # No more is left over than rounding makes: half a unit of the last digit for each number.
    assert abs(float(read_exactly(told.rounding or "0"))) <= (len(parts) + 1.1) / 2 * unit_of(told.total) * 1.001


def unit_of(text: str) -> float:
    mantissa, _, exponent = text.replace(MINUS, "-").partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


@given(near, near)
def test_the_printed_factors_of_a_product_give_what_is_printed(left: float, right: float) -> None:
    told = added_up([left * right, 1.0], left * right + 1)
    words = product(left, right, told.parts[0])
    texts = words[:-2].split(" · ")
    first, second = map(read_exactly, texts)
    if words.endswith("="):
        assert abs(float(first * second - read_exactly(told.parts[0]))) <= 0.5001 * unit_of(told.parts[0])
    assert abs(float(first) - left) <= 0.5001 * unit_of(texts[0])
    assert abs(float(second) - right) <= 0.5001 * unit_of(texts[1])


@pytest.mark.parametrize(
    ("parts", "total", "text"),
    [
        ((0.5, 0.25), 0.75, "+0.500 +0.250  +0.750"),
        ((1 / 3, 1 / 3), 2 / 3, "+0.333 +0.333 +0.001 +0.667"),
        ((1e-9, 2e-9), 3e-9, "+1.00e−9 +2.00e−9  +3.00e−9"),
        ((0.0, 0.0), 0.0, "0.00 0.00  0.00"),
        ((math.inf, 1.0), math.inf, "+∞ +1.00  +∞"),
    ],
)
def test_additions_at_the_edges(parts: tuple[float, ...], total: float, text: str) -> None:
    told = added_up(parts, total)
    assert " ".join([*told.parts, told.rounding, told.total]) == text
