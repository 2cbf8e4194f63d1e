"""A Lightning training, watched: `Trainer(callbacks=[Watch()])`. Needs Lightning 2."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from nnviz.live.watching import LISTENING, Watching, begin


class Watch(Callback):
    """Watches each `fit`, and takes what `nnviz.live.watch` takes beside model, optimizer and scaler.

    watching  of the `fit` that goes on or was the last one; None before

    Of several optimizers, a training step ends with the last one that `configure_optimizers` gives. Where several
    processes train, each is watched; the first one alone listens at a port.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.watching: Watching | None = None
        self._settings = settings

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The model is wrapped, the optimizers are there, and what is resumed has been read."""
        settings = {"name": type(pl_module).__name__, **self._settings}
        if not trainer.is_global_zero:
            settings = {key: value for key, value in settings.items() if key not in LISTENING}
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        self.watching = begin(
            trainer.model, trainer.optimizers, scaler=scaler, steps_before=trainer.global_step, **settings
        )

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self.close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:  # noqa: ARG002
        self.close()

    def close(self) -> None:
        """Watch no more."""
        if self.watching is not None:
            self.watching.close()
