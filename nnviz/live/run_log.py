"""Run log: what a watched training leaves in a directory, for `nnviz runs`, `run`, `compare` and `report`.

A line of JSON for the loss of each training step, one for each step that was looked at, and beside them a small file
that says what was trained. Nothing waits for the disk: what the system has got is safe from whatever ends this process.
"""

import json
import math
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim import Optimizer

from nnviz import __version__
from nnviz.runs.claim import Claim
from nnviz.whole_file import append_whole, unwritten, write_whole

METRICS, ABOUT = "metrics.jsonl", "watched.json"
OPTION = "out="
LAYERS_APART = 100
"""After n steps, what the layers did is written down every n / 100 steps at most, so a long run has few such lines."""

Measures = Mapping[str, Mapping[str, float]]
"""Of layers, by their names: each measure."""


class RunLog:
    """A directory that is this training's own. But for its beginning, nothing here raises.

    fault  why nothing is written any more, if that is so; what was written before stays
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        """Raises InputError if something is in the directory already, or it cannot be written to, or UnkeptError."""
        self.fault: OSError | None = None
        # The script may go to another directory, and what it forks has another number.
        self.path, self._pid = path.absolute(), os.getpid()
        self._about = dict(about)
        self._layers_due = 0
        self._claim = Claim(self.path, OPTION)
        try:
            append_whole(self.path / METRICS, b"")
            self._tell_about()
        except OSError as error:
            self._claim.release()
            raise unwritten(self.path, error) from None

    def losses(self, steps: Sequence[int], losses: Sequence[float]) -> None:
        """The losses of training steps, by how many were done with each."""
        lines = [f'{{"step":{step},"train/loss":{_told(loss)}}}\n' for step, loss in zip(steps, losses, strict=True)]
        self._append("".join(lines).encode())

    def look(self, step: int, right: float, rates: Sequence[float], layers: Measures) -> None:
        """A step that was looked at.

        right  the share of the batch's examples whose class was said, NaN where that is not known
        rates  the learning rate of each parameter group
        """
        fields = {"step": str(step)}
        if not math.isnan(right):
            fields["train/accuracy"] = _told(right)
        names = ["lr"] if len(rates) == 1 else [f"lr/{group}" for group in range(1, len(rates) + 1)]
        fields |= zip(names, map(_told, rates), strict=True)
        if step >= self._layers_due:
            self._layers_due = step + max(step // LAYERS_APART, 1)
            fields |= {
                f"layers/{name}/{measure}": _told(value)
                for name, measures in layers.items()
                for measure, value in measures.items()
            }
        self._append(f"{{{','.join(f'{json.dumps(name)}:{told}' for name, told in fields.items())}}}\n".encode())

    def close(self, ending: str) -> None:
        """It is over; `ending` says how."""
        if os.getpid() != self._pid:
            return
        self._about["ended"] = ending
        if self.fault is None:
            try:
                self._tell_about()
            except OSError as fault:
                self.fault = fault
        self._claim.release()

    def _append(self, lines: bytes) -> None:
        if self.fault is not None or os.getpid() != self._pid:
            return
        try:
            append_whole(self.path / METRICS, lines)
        except OSError as fault:
            self.fault = fault

    def _tell_about(self) -> None:
        write_whole(self.path / ABOUT, json.dumps(self._about, indent=1).encode() + b"\n")


def _told(number: float) -> str:
    """As JSON, which knows no infinity: seven digits, as many as float32 has."""
    if math.isfinite(number):
        return json.dumps(float(f"{number:.7g}"))
    return '"NaN"' if math.isnan(number) else '"Infinity"' if number > 0 else '"-Infinity"'


def about(name: str, model: nn.Module, optimizers: Sequence[Optimizer]) -> dict[str, Any]:
    """What there is to say of a training before it begins; what may tell one from another is among its settings."""
    settings: dict[str, Any] = {
        "model": type(model).__name__,
        "parameters": sum(each.numel() for each in model.parameters()),
        "optimizer": " + ".join(type(optimizer).__name__ for optimizer in optimizers),
    }
    for number, optimizer in enumerate(optimizers, 1):
        prefix = "optimizer" if number == 1 else f"optimizer {number}"
        settings |= {f"{prefix}.{key}": value for key, value in _options(optimizer.param_groups[0]).items()}
    # Nothing here can do that again.
    settings["command"] = shlex.join(getattr(sys, "argv", []))
    return {"nnviz": __version__, "name": name, "began": round(time.time(), 3), "settings": settings}


def _options(group: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers that an optimizer goes by; not how it computes."""
    found: dict[str, Any] = {}
    for key, value in group.items():
        if isinstance(value, tuple) and all(isinstance(each, int | float) for each in value):
            found[key] = list(value)
        elif key == "lr":
            found[key] = float(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[key] = value
        elif value is True:
            found[key] = True
    return found
