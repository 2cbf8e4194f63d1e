"""Keyframes: engine states that are kept, so that every moment of a run is a short replay away."""

import os
import shutil
import tempfile
import weakref
from bisect import bisect_right, insort
from collections.abc import Callable

import numpy as np
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.training.engine import EngineState

LARGE = "/var/tmp"
SHARE_OF_FREE = 4


class NearKeyframes:
    """Those around a place in the run, in memory: where there are too many, what is farthest from it goes first."""

    def __init__(self, room: int) -> None:
        """`room` is how many states there may be."""
        self.room = room
        self._steps: list[int] = []
        self._states: dict[int, EngineState] = {}

    def keep(self, state: EngineState, place: int) -> None:
        """Keep a state that was met on the way to the training step `place`."""
        if self.room < 1 or state.step in self._states:
            return
        insort(self._steps, state.step)
        self._states[state.step] = state
        if len(self._steps) > self.room:
            farthest = 0 if place - self._steps[0] >= self._steps[-1] - place else -1
            del self._states[self._steps.pop(farthest)]

    def at_or_before(self, step: int) -> EngineState | None:
        """The last one that is not after that step."""
        found = bisect_right(self._steps, step)
        return self._states[self._steps[found - 1]] if found else None

    def cut(self, step: int) -> None:
        """Forget those after that step."""
        while self._steps and self._steps[-1] > step:
            del self._states[self._steps.pop()]


class FarKeyframes:
    """Those of the whole run, in a file that nobody else sees and that no end of the process leaves behind.

    They are `spacing` training steps apart. When there are as many as there may be, every other one goes, and the
    others are twice as far apart: the run may be as long as it likes, and no step of it is farther than that from one.
    """

    def __init__(self, first: EngineState, spacing: int, room: int, open_file: Callable[[], int] | None = None) -> None:
        """All states are like the `first` one. `room` is how many there may be; `open_file` gives a descriptor."""
        self.spacing = spacing
        self.due = spacing
        self._first = first
        self._room = room
        self._open = open_file or _nameless_file
        self._file: int | None = None
        self._give_back: Callable[[], object] = lambda: None
        self._steps: list[int] = []
        self._slots: dict[int, int] = {}
        self._rests: dict[int, EngineState] = {}
        self._free: list[int] = []

    def keep(self, state: EngineState) -> None:
        """Keep the state of a run that has come to `due`. Where the disk is full, there is room for no more."""
        if len(self._steps) >= self._room:
            self._thin_out()
        self.due = (state.step // self.spacing + 1) * self.spacing
        if state.step % self.spacing or len(self._steps) >= self._room:
            return
        slot = self._free.pop() if self._free else len(self._steps)
        try:
            self._write(slot, state)
        except OSError:
            self._free.append(slot)
            self._room = len(self._steps)
            return
        self._steps.append(state.step)
        self._slots[state.step] = slot
        self._rests[state.step] = _with(state, [np.empty(0)] * len(_arrays(state)))

    def at_or_before(self, step: int) -> EngineState | None:
        """The last one that is not after that step."""
        found = bisect_right(self._steps, step)
        return self._read(self._steps[found - 1]) if found else None

    def cut(self, step: int) -> None:
        """Forget those after that step: the run goes on from there."""
        while self._steps and self._steps[-1] > step:
            self._forget(self._steps.pop())
        self.due = (step // self.spacing + 1) * self.spacing

    def close(self) -> None:
        """Give the file's room back; there is nothing to be kept or read any more."""
        self._give_back()

    def _thin_out(self) -> None:
        self.spacing *= 2
        for step in self._steps:
            if step % self.spacing:
                self._forget(step)
        self._steps = [step for step in self._steps if step % self.spacing == 0]

    def _forget(self, step: int) -> None:
        self._free.append(self._slots.pop(step))
        del self._rests[step]

    def _write(self, slot: int, state: EngineState) -> None:
        """Raises OSError."""
        if self._file is None:
            self._file = self._open()
            self._give_back = weakref.finalize(self, os.close, self._file)
        place = slot * size_of(self._first)
        for array in _arrays(state):
            view = array.reshape(-1).view(np.uint8).data
            while view:
                written = os.pwrite(self._file, view, place)
                view, place = view[written:], place + written

    def _read(self, step: int) -> EngineState:
        assert self._file is not None
        content = os.pread(self._file, size_of(self._first), self._slots[step] * size_of(self._first))
        arrays, start = [], 0
        for like in _arrays(self._first):
            arrays.append(np.frombuffer(content, like.dtype, like.size, start).reshape(like.shape))
            start += like.nbytes
        return _with(self._rests[step], arrays)


def size_of(state: EngineState) -> int:
    """The bytes of its numbers, as many for all states of a run."""
    return sum(array.nbytes for array in _arrays(state))


def _arrays(state: EngineState) -> list[Array]:
    """All of a state's numbers, always in the same order."""
    memory = state.update_rule.optimizer
    return [state.values, state.statistics, *(memory[name] for name in sorted(memory))]


def _with(state: EngineState, arrays: list[Array]) -> EngineState:
    """The state with these numbers, in that order."""
    values, statistics, *memory = arrays
    optimizer = dict(zip(sorted(state.update_rule.optimizer), memory, strict=True))
    rule = replace(state.update_rule, optimizer=optimizer)
    return replace(state, values=values, statistics=statistics, update_rule=rule)


def spare_bytes() -> int:
    """How much of the disk keyframes may take: a part of what is free."""
    return shutil.disk_usage(_folder()).free // SHARE_OF_FREE


def _nameless_file() -> int:
    """A file on the disk, gone as soon as nobody has it open. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix="nnviz-keyframes-", dir=_folder())
    os.unlink(name)
    return descriptor


def _folder() -> str:
    """For temporary files that are large; where /tmp is in memory, as on many systems, /var/tmp is not."""
    is_chosen = any(name in os.environ for name in ("TMPDIR", "TEMP", "TMP"))
    return LARGE if not is_chosen and os.access(LARGE, os.W_OK) else tempfile.gettempdir()
