"""The graph that autograd goes back along."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from nnviz.live.tensors import is_spread


def leads_to(root: Any, parameters: Iterable[Tensor]) -> bool:
    """Whether a pass back from the node `root` gives one of these parameters a gradient, as far as the graph tells.

    It does not tell what is inside a checkpoint, and of parameters that are spread over processes it has others.
    """
    if root is None:
        return False
    wanted = set()
    for each in parameters:
        if is_spread(each):
            return True
        wanted.add(id(each))
    waiting, seen = [root], {root}
    while waiting:
        node = waiting.pop()
        if id(getattr(node, "variable", None)) in wanted or "Checkpoint" in node.name():
            return True
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
    return False
