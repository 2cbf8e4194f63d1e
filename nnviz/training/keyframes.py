"""Keyframes: engine states that are kept, so that every moment of a run is a short replay away."""

import heapq
import math
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

Line = tuple[tuple[int, float], ...]
"""The way to a branch: pieces of lines that each belong to one branch, and the step until which each of them goes."""

WHOLE: Line = ((0, math.inf),)
LARGE = "/var/tmp"
SHARE_OF_FREE = 4


class NearKeyframes:
    """Those around a place in the run, in memory: where there are too many, what is farthest from it goes first.

    Whatever is not on the line that somebody goes along is farther than all that is.
    """

    def __init__(self, room: int) -> None:
        """`room` is how many states there may be."""
        self.room = room
        self._steps = _Steps()
        self._states: dict[tuple[int, int], EngineState] = {}

    def keep(self, state: EngineState, place: int, line: Line = WHOLE) -> None:
        """Keep a state that was met on the way to the training step `place`."""
        key = _owner(line, state.step), state.step
        if self.room < 1 or key in self._states:
            return
        self._steps.add(key)
        self._states[key] = state
        if len(self._states) > self.room:
            farthest = self._steps.farthest(place, line)
            self._steps.remove(farthest)
            del self._states[farthest]

    def at_or_before(self, step: int, line: Line = WHOLE) -> EngineState | None:
        """The last one of a line that is not after that step."""
        found = self._steps.at_or_before(step, line)
        return self._states[found] if found else None

    def forget(self) -> None:
        """Forget all of them."""
        self._steps = _Steps()
        self._states.clear()

    def forget_branch(self, branch: int) -> None:
        """Forget those of one branch."""
        for step in self._steps.drop(branch):
            del self._states[branch, step]


class _Steps:
    """The training steps of which there are keyframes, of each branch."""

    def __init__(self) -> None:
        self._of: dict[int, list[int]] = {}

    def add(self, key: tuple[int, int]) -> None:
        branch, step = key
        insort(self._of.setdefault(branch, []), step)

    def remove(self, key: tuple[int, int]) -> None:
        branch, step = key
        steps = self._of[branch]
        del steps[bisect_right(steps, step) - 1]
        if not self._of[branch]:
            del self._of[branch]

    def drop(self, branch: int) -> list[int]:
        """Remove all of one branch; they are returned."""
        return self._of.pop(branch, [])

    def at_or_before(self, step: int, line: Line) -> tuple[int, int] | None:
        """The last one of a line that is not after that step."""
        for branch, until in reversed(line):
            steps = self._of.get(branch, [])
            found = bisect_right(steps, min(step, until))
            if found:
                return branch, steps[found - 1]
        return None

    def farthest(self, place: int, line: Line) -> tuple[int, int]:
        """The one that is least likely to be of use around a place on a line."""
        untils = dict(line)

        def distance(key: tuple[int, int]) -> tuple[bool, int]:
            branch, step = key
            return step > untils.get(branch, -1), abs(step - place)

        ends = [(branch, step) for branch, steps in self._of.items() for step in (steps[0], steps[-1])]
        return max(ends, key=distance)


def _owner(line: Line, step: int) -> int:
    """The branch of a line that a training step belongs to."""
    return next(branch for branch, until in line if step <= until)


class FarKeyframes:
    """Those of the whole run, in a file that nobody else sees and that no end of the process leaves behind.

    They are `spacing` training steps apart. When there are as many as there may be, every other one goes, the first one
    first, each for a new one; when those have all gone, `spacing` is twice what it was. So the run may be as long as it
    likes, with as many branches, the room is always used, and no step is farther than twice the spacing from one.
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
        self._steps = _Steps()
        self._slots: dict[tuple[int, int], int] = {}
        self._rests: dict[tuple[int, int], EngineState] = {}
        self._free: list[int] = []
        # Every other one, by step and branch: a heap.
        self._to_go: list[tuple[int, int]] = []

    def keep(self, state: EngineState, line: Line = WHOLE) -> None:
        """Keep the state of a run that has come to `due`. Where the disk is full, there is room for no more."""
        if self._is_full and not self._to_go:
            self._move_apart()
        self.go_on_from(state.step)
        key = _owner(line, state.step), state.step
        if state.step % self.spacing or key in self._slots:
            return
        if self._is_full and self._to_go:
            self._drop(heapq.heappop(self._to_go)[::-1])
        if self._is_full:
            return
        slot = self._free.pop() if self._free else len(self._slots)
        try:
            self._write(slot, state)
        except OSError:
            self._free.append(slot)
            self._room = len(self._slots)
            return
        self._steps.add(key)
        self._slots[key] = slot
        self._rests[key] = _with(state, [np.empty(0)] * len(_arrays(state)))
        if self._is_to_go(state.step):
            heapq.heappush(self._to_go, key[::-1])

    def go_on_from(self, steps: int) -> None:
        """A run that has come to so many steps goes on; the next keyframe of it is due after that."""
        self.due = (steps // self.spacing + 1) * self.spacing

    def at_or_before(self, step: int, line: Line = WHOLE) -> EngineState | None:
        """The last one of a line that is not after that step."""
        found = self._steps.at_or_before(step, line)
        return self._read(found) if found else None

    def fits(self, state: EngineState) -> bool:
        """Whether states of another run, like this one, can be kept here as well."""
        kinds = [[(array.dtype, array.shape) for array in _arrays(one)] for one in (state, self._first)]
        return kinds[0] == kinds[1]

    def close(self) -> None:
        """Give the file's room back; there is nothing to be kept or read any more."""
        self._give_back()
        self._room = 0
        self._steps = _Steps()
        self._slots.clear()
        self._rests.clear()
        self._to_go.clear()

    @property
    def _is_full(self) -> bool:
        return len(self._slots) >= self._room

    def _is_to_go(self, step: int) -> bool:
        return step % (2 * self.spacing) != 0

    def _move_apart(self) -> None:
        while self._slots and not self._to_go:
            self.spacing *= 2
            self._to_go = [key[::-1] for key in self._slots if self._is_to_go(key[1])]
        heapq.heapify(self._to_go)

    def _drop(self, key: tuple[int, int]) -> None:
        self._steps.remove(key)
        self._free.append(self._slots.pop(key))
        del self._rests[key]

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

    def _read(self, key: tuple[int, int]) -> EngineState:
        assert self._file is not None
        content = os.pread(self._file, size_of(self._first), self._slots[key] * size_of(self._first))
        arrays, start = [], 0
        for like in _arrays(self._first):
            arrays.append(np.frombuffer(content, like.dtype, like.size, start).reshape(like.shape))
            start += like.nbytes
        return _with(self._rests[key], arrays)


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
