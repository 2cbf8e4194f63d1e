"""Wilson's interval, by what it is defined as."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.scores.interval import wilson


@st.composite
def counts(draw):
    examples = draw(st.integers(1, 10**6))
    return draw(st.integers(0, examples)), examples


@given(counts())
def test_its_ends_are_1_96_deviations_from_the_share(pair):
    right, examples = pair
    low, high = wilson(right, examples)
    assert 0 <= low <= right / examples <= high <= 1
    for end, at_the_end in ((low, right == 0), (high, right == examples)):
        away = abs(right / examples - end)
        deviations = 1.959963984540054 * math.sqrt(end * (1 - end) / examples)
        assert at_the_end or away == pytest.approx(deviations, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("right", "examples", "low", "high"),
    [
        # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(right, examples, low, high):
    assert wilson(right, examples) == pytest.approx((low, high), abs=5e-5)


def test_the_ends_of_all_and_none_are_exact():
    assert wilson(0, 7).low == 0
    assert wilson(7, 7).high == 1


@pytest.mark.parametrize(("right", "examples"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_share_is_refused(right, examples):
    with pytest.raises(ValueError, match="no share"):
        wilson(right, examples)
