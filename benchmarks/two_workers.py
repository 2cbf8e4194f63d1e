"""Two workers beside one, in networks around the size from which work is divided: the second one must not cost time.

A step is one of the subject "One training step". Both take turns of a short while, of which the second half counts; a
round goes through all networks. Once with the code that NumPy's BLAS chooses for this processor, and once with that for
processors with shorter vectors, which multiplies more slowly, so that dividing pays sooner.
"""

import argparse
import statistics
from typing import Any

from benchmarks.engine import ask, shown, spread
from benchmarks.results import table

TITLE = "One worker and two"
NARROWER = {"OPENBLAS_CORETYPE": "Haswell"}
HEADS = ["network", "optimizer", "one worker", "two workers", "two / one", "hand-overs"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--milliseconds", type=float, default=60, help="of each in each round, after as many")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    said = (
        f"The time of a step by one worker, and the time of two to that of one: the median of {options.rounds} rounds "
        f"of {options.milliseconds:g} ms each, and between which ratios half of all rounds lie. The number after a "
        "name is the size of its batch. Hand-overs are how often the second worker is given something in a step: where "
        "that is never, both do the same, and what differs is where their arrays lie."
    )
    parts, measured = [said], set()
    for variables in (None, NARROWER):
        kernels = ask("kernels", variables)
        if kernels not in measured:
            measured.add(kernels)
            found = ask("one_and_two", variables, rounds=options.rounds, milliseconds=options.milliseconds)
            parts += [f"NumPy multiplies with {kernels}:", table(HEADS, [_row(case) for case in found])]
    return "\n\n".join(parts)


def _row(case: dict[str, Any]) -> list[object]:
    one, two = case["times"]
    times = [shown(statistics.median(taken)) for taken in (one, two)]
    return [case["network"], case["optimizer"], *times, spread(two, one), case["hand-overs"]]
