"""Recorder: hangs hooks on a model for one training step, and fills a recording.

Nothing hangs on the model in all other steps. Never a full backward hook: those break in-place layers and stay silent
where outputs are no plain tuples. What is read is copied at once, since what comes later may overwrite it.
"""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from nnviz.frame.stages import Phase
from nnviz.live.graph import leads_to
from nnviz.live.guard import Guard
from nnviz.live.hook import Hook
from nnviz.live.loss_reading import read_loss
from nnviz.live.recording import Call, Given, Recording, Seen
from nnviz.live.tensors import as_given, can_be_read, copied, first_batch, first_numbers
from nnviz.live.uncompiled import uncompiled

Reached = Callable[[Phase, int], None]
"""Told that a phase has come so far: as many calls are forward, or the number of the lowest call whose ∂L/∂output has
come back."""


class _Entered:
    """A module whose forward has begun."""

    __slots__ = ("given", "has_called", "module", "source")

    def __init__(self, module: nn.Module, given: Seen | None, source: int) -> None:
        self.module, self.given, self.source = module, given, source
        self.has_called = False


class Recorder:
    """Fills a recording by hooks on the modules, while it is armed; another thread may disarm it at any moment."""

    def __init__(self, model: nn.Module, guard: Guard, reached: Reached) -> None:
        self._model, self._guard, self._reached = model, guard, reached
        self._handles: list[RemovableHandle] = []
        self._stack: list[_Entered] = []
        # Modules that have called others: what they give, those have given.
        self._inner: set[int] = set()
        self._names: dict[int, str] = {}
        self._modules: list[tuple[str, nn.Module]] = []
        # Whether its owner has the model called in a function that is compiled.
        self._is_compiled = False
        # Whether only the model itself is heard, since validation goes on.
        self._is_asleep = False
        # Whoever calls the model first after it was armed trains it.
        self._owner: tuple[int, int] | None = None
        self._first: Seen | None = None
        self._versions: dict[str, int] = {}
        self._has_stepped = False
        self.recording: Recording | None = None
        self.scale = 1.0

    @property
    def is_armed(self) -> bool:
        """Whether hooks hang on the model."""
        return self.recording is not None

    def arm(self, recording: Recording) -> None:
        """Record what follows."""
        self.disarm()
        self.recording, self._has_stepped = recording, False
        self._owner = None
        recording.is_averaged = _is_averaged()
        recording.is_compiled = self._is_compiled
        self._modules = [] if self._is_compiled else _called_by_hooks(self._model)
        self._names = {id(module): name for name, module in self._modules}
        self._hang(self._modules)

    def _hang(self, modules: list[tuple[str, nn.Module]]) -> None:
        for _, module in modules:
            enter, leave = (
                Hook(uncompiled(self._guard.watched(see), self._meet_compiler)) for see in (self._enter, self._leave)
            )
            self._handles.append(module.register_forward_pre_hook(enter, with_kwargs=True))
            self._handles.append(module.register_forward_hook(leave, with_kwargs=True))

    def _meet_compiler(self, *_: object) -> None:
        """It is called in a function that is compiled: hooks would have that compiled again at each look."""
        self._is_compiled = True
        recording = self.recording
        if recording is not None:
            recording.is_compiled = True

    def disarm(self) -> None:
        """Have the model as it was."""
        self._take_down()
        self._stack.clear()
        recording, self.recording = self.recording, None
        if recording is not None:
            recording.forget_graph()
            recording.given = None

    def _take_down(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._is_asleep = False

    # Forward

    def _is_ours(self) -> bool:
        """Whether a call belongs to a forward pass of training, in the process and thread that trains.

        Not those of a checkpoint, which runs forward again while backward is at work.
        """
        return (
            torch.is_grad_enabled()
            and torch._C._current_graph_task_id() == -1
            and self._owner in (None, (os.getpid(), threading.get_ident()))
        )

    def _enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        recording = self.recording
        if recording is None:
            return
        if not self._is_ours():
            self._leave_alone(module)
            return
        self._owner = os.getpid(), threading.get_ident()
        if self._is_asleep:
            self._take_down()
            self._hang(self._modules)
        if not self._stack or module is self._model:
            self._stack.clear()
            if module is self._model or recording.is_backward_over:
                recording.begin_pass()
                self._refresh(recording)
            if module is self._model:
                recording.given = Given(args, kwargs)
        else:
            self._stack[-1].has_called = True
        given, source = None, -1
        if id(module) not in self._inner or not recording.calls:
            tensor = first_batch((args, kwargs))
            if tensor is not None:
                given, source = self._given(recording, tensor)
        self._stack.append(_Entered(module, given, source))

    def _given(self, recording: Recording, tensor: Tensor) -> tuple[Seen | None, int]:
        """What came in, unless an earlier call gave just that; and which call did."""
        if not recording.size:
            recording.size = len(tensor)
            first = Seen(tensor, recording.size)
            recording.inputs, self._first = first.numbers, first
            recording.batch = first.numbers if tensor.is_floating_point() else as_given(tensor)
        if not recording.calls and self._first is not None and self._first.is_still(tensor):
            return None, -1
        source = recording.source_of(tensor)
        if source is not None and source == len(recording.calls) - 1:
            return None, source
        return self._seen(recording, tensor, len(recording.calls) - 1), -1 if source is None else source

    def _seen(self, recording: Recording, tensor: Tensor, place: int) -> Seen:
        seen = Seen(tensor, recording.size)
        if tensor.requires_grad:
            come = self._guard.watched(lambda gradient: self._come_back(recording, seen, place, gradient))
            tensor.register_hook(Hook(come))
        return seen

    def _leave(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:  # noqa: ARG002
        recording = self.recording
        if recording is None or not self._stack or not self._is_ours():
            return
        while self._stack:
            entered = self._stack.pop()
            if entered.module is module:
                break
        else:
            return
        if entered.has_called:
            self._inner.add(id(module))
            return
        self._inner.discard(id(module))
        tensor = first_numbers(output)
        gave = None
        if tensor is not None and recording.size:
            gave = self._seen(recording, tensor, len(recording.calls))
        recording.calls.append(Call(module, self._names[id(module)], entered.given, entered.source, gave))
        self._reached(Phase.FORWARD, len(recording.calls))

    def _leave_alone(self, module: nn.Module) -> None:
        """A pass that is none of training runs as if nobody were looking: some modules have a quicker way then."""
        if module is self._model and not torch.is_grad_enabled() and not self._stack and not self._is_asleep:
            self._take_down()
            self._hang(self._modules[:1])
            self._is_asleep = True

    # Backward

    def begin_backward(self, root: Tensor) -> None:
        """The forward pass is over, and this is the value that backward is called on; unless another model has it."""
        recording = self.recording
        if recording is None or recording.is_forward_over or not leads_to(root.grad_fn, recording.parameters.values()):
            return
        recording.is_forward_over = True
        recording.root, recording.loss = root.grad_fn, float(root.detach()) / self.scale
        recording.reading = read_loss(root.grad_fn, recording.loss)
        self._reached(Phase.LOSS, 0)

    def _come_back(self, recording: Recording, seen: Seen, place: int, gradient: Any) -> None:
        if recording is not self.recording or not isinstance(gradient, Tensor) or not can_be_read(gradient):
            return
        numbers = copied(gradient)
        if seen.numbers is None or numbers.size != seen.numbers.size:
            return
        # In the order in which the numbers were read, whose first dimension is the batch.
        numbers = numbers.reshape(seen.shape)
        seen.gradient = seen.in_batch(numbers / self.scale if self.scale != 1.0 else numbers)
        self._reached(Phase.BACKWARD, place)

    def forget_passes(self) -> None:
        """The passes before this one count for no update: their gradients were thrown away."""
        recording = self.recording
        if recording is not None:
            recording.passes = 0

    def end_backward(self) -> None:
        """Every gradient of this pass is there: accumulated, and averaged where several processes train."""
        recording = self.recording
        if recording is None or not recording.is_forward_over or recording.is_backward_over:
            return
        recording.gradients = {
            name: copied(parameter.grad) / np.float32(self.scale)
            for name, parameter in recording.parameters.items()
            if parameter.grad is not None
        }
        recording.norm = _length(recording.gradients.values())
        recording.passes += 1
        recording.is_backward_over = True
        recording.forget_graph()
        self._reached(Phase.BACKWARD, -2)

    # Update

    def has_its_parameters(self) -> bool:
        """Whether the parameters that are recorded are still the model's: FSDP, for one, puts others in their place."""
        found = dict(self._model.named_parameters())
        recording = self.recording
        recorded = {} if recording is None else recording.parameters
        return found.keys() == recorded.keys() and all(found[name] is each for name, each in recorded.items())

    def copy_parameters(self) -> None:
        """Take the parameters as the step finds them."""
        recording = self.recording
        if recording is not None:
            self._versions = {name: each._version for name, each in recording.parameters.items()}
            recording.before = {name: copied(each) for name, each in recording.parameters.items()}

    def begin_update(self) -> None:
        """The optimizer is about to step: what has been changed by hand since is no part of its update."""
        recording = self.recording
        if recording is not None and not self._has_stepped:
            self._refresh(recording)
            self._has_stepped = True

    def _refresh(self, recording: Recording) -> None:
        """Take the parameters again that somebody has changed: an update is what comes after the last pass."""
        for name, each in recording.parameters.items():
            if each._version != self._versions[name]:
                self._versions[name], recording.before[name] = each._version, copied(each)

    def end_update(self, rates: list[float]) -> Recording | None:
        """It has stepped: the recording is complete, and is handed over; None where nothing was recorded."""
        recording = self.recording
        if recording is None or not recording.is_backward_over:
            return None
        parameters = recording.parameters
        recording.values = {name: copied(each) for name, each in parameters.items()}
        recording.updates = {
            name: recording.values[name] - before
            for name, before in recording.before.items()
            if before.shape == recording.values[name].shape
        }
        recording.used = _length(copied(each.grad) for each in parameters.values() if each.grad is not None)
        recording.rates, recording.is_over = rates, True
        self._reached(Phase.UPDATE, 0)
        recording.given = None
        return recording


def _length(gradients: Any) -> float:
    """The length of all of them as one vector, in float64."""
    rows = (gradient.reshape(-1).astype(np.float64) for gradient in gradients)
    return float(np.sqrt(sum(float(row @ row) for row in rows)))


def _called_by_hooks(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """The modules on which hooks are heard, and their names: none that is compiled, and nothing in one."""
    found: list[tuple[str, nn.Module]] = []
    seen: set[int] = set()

    def walk(name: str, module: nn.Module) -> None:
        if id(module) in seen or is_compiled(module) or isinstance(module, torch.jit.ScriptModule):
            return
        seen.add(id(module))
        found.append((name, module))
        for child_name, child in _children(module):
            walk(f"{name}.{child_name}" if name else child_name, child)

    walk("", model)
    return found


def _children(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """What a module has in it, and its name there. Models of Keras do not hand their layers to PyTorch."""
    yield from module.named_children()
    if any(f"{kind.__module__}.".startswith("keras.") for kind in type(module).__mro__):
        yield from ((layer.name, layer) for layer in getattr(module, "layers", ()))


def _is_averaged() -> bool:
    """Whether gradients may be averaged over processes: what does so need not be in the model that is watched."""
    return bool(dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1)


def is_compiled(module: nn.Module) -> bool:
    """Whether torch.compile has it: hooks that come later are not heard, or have it compiled again."""
    return "_orig_mod" in module._modules or module._compiled_call_impl is not None
