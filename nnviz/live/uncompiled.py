"""What torch.compile is not to compile: what nnviz hangs on a training, whatever of that its owner has compiled."""

from collections.abc import Callable
from typing import Any

import torch
from torch._compile import _disable_dynamo


def uncompiled(do: Callable[..., object], compiled: Callable[..., object] | None = None) -> Callable[..., None]:
    """The same as a hook that gives nothing; in a function that is compiled, it is called outside of what is compiled.

    compiled  is called there in its place, if it is given

    What PyTorch itself does for its optimizers: the public `torch.compiler.disable` loads the compiler at once, which
    takes a second, and takes its time at each call.
    """
    inside = do if compiled is None else compiled
    left_out = _disable_dynamo(lambda *seen: inside(*seen))

    def done(*seen: Any) -> None:
        if torch.compiler.is_compiling():
            left_out(*seen)
        else:
            do(*seen)

    return done
