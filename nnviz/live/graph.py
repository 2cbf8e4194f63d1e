"""The graph that autograd goes back along."""

from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor

from nnviz.live.tensors import is_spread


def nodes_from(root: Any) -> Iterator[Any]:
    """All nodes on the ways back from one, each once; none from None.

    Until the last one is there, each keeps its address, as do those that come after it.
    """
    waiting = [] if root is None else [root]
    known = {*waiting}
    while waiting:
        node = waiting.pop()
        fresh = {following for following, _ in node.next_functions if following is not None} - known
        known |= fresh
        waiting += fresh
        yield node


def leads_to(root: Any, parameters: Iterable[Tensor]) -> bool:
    """Whether a pass back from the node `root` gives one of these parameters a gradient, as far as the graph tells.

    It does not tell what is inside a checkpoint, and of parameters that are spread over processes it has others.
    """
    every = list(parameters)
    wanted = {*map(id, every)}
    return any(map(is_spread, every)) or any(
        id(getattr(node, "variable", None)) in wanted or "Checkpoint" in node.name() for node in nodes_from(root)
    )
