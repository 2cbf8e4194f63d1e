"""Expected calibration error, in the words of the paper that defines it, and by closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.scores.calibration import calibration

EXAMPLES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def of(examples):
    return calibration(np.array([p for p, _ in examples]), np.array([right for _, right in examples]))


@given(EXAMPLES)
def test_bins_and_error_by_a_loop(examples):
    found, error = of(examples), 0.0
    for m, each in enumerate(found.bins):
        inside = [(p, right) for p, right in examples if m / 10 < p <= (m + 1) / 10 or (m == 0 and p == 0)]
        assert (each.low, each.high, each.examples) == (m / 10, (m + 1) / 10, len(inside))
        if inside:
            confidence, accuracy = (math.fsum(of) / len(inside) for of in zip(*inside, strict=True))
            assert (each.confidence, each.accuracy) == pytest.approx((confidence, accuracy), abs=1e-12)
            error += len(inside) / len(examples) * abs(accuracy - confidence)
        else:
            assert (each.confidence, each.accuracy) == (None, None)
    assert found.error == pytest.approx(error, abs=1e-12)
    assert found.confidence == pytest.approx(math.fsum(p for p, _ in examples) / len(examples), abs=1e-12)


def test_one_that_is_as_often_right_as_it_is_sure_has_no_error():
    assert of([(0.75, k % 4 > 0) for k in range(40)]).error == 0


def test_one_that_is_sure_and_always_wrong_is_all_error():
    assert of([(1.0, False)] * 5).error == 1


@pytest.mark.parametrize("confidence", [np.nan, np.inf, -0.1, 1.5])
def test_what_is_no_probability_has_no_calibration(confidence):
    assert of([(0.5, True), (confidence, True)]) is None
