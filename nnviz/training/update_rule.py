"""The update rule: from the gradients of a training step to the updates of its parameters."""

from typing import Any

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.experiment import NO_CHOICES, Choices
from nnviz.nn.optimizers import Momentum, Optimizer
from nnviz.nn.parameters import Parameters
from nnviz.nn.regularizers import Clip, Penalty
from nnviz.nn.schedules import Schedule, ScheduleState
from nnviz.nn.workers import Workers
from nnviz.wording import trimmed


class UpdateRuleState(msgspec.Struct, frozen=True):
    """Enough to go on from a training step: copies, untouched by later steps."""

    learning_rate: float
    optimizer: dict[str, Array]
    schedule: ScheduleState


class UpdateRule:
    """Adds penalties to the gradient, shortens it, sets the learning rate of the step, and has the optimizer propose.

    learning_rate  the rate that was chosen; the schedule multiplies it. It may be changed between steps, and so may
                   what `choose` takes: momentum, weight_decay, l1, l2 and clip
    l1, l2         strength of the penalties on large weights, 0 for none
    clip           longest gradient that is followed, None for any

    `begun_with` is what all else was at first, by its key.
    `followed_rate` is the learning rate that was chosen when the last update was proposed.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: Schedule | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        clip: float | None = None,
    ) -> None:
        self.optimizer = optimizer
        self.schedule = schedule or Schedule()
        self.learning_rate = self.followed_rate = optimizer.learning_rate
        self.begun_with: dict[str, Any] = {
            "momentum": optimizer.momentum if isinstance(optimizer, Momentum) else 0.0,
            "weight_decay": optimizer.weight_decay,
            "l1": l1,
            "l2": l2,
            "clip": clip,
        }
        self._chosen: Choices = NO_CHOICES
        self.penalty: Penalty | None = None
        self.clip: Clip | None = None

    def attach(self, parameters: Parameters, workers: Workers | None = None) -> None:
        """Work on these parameters from now on."""
        self._parameters, self._workers = parameters, workers
        self.optimizer.attach(parameters.values, parameters.decaying(), workers)
        self._go_by(NO_CHOICES)

    def choose(self, chosen: Choices) -> None:
        """Go by these choices from the next proposal on, and for all else by what the rule began with."""
        if chosen is not self._chosen:
            self._go_by(chosen)

    def _go_by(self, chosen: Choices) -> None:
        self._chosen = chosen
        now = {**self.begun_with, **chosen}
        values, decaying = self._parameters.values, self._parameters.decaying()
        self.optimizer.decay_by(now["weight_decay"], decaying)
        if isinstance(self.optimizer, Momentum):
            self.optimizer.keep(now["momentum"])
        is_penalised = now["l1"] or now["l2"]
        self.penalty = Penalty(now["l1"], now["l2"], values, decaying, self._workers) if is_penalised else None
        self.clip = Clip(now["clip"], values) if now["clip"] is not None else None

    def propose(self, step: int) -> None:
        """Fill the optimizer's updates for training step number `step`, from 0; the gradients stay as they are."""
        self.optimizer.propose(self._followed(step))

    def apply(self) -> None:
        """Add the updates to the parameters, and let what was measured beside them take its place."""
        parameters = self._parameters
        np.add(parameters.values, self.optimizer.updates, out=parameters.values)
        self._settle()

    def step(self, step: int) -> None:
        """Both in one go, which is faster."""
        self.optimizer.step(self._followed(step))
        self._settle()

    def _settle(self) -> None:
        parameters = self._parameters
        if parameters.statistics.size:
            parameters.statistics[...] = parameters.following

    def _followed(self, step: int) -> Array:
        """The gradient that is followed at this step: of loss and penalty, and not too long."""
        gradients = self._parameters.gradients
        if self.penalty is not None:
            gradients = self.penalty.added_to(gradients)
        if self.clip is not None:
            gradients = self.clip.shortened(gradients)
        self.followed_rate = self.learning_rate
        self.optimizer.learning_rate = self.rate_at(step)
        return gradients

    def rate_at(self, step: int) -> float:
        """The learning rate of a training step."""
        return self.learning_rate * self.schedule.factor(step)

    def describe(self, step: int) -> str:
        """The optimizer at that training step, and the schedule of its learning rate if there is one."""
        optimizer = self.optimizer
        words = [optimizer.kind, "lr", trimmed(self.rate_at(step))]
        if optimizer.weight_decay:
            words += ["decay", trimmed(optimizer.weight_decay)]
        if isinstance(optimizer, Momentum):
            words += [optimizer.word, trimmed(optimizer.momentum)]
        kind = self.schedule.kind_at(step)
        return " ".join(words + [kind] * (kind != "constant"))

    def state(self) -> UpdateRuleState:
        """A copy of all that it remembers."""
        memory = {name: array.copy() for name, array in self.optimizer.state().items()}
        return UpdateRuleState(self.learning_rate, memory, self.schedule.state())

    def restore(self, state: UpdateRuleState) -> None:
        """Take up what `state` returned."""
        self.learning_rate = state.learning_rate
        self.optimizer.restore(state.optimizer)
        self.schedule.restore(state.schedule)
