"""A sum of the inspector: exact where floats have it, and what floats make of it where they have not."""

import math

import pytest

from nnviz.frame.unit_view import summed_up


@pytest.mark.parametrize(
    ("numbers", "total"),
    [
        ([1e16, 1.0, -1e16], 1.0),
        ([], 0.0),
        ([1e308, 1e308], math.inf),
        ([-1e308, -1e308], -math.inf),
        ([math.inf, 1.0], math.inf),
        ([math.inf, -math.inf], math.nan),
        ([math.nan, 1.0], math.nan),
    ],
)
def test_a_sum_is_told_whatever_it_comes_to(numbers, total):
    assert summed_up(numbers) == pytest.approx(total, rel=0, abs=0, nan_ok=True)
