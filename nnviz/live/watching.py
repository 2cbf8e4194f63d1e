"""Watching: one training that is watched, from `watch` to its end."""

import atexit
import os
import sys
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from nnviz.errors import InputError
from nnviz.live.run_log import RunLog, about
from nnviz.live.server import Server
from nnviz.live.structure import short
from nnviz.live.watched_training import Watch

_all: "weakref.WeakKeyDictionary[nn.Module, Watching]" = weakref.WeakKeyDictionary()


FINISHED, FAILED, INTERRUPTED = "finished", "failed", "interrupted"


class Watching:
    """A watched training, and what listens for screens."""

    def __init__(
        self, model: nn.Module, optimizers: Sequence[Optimizer], name: str, scaler: Any, out: Path | None
    ) -> None:
        self._pid = os.getpid()
        with ExitStack() as undone:
            self._watch = Watch(model, optimizers, name, scaler)
            undone.callback(self._watch.close)
            self._server = Server(self._watch, sum(each.numel() for each in model.parameters()), type(model).__name__)
            undone.callback(self._server.close)
            if out is not None:
                self._watch.past.log = RunLog(out, about(name, model, optimizers))
            undone.pop_all()
        atexit.register(self._exit)

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
        """What went wrong, if something did: in looking, and then nothing is looked at any more; or in writing down.

        Training goes on.
        """
        log = self._watch.past.log
        return self._watch.guard.fault or (None if log is None else log.fault)

    def close(self) -> None:
        """Leave the training alone, and let no screen in any more."""
        self._close(FINISHED)

    def _exit(self) -> None:
        self._close(_ending())

    def _close(self, ending: str) -> None:
        # A process that was forked from this one has its own copy of all this.
        if os.getpid() != self._pid:
            return
        atexit.unregister(self._exit)
        self._watch.close()
        self._server.close()
        if self._watch.past.log is not None:
            self._watch.past.log.close(ending)


def begin(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    name: str | None,
    scaler: Any,
    out: str | os.PathLike[str] | None,
) -> Watching:
    """Raises InputError if what is to be watched is none, no socket can be made, or `out` cannot be written to."""
    optimizers = [optimizer] if isinstance(optimizer, Optimizer) else list(optimizer)
    if not isinstance(model, nn.Module) or not optimizers or not all(isinstance(o, Optimizer) for o in optimizers):
        raise InputError("watch(model, optimizer) takes a torch.nn.Module and its torch.optim.Optimizer, or several")
    earlier = _all.pop(model, None)
    if earlier is not None:
        earlier.close()
    kept = Path(out) if out is not None and _is_first() else None
    watching = Watching(model, optimizers, name or short(type(model).__name__), scaler, kept)
    _all[model] = watching
    return watching


def _is_first() -> bool:
    """Whether this process is the only one that trains, or the first of several, which all run the same script."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return bool(torch.distributed.get_rank() == 0)
    return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"


def _ending() -> str:
    """How this process ends, at its exit."""
    match getattr(sys, "last_value", None):
        case None:
            return FINISHED
        case KeyboardInterrupt():
            return INTERRUPTED
    return FAILED
