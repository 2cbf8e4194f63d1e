"""Service: a trainer that answers requests, and trains in between."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from msgspec import structs

from nnviz.data.dataset import Dataset
from nnviz.data.reading import Reading, Tell, nobody
from nnviz.errors import InputError
from nnviz.experiment import SEEDS, Experiment
from nnviz.frame.branch_views import Origin
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Curves, Frame, FrameUpdate, Parts, Rates, State
from nnviz.frame.health_view import Diagnosis
from nnviz.frame.stages import Phase
from nnviz.insight.health.alert_log import account_of
from nnviz.insight.health.rules import RuleRunner
from nnviz.remote import messages as m
from nnviz.remote.beginnings import begin, next_directory
from nnviz.remote.blaming import blame, names_of
from nnviz.remote.branches import Branch, Branches
from nnviz.remote.destinations import end_of_step, moment_at
from nnviz.remote.examining import Examination
from nnviz.remote.health import health
from nnviz.remote.testing import report
from nnviz.remote.verification import Verification
from nnviz.remote.watching import REFUSED, Watched, would_train
from nnviz.remote.ways import Stop, Way, nothing
from nnviz.runs.claim import is_claimed
from nnviz.runs.directory import RunDirectory
from nnviz.runs.ending import Ending
from nnviz.runs.keeper import Keeper
from nnviz.runs.opening import FIRST, OpenedRun, in_one_line, long_way, renewed
from nnviz.runs.result import PartedFrom, written
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.camera import Camera
from nnviz.training.course import Course, Kept
from nnviz.training.engine import EngineState
from nnviz.training.history import Evaluation
from nnviz.training.interruption import AbandonedError, Interruption
from nnviz.training.stopping import BY_PERSON, DIVERGED
from nnviz.training.timeline import Keyframes, Position, Timeline
from nnviz.training.trainer import Trainer
from nnviz.training.trainer_state import network_of

RATE_SECONDS = 0.5
# What takes no longer than this needs no words.
SILENT_SECONDS = 0.25
# So long somebody waits for the scores of what is kept: who leaves, and who begins again.
LEAVING_SECONDS, RESTART_SECONDS = 10.0, 3.0
# Requests that act on the moment that there is, or look into it.
OF_A_MOMENT = (m.Advance, m.Run, m.Change, m.Test, m.Examine, m.Blame, m.Verify, m.GoTo)
# Requests that leave an example that is examined, unless it serves them itself.
LEAVING = (m.Advance, m.Run, m.GoTo, m.Stay, m.Restart, m.Reseed, m.Visit, m.Close)


class _Training(NamedTuple):
    """What belongs to one seed: branches that begin with the same weights share it."""

    experiment: Experiment
    dataset: Dataset
    trainer: Trainer
    camera: Camera
    timeline: Timeline


class Service:
    """Owns the trainer, the run directory and what is being looked at.

    `answer` serves one request. Between requests its owner calls `work` when `waits` says that it is time, and
    `keep_up` after each. `tell` hears how far the opening of the source is, before the first request, and `tell_steps`,
    how many training steps of how many are done again to open a run. `interruption` ends whatever evaluation goes on.
    `clock`, in seconds, is what paces, measured rates and checkpoints go by.
    """

    def __init__(
        self,
        order: m.Order,
        tell: Tell = nobody,
        interruption: Interruption | None = None,
        clock: Callable[[], float] = time.perf_counter,
        tell_steps: Tell = nobody,
    ) -> None:
        self._order = order
        self._interruption, self._clock = interruption or Interruption(), clock
        beginning = begin(order, tell, tell_steps)
        self._opened, self._said = beginning.opened, beginning.told
        trainer, stored = beginning.trainer, self._opened.stored if self._opened else None
        self._train(
            self._equipped(beginning.experiment, trainer, Timeline(trainer.engine, trainer.first, stored=stored))
        )
        first = Branch(FIRST, beginning.experiment, beginning.directory, trainer.first.learning_rate)
        first.written = trainer.furthest
        self._branches = Branches(first)
        self._take_up(self._branches.current)
        self._focus = Focus(0, self._camera.blocks - 1)
        # A learning rate that was chosen in the past: going on with it begins a branch.
        self._chosen_rate: float | None = None
        self._ending: Ending | None = None
        if beginning.evaluation is not None:
            self._keeper.record(beginning.evaluation)
        self._watched: Watched | None = None
        self._examination: Examination | None = None
        if self._opened is not None:
            if is_claimed(self._opened.path):
                self._watched = Watched(self._opened.path, self._clock)
            self._go_to_opened(self._opened)

    def _assembled(self, experiment: Experiment, dataset: Dataset, shared: Keyframes) -> _Training:
        trainer = assemble(experiment, dataset)
        return self._equipped(experiment, trainer, Timeline(trainer.engine, trainer.first, shared=shared))

    def _equipped(self, experiment: Experiment, trainer: Trainer, timeline: Timeline) -> _Training:
        trainer.interruption = self._interruption
        return _Training(experiment, trainer.dataset, trainer, Camera(trainer), timeline)

    def _train(self, training: _Training) -> None:
        """Let this be what is trained and looked at."""
        self._experiment, self._dataset, self._trainer, self._camera, self._timeline = training
        self._rules_of_health = RuleRunner(self._trainer)

    @property
    def _training(self) -> _Training:
        return _Training(self._experiment, self._dataset, self._trainer, self._camera, self._timeline)

    def _take_up(self, branch: Branch) -> None:
        """Let this branch be the one that goes on."""
        self._branches.go_on_with(branch)
        branch.course = None
        self._timeline.follow(branch.line, self._trainer.furthest)
        self._keeper = Keeper(
            self._trainer, branch.directory, lambda _: None, self._clock, self._order.checkpoints, branch.written
        )
        self._halt()

    def _take_up_again(self, branch: Branch) -> None:
        """The same with one that was left: in its own directory, unless somebody else has made something of that."""
        try:
            branch.directory.take_back()
        except InputError:
            branch.directory, branch.written = self._new_directory(), 0
            self._take_up(branch)
            for evaluation in self._trainer.history.evaluations:
                self._keeper.record(evaluation)
        else:
            self._take_up(branch)

    def _halt(self) -> None:
        self._pace: m.Pace | None = None
        self._way: Way | None = None
        self._due = self._measured_at = 0.0
        self._measured_step = 0
        self._stop_at: int | None = None
        self._rates = Rates()
        self._verification: Verification | None = None

    # Training between requests

    def waits(self) -> float | None:
        """Seconds until `work` is due: 0 at full speed, None while nothing is to be done."""
        if self._way is not None or (self._verification is not None and not self._verification.is_done):
            return 0
        if self._pace is None:
            return None
        return max(0.0, self._due - self._clock())

    def work(self, called: Callable[[], bool]) -> None:
        """Train until `called` says that somebody waits for an answer; at a pace, do the one thing that is due."""
        if self._way is not None:
            self._follow(self._way, called)
        if self._verification is not None:
            self._verification.go_on(called)
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
        if self._way is None:
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
        examination = self._examination
        if examination is not None:
            if examination.serves(request):
                self._verification = None
                return examination.view(self._taken())
            if isinstance(request, LEAVING):
                self._stop_examining(examination)
                if isinstance(request, m.Stay):
                    return self._view()
        if self._watched is not None:
            if would_train(request, self._trainer):
                self._said = (REFUSED,)
                return self._view()
            self._keep_watching(self._watched)
        if isinstance(request, OF_A_MOMENT) and self._is_meant_for_the_end(request):
            self._finish_way()
        elif isinstance(request, m.Restart | m.Reseed | m.Visit | m.Close):
            self._leave_way()
        match request:
            case m.Close():
                return self.conclude()
            case m.Test():
                # Who would rather leave does not wait for it.
                with suppress(AbandonedError):
                    return report(self._trainer)
            case m.Health():
                return health(self._trainer, self._diagnosis())
            case m.Blame():
                return blame(self._looked_at, request)
            case m.Verify(block, chosen):
                self._halt()
                seed = self._experiment.training.seed
                self._verification = Verification(self._looked_at, names_of(self._looked_at), seed, block, chosen)
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
                self._stay()
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
            case m.Look(parts):
                return self._view(parts)
            case m.Restart():
                self._restart()
            case m.Reseed():
                self._reseed()
            case m.ListBranches():
                return self._list()
            case m.Visit(number):
                self._visit(number)
            case m.LayOver(number):
                self._branches.lay_over(number)
        return self._view()

    def _is_meant_for_the_end(self, request: m.Request) -> bool:
        """Whether a request that comes on a way is one for the moment that is gone to."""
        return self._way is not None and not (isinstance(request, m.GoTo) and self._way.origin is not None)

    def _view(self, parts: Parts | None = None) -> Frame | FrameUpdate:
        self._measure()
        if self._examination is not None:
            return self._examination.view(self._taken())
        state = self._state()
        if parts is None or state is not State.RUNNING:
            return self._taken()
        fields = self._camera.update(parts, self._focus, self._rates).fields
        if "curves" in fields:
            fields["curves"] = self._among_others(fields["curves"])
        if "title" in fields:
            fields["alerts"] = len(self._diagnosis().alerts)
        return FrameUpdate(fields)

    def _taken(self) -> Frame:
        """A whole frame of the training as it is."""
        state = self._state()
        at_full_speed = state is State.RUNNING and self._pace is not None and self._pace.per_second is None
        frame = self._camera.take(self._focus, state, self._rates, outcome=not at_full_speed)
        goal = self._way.steps if self._way else None
        said, self._said = "; ".join(self._said) or None, ()
        alerts, curves = len(self._diagnosis().alerts), self._among_others(frame.curves)
        return structs.replace(frame, goal=goal, said=said, curves=curves, alerts=alerts)

    @property
    def _looked_at(self) -> Trainer:
        """Whose stages are on screen: the examiner's, while an example is examined."""
        return self._trainer if self._examination is None else self._examination.trainer

    def _examine(self, asked: m.Examine) -> None:
        """Look at examples that were never trained on, from now on."""
        if self._examination is not None:
            self._stop_examining(self._examination)
        self._examination = Examination(self._trainer, self._camera, asked, self._focus)

    def _stop_examining(self, examination: Examination) -> None:
        """Look at the training again."""
        examination.close()
        self._examination = self._verification = None

    def _diagnosis(self) -> Diagnosis:
        """What the rules of health say; while training runs, they are not asked for every frame."""
        is_running = self._state() is State.RUNNING
        return self._rules_of_health.lately() if is_running else self._rules_of_health.diagnosis()

    def _among_others(self, curves: Curves) -> Curves:
        return structs.replace(curves, branch=self._branches.name(), others=self._branches.others())

    def _state(self) -> State:
        trainer = self._trainer
        if self._way is not None:
            return State.REPLAYING
        if self._watched is not None:
            return State.WATCHING
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
            self._start(m.PACES[-1], (self._trainer.steps_done // per_epoch + 1) * per_epoch)
        else:
            self._go(goal)

    # Other moments of the run

    @property
    def _here(self) -> Position:
        return Position(self._trainer.engine.index, self._trainer.engine.done)

    def _go_to(self, place: m.Destination | int) -> None:
        here = self._here
        origin = self._way.origin if self._way and self._way.origin else here
        if self._way is not None:
            here = self._way.end
        moment = moment_at(place, here, self._trainer)
        if self._chosen_rate is not None and isinstance(place, int) and moment > here:
            self._go_on(lambda: self._go_to(place))
            return
        self._halt()
        if moment.step < self._trainer.furthest or moment <= origin:
            self._set_out([(moment, nothing)], origin)
        elif self._may_go_on():
            self._start(m.PACES[-1], moment.step + 1)

    def _go_to_opened(self, opened: OpenedRun) -> None:
        """Be at the place of a run that was opened where somebody wants to be, or at its end."""
        trainer, here = self._trainer, self._here
        moment = end_of_step(trainer.furthest if opened.place is None else opened.place, trainer)
        words = long_way(self._timeline.steps_to(moment), trainer.seconds / max(trainer.furthest, 1))
        if self._watched is not None and opened.place is None:
            self._look_ahead()
        elif words is not None and opened.place is None:
            self._said = (*self._said, f"this is the end of the run; to see what its last step computed, {words}")
        elif here != moment:
            self._said = (*self._said, *([f"{words}; escape stays at the end of the run"] if words else []))
            self._set_out([(moment, nothing)], here)

    def _look_ahead(self) -> None:
        """Have something to look at where a run is watched: its next training step, as far as the update."""
        self._trainer.finish_phase(Phase.BACKWARD)

    def _keep_watching(self, watched: Watched) -> None:
        """Be where the run is that is watched, if it went on; who looks back is not disturbed."""
        if self._way is not None or self._trainer.is_back or self._opened is None or not watched.has_news():
            return
        opened = self._opened = renewed(self._opened)
        branch = self._branches.current
        branch.written = opened.steps
        branch.directory.begin_with(opened.metrics)
        self._timeline.keep_stored(opened.stored)
        self._take_up(branch)
        if not watched.is_over:
            self._look_ahead()
            return
        self._watched = None
        self._said = (
            in_one_line(opened.path),
            "it is open here now, and what is trained from here on is a run of its own",
        )
        self._go_to_opened(opened)

    def _stay(self) -> None:
        way = self._way
        if way is not None:
            self._leave_way()
            if way.origin is not None:
                self._set_out([(way.origin, nothing)], way.origin)

    def _leave_way(self) -> None:
        """Have the run as it was, wherever on the way its engine is."""
        way = self._way
        if way is not None:
            self._halt()
            way.give_up()

    def _set_out(
        self,
        stops: Iterable[Stop],
        origin: Position | None,
        arrive: Callable[[], None] = nothing,
        give_up: Callable[[], None] = nothing,
    ) -> None:
        """Go to moments that a run has had: at once, or, where it takes longer, in the background."""
        self._forget_choice()
        end = self._clock() + SILENT_SECONDS
        self._way = Way(self._trainer, self._timeline, stops, origin, arrive, give_up)
        self._follow(self._way, lambda: self._clock() >= end)

    def _follow(self, way: Way, called: Callable[[], bool]) -> None:
        """Go on with a way, until `called` says that somebody waits."""

        def check() -> None:
            if called():
                raise AbandonedError

        with suppress(AbandonedError):
            way.go(check)
            self._way = None
            way.arrive()

    def _finish_way(self) -> None:
        """Be where the way leads to, unless somebody wants out."""
        way = self._way
        if way is not None:
            try:
                way.go(self._interruption.watch())
            except AbandonedError:
                self._leave_way()
            else:
                self._halt()
                way.arrive()

    # Branches

    def _change_rate(self, learning_rate: float) -> None:
        """Train with this rate from here on; in the past, that begins a branch once somebody goes on."""
        if not self._trainer.is_back:
            self._trainer.change_rate(learning_rate)
            return
        self._chosen_rate = self._trainer.update_rule.learning_rate = learning_rate
        if self._pace is not None:
            pace, stop_at = self._pace, self._stop_at
            self._go_on(lambda: self._start(pace, stop_at))

    def _forget_choice(self) -> None:
        """Have the rate that the run has here."""
        if self._chosen_rate is not None:
            self._chosen_rate = None
            self._trainer.update_rule.learning_rate = self._trainer.journal.rate_at(self._next_proposal())

    def _go_on(self, on: Callable[[], None]) -> None:
        """Go on from here: as the run did, or, with another rate, as a branch."""
        rate = self._chosen_rate
        self._forget_choice()
        if rate is None or rate == self._trainer.update_rule.learning_rate:
            on()
        else:
            self._branch_off(rate, on)

    def _next_proposal(self) -> int:
        """The training step whose update will be the first that is proposed."""
        engine = self._trainer.engine
        return engine.index + (engine.done >= len(engine.stages) - 1)

    def _branch_off(self, rate: float, on: Callable[[], None]) -> None:
        """Keep the run as it was, and go on from this moment with another rate, in a branch of its own."""
        trainer, parent, here = self._trainer, self._branches.current, self._here
        shared, at = trainer.steps_done, self._next_proposal()
        before = trainer.journal.rate_at(at)
        self._set_down(RESTART_SECONDS)
        losses: list[float] = []
        best: list[EngineState] = []
        stops: list[Stop] = [(end_of_step(done, trainer), self._noting(losses)) for done in self._unknown(shared)]
        found = next((one.step for one in reversed(trainer.history.bests) if one.step <= shared), None)
        if found is not None:
            stops.append((end_of_step(found, trainer), lambda: best.append(trainer.engine.state())))

        def arrive() -> None:
            course = trainer.course()
            directory = self._new_directory()
            self._leave(parent, course)
            trainer.branch_off(best[0] if best else None, losses)
            number = self._branches.next_number
            branch = Branch(number, self._experiment, directory, before, Origin.RATE, parent, shared, at)
            self._take_up(branch)
            for evaluation in trainer.history.evaluations:
                self._keeper.record(evaluation)
            trainer.change_rate(rate)
            on()

        self._set_out([*stops, (here, nothing)], None, arrive, lambda: self._set_out([(here, nothing)], here))

    def _noting(self, losses: list[float]) -> Callable[[], None]:
        return lambda: losses.append(self._trainer.engine.scores.mean)

    def _unknown(self, steps: int) -> range:
        """How many steps are done at the ends of those before `steps` whose own losses a branch has to know.

        They are those since the last evaluation, and since the last bin of the curve was full; the last one at least.
        """
        history = self._trainer.history
        judged = max((one.step for one in history.evaluations if one.step <= steps), default=0)
        full = steps // history.training.stride * history.training.stride
        return range(min(judged, full, max(steps - 1, 0)) + 1, steps + 1)

    def _list(self) -> m.BranchList:
        now, branches = self._trainer.course(), self._branches
        current, chosen = branches.current, branches.chosen
        views = [one.view(one.course or now, one is current, one.number == chosen) for one in branches]
        return m.BranchList(tuple(views))

    def _visit(self, number: int) -> None:
        """Go to where a branch ended."""
        branch = self._branches.get(number)
        if branch is self._branches.current:
            self._go_to(m.Destination.END)
        elif branch is not None and branch.course is not None:
            self._go_over(branch, branch.course)

    def _go_over(self, branch: Branch, course: Course) -> None:
        """Leave the branch that goes on for another one."""
        left, training, origin = self._branches.current, self._training, self._here
        self._set_down(RESTART_SECONDS)
        own, states = self._trainer.course(), self._trainer.kept_states()
        left.course = own
        self._timeline.remember(states.end)
        if branch.experiment != self._experiment:
            dataset = open_dataset(branch.experiment, Reading(self._order.cached))
            self._train(self._assembled(branch.experiment, dataset, training.timeline.keyframes))
        trainer = self._trainer
        trainer.follow(course, Kept(trainer.first, None, trainer.first))
        self._timeline.follow(branch.line, course.history.training.steps)
        self._timeline.lose_place()
        found: dict[int, EngineState] = {}

        def note() -> None:
            found[trainer.steps_done] = network_of(trainer.engine.state())

        def arrive() -> None:
            best = None if course.best is None else found[course.best]
            trainer.follow(course, Kept(trainer.engine.state(), best, found[course.last_good]))
            trainer.go_to(course.end, self._timeline)
            self._leave(left, own)
            if trainer is not training.trainer:
                training.trainer.close()
            self._take_up_again(branch)

        def give_up() -> None:
            if trainer is not training.trainer:
                trainer.close()
            self._train(training)
            self._trainer.follow(own, states)
            self._timeline.follow(left.line, self._trainer.furthest)
            self._timeline.lose_place()
            left.course = None
            self._set_out([(origin, nothing)], origin)

        marks = {course.best, course.last_good} - {None}
        stops: list[Stop] = [(end_of_step(mark, trainer), note) for mark in marks if mark is not None]
        self._set_out([*stops, (course.end, nothing)], None, arrive, give_up)

    def _leave(self, branch: Branch, course: Course) -> Branch | None:
        """Set a branch aside. If nothing came of it, it is forgotten, and what it parted from is returned."""
        branch.directory.release()
        if course.history.training.steps:
            branch.course = course
            return branch
        self._branches.drop(branch)
        return branch.parent

    def _set_down(self, seconds: float) -> None:
        """Write down the branch that goes on, if it has come further than when that was done last."""
        self._halt()
        trainer, branch = self._trainer, self._branches.current
        if trainer.furthest == branch.written:
            return
        course, states = trainer.course(), trainer.kept_states()
        trainer.interrupt(BY_PERSON)
        ending = self._keeper.set_down(self._interruption.watch(seconds), **self._changes())
        # What came out is in its directory; of a thousand branches it would fill the memory.
        branch.ending = structs.replace(ending, result=None)
        branch.written = trainer.furthest
        # To score what is kept, the network was put into that state.
        trainer.follow(course, states)
        self._timeline.lose_place()

    def _run(self, pace: m.Pace) -> None:
        stop_at = self._stop_at
        self._halt()
        if self._may_go_on():
            self._start(pace, stop_at)

    def _start(self, pace: m.Pace, stop_at: int | None) -> None:
        self._pace, self._stop_at = pace, stop_at
        self._due = self._measured_at = self._clock()
        self._measured_step = self._trainer.steps_done

    def _restart(self) -> None:
        trainer = self._trainer
        rate = trainer.update_rule.learning_rate
        self._set_down(RESTART_SECONDS)
        parent = self._leave(self._branches.current, trainer.course())
        trainer.restart()
        self._begin(parent, Origin.RESTART, rate)

    def _reseed(self) -> None:
        rate = self._trainer.update_rule.learning_rate
        self._set_down(RESTART_SECONDS)
        parent = self._leave(self._branches.current, self._trainer.course())
        seeds = [self._experiment.training.seed, *(one.experiment.training.seed for one in self._branches)]
        experiment = self._experiment.with_seed((max(seeds) + 1) % SEEDS)
        keyframes = self._timeline.keyframes
        self._trainer.close()
        # Two of them need not be in memory at a time.
        del self._camera, self._trainer, self._timeline, self._keeper
        # The seed splits the examples too; the new run's experiment has to be all that it takes to do it again.
        dataset = open_dataset(experiment, Reading(self._order.cached))
        self._train(self._assembled(experiment, dataset, keyframes))
        self._begin(parent, Origin.RESEED, rate)

    def _begin(self, parent: Branch | None, origin: Origin, rate: float) -> None:
        """Begin a branch at the first step."""
        trainer = self._trainer
        before = trainer.update_rule.learning_rate
        number = self._branches.next_number
        origin = origin if parent is not None else Origin.FIRST
        self._take_up(Branch(number, self._experiment, self._new_directory(), before, origin, parent))
        self._focus = Focus(0, self._camera.blocks - 1, self._focus.quantity)
        # The experiment is what was asked for; a rate that was changed since is kept, and written down as a change.
        trainer.change_rate(rate)

    def _new_directory(self) -> RunDirectory:
        """For the branch that begins here. Raises InputError."""
        return next_directory(self._order, self._experiment)

    def conclude(self, seconds: float = LEAVING_SECONDS) -> Ending:
        """Keep the run, and score what is kept as far as that takes no longer; there is no going on after that."""
        if self._ending is None:
            self._leave_way()
            self._halt()
            self._ending = structs.replace(self._conclude(seconds), earlier=self._earlier())
            self._trainer.close()
            self._timeline.close()
        return self._ending

    def _conclude(self, seconds: float) -> Ending:
        branch = self._branches.current
        if self._trainer.furthest and self._trainer.furthest == branch.written:
            # It was gone back to, and is as it was.
            result = written(branch.directory.path)
            if result is None and self._opened is not None and branch.number == FIRST:
                branch.directory.release()
                return Ending(looked_at=str(self._opened.path))
            if result is not None:
                branch.directory.release()
                return structs.replace(branch.ending, result=result)
        self._trainer.interrupt(BY_PERSON)
        more = {**self._changes(), "health": account_of(self._rules_of_health.diagnosis())}
        return self._keeper.conclude(self._interruption.watch(seconds), **more)

    def _earlier(self) -> tuple[Ending, ...]:
        """Where the other branches are kept. What came out of each is in its directory."""
        others = [branch for branch in self._branches if branch is not self._branches.current]
        for branch in others:
            branch.directory.release()
        return tuple(branch.ending for branch in others)

    def _changes(self) -> dict[str, object]:
        """What is to be written down of the branch that its own training does not know: what it parted from."""
        branch, opened = self._branches.current, self._opened
        if branch.parent is None:
            return {}
        run = branch.parent.directory.path
        if opened is not None and branch.parent.number == FIRST and branch.start <= opened.steps:
            run = opened.path.resolve()
        return {"parted_from": PartedFrom(str(run), branch.start)}
