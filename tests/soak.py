"""The visualizer for a long time: what a day of use leaves behind, and walks by chance.

`python -m tests.soak SECONDS`: for most of the time, one source after the other is shown on a terminal and driven in
cycles, and threads, descriptors and resident memory of screen and trainer are measured after each; for the rest,
walks are walked. What was measured is told in a table; what is not flat, or was found, is told with exit code 1.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import psutil

from nnviz.wording import number
from tests.terminal import RUN, Terminal, opened
from tests.tui import walks

ENDLESS = "--steps 1000000000"
# Planes with a decision surface, pictures for two threads with weights of 6 MB, texts, and numbers to predict.
SOURCES = {
    "xor": "xor",
    "pets": 'pets --network "dense 256 relu, dense 64 relu" --threads 2',
    "language": 'language --network "dense 2 relu"',
    "waves": "waves",
}
# The trainer's keyframes have filled their part of the memory soon when it is small: what grows then is something else.
FEW_KEYFRAMES = """if True:
    import sys
    if "nnviz.remote.worker" in sys.orig_argv:
        from functools import partial
        from nnviz.remote import session
        from nnviz.training import timeline
        session.Timeline = partial(session.Timeline, near_bytes=1 << 20)
        timeline.MOST_FAR = 64
"""
LOOKING = ".,]]][[wwwwxllmm12345"
SIZES, TOO_SMALL = [(80, 24), (200, 50), (120, 40)], (30, 8)
RESTARTS = 6
"""In a cycle."""
WALKING = 0.25
"""The share of the time for walks."""
FEWEST = 20
"""Cycles before which the memory says nothing: what is loaded late, and caches that fill, are most of it."""
MOST_GROWTH = 0.015
"""Of the memory, from the third quarter of the time to the last one: what an allocator keeps for the next time comes
in steps, and the caches of the libraries fill; a leak of 4 KB a restart would be more in 1,000 of them."""
BRANCH = 24 << 10
"""Bytes of a trainer's memory for each restart beside: what the branch that was left went by, which can be gone back
to. That is its settings, its journal, what its layers did, and a loss curve if it has been trained for a moment."""


class Use(NamedTuple):
    """What a process takes; memory in bytes."""

    threads: int
    descriptors: int
    memory: int


class Sample(NamedTuple):
    """What both processes take after so many restarts."""

    restarts: int
    screen: Use
    trainer: Use


def use(process: psutil.Process) -> Use:
    """What a process takes now."""
    with process.oneshot():
        return Use(process.num_threads(), process.num_fds(), process.memory_info().rss)


class Driven:
    """A visualizer on a terminal that is driven in cycles, and what it takes after each.

    What is waited for comes by turns, so that none is taken for one that was painted before.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        terminal.read_until("READY")
        self._screen = terminal.screen
        self._restarts = 0
        self.samples = [self._sample()]

    def cycle(self) -> None:
        """Steps, looks, a training that runs, sizes, a test and a picture; and restarts and reseeds by turns."""
        self._step()
        self._terminal.type(LOOKING)
        for columns, rows in SIZES:
            self._terminal.resize(*TOO_SMALL)
            self._terminal.resize(columns, rows)
            self._begin_again()
            self._step()
        self._terminal.type(" ")
        self._terminal.read_until("RUNNING")
        self._terminal.type(" ")
        self._terminal.read_until("PAUSED")
        self._terminal.type("t")
        self._terminal.read_until("Test on")
        # What is typed while a page closes may still be the page's.
        self._terminal.type("t")
        self._terminal.type_until("r", "READY")
        self._restarts += 1
        self._terminal.type("s")
        self._terminal.read_until(".svg")
        for _ in range(len(SIZES) + 1, RESTARTS):
            self._step()
            self._begin_again()
        self._terminal.everything = b""
        self.samples.append(self._sample())

    def lose_the_trainer(self) -> None:
        """Have it killed, and another one started."""
        self._step()
        self._terminal.trainer.kill()
        self._terminal.type("n")
        self._terminal.read_until("was killed")
        self._begin_again("r")
        self.samples.append(self._sample())

    def leave(self) -> int:
        """The exit code."""
        self._terminal.type("q")
        self._terminal.read_until("exit code ")
        return int(self._terminal.read_until("\r\n"))

    def _step(self) -> None:
        self._terminal.type("\r")
        self._terminal.read_until("PAUSED")

    def _begin_again(self, key: str = "") -> None:
        self._terminal.type(key or "rR"[self._restarts % 2])
        self._terminal.read_until("READY")
        self._restarts += 1

    def _sample(self) -> Sample:
        return Sample(self._restarts, use(self._screen), use(self._terminal.trainer))


