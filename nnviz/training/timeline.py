"""Timeline: every moment of a run can be had again, to the last bit."""

import math
from collections.abc import Callable
from typing import NamedTuple

from nnviz.training.cost import step_cost
from nnviz.training.engine import EngineState, StepEngine
from nnviz.training.journal import Journal, Rate
from nnviz.training.keyframes import FarKeyframes, NearKeyframes, size_of, spare_bytes

NEAR_BYTES = 256 << 20
FAR_BYTES = 1_500 << 20
# However small they are, more would be of no use.
MOST_FAR = 4096
# Of training, keyframes may take about that share.
SHARE = 0.01
# What one takes in nanoseconds, however small it is, and for each byte: a copy of it, and its way into a file.
KEYFRAME, BYTE = 30_000, 0.7


class Position(NamedTuple):
    """A place in a run: training step number `step`, from 0, after `done` of its stages."""

    step: int
    done: int


class Timeline:
    """Goes to any moment of a run: from the last keyframe before it on, all is done again as it was."""

    def __init__(
        self,
        engine: StepEngine,
        first: EngineState,
        near_bytes: int = NEAR_BYTES,
        far_bytes: int = FAR_BYTES,
        spacing: int | None = None,
    ) -> None:
        """The run begins at the `first` state. `spacing` is how many steps are between keyframes at first."""
        self._engine = engine
        self._first = first
        size = max(size_of(first), 1)
        spacing = spacing or math.ceil((KEYFRAME + BYTE * size) / (SHARE * step_cost(engine)))
        self._near = NearKeyframes(near_bytes // size)
        self._far = FarKeyframes(first, spacing, min(min(far_bytes, spare_bytes()) // size, MOST_FAR))

    @property
    def due(self) -> int:
        """How many training steps are to be finished when the next keyframe is to be kept."""
        return self._far.due

    def keep(self) -> None:
        """Keep a keyframe of the run, which has come to `due` for the first time."""
        state = self._engine.state()
        self._near.keep(state, state.step)
        self._far.keep(state)

    def go_to(self, moment: Position, journal: Journal, check: Callable[[], None]) -> None:
        """Be at a moment that the run has had. `check` is called before each step; if it raises, it was on the way."""
        engine = self._engine
        if moment == (engine.index, engine.done):
            return
        here, last = engine.steps_done, len(engine.stages)
        nearest = self._nearest(moment.step)
        is_ahead = (here == moment.step and moment.done >= engine.done % last) or here < moment.step
        if not (is_ahead and nearest.step <= here):
            engine.restore(nearest)
            for entry in journal.at(nearest.step):
                # What a schedule heard is in the state.
                if isinstance(entry, Rate):
                    entry.apply(engine.update_rule)
        self._replay(moment.step, journal, check)
        if moment.done:
            engine.run(moment.done - engine.done % last)
            if moment.done == last:
                journal.apply(moment.step + 1, engine.update_rule)

    def _replay(self, step: int, journal: Journal, check: Callable[[], None]) -> None:
        """Be at the beginning of a training step, or the end of the one before it, with keyframes close behind."""
        engine = self._engine
        last, start = len(engine.stages), engine.steps_done
        # Whoever goes back further has half as far to go, and half again.
        half = max(self._near.room // 2, 1)
        apart = max(1, math.isqrt(step - start), (step - start) // half)
        close = min(apart, half)
        while engine.steps_done < step:
            check()
            engine.run(last)
            done = engine.steps_done
            journal.apply(done, engine.update_rule)
            if (step - done) % apart == 0 or step - done < close:
                self._near.keep(engine.state(), step)

    def cut(self, step: int) -> None:
        """Forget what came after so many training steps: the run goes on from there in another way."""
        self._near.cut(step)
        self._far.cut(step)

    def close(self) -> None:
        """Give back what it takes of the disk."""
        self._far.close()

    def _nearest(self, step: int) -> EngineState:
        found = (self._near.at_or_before(step), self._far.at_or_before(step), self._first)
        return max((state for state in found if state is not None), key=lambda state: state.step)
