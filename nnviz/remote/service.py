"""Service: a trainer that answers requests, and trains in between."""

import time
from collections.abc import Callable

from nnviz.data.reading import Tell, nobody
from nnviz.experiment import Tables
from nnviz.insight.verification import Verification
from nnviz.remote import messages as m
from nnviz.remote.beginnings import begin
from nnviz.remote.blaming import blame
from nnviz.remote.branching import reseed, restart
from nnviz.remote.choosing import options
from nnviz.remote.driver import Driver
from nnviz.remote.frames import Frames
from nnviz.remote.health import health
from nnviz.remote.opened import go_to_opened, keep_watching
from nnviz.remote.recipe import recipe
from nnviz.remote.session import Session
from nnviz.remote.setting_down import conclude, get_ready_to_leave
from nnviz.remote.testing import report
from nnviz.remote.watching import REFUSED, Watched, would_train
from nnviz.runs.claim import is_claimed
from nnviz.runs.ending import Ending
from nnviz.training.interruption import AbandonedError, Interruption
from nnviz.training.trainer_names import names_of

# So long who leaves waits for the scores of what is kept.
LEAVING_SECONDS = 10.0
# Requests that act on the moment that there is, or look into it.
OF_A_MOMENT = (m.Advance, m.Run, m.Pause, m.Change, m.SetWeight, m.Choose, m.Test, m.Examine, m.Blame, m.Verify, m.GoTo)
# Requests for which another run or branch goes on, or none.
FOR_ANOTHER_RUN = (m.Restart, m.Reseed, m.BeginWith, m.Try, m.Visit, m.SetDown, m.Close)
# Requests that leave what is examined or verified, unless it serves them itself.
LEAVING = (m.Advance, m.Run, m.SetWeight, m.GoTo, m.Stay, *FOR_ANOTHER_RUN)


