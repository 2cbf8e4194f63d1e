"""Watch a PyTorch model train, in its owner's process: `watch(model, optimizer)`, and `nnviz attach` elsewhere.

Of nnviz it needs neither the screen nor what belongs to it. PyTorch is not imported before `watch` is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from torch import nn
    from torch.optim import Optimizer

    from nnviz.array import Array
    from nnviz.live.watching import Watching


def watch(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    name: str | None = None,
    scaler: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    port: int | None = None,
    host: str | None = None,
    example: Callable[[Array, Array | None, int], Any] | None = None,
    classes: Sequence[str] = (),
) -> Watching:
    """Have a training watched from here on: call it once, before the loop, and train as ever.

    optimizer  or several that step one after the other; a training step ends with the last one
    name       by which `nnviz attach` finds it; else the model's class
    scaler     the GradScaler, where one is used: losses and gradients are then told without its factor
    out        a directory, as in "runs/first": what happens is written down there, for `nnviz runs` and its like; it
               has to be a new or an empty one. Of several processes that train together, the first one writes
    port       listen there for screens on other machines as well, by a token that standard error tells, or that the
               environment variable NNVIZ_TOKEN has (16 characters or more); 0 is any port that is free. What goes over
               the wire is not encrypted.
    host       the name or address at which the port listens; without it, this machine alone reaches it, as through
               ssh -L
    example    shows an example where its input is neither a picture nor a row: a function of what the model got (n, …),
               an array with whole numbers as whole numbers, of the targets where they are known (n,) or (n, outputs),
               and of the example's place in the batch. It returns a NumPy array (height × width, height × width × 3,
               or a row), a text, or numbers by name, and is called in a thread of nnviz's
    classes    their names, in place of "class 0"

    What is returned closes the watching by `close()`; it ends with the process anyway. A model that is watched already
    is watched anew. Raises InputError where no socket can be made, the port is taken, or `out` is.
    """
    from nnviz.live.watching import begin

    return begin(model, optimizer, name, scaler, out=out, port=port, host=host, example=example, classes=classes)
