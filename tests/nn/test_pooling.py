"""Pooling: the largest of every cell, the first of equal ones, and nothing for what is in no cell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nnviz.nn.parameters import Parameters
from nnviz.nn.pooling import GlobalAveragePool, MaxPool2d


def cells(x, size):
    """(n, rows, columns, channels, size²), each cell row by row."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))[:, ::size, ::size]
    return windows.reshape(*windows.shape[:4], -1)


# Three numbers only, so that most cells have several that are largest.
@given(st.sampled_from([1, 2, 3]), st.lists(arrays(np.int8, (2, 5, 7, 2), elements=st.integers(0, 2)), min_size=2))
def test_of_equal_numbers_the_first_wins_and_gets_the_gradient(size, batches):
    layer = MaxPool2d(size)
    shape = layer.build((5, 7, 2), Parameters())
    assert shape == (5 // size, 7 // size, 2)
    grad_y = np.arange(1.0, 2 * np.prod(shape) + 1).reshape(2, *shape)
    for batch in batches:
        x = batch.astype(np.float64)
        np.testing.assert_array_equal(layer.forward(x), cells(x, size).max(axis=-1))
        first = cells(x, size).argmax(axis=-1)
        np.testing.assert_array_equal(np.stack([layer.winners(i) for i in range(2)]), first)
        gradient = layer.input_gradient(grad_y)
        in_cells = cells(gradient, size)
        np.testing.assert_array_equal(np.take_along_axis(in_cells, first[..., None], axis=-1)[..., 0], grad_y)
        assert np.count_nonzero(gradient) == grad_y.size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_global_average(dtype):
    layer = GlobalAveragePool()
    assert layer.build((3, 4, 2), Parameters()) == (2,)
    x = np.arange(48, dtype=dtype).reshape(2, 3, 4, 2)
    y = layer.forward(x)
    np.testing.assert_array_equal(y, [[11, 12], [35, 36]])
    gradient = layer.input_gradient(y)
    assert y.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(gradient, np.broadcast_to(y[:, None, None] / 12, x.shape), rtol=1e-6)


def test_a_cell_may_hold_more_numbers_than_a_byte_counts():
    layer = MaxPool2d(20)
    layer.build((20, 20, 1), Parameters())
    x = np.arange(400.0).reshape(1, 20, 20, 1)
    assert layer.forward(x).item() == 399
    assert layer.winners(0).item() == 399
    assert np.flatnonzero(layer.input_gradient(np.ones((1, 1, 1, 1)))).tolist() == [399]


def test_where_a_number_is_none_the_largest_is_none_and_one_of_the_cell_gets_the_gradient():
    layer = MaxPool2d(2)
    layer.build((2, 4, 1), Parameters())
    x = np.array([[1.0, 2.0, 5.0, 6.0], [np.nan, 3.0, 7.0, 4.0]]).reshape(1, 2, 4, 1)
    np.testing.assert_array_equal(layer.forward(x).ravel(), [np.nan, 7.0])
    assert 0 <= layer.winners(0)[0, 0, 0] < 4
    assert np.count_nonzero(layer.input_gradient(np.ones((1, 1, 2, 1)))) == 2
