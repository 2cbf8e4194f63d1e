"""Which numbers runs can be compared by: metrics, and the splits that they were measured on."""

from collections.abc import Iterable, Sequence

from nnviz.collection.listed_run import ListedRun
from nnviz.collection.main_curve import SPLITS
from nnviz.frame.series import Series
from nnviz.logs.goals import is_lower_better

UNSHOWN = ("epoch", "seconds", "time", "timestamp")
"""What counts on with the steps and measures nothing."""
OF_STEPS = "mean_step_"
"""What training steps reported is a curve of the same metric as what was evaluated."""


def metric_of(series: Series) -> str:
    """What a curve measures."""
    return series.metric.removeprefix(OF_STEPS)


def metrics_of(runs: Iterable[ListedRun]) -> list[str]:
    """All metrics, the loss first, then what is better low, better high, and the rest; of each what more runs have."""
    found: dict[str, int] = {}
    for run in runs:
        for metric in dict.fromkeys(metric_of(series) for series in run.curves if series.total):
            found[metric] = found.get(metric, 0) + 1
    return sorted(
        (metric for metric in found if metric not in UNSHOWN), key=lambda one: (*_rank(one), -found[one], one)
    )


def splits_of(runs: Iterable[ListedRun], metric: str) -> list[str]:
    """The splits on which it was measured, that of the validation first."""
    there = {series.split for run in runs for series in run.curves if series.total and metric_of(series) == metric}
    return [split for split in SPLITS if split in there]


def series_of(run: ListedRun, metric: str, split: str | None) -> Sequence[Series]:
    """The curves of a run that measure it, on a split, or on each that there is."""
    found = [
        series
        for series in run.curves
        if series.total and metric_of(series) == metric and split in (None, series.split)
    ]
    return sorted(found, key=lambda series: (SPLITS.index(series.split), series.metric != metric))


def _rank(metric: str) -> tuple[int, bool]:
    lower = is_lower_better(metric)
    return (0 if lower else 1 if lower is False else 2), metric.lower() != "loss"
