"""Driver: has a session go on, by stages or at a pace, and go to other moments and into other branches."""

from collections.abc import Callable
from contextlib import suppress

from nnviz.errors import InputError
from nnviz.experiment import Tables
from nnviz.frame.frame import State
from nnviz.frame.health_view import Alert
from nnviz.frame.stages import Phase
from nnviz.insight.experiment_words import told_changes
from nnviz.remote import messages as m
from nnviz.remote.attempting import attempt
from nnviz.remote.branching import begin_with, branch_off, go_over
from nnviz.remote.choosing import changed, choose, options, present
from nnviz.remote.destinations import moment_at
from nnviz.remote.pacing import Pacing
from nnviz.remote.session import Session
from nnviz.remote.ways import nothing
from nnviz.training.history import Evaluation
from nnviz.training.interruption import AbandonedError
from nnviz.training.stopping import DIVERGED

UNDONE = "weights that were set here are as they were"


class Driver:
    """Moves a session. What moves it because somebody asked for it raises AbandonedError where that was taken back."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.pacing = Pacing(session.clock)

    @property
    def state(self) -> State:
        """What the session is doing."""
        session, trainer = self._session, self._session.trainer
        if session.way is not None:
            return State.REPLAYING
        if session.watched is not None:
            return State.WATCHING
        if trainer.has_stopped and trainer.stopped_by == DIVERGED:
            return State.DIVERGED
        if self.pacing.pace is not None:
            return State.RUNNING
        if trainer.has_stopped:
            return State.FINISHED
        return State.PAUSED if trainer.furthest or trainer.engine.done else State.READY

    # Between requests

    def work(self, called: Callable[[], bool]) -> None:
        """Train until `called` says that somebody waits for an answer; at a pace, do the one thing that is due."""
        pace = self.pacing.pace
        if pace is None:
            return
        if pace.per_second is None:
            self._train_on(called)
        elif not self.pacing.waits():
            self.pacing.take_turn(pace.per_second)
            self._go(pace.goal)

    def _train_on(self, called: Callable[[], bool]) -> None:
        pacing, trainer, keeper, clock = self.pacing, self._session.trainer, self._session.keeper, self._session.clock
        step, engine = trainer.step, trainer.engine
        next_stop, due = self._next_stop(), keeper.due
        while pacing.pace is not None and not called():
            evaluation = step()
            if evaluation or trainer.stopped_by or engine.index + 1 >= next_stop:
                self._settle(evaluation)
                next_stop, due = self._next_stop(), keeper.due
            if clock() >= due:
                keeper.keep_up()
                due = keeper.due

    def _next_stop(self) -> int:
        """How many training steps are done when there is something to be seen to."""
        due = min(self._session.timeline.due, self._session.alert_log.due)
        return min(due, self.pacing.stop_at or due)

    def _go(self, goal: m.Goal) -> None:
        trainer = self._session.trainer
        if goal is m.Goal.STAGE:
            self._settle(trainer.advance())
        elif goal is m.Goal.STEP:
            self._settle(trainer.step())
        else:
            self._settle(trainer.finish_phase(Phase(goal)))

    def _settle(self, evaluation: Evaluation | None) -> None:
        """Keep what a stage or step has brought, and stop where the run is to stop."""
        session = self._session
        if evaluation is not None:
            session.keeper.record(evaluation)
        session.alert_log.look()
        steps = session.trainer.steps_done
        if steps == session.timeline.due:
            session.timeline.keep()
        if session.trainer.has_stopped or steps == self.pacing.stop_at:
            self.halt()

    # Going on

    def halt(self) -> None:
        """Stand still."""
        self.pacing.halt()

    def advance(self, goal: m.Goal) -> None:
        """Go on to a goal, and rest there."""
        self._go_on(lambda: self._advance(goal))

    def run(self, pace: m.Pace) -> None:
        """Go on at a pace, as far as it was to go."""
        self._go_on(lambda: self._run(pace))

    def _go_on(self, on: Callable[[], None]) -> None:
        """Go on from here: as the run did, or, where something else was chosen or set, as a branch."""
        session = self._session
        weights, chosen = session.by_hand.forget(), session.forget_choices()

        def go_on_with_weights() -> None:
            for weight in weights:
                session.by_hand.set(weight.name, weight.index, weight.value, session.here)
            on()

        if chosen or weights:
            self.halt()
            branch_off(session, chosen, go_on_with_weights)
        else:
            on()

    def _may_go_on(self) -> bool:
        """Asking a finished run to go on lifts the rule that finished it; a diverged one has nowhere to go."""
        trainer = self._session.trainer
        if trainer.has_stopped:
            trainer.carry_on()
        return trainer.is_back or trainer.stopped_by != DIVERGED

    def _advance(self, goal: m.Goal) -> None:
        self.halt()
        if not self._may_go_on():
            return
        if goal is m.Goal.EPOCH:
            epochs, steps = self._session.trainer.batches.epochs, self._session.trainer.steps_done
            self._start(m.PACES[-1], epochs.end_of(epochs.at(steps).epoch + 1))
        else:
            self._go(goal)

    def _run(self, pace: m.Pace) -> None:
        stop_at = self.pacing.stop_at
        self.halt()
        if self._may_go_on():
            self._start(pace, stop_at)

    def _start(self, pace: m.Pace, stop_at: int | None) -> None:
        self.pacing.start(pace, stop_at, self._session.trainer.steps_done)

    # With something else than the run had

    def change_rate(self, learning_rate: float) -> None:
        """Train with this rate from here on; in the past, that begins a branch once somebody goes on."""
        if self._session.trainer.is_back:
            self._session.choose("learning_rate", learning_rate)
            self._go_on_with_choices()
        else:
            self._session.trainer.change_rate(learning_rate)

    def set_weight(self, asked: m.SetWeight) -> None:
        """Have a weight be another one from the beginning of this training step on; in the past, as a branch."""
        session = self._session
        if self.pacing.pace is not None:
            session.say("a weight is set while training rests: pause first")
            return
        self.halt()
        if not self._may_go_on():
            session.say("the run has diverged, and has nowhere to go: go back, and set it there")
            return
        try:
            session.by_hand.set(asked.name, asked.index, asked.value, session.here)
        except InputError as error:
            session.say(str(error))

    def choose(self, place: str, value: object) -> m.OptionsView:
        """Change an option at once, if that can be; in the past, as a branch."""
        try:
            choose(self._session, place, value)
        except InputError as error:
            return options(self._session, str(error))
        with suppress(AbandonedError):
            self._go_on_with_choices()
        return options(self._session)

    def begin_with(self, tables: Tables) -> m.OptionsView:
        """Begin again with some options changed; if that cannot be, all is as it was."""
        try:
            experiment = changed(self._session, tables)
            self.halt()
            with suppress(AbandonedError):
                begin_with(self._session, experiment)
        except InputError as error:
            return options(self._session, str(error))
        return options(self._session)

    def try_out(self, alert: Alert) -> None:
        """Do what an alert says is to be tried, as far as the run has come; if that cannot be, all is as it was."""
        session = self._session
        end, now = session.trainer.furthest, present(session)
        words = told_changes(now, now.changed(alert.changes))

        def go_on() -> None:
            session.say(f"{session.branches.current.name} tries {words}")
            if session.trainer.steps_done < end:
                self._start(m.PACES[-1], end)

        self.halt()
        try:
            attempt(session, alert, go_on)
        except InputError as error:
            session.say(str(error))

    def _go_on_with_choices(self) -> None:
        """What runs in the past when something is chosen there goes on as a branch."""
        pace, stop_at = self.pacing.pace, self.pacing.stop_at
        if pace is not None and self._session.chosen:
            self._go_on(lambda: self._start(pace, stop_at))

    # Other moments and other branches

    def go_to(self, place: m.Destination | m.EndOfEpoch | int) -> None:
        """Be at another moment; one that the run has not come to yet is trained for."""
        session, way = self._session, self._session.way
        if isinstance(place, m.EndOfEpoch):
            place = session.trainer.batches.epochs.end_of(place.epochs)
        origin = way.origin if way and way.origin else session.here
        here = way.end if way else session.here
        moment = moment_at(place, here, session.trainer)
        if session.has_choices and isinstance(place, int) and moment > here:
            steps = place
            self._go_on(lambda: self.go_to(steps))
            return
        self.halt()
        session.way = None
        if way is None and session.by_hand.undo(moment):
            session.say(UNDONE)
        if moment.step < session.trainer.furthest or moment <= origin:
            session.set_out([(moment, nothing)], origin)
        elif self._may_go_on():
            self._start(m.PACES[-1], moment.step + 1)

    def visit(self, number: int) -> None:
        """Go to where a branch ended."""
        branch = self._session.branches.get(number)
        if branch is self._session.branches.current:
            self.go_to(m.Destination.END)
        elif branch is not None and branch.course is not None:
            self.halt()
            go_over(self._session, branch, branch.course)
