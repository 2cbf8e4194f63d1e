"""How far predictions are from targets that are numbers, in the unit of each target."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from nnviz.array import Array
from nnviz.frame.task import Targets


class Distance(NamedTuple):
    """From one target: root of the mean squared error, in which large errors weigh most, and mean absolute error."""

    target: str
    rmse: float
    mae: float


Distances: TypeAlias = tuple[Distance, ...]
"""One for each target: a mean over several would mix their units."""


def distances(predictions: Array, labels: Array, names: Sequence[str]) -> Distances:
    """Of predictions and labels (n, targets), calculated in float64."""
    errors = predictions.astype(np.float64) - labels
    rmse, mae = np.sqrt(np.square(errors).mean(axis=0)), np.abs(errors).mean(axis=0)
    return tuple(map(Distance, names, rmse.tolist(), mae.tolist()))


def distances_of_mean(targets: Targets, labels: Array) -> Distances:
    """How far the mean of the training targets is from labels (n, targets): what a network has to be better than."""
    return distances(np.broadcast_to(np.array(targets.mean), labels.shape), labels, targets.names)


def determination(predictions: Array, labels: Array) -> tuple[float | None, ...]:
    """R² = 1 − Σ (label − prediction)² / Σ (label − their mean)² of each target, of arrays (n, targets), in float64.

    1 is perfect, 0 as good as always saying the mean of these labels. None where all labels are the same, or a
    prediction is not finite.
    """
    labels = labels.astype(np.float64)
    left = np.square(predictions - labels).sum(axis=0)
    whole = np.square(labels - labels.mean(axis=0)).sum(axis=0)
    varied, finite = np.ptp(labels, axis=0) > 0, np.isfinite(left)
    told = zip(left.tolist(), whole.tolist(), (varied & finite).tolist(), strict=True)
    return tuple(1 - a / b if defined else None for a, b, defined in told)
