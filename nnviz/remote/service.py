"""Service: a trainer that answers requests, and trains in between."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from msgspec import structs

from nnviz.data.reading import Reading, Tell, nobody
from nnviz.errors import InputError
from nnviz.experiment import SEEDS
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame, FrameUpdate, Parts, Rates, State
from nnviz.frame.stages import Phase
from nnviz.remote import messages as m
from nnviz.remote.destinations import end_of_step, moment_at
from nnviz.remote.testing import report
from nnviz.runs.directory import RunDirectory
from nnviz.runs.ending import Ending
from nnviz.runs.keeper import Keeper
from nnviz.runs.paths import free_path, spare_folders
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.camera import Camera
from nnviz.training.history import Evaluation
from nnviz.training.interruption import AbandonedError, Interruption
from nnviz.training.journal import Rate
from nnviz.training.stopping import BY_PERSON, DIVERGED
from nnviz.training.timeline import Position, Timeline

RATE_SECONDS = 0.5
# What takes no longer than this needs no words.
SILENT_SECONDS = 0.25
# So long somebody waits for the scores of what is kept: who leaves, and who begins again.
LEAVING_SECONDS, RESTART_SECONDS = 10.0, 3.0


class _Way(NamedTuple):
    """From one moment of the run to another."""

    origin: Position
    moment: Position

    @property
    def steps(self) -> int:
        """How many training steps are done where it leads to, or begun."""
        return self.moment.step + (self.moment.done > 0)


class Service:
    """Owns the trainer, the run directory and what is being looked at.

    `answer` serves one request. Between requests its owner calls `work` when `waits` says that it is time, and
    `keep_up` after each. `tell` hears how far the opening of the source is, before the first request. `interruption`
    ends whatever evaluation goes on. `clock`, in seconds, is what paces, measured rates and checkpoints go by.
    """

    def __init__(
        self,
        order: m.Order,
        tell: Tell = nobody,
        interruption: Interruption | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._order = order
        self._experiment = order.experiment
        self._interruption, self._clock = interruption or Interruption(), clock
        self._dataset = open_dataset(order.experiment, Reading(order.cached, tell), order.source)
        self._focus = Focus()
        self._earlier: list[Ending] = []
        self._begin(lambda: RunDirectory(order.out, order.experiment))

    def _begin(self, claim: Callable[[], RunDirectory]) -> None:
        self._trainer = assemble(self._experiment, self._dataset)
        self._trainer.interruption = self._interruption
        self._camera = Camera(self._trainer)
        self._timeline = Timeline(self._trainer.engine, self._trainer.first)
        self._ending: Ending | None = None
        self._keeper = Keeper(self._trainer, claim(), lambda _: None, self._clock)
        self._focus = Focus(0, self._camera.blocks - 1, self._focus.quantity)
        self._halt()

    def _halt(self) -> None:
        self._pace: m.Pace | None = None
        self._way: _Way | None = None
        self._due = self._measured_at = 0.0
        self._measured_step = 0
        self._stop_at: int | None = None
        self._rates = Rates()

    # Training between requests

    def waits(self) -> float | None:
        """Seconds until `work` is due: 0 at full speed, None while nothing is to be done."""
        if self._way is not None:
            return 0
        if self._pace is None:
            return None
        return max(0.0, self._due - self._clock())

    def work(self, called: Callable[[], bool]) -> None:
        """Train until `called` says that somebody waits for an answer; at a pace, do the one thing that is due."""
        if self._way is not None:
            self._follow(self._way, called)
        if self._pace is None:
            return
        if self._pace.per_second is not None:
            self._due = max(self._due + 1 / self._pace.per_second, self._clock())
            self._go(self._pace.goal)
            return
        trainer, step, engine = self._trainer, self._trainer.step, self._trainer.engine
        keeper, clock = self._keeper, self._clock
        next_stop = self._next_stop()
        while self._pace is not None and not called():
            evaluation = step()
            if evaluation or trainer.stopped_by or engine.index + 1 >= next_stop:
                self._settle(evaluation)
                next_stop = self._next_stop()
            if clock() >= keeper.due:
                keeper.keep_up()

    def _next_stop(self) -> int:
        """How many training steps are done when there is something to be seen to."""
        return min(self._timeline.due, self._stop_at or self._timeline.due)

    def keep_up(self) -> None:
        """Write the run down, if it is time."""
        self._keeper.keep_up()

    def _go(self, goal: m.Goal) -> None:
        trainer = self._trainer
        if goal is m.Goal.STAGE:
            self._settle(trainer.advance())
        elif goal is m.Goal.STEP:
            self._settle(trainer.step())
        else:
            self._settle(trainer.finish_phase(Phase(goal)))

    def _settle(self, evaluation: Evaluation | None) -> None:
        """Keep what a stage or step has brought, and stop where the run is to stop."""
        if evaluation is not None:
            self._keeper.record(evaluation)
        if self._trainer.steps_done == self._timeline.due:
            self._timeline.keep()
        if self._trainer.has_stopped or self._trainer.steps_done == self._stop_at:
            self._halt()

    def _measure(self) -> None:
        now = self._clock()
        elapsed = now - self._measured_at
        if elapsed >= RATE_SECONDS and self._pace is not None:
            examples_in, first, last = self._trainer.batches.examples_in, self._measured_step, self._trainer.steps_done
            self._rates = Rates((last - first) / elapsed, (examples_in(last) - examples_in(first)) / elapsed)
            self._measured_at, self._measured_step = now, last

    # Requests

    def answer(self, request: m.Request) -> m.Answer:
        """Serve one request."""
        if self._way is not None and isinstance(request, m.Advance | m.Run | m.Change | m.Test):
            # It is meant for the moment that is gone to.
            self._finish_way()
        match request:
            case m.Close():
                return self.conclude()
            case m.Test():
                # Who would rather leave does not wait for it.
                with suppress(AbandonedError):
                    return report(self._trainer)
            case m.Advance(goal):
                self._advance(goal)
            case m.GoTo(place):
                self._go_to(place)
            case m.Stay():
                self._stay()
            case m.Run(pace):
                self._run(pace)
            case m.Pause():
                self._halt()
            case m.SetFocus(focus, parts):
                self._focus = focus
                return self._view(parts)
            case m.Change(learning_rate, parts):
                if self._trainer.is_back:
                    self._branch_off()
                self._trainer.change_rate(learning_rate)
                return self._view(parts)
            case m.Look(parts):
                return self._view(parts)
            case m.Restart():
                self._begin_again()
            case m.Reseed():
                self._begin_again((self._experiment.training.seed + 1) % SEEDS)
        return self._view()

    def _view(self, parts: Parts | None = None) -> Frame | FrameUpdate:
        self._measure()
        state = self._state()
        if parts is None or state is not State.RUNNING:
            at_full_speed = state is State.RUNNING and self._pace is not None and self._pace.per_second is None
            frame = self._camera.take(self._focus, state, self._rates, outcome=not at_full_speed)
            return structs.replace(frame, goal=self._way.steps) if self._way else frame
        return self._camera.update(parts, self._focus, self._rates)

    def _state(self) -> State:
        trainer = self._trainer
        if self._way is not None:
            return State.REPLAYING
        if trainer.has_stopped and trainer.stopped_by == DIVERGED:
            return State.DIVERGED
        if self._pace is not None:
            return State.RUNNING
        if trainer.has_stopped:
            return State.FINISHED
        return State.PAUSED if trainer.furthest or trainer.engine.done else State.READY

    def _may_go_on(self) -> bool:
        """Asking a finished run to go on lifts the rule that finished it; a diverged one has nowhere to go."""
        if self._trainer.has_stopped:
            self._trainer.carry_on()
        return self._trainer.is_back or self._trainer.stopped_by != DIVERGED

    def _advance(self, goal: m.Goal) -> None:
        self._halt()
        if not self._may_go_on():
            return
        if goal is m.Goal.EPOCH:
            per_epoch = self._trainer.batches.per_epoch
            self._stop_at = (self._trainer.steps_done // per_epoch + 1) * per_epoch
            self._start(m.PACES[-1])
        else:
            self._go(goal)

    # Other moments of the run

    def _go_to(self, place: m.Destination | int) -> None:
        here = Position(self._trainer.engine.index, self._trainer.engine.done)
        origin, here = self._way or (here, here)
        self._halt()
        moment = moment_at(place, here, self._trainer)
        if moment.step < self._trainer.furthest or moment <= origin:
            self._set_out(origin, moment)
        elif self._may_go_on():
            self._stop_at = moment.step + 1
            self._start(m.PACES[-1])

    def _stay(self) -> None:
        if self._way is not None:
            origin = self._way.origin
            self._halt()
            self._set_out(origin, origin)

    def _set_out(self, origin: Position, moment: Position) -> None:
        """Go to a moment that the run has had: at once, or, where it takes longer, in the background."""
        end = self._clock() + SILENT_SECONDS
        self._way = _Way(origin, moment)
        self._follow(self._way, lambda: self._clock() >= end)

    def _follow(self, way: "_Way", called: Callable[[], bool]) -> None:
        """Go on to the moment that is gone to, until `called` says that somebody waits."""

        def check() -> None:
            if called():
                raise AbandonedError

        with suppress(AbandonedError):
            self._trainer.go_to(way.moment, self._timeline, check)
            self._way = None

    def _finish_way(self) -> None:
        """Be where the way leads to, unless somebody wants out."""
        if self._way is not None:
            with suppress(AbandonedError):
                self._trainer.go_to(self._way.moment, self._timeline, self._interruption.watch())
        self._halt()

    def _branch_off(self) -> None:
        """Keep the run as it was, and let what follows from this moment be another one, in a directory of its own."""
        trainer, engine = self._trainer, self._trainer.engine
        here = Position(engine.index, engine.done)
        finished = engine.steps_done
        self._leave_run(RESTART_SECONDS)
        # To score what is kept, the network was put into that state.
        engine.restore(trainer.first)
        best = next((best.step for best in reversed(trainer.history.bests) if best.step <= finished), None)
        state = None
        if best is not None:
            trainer.go_to(end_of_step(best, trainer), self._timeline)
            state = engine.state()
        losses = self._losses_until(finished)
        trainer.go_to(here, self._timeline)
        trainer.branch_off(state, losses)
        self._timeline.cut(finished)
        self._keeper = Keeper(trainer, self._next_directory(), lambda _: None, self._clock)
        for evaluation in trainer.history.evaluations:
            self._keeper.record(evaluation)

    def _losses_until(self, steps: int) -> list[float]:
        """Of the training steps since the last evaluation, until so many are done; of the last one at least."""
        trainer = self._trainer
        judged = max((one.step for one in trainer.history.evaluations if one.step <= steps), default=0)
        losses = []
        for done in range(min(judged, steps - 1) + 1, steps + 1):
            trainer.go_to(end_of_step(done, trainer), self._timeline)
            losses.append(trainer.engine.scores.mean)
        return losses

    def _leave_run(self, seconds: float) -> Ending:
        """Keep the run that is over, and remember where it is."""
        ending = self._conclude(seconds)
        if ending.directory or ending.trouble:
            # What came out is in its directory; of a thousand runs it would fill the memory.
            self._earlier.append(Ending(None, ending.directory, ending.trouble))
        return ending

    def _run(self, pace: m.Pace) -> None:
        stop_at = self._stop_at
        self._halt()
        if self._may_go_on():
            self._stop_at = stop_at
            self._start(pace)

    def _start(self, pace: m.Pace) -> None:
        self._pace = pace
        self._due = self._measured_at = self._clock()
        self._measured_step = self._trainer.steps_done

    def _begin_again(self, seed: int | None = None) -> None:
        self._leave_run(RESTART_SECONDS)
        self._close_run()
        rate = self._trainer.update_rule.learning_rate
        # Two of them need not be in memory at a time.
        del self._camera, self._trainer, self._timeline
        if seed is not None:
            self._experiment = self._experiment.with_seed(seed)
            # The seed splits the examples too; the new run's experiment has to be all that it takes to do it again.
            self._dataset = open_dataset(self._experiment, Reading(self._order.cached))
        self._begin(self._next_directory)
        # The experiment is what was asked for; a rate that was changed since is kept, and written down as a change.
        self._trainer.change_rate(rate)

    def _next_directory(self) -> RunDirectory:
        """A directory beside the first one; if there can be none any more, another place. Raises InputError."""
        try:
            return RunDirectory(free_path(self._order.out), self._experiment)
        except InputError:
            for folder in spare_folders(self._order.out.name):
                return RunDirectory(folder, self._experiment)
            raise

    def conclude(self, seconds: float = LEAVING_SECONDS) -> Ending:
        """Keep the run, and score what is kept as far as that takes no longer; there is no going on after that."""
        if self._ending is None:
            self._ending = structs.replace(self._conclude(seconds), earlier=tuple(self._earlier))
            self._close_run()
        return self._ending

    def _conclude(self, seconds: float) -> Ending:
        self._halt()
        trainer = self._trainer
        trainer.interrupt(BY_PERSON)
        rates = [entry for entry in trainer.journal.entries if isinstance(entry, Rate)]
        changes = [{"step": rate.step, "learning_rate": rate.learning_rate} for rate in rates]
        return self._keeper.conclude(self._interruption.watch(seconds), learning_rate_changes=changes)

    def _close_run(self) -> None:
        self._trainer.close()
        self._timeline.close()
