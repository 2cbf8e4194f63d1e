"""Which checkpoints of a run are kept: enough that any step is a short replay away, in no more than a budget."""

from collections.abc import Sequence

LAST = 3
MOST = 1000
"""However small they are, more would be of no use."""


def superfluous(steps: Sequence[int], sizes: Sequence[int], budget: int, best: int | None) -> list[int]:
    """Those of the steps, in order, whose checkpoints of these sizes in bytes are to go.

    The last three stay, and that of the best step if there is one. Of the others, that one goes first without which
    the way between its neighbours is shortest, so that those that are left lie about evenly over the run.
    """
    kept, gone = dict(zip(steps, sizes, strict=True)), []
    safe = {*steps[-LAST:], best}
    total = sum(sizes)
    while total > budget or len(kept) > MOST:
        left = list(kept)
        ways = zip([0, *left], left, left[1:], strict=False)
        found = min(((after - before, step) for before, step, after in ways if step not in safe), default=None)
        if found is None:
            break
        gone.append(found[1])
        total -= kept.pop(found[1])
    return gone
