"""A training that goes on in somebody else's loop, and what is looked at of it."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from nnviz.live.own_example import Shows
from nnviz.live.screen_side import ScreenSide
from nnviz.live.shared import Shared
from nnviz.live.training_side import TrainingSide


class Watch:
    """Counts the training steps of a model, looks at some of them, and can have it wait.

    shared    what both sides know: each has a thread, and neither knows the other one
    training  the side that hears of the steps
    screen    the side that shows them, and says what is handed in
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[Optimizer],
        name: str,
        scaler: Any = None,
        clock: Callable[[], float] = time.perf_counter,
        steps_before: int = 0,
        example: Shows | None = None,
        classes: Sequence[str] = (),
    ) -> None:
        optimizers = list(optimizers)
        self.shared = Shared(optimizers)
        self.screen = ScreenSide(model, optimizers, name, self.shared, clock, steps_before, example, classes)
        self.training = TrainingSide(model, optimizers, scaler, self.shared, clock)

    def close(self) -> None:
        """Leave the training alone."""
        self.training.close()
