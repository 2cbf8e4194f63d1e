"""The learning rate over time: each schedule says by what the chosen rate is multiplied at a training step."""

import math
from typing import Any, TypeAlias

ScheduleState: TypeAlias = dict[str, Any]
"""Numbers by name; what is not known yet is None."""


class Schedule:
    """The chosen rate, all the time."""

    kind = "constant"
    listens = False
    """Whether it goes by the losses that it hears of."""

    def factor(self, step: int) -> float:  # noqa: ARG002
        """What the learning rate is multiplied by at training step number `step`, from 0."""
        return 1.0

    def kind_at(self, step: int) -> str:  # noqa: ARG002
        """What it is that changes the rate at that step."""
        return self.kind

    def observe(self, loss: float, epoch: int) -> None:
        """Hear of the loss when so many epochs were done (on the validation split where there is one)."""

    def state(self) -> ScheduleState:
        """What it remembers, by name: enough to go on from here."""
        return {}

    def restore(self, state: ScheduleState) -> None:
        """Take up what `state` returned."""


class StepDecay(Schedule):
    """Times `drop` again after every `every` training steps."""

    kind = "step"

    def __init__(self, every: int, drop: float) -> None:
        self.every, self.drop = every, drop

    def factor(self, step: int) -> float:
        return self.drop ** (step // self.every)


class Cosine(Schedule):
    """From 1 down to 0 over `steps` training steps, on half a cosine (Loshchilov & Hutter 2017, arXiv 1608.03983)."""

    kind = "cosine"

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def factor(self, step: int) -> float:
        return (1 + math.cos(math.pi * min(step / self.steps, 1.0))) / 2


class Plateau(Schedule):
    """Times `drop` whenever more than `patience` epochs brought no loss clearly below the best one.

    Clearly is by a ten-thousandth of it, as PyTorch's ReduceLROnPlateau has it. Like that one, it drops `patience` + 1
    epochs after the best one, and then waits anew; but epochs are what it counts, and not reports.
    """

    kind = "plateau"
    listens = True
    threshold = 1e-4

    def __init__(self, patience: int, drop: float) -> None:
        self.patience, self.drop = patience, drop
        self._factor, self._best, self._since = 1.0, math.inf, 0

    def factor(self, step: int) -> float:  # noqa: ARG002
        return self._factor

    def observe(self, loss: float, epoch: int) -> None:
        if loss < self._best * (1 - self.threshold):
            self._best, self._since = loss, epoch
        elif epoch - self._since > self.patience:
            self._factor *= self.drop
            self._since = epoch

    def state(self) -> ScheduleState:
        best = self._best if math.isfinite(self._best) else None
        return {"factor": self._factor, "best": best, "since": self._since}

    def restore(self, state: ScheduleState) -> None:
        best = state["best"]
        self._factor, self._best, self._since = state["factor"], math.inf if best is None else best, state["since"]


class WarmUp(Schedule):
    """Another schedule, led up to in equal steps over the first `steps` training steps."""

    def __init__(self, steps: int, schedule: Schedule) -> None:
        self.kind, self.listens = schedule.kind, schedule.listens
        self.steps = steps
        self.schedule = schedule

    def factor(self, step: int) -> float:
        return min((step + 1) / self.steps, 1.0) * self.schedule.factor(step)

    def kind_at(self, step: int) -> str:
        return "warm-up" if step + 1 < self.steps else self.kind

    def observe(self, loss: float, epoch: int) -> None:
        self.schedule.observe(loss, epoch)

    def state(self) -> ScheduleState:
        return self.schedule.state()

    def restore(self, state: ScheduleState) -> None:
        self.schedule.restore(state)
