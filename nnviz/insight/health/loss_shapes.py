"""Shapes of a loss over time that rules of health look for, whoever has measured it."""

import math
from typing import NamedTuple

import numpy as np

from nnviz.array import Array

PARTS = 32
"""A run is looked at in so many parts."""
USUAL = 32
"""What is usual is the median of so many values before."""


class Swing(NamedTuple):
    """Of the later half of a run.

    every  (PARTS,) the mean of each part of the whole run
    turns  the share of parts at which the loss turned; `size`, how far it moved from part to part, of its own `level`
    noise  how far parts of independent losses would be apart that scatter as these do within their parts, likewise
    """

    every: Array
    turns: float
    size: float
    level: float
    noise: float


class Turn(NamedTuple):
    """Of a loss that rose again: the place of the lowest, the loss there, and the mean of the last three."""

    lowest: int
    best: float
    now: float


def swing(means: Array) -> Swing | None:
    """How the loss goes up and down; None where there are too few that are numbers."""
    every = np.array([part.mean() for part in np.array_split(means, min(PARTS, max(len(means), 1)))])
    parts = every[PARTS // 2 :]
    if len(parts) < PARTS // 2 or not np.isfinite(parts).all():
        return None
    moves = np.diff(parts)
    level = float(parts.mean())
    turns = float((moves[1:] * moves[:-1] < 0).mean())
    if not level:
        return Swing(every, turns, 0.0, level, 0.0)
    later = np.array_split(means, PARTS)[PARTS // 2 :]
    # The mean distance of two normal numbers is 2/√π of their deviation.
    scatter = [part.std(ddof=1) / math.sqrt(len(part)) for part in later if len(part) > 1]
    noise = 2 / math.sqrt(math.pi) * float(np.mean(scatter)) if scatter else 0.0
    return Swing(every, turns, float(np.abs(moves).mean() / level), level, noise / level)


def spike(means: Array, highs: Array, least: float) -> tuple[int, float] | None:
    """The first place where the loss rose above `least` and ten times what was usual, and that; None without."""
    begin = max(len(means) // 16, 4)
    for place in begin + np.flatnonzero(highs[begin:] > least):
        usual = float(np.median(means[max(place - USUAL, 0) : place]))
        if highs[place] > 10 * usual:
            return int(place), usual
    return None


def turn(losses: Array) -> Turn | None:
    """Where a validation loss turned that is 20% above its lowest by now; None without."""
    lowest = int(losses.argmin())
    best, now = float(losses[lowest]), float(losses[-3:].mean())
    return None if len(losses) - lowest <= 3 or now <= 1.2 * best else Turn(lowest, best, now)
