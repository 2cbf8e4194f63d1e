"""Trainer: takes a run from stage to stage, forth, and back to where it was before."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.encoder import Encoder
from nnviz.data.split import Split
from nnviz.errors import InputError
from nnviz.experiment import NO_CHOICES, Experiment, Stopping
from nnviz.frame.health_view import Noticed
from nnviz.frame.stages import Phase, end_of
from nnviz.training.course import Course, Kept
from nnviz.training.engine import EngineState, StepEngine
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.evaluation import Assessment, share_right
from nnviz.training.history import Evaluation, History
from nnviz.training.interruption import Interruption, unwatched
from nnviz.training.journal import Choice, Entry, Journal, Lifted, Limits, Rate, Weight
from nnviz.training.judge import Judge
from nnviz.training.layer_history import LayerHistory
from nnviz.training.said_classes import SaidClasses
from nnviz.training.standing import Standing, alerts_until
from nnviz.training.stopping import DIVERGED, INTERRUPTED
from nnviz.training.timeline import Position, Timeline
from nnviz.training.trainer_state import TrainerState, network_of
from nnviz.wording import trimmed

Plan = Mapping[int, Sequence[tuple[str, str, Any]]]
"""What is to be chosen anew for training steps, by their numbers: tables, keys and values."""
NO_PLAN: Plan = {}
OF_BATCHES = ("augment", "batch_size")
"""Keys that a batch has to be made by."""


class Trainer:
    """Trains a network on the training split of a dataset, and keeps account of it.

    `advance` runs the next stage; `step`, `finish_phase` and everything above them run the same stages.

    experiment    what it was assembled from; `plan` is what of it is to be changed on the way
    first         the state that the run began with
    begins_from   where its weights were given, in words; None where chance gave them
    engine        the training step: what its stages computed, and how far it is
    standing      what has come of the run at its end
    interruption  by which an evaluation can be ended before its time
    """

    def __init__(
        self,
        dataset: Dataset,
        engine: StepEngine,
        encoder: Encoder,
        experiment: Experiment,
        begins_from: str | None = None,
        plan: Plan = NO_PLAN,
    ) -> None:
        self.dataset = dataset
        self.engine = engine
        self._trace = EngineTrace(engine)
        self.network, self.update_rule, self.batches = engine.network, engine.update_rule, engine.batches
        self.encoder = encoder
        self.begins_from = begins_from
        self.experiment = experiment
        self._rules, self._plan = experiment.stopping, plan
        self.interruption = Interruption()
        self._judge = Judge(engine, dataset, encoder)
        self.first = engine.state()
        self.restart()

    def restart(self) -> None:
        """Back to the very first weights, with an empty history."""
        self.standing = Standing(
            History(),
            LayerHistory.of(self.engine, self._trace.layers),
            SaidClasses(self.dataset.task),
            Journal(self.first.learning_rate),
            self._rules,
            network_of(self.first),
        )
        self._end: EngineState | None = None
        self._go_by(self.journal)
        self.engine.restore(self.first)
        self._follow_plan()

    # All of it

    def state(self) -> TrainerState:
        """All that the rest of the run depends on, wherever in it somebody is looking.

        Of a run that has stopped it is what a longer run would go on from: without the evaluation that it ended with.
        """
        return self.standing.before_end or self.standing.state(self._state_at_end())

    def restore(
        self,
        state: TrainerState,
        evaluations: Iterable[Evaluation],
        log: Iterable[Entry],
        alerts: Iterable[Noticed] = (),
    ) -> None:
        """Be where `state` was taken, in a run that had these evaluations and this journal until then.

        Of the `alerts`, it has those that had come up by then.
        """
        self.restart()
        self.standing.restore(state, evaluations, log, alerts)
        self._go_by(self.journal)
        self.engine.restore(state.engine)

    def replay(
        self,
        step: int,
        evaluations: Iterable[Evaluation],
        journal: Journal,
        check: Callable[[], None] = unwatched,
        alerts: Iterable[Noticed] = (),
    ) -> None:
        """Go on until so many steps are done, as a run did that had these evaluations, this journal and these alerts.

        The network is not evaluated again, nor are the rules of health asked. `check` is called before each step, and
        may raise to end it there.
        """
        known = {evaluation.step: evaluation for evaluation in evaluations}
        engine, standing, judge = self.engine, self.standing, self._judge
        self._go_by(journal)
        is_other = journal.weights_at(engine.index) or journal.chosen_at(engine.index) is not NO_CHOICES
        if is_other and engine.done < len(engine.stages):
            # Set after the state was taken, for the step that it is in.
            engine.restore(engine.state())
        self._apply_rates(journal)
        if standing.owes:
            judge.remember(standing, known.get(engine.steps_done))
        while engine.steps_done < step:
            check()
            engine.run(len(engine.stages))
            self._record()
            judge.judge_again(standing, known.get(engine.steps_done))
            journal.apply(engine.steps_done, self.update_rule)
        standing.journal, standing.alerts = journal.cut(step), alerts_until(step, alerts)
        self._go_by(self.journal)

    def be_over(self, stopped_by: str | None, evaluations: Iterable[Evaluation]) -> None:
        """Have stopped by that where the run is, with the evaluation that a run had there, if there was one."""
        steps, standing = self.steps_done, self.standing
        latest = standing.history.latest
        last = next((one for one in evaluations if one.step == steps), None)
        if last is not None and (latest is None or latest.step < steps):
            standing.before_end = self.state() if stopped_by else None
            self._judge.remember(standing, last)
        standing.stopped_by = stopped_by

    def take_up(self, stopping: Stopping) -> Evaluation | None:
        """Go by these rules from here on, and do what the run still owes: the evaluation that was not waited for."""
        standing, engine = self.standing, self.engine
        if stopping != standing.stopping:
            standing.journal.add(Limits.of(self.steps_done, stopping))
        standing.stopping = stopping
        standing.stopped_by = standing.before_end = None
        if not self.steps_done or engine.done % len(engine.stages):
            return None
        return self._judge.make_up(standing, self.interruption.watch)

    def interrupt(self, reason: str = INTERRUPTED) -> None:
        """Stop the run, after a finished training step, if nothing has stopped it yet."""
        standing = self.standing
        if standing.stopped_by is None:
            standing.before_end = self.state()
            network = self._judge.network() if self._end is None else network_of(self._end)
            standing.stopped_by = standing.keep_if_good(network) or reason

    def carry_on(self) -> None:
        """Lift the rules that stopped the run, so that it can go on until somebody stops it."""
        standing = self.standing
        standing.stopping = Stopping(epochs=None)
        if standing.stopped_by != DIVERGED:
            standing.journal.add(Lifted(self.steps_done))
            standing.stopped_by = standing.before_end = None

    def kept(self) -> EngineState:
        """The state that the run is to be remembered by."""
        return self.standing.kept(self._state_at_end())

    # Branches of it

    def branch_off(self, best: EngineState | None, losses: Sequence[float]) -> None:
        """Go on from here as a run of its own, which shares its beginning with the one that was.

        best    the state with the lowest loss of an evaluation so far
        losses  of the training steps after the last evaluation, and of those since the last bin of the curve was full;
                of the last one at least, if there is one
        """
        self._end = None
        self.standing.branch_off(self._judge.network(), best, losses)
        self.standing.said = SaidClasses(self.dataset.task)
        self.standing.stopping = self.standing.journal.rules(self._rules)
        self._go_by(self.journal)

    def course(self) -> Course:
        """All of the run but its states, as it is at its end."""
        return self.standing.course(place_of(self._state_at_end(), len(self.engine.stages)))

    def kept_states(self) -> Kept:
        """The states that it may be remembered by."""
        standing = self.standing
        return Kept(self._state_at_end(), standing.best, standing.last_good, standing.before_end)

    def follow(self, course: Course, kept: Kept) -> None:
        """Let this be the run from now on, and the place where the engine is one of those that it has had."""
        self.standing, self._end = Standing.of(course, kept), kept.end
        self._go_by(self.journal)

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
            self._record()
            if self._plan:
                self._follow_plan()
            # Rates that were chosen after the proposal, by somebody who then went back.
            self._apply_rates(self.standing.journal)
            evaluation = self._judge.judge_step(self.standing, self.interruption.watch)
        else:
            self._choose_rate()
        self.standing.seconds += time.perf_counter() - started
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

    def _apply_rates(self, journal: Journal) -> None:
        """Let the rates hold that a journal has for the step that begins; what a schedule heard, it has heard."""
        for entry in journal.at(self.engine.steps_done):
            if isinstance(entry, Rate):
                entry.apply(self.update_rule)

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

    def _record(self) -> None:
        """Keep what there is to keep of the training step that was finished last."""
        standing, engine, history = self.standing, self.engine, self.standing.history
        loss = engine.scores.mean
        history.record_step(loss)
        if loss > history.spikes.limit:
            history.spikes.keep(engine.steps_done, engine.scores, engine.batch)
        if engine.steps_done == standing.layers.due:
            history.spikes.expect(history.training.usual())
            labels = self.dataset.train.labels[engine.batch.indices]
            standing.layers.read(self._trace, share_right(engine.scores.prediction, labels, self.dataset.task))
            standing.said.read(self._trace, labels)

    # What is chosen, set and lifted on the way

    def change_rate(self, learning_rate: float) -> None:
        """Train with this learning rate from the next update that is proposed."""
        self.update_rule.learning_rate = learning_rate
        is_proposed = self.engine.done >= len(self.engine.stages) - 1
        self.journal.add(Rate(self.engine.index + is_proposed, learning_rate))

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
            raise InputError(f"{trimmed(value)} is not a number that a weight can be; give a finite one")
        return Weight(state.step, name, index, float(array.dtype.type(value)), float(array[index]))

    def try_weights(self, weights: Sequence[Weight], state: EngineState) -> None:
        """Show what weights do that are set where `state` was taken, in the past; with none, it is as the run was."""
        self.engine.settings = self.journal.made_of([*self.journal.log, *weights]).weights_at
        self.engine.restore(state)

    def choose(self, key: str, value: Any) -> None:
        """Go by that value of a key from here on: for an update from the next proposal, for pictures the next batch."""
        if key == "learning_rate":
            self.change_rate(value)
            return
        engine = self.engine
        is_too_late = engine.done > 0 if key in OF_BATCHES else engine.done >= len(engine.stages) - 1
        self.journal.add(Choice(engine.index + is_too_late, key, value))
        self._go_by(self.journal)
        if engine.done:
            engine.go_by(self.journal.chosen_at(engine.index))
        else:
            engine.begin(engine.index)

    @property
    def is_lifted(self) -> bool:
        """Whether somebody has let the run go on beyond its end, without saying how far."""
        return self.stopping == Stopping(epochs=None) != self._rules

    def stop_by(self, stopping: Stopping) -> None:
        """Go by these rules from the end of the run on. One that was stopped by others can go on."""
        standing = self.standing
        standing.journal.add(Limits.of(self.furthest, stopping))
        standing.stopping = stopping
        if standing.stopped_by != DIVERGED:
            standing.stopped_by = standing.before_end = None

    def _follow_plan(self) -> None:
        """Choose what is to be chosen for the training step that comes, where the run has never been."""
        for name, key, value in self._plan.get(self.steps_done, ()):
            if name == "stopping":
                self.stop_by(replace(self.stopping, **{key: value}))
            else:
                self.choose(key, value)

    def _go_by(self, journal: Journal) -> None:
        self.engine.settings, self.engine.choices = journal.weights_at, journal.chosen_at
        self.batches.resize(journal.values_of("batch_size"))

    def _state_at_end(self) -> EngineState:
        return self.engine.state() if self._end is None else self._end

    # Where it is

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
        return self.batches.epochs.at(self.engine.index).epoch

    @property
    def batch_index(self) -> int:
        """The place of the current batch in its epoch, from 0."""
        return self.batches.epochs.at(self.engine.index).batch

    # What of its standing others go by

    @property
    def history(self) -> History:
        """The losses of all steps, and the evaluations."""
        return self.standing.history

    @property
    def layers(self) -> LayerHistory:
        """What each layer did, over all steps."""
        return self.standing.layers

    @property
    def journal(self) -> Journal:
        """What came from outside since the beginning."""
        return self.standing.journal

    @property
    def stopping(self) -> Stopping:
        """By what it stops."""
        return self.standing.stopping

    @property
    def stopped_by(self) -> str | None:
        """Why it stopped, None while it goes on."""
        return self.standing.stopped_by

    @property
    def seconds(self) -> float:
        """Time spent computing."""
        return self.standing.seconds

    # The network as it is now

    def assess(self, split: Split, check: Callable[[], None] | None = None) -> Assessment:
        """Score it on a split; what the current training step computed stays as it is.

        Raises AbandonedError if it is interrupted, or what else `check` raises.
        """
        return self._judge.assess(split, check or self.interruption.watch())

    def predict(self, stored: Array) -> Array:
        """What it predicts (n, outputs) for any inputs (n, *input_shape), as datasets store them.

        Like `assess`, it leaves what the current training step computed as it is.
        """
        return self._judge.predict(stored)

    def close(self) -> None:
        """End its second thread, and let it be gone when the last one who knows it is; it cannot go on after that."""
        self.network.workers.close()
        self.engine.close()


def place_of(state: EngineState, stages: int) -> Position:
    """Where a state was taken, in training steps of so many stages."""
    return Position(state.step - 1, stages) if state.step and not state.done else Position(state.step, state.done)
