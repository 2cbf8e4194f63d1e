"""Hears of calls of backward in this process, whoever makes them: what each is called on, and that it is over.

`Tensor.backward`, GradScaler, Lightning and accelerate all come by `torch.autograd.backward`. When it has returned,
gradients are accumulated and, where several processes train, averaged; no hook says so.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Heard = Callable[[Tensor], object]
Backward = Callable[..., None]


class Listener:
    """Has `before` told the value, and `after` called at the end, while it is awake.

    While all of them are asleep, PyTorch is as it was.
    """

    def __init__(self, before: Heard, after: Callable[[], object]) -> None:
        self.before, self.after = before, after

    def wake(self) -> None:
        """Hear of the next call."""
        if self not in _awake:
            _awake.append(self)
            _hang()

    def sleep(self) -> None:
        """Hear of none until it wakes."""
        if self in _awake:
            _awake.remove(self)
            if not _awake:
                _take_down()


_awake: list[Listener] = []
# What tells them, in place of the one below it; others may have put theirs over it meanwhile, or below.
_hung: Backward | None = None
_below: Backward = torch.autograd.backward


def _hang() -> None:
    global _hung, _below
    if _hung is None or torch.autograd.backward is not _hung:
        _below = torch.autograd.backward
        torch.autograd.backward = _hung = _telling(_below)


def _take_down() -> None:
    global _hung
    if torch.autograd.backward is _hung:
        torch.autograd.backward = _below
    _hung = None


def _telling(below: Backward) -> Backward:
    """Backward, and the listeners are told; one that is left below somebody else's is only the one below it."""

    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        # A checkpoint calls it inside of a backward pass.
        if backward is not _hung or torch._C._current_graph_task_id() != -1:
            below(tensors, *args, **kwargs)
            return
        value = tensors if isinstance(tensors, Tensor) else next(iter(tensors), None)
        told = tuple(_awake) if isinstance(value, Tensor) and value.numel() == 1 else ()
        for listener in told:
            listener.before(value)
        below(tensors, *args, **kwargs)
        for listener in told:
            listener.after()

    return backward