def drive(source: str, cycle: Callable[[Driven], None], goes_on: Callable[[], bool]) -> Sequence[Sample]:
    """What a visualizer of that source takes, from its first frame on and after each cycle."""
    with TemporaryDirectory() as folder, opened(Path(folder), f"{RUN} {source} {ENDLESS} --out kept") as terminal:
        driven = Driven(terminal)
        while goes_on():
            cycle(driven)
        code = driven.leave()
        if code:
            sys.exit(f"{source}: exit code {code}")
        return driven.samples


def faults(samples: Sequence[Sample], process: str) -> list[str]:
    """What of a process is not flat, after the first quarter of the time."""
    uses: list[Use] = [getattr(sample, process) for sample in samples[max(1, len(samples) // 4) :]]
    # All branches have one file of keyframes, which the first keyframe opens.
    once = {"threads": 0, "descriptors": int(process == "trainer")}
    found = [
        f"{process}: from {min(values)} to {max(values)} {name}"
        for name, many in once.items()
        if max(values := [getattr(one, name) for one in uses]) - min(values) > many
    ]
    grown = growth(samples, process)
    if grown is not None and grown > MOST_GROWTH:
        found.append(f"{process}: the memory grows")
    return found


def growth(samples: Sequence[Sample], process: str) -> float | None:
    """The share by which its memory grew from the third quarter to the last one, but for what branches take.

    None: too little was measured.
    """
    if len(samples) < FEWEST:
        return None
    held = BRANCH if process == "trainer" else 0
    memory = [getattr(sample, process).memory - held * sample.restarts for sample in samples]
    quarter = len(memory) // 4
    return median(memory[-quarter:]) / median(memory[-2 * quarter : -quarter]) - 1


def table(name: str, samples: Sequence[Sample]) -> str:
    """A line for each process, with its memory at the start, after the first cycle, in the middle and in the end."""
    lines = []
    for process in ("screen", "trainer"):
        uses: list[Use] = [getattr(sample, process) for sample in samples]
        memory = [number(uses[at].memory / 2**20) for at in (0, min(1, len(uses) - 1), len(uses) // 2, -1)]
        last = uses[-1]
        share = growth(samples, process)
        grown = "too short" if share is None else f"{number(100 * share)} %"
        lines.append(
            f"{name:<22}{process:<9}{samples[-1].restarts:>9,}{last.threads:>9}{last.descriptors:>13}"
            + "".join(f"{each:>9}" for each in memory)
            + f"{grown:>11}"
        )
    return "\n".join(lines)


HEADING = (
    f"{'source':<22}{'process':<9}{'restarts':>9}{'threads':>9}{'descriptors':>13}"
    f"{'MB first':>9}{'cycle 1':>9}{'middle':>9}{'last':>9}{'growth':>11}"
)


def soak(seconds: float) -> list[str]:
    """What is not flat."""
    found = []
    scenarios = [(name, source, Driven.cycle) for name, source in SOURCES.items()]
    scenarios.append(("xor, trainer killed", "xor", Driven.lose_the_trainer))
    print(HEADING, flush=True)
    for name, source, cycle in scenarios:
        end = time.monotonic() + seconds / len(scenarios)
        samples = drive(source, cycle, lambda end=end: time.monotonic() < end)  # type: ignore[misc]
        print(table(name, samples), flush=True)
        processes = ("screen", "trainer") if cycle is Driven.cycle else ("screen",)
        found += [f"{name}: {fault}" for process in processes for fault in faults(samples, process)]
    return found


def wander(seconds: float, first: int) -> list[str]:
    """What the first walk that goes wrong found, of as many as there is time for."""
    end = time.monotonic() + seconds
    with np.errstate(all="ignore"):
        for walk in count(first):
            if time.monotonic() > end:
                print(f"{walk - first:,} walks, from {first} on")
                return []
            if found := asyncio.run(walks.walk(walk)):
                return [f"walk {walk}:", *found]
    raise AssertionError  # there is no end to numbers


def main(seconds: float) -> None:
    """Soak for so long; those walks that the tests walk are left out."""
    with TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        (Path(cache) / "sitecustomize.py").write_text(FEW_KEYFRAMES)
        os.environ["PYTHONPATH"] = cache
        found = soak((1 - WALKING) * seconds) + wander(WALKING * seconds, 100)
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main(float(sys.argv[1]))
