"""Ways from one moment of a run to another: gone at once, or bit by bit between requests."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeAlias

from nnviz.training.timeline import Position, Timeline
from nnviz.training.trainer import Trainer

Stop: TypeAlias = tuple[Position, Callable[[], None]]


def nothing() -> None:
    """What is done at a stop where nothing is to be done."""


class Way:
    """Leads a trainer from stop to stop, the last of which is its `end`.

    origin   where somebody set out; None if there is no turning to another goal on the way
    arrive   is to be called when all of it is gone
    give_up  is to be called when it is left before its end, to have the trainer's run as it was
    """

    def __init__(
        self,
        trainer: Trainer,
        timeline: Timeline,
        stops: Iterable[Stop],
        origin: Position | None = None,
        arrive: Callable[[], None] = nothing,
        give_up: Callable[[], None] = nothing,
    ) -> None:
        self._trainer, self._timeline = trainer, timeline
        self._stops = deque(sorted(stops, key=lambda stop: stop[0]))
        self.end = self._stops[-1][0]
        self.origin, self.arrive, self.give_up = origin, arrive, give_up

    @property
    def steps(self) -> int:
        """How many training steps are done where it leads to, or begun."""
        return self.end.step + (self.end.done > 0)

    def go(self, check: Callable[[], None]) -> None:
        """Go on to its end. `check` is called before each step; if it raises, the way can be gone on with later."""
        while self._stops:
            place, do = self._stops[0]
            self._trainer.go_to(place, self._timeline, check)
            do()
            self._stops.popleft()
