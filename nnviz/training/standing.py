"""Standing: what has come of a run at its end, wherever in it somebody is looking."""

from collections.abc import Iterable, Sequence

import msgspec

from nnviz.experiment import Stopping
from nnviz.frame.health_view import Noticed
from nnviz.training.course import Course, Kept
from nnviz.training.engine import EngineState
from nnviz.training.history import Evaluation, History
from nnviz.training.journal import Entry, Journal
from nnviz.training.layer_history import LayerHistory
from nnviz.training.said_classes import SaidClasses
from nnviz.training.stopping import DIVERGED
from nnviz.training.timeline import Position
from nnviz.training.trainer_state import TrainerState, is_finite, network_of


class Standing(msgspec.Struct):
    """All of a run but its engine.

    history     the losses of all steps, and the evaluations
    layers      what each layer did, over all steps
    said        which classes the network says at all
    journal     what came from outside since the beginning
    stopping    the rules that the run stops by, and `stopped_by`, why it stopped; None while it goes on
    last_good   the last network that was found to have finite numbers
    best        the one with the lowest loss of an evaluation, None before the first
    seconds     time spent computing
    owes        whether an evaluation is due, and was not waited for
    alerts      what the rules of health had to say when they were asked on the way, each once
    before_end  of a run that has stopped, what a longer one would go on from: without the evaluation that it ended with
    """

    history: History
    layers: LayerHistory
    said: SaidClasses
    journal: Journal
    stopping: Stopping
    last_good: EngineState
    best: EngineState | None = None
    stopped_by: str | None = None
    seconds: float = 0.0
    owes: bool = False
    alerts: tuple[Noticed, ...] = ()
    before_end: TrainerState | None = None

    def state(self, end: EngineState) -> TrainerState:
        """All that the rest of the run depends on, with the engine's state at its `end`."""
        return TrainerState(
            end,
            {**self.history.numbers(), **self.layers.numbers(), **self.said.numbers()},
            self.history.evaluated,
            len(self.journal.log),
            self.owes,
            self.best,
            self.last_good,
            self.seconds,
        )

    def keep_if_good(self, network: EngineState) -> str | None:
        """Let the network at the end be the last good one, if its numbers are finite; else say why the run stops."""
        if not is_finite(network):
            return DIVERGED
        self.last_good = network
        return None

    def restore(
        self, state: TrainerState, evaluations: Iterable[Evaluation], log: Iterable[Entry], alerts: Iterable[Noticed]
    ) -> None:
        """Of a run that has just begun, be that of one which had this state, these evaluations and this journal.

        Of the alerts, it has those that came up until then.
        """
        self.history = History.of(state.numbers, evaluations)
        self.layers.restore(state.numbers)
        self.said.restore(state.numbers)
        self.journal = self.journal.made_of(log)
        self.stopping = self.journal.rules(self.stopping)
        self.best, self.last_good, self.seconds, self.owes = state.best, state.last_good, state.seconds, state.owes
        self.alerts = alerts_until(state.engine.step, alerts)

    def branch_off(self, network: EngineState, best: EngineState | None, losses: Sequence[float]) -> None:
        """Share the first steps with what was, as many as were done for the `network`, and nothing more.

        `best` is the state with the lowest loss of an evaluation so far, `losses` are as `History.cut` needs them.
        """
        steps = network.step
        self.history, self.journal = self.history.cut(steps, losses), self.journal.cut(steps)
        self.layers, self.alerts = self.layers.cut(steps), alerts_until(steps, self.alerts)
        self.stopped_by = self.before_end = None
        # How long the steps since the last evaluation took is not known.
        self.seconds = self.history.latest.seconds if self.history.latest else 0.0
        self.best, self.last_good, self.owes = best and network_of(best), network, False

    def course(self, end: Position) -> Course:
        """All of it but states, as it is at the end of the run."""
        return Course(
            self.history,
            self.layers,
            self.said,
            self.journal,
            self.stopping,
            self.stopped_by,
            self.seconds,
            self.owes,
            self.alerts,
            end,
            None if self.best is None else self.best.step,
            self.last_good.step,
        )

    @staticmethod
    def of(course: Course, kept: Kept) -> "Standing":
        """That of a run which was set aside, with its states."""
        return Standing(
            course.history,
            course.layers,
            course.said,
            course.journal,
            course.stopping,
            kept.last_good,
            kept.best,
            course.stopped_by,
            course.seconds,
            course.owes,
            course.alerts,
            kept.before_end,
        )

    def kept(self, end: EngineState) -> EngineState:
        """The state that the run is to be remembered by, if it ends at this one.

        The latest one; the best one if patience ended the run; the last one with finite numbers if it diverged.
        """
        if self.stopped_by == DIVERGED or not is_finite(end):
            return self.last_good
        if self.stopped_by == "patience" and self.best is not None:
            return self.best
        return end


def alerts_until(steps: int, alerts: Iterable[Noticed]) -> tuple[Noticed, ...]:
    """Those that had come up when so many training steps were done."""
    return tuple(each for each in alerts if each.asked <= steps)
