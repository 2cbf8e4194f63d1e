"""Trainer: what a run goes by beside its training steps: when it is evaluated, when it stops, what of it is kept."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import numpy as np

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.encoder import Encoder
from nnviz.data.split import Split
from nnviz.errors import InputError
from nnviz.experiment import Stopping
from nnviz.frame.stages import Phase, end_of
from nnviz.nn.dropout import Dropout
from nnviz.nn.normalization import BatchNorm
from nnviz.training.course import Course, Kept
from nnviz.training.engine import EngineState, StepEngine
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.evaluation import Assessment, assess, predict
from nnviz.training.history import Evaluation, History, selection_loss
from nnviz.training.interruption import AbandonedError, Interruption, unwatched
from nnviz.training.journal import Entry, Heard, Journal, Lifted, Limits, Rate, Weight
from nnviz.training.layer_history import LayerHistory
from nnviz.training.said_classes import SaidClasses
from nnviz.training.stopping import DIVERGED, INTERRUPTED, after_evaluation, after_step
from nnviz.training.timeline import Position, Timeline
from nnviz.training.trainer_state import TrainerState, is_finite, network_of
from nnviz.training.update_rule import UpdateRuleState
from nnviz.wording import trimmed

# Unless the run goes by every epoch's, evaluations are at least this many steps apart, and never more than about this
# many in a run: a data set of four examples would else be evaluated more than trained.
EVALUATION_STEPS = 8
EVALUATIONS = 2000
# How often the parameters are checked and kept as the last good ones, in steps.
GOOD_STEPS = 256


class Trainer:
    """Trains a network on the training split of a dataset, and keeps account of it.

    `advance` runs the next stage; `step`, `finish_phase` and everything above them run the same stages.

    first             the state that the run began with
    begins_from       where its weights were given, in words; None where chance gave them
    engine            the training step: what its stages computed, and how far it is
    history           the losses of all steps, and the evaluations
    layers            what each layer did, over all steps
    said              which classes the network says at all
    best              the state with the lowest loss of an evaluation, None before the first
    stopped_by        why the run stopped, None while it goes on
    seconds           time spent computing
    interruption      by which an evaluation can be ended before its time
    """

    def __init__(
        self,
        dataset: Dataset,
        engine: StepEngine,
        encoder: Encoder,
        stopping: Stopping,
        begins_from: str | None = None,
    ) -> None:
        self.dataset = dataset
        self.engine = engine
        self._trace = EngineTrace(engine)
        self.network, self.update_rule, self.batches = engine.network, engine.update_rule, engine.batches
        self.encoder = encoder
        self.begins_from = begins_from
        self.stopping = self._rules = stopping
        self.interruption = Interruption()
        self._evaluator = self.network.for_evaluation()
        self.first = engine.state()
        self.restart()

    def restart(self) -> None:
        """Back to the very first weights, with an empty history."""
        self.history = History()
        self.layers = LayerHistory.of(self.engine, self._trace.layers)
        self.said = SaidClasses(self.dataset.task)
        self.journal = Journal(self.first.learning_rate)
        self.best: EngineState | None = None
        self.stopping = self._rules
        self.stopped_by: str | None = None
        self.seconds = 0.0
        self.last_good = network_of(self.first)
        self._owes = False
        self._end: EngineState | None = None
        self._before_end: TrainerState | None = None
        self.engine.restore(self.first)

    # All of it

    def state(self) -> TrainerState:
        """All that the rest of the run depends on, wherever in it somebody is looking.

        Of a run that has stopped it is what a longer run would go on from: without the evaluation that it ended with.
        """
        if self._before_end is not None:
            return self._before_end
        history = self.history
        return TrainerState(
            self._state_at_end(),
            {**history.numbers(), **self.layers.numbers(), **self.said.numbers()},
            history.evaluated,
            len(self.journal.log),
            self._owes,
            self.best,
            self.last_good,
            self.seconds,
        )

    def restore(self, state: TrainerState, evaluations: Iterable[Evaluation], log: Iterable[Entry]) -> None:
        """Be where `state` was taken, in a run that had these evaluations and this journal until then."""
        self.restart()
        self.history = History.of(state.numbers, evaluations)
        self.layers.restore(state.numbers)
        self.said.restore(state.numbers)
        self.journal = self.journal.made_of(log)
        self.best, self.last_good, self.seconds, self._owes = state.best, state.last_good, state.seconds, state.owes
        self.stopping = self.journal.rules(self._rules)
        self.engine.restore(state.engine)

    def replay(
        self,
        step: int,
        evaluations: Iterable[Evaluation],
        journal: Journal,
        check: Callable[[], None] = unwatched,
    ) -> None:
        """Go on until so many steps are done, as a run did that had these evaluations and this journal.

        The network is not evaluated again. `check` is called before each step, and may raise to end it there.
        """
        known = {evaluation.step: evaluation for evaluation in evaluations}
        engine = self.engine
        engine.settings = journal.weights_at
        if journal.weights_at(engine.index) and engine.done < len(engine.stages):
            # Set after the state was taken, for the step that it is in.
            engine.restore(engine.state())
        for entry in journal.at(engine.index):
            # What a schedule heard is in the state.
            if isinstance(entry, Rate):
                entry.apply(self.update_rule)
        if self._owes:
            self._evaluate_as(known.get(engine.steps_done))
        while engine.steps_done < step:
            check()
            engine.run(len(engine.stages))
            done = engine.steps_done
            self._record(done, engine.scores.mean)
            if done in known or done % GOOD_STEPS == 0:
                self._keep_if_good()
            self._owes = done % self.batches.per_epoch == 0 and self._evaluation_due(done)
            self._evaluate_as(known.get(done))
            journal.apply(done, self.update_rule)
        self.journal = journal.cut(step)

    def be_over(self, stopped_by: str | None, evaluations: Iterable[Evaluation]) -> None:
        """Have stopped by that where the run is, with the evaluation that a run had there, if there was one."""
        steps, latest = self.steps_done, self.history.latest
        last = next((one for one in evaluations if one.step == steps), None)
        if last is not None and (latest is None or latest.step < steps):
            self._before_end = self.state() if stopped_by else None
            self._evaluate_as(last)
        self.stopped_by = stopped_by

    def _evaluate_as(self, evaluation: Evaluation | None) -> None:
        """Have this evaluation made here, if there is one."""
        if evaluation is not None:
            self._owes = False
            self.history.add(evaluation)
            if evaluation is self.history.best:
                self.best = self._network()

    def take_up(self, stopping: Stopping) -> Evaluation | None:
        """Go by these rules from here on, and do what the run still owes: the evaluation that was not waited for."""
        if stopping != self.stopping:
            self.journal.add(Limits(self.steps_done, stopping.epochs, stopping.steps, stopping.seconds))
        self.stopping = stopping
        self.stopped_by = self._before_end = None
        steps, latest = self.steps_done, self.history.latest
        if not steps or self.engine.done % len(self.engine.stages):
            return None
        evaluation, reason = None, after_step(stopping, steps, self.seconds, 0.0)
        is_last = reason is not None or (steps % self.batches.per_epoch == 0 and self._ends_with_epoch(steps))
        if self._owes or (is_last and (latest is None or latest.step < steps)):
            if not self._owes:
                self._before_end = self.state()
            self._keep_if_good()
            evaluation = latest = self._evaluate(steps)
        if latest is not None and latest.step == steps:
            reason = reason or after_evaluation(stopping, latest, self.history.best or latest)
        self.stopped_by = reason
        return evaluation

    # Walking the stages

    def advance(self) -> Evaluation | None:
        """Run the next stage: the first one of the next training step where this one is finished.

        Like all ways to go on, it returns the evaluation if an epoch ended here and was evaluated.
        """
        return self._run(1)

    def step(self) -> Evaluation | None:
        """Run all stages that are left of this training step, or all of the next one where this one is finished."""
        return self._run(len(self.engine.stages))

    def finish_phase(self, phase: Phase) -> Evaluation | None:
        """Run to the end of `phase`: in this training step, or in the next one where it has passed here."""
        evaluation = None
        engine = self.engine
        target, last = end_of(phase, engine.stages), len(engine.stages)
        if target <= engine.done < last:
            evaluation = self.step()
        return self._run(target - engine.done % last) or evaluation

    def _run(self, count: int) -> Evaluation | None:
        """Run up to `count` stages, not beyond the end of a training step."""
        if self._end is not None:
            self._repeat(count)
            return None
        started = time.perf_counter()
        evaluation = None
        if self.engine.run(count):
            evaluation = self._finish_step()
        else:
            self._choose_rate()
        self.seconds += time.perf_counter() - started
        return evaluation

    def _repeat(self, count: int) -> None:
        """Run stages of a training step that was done before: all that there is to know of it is known."""
        if self.engine.run(count):
            self.journal.apply(self.engine.steps_done, self.update_rule)
            self._arrive()
        else:
            self._choose_rate()

    def _choose_rate(self) -> None:
        """After the proposal, the chosen rate is that of the next step: somebody may have been here before."""
        engine = self.engine
        if engine.done == len(engine.stages) - 1:
            self.update_rule.learning_rate = self.journal.rate_at(engine.index + 1)

    def go_to(self, moment: Position, timeline: Timeline, check: Callable[[], None] = unwatched) -> None:
        """Be at a moment that the run has had. `check` is called on the way; if it raises, it was left there."""
        if self._end is None:
            self._end = self.engine.state()
        try:
            timeline.go_to(moment, self.journal, check)
        finally:
            self._arrive()

    def _arrive(self) -> None:
        if self.steps_done >= self.furthest:
            self._end = None

    def _finish_step(self) -> Evaluation | None:
        loss, steps = self.engine.scores.mean, self.engine.steps_done
        self._record(steps, loss)
        for entry in self.journal.at(steps):
            # Chosen after the proposal, by somebody who then went back.
            if isinstance(entry, Rate):
                entry.apply(self.update_rule)
        reason = after_step(self.stopping, steps, self.seconds, loss)
        epoch_ended = steps % self.batches.per_epoch == 0
        is_due = epoch_ended and self._evaluation_due(steps)
        is_last = reason is not None or (epoch_ended and self._ends_with_epoch(steps))
        if reason == DIVERGED:
            self.stopped_by = reason
            return None
        if is_last and not is_due:
            self._before_end = self.state()
        if is_last or is_due or steps % GOOD_STEPS == 0:
            reason = self._keep_if_good() or reason
        evaluation = None
        if reason != DIVERGED and (is_last or is_due):
            self._owes = is_due
            # The step is done whether somebody waits for the evaluation or not.
            with suppress(AbandonedError):
                evaluation = self._evaluate(steps)
                reason = reason or after_evaluation(self.stopping, evaluation, self.history.best or evaluation)
        self.stopped_by = reason
        return evaluation

    def _record(self, steps: int, loss: float) -> None:
        """Keep what there is to keep of a training step that is finished, the one with that number from 1."""
        self.history.record_step(loss)
        if steps == self.layers.due:
            self.layers.read(self._trace)
            self.said.read(self._trace, self.dataset.train.labels[self._trace.batch.indices])

    def _ends_with_epoch(self, steps: int) -> bool:
        return self.stopping.epochs is not None and steps >= self.stopping.epochs * self.batches.per_epoch

    def _evaluation_due(self, steps: int) -> bool:
        """Whether an epoch that ended here is evaluated even if it is not the last: each is where something goes by
        epochs.
        """
        each_counts = self.stopping.patience is not None or self.update_rule.schedule.listens
        latest = self.history.latest.step if self.history.latest else 0
        return each_counts or steps - latest >= max(EVALUATION_STEPS, steps // EVALUATIONS)

    def _evaluate(self, steps: int) -> Evaluation:
        validation = self.dataset.validation
        score = self.assess(validation).score if len(validation) else None
        epoch = -(-steps // self.batches.per_epoch)
        evaluation = self.history.record_evaluation(steps, epoch, self.seconds, score)
        self._owes = False
        if steps % self.batches.per_epoch == 0:
            self._tell_schedule(evaluation)
        if evaluation is self.history.best:
            self.best = self._network()
        return evaluation

    def _tell_schedule(self, evaluation: Evaluation) -> None:
        schedule, loss = self.update_rule.schedule, selection_loss(evaluation)
        if schedule.listens:
            heard = Heard(evaluation.step, loss if math.isfinite(loss) else None, evaluation.epoch)
            heard.apply(self.update_rule)
            self.journal.add(heard)

    def _keep_if_good(self) -> str | None:
        network = self._network()
        if not is_finite(network):
            return DIVERGED
        self.last_good = network
        return None

    def _network(self) -> EngineState:
        """The network at the end of the run, without what the optimizer remembers."""
        if self._end is not None:
            return network_of(self._end)
        parameters, rule = self.network.parameters, self.update_rule
        remembered = UpdateRuleState(rule.learning_rate, {}, rule.schedule.state())
        values, statistics = parameters.values.copy(), parameters.statistics.copy()
        return EngineState(self.steps_done, 0, values, statistics, remembered, rule.learning_rate)

    def _state_at_end(self) -> EngineState:
        return self.engine.state() if self._end is None else self._end

    # Where the run is, and what of it is kept

    @property
    def initial(self) -> Array:
        """The parameters that the run began with, (size,)."""
        return self.first.values

    @property
    def steps_done(self) -> int:
        """How many training steps are finished."""
        return self.engine.steps_done

    @property
    def furthest(self) -> int:
        """How many training steps have ever been finished: more than `steps_done` where somebody went back."""
        return self.history.training.steps

    @property
    def is_back(self) -> bool:
        """Whether somebody went back behind a training step that was finished."""
        return self._end is not None

    @property
    def has_stopped(self) -> bool:
        """Whether the run has stopped, and is at the place where it did."""
        return self.stopped_by is not None and not self.is_back

    @property
    def epoch(self) -> int:
        """The epoch of the current training step, from 0."""
        return self.engine.index // self.batches.per_epoch

    @property
    def batch_index(self) -> int:
        """The place of the current batch in its epoch, from 0."""
        return self.engine.index % self.batches.per_epoch

    def close(self) -> None:
        """End its second thread, and let it be gone when the last one who knows it is; it cannot go on after that."""
        self.network.workers.close()
        self.engine.close()

    def change_rate(self, learning_rate: float) -> None:
        """Train with this learning rate from the next update that is proposed."""
        self.update_rule.learning_rate = learning_rate
        is_proposed = self.engine.done >= len(self.engine.stages) - 1
        self.journal.add(Rate(self.engine.index + is_proposed, learning_rate))

    @property
    def journal(self) -> Journal:
        """What came from outside since the beginning."""
        return self._journal

    @journal.setter
    def journal(self, journal: Journal) -> None:
        self._journal = journal
        self.engine.settings = journal.weights_at

    def set_weight(self, name: str, index: tuple[int, ...], value: float) -> Weight:
        """Have number `index` of the array `name` be that value from the beginning of the training step on.

        What is done of the step is done again with it; a step that is finished stays as it was, and the next one
        begins. The entry of the journal is returned, which says what the number was. Raises InputError if the network's
        numbers cannot hold the value.
        """
        state = self.engine.state()
        entry = self.weight_to_be(state, name, index, value)
        self.journal.add(entry)
        self.engine.restore(state)
        return entry

    def weight_to_be(self, state: EngineState, name: str, index: tuple[int, ...], value: float) -> Weight:
        """What `set_weight` would add to the journal at that state. Raises InputError, as it does."""
        array = self.network.parameters.named(state.values)[name]
        if not abs(value) <= float(np.finfo(array.dtype).max):
            raise InputError(f"{trimmed(value)} is no number that a weight can be; give a finite one")
        return Weight(state.step, name, index, float(array.dtype.type(value)), float(array[index]))

    @property
    def only_in_training(self) -> tuple[str, ...]:
        """What the losses of training steps have in them, and those of evaluations have not."""
        layers, trained, judged = self.network.layers, self.batches.encoder.target_table, self.encoder.target_table
        found = {
            "smoothed labels": trained is not None and judged is not None and bool((trained != judged).any()),
            "class weights": self.batches.encoder.class_weights is not None,
            "changed pictures": self.batches.changes_pictures,
            "dropout": any(isinstance(layer, Dropout) and layer.share for layer in layers),
            "batch statistics": any(isinstance(layer, BatchNorm) for layer in layers),
        }
        return tuple(name for name, is_so in found.items() if is_so)

    def branch_off(self, best: EngineState | None, losses: Sequence[float]) -> None:
        """Go on from here as a run of its own, which shares its beginning with the one that was.

        best    the state with the lowest loss of an evaluation so far
        losses  of the training steps after the last evaluation, and of those since the last bin of the curve was full;
                of the last one at least, if there is one
        """
        steps = self.steps_done
        self.history, self.journal = self.history.cut(steps, losses), self.journal.cut(steps)
        self.layers, self.said = self.layers.cut(steps), SaidClasses(self.dataset.task)
        self.stopped_by = self._end = self._before_end = None
        self.best, self.last_good, self._owes = best and network_of(best), self._network(), False
        self.stopping = self.journal.rules(self._rules)

    def course(self) -> Course:
        """All of the run but its states, as it is at its end."""
        end = self._state_at_end()
        return Course(
            self.history,
            self.layers,
            self.said,
            self.journal,
            self.stopping,
            self.stopped_by,
            self.seconds,
            self._owes,
            place_of(end, len(self.engine.stages)),
            None if self.best is None else self.best.step,
            self.last_good.step,
        )

    def kept_states(self) -> Kept:
        """The states that it may be remembered by."""
        return Kept(self._state_at_end(), self.best, self.last_good, self._before_end)

    def follow(self, course: Course, kept: Kept) -> None:
        """Let this be the run from now on, and the place where the engine is one of those that it has had."""
        self.history, self.layers, self.said, self.journal = course.history, course.layers, course.said, course.journal
        self.stopping = course.stopping
        self.stopped_by, self.seconds, self._owes = course.stopped_by, course.seconds, course.owes
        self._end, self.best, self.last_good, self._before_end = kept

    def interrupt(self, reason: str = INTERRUPTED) -> None:
        """Stop the run, after a finished training step, if nothing has stopped it yet."""
        if self.stopped_by is None:
            self._before_end = self.state()
            self.stopped_by = self._keep_if_good() or reason

    def carry_on(self) -> None:
        """Lift the rules that stopped the run, so that it can go on until somebody stops it."""
        self.stopping = Stopping(epochs=None)
        if self.stopped_by != DIVERGED:
            self.journal.add(Lifted(self.steps_done))
            self.stopped_by = self._before_end = None

    def assess(self, split: Split, check: Callable[[], None] | None = None) -> Assessment:
        """Score the network as it is now on a split; what the current training step computed stays as it is.

        Raises AbandonedError if it is interrupted, or what else `check` raises.
        """
        return assess(self._evaluator, self.dataset.task, split, self.encoder, check or self.interruption.watch())

    def predict(self, stored: Array) -> Array:
        """What the network as it is now predicts (n, outputs) for any inputs (n, *input_shape), as datasets store them.

        Like `assess`, it leaves what the current training step computed as it is.
        """
        return predict(self._evaluator, stored, self.encoder)

    def kept(self) -> EngineState:
        """The state that the run is to be remembered by.

        The latest one; the best one if patience ended the run; the last one with finite numbers if it diverged.
        """
        state = self._state_at_end()
        if self.stopped_by == DIVERGED or not is_finite(state):
            return self.last_good
        if self.stopped_by == "patience" and self.best is not None:
            return self.best
        return state


def place_of(state: EngineState, stages: int) -> Position:
    """Where a state was taken, in training steps of so many stages."""
    return Position(state.step - 1, stages) if state.step and not state.done else Position(state.step, state.done)
