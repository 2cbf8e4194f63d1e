"""The loss of a recorded step, computed again from what a model gives."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from nnviz.live.loss_reading import LossReading
from nnviz.live.tensors import tensors_in


class Way(NamedTuple):
    """A loss, and how large the numbers are that it is the difference of: their rounding is its own."""

    loss: Tensor
    size: float


def ways(outputs: Any, reading: LossReading | None) -> list[Way]:
    """All that the loss may be: a number that the model gives itself, or a known loss of some of its outputs.

    outputs  whatever the model gives
    reading  what the recorded loss was made of, where that is known

    The same outputs, but for their numbers, give the same ways in the same order.
    """
    numbers = [each for each in tensors_in(outputs) if each.is_floating_point()]
    found = [Way(each.reshape(()), 0.0) for each in numbers if each.numel() == 1]
    if reading is None:
        return found
    for each in numbers:
        if each.numel() == reading.targets.size:
            losses = _of_each(each.reshape(reading.targets.shape), reading)
            size = _size(reading)
            found += [Way(losses.mean(), size), Way(losses.sum(), size * losses.numel())]
    return found


def _of_each(outputs: Tensor, reading: LossReading) -> Tensor:
    """The loss of each example or, where it is a mean over outputs too, of each output."""
    if reading.output == "softmax":
        labels = torch.as_tensor(reading.labels, device=outputs.device)
        return F.cross_entropy(outputs, labels, reduction="none")
    targets = torch.as_tensor(reading.targets, device=outputs.device).to(outputs.dtype)
    if reading.output == "sigmoid":
        return F.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
    return F.mse_loss(outputs, targets, reduction="none")


def _size(reading: LossReading) -> float:
    if reading.output != "linear":
        return 1.0
    return float((reading.prediction**2 + reading.targets**2).mean())