class Service:
    """Owns a session, what drives it, and what is being looked at.

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
        session = self.session = Session(order, beginning, interruption or Interruption(), clock, tell_scores)
        self._driver = Driver(session)
        self._frames = Frames(session, self._driver)
        self._verification: Verification | None = None
        self._ending: Ending | None = None
        if session.opened is not None:
            if is_claimed(session.opened.path):
                session.watched = Watched(session.opened.path, clock)
            go_to_opened(session, session.opened)

    # Between requests

    def waits(self) -> float | None:
        """Seconds until `work` is due: 0 at full speed, None while nothing is to be done."""
        if self.session.way is not None or (self._verification is not None and not self._verification.is_done):
            return 0
        return self._driver.pacing.waits()

    def work(self, called: Callable[[], bool]) -> None:
        """Go on with what goes on, until `called` says that somebody waits for an answer."""
        self.session.follow(called)
        if self._verification is not None:
            self._verification.go_on(called)
        self._driver.work(called)

    def keep_up(self) -> None:
        """Write the run down, if it is time, and all evaluations where nothing goes on."""
        if self.session.way is None:
            self.session.keeper.keep_up()
            if self.waits() is None:
                self.session.keeper.write_metrics()

    # Requests

    def answer(self, request: m.Request) -> m.Answer:
        """Serve one request. What takes long is left if somebody would rather have that, and all is as it was."""
        try:
            return self._serve(request)
        except AbandonedError:
            return self._frames.view()

    def _serve(self, request: m.Request) -> m.Answer:
        """Raises AbandonedError."""
        session, examination = self.session, self._frames.examination
        if examination is not None and examination.serves(request):
            self._verification = None
            return self._frames.view()
        if isinstance(request, LEAVING):
            self._verification = None
            self._frames.stop_examining()
            if examination is not None and isinstance(request, m.Stay):
                return self._frames.view()
        if session.watched is not None and would_train(request, session.trainer):
            session.say(REFUSED)
            return self._frames.view()
        keep_watching(session)
        if isinstance(request, OF_A_MOMENT) and self._is_meant_for_the_end(request):
            session.finish_way()
        elif isinstance(request, FOR_ANOTHER_RUN):
            session.leave_way()
        return self._answer(request)

    def _is_meant_for_the_end(self, request: m.Request) -> bool:
        """Whether a request that comes on a way is one for the moment that is gone to."""
        way = self.session.way
        return way is not None and not (isinstance(request, m.GoTo) and way.origin is not None)

    def _answer(self, request: m.Request) -> m.Answer:
        """Do what is asked at the moment that there is, and say what came of it. Raises AbandonedError."""
        session, driver, frames = self.session, self._driver, self._frames
        match request:
            case m.Close():
                return self.conclude()
            case m.Test():
                return report(session.trainer)
            case m.Health():
                return health(session.trainer, frames.diagnosis())
            case m.Blame():
                return blame(frames.trainer, request)
            case m.Verify(block, chosen):
                driver.halt()
                seed, shown = session.experiment.training.seed, frames.trainer
                self._verification = Verification(shown, names_of(shown), seed, block, chosen)
                return self._verification.view()
            case m.LookAtVerification() if self._verification is not None:
                return self._verification.view()
            case m.ListBranches():
                return m.BranchList(session.branches.views(session.trainer.course()))
            case m.Options():
                return options(session)
            case m.DoAgain():
                return recipe(session)
            case m.Choose(place, value):
                return driver.choose(place, value)
            case m.BeginWith(tables):
                return self._begin_with(tables)
            case m.SetFocus(focus, parts):
                frames.focus = focus
                return frames.view(parts)
            case m.Change(learning_rate, parts):
                driver.change_rate(learning_rate)
                return frames.view(parts)
            case m.Look(parts):
                return frames.view(parts)
        self._move(request)
        return frames.view()

    def _move(self, request: m.Request) -> None:
        """Do what is asked of the session, or of what is looked at, and is answered by a frame of what there is then.

        Raises AbandonedError.
        """
        session, driver, frames = self.session, self._driver, self._frames
        match request:
            case m.Examine():
                driver.halt()
                self._verification = None
                frames.examine(request)
            case m.Advance(goal):
                driver.advance(goal)
            case m.GoTo(place):
                driver.go_to(place)
            case m.Stay():
                session.stay()
            case m.Run(pace):
                driver.run(pace)
            case m.Pause():
                driver.halt()
                self._verification = None
            case m.SetWeight():
                driver.set_weight(request)
            case m.Restart():
                self._begin(restart)
            case m.Reseed():
                self._begin(reseed)
            case m.Try(rule, layer):
                self._try(rule, layer)
            case m.Follow(layer, measure):
                frames.followed = layer, measure
            case m.Visit(number):
                driver.visit(number)
            case m.SetDown():
                driver.halt()
                get_ready_to_leave(session, LEAVING_SECONDS)
            case m.LayOver(number):
                session.branches.lay_over(number)

    def _begin(self, again: Callable[[Session], None]) -> None:
        """Begin at the first step."""
        self._driver.halt()
        again(self.session)
        self._frames.look_again()

    def _begin_with(self, tables: Tables) -> m.OptionsView:
        """Begin again with some options changed, if that can be."""
        left = self.session.branches.current
        answer = self._driver.begin_with(tables)
        if self.session.branches.current is not left:
            self._frames.look_again()
        return answer

    def _try(self, rule: str, layer: str | None) -> None:
        """Do what an alert says is to be tried, if it is still there."""
        alerts = self._frames.diagnosis().alerts
        alert = next((each for each in alerts if (each.rule, each.layer) == (rule, layer)), None)
        if alert is not None and alert.changes:
            self._driver.try_out(alert)
            self._frames.look_again()

    def conclude(self, seconds: float = LEAVING_SECONDS) -> Ending:
        """Keep the run, and score what is kept as far as that takes no longer; there is no going on after that."""
        if self._ending is None:
            self.session.leave_way()
            self._driver.halt()
            self._ending = conclude(self.session, seconds)
        return self._ending
