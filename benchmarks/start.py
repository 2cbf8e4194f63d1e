"""The first second: from the start of `nnviz run pets` until something is on a terminal of 160×48.

From fork until the first text is written, a line before the screen is loaded, and until the network's first frame is
painted. Beside it stands the smallest Textual app there is (`bare.py`), with another process at work on the second core
as the trainer is. They start one after the other, in an order that changes from round to round.
"""

import argparse
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.earlier import commit
from benchmarks.results import table
from benchmarks.screen import bare_app
from benchmarks.terminal import HERE, PETS, Visualizer

TITLE = "The first second"
FIRST_TEXT, FIRST_FRAME = "first text", "first frame of the network"
# Of each, so many first starts are not counted: they fill the system's caches.
COLD = 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--earlier", default="", metavar="DIR", help="beside an earlier build, checked out in DIR")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    starts: dict[str, Callable[[], dict[str, float]]] = {"": partial(start, HERE.parent), "bare": bare_start}
    if options.earlier:
        starts["earlier"] = partial(start, Path(options.earlier).resolve())
    seconds: dict[str, list[float]] = defaultdict(list)
    order = random.Random(0)
    for number in range(COLD + options.rounds):
        for who in order.sample(list(starts), len(starts)):
            found = starts[who]()
            if number >= COLD:
                for what, taken in found.items():
                    seconds[f"{what}, {who}" if who == "earlier" else what].append(taken)
    rows = [[what, *_milliseconds(taken)] for what, taken in seconds.items()]
    said = f"`nnviz run pets`, from start to paint, warm, in ms; {options.rounds} rounds:"
    parts = [said, table(["painted", "median", "half of all", "most"], rows)]
    if options.earlier:
        pairs = zip(seconds[FIRST_FRAME], seconds[f"{FIRST_FRAME}, earlier"], strict=True)
        low, middle, high = statistics.quantiles((own / other for own, other in pairs), n=4)
        parts.append(
            f"“earlier” is an earlier build, {commit(options.earlier)}. The first frame is there in {middle:.2f} of "
            f"its time; half of all rounds lie between {low:.2f} and {high:.2f}."
        )
    return "\n\n".join(parts)


def start(build: Path) -> dict[str, float]:
    """Seconds to the first text, and to the first frame, of the nnviz in that folder."""
    with Visualizer(PETS, build) as visualizer:
        first = visualizer.wait_for("nnviz")
        ready = visualizer.wait_for("dense3")
        time.sleep(0.3)
        return {FIRST_TEXT: first - visualizer.started, FIRST_FRAME: ready - visualizer.started}


def bare_start() -> dict[str, float]:
    """Seconds to the first text of the smallest app."""
    with bare_app() as program:
        return {"first text of a bare Textual app": program.wait_for("bare line") - program.started}


def _milliseconds(seconds: list[float]) -> list[str]:
    low, middle, high = (1000 * cut for cut in statistics.quantiles(seconds, n=4))
    return [f"{middle:.0f}", f"{low:.0f} to {high:.0f}", f"{1000 * max(seconds):.0f}"]
