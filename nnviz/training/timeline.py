"""Timeline: every moment of a run can be had again, to the last bit."""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from nnviz.training.cost import step_cost
from nnviz.training.engine import EngineState, StepEngine
from nnviz.training.journal import Journal
from nnviz.training.keyframes import WHOLE, FarKeyframes, Line, NearKeyframes, size_of, spare_bytes

NEAR_BYTES = 256 << 20
FAR_BYTES = 1_500 << 20
# However small they are, more would be of no use.
MOST_FAR = 4096
# So much shorter than the way between two keyframes on the disk is one that is done again without a thought.
SHORT = 8
# Of training, keyframes may take about that share.
SHARE = 0.0085
# What one takes in nanoseconds, however small it is, and for each byte: a copy of it, and its way into a file.
KEYFRAME, BYTE = 150_000, 0.7


class Stored(Protocol):
    """States of a run that were kept before it was opened here."""

    def between(self, after: int, step: int, line: Line, engine: StepEngine) -> EngineState | None:
        """The last one on a line after step number `after` that is not after `step`, for an engine of that network."""


class Keyframes(NamedTuple):
    """All that are kept: of several trainings that have states of one shape, in the room that there is for one.

    `stored` are in the files of a run that was opened, None if none was.
    """

    near: NearKeyframes
    far: FarKeyframes
    stored: Stored | None = None

    def close(self) -> None:
        """Forget them, and give back what they take of the disk."""
        self.near.forget()
        self.far.close()


class Position(NamedTuple):
    """A place in a run: training step number `step`, from 0, after `done` of its stages."""

    step: int
    done: int


class Timeline:
    """Goes to any moment of a run: from the last keyframe before it on, all is done again as it was.

    Branches of the run share the keyframes of what they have in common, and the room that there is for all.
    """

    def __init__(
        self,
        engine: StepEngine,
        first: EngineState,
        near_bytes: int = NEAR_BYTES,
        far_bytes: int = FAR_BYTES,
        spacing: int | None = None,
        shared: Keyframes | None = None,
        stored: Stored | None = None,
    ) -> None:
        """The run begins at the `first` state. `spacing` is how many steps are between keyframes at first, and `stored`
        has states of a run that has come to where it is already.

        `shared` are those of another training: if its states have another shape, they are forgotten.
        """
        self._engine = engine
        self._first = first
        self._line = WHOLE
        # Whether the engine may be at a place that the line does not have.
        self._is_off = False
        if shared is not None and shared.far.fits(first):
            self.keyframes = shared
            return
        if shared is not None:
            shared.close()
        size = max(size_of(first), 1)
        spacing = spacing or math.ceil((KEYFRAME + BYTE * size) / (SHARE * step_cost(engine)))
        far = FarKeyframes(first, spacing, min(min(far_bytes, spare_bytes()) // size, MOST_FAR))
        self.keyframes = Keyframes(NearKeyframes(near_bytes // size), far, stored)

    @property
    def due(self) -> int:
        """How many training steps are to be finished when the next keyframe is to be kept."""
        return self.keyframes.far.due

    def keep(self) -> None:
        """Keep a keyframe of the run, which has come to `due` for the first time."""
        state = self._engine.state()
        self.keyframes.near.keep(state, state.step, self._line)
        self.keyframes.far.keep(state, self._line)

    def follow(self, line: Line, steps: int) -> None:
        """Go along another line from now on, which has come to so many steps."""
        self._line = line
        self.keyframes.far.go_on_from(steps)

    def lose_place(self) -> None:
        """The engine is not at a place of the line any more: the next way begins at a keyframe."""
        self._is_off = True

    def remember(self, state: EngineState) -> None:
        """Keep a state of this line in memory, as long as there is room: somebody may be back soon.

        Not where the way to it is short anyway: there may be hundreds of short branches.
        """
        if state.step - self._nearest(state.step).step > self.keyframes.far.spacing // SHORT:
            self.keyframes.near.keep(replace(state, done=0), state.step, self._line)

    def forget(self, branch: int) -> None:
        """There is no such branch any more: another one may have its number, and its own states."""
        self.keyframes.near.forget_branch(branch)

    def go_to(self, moment: Position, journal: Journal, check: Callable[[], None]) -> None:
        """Be at a moment that the run has had. `check` is called before each step; if it raises, it was on the way."""
        engine = self._engine
        if moment == (engine.index, engine.done) and not self._is_off:
            return
        here, last = engine.steps_done, len(engine.stages)
        nearest = self._nearest(moment.step)
        is_ahead = (here == moment.step and moment.done >= engine.done % last) or here < moment.step
        if self._is_off or not (is_ahead and nearest.step <= here):
            engine.restore(nearest)
            self._is_off = False
            # What a schedule heard is in the state; the rate may be that of another branch, which begins there.
            engine.update_rule.learning_rate = journal.rate_at(nearest.step)
        self._replay(moment.step, journal, check)
        if moment.done:
            engine.run(moment.done - engine.done % last)
            if moment.done == last:
                journal.apply(moment.step + 1, engine.update_rule)
            elif moment.done == last - 1:
                # A rate that was chosen after the proposal is that of the next step.
                engine.update_rule.learning_rate = journal.rate_at(moment.step + 1)

    def _replay(self, step: int, journal: Journal, check: Callable[[], None]) -> None:
        """Be at the beginning of a training step, or the end of the one before it, with keyframes close behind."""
        engine = self._engine
        last, start = len(engine.stages), engine.steps_done
        # Whoever goes back further has half as far to go, and half again.
        half = max(self.keyframes.near.room // 2, 1)
        apart = max(1, math.isqrt(step - start), (step - start) // half)
        close = min(apart, half)
        while engine.steps_done < step:
            check()
            engine.run(last)
            done = engine.steps_done
            journal.apply(done, engine.update_rule)
            if (step - done) % apart == 0 or step - done < close:
                self.keyframes.near.keep(engine.state(), step, self._line)

    def keep_stored(self, stored: Stored) -> None:
        """Go by these states of the run that was opened from now on."""
        self.keyframes = self.keyframes._replace(stored=stored)

    def steps_to(self, moment: Position) -> int:
        """How many training steps have to be done again to be at a moment."""
        return moment.step + (moment.done > 0) - self._nearest(moment.step).step

    def close(self) -> None:
        """Give back what it takes of the disk."""
        self.keyframes.close()

    def _nearest(self, step: int) -> EngineState:
        near, far, stored = self.keyframes
        found = (near.at_or_before(step, self._line), far.at_or_before(step, self._line), self._first)
        nearest = max((state for state in found if state is not None), key=lambda state: state.step)
        return (stored and stored.between(nearest.step, step, self._line, self._engine)) or nearest
