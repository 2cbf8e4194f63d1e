"""Whatever somebody's code computes, computed in float64: casts, constants and masks too."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

FEWER_DIGITS = {
    torch.float32: torch.float64,
    torch.float16: torch.float64,
    torch.bfloat16: torch.float64,
    torch.complex64: torch.complex128,
}


class InFloat64(TorchDispatchMode):  # type: ignore[misc]
    """Within it, this thread's operations take and give no number with fewer digits than float64 has."""

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """One operation."""
        del types
        return tree_map(_widened, func(*tree_map(_widened, args), **tree_map(_widened, dict(kwargs or {}))))


def _widened(thing: Any) -> Any:
    if isinstance(thing, Tensor):
        return thing.to(FEWER_DIGITS[thing.dtype]) if thing.dtype in FEWER_DIGITS else thing
    return FEWER_DIGITS.get(thing, thing) if isinstance(thing, torch.dtype) else thing
