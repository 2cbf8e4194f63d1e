"""How far predictions are from targets that are numbers, in the unit of the targets."""

from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.data.task import Targets


class Distance(NamedTuple):
    """The root of the mean squared error, which large errors weigh most in, and the mean absolute error."""

    rmse: float
    mae: float


def distance(predictions: Array, targets: Array) -> Distance:
    """Over predictions and targets (n, outputs), calculated in float64."""
    errors = predictions.astype(np.float64) - targets
    return Distance(float(np.sqrt(np.mean(np.square(errors)))), float(np.mean(np.abs(errors))))


def distance_of_mean(targets: Targets, labels: Array) -> Distance:
    """How far the mean of the training targets is from labels (n, outputs): what a network has to be better than."""
    return distance(np.broadcast_to(np.array(targets.mean), labels.shape), labels)
