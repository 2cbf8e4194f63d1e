"""Hugging Face's `trainer_state.json`.

Tried with transformers 5.24.0.

| trap | what nnviz does |
| --- | --- |
| a NaN loss is written as 0.0, and only `grad_norm` beside it is NaN | such a loss is NaN, and that is said |
| NaN stands bare in the JSON | read |
| it is written whole, at each checkpoint | read again when it has changed; half of one is waited for |
| it lies in `checkpoint-N/` alone unless `save_state()` was called | the one with the most steps is taken |
| checkpoint-10 is listed before checkpoint-8 | compared by their steps |
| the last row sums up (`train_runtime`, …), and its `train_loss` is a mean over all | results, and no curves |
| `loss` is the mean since the last row | kept as it is |
| a resumed run has the rows of its checkpoint, and goes on | one curve |

Source: transformers/trainer.py, trainer_callback.py (logging_nan_inf_filter is on by default).
"""

import json
import math
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from nnviz.data.bounded import faults_of
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.naming import TRAIN, VALIDATION
from nnviz.logs.rows import Rows, as_number
from nnviz.wording import count, integer

KIND = "Hugging Face"
FILE = "trainer_state.json"
_NO_CURVES = ("step",)
_SUM = "train_runtime"
_WAITING = "its state is half written, and waited for"


class TrainerStateReader:
    """The state of one training, in its folder or in those of its checkpoints."""

    def __init__(self, run: LoggedRun) -> None:
        self.runs = [run]
        self._files: set[Path] = set()
        self._read: dict[Path, tuple[object, dict[str, Any]]] = {}

    def set_files(self, files: Collection[Path]) -> None:
        """The files that are there, in which the state may be."""
        self._files = set(files)

    def read(self) -> None:
        """Take what has been written since the last time. Raises InputError if a file cannot be read."""
        (run,) = self.runs
        run.waiting = ""
        before = self._newest()
        for path in sorted(self._files):
            with faults_of(path):
                stamp = os.stat(path)
                key = (stamp.st_ino, stamp.st_size, stamp.st_mtime_ns)
                if path in self._read and self._read[path][0] == key:
                    continue
                content = path.read_bytes()
            state = _state(content)
            if state is None:
                run.waiting = _WAITING
            else:
                self._read[path] = key, state
        newest = self._newest()
        if newest is not None and newest is not before:
            run.forget()
            _record(run, newest)

    def _newest(self) -> dict[str, Any] | None:
        states = [state for path, (_, state) in self._read.items() if path in self._files]
        return max(states, key=lambda state: as_number(state.get("global_step")) or 0.0, default=None)


def _state(content: bytes) -> dict[str, Any] | None:
    try:
        state = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return state if isinstance(state, dict) and isinstance(state.get("log_history"), list) else None


def _record(run: LoggedRun, state: dict[str, Any]) -> None:
    rows, hidden = Rows(), []
    for record in state["log_history"]:
        step = as_number(record.get("step")) if isinstance(record, dict) else None
        if step is None:
            continue
        numbers = {name: number for name, value in record.items() if (number := as_number(value)) is not None}
        if _SUM in numbers:
            run.results |= {name: value for name, value in numbers.items() if name not in ("step", "epoch")}
            continue
        norm = numbers.get("grad_norm", 0.0)
        if numbers.get("loss") == 0 and not math.isfinite(norm):
            numbers["loss"] = math.nan
            hidden.append(int(step))
        for name, value in numbers.items():
            if name not in _NO_CURVES:
                rows.add(name, step, value, named=_named(name))
    rows.record(run)
    if hidden:
        run.note(
            f"{count(len(hidden), 'loss')} of 0 beside a grad_norm that is not finite, from step {integer(hidden[0])} "
            "on: the Trainer writes a NaN so; shown as NaN"
        )


def _named(name: str) -> tuple[str, str] | None:
    if name == "loss":
        return "loss", TRAIN
    return (name.removeprefix("eval_"), VALIDATION) if name.startswith("eval_") else None
