"""Measures one training beside itself looked at: `python -m benchmarks.live_process KIND WAY SECONDS`.

Prints a bare step's seconds, and the ratio of a step that is looked at to a bare one, with its standard error: of the
sums over pairs of blocks that take turns, so that looks that are rare count as often as they come.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable

import torch

from benchmarks.live_ways import LOG_APART, WAYS, Looked, Step, trained

BLOCK_SECONDS = 0.25
FEWEST = 6
"""Pairs of blocks."""
OFTEN = ("alone", "attached", "torchlens", "norms")
"""These go by the clock, or do the same at every step."""


def block(step: Step, apart: int, is_busy: Callable[[], bool]) -> float:
    """Mean seconds of a step, over a block and a multiple of `apart` steps, and until a look is over."""
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < BLOCK_SECONDS or steps % apart or is_busy():
        step()
        steps += 1
    return (time.perf_counter() - began) / steps


def pairs(looked: Looked, seconds: float, apart: int) -> list[tuple[float, float]]:
    """Seconds of a bare step and of one that is looked at, again and again, each time the other way round."""

    def bare() -> float:
        with looked.rest():
            return block(looked.bare, apart, lambda: False)

    def looked_at() -> float:
        return block(looked.step, apart, looked.is_busy)

    found: list[tuple[float, float]] = []
    # The first turn is for caches and first calls, and begins with a look.
    both = looked_at, bare
    ends = time.perf_counter() + 2 * seconds
    while len(found) < FEWEST or time.perf_counter() < ends:
        times = {measured: measured() for measured in (both[::-1] if len(found) % 2 else both)}
        found.append((times[bare], times[looked_at]))
    return found[1:]


def main() -> None:
    """Measure as the arguments say."""
    kind, way, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    torch.set_num_threads(1)
    with WAYS[way](trained(kind)) as looked:
        found = pairs(looked, seconds, 1 if way in OFTEN else LOG_APART)
    ratios = [looked_at / bare for bare, looked_at in found]
    ratio = sum(looked_at for _, looked_at in found) / sum(bare for bare, _ in found)
    error = statistics.stdev(ratios) / math.sqrt(len(ratios))
    print(statistics.median(bare for bare, _ in found), ratio, error)


if __name__ == "__main__":
    main()
