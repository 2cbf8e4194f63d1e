"""t tests beside published figures and what they are by definition, and what has no test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.scores.difference import Difference, Test, Why, holm, paired, welch

# Student 1908: hours of sleep that two drugs gave ten patients. The figures are those of R's documentation of t.test.
FIRST = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def test_pairs_as_published() -> None:
    found = paired(FIRST, SECOND)
    assert found.verdict is not None
    assert found.mean == pytest.approx(-1.58)
    assert found.verdict.test is Test.PAIRED
    assert (found.verdict.t, found.verdict.freedom) == (pytest.approx(-4.0621, abs=5e-5), 9)
    assert found.verdict.p == pytest.approx(0.002833, abs=5e-7)
    assert found.verdict.interval == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)


def test_groups_as_published() -> None:
    found = welch(FIRST, SECOND)
    assert found.verdict is not None
    assert found.verdict.test is Test.WELCH
    assert (found.verdict.t, found.verdict.freedom) == pytest.approx((-1.8608, 17.776), abs=5e-4)
    assert found.verdict.p == pytest.approx(0.07939, abs=5e-6)
    assert found.verdict.interval == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)


def test_what_has_no_spread_has_no_test() -> None:
    assert paired([0.5], [0.25]) == Difference(0.25, why=Why.ONE_RUN)
    assert welch([0.5], [0.25, 0.75]) == Difference(0.0, why=Why.ONE_RUN)
    assert paired([1.0, 1.0], [1.0, 1.0]) == Difference(0.0, why=Why.NO_SPREAD)
    assert welch([1.0, 1.0, 1.0], [0.5, 0.5]) == Difference(0.5, why=Why.NO_SPREAD)
    # Of one spread alone there is a test.
    assert welch([1.0, 1.0, 1.0], [0.5, 0.75]).verdict is not None


@given(st.lists(st.integers(0, 40), min_size=2, max_size=8), st.integers(1, 9))
def test_rounding_is_no_spread(right: list[int], more: int) -> None:
    """Accuracies on 49 examples of which one run always got so many more right: their differences are all but equal."""
    found = paired([(one + more) / 49 for one in right], [one / 49 for one in right])
    assert (found.verdict, found.why) == (None, Why.NO_SPREAD)


NUMBERS = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 6)), min_size=2, max_size=6)


@given(NUMBERS, NUMBERS)
def test_either_side_tells_the_same(first: list[float], second: list[float]) -> None:
    one, other = welch(first, second), welch(second, first)
    assert one.mean == -other.mean
    if one.verdict and other.verdict:
        assert one.verdict.p == pytest.approx(other.verdict.p, rel=1e-9)
        assert one.verdict.interval == pytest.approx([-end for end in reversed(other.verdict.interval)])
        # p is below 0.05 just where the interval leaves 0 out.
        assert (one.verdict.p < 0.05) == (not one.verdict.interval.low <= 0 <= one.verdict.interval.high)


def test_several_tests_together() -> None:
    # By hand: 4 · 0.005, 3 · 0.01, 2 · 0.03, and no p below one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
