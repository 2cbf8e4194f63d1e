"""Measures one training beside itself looked at: `python -m benchmarks.live_process KIND WAY SECONDS`.

Prints a bare step's seconds, and the ratio of a step that is looked at to a bare one: its lower quartile, median and
upper quartile over pairs of blocks.
"""

import statistics
import sys
import time
from collections.abc import Callable

import torch

from benchmarks.live_ways import LOG_APART, WAYS, Step, trained

BLOCK_SECONDS = 2.0
OFTEN = ("torchlens", "norms")
"""These do the same at every step."""
PLAIN_BACKWARD = torch.autograd.backward


def block(step: Step, apart: int) -> float:
    """Mean seconds of a step, over two seconds and a multiple of `apart` steps: what is rare counts, and all of it."""
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < BLOCK_SECONDS or steps % apart:
        step()
        steps += 1
    return (time.perf_counter() - began) / steps


def bare_block(step: Step, apart: int) -> float:
    """The same of a training that is not looked at, while another one in this process is."""
    heard, torch.autograd.backward = torch.autograd.backward, PLAIN_BACKWARD
    try:
        return block(step, apart)
    finally:
        torch.autograd.backward = heard


def pairs(bare: Step, looked_at: Step, seconds: float, apart: int) -> list[tuple[float, float]]:
    """Seconds of a step of both, again and again, each time the other way round."""
    taken: dict[Step, Callable[[Step, int], float]] = {bare: bare_block, looked_at: block}
    both = bare, looked_at
    found = []
    # The first turn is for caches and first calls.
    for turn in range(1 + max(2, round(seconds / BLOCK_SECONDS))):
        times = {step: taken[step](step, apart) for step in (both if turn % 2 else both[::-1])}
        found.append((times[bare], times[looked_at]))
    return found[1:]


def main() -> None:
    """Measure as the arguments say."""
    kind, way, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    torch.set_num_threads(1)
    bare, training = trained(kind), trained(kind)
    with WAYS[way](training) as step:
        found = pairs(bare.step, step, seconds, 1 if way in OFTEN else LOG_APART)
    ratios = [looked_at / plain for plain, looked_at in found]
    print(statistics.median(plain for plain, _ in found), *statistics.quantiles(ratios, method="inclusive"))


if __name__ == "__main__":
    main()
