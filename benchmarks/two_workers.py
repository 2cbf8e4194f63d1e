"""Two workers beside one, in networks around the size from which work is divided: the second one must not cost time.

A step is one of the subject "One training step". Both take turns of a short while, of which the second half counts; a
round is a turn of each. Once with the code that NumPy's BLAS chooses for this processor, and once with that for
processors of half its vectors, where it has any: these multiply half as fast, so that dividing pays sooner.
"""

import argparse
import statistics

from benchmarks.contenders import OPTIMIZERS
from benchmarks.engine import ask, shown, spread
from benchmarks.results import table

TITLE = "One worker and two"
NARROWER = {"OPENBLAS_CORETYPE": "Haswell"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--milliseconds", type=float, default=60, help="of each in each round, after as many")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    said = (
        f"The time of a step by one worker, and the time of two to that of one: the median of {options.rounds} rounds "
        f"of {options.milliseconds:g} ms each, and between which ratios half of all rounds lie. The number after a "
        "name is the size of its batch."
    )
    parts, measured = [said], set()
    for variables in ({}, NARROWER):
        kernels = ask("kernels", variables)
        if kernels not in measured:
            measured.add(kernels)
            found = ask("one_and_two", variables, rounds=options.rounds, milliseconds=options.milliseconds)
            heads = [head for optimizer in OPTIMIZERS for head in (f"one, {optimizer}", "two / one")]
            rows = [_row(name, of_it) for name, of_it in found.items()]
            parts += [f"NumPy multiplies with {kernels}:", table(["network", *heads], rows)]
    return "\n\n".join(parts)


def _row(name: str, of_it: dict[str, list[list[float]]]) -> list[str]:
    cells = [name]
    for optimizer in OPTIMIZERS:
        one, two = of_it[optimizer]
        cells += [shown(statistics.median(one)), spread(two, one)]
    return cells
