"""The learning rates of somebody's optimizers, changed from a screen."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from nnviz.errors import InputError
from nnviz.experiment import HIGHEST_RATE, LOWEST_RATE
from nnviz.wording import ARROW, count, trimmed

RATES = ("lr", "initial_lr", "max_lr", "min_lr", "swa_lr")
"""What a parameter group holds of rates: its own, the one it began with, and those that OneCycleLR and SWALR go to."""


class LearningRates:
    """Those of all parameter groups; the first group's stands for them."""

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        self._optimizers = optimizers

    def now(self) -> list[float]:
        """Of each group."""
        return [float(group["lr"]) for group in self._groups()]

    def first(self) -> float:
        """Of the first group."""
        return float(self._groups()[0]["lr"])

    def change(self, rate: float) -> str:
        """Have the first group train at this rate from here on, and the others as many times faster or slower.

        Returns what was done. Raises InputError where a rate would be out of nnviz's bounds, or none is to be had.
        """
        before = self.now()
        factor = rate / before[0] if before[0] else math.nan
        if not (factor > 0 and math.isfinite(factor)):
            raise InputError(f"the learning rate is {trimmed(before[0])}, and no factor makes {trimmed(rate)} of that")
        if not all(LOWEST_RATE <= each * factor <= HIGHEST_RATE for each in before if each):
            raise InputError(f"learning rates end at {trimmed(LOWEST_RATE)} and {trimmed(HIGHEST_RATE)}")
        self._multiply(factor)
        # A product may be a rounding off.
        _put(self._groups()[0], "lr", rate)
        others = f", and of {count(len(before) - 1, 'other group')} in proportion" if len(before) > 1 else ""
        told = f"learning rate {trimmed(before[0])}{ARROW}{trimmed(rate)}{others}"
        return f"{told}; a scheduler of the script may set it again"

    def _groups(self) -> list[dict[str, Any]]:
        return [group for optimizer in self._optimizers for group in optimizer.param_groups]

    def _multiply(self, factor: float) -> None:
        # Several groups may have one tensor for their rate.
        done: set[int] = set()
        for group in self._groups():
            for key in RATES:
                held = group.get(key)
                if isinstance(held, Tensor | int | float) and not (isinstance(held, Tensor) and id(held) in done):
                    _put(group, key, float(held) * factor)
                    done.add(id(held))


def _put(group: dict[str, Any], key: str, rate: float) -> None:
    """Set a rate; one that is a tensor in its place, since an optimizer on a GPU reads it there."""
    held = group[key]
    if not isinstance(held, Tensor):
        group[key] = rate
        return
    with torch.no_grad():
        # Whatever stream they train in: the update before has read it, and the next one finds it.
        _wait(held)
        held.fill_(rate)
        _wait(held)


def _wait(tensor: Tensor) -> None:
    if tensor.is_cuda:
        torch.cuda.synchronize(tensor.device)
