"""Hears of every call of backward in this process, whoever makes it: what it is called on, and that it is over.

`Tensor.backward`, GradScaler, Lightning and accelerate all come by `torch.autograd.backward`. When it has returned,
gradients are accumulated and, where several processes train, averaged; no hook says so.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Heard = Callable[[Tensor], object]
_listeners: list[tuple[Heard, Callable[[], object]]] = []
_original = torch.autograd.backward


def listen(before: Heard, after: Callable[[], object]) -> Callable[[], None]:
    """Have `before` told the value, and `after` called at the end; what is returned ends that."""
    listener = before, after
    _listeners.append(listener)
    torch.autograd.backward = _backward

    def stop() -> None:
        if listener in _listeners:
            _listeners.remove(listener)
        if not _listeners and torch.autograd.backward is _backward:
            torch.autograd.backward = _original

    return stop


def _backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
    # A checkpoint calls it inside of a backward pass.
    if torch._C._current_graph_task_id() != -1:
        _original(tensors, *args, **kwargs)
        return
    value = tensors if isinstance(tensors, Tensor) else next(iter(tensors), None)
    told = tuple(_listeners) if isinstance(value, Tensor) and value.numel() == 1 else ()
    for before, _ in told:
        before(value)
    _original(tensors, *args, **kwargs)
    for _, after in told:
        after()
