"""Groups: runs that have one setting in common, as one curve: their mean, and how far they are apart."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.collection.comparison import is_seed
from nnviz.collection.differences import differences
from nnviz.collection.filters import setting
from nnviz.collection.listed_run import ListedRun

NONE = "none"


class Group(NamedTuple):
    """The places of the runs that share a value."""

    name: str
    runs: tuple[int, ...]


class Middle(NamedTuple):
    """Of each column: the mean of the runs that have come so far, and how far they are apart; all (columns,)."""

    means: Array
    lows: Array
    highs: Array


def settings_to_group_by(runs: Sequence[ListedRun]) -> list[str]:
    """Settings in which runs differ, but for what tells repetitions apart."""
    found = differences([run.settings for run in runs])
    return [name for name in found if not is_seed(name)]


def grouped(runs: Sequence[ListedRun], name: str) -> list[Group]:
    """The runs by their values of a setting, in the order in which these come first."""
    places: dict[str, list[int]] = {}
    for place, run in enumerate(runs):
        value = setting(run.settings, name.casefold())
        places.setdefault(NONE if value is None else value, []).append(place)
    return [Group(value, tuple(own)) for value, own in places.items()]


def middle(levels: Sequence[Array], deviation: bool) -> Middle:
    """Of lines (columns,), NaN where there is none: their mean with the lowest and highest, or ± the deviation.

    The deviation is that of a sample, divided by n − 1; of a single line there is none.
    """
    every = np.stack(levels)
    known = np.isfinite(every)
    count = known.sum(axis=0)
    total = np.where(known, every, 0.0).sum(axis=0)
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    if deviation:
        squares = np.where(known, (every - means) ** 2, 0.0).sum(axis=0)
        spread = np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
        return Middle(means, means - spread, means + spread)
    lows, highs = np.fmin.reduce(every, axis=0), np.fmax.reduce(every, axis=0)
    return Middle(means, lows, highs)
