"""The learning rate over time: each schedule says by what the chosen rate is multiplied at a training step."""

import math


class Schedule:
    """The chosen rate, all the time."""

    kind = "constant"

    def factor(self, step: int) -> float:  # noqa: ARG002
        """What the learning rate is multiplied by at training step number `step`, from 0."""
        return 1.0

    def observe(self, loss: float) -> None:
        """Hear of the loss at the end of an epoch (on the validation split where there is one)."""

    def state(self) -> dict[str, float]:
        """What it remembers, by name: enough to go on from here."""
        return {}

    def restore(self, state: dict[str, float]) -> None:
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
    """Times `drop` whenever more than `patience` epochs in a row brought no loss clearly below the best one.

    Clearly is by a ten-thousandth of it, as PyTorch's ReduceLROnPlateau has it.
    """

    kind = "plateau"
    threshold = 1e-4

    def __init__(self, patience: int, drop: float) -> None:
        self.patience, self.drop = patience, drop
        self._factor, self._best, self._waited = 1.0, math.inf, 0

    def factor(self, step: int) -> float:  # noqa: ARG002
        return self._factor

    def observe(self, loss: float) -> None:
        if loss < self._best * (1 - self.threshold):
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited > self.patience:
            self._factor *= self.drop
            self._waited = 0

    def state(self) -> dict[str, float]:
        return {"factor": self._factor, "best": self._best, "waited": self._waited}

    def restore(self, state: dict[str, float]) -> None:
        self._factor, self._best, self._waited = state["factor"], state["best"], int(state["waited"])


class WarmUp(Schedule):
    """Another schedule, led up to in equal steps over the first `steps` training steps."""

    def __init__(self, steps: int, schedule: Schedule) -> None:
        self.kind = schedule.kind
        self.steps = steps
        self.schedule = schedule

    def factor(self, step: int) -> float:
        return min((step + 1) / self.steps, 1.0) * self.schedule.factor(step)

    def observe(self, loss: float) -> None:
        self.schedule.observe(loss)

    def state(self) -> dict[str, float]:
        return self.schedule.state()

    def restore(self, state: dict[str, float]) -> None:
        self.schedule.restore(state)
