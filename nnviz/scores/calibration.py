"""Whether a network is as often right as it is sure."""

import msgspec
import numpy as np

from nnviz.array import Array

BINS = 10


class Bin(msgspec.Struct, frozen=True):
    """The examples of which a network was sure by more than `low` and at most `high`.

    confidence, accuracy  how sure it was of them on average, and the share that was right; None without examples
    """

    low: float
    high: float
    examples: int
    confidence: float | None
    accuracy: float | None


class Calibration(msgspec.Struct, frozen=True):
    """How sure a network was, how often right, and how far the two are apart.

    error  expected calibration error: the mean of |accuracy − confidence| over all examples' bins
    """

    confidence: float
    error: float
    bins: tuple[Bin, ...]


def calibration(confidences: Array, right: Array) -> Calibration | None:
    """Of the probabilities (n,) of the classes that were said, n > 0, and which of them are right (n,).

    Guo, Pleiss, Sun & Weinberger 2017, "On calibration of modern neural networks", section 2: M bins of the same width,
    ((m − 1) / M, m / M]; here M = 10, and 0 belongs to the first one. None if one of them is no probability.
    """
    confidences = confidences.astype(np.float64)
    if not ((confidences >= 0) & (confidences <= 1)).all():
        return None
    edges = np.arange(BINS + 1) / BINS
    places = np.maximum(np.searchsorted(edges, confidences) - 1, 0)
    counts, sure, correct = (np.bincount(places, weights, BINS) for weights in (None, confidences, right))
    bins = []
    for m, many in enumerate(counts.tolist()):
        means = (sure[m] / many, correct[m] / many) if many else (None, None)
        bins.append(Bin(float(edges[m]), float(edges[m + 1]), many, *means))
    apart = float(np.abs(correct - sure).sum()) / len(confidences)
    return Calibration(float(confidences.mean()), apart, tuple(bins))
