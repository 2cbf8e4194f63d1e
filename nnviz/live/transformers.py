"""A training of Hugging Face's Trainer, watched: `Trainer(callbacks=[Watch()])`. Needs Transformers 5."""

import weakref
from typing import Any

from torch import nn
from torch.optim import Optimizer
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from nnviz.live.watching import LISTENING, Watching, begin


class Watch(TrainerCallback):
    """Watches each `train`, and takes what `nnviz.live.watch` takes beside model, optimizer and scaler.

    watching  of the `train` that goes on or was the last one; None before

    The Trainer says nothing to callbacks when an exception ends it: watching then ends with the Trainer itself, with
    its next `train`, or by `close`. Where several processes train, each is watched; the first one alone listens at a
    port.
    """

    def __init__(self, **settings: Any) -> None:
        self.watching: Watching | None = None
        self._settings = settings

    def on_train_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        model: nn.Module,
        optimizer: Optimizer,
        **_: Any,
    ) -> None:
        """The model is wrapped, the optimizer is there, and what is resumed has been read."""
        settings = {"name": type(model).__name__, **self._settings}
        if not state.is_world_process_zero:
            settings = {key: value for key, value in settings.items() if key not in LISTENING}
        # accelerate's optimizer steps by the one in it, and by that only where an update is made.
        inner, scaler = getattr(optimizer, "optimizer", optimizer), getattr(optimizer, "scaler", None)
        self.watching = begin(model, inner, scaler=scaler, steps_before=state.global_step, **settings)
        weakref.finalize(self, self.watching.close)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        self.close()

    def close(self) -> None:
        """Watch no more."""
        if self.watching is not None:
            self.watching.close()
