"""Bins: numbers that follow each other, some at a time, and what is left of them when neighbours are merged."""

from typing import NamedTuple

import numpy as np

from nnviz.array import Array


class Bins(NamedTuple):
    """Of each bin (n, …): how many finite numbers it holds, their mean, the lowest and the highest; NaN of none."""

    counts: Array
    means: Array
    lows: Array
    highs: Array


def merged(bins: Bins, starts: Array) -> Bins:
    """Neighbours merged: one bin for those from each of `starts` on to the next. No peak is lost.

    A bin whose mean is no finite number, though it holds some, makes no other one of those that it is merged with.
    """
    counts = np.add.reduceat(bins.counts, starts)
    groups = np.diff(starts, append=len(bins.counts))
    # Shares of the mean, whose sum cannot overflow.
    shares = bins.counts / np.repeat(np.maximum(counts, 1), groups, axis=0)
    means = np.add.reduceat(np.where(bins.counts > 0, bins.means, 0) * shares, starts)
    # Both leave a NaN out wherever there is a number.
    lows, highs = np.fmin.reduceat(bins.lows, starts), np.fmax.reduceat(bins.highs, starts)
    # Rounding may carry a mean out of its own numbers.
    return Bins(counts, np.where(counts > 0, np.clip(means, lows, highs), np.nan), lows, highs)


def neighbours(many: int, in_each: int) -> Array:
    """Where bins begin that hold so many of the earlier ones each."""
    return np.arange(0, many, in_each)


def with_room(array: Array, length: int) -> Array:
    """An array (n, …) that is at least so long: itself, or a longer one with zeros behind it."""
    if length <= len(array):
        return array
    # Twice as long each time, so that it is seldom copied.
    longer = np.zeros((1 << (length - 1).bit_length(), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
