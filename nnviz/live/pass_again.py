"""A recorded forward pass, run again in float64: by a copy of the model, with nothing of the model's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.array import Array
from nnviz.errors import InputError
from nnviz.live.in_float64 import InFloat64
from nnviz.live.loss_again import ways
from nnviz.live.recorder import is_compiled
from nnviz.live.recording import Recording
from nnviz.live.tensors import first_batch, is_spread, tensors_in
from nnviz.wording import number

AGREES = 1e-5
"""In float32 a loss may be so much off, as a share of what it is made of."""
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class PassAgain:
    """The loss of a recorded step as a function of the parameters.

    parameters  of the copy, by their names, float64: whoever changes one changes the loss
    recorded    the loss at the recorded weights

    It has the weights, arguments and state of the random generator that the recorded pass had. Hooks of others are
    not in the copy. The global generator is another one while a pass is run, and then what it was: nobody else may
    train meanwhile. Raises InputError if the pass cannot be run again, or gives another loss.
    """

    def __init__(self, model: nn.Module, recording: Recording) -> None:
        reason = _reason_against(model, recording)
        if reason is not None:
            raise InputError(reason)
        self._recording = recording
        self._devices = sorted({each.device.index or 0 for each in recording.parameters.values() if each.is_cuda})
        for device in self._devices:
            # Whatever stream it was made in, what the model was given is there.
            torch.cuda.synchronize(device)
        try:
            self._copy, self.parameters = _copied(model, recording)
            self._buffers = [
                (module, name, None if buffer is None else buffer.clone())
                for module in self._copy.modules()
                for name, buffer in module._buffers.items()
            ]
        except Exception as fault:
            raise InputError(f"the model cannot be copied: {_told(fault)}") from None
        self._way = self._agreeing()
        self.recorded = self.loss()

    def loss(self) -> float:
        """At the parameters as they are."""
        with torch.no_grad(), self._run(*self._given()) as outputs:
            return float(ways(outputs, self._recording.reading)[self._way].loss)

    def gradients(self) -> dict[str, Array]:
        """By backprop in float64, of the parameters that have one."""
        wanted = {name: each for name, each in self.parameters.items() if each.requires_grad}
        found = self._backprop(list(wanted.values()), *self._given())
        return {name: each.cpu().numpy() for name, each in zip(wanted, found, strict=True) if each is not None}

    def input_gradient(self) -> Array | None:
        """The same of the first batch that the model was given, as PyTorch has it; None of whole numbers."""
        args, kwargs = self._given()
        batch = first_batch((args, kwargs))
        if batch is None or not batch.is_floating_point():
            return None
        (found,) = self._backprop([batch.requires_grad_()], args, kwargs)
        return None if found is None else found.cpu().numpy()

    def _backprop(self, wanted: list[Tensor], args: Any, kwargs: Any) -> tuple[Tensor | None, ...]:
        try:
            with torch.enable_grad(), self._run(args, kwargs) as outputs:
                loss = ways(outputs, self._recording.reading)[self._way].loss
                # Not by `backward`, of which others hear.
                found: tuple[Tensor | None, ...] = torch.autograd.grad(loss, wanted, allow_unused=True)
                return found
        except Exception as fault:
            raise InputError(f"backprop cannot be done again in float64: {_told(fault)}") from None

    def _given(self) -> tuple[Any, Any]:
        """What the model was given, in float64: a copy."""
        assert self._recording.given is not None
        arguments = self._recording.given.arguments
        known = {id(each): _doubled(each) for each in tensors_in(arguments)}
        args, kwargs = deepcopy(arguments, known)
        return args, kwargs

    @contextmanager
    def _run(self, args: Any, kwargs: Any) -> Iterator[Any]:
        """What the model gives."""
        for module, name, buffer in self._buffers:
            module._buffers[name] = None if buffer is None else buffer.clone()
        assert self._recording.given is not None
        with torch.random.fork_rng(self._devices), InFloat64():
            torch.set_rng_state(self._recording.given.randomness)
            yield self._copy(*args, **kwargs)

    def _agreeing(self) -> int:
        """By which of all ways the recorded loss comes about."""
        expected = self._recording.loss
        assert expected is not None
        try:
            with torch.no_grad(), self._run(*self._given()) as outputs:
                found = [(float(way.loss), way.size) for way in ways(outputs, self._recording.reading)]
        except Exception as fault:
            raise InputError(f"the model cannot be run again in float64: {_told(fault)}") from None
        if not found:
            raise InputError("the loss is none that can be computed again from what the model gives")
        apart = [abs(loss - expected) / (max(abs(expected), size) or 1.0) for loss, size in found]
        nearest = min(range(len(found)), key=lambda k: (apart[k] > AGREES, k))
        if not apart[nearest] <= AGREES:
            closest = min(found, key=lambda each: abs(each[0] - expected))[0]
            raise InputError(
                f"run again in float64 the loss is {number(closest, 6)}, and it was {number(expected, 6)}: it has more "
                "in it (a factor, a penalty), depends on more than weights and batch (dropout, say), or has fewer "
                "digits than float32"
            )
        return nearest


def _reason_against(model: nn.Module, recording: Recording) -> str | None:
    """Why a pass cannot be run again, if that can be seen before."""
    if any(is_compiled(each) or isinstance(each, torch.jit.ScriptModule) for each in model.modules()):
        return "what is compiled is not run again"
    if recording.is_averaged or any(map(is_spread, recording.parameters.values())):
        return "several processes train this model, and one alone cannot run it again"
    if recording.passes != 1:
        return "the gradients of this step are of several passes, of which the last one alone is known"
    if recording.given is None:
        return "the model itself was not called in this step, only modules of it"
    if recording.given.has_changed():
        return "what the model was given has been changed since"
    return None


def _copied(model: nn.Module, recording: Recording) -> tuple[nn.Module, dict[str, Tensor]]:
    """A copy without hooks, in float64, and its parameters, as they were in the recorded pass."""
    parameters: dict[str, Tensor] = {}
    known: dict[int, Any] = {}
    for name, own in recording.parameters.items():
        values = torch.tensor(recording.before[name], dtype=torch.float64, device=own.device)
        known[id(own)] = parameters[name] = nn.Parameter(values, own.requires_grad)
    for buffer in model.buffers():
        known[id(buffer)] = _doubled(buffer)
    copy = deepcopy(model, known)
    for module in copy.modules():
        for hooks in HOOKS:
            getattr(module, hooks).clear()
    return copy, parameters


def _doubled(tensor: Tensor) -> Tensor:
    """A copy, in float64 where it is of real numbers."""
    return tensor.detach().to(torch.float64 if tensor.is_floating_point() else tensor.dtype, copy=True)


def _told(fault: Exception) -> str:
    """The first line of what went wrong."""
    return f"{type(fault).__name__}: {(str(fault).splitlines() or [''])[0]}"
