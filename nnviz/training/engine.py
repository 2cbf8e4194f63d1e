"""StepEngine: one training step after another, a stage at a time or straight through."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.batches import Batch, BatchSource
from nnviz.experiment import NO_CHOICES, Choices
from nnviz.frame.stages import Phase, Stage, training_step
from nnviz.nn.losses import Scores
from nnviz.nn.network import Network
from nnviz.nn.parameters import Parameters
from nnviz.training.update_rule import UpdateRule, UpdateRuleState


class EngineState(msgspec.Struct, frozen=True):
    """Everything that the next stage depends on: copies, untouched by later steps.

    step           the training step, from 0, from whose beginning the numbers are
    done           how many of its stages have run since
    values         (size,), statistics (their size,): the network's, at the beginning of the step
    update_rule    what it remembers there, with the learning rate that the step follows
    learning_rate  the rate that is chosen now; it is another one if it was changed after the step's proposal
    """

    step: int
    done: int
    values: Array
    statistics: Array
    update_rule: UpdateRuleState
    learning_rate: float


class Setting(Protocol):
    """A number of the parameters that is set by hand where a training step begins."""

    def set_in(self, parameters: Parameters) -> None:
        """Let it hold."""


class StepEngine:
    """Trains a network, batch after batch, by an update rule. What is not in the network or the rule is here.

    What each stage computed stays readable until the next training step overwrites it:

    outputs           [0] is the batch's inputs, [i + 1] what layer i made of them, (n, *shape)
    output_gradients  ∂L/∂(the same arrays); [0] is never computed, and None
    batch, scores     what the step trains on, and what the loss made of it
    index             the current training step's number, from 0
    done              how many stages of it have run
    settings          what is set by hand where a training step begins, by the step's number
    choices           what is chosen anew for a training step, by its number
    """

    index: int
    done: int
    batch: Batch
    scores: Scores

    def __init__(self, network: Network, update_rule: UpdateRule, batches: BatchSource) -> None:
        self.network = network
        self.update_rule = update_rule
        self.batches = batches
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
        passes = self._forward_pass, self._backward_pass
        if network.in_rows:
            passes = self._forward_pass_in_rows, self._backward_pass_in_rows
        self._phases = [passes[0], self._loss, passes[1], self._update]
        self.settings: Callable[[int], Sequence[Setting]] = lambda _: ()
        self.choices: Callable[[int], Choices] = lambda _: NO_CHOICES
        self._chosen = NO_CHOICES
        update_rule.attach(network.parameters, network.workers)
        self.begin(0)

    def begin(self, step: int) -> None:
        """Be at the beginning of training step number `step`, from 0, with the parameters that there are.

        Whatever is set by hand there is set: once, or again, where the parameters have it already.
        """
        for setting in self.settings(step):
            setting.set_in(self.network.parameters)
        self.go_by(self.choices(step))
        self.index = step
        self.done = 0
        self.batch = self.batches.load(step)
        self.outputs[0] = self.batch.inputs
        self.network.at_step(step)

    def go_by(self, chosen: Choices) -> None:
        """Go by these choices: the update rule from its next proposal on, the batches from the next one on."""
        if chosen is not self._chosen:
            self._chosen = chosen
            self.update_rule.choose(chosen)
            self.batches.choose(chosen)

    def run(self, count: int) -> bool:
        """Run up to `count` stages, not beyond the end of the training step; say whether that is reached.

        Where it was reached before, they are those of the next training step.
        """
        last = len(self._actions)
        if self.done == last:
            self.begin(self.index + 1)
        end = min(self.done + count, last)
        for action in self._phases if end - self.done == last else self._actions[self.done : end]:
            action()
        self.done = end
        return end == last

    @property
    def steps_done(self) -> int:
        """How many training steps are finished."""
        return self.index + (self.done == len(self.stages))

    def state(self) -> EngineState:
        """All that the next stage depends on. A finished training step is the beginning of the next one."""
        parameters, rate = self.network.parameters, self.update_rule.learning_rate
        is_proposed = self.done == len(self.stages) - 1
        return EngineState(
            self.steps_done,
            self.done % len(self.stages),
            parameters.values.copy(),
            parameters.statistics.copy(),
            self._before_proposal if is_proposed else self.update_rule.state(),
            rate,
        )

    def restore(self, state: EngineState) -> None:
        """Be where `state` was taken: at the beginning of its training step, and then stage by stage to its place."""
        self.network.parameters.values[...] = state.values
        self.network.parameters.statistics[...] = state.statistics
        self.update_rule.restore(state.update_rule)
        self.begin(state.step)
        if state.done:
            self.run(state.done)
        self.update_rule.learning_rate = state.learning_rate

    def close(self) -> None:
        """Let it be gone when the last one who knows it is; it cannot go on after that.

        Without it, the engine would wait for the garbage collection: its actions know it, and it knows them.
        """
        self._actions.clear()
        self._phases.clear()

    # What the stages do

    def _action(self, stage: Stage) -> Callable[[], None]:
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

    def _forward_pass_in_rows(self) -> None:
        """The same for pictures, whose halves need not meet after each layer."""
        rows, actions = self.network.in_rows, self._actions[: self.depth]
        with self.network.workers.in_rows():
            for action in actions[:rows]:
                action()
        for action in actions[rows:]:
            action()

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

    def _backward_pass_in_rows(self) -> None:
        rows, actions = self.depth - self.network.in_rows, self._actions[self.depth + 1 : 2 * self.depth + 1]
        for action in actions[:rows]:
            action()
        with self.network.workers.in_rows():
            for action in actions[rows:]:
                action()

    def _propose(self) -> None:
        # To propose changes what the rule remembers, and no look at the parameters tells what it was.
        self._before_proposal = self.update_rule.state()
        self.update_rule.propose(self.index)

    def _update(self) -> None:
        """Both stages of the update in one go."""
        self.update_rule.step(self.index)
