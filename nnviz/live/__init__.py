"""Watch a PyTorch model train, in its owner's process: `watch(model, optimizer)`, and `nnviz attach` elsewhere.

Of nnviz it needs neither the screen nor what belongs to it. PyTorch is not imported before `watch` is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from torch import nn
    from torch.optim import Optimizer

    from nnviz.live.watching import Watching


def watch(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    name: str | None = None,
    scaler: Any = None,
    out: str | os.PathLike[str] | None = None,
) -> Watching:
    """Have a training watched from here on: call it once, before the loop, and train as ever.

    optimizer  or several that step one after the other; a training step ends with the last one
    name       by which `nnviz attach` finds it; else the model's class
    scaler     the GradScaler, where one is used: losses and gradients are then told without its factor
    out        a directory, as in "runs/first": what happens is written down there, for `nnviz runs` and its like; it
               has to be a new or an empty one. Of several processes that train together, the first one writes

    What is returned closes the watching by `close()`; it ends with the process anyway. A model that is watched already
    is watched anew. Raises InputError where no socket can be made, or `out` is taken.
    """
    from nnviz.live.watching import begin

    return begin(model, optimizer, name, scaler, out)
