"""What is seen of one training step: which modules were called, what they gave, and what came back."""

import weakref
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.array import Array
from nnviz.live.layout import batched
from nnviz.live.loss_reading import LossReading
from nnviz.live.tensors import copied, tensors_in


class Seen:
    """A tensor as it was when a module got it or gave it.

    numbers   a copy (n, …), in PyTorch's order; None where the batch is no dimension of it
    shape     of the tensor itself
    gradient  ∂L/∂ it, once that has come back
    node      what autograd knows it by; None where no gradient comes back
    """

    __slots__ = ("_size", "_tensor", "_version", "gradient", "node", "numbers", "shape")

    def __init__(self, tensor: Tensor, size: int) -> None:
        self._tensor, self._version = weakref.ref(tensor), tensor._version
        self.node: Any = tensor.grad_fn
        self.shape, self._size = tuple(tensor.shape), size
        self.numbers = self.in_batch(copied(tensor))
        self.gradient: Array | None = None

    def in_batch(self, numbers: Array) -> Array | None:
        """Numbers of the tensor's shape as (n, …)."""
        return batched(numbers, self._size)

    def is_still(self, tensor: Tensor) -> bool:
        """Whether a tensor is this one, and nothing has changed it since."""
        unchanged = bool(self._version == tensor._version)
        return unchanged and self._tensor() is tensor


class Call:
    """One call of a module that called no other module of the model.

    given   what came in, where no earlier call gave just that; `source` is that call's place, −1 for the model's input
    """

    __slots__ = ("gave", "given", "module", "name", "source")

    def __init__(self, module: nn.Module, name: str, given: Seen | None, source: int, gave: Seen | None) -> None:
        self.module, self.name, self.given, self.source, self.gave = module, name, given, source, gave


class Given:
    """What a model was called with, and the state of the CPU's random generator at that moment.

    It belongs to whoever trains, and is kept no longer than the step goes on.
    """

    __slots__ = ("_versions", "arguments", "randomness")

    def __init__(self, args: Any, kwargs: Any) -> None:
        self.arguments = args, kwargs
        self.randomness = torch.get_rng_state()
        self._versions = [(tensor, tensor._version) for tensor in tensors_in(self.arguments)]

    def has_changed(self) -> bool:
        """Whether somebody has written into one of the tensors since."""
        return any(tensor._version != version for tensor, version in self._versions)


class Recording:
    """One training step, as far as it has come; of several passes through the model in it, the last one.

    index      of the training step, from 0
    passes     forward passes with a backward pass so far
    given      what the model itself was called with; None where that was not called, or the step is over
    inputs     (n, …) what the model got, in PyTorch's order; `batch` is the same, whole numbers as whole numbers
    reading    what the loss says of the outputs; None for a loss that is not known here, or not yet
    loss       the value that backward was called on, and `root`, the node of that until backward is over
    gradients  by the number of a parameter, at the end of the backward pass; `before` and `updates` likewise
    rates      the learning rate of each parameter group, as it was used
    is_averaged  whether gradients are those of several processes
    is_compiled  whether the model is called in a function that is compiled, and no module of it is heard
    norm       how long the gradient was at the end of the backward pass, and `used`, when the optimizer used it
    """

    def __init__(self, index: int, parameters: dict[str, nn.Parameter]) -> None:
        self.index, self.parameters = index, parameters
        self.passes = 0
        self.is_averaged = self.is_compiled = False
        self.before: dict[str, Array] = {}
        self.updates: dict[str, Array] = {}
        self.values: dict[str, Array] = {}
        self.rates: list[float] = []
        self.used: float | None = None
        self.begin_pass()
        self.is_over = False

    def begin_pass(self) -> None:
        """Forget the pass before: it was not the last one of this step, or was none of training."""
        self.calls: list[Call] = []
        self.given: Given | None = None
        self.inputs: Array | None = None
        self.batch: Array | None = None
        self.size = 0
        self.loss: float | None = None
        self.root: Any = None
        self.reading: LossReading | None = None
        self.gradients: dict[str, Array] = {}
        self.norm: float | None = None
        self.is_forward_over = self.is_backward_over = False

    def source_of(self, tensor: Tensor) -> int | None:
        """Which call gave just this tensor; None where none did."""
        calls = self.calls
        for number in range(len(calls) - 1, -1, -1):
            gave = calls[number].gave
            if gave is not None and gave.is_still(tensor):
                return number
        return None

    def forget_graph(self) -> None:
        """Keep nothing alive of the graph: it belongs to whoever trains."""
        self.root = None
        for call in self.calls:
            for seen in (call.given, call.gave):
                if seen is not None:
                    seen.node = None
