"""The loss of a training step: of the passes through the model whose gradients are added up for one update."""

from collections.abc import Iterator, Sequence

from torch import Tensor
from torch.optim import Optimizer

from nnviz.live.guard import Guard
from nnviz.live.tensors import can_be_read, copied

NO_GRADIENT = -1


class StepLoss:
    """Adds up the values that backward is called on, until an optimizer has stepped.

    A pass that gives no gradient to what is optimised is another model's. Gradients that somebody has thrown away since
    the last pass count for no update, and neither does the loss of that pass: a GradScaler leaves a step out where a
    gradient is not finite, and LBFGS asks for the loss several times.

    thrown_away  how many times that came to pass outside of an optimizer's step: those steps were left out
    """

    def __init__(self, optimizers: Sequence[Optimizer], guard: Guard) -> None:
        self._optimizers = optimizers
        self._look = guard.watched(self._look_at_gradients)
        self._are_zero = False
        self._sum: Tensor | float | None = None
        self._pass: Tensor | float | None = None
        # How often each gradient had been changed in its place, when this pass began and when the last one was over.
        self._before: list[int] = []
        self._after: list[int] = []
        self._is_anew = self._is_stepping = self._has_stepped = False
        self.thrown_away = 0

    def begin_pass(self, loss: Tensor | float) -> None:
        """Backward is called on that."""
        self._pass, self._before = loss, self._versions()
        self._is_anew = self._sum is not None and not self._has_stepped and self._is_gone()

    def end_pass(self) -> bool:
        """Backward is over; whether what came before it in this step counts no more."""
        loss, self._pass = self._pass, None
        versions = self._versions()
        if loss is None or versions == self._before:
            return False
        self.thrown_away += self._is_anew and not self._is_stepping
        self._sum = loss if self._sum is None or self._is_anew else self._sum + loss
        self._after, self._has_stepped = versions, False
        return self._is_anew

    def begin_update(self) -> None:
        """One of the optimizers is about to step."""
        self._is_stepping = True

    def end_update(self, *_: object) -> None:
        """It has stepped: whatever becomes of the gradients now, they have had their use."""
        self._is_stepping, self._has_stepped = False, True

    def end_step(self) -> Tensor | float | None:
        """The last one has stepped. The loss of the training step that is over; None where backward was not heard."""
        self._is_stepping, self._has_stepped = False, True
        loss, self._sum = self._sum, None
        return loss

    def _parameters(self) -> Iterator[Tensor]:
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                yield from group["params"]

    def _versions(self) -> list[int]:
        # Written out: it is done twice in each training step.
        return [
            NO_GRADIENT if (gradient := each.grad) is None else gradient._version
            for optimizer in self._optimizers
            for group in optimizer.param_groups
            for each in group["params"]
        ]

    def _is_gone(self) -> bool:
        """Whether the gradients of the last pass are none any more, or 0: to see that, a GPU is waited for."""
        if self._before == self._after:
            return False
        self._are_zero = False
        self._look()
        return self._are_zero

    def _look_at_gradients(self) -> None:
        gradients = [each.grad for each in self._parameters() if each.grad is not None]
        self._are_zero = not any(copied(gradient).any() for gradient in gradients if can_be_read(gradient))
