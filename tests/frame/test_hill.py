import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.data.encoder import Encoder
from nnviz.data.standardization import Standardization
from nnviz.frame.hill import DIRECTIONS, UNITS, as_hills, as_numbers
from nnviz.frame.task import Task

TASK = Task((2,), (), numbers=1)


def test_the_hill_is_highest_at_the_unit_of_the_number() -> None:
    hill = as_hills(np.array([[0.0]]))[0]
    assert hill.shape == (UNITS,) == (45,)
    np.testing.assert_allclose(hill[22:27], [1, 0.88, 0.61, 0.32, 0.14], atol=0.006)
    np.testing.assert_allclose(hill, hill[::-1])


@given(st.floats(-1, 1))
def test_a_number_comes_back_from_its_hill(number: float) -> None:
    """Much nearer than two units are to each other, at the ends of the scale as in its middle."""
    told = as_numbers(as_hills(np.array([[number]])))
    assert told.shape == (1, 1)
    assert abs(told[0, 0] - number) < 0.1 * (DIRECTIONS[1] - DIRECTIONS[0])


def test_of_two_hills_the_higher_one_is_told_and_not_their_middle() -> None:
    left, right = as_hills(np.array([[-0.6], [0.5]]))
    assert as_numbers((0.9 * left + 0.7 * right)[None])[0, 0] == pytest.approx(-0.6, abs=0.01)


def test_no_activation_at_all_is_still_a_number() -> None:
    assert np.isfinite(as_numbers(np.zeros((2, UNITS)))).all()


def test_the_encoder_makes_hills_of_labels() -> None:
    labels = np.array([[0.3], [-0.7], [1.0]], np.float32)
    targets = Encoder(Standardization(np.zeros(2), np.ones(2)), None, hills=True).targets(labels)
    assert targets.shape == (3, UNITS)
    assert targets.dtype == np.float32
    np.testing.assert_allclose(TASK.told_numbers(targets), labels, atol=0.005)


def test_the_task_names_the_units_and_leaves_plain_numbers_alone() -> None:
    assert TASK.output_names(UNITS)[4] == "−1.00"
    assert TASK.output_names(UNITS)[22] == "0.00"
    assert len(TASK.output_names(UNITS)) == UNITS
    plain = np.array([[3.0]])
    np.testing.assert_array_equal(TASK.told_numbers(plain), plain)
