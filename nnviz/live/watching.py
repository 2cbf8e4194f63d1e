"""Watching: one training that is watched, from `watch` to its end."""

import atexit
import os
import weakref
from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from nnviz.errors import InputError
from nnviz.live.server import Server
from nnviz.live.structure import short
from nnviz.live.watched_training import Watch

_all: "weakref.WeakKeyDictionary[nn.Module, Watching]" = weakref.WeakKeyDictionary()


class Watching:
    """A watched training, and what listens for screens."""

    def __init__(
        self, model: nn.Module, optimizers: Sequence[Optimizer], name: str, scaler: Any, steps_before: int
    ) -> None:
        self._pid = os.getpid()
        self._watch = Watch(model, optimizers, name, scaler, steps_before=steps_before)
        self._server = Server(self._watch, sum(each.numel() for each in model.parameters()), type(model).__name__)
        atexit.register(self.close)

    @property
    def name(self) -> str:
        """By which it is found."""
        return self._server.path.stem

    @property
    def steps(self) -> int:
        """How many training steps it has seen."""
        return self._watch.steps

    @property
    def fault(self) -> Exception | None:
        """What went wrong in looking, if something did: then nothing is looked at any more, and training goes on."""
        return self._watch.guard.fault

    def close(self) -> None:
        """Leave the training alone, and let no screen in any more."""
        # A process that was forked from this one has its own copy of all this.
        if os.getpid() == self._pid:
            atexit.unregister(self.close)
            self._watch.close()
            self._server.close()


def begin(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    name: str | None = None,
    scaler: Any = None,
    steps_before: int = 0,
) -> Watching:
    """As `nnviz.live.watch`; of a training that goes on from a checkpoint, so many steps were made before.

    Raises InputError if what is to be watched is none, or no socket can be made.
    """
    optimizers = [optimizer] if isinstance(optimizer, Optimizer) else list(optimizer)
    if not isinstance(model, nn.Module) or not optimizers or not all(isinstance(o, Optimizer) for o in optimizers):
        raise InputError("watch(model, optimizer) takes a torch.nn.Module and its torch.optim.Optimizer, or several")
    earlier = _all.pop(model, None)
    if earlier is not None:
        earlier.close()
    watching = Watching(model, optimizers, name or short(type(model).__name__), scaler, steps_before)
    _all[model] = watching
    return watching
