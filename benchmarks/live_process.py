"""Measures one training beside itself looked at: `python -m benchmarks.live_process KIND WAY SECONDS`.

Prints a bare step's seconds, and the ratio of a step that is looked at to a bare one, with its standard error: of the
sums over pairs of blocks that take turns, so that looks that are rare count as often as they come. A machine is fast or
slow for some time: the shorter the blocks, the smaller the error.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import torch

from benchmarks.live_ways import LOG_APART, WAYS, Looked, Step, trained

BLOCK_SECONDS = {"alone": 0.0, "attached": 0.05}
"""At least: of nothing, a block is one step. A screen has to be stopped and let go on between two blocks."""
OTHERS_SECONDS = 0.25
FEWEST = 6
"""Pairs of blocks."""
OFTEN = ("alone", "attached", "torchlens", "norms")
"""These go by the clock, or do the same at every step."""


class Block(NamedTuple):
    """Steps, and the seconds that they took."""

    steps: int
    seconds: float


def block(step: Step, seconds: float, apart: int, is_busy: Callable[[], bool]) -> Block:
    """At least one step, over so long a time, a multiple of `apart` steps, and until a look is over."""
    began, steps = time.perf_counter(), 0
    while not steps or time.perf_counter() - began < seconds or steps % apart or is_busy():
        step()
        steps += 1
    return Block(steps, time.perf_counter() - began)


def pairs(looked: Looked, seconds: float, block_seconds: float, apart: int) -> list[tuple[Block, Block]]:
    """Bare steps, and some that are looked at, again and again, each time the other way round."""

    def bare() -> Block:
        with looked.rest():
            return block(looked.bare, block_seconds, apart, lambda: False)

    def looked_at() -> Block:
        return block(looked.step, block_seconds, apart, looked.is_busy)

    found: list[tuple[Block, Block]] = []
    # The first turn is for caches and first calls, and begins with a look.
    both = looked_at, bare
    ends = time.perf_counter() + 2 * seconds
    while len(found) < FEWEST or time.perf_counter() < ends:
        turn = {measured: measured() for measured in (both[::-1] if len(found) % 2 else both)}
        found.append((turn[bare], turn[looked_at]))
    return found[1:]


def ratio(found: list[tuple[Block, Block]]) -> tuple[float, float]:
    """Of the mean seconds of a step that is looked at to those of a bare one, and its standard error."""
    # What so many bare steps take is told by those beside them.
    expected = [bare.seconds / bare.steps * looked_at.steps for bare, looked_at in found]
    taken = [looked_at.seconds for _, looked_at in found]
    quotient = sum(taken) / sum(expected)
    off = math.fsum((took - quotient * wanted) ** 2 for took, wanted in zip(taken, expected, strict=True))
    return quotient, math.sqrt(off) / sum(expected)


def main() -> None:
    """Measure as the arguments say."""
    kind, way, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    torch.set_num_threads(1)
    with WAYS[way](trained(kind)) as looked:
        found = pairs(looked, seconds, BLOCK_SECONDS.get(way, OTHERS_SECONDS), 1 if way in OFTEN else LOG_APART)
    print(statistics.median(bare.seconds / bare.steps for bare, _ in found), *ratio(found))


if __name__ == "__main__":
    main()
