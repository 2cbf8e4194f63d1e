"""What of many numbers a frame holds does not depend on the machine."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from nnviz.array import strongest
from nnviz.training.reduction import extreme, largest, reduced


@given(
    values=npst.arrays(np.float32, st.integers(0, 90), elements=st.sampled_from([0.0, -1.0, 0.5, 2.0, np.inf])),
    count=st.integers(1, 70),
)
def test_of_equal_numbers_the_first_are_the_largest(values, count):
    expected = sorted(range(len(values)), key=lambda k: (-values[k], k))[:count]
    assert largest(values, count).tolist() == expected


def test_of_opposites_it_is_the_same_one_whichever_is_larger_by_rounding():
    for size in (np.float32(0.3), np.nextafter(np.float32(0.3), 0), np.nextafter(np.float32(0.3), 1)):
        pair = np.array([[size], [-np.float32(0.3)]])
        assert extreme(pair)[0] == reduced(pair, 2, 1)[0, 0] == size
        assert strongest(pair) == strongest(-pair) == 0
    assert strongest(np.array([np.nan, 1.0, -2.0])) == 2
