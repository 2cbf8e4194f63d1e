"""A training of Keras on PyTorch, watched: `model.fit(..., callbacks=[Watch()])`. Needs Keras 3."""

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import keras
import torch

from nnviz.errors import InputError
from nnviz.live.watching import Watching, begin


class Watch(keras.callbacks.Callback):
    """Watches each `fit`, and takes what `nnviz.live.watch` takes beside model, optimizer and scaler.

    watching  of the `fit` that goes on or was the last one; None before

    Keras says nothing to callbacks when an exception ends it: watching then ends with this callback itself, with the
    next `fit`, or by `close`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.watching: Watching | None = None
        self._settings = settings
        self._end: Callable[[], object] | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """The model is built, and its optimizer is there. Raises InputError where it could not be heard."""
        self.close()
        outer = self.model.optimizer
        # What scales losses steps by another one, and by that only where an update is made.
        optimizer = getattr(outer, "inner_optimizer", outer)
        _check(self.model, optimizer)
        step, scale = _as_torch(optimizer, self.model.parameters()), _Scale(outer)
        before = int(optimizer.iterations)
        self.watching = begin(self.model, step, scaler=scale, steps_before=before, **self._settings)
        optimizer.apply = step.step
        self._end = weakref.finalize(self, _leave, self.watching, optimizer)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        self.close()

    def close(self) -> None:
        """Watch no more."""
        if self._end is not None:
            self._end()


class _Step(torch.optim.Optimizer):
    """An optimizer of Keras's as one of PyTorch's: what Keras has it apply is its step, of which others can hear."""

    def __init__(self, optimizer: Any, parameters: Iterable[torch.nn.Parameter]) -> None:
        self._optimizer, self._apply = optimizer, optimizer.apply
        told = {name: getattr(optimizer, name) for name in ("momentum", "nesterov") if hasattr(optimizer, name)}
        super().__init__(parameters, {"lr": optimizer.learning_rate, **told})

    def step(self, *args: Any, **kwargs: Any) -> Any:
        # As it is used: a schedule goes by the steps that were made. A variable is read by whoever looks at it.
        self.param_groups[0]["lr"] = self._optimizer.learning_rate
        return self._apply(*args, **kwargs)


def _as_torch(optimizer: Any, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """It goes by the name of Keras's."""
    named = type(type(optimizer).__name__, (_Step,), {})
    return named(optimizer, parameters)


class _Scale:
    """What Keras multiplies a loss by before it goes back."""

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer

    @property
    def _scale(self) -> torch.Tensor | None:
        scale = self._optimizer.scale_loss(1.0)
        return None if isinstance(scale, float) and scale == 1 else torch.as_tensor(scale)


def _check(model: Any, optimizer: Any) -> None:
    backend = keras.backend.backend()
    if backend != "torch":
        raise InputError(f"Keras runs on {backend}; it can be watched on torch (KERAS_BACKEND=torch)")
    if model.jit_compile:
        raise InputError("a whole training step of this model is compiled (jit_compile), so nothing in it can be heard")
    if optimizer.gradient_accumulation_steps:
        raise InputError(
            "gradient_accumulation_steps of a Keras optimizer cannot be watched: the gradients that it adds up are its "
            "own, and PyTorch's are those of one batch"
        )


def _leave(watching: Watching, optimizer: Any) -> None:
    """Have the optimizer as it was."""
    watching.close()
    vars(optimizer).pop("apply", None)
