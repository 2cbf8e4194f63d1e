"""How far something is that takes long, an opening or scores, for whoever waits for it. Light to import."""

import time
from collections.abc import Callable

import msgspec

from nnviz.wording import count, duration, fixed, integer


class OpeningProgress(msgspec.Struct, frozen=True):
    """So many images are decoded, steps done again or batches scored, of so many in all, and so many a second."""

    done: int
    total: int
    rate: float
    thing: str = "image"

    @property
    def share(self) -> float:
        """What is done, of 1."""
        return self.done / self.total

    def words(self) -> list[str]:
        """The standing in words, what matters most first."""
        left = duration((self.total - self.done) / self.rate)
        return [f"{integer(self.done)} of {count(self.total, self.thing)}", f"{fixed(self.rate, 0)}/s", f"{left} left"]


class Watch:
    """Lets one who listens hear every `interval` seconds, by the `clock`, how far an opening is."""

    def __init__(
        self,
        hear: Callable[[OpeningProgress], None],
        interval: float,
        clock: Callable[[], float] = time.perf_counter,
        thing: str = "image",
    ) -> None:
        self._hear, self._interval, self._clock, self._thing = hear, interval, clock, thing
        self._first: tuple[float, int] | None = None
        self._due = 0.0

    def __call__(self, done: int, total: int) -> None:
        """To be called whenever something is done."""
        now = self._clock()
        if self._first is None:
            self._first, self._due = (now, done), now + self._interval
        if now >= self._due:
            begin, before = self._first
            self._due = now + self._interval
            self._hear(OpeningProgress(done, total, (done - before) / (now - begin), self._thing))
