"""How good a network is on a split: loss, accuracy and the confusion table."""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from nnviz.array import Array
from nnviz.data.batches import in_order
from nnviz.data.encoder import Encoder
from nnviz.data.split import Split
from nnviz.frame.task import Task
from nnviz.nn.network import Network
from nnviz.scores.distance import Distances, distances
from nnviz.training.interruption import unwatched

BATCH = 1024
# The inputs that are evaluated at a time, and what the layers give for them, take no more memory than this.
BATCH_BYTES = 1 << 25


def finite(number: float) -> float | None:
    """The number, or None if it is none that JSON knows."""
    return number if math.isfinite(number) else None


Plain: TypeAlias = float | dict[str, float | None] | None


class Score(NamedTuple):
    """Mean loss over a split and the share of examples whose class was right (None where targets are numbers).

    distances  from these numbers, of each target in its own unit; none for classes
    """

    loss: float
    accuracy: float | None
    distances: Distances = ()

    def plain(self) -> dict[str, Plain]:
        """The score for JSON, which knows no infinity: a number that is not finite is None."""
        return {"loss": finite(self.loss), "accuracy": self.accuracy, **plain(self.distances)}


def plain(distances: Distances) -> dict[str, Plain]:
    """For JSON: `rmse` and `mae`, a number each, or where there are several targets, a number by the name of each."""
    if not distances:
        return {}
    if len(distances) == 1:
        return {"rmse": finite(distances[0].rmse), "mae": finite(distances[0].mae)}
    return {
        "rmse": {each.target: finite(each.rmse) for each in distances},
        "mae": {each.target: finite(each.mae) for each in distances},
    }


class Assessment(NamedTuple):
    """A score, and what it is made of.

    predictions  (n, outputs) float, the network's prediction of each example
    losses       (n,) float, the loss of each
    confusion    (classes, classes) int, rows are labels and columns are what the network said; None for numbers
    """

    score: Score
    predictions: Array
    losses: Array
    confusion: Array | None


def chosen_class(predictions: Array, task: Task) -> Array:
    """Predictions (n, outputs) → the class (n,) that each means; a single output means the positive one from 0.5."""
    if predictions.shape[1] > 1:
        chosen: Array = predictions.argmax(axis=1)
        return chosen
    return np.where(predictions[:, 0] >= 0.5, task.positive_class, 1 - task.positive_class)


def share_right(predictions: Array, labels: Array, task: Task) -> float:
    """Which share of the examples, of these predictions (n, outputs), is put in its class; NaN where there are none."""
    return float((chosen_class(predictions, task) == labels).mean()) if task.class_names else math.nan


def class_probabilities(predictions: Array, task: Task, rest: Array | None = None) -> Array:
    """Predictions (n, outputs) → the probability of every class (n, classes), for a single output too.

    rest  (n, 1) what a single output leaves for the other class, 1 − p, with digits of its own where p is near 1
    """
    if predictions.shape[1] > 1:
        return predictions
    columns = [1 - predictions if rest is None else rest, predictions]
    return np.concatenate(columns if task.positive_class == 1 else columns[::-1], axis=1)


def _at_a_time(network: Network) -> int:
    numbers = math.prod(network.input_shape) + sum(math.prod(layer.output_shape) for layer in network.layers)
    return max(1, min(BATCH, BATCH_BYTES // (numbers * network.dtype.itemsize)))


def logits_of(network: Network, stored: Array, encoder: Encoder) -> Array:
    """Inputs (n, *input_shape) as a dataset stores them → logits (n, outputs); pass a replica while training."""
    size = _at_a_time(network)
    parts = (stored[start : start + size] for start in range(0, len(stored), size))
    # What forward gives is overwritten by the next call.
    return np.concatenate([network.forward(encoder.inputs(part)).copy() for part in parts])


def predict(network: Network, stored: Array, encoder: Encoder) -> Array:
    """The same for predictions (n, outputs)."""
    return network.loss.predict(logits_of(network, stored, encoder))


def batches_of(network: Network, split: Split) -> int:
    """In how many batches a split is assessed."""
    return -(-len(split) // _at_a_time(network))


def assess(
    network: Network, task: Task, split: Split, encoder: Encoder, check: Callable[[], None] = unwatched
) -> Assessment:
    """Run the split through `network`, which computes in its own buffers: pass a replica while training.

    `check` is called before each batch, and may raise to end the evaluation there. Raises ValueError on an empty split.
    """
    predictions, losses = [], []
    for batch in in_order(split, encoder, _at_a_time(network)):
        check()
        scores = network.loss.forward(network.forward(batch.inputs), batch.targets)
        predictions.append(scores.prediction)
        losses.append(scores.each)
    prediction, each = np.concatenate(predictions), np.concatenate(losses)
    loss = float(each.mean(dtype=np.float64))
    classes = len(task.class_names)
    if not classes:
        far = distances(task.told_numbers(prediction), split.labels, task.output_names(task.numbers))
        return Assessment(Score(loss, None, far), prediction, each, None)
    said = chosen_class(prediction, task)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (split.labels, said), 1)
    return Assessment(Score(loss, float(np.trace(confusion)) / len(split)), prediction, each, confusion)
