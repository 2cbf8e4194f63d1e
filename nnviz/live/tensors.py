"""Reading tensors without disturbing them: copies, without graph, without the global random generator."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from nnviz.array import Array
from nnviz.live.layout import plain


def copied(tensor: Tensor) -> Array:
    """Its numbers as an array of their own: what comes later may overwrite them.

    Of a tensor that is spread over several processes, those of this process.
    """
    with torch.no_grad():
        local = tensor.detach()
        if hasattr(local, "to_local"):
            local = local.to_local()
        if local.is_sparse:
            local = local.to_dense()
        if local.dtype not in (torch.float32, torch.float64):
            local = local.float()
        # On the CPU, `cpu` and `numpy` would share the memory.
        numbers: Array = local.cpu().clone(memory_format=torch.contiguous_format).numpy()
        return plain(numbers)


def as_given(tensor: Tensor) -> Array:
    """The same, but whole numbers and truth values are left such."""
    if tensor.is_floating_point() or tensor.is_sparse:
        return copied(tensor)
    with torch.no_grad():
        numbers: Array = tensor.detach().cpu().clone(memory_format=torch.contiguous_format).numpy()
        return numbers


def is_spread(tensor: Tensor) -> bool:
    """Whether this process has but a part of it (FSDP)."""
    return hasattr(tensor, "to_local")


def can_be_read(tensor: Tensor) -> bool:
    """Whether it holds numbers that can be looked at: not nested, wrapped by torch.func, complex or without memory."""
    return not (
        tensor.is_nested
        or tensor.is_complex()
        or tensor.device.type == "meta"
        or torch._C._functorch.is_functorch_wrapped_tensor(tensor)
        or not tensor.numel()
    )


def tensors_in(given: Any) -> Iterator[Tensor]:
    """All tensors in tuples, lists, mappings and dataclasses, in order."""
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, Mapping):
        for each in given.values():
            yield from tensors_in(each)
    elif isinstance(given, list | tuple):
        for each in given:
            yield from tensors_in(each)
    elif dataclasses.is_dataclass(given):
        for field in dataclasses.fields(given):
            yield from tensors_in(getattr(given, field.name, None))


def first_numbers(given: Any) -> Tensor | None:
    """The first tensor of real numbers in what comes out of a module; None where there is none."""
    return next((each for each in tensors_in(given) if each.is_floating_point() and can_be_read(each)), None)


def first_batch(given: Any) -> Tensor | None:
    """The first tensor in what goes into a module that has dimensions: of real numbers if there is one, else any."""
    batches = [each for each in tensors_in(given) if each.ndim and can_be_read(each)]
    return next((each for each in batches if each.is_floating_point()), batches[0] if batches else None)
