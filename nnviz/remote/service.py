"""Service: a trainer that answers requests, and trains in between."""

import time
from collections.abc import Callable
from contextlib import suppress

from msgspec import structs

from nnviz.data.reading import Tell, nobody
from nnviz.errors import InputError
from nnviz.experiment import Tables
from nnviz.frame.focus import Focus
from nnviz.frame.frame import AlertMark, Curves, Frame, FrameUpdate, Parts, State
from nnviz.frame.health_view import Diagnosis
from nnviz.frame.layer_measures import Measure
from nnviz.frame.stages import Phase
from nnviz.insight.experiment_words import told_changes
from nnviz.insight.unit_names import names_of
from nnviz.insight.verification import Verification
from nnviz.remote import messages as m
from nnviz.remote.attempting import attempt
from nnviz.remote.beginnings import begin
from nnviz.remote.blaming import blame
from nnviz.remote.branching import begin_with, branch_off, go_over, reseed, restart
from nnviz.remote.choosing import changed, choose, options, present
from nnviz.remote.destinations import end_of_step, moment_at
from nnviz.remote.examining import Examination
from nnviz.remote.health import health
from nnviz.remote.pacing import Pacing
from nnviz.remote.recipe import recipe
from nnviz.remote.session import Session
from nnviz.remote.setting_down import conclude, get_ready_to_leave
from nnviz.remote.testing import report
from nnviz.remote.watching import REFUSED, Watched, would_train
from nnviz.remote.ways import nothing
from nnviz.runs.claim import is_claimed
from nnviz.runs.ending import Ending
from nnviz.runs.opening import OpenedRun, in_one_line, long_way, renewed
from nnviz.training.curves import followed
from nnviz.training.history import Evaluation
from nnviz.training.interruption import AbandonedError, Interruption
from nnviz.training.stopping import DIVERGED
from nnviz.training.trainer import Trainer

# So long who leaves waits for the scores of what is kept.
LEAVING_SECONDS = 10.0
UNDONE = "weights that were set here are as they were"
# Requests that act on the moment that there is, or look into it.
OF_A_MOMENT = (m.Advance, m.Run, m.Pause, m.Change, m.SetWeight, m.Choose, m.Test, m.Examine, m.Blame, m.Verify, m.GoTo)
# Requests that leave an example that is examined, unless it serves them itself.
LEAVING = (
    m.Advance,
    m.Run,
    m.SetWeight,
    m.GoTo,
    m.Stay,
    m.Restart,
    m.Reseed,
    m.BeginWith,
    m.Try,
    m.Visit,
    m.SetDown,
    m.Close,
)


