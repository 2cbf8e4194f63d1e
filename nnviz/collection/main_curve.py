"""Which curve of a run tells most, and which of its values is the best one."""

from nnviz.frame.series import Series, Value
from nnviz.logs.goals import is_lower_better
from nnviz.logs.logged_run import LoggedRun

SPLITS = ("validation", "test", "train", "")
"""Those whose metrics tell most come first."""


def main_curve(run: LoggedRun) -> Series | None:
    """The curve that tells most of a run: a loss, better than what else is known to be better low or high."""
    return min(run.curves, key=rank, default=None)


def best(series: Series) -> Value | None:
    """The best value of a curve and its step; None if nobody knows which is better, or no value is finite."""
    lower = is_lower_better(series.metric)
    return None if lower is None else series.lowest if lower else series.highest


def rank(series: Series) -> tuple[int, int, str]:
    """The smaller, the more a curve tells."""
    lower = is_lower_better(series.metric)
    kind = 0 if series.metric.lower() == "loss" else 1 if lower else 2 if lower is False else 3
    return kind, SPLITS.index(series.split), series.name
