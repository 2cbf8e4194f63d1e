"""Student's t beside closed forms, for whole degrees of freedom, and published tables; SciPy has the rest to say."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.scores.student import incomplete_beta, limit, two_sided

TS = st.floats(1e-6, 1e4)
CLOSED = {
    # P(|T| ≥ t) of the densities written out: Abramowitz and Stegun 26.7.3 and 26.7.4.
    1: lambda t: 1 - 2 / math.pi * math.atan(t),
    2: lambda t: 1 - t / math.sqrt(2 + t * t),
    3: lambda t: 1 - 2 / math.pi * (math.atan(t / math.sqrt(3)) + math.sqrt(3) * t / (3 + t * t)),
    4: lambda t: 1 - t / math.sqrt(4 + t * t) * (1 + 2 / (4 + t * t)),
}


@pytest.mark.parametrize("freedom", CLOSED)
@given(t=TS)
def test_closed_forms_say_the_same(freedom: int, t: float) -> None:
    assert two_sided(t, freedom) == pytest.approx(CLOSED[freedom](t), rel=1e-9, abs=1e-14)
    assert two_sided(-t, freedom) == two_sided(t, freedom)


@given(t=TS, freedom=st.floats(0.5, 1e4))
def test_a_limit_leads_back_to_its_probability(t: float, freedom: float) -> None:
    p = two_sided(t, freedom)
    if 1e-300 < p < 1:
        assert limit(p, freedom) == pytest.approx(t, rel=1e-6)


@pytest.mark.parametrize(
    ("freedom", "table"), [(1, 12.706), (2, 4.303), (4, 2.776), (9, 2.262), (30, 2.042), (120, 1.980), (1e6, 1.960)]
)
def test_published_tables(freedom: float, table: float) -> None:
    assert limit(0.05, freedom) == pytest.approx(table, abs=5e-4)


def test_ends() -> None:
    assert two_sided(0, 3) == 1
    assert two_sided(1e200, 3) == 0
    assert incomplete_beta(2, 3, 0.0, 1.0) == 0
    assert incomplete_beta(2, 3, 1.0, 0.0) == 1
    # A polynomial for whole a and b: I_x(2, 3) = 6x² − 8x³ + 3x⁴.
    for x in (0.1, 0.5, 0.9):
        assert incomplete_beta(2, 3, x, 1 - x) == pytest.approx(6 * x**2 - 8 * x**3 + 3 * x**4, rel=1e-13)
