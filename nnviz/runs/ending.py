"""Ending: how a run ended, and where it is kept. Light to import."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from nnviz.runs.result import Result

# By somebody, and not by what it came to.
STOPPED = ("interrupted", "you")
EXIT_CODES = {"diverged": 3, "interrupted": 130}


class Ending(msgspec.Struct, frozen=True):
    """How a run ended.

    result     what came out; scores that nobody waited for are None in it. None if nothing was trained, or nobody knows
    directory  where it is kept, None if it is not
    trouble    why it is kept somewhere else, not whole, or not at all; None if nothing went wrong
    earlier    the runs that were begun before it on the same screen, without their results
    looked_at  the run that was opened and not gone on with
    details    what else there is to say of a fault of nnviz that ended it
    """

    result: Result | None = None
    directory: str | None = None
    trouble: str | None = None
    earlier: tuple[Ending, ...] = ()
    details: str | None = None
    looked_at: str | None = None

    @property
    def exit_code(self) -> int:
        """1 if what was trained is lost; else 3 or 130 as the training ended; else 0, or 1 if something went wrong."""
        stopped_by = str(self.result.stopped_by) if self.result and self.directory else ""
        return EXIT_CODES.get(stopped_by, 1 if self.trouble else 0)

    @property
    def where(self) -> str:
        """Where it is kept, in words."""
        if self.directory:
            return f"the run is kept in {self.directory}"
        if self.looked_at:
            return f"nothing was trained, and {self.looked_at} is as it was"
        return "the run is not kept" if self.trouble else "no training step was finished, so there is nothing to keep"

    @property
    def resuming(self) -> str | None:
        """How to go on with the run, in words; None if it came to an end of its own, or is not kept."""
        stopped_by = self.result.stopped_by if self.result else None
        if self.directory is None or (stopped_by not in STOPPED and self.result is not None):
            return None
        return f"to go on with it: nnviz train --resume {shlex.quote(self.directory)}"

    @property
    def is_scored(self) -> bool:
        """Whether the network that is kept was scored."""
        return self.result is not None and self.result.is_scored
