"""The room for buffers: whole, apart from each other, and given back."""

import gc
import weakref

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnviz.nn.buffers import ALIGNMENT, BLOCK, LARGE, SMALL, Buffers

SHAPES = st.tuples(st.integers(1, 64), st.integers(1, 1024), st.sampled_from([1, 7, 32]))


@given(st.lists(st.tuples(SHAPES, st.sampled_from([np.float32, np.float64, np.uint8, bool])), max_size=12))
def test_arrays_are_as_asked_for_and_do_not_share_a_byte(asked):
    buffers = Buffers()
    arrays = [buffers.zeros(shape, dtype) for shape, dtype in asked]
    for array, (shape, dtype) in zip(arrays, asked, strict=True):
        assert (array.shape, array.dtype, array.flags.c_contiguous) == (shape, dtype, True)
    for number, array in enumerate(arrays, 1):
        assert not array.any()
        array.view(np.uint8)[...] = number
    for number, array in enumerate(arrays, 1):
        assert (array.view(np.uint8) == number).all()


def test_middling_arrays_lie_side_by_side_and_aligned():
    buffers = Buffers()
    first, second = buffers.empty((SMALL + 1,), np.uint8), buffers.empty((SMALL,), np.uint8)
    assert first.base is second.base
    assert len(first.base) == BLOCK
    assert [array.ctypes.data % ALIGNMENT for array in (first, second)] == [0, 0]
    for size in (SMALL - 1, LARGE):
        assert buffers.empty((size,), np.uint8).base is None


def test_what_is_left_of_a_block_is_filled_after_the_next_was_begun():
    buffers = Buffers()
    # What is left of the second would not do.
    first, second, third = (buffers.empty((BLOCK * share // 100,), np.uint8) for share in (40, 65, 50))
    assert second.base is not first.base
    assert third.base is first.base


def test_a_block_is_given_back_with_the_last_array_in_it():
    buffers = Buffers()
    arrays = [buffers.empty((LARGE - 1,), np.uint8) for _ in range(5)]
    block = weakref.ref(arrays[0].base)
    assert arrays[4].base is not block()
    del arrays[1:]
    gc.collect()
    assert block() is not None
    arrays.clear()
    gc.collect()
    assert block() is None


def test_scratch_is_the_same_memory_for_all_who_ask_and_another_for_each_worker():
    buffers = Buffers()
    first, second = buffers.scratch((4, SMALL), np.float32)
    assert (first.shape, first.dtype) == ((4, SMALL), np.float32)
    assert not np.shares_memory(first, second)
    for own, others in zip((first, second), buffers.scratch((3, 5), np.float64), strict=True):
        assert (others.shape, others.dtype) == ((3, 5), np.float64)
        assert np.shares_memory(own, others)
    # A larger one is new, and leaves those that were handed out alone.
    first[...] = 1
    for larger in buffers.scratch((6, SMALL), np.float32):
        larger[...] = 2
    assert (first == 1).all()
