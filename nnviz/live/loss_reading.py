"""What a loss says of the outputs it was made of: target, prediction, and the loss of each example.

It is read off the graph of the loss, from what PyTorch keeps for the backward pass: nobody has to hand it over.
"""

from typing import Any, NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.frame.step_trace import LossTraits
from nnviz.live.tensors import copied

DEEPEST = 6
"""So many operations may lie between a loss that is known and the value that backward is called on."""
AGREES = 1e-3
MEAN, SUM = 1, 2
"""How PyTorch reduces a loss."""
KNOWN = ("NllLossBackward0", "MseLossBackward0", "BinaryCrossEntropyWithLogitsBackward0")


class LossReading(NamedTuple):
    """A loss that is known here, and the outputs that it was made of: it is a `StepScores`.

    name        the loss; `output` is what turns logits into a prediction: softmax, sigmoid or linear
    mean        the value that backward was called on
    each        (n,) the loss of each example
    prediction  (n, outputs), `targets` as well
    labels      (n,) classes; None where targets are numbers
    traits      how the derivative comes from p − y; None where the value that backward was called on has more in it
    """

    name: str
    output: str
    mean: float
    each: Array
    prediction: Array
    targets: Array
    labels: Array | None
    traits: LossTraits | None

    @property
    def errors(self) -> Array:
        """(n, outputs) prediction − target."""
        difference: Array = self.prediction - self.targets
        return difference


def read_loss(root: Any, value: float) -> LossReading | None:
    """What the graph below `root`, the node of a scalar with that value, says; None where no loss of it is known."""
    node = _known(root)
    if node is None:
        return None
    match node.name():
        case "NllLossBackward0":
            found = _cross_entropy(node)
        case "MseLossBackward0":
            found = _squared_error(node)
        case _:
            found = _binary(node)
    if found is None:
        return None
    is_sum = node._saved_reduction == SUM
    expected = float(found.each.sum() if is_sum else found.each.mean())
    traits = found.traits
    if traits is None or abs(value - expected) > AGREES * max(abs(value), abs(expected)):
        return found._replace(mean=value, traits=None)
    factor = traits.factor * len(found.each) if is_sum else traits.factor
    return found._replace(mean=value, traits=LossTraits(traits.output, factor))


def _known(root: Any) -> Any:
    """The nearest node of a loss that is known, breadth first."""
    level = [root]
    for _ in range(DEEPEST):
        for node in level:
            if node is not None and node.name() in KNOWN:
                return node
        level = [following for node in level if node is not None for following, _ in node.next_functions]
    return None


def _cross_entropy(node: Any) -> LossReading | None:
    softmax = node.next_functions[0][0]
    if softmax is None or softmax.name() != "LogSoftmaxBackward0" or node._saved_target.ndim != 1:
        return None
    logs, labels = copied(softmax._saved_result), node._saved_target.detach().cpu().numpy().copy()
    if logs.ndim != 2 or node._saved_weight is not None or not ((labels >= 0) & (labels < logs.shape[1])).all():
        return None
    places = np.arange(len(labels))
    targets = np.zeros_like(logs)
    targets[places, labels] = 1
    each = -logs[places, labels]
    return LossReading("cross-entropy", "softmax", 0.0, each, np.exp(logs), targets, labels, LossTraits(None, 1.0))


def _squared_error(node: Any) -> LossReading | None:
    prediction, targets = copied(node._saved_self), copied(node._saved_target)
    if prediction.shape != targets.shape or node._saved_reduction not in (MEAN, SUM) or not prediction.ndim:
        return None
    prediction, targets = (numbers.reshape(len(numbers), -1) for numbers in (prediction, targets))
    squares = (prediction - targets) ** 2
    is_sum = node._saved_reduction == SUM
    outputs = prediction.shape[1]
    each = squares.sum(axis=1) if is_sum else squares.mean(axis=1)
    traits = LossTraits(None, 2.0 if is_sum else 2.0 / outputs)
    return LossReading("mean squared error", "linear", 0.0, each, prediction, targets, None, traits)


def _binary(node: Any) -> LossReading | None:
    logits, targets = copied(node._saved_self), copied(node._saved_target)
    plain = node._saved_weight is None and node._saved_pos_weight is None
    if logits.shape != targets.shape or node._saved_reduction not in (MEAN, SUM) or not plain or logits.size < 1:
        return None
    logits, targets = (numbers.reshape(len(numbers), -1) for numbers in (logits, targets))
    if logits.shape[1] != 1:
        return None
    losses = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    prediction = (0.5 * (1 + np.tanh(logits / 2))).astype(logits.dtype)
    labels = (targets[:, 0] >= 0.5).astype(np.int64)
    return LossReading(
        "binary cross-entropy", "sigmoid", 0.0, losses[:, 0], prediction, targets, labels, LossTraits(None, 1.0)
    )
