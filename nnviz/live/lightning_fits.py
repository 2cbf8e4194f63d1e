"""What a callback of Lightning does to have each `fit` watched, for both packages in which Lightning is found."""

from typing import Any

from nnviz.live.watching import LISTENING, Watching, begin


class WatchesFits:
    """Comes before `Callback` among the bases, and takes what `nnviz.live.watch` takes beside model, optimizer, scaler.

    watching  of the `fit` that goes on or was the last one; None before

    Of several optimizers, a training step ends with the last one that `configure_optimizers` gives. Where several
    processes train, each is watched; the first one alone listens at a port.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.watching: Watching | None = None
        self._settings = settings

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """The model is wrapped, the optimizers are there, and what is resumed has been read."""
        settings = {"name": type(pl_module).__name__, **self._settings}
        if not trainer.is_global_zero:
            settings = {key: value for key, value in settings.items() if key not in LISTENING}
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        self.watching = begin(
            trainer.model, trainer.optimizers, scaler=scaler, steps_before=trainer.global_step, **settings
        )

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        self.close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002
        self.close()

    def close(self) -> None:
        """Watch no more."""
        if self.watching is not None:
            self.watching.close()
