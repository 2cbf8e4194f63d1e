"""How a run of a sweep stands, and how it came to its end."""

from pathlib import Path

import msgspec

from nnviz.runs.result import written
from nnviz.training.stopping import BY_PERSON, DIVERGED, HOPELESS, INTERRUPTED

FAILED, FINISHED, STOPPED = "failed", "finished", "stopped"


class Standing(msgspec.Struct, frozen=True):
    """How far a run is: its share (None if nothing limits it), the seconds that are left, the last validation loss."""

    name: str
    epoch: int
    share: float | None
    seconds_left: float | None
    loss: float | None


class Outcome(msgspec.Struct, frozen=True):
    """How a run came to its end.

    state      finished, diverged, stopped (by the median rule), interrupted or failed
    why        of one that failed, in one line; else what stopped it
    exit_code  that of `nnviz train`, had it been alone
    """

    name: str
    state: str
    why: str
    exit_code: int = 0
    seconds: float = 0.0


def standing_outcome(name: str, path: Path) -> Outcome | None:
    """That of a run that was trained to its end already; None of one that is still to be trained, or gone on with."""
    result = written(path)
    if result is None or not result.is_scored or result.stopped_by in (INTERRUPTED, BY_PERSON, None):
        return None
    return ended(name, str(result.stopped_by), result.seconds)


def ended(name: str, stopped_by: str, seconds: float) -> Outcome:
    """That of a run that was stopped so."""
    states = {DIVERGED: (DIVERGED, 3), HOPELESS: (STOPPED, 0), INTERRUPTED: (INTERRUPTED, 130)}
    state, exit_code = states.get(stopped_by, (FINISHED, 0))
    return Outcome(name, state, stopped_by, exit_code, seconds)
