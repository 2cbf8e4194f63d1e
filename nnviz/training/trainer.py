"""Trainer: batches → training steps → epochs, one stage at a time or straight through."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.batches import Batch, Batches
from nnviz.data.dataset import Dataset
from nnviz.data.encoder import Encoder
from nnviz.data.split import Split
from nnviz.experiment import Stopping
from nnviz.nn.dropout import Dropout
from nnviz.nn.losses import Scores
from nnviz.nn.network import Network
from nnviz.nn.normalization import BatchNorm
from nnviz.training.evaluation import Assessment, assess, predict
from nnviz.training.history import Evaluation, History, selection_loss
from nnviz.training.interruption import AbandonedError, Interruption
from nnviz.training.stages import Phase, Stage, end_of, training_step
from nnviz.training.stopping import DIVERGED, INTERRUPTED, after_evaluation, after_step
from nnviz.training.update_rule import UpdateRule, UpdateRuleState

# Unless the run goes by every epoch's, evaluations are at least this many steps apart, and never more than about this
# many in a run: a data set of four examples would else be evaluated more than trained.
EVALUATION_STEPS = 8
EVALUATIONS = 2000
# How often the parameters are checked and kept as the last good ones, in steps.
GOOD_STEPS = 256


class Checkpoint(msgspec.Struct, frozen=True):
    """What is needed to go on from the beginning of a training step: a copy, untouched by later steps."""

    step: int
    values: Array
    statistics: Array
    update_rule: UpdateRuleState


class Trainer:
    """Trains a network on the training split of a dataset.

    `advance` runs the next stage; `step`, `finish_phase` and everything above them run the same stages. What each
    stage computed stays readable until the next training step overwrites it:

    outputs           [0] is the batch's inputs, [i + 1] what layer i made of them, (n, *shape)
    output_gradients  ∂L/∂(the same arrays); [0] is never computed, and None
    index             the current training step's number, from 0
    done              how many stages of it have run
    stopped_by        why the run stopped, None while it goes on
    seconds           time spent computing
    rate_changes      learning rates that were chosen since the beginning, by the first step, from 0, whose update each
                      holds for
    interruption      by which an evaluation can be ended before its time
    """

    index: int
    done: int
    batch: Batch
    scores: Scores

    def __init__(
        self,
        dataset: Dataset,
        network: Network,
        update_rule: UpdateRule,
        encoder: Encoder,
        batches: Batches,
        stopping: Stopping,
    ) -> None:
        self.dataset = dataset
        self.network = network
        self.update_rule = update_rule
        self.encoder = encoder
        self.batches = batches
        self.stopping = stopping
        self.interruption = Interruption()
        self.depth = len(network.layers)
        self.stages = training_step(self.depth)
        self.outputs: list[Array] = [np.empty(0)] * (self.depth + 1)
        self.output_gradients: list[Any] = [None] * (self.depth + 1)
        layers = network.layers
        # Bound once: to look methods up takes a tiny network's step longer than some of its products.
        self._forwards = [layer.forward for layer in layers]
        # Nothing trains the input, so its gradient, as dear as a forward pass, is left out.
        self._backwards: list[Callable[[Array], Any]] = [
            *(layer.backward for layer in layers[:0:-1]),
            layers[0].parameter_gradients,
        ]
        self._actions = [self._action(stage) for stage in self.stages]
        # Where nobody stops on the way, each phase is one action: the same calls with less between them.
        self._phases = [self._forward_pass, self._loss, self._backward_pass, self._update]
        self._evaluator = network.for_evaluation()
        update_rule.attach(network.parameters, network.workers)
        self._first = Checkpoint(
            0, network.parameters.values.copy(), network.parameters.statistics.copy(), update_rule.state()
        )
        self.restart()

    def restart(self) -> None:
        """Back to the very first weights, with an empty history."""
        self.history = History()
        self.best: Checkpoint | None = None
        self.stopped_by: str | None = None
        self.seconds = 0.0
        self.rate_changes: dict[int, float] = {}
        self._evaluated_at = 0
        self.last_good = self._first
        self.restore(self._first)

    # One training step

    def _action(self, stage: Stage) -> Callable[[], None]:
        """What a stage does."""
        match stage.phase:
            case Phase.FORWARD:
                return self._forward(stage.part)
            case Phase.LOSS:
                return self._loss
            case Phase.BACKWARD:
                return self._backward(stage.part)
            case Phase.UPDATE:
                return (self._propose, self.update_rule.apply)[stage.part]

    def _forward(self, number: int) -> Callable[[], None]:
        forward, outputs = self._forwards[number], self.outputs

        def run() -> None:
            outputs[number + 1] = forward(outputs[number])

        return run

    def _forward_pass(self) -> None:
        outputs = self.outputs
        x = outputs[0]
        for number, forward in enumerate(self._forwards, 1):
            outputs[number] = x = forward(x)

    def _loss(self) -> None:
        self.scores = self.network.loss.forward(self.outputs[-1], self.batch.targets, self.batch.weights)

    def _backward(self, number: int) -> Callable[[], None]:
        backward, gradients = self._backwards[-1 - number], self.output_gradients
        derive_loss = self.network.loss.backward

        def run() -> None:
            gradients[number] = backward(gradients[number + 1])

        def run_first() -> None:
            gradients[-1] = derive_loss()
            run()

        return run_first if number == self.depth - 1 else run

    def _backward_pass(self) -> None:
        gradients, number = self.output_gradients, self.depth
        gradient: Any = self.network.loss.backward()
        gradients[number] = gradient
        for backward in self._backwards:
            number -= 1
            gradients[number] = gradient = backward(gradient)

    def _propose(self) -> None:
        self.update_rule.propose(self.index)

    def _update(self) -> None:
        """Both stages of the update in one go."""
        self.update_rule.step(self.index)

    # Walking the stages

    def advance(self) -> Evaluation | None:
        """Run the next stage: the first one of the next training step where this one is finished.

        Like all ways to go on, it returns the evaluation if an epoch ended here and was evaluated.
        """
        return self._run(1)

    def step(self) -> Evaluation | None:
        """Run all stages that are left of this training step, or all of the next one where this one is finished."""
        return self._run(len(self._actions))

    def finish_phase(self, phase: Phase) -> Evaluation | None:
        """Run to the end of `phase`: in this training step, or in the next one where it has passed here."""
        evaluation = None
        target = end_of(phase, self.depth)
        if target <= self.done < len(self._actions):
            evaluation = self.step()
        return self._run(target - self.done % len(self._actions)) or evaluation

    def _run(self, count: int) -> Evaluation | None:
        """Run up to `count` stages, not beyond the end of a training step."""
        started = time.perf_counter()
        last = len(self._actions)
        if self.done == last:
            self._begin_step(self.index + 1)
        end = min(self.done + count, last)
        for action in self._phases if end - self.done == last else self._actions[self.done : end]:
            action()
        self.done = end
        evaluation = self._finish_step() if end == last else None
        self.seconds += time.perf_counter() - started
        return evaluation

    def _begin_step(self, index: int) -> None:
        self.index = index
        self.done = 0
        self.batch = self.batches.load(*divmod(index, self.batches.per_epoch))
        self.outputs[0] = self.batch.inputs
        self.network.at_step(index)

    def _finish_step(self) -> Evaluation | None:
        loss = self.scores.mean
        self.history.record_step(loss)
        steps = self.index + 1
        reason = after_step(self.stopping, steps, self.seconds, loss)
        epoch_ended = steps % self.batches.per_epoch == 0 and self._evaluation_due(steps)
        if reason != DIVERGED and (reason or epoch_ended or steps % GOOD_STEPS == 0):
            reason = self._keep_if_good() or reason
        evaluation = None
        if reason != DIVERGED and (reason or epoch_ended):
            # The step is done whether somebody waits for the evaluation or not.
            with suppress(AbandonedError):
                evaluation = self._evaluate(steps)
                reason = reason or after_evaluation(self.stopping, evaluation, self.history.best or evaluation)
        self.stopped_by = reason
        return evaluation

    def _evaluation_due(self, steps: int) -> bool:
        """Whether the epoch that ended is evaluated: the last one is, and each where something goes by epochs."""
        last_epoch = self.stopping.epochs is not None and self.epoch + 1 >= self.stopping.epochs
        each_counts = self.stopping.patience is not None or self.update_rule.schedule.listens
        return last_epoch or each_counts or steps - self._evaluated_at >= max(EVALUATION_STEPS, steps // EVALUATIONS)

    def _evaluate(self, steps: int) -> Evaluation:
        self._evaluated_at = steps
        validation = self.dataset.validation
        score = self.assess(validation).score if len(validation) else None
        evaluation = self.history.record_evaluation(steps, self.epoch + 1, self.seconds, score)
        if steps % self.batches.per_epoch == 0:
            self.update_rule.schedule.observe(selection_loss(evaluation), evaluation.epoch)
        if evaluation is self.history.best:
            self.best = self.checkpoint()
        return evaluation

    def _keep_if_good(self) -> str | None:
        if not self._is_finite():
            return DIVERGED
        self.last_good = self.checkpoint()
        return None

    def _is_finite(self) -> bool:
        values = self.network.parameters.values
        return bool(np.isfinite(np.dot(values, values)))

    # Where the run is, and what of it is kept

    @property
    def initial(self) -> Array:
        """The parameters that the run began with, (size,)."""
        return self._first.values

    @property
    def steps_done(self) -> int:
        """How many training steps are finished."""
        return self.index + (self.done == len(self.stages))

    @property
    def epoch(self) -> int:
        """The epoch of the current training step, from 0."""
        return self.index // self.batches.per_epoch

    @property
    def batch_index(self) -> int:
        """The place of the current batch in its epoch, from 0."""
        return self.index % self.batches.per_epoch

    def close(self) -> None:
        """End its second thread, and let it be gone when the last one who knows it is; it cannot go on after that.

        Without it, the trainer would wait for the garbage collection: its actions know it, and it knows them.
        """
        self.network.workers.close()
        self._actions.clear()
        self._phases.clear()

    def change_rate(self, learning_rate: float) -> None:
        """Train with this learning rate from the next update that is proposed."""
        is_proposed = self.done >= len(self.stages) - 1
        step = self.index + is_proposed
        earlier = (rate for changed, rate in reversed(self.rate_changes.items()) if changed < step)
        if learning_rate == next(earlier, self._first.update_rule.learning_rate):
            self.rate_changes.pop(step, None)
        else:
            self.rate_changes[step] = learning_rate
        self.update_rule.learning_rate = learning_rate

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

    def interrupt(self, reason: str = INTERRUPTED) -> None:
        """Stop the run here, after a finished training step, if nothing has stopped it yet."""
        self.stopped_by = self.stopped_by or self._keep_if_good() or reason

    def carry_on(self) -> None:
        """Lift the rules that stopped the run, so that it can go on until somebody stops it."""
        self.stopping = Stopping(epochs=None)
        if self.stopped_by != DIVERGED:
            self.stopped_by = None

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

    def checkpoint(self) -> Checkpoint:
        """A copy of the parameters and of the optimizer's memory, as they are after the last finished step."""
        parameters, steps = self.network.parameters, self.steps_done
        values, statistics = parameters.values.copy(), parameters.statistics.copy()
        if self.done == len(self.stages) - 1:
            # With the update proposed, the optimizer's memory belongs to the end of this step already.
            steps, values, statistics = (
                steps + 1,
                values + self.update_rule.optimizer.updates,
                parameters.following.copy(),
            )
        return Checkpoint(steps, values, statistics, self.update_rule.state())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take up a checkpoint of this run, at the beginning of the training step that follows it."""
        self.network.parameters.values[...] = checkpoint.values
        self.network.parameters.statistics[...] = checkpoint.statistics
        self.update_rule.restore(checkpoint.update_rule)
        self._begin_step(checkpoint.step)

    def kept(self) -> Checkpoint:
        """The state that the run is to be remembered by.

        The latest one; the best one if patience ended the run; the last one with finite numbers if it diverged.
        """
        if self.stopped_by == DIVERGED or not self._is_finite():
            return self.last_good
        if self.stopped_by == "patience" and self.best is not None:
            return self.best
        return self.checkpoint()
