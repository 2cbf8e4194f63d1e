"""The axes of the loss chart: round limits that stay where they are, and what is written at them."""

import math

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.wording import tick, ticks

# Limits stay until data leave them or fresh ones would be that many times closer.
LOOSE = 3.0


class Scale(msgspec.Struct, frozen=True):
    """The y axis: round limits, linear or logarithmic."""

    low: float
    high: float
    log: bool

    @classmethod
    def linear(cls, low: float, high: float) -> "Scale":
        """From 0 as long as the smallest loss is below half of the largest, so that it rarely moves."""
        base = low if low < 0 else 0.0 if low < high / 2 else high / 2
        unit = round_up(((high - base) or abs(high) or 1.0) / 5)
        bottom = math.floor(base / unit + 1e-9) * unit
        return cls(bottom, max(math.ceil(high / unit - 1e-9) * unit, bottom + unit), log=False)

    @classmethod
    def logarithmic(cls, low: float, high: float) -> "Scale":
        return cls(1 / round_up(1 / low), round_up(high), log=True)

    def suits(self, fresh: "Scale") -> bool:
        """Whether this older scale can stay where `fresh` would be right."""
        holds = self.log == fresh.log and self.low <= fresh.low and fresh.high <= self.high
        return holds and self._extent() <= LOOSE * fresh._extent()

    def ends(self) -> tuple[float, float]:
        """Where the axis begins and ends."""
        low, high = self.place(np.array([self.low, self.high])).tolist()
        return low, high

    def _extent(self) -> float:
        low, high = self.ends()
        return high - low

    def place(self, losses: Array) -> Array:
        """Where losses lie on the axis."""
        inside = np.clip(losses, self.low, self.high)
        return np.log10(inside) if self.log else inside

    def ticks(self, most: int) -> list[float]:
        """At most about `most` round losses."""
        if not self.log:
            return multiples(self.low, self.high, round_up((self.high - self.low) / (most - 1)))
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        choices = [[lead * 10.0**k for k in range(first, last + 1) for lead in (1, 2, 5)]]
        choices += [[10.0**k for k in range(first, last + 1) if k % every == 0] for every in range(1, last - first + 2)]
        inside = [[t for t in ticks if self.low * 0.999 <= t <= self.high * 1.001] for ticks in choices]
        return next((ticks for ticks in inside if len(ticks) <= most), inside[-1])

    def labels(self, values: list[float]) -> list[str]:
        """What is written at these ticks; on a logarithmic axis each has its own digits."""
        return [tick(value) for value in values] if self.log else ticks(values)


def multiples(low: float, high: float, unit: float) -> list[float]:
    return [i * unit for i in range(math.ceil(low / unit - 1e-9), math.floor(high / unit + 1e-9) + 1)]


def round_up(least: float, leads: tuple[float, ...] = (1, 2, 5)) -> float:
    """The smallest number of 1, 2, 5, 10, 20, … (or of other leads) that is not below `least` > 0."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((lead * power for lead in leads if lead * power >= least * (1 - 1e-9)), 10 * power)
