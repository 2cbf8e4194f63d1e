"""What of many numbers a frame holds does not depend on the machine."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from nnviz.training.reduction import largest


@given(
    values=npst.arrays(np.float32, st.integers(0, 90), elements=st.sampled_from([0.0, -1.0, 0.5, 2.0, np.inf])),
    count=st.integers(1, 70),
)
def test_of_equal_numbers_the_first_are_the_largest(values, count):
    expected = sorted(range(len(values)), key=lambda k: (-values[k], k))[:count]
    assert largest(values, count).tolist() == expected
