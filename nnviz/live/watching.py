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
from nnviz.live.doors import OwnDoor, PortDoor
from nnviz.live.own_example import Shows
from nnviz.live.ports import TOKEN, known_token, new_token
from nnviz.live.run_log import RunLog, about
from nnviz.live.server import Server
from nnviz.live.structure import short
from nnviz.live.watched_training import Watch

LISTENING = ("port", "host")
"""What is told of where it can be reached from another machine."""
FINISHED, FAILED, INTERRUPTED = "finished", "failed", "interrupted"
_all: "weakref.WeakKeyDictionary[nn.Module, Watching]" = weakref.WeakKeyDictionary()


class Watching:
    """A watched training, and what listens for screens.

    address  HOST:PORT where it can be reached from another machine; None where it cannot
    """

    def __init__(self, watch: Watch, own: OwnDoor, port: PortDoor | None, parameters: int, model: str) -> None:
        self._pid = os.getpid()
        self._watch, self._own = watch, own
        self.address = None if port is None else str(port.address)
        self._server = Server(watch.screen, [own] if port is None else [own, port], parameters, model)
        atexit.register(self._exit)

    @property
    def name(self) -> str:
        """By which it is found."""
        return self._own.path.stem

    @property
    def steps(self) -> int:
        """How many training steps it has seen."""
        return self._watch.shared.steps

    @property
    def fault(self) -> Exception | None:
        """What went wrong, if something did: in looking, and then nothing is looked at any more; or in writing down.

        Training goes on.
        """
        log = self._watch.shared.past.log
        return self._watch.shared.guard.fault or (None if log is None else log.fault)

    def close(self) -> None:
        """Leave the training alone, and let no screen in any more."""
        self._close(_ending(sys.exception()))

    def _exit(self) -> None:
        self._close(_ending(getattr(sys, "last_value", None)))

    def _close(self, ending: str) -> None:
        # A process that was forked from this one has its own copy of all this.
        if os.getpid() != self._pid:
            return
        atexit.unregister(self._exit)
        self._watch.close()
        self._server.close()
        if self._watch.shared.past.log is not None:
            self._watch.shared.past.log.close(ending)


def begin(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    name: str | None = None,
    scaler: Any = None,
    out: str | os.PathLike[str] | None = None,
    port: int | None = None,
    host: str | None = None,
    example: Shows | None = None,
    classes: Sequence[str] = (),
    steps_before: int = 0,
) -> Watching:
    """As `nnviz.live.watch`; of a training that goes on from a checkpoint, so many steps were made before.

    Raises InputError if what is to be watched is none, there is no listening for screens, or `out` cannot be written
    to; then nothing is watched.
    """
    optimizers = [optimizer] if isinstance(optimizer, Optimizer) else list(optimizer)
    if not isinstance(model, nn.Module) or not optimizers or not all(isinstance(o, Optimizer) for o in optimizers):
        raise InputError("watch(model, optimizer) takes a torch.nn.Module and its torch.optim.Optimizer, or several")
    if host is not None and port is None:
        raise InputError("host= says where a port listens: tell port= too")
    if example is not None and not callable(example):
        raise InputError("example= is a function of the inputs, the targets and a place in the batch")
    _check_classes(classes)
    earlier = _all.pop(model, None)
    if earlier is not None:
        earlier.close()
    rank = _rank()
    name = (name or short(type(model).__name__)) + ("" if rank is None else f"-rank{rank}")
    with ExitStack() as undone:
        from_elsewhere = None if port is None else _port(host, port)
        if from_elsewhere is not None:
            undone.callback(from_elsewhere.close)
        own = OwnDoor(name)
        undone.callback(own.close)
        watch = Watch(model, optimizers, name, scaler, steps_before=steps_before, example=example, classes=classes)
        undone.callback(watch.close)
        if out is not None and not rank:
            watch.shared.past.log = RunLog(Path(out), about(name, model, optimizers))
        undone.pop_all()
    parameters = sum(each.numel() for each in model.parameters())
    watching = Watching(watch, own, from_elsewhere, parameters, type(model).__name__)
    _all[model] = watching
    return watching


def _rank() -> int | None:
    """Which of several processes that train together this one is, as all of them run the same script; None of one."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank() if torch.distributed.get_world_size() > 1 else None
    told = os.environ.get("RANK", os.environ.get("LOCAL_RANK", ""))
    return int(told) if told.isdecimal() and os.environ.get("WORLD_SIZE") != "1" else None


def _ending(reason: BaseException | None) -> str:
    """How a training ends, by the exception that ends it."""
    match reason:
        case None:
            return FINISHED
        case KeyboardInterrupt():
            return INTERRUPTED
    return FAILED


def _check_classes(classes: Sequence[str]) -> None:
    names = [] if isinstance(classes, str) else [*classes]
    if isinstance(classes, str) or not all(isinstance(name, str) for name in names) or len({*names}) < len(names):
        raise InputError("classes= is a list with the name of each class, and no two are the same")


def _port(host: str | None, port: int) -> PortDoor:
    """A port that listens; how to come there is said on standard error."""
    known = known_token()
    token = known or new_token()
    door = PortDoor(host, port, token)
    told = f"{TOKEN}={token} " if known is None else ""
    of_environment = "" if known is None else f", by the token in {TOKEN}"
    if sys.stderr is not None:
        print(f"nnviz: this training is opened by: {told}nnviz attach {door.address}{of_environment}", file=sys.stderr)
    return door
