"""What came out of a run, as single numbers: each by split and metric, whatever its log calls it."""

import math
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from nnviz.collection.main_curve import best
from nnviz.frame.series import Series, Value
from nnviz.logs.goals import is_lower_better
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.naming import TEST, TRAIN, VALIDATION, metric_and_split

SPLITS = (VALIDATION, TEST, TRAIN, "")
SCORES, STEPS = {"train/loss"}, {"train/mean_step_loss"}
"""Of nnviz: where the training split was scored, the mean over the last steps tells nothing more."""
KINDS = (("accuracy", "acc"), ("rmse",), ("loss",))
"""The metrics that tell most, before those of which only is known which end is better."""


class At(Enum):
    """Where a value is taken, if not at a step.

    END   what the run came to: the scores of the network that nnviz kept; without these, the last value of the curve
    BEST  the best value of the curve
    """

    END = "end"
    BEST = "best"


Place = At | float
"""Where a value is taken; a number is a step, or what else counts there."""


class Result(NamedTuple):
    """A number, and the step that it is of; None of one that is told for the run as a whole."""

    value: float
    step: float | None = None


def result(run: LoggedRun, name: str, place: Place) -> Result | None:
    """A metric of a run there; None if it has none, or did not come that far."""
    if place is At.END and (value := _told(run).get(name)) is not None:
        return Result(value)
    curve = _curves(run).get(name)
    found = None if curve is None else _value(curve, place)
    return None if found is None else Result(found.value, found.step)


def _value(curve: Series, place: Place) -> Value | None:
    if place is At.END:
        return curve.latest
    if place is At.BEST:
        return best(curve)
    has_come = curve.latest is not None and curve.latest.step >= place
    return curve.at(place) if has_come else None


def names(runs: Iterable[LoggedRun], place: Place) -> list[str]:
    """The metrics of runs at a place, of which is known which end is better; those that tell most come first.

    If there are none of these, all others.
    """
    found = {name for run in runs for name in (*_curves(run), *(_told(run) if place is At.END else ()))}
    known = {name for name in found if is_lower_better(name) is not None} - (STEPS if found >= SCORES else set())
    return sorted(known or found, key=_rank)


def _told(run: LoggedRun) -> dict[str, float]:
    return {_name(*metric_and_split(name)): value for name, value in run.results.items()}


def _curves(run: LoggedRun) -> dict[str, Series]:
    return {_name(curve.metric, curve.split): curve for curve in run.curves}


def _name(metric: str, split: str) -> str:
    return f"{split}/{metric}" if split else metric


def _rank(name: str) -> tuple[int, int, str]:
    metric, split = metric_and_split(name)
    kinds = [kind for kind, metrics in enumerate(KINDS) if metric.lower() in metrics]
    return SPLITS.index(split), min(kinds, default=len(KINDS)), name


def is_counted(value: float | None) -> bool:
    """Whether a value can be part of a mean."""
    return value is not None and math.isfinite(value)