class Service:
    """Owns a session, how it goes on, and what is being looked at.

    `answer` serves one request. Between requests its owner calls `work` when `waits` says that it is time, and
    `keep_up` after each. `tell` hears how far the opening of the source is, before the first request, and `tell_steps`,
    how many training steps of how many are done again to open a run; what `tell_scores` gives hears how far the scores
    are of what is set down. `interruption` ends whatever evaluation goes on. `clock`, in seconds, is what paces,
    measured rates and checkpoints go by.
    """

    def __init__(
        self,
        order: m.Order,
        tell: Tell = nobody,
        interruption: Interruption | None = None,
        clock: Callable[[], float] = time.perf_counter,
        tell_steps: Tell = nobody,
        tell_scores: Callable[[], Tell] = lambda: nobody,
    ) -> None:
        beginning = begin(order, tell, tell_steps)
        self.session = Session(order, beginning, interruption or Interruption(), clock, tell_scores)
        self._said = beginning.told
        self._pacing = Pacing(clock)
        self._verification: Verification | None = None
        self._focus = Focus(0, self.session.camera.blocks - 1)
        self._ending: Ending | None = None
        # A layer's number, and which.
        self._followed: tuple[int, Measure] | None = None
        self._watched: Watched | None = None
        self._examination: Examination | None = None
        opened = self.session.opened
        if opened is not None:
            if is_claimed(opened.path):
                self._watched = Watched(opened.path, clock)
            self._go_to_opened(opened)

    def _halt(self) -> None:
        self._pacing.halt()
        self._verification = None

    # Training between requests

    def waits(self) -> float | None:
        """Seconds until `work` is due: 0 at full speed, None while nothing is to be done."""
        if self.session.way is not None or (self._verification is not None and not self._verification.is_done):
            return 0
        return self._pacing.waits()

    def work(self, called: Callable[[], bool]) -> None:
        """Train until `called` says that somebody waits for an answer; at a pace, do the one thing that is due."""
        self.session.follow(called)
        if self._verification is not None:
            self._verification.go_on(called)
        pace = self._pacing.pace
        if pace is None:
            return
        if pace.per_second is None:
            self._train_on(called)
        else:
            self._pacing.take_turn(pace.per_second)
            self._go(pace.goal)

    def _train_on(self, called: Callable[[], bool]) -> None:
        pacing, trainer, keeper, clock = self._pacing, self.session.trainer, self.session.keeper, self.session.clock
        step, engine = trainer.step, trainer.engine
        next_stop = self._next_stop()
        while pacing.pace is not None and not called():
            evaluation = step()
            if evaluation or trainer.stopped_by or engine.index + 1 >= next_stop:
                self._settle(evaluation)
                next_stop = self._next_stop()
            if clock() >= keeper.due:
                keeper.keep_up()

    def _next_stop(self) -> int:
        """How many training steps are done when there is something to be seen to."""
        due = min(self.session.timeline.due, self.session.alert_log.due)
        return min(due, self._pacing.stop_at or due)

    def keep_up(self) -> None:
        """Write the run down, if it is time."""
        if self.session.way is None:
            self.session.keeper.keep_up()

    def _go(self, goal: m.Goal) -> None:
        trainer = self.session.trainer
        if goal is m.Goal.STAGE:
            self._settle(trainer.advance())
        elif goal is m.Goal.STEP:
            self._settle(trainer.step())
        else:
            self._settle(trainer.finish_phase(Phase(goal)))

    def _settle(self, evaluation: Evaluation | None) -> None:
        """Keep what a stage or step has brought, and stop where the run is to stop."""
        session = self.session
        if evaluation is not None:
            session.keeper.record(evaluation)
        session.alert_log.look()
        steps = session.trainer.steps_done
        if steps == session.timeline.due:
            session.timeline.keep()
        if session.trainer.has_stopped or steps == self._pacing.stop_at:
            self._halt()

    # Requests

    def answer(self, request: m.Request) -> m.Answer:
        """Serve one request. What takes long is left if somebody would rather have that, and all is as it was."""
        try:
            return self._serve(request)
        except AbandonedError:
            return self._view()

    def _serve(self, request: m.Request) -> m.Answer:
        """Raises AbandonedError."""
        session, examination = self.session, self._examination
        if examination is not None:
            if examination.serves(request):
                self._verification = None
                return examination.view(self._taken())
            if isinstance(request, LEAVING):
                self._stop_examining(examination)
                if isinstance(request, m.Stay):
                    return self._view()
        if self._watched is not None:
            if would_train(request, session.trainer):
                self._said = (REFUSED,)
                return self._view()
            self._keep_watching(self._watched)
        if isinstance(request, OF_A_MOMENT) and self._is_meant_for_the_end(request):
            session.finish_way()
        elif isinstance(request, m.Restart | m.Reseed | m.BeginWith | m.Try | m.Visit | m.SetDown | m.Close):
            session.leave_way()
        match request:
            case m.Close():
                return self.conclude()
            case m.Test():
                return report(session.trainer)
            case m.Health():
                return health(session.trainer, self._diagnosis())
            case m.Blame():
                return blame(self._looked_at, request)
            case m.Verify(block, chosen):
                self._halt()
                seed, shown = session.experiment.training.seed, self._looked_at
                self._verification = Verification(shown, names_of(shown), seed, block, chosen)
                return self._verification.view()
            case m.LookAtVerification() if self._verification is not None:
                return self._verification.view()
            case m.Examine():
                self._halt()
                self._examine(request)
            case m.Advance(goal):
                self._go_on(lambda: self._advance(goal))
            case m.GoTo(place):
                self._go_to(place)
            case m.Stay():
                session.stay()
            case m.Run(pace):
                self._go_on(lambda: self._run(pace))
            case m.Pause():
                self._halt()
            case m.SetFocus(focus, parts):
                self._focus = focus
                return self._view(parts)
            case m.Change(learning_rate, parts):
                self._change_rate(learning_rate)
                return self._view(parts)
            case m.SetWeight():
                self._set_weight(request)
            case m.Look(parts):
                return self._view(parts)
            case m.Restart():
                self._begin(restart)
            case m.Reseed():
                self._begin(reseed)
            case m.Try(rule, layer):
                self._try(rule, layer)
            case m.Follow(layer, measure):
                self._followed = layer, measure
            case m.ListBranches():
                return self._list()
            case m.Options():
                return options(session)
            case m.DoAgain():
                return recipe(session)
            case m.Choose(place, value):
                return self._choose(place, value)
            case m.BeginWith(tables):
                return self._begin_with(tables)
            case m.Visit(number):
                self._visit(number)
            case m.SetDown():
                self._halt()
                get_ready_to_leave(session, LEAVING_SECONDS)
            case m.LayOver(number):
                session.branches.lay_over(number)
        return self._view()

    def _is_meant_for_the_end(self, request: m.Request) -> bool:
        """Whether a request that comes on a way is one for the moment that is gone to."""
        way = self.session.way
        return way is not None and not (isinstance(request, m.GoTo) and way.origin is not None)

    def _view(self, parts: Parts | None = None) -> Frame | FrameUpdate:
        session, pacing = self.session, self._pacing
        pacing.measure(session.trainer.steps_done, session.trainer.batches)
        if self._examination is not None:
            return self._examination.view(self._taken())
        if parts is None or self._state() is not State.RUNNING:
            return self._taken()
        fields = session.camera.update(parts, self._focus, pacing.rates).fields
        if "curves" in fields:
            fields["curves"] = self._completed(fields["curves"])
        if "title" in fields:
            fields["alerts"] = len(self._diagnosis().alerts)
        return FrameUpdate(fields)

    def _taken(self) -> Frame:
        """A whole frame of the training as it is."""
        session, pacing, state = self.session, self._pacing, self._state()
        at_full_speed = state is State.RUNNING and pacing.is_full
        frame = session.camera.take(self._focus, state, pacing.rates, outcome=not at_full_speed)
        goal = session.way.steps if session.way else None
        said, self._said = "; ".join(self._said) or None, ()
        alerts, curves = len(self._diagnosis().alerts), self._completed(frame.curves)
        return structs.replace(frame, goal=goal, said=said, curves=curves, alerts=alerts)

    @property
    def _looked_at(self) -> Trainer:
        """Whose stages are on screen: the examiner's, while an example is examined."""
        return self.session.trainer if self._examination is None else self._examination.trainer

    def _examine(self, asked: m.Examine) -> None:
        """Look at examples that were never trained on, from now on."""
        if self._examination is not None:
            self._stop_examining(self._examination)
        self._examination = Examination(self.session.trainer, self.session.camera, asked, self._focus)

    def _stop_examining(self, examination: Examination) -> None:
        """Look at the training again."""
        examination.close()
        self._examination = self._verification = None

    def _diagnosis(self) -> Diagnosis:
        """What the rules of health say; while training runs, they are not asked for every frame."""
        rules = self.session.training.rules
        return rules.lately() if self._state() is State.RUNNING else rules.diagnosis()

    def _completed(self, curves: Curves) -> Curves:
        """The curves with those of other branches, with the alerts, and with the number of a layer that is followed."""
        branches, layers = self.session.branches, self.session.trainer.layers
        return structs.replace(
            curves,
            branch=branches.name(),
            others=branches.others(),
            marks=tuple(AlertMark(alert.step, alert.rule, alert.layer) for alert in self._diagnosis().alerts),
            followed=followed(layers, *self._followed) if self._followed in layers.cells else None,
        )

    def _state(self) -> State:
        trainer = self.session.trainer
        if self.session.way is not None:
            return State.REPLAYING
        if self._watched is not None:
            return State.WATCHING
        if trainer.has_stopped and trainer.stopped_by == DIVERGED:
            return State.DIVERGED
        if self._pacing.pace is not None:
            return State.RUNNING
        if trainer.has_stopped:
            return State.FINISHED
        return State.PAUSED if trainer.furthest or trainer.engine.done else State.READY

    # Going on

    def _go_on(self, on: Callable[[], None]) -> None:
        """Go on from here: as the run did, or, where something else was chosen or set, as a branch."""
        session = self.session
        weights, chosen = session.by_hand.forget(), session.forget_choices()

        def go_on_with_weights() -> None:
            for weight in weights:
                session.by_hand.set(weight.name, weight.index, weight.value, session.here)
            on()

        if chosen or weights:
            self._halt()
            branch_off(session, chosen, go_on_with_weights)
        else:
            on()

    def _may_go_on(self) -> bool:
        """Asking a finished run to go on lifts the rule that finished it; a diverged one has nowhere to go."""
        trainer = self.session.trainer
        if trainer.has_stopped:
            trainer.carry_on()
        return trainer.is_back or trainer.stopped_by != DIVERGED

    def _advance(self, goal: m.Goal) -> None:
        self._halt()
        if not self._may_go_on():
            return
        if goal is m.Goal.EPOCH:
            epochs, steps = self.session.trainer.batches.epochs, self.session.trainer.steps_done
            self._start(m.PACES[-1], epochs.end_of(epochs.at(steps).epoch + 1))
        else:
            self._go(goal)

    def _run(self, pace: m.Pace) -> None:
        stop_at = self._pacing.stop_at
        self._halt()
        if self._may_go_on():
            self._start(pace, stop_at)

    def _start(self, pace: m.Pace, stop_at: int | None) -> None:
        self._pacing.start(pace, stop_at, self.session.trainer.steps_done)

    def _change_rate(self, learning_rate: float) -> None:
        """Train with this rate from here on; in the past, that begins a branch once somebody goes on."""
        if self.session.trainer.is_back:
            self.session.choose("learning_rate", learning_rate)
            self._go_on_with_choices()
        else:
            self.session.trainer.change_rate(learning_rate)

    def _set_weight(self, asked: m.SetWeight) -> None:
        """Have a weight be another one from the beginning of this training step on; in the past, as a branch."""
        if self._pacing.pace is not None:
            self._said = ("a weight is set while training rests: pause first",)
            return
        self._halt()
        if not self._may_go_on():
            self._said = ("the run has diverged, and has nowhere to go: go back, and set it there",)
            return
        try:
            self.session.by_hand.set(asked.name, asked.index, asked.value, self.session.here)
        except InputError as error:
            self._said = (str(error),)

    def _choose(self, place: str, value: object) -> m.OptionsView:
        """Change an option at once, if that can be; in the past, as a branch."""
        try:
            choose(self.session, place, value)
        except InputError as error:
            return options(self.session, str(error))
        with suppress(AbandonedError):
            self._go_on_with_choices()
        return options(self.session)

    def _begin_with(self, tables: Tables) -> m.OptionsView:
        """Begin again with some options changed; if that cannot be, all is as it was."""
        try:
            experiment = changed(self.session, tables)
            with suppress(AbandonedError):
                self._begin(lambda session: begin_with(session, experiment))
        except InputError as error:
            return options(self.session, str(error))
        return options(self.session)

    def _go_on_with_choices(self) -> None:
        """What runs in the past when something is chosen there goes on as a branch."""
        pace, stop_at = self._pacing.pace, self._pacing.stop_at
        if pace is not None and self.session.chosen:
            self._go_on(lambda: self._start(pace, stop_at))

    # Other moments and other branches

    def _go_to(self, place: m.Destination | m.EndOfEpoch | int) -> None:
        session, way = self.session, self.session.way
        if isinstance(place, m.EndOfEpoch):
            place = session.trainer.batches.epochs.end_of(place.epochs)
        origin = way.origin if way and way.origin else session.here
        here = way.end if way else session.here
        moment = moment_at(place, here, session.trainer)
        if session.has_choices and isinstance(place, int) and moment > here:
            steps = place
            self._go_on(lambda: self._go_to(steps))
            return
        self._halt()
        session.way = None
        if way is None and session.by_hand.undo(moment):
            self._said = (*self._said, UNDONE)
        if moment.step < session.trainer.furthest or moment <= origin:
            session.set_out([(moment, nothing)], origin)
        elif self._may_go_on():
            self._start(m.PACES[-1], moment.step + 1)

    def _begin(self, again: Callable[[Session], None]) -> None:
        """Begin at the first step, and look at what was looked at."""
        self._halt()
        again(self.session)
        self._focus = Focus(0, self.session.camera.blocks - 1, self._focus.quantity)

    def _try(self, rule: str, layer: str | None) -> None:
        """Do what an alert says is to be tried, as far as the run has come; if that cannot be, all is as it was."""
        session, alerts = self.session, self._diagnosis().alerts
        alert = next((each for each in alerts if (each.rule, each.layer) == (rule, layer)), None)
        if alert is None or not alert.changes:
            return
        end, now = session.trainer.furthest, present(session)
        words = told_changes(now, now.changed(alert.changes))

        def go_on() -> None:
            self._said = (f"{session.branches.current.name} tries {words}",)
            if session.trainer.steps_done < end:
                self._start(m.PACES[-1], end)

        self._halt()
        try:
            attempt(session, alert, go_on)
        except InputError as error:
            self._said = (str(error),)
        self._focus = Focus(0, session.camera.blocks - 1, self._focus.quantity)

    def _list(self) -> m.BranchList:
        branches, now = self.session.branches, self.session.trainer.course()
        current, chosen = branches.current, branches.chosen
        views = [one.view(one.course or now, one is current, one.number == chosen) for one in branches]
        return m.BranchList(tuple(views))

    def _visit(self, number: int) -> None:
        """Go to where a branch ended."""
        branch = self.session.branches.get(number)
        if branch is self.session.branches.current:
            self._go_to(m.Destination.END)
        elif branch is not None and branch.course is not None:
            self._halt()
            go_over(self.session, branch, branch.course)

    # A run that was opened

    def _go_to_opened(self, opened: OpenedRun) -> None:
        """Be at the place of a run that was opened where somebody wants to be, or at its end."""
        session, here = self.session, self.session.here
        trainer = session.trainer
        moment = end_of_step(trainer.furthest if opened.place is None else opened.place, trainer)
        words = long_way(session.timeline.steps_to(moment), trainer.seconds / max(trainer.furthest, 1))
        if self._watched is not None and opened.place is None:
            self._look_ahead()
        elif words is not None and opened.place is None:
            self._said = (*self._said, f"this is the end of the run; to see what its last step computed, {words}")
        elif here != moment:
            self._said = (*self._said, *([f"{words}; escape stays at the end of the run"] if words else []))
            session.set_out([(moment, nothing)], here)

    def _look_ahead(self) -> None:
        """Have something to look at where a run is watched: its next training step, as far as the update."""
        self.session.trainer.finish_phase(Phase.BACKWARD)

    def _keep_watching(self, watched: Watched) -> None:
        """Be where the run is that is watched, if it went on; who looks back is not disturbed."""
        session = self.session
        if session.way is not None or session.trainer.is_back or session.opened is None or not watched.has_news():
            return
        opened = session.opened = renewed(session.opened)
        branch = session.branches.current
        branch.written = opened.steps
        branch.directory.begin_with(opened.metrics)
        session.timeline.keep_stored(opened.stored)
        session.take_up(branch)
        if not watched.is_over:
            self._look_ahead()
            return
        self._watched = None
        self._said = (
            in_one_line(opened.path),
            "it is open here now, and what is trained from here on is a run of its own",
        )
        self._go_to_opened(opened)

    def conclude(self, seconds: float = LEAVING_SECONDS) -> Ending:
        """Keep the run, and score what is kept as far as that takes no longer; there is no going on after that."""
        if self._ending is None:
            self.session.leave_way()
            self._halt()
            self._ending = conclude(self.session, seconds)
        return self._ending
