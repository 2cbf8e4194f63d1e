"""Judge: evaluates a run while it is trained, ends it, and says which of its networks it may be remembered by."""

import math
from collections.abc import Callable
from contextlib import suppress

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.encoder import Encoder
from nnviz.data.split import Split
from nnviz.experiment import Stopping
from nnviz.training.engine import EngineState, StepEngine
from nnviz.training.evaluation import Assessment, assess, predict
from nnviz.training.history import Evaluation, selection_loss
from nnviz.training.interruption import AbandonedError
from nnviz.training.journal import Heard
from nnviz.training.mistakes import mistakes_of
from nnviz.training.standing import Standing
from nnviz.training.stopping import DIVERGED, after_evaluation, after_step
from nnviz.training.update_rule import UpdateRuleState

# Unless the run goes by every epoch's, evaluations are at least this many steps apart, and never more than about this
# many in a run: a data set of four examples would else be evaluated more than trained.
EVALUATION_STEPS = 8
EVALUATIONS = 2000
# How often the parameters are checked and kept as the last good ones, in steps.
GOOD_STEPS = 256


class Judge:
    """Judges the run of an engine, whose `standing` it is given, at the end of training steps.

    To score the network leaves all that the current training step computed as it is.
    """

    def __init__(self, engine: StepEngine, dataset: Dataset, encoder: Encoder) -> None:
        """`encoder` makes examples ready to be judged by."""
        self._engine = engine
        self._replica = engine.network.for_evaluation()
        self._task, self._validation = dataset.task, dataset.validation
        self._encoder = encoder

    def assess(self, split: Split, check: Callable[[], None]) -> Assessment:
        """How good the network as it is now is on a split. `check` is called before each batch, and may raise."""
        return assess(self._replica, self._task, split, self._encoder, check)

    def predict(self, stored: Array) -> Array:
        """What it predicts (n, outputs) for any inputs (n, *input_shape), as datasets store them."""
        return predict(self._replica, stored, self._encoder)

    def judge_step(self, standing: Standing, watch: Callable[[], Callable[[], None]]) -> Evaluation | None:
        """See to what is due after the training step that was finished last; the evaluation, if it was made.

        `watch` gives the check of an evaluation that begins now, and may be left.
        """
        steps, stopping = self._engine.steps_done, standing.stopping
        reason = after_step(stopping, steps, standing.seconds, self._engine.scores.mean)
        if reason == DIVERGED:
            standing.stopped_by = reason
            return None
        is_due = self._is_due(standing, steps)
        is_last = reason is not None or self._ends_with_epoch(stopping, steps)
        if is_last and not is_due:
            standing.before_end = standing.state(self._engine.state())
        if is_last or is_due or steps % GOOD_STEPS == 0:
            reason = standing.keep_if_good(self.network()) or reason
        evaluation = None
        if reason != DIVERGED and (is_last or is_due):
            standing.owes = is_due
            # The step is done whether somebody waits for the evaluation or not.
            with suppress(AbandonedError):
                evaluation = self._evaluate(standing, watch())
                reason = reason or after_evaluation(stopping, evaluation, standing.history.best or evaluation)
        standing.stopped_by = reason
        return evaluation

    def judge_again(self, standing: Standing, known: Evaluation | None) -> None:
        """The same after a training step that is done again, of a run which had that evaluation there, or none."""
        steps = self._engine.steps_done
        if known is not None or steps % GOOD_STEPS == 0:
            standing.keep_if_good(self.network())
        standing.owes = self._is_due(standing, steps)
        self.remember(standing, known)

    def remember(self, standing: Standing, evaluation: Evaluation | None) -> None:
        """Have this evaluation made here, if there is one."""
        if evaluation is not None:
            standing.owes = False
            standing.history.add(evaluation)
            if evaluation is standing.history.best:
                standing.best = self.network()

    def make_up(self, standing: Standing, watch: Callable[[], Callable[[], None]]) -> Evaluation | None:
        """Do what a run still owes that goes on here, by rules which may be others than those that ended it."""
        steps, stopping, latest = self._engine.steps_done, standing.stopping, standing.history.latest
        evaluation, reason = None, after_step(stopping, steps, standing.seconds, 0.0)
        is_last = reason is not None or self._ends_with_epoch(stopping, steps)
        if standing.owes or (is_last and (latest is None or latest.step < steps)):
            if not standing.owes:
                standing.before_end = standing.state(self._engine.state())
            standing.keep_if_good(self.network())
            evaluation = latest = self._evaluate(standing, watch())
        if latest is not None and latest.step == steps:
            reason = reason or after_evaluation(stopping, latest, standing.history.best or latest)
        standing.stopped_by = reason
        return evaluation

    def network(self) -> EngineState:
        """The network as it is now, without what the optimizer remembers."""
        engine = self._engine
        parameters, rule = engine.network.parameters, engine.update_rule
        remembered = UpdateRuleState(rule.learning_rate, {}, rule.schedule.state())
        values, statistics = parameters.values.copy(), parameters.statistics.copy()
        return EngineState(engine.steps_done, 0, values, statistics, remembered, rule.learning_rate)

    def _ends_with_epoch(self, stopping: Stopping, steps: int) -> bool:
        """Whether an epoch ended here, and it was the last one."""
        epochs = self._engine.batches.epochs
        return epochs.are_over(steps) and stopping.epochs is not None and epochs.begun(steps) >= stopping.epochs

    def _is_due(self, standing: Standing, steps: int) -> bool:
        """Whether an epoch ended here that is evaluated even if it is not the last: each is where something goes by
        epochs.
        """
        if not self._engine.batches.epochs.are_over(steps):
            return False
        each_counts = standing.stopping.patience is not None or self._engine.update_rule.schedule.listens
        latest = standing.history.latest.step if standing.history.latest else 0
        return each_counts or steps - latest >= max(EVALUATION_STEPS, steps // EVALUATIONS)

    def _evaluate(self, standing: Standing, check: Callable[[], None]) -> Evaluation:
        steps, history, epochs = self._engine.steps_done, standing.history, self._engine.batches.epochs
        judged = self.assess(self._validation, check) if len(self._validation) else None
        score, mistakes = None, None
        if judged is not None:
            score, mistakes = judged.score, mistakes_of(judged, self._task, self._validation.labels)
        evaluation = history.record_evaluation(steps, epochs.begun(steps), standing.seconds, score, mistakes)
        standing.owes = False
        if epochs.are_over(steps):
            self._tell_schedule(standing, evaluation)
        if evaluation is history.best:
            standing.best = self.network()
        return evaluation

    def _tell_schedule(self, standing: Standing, evaluation: Evaluation) -> None:
        rule, loss = self._engine.update_rule, selection_loss(evaluation)
        if rule.schedule.listens:
            heard = Heard(evaluation.step, loss if math.isfinite(loss) else None, evaluation.epoch)
            heard.apply(rule)
            standing.journal.add(heard)
