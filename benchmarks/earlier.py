"""Training steps of an earlier build of nnviz, which is in another folder, in a process of its own.

Run by its path with that folder as argument, so that the builds of both nnviz and the networks are that folder's. For
each line on stdin, a network, an optimizer, a number of threads and a number of seconds, it trains for so long and
writes a line to stdout: the seconds of a median step. How steps are timed is here too, so that it is the same for both.
"""

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

import psutil

CASES = ("2-8-2", "64-32-10", "784-128-10", "3072-256-64-2", "784-1024-1024-10", "convolutional")
"""Those networks that earlier builds know as well."""


FEWEST = 3
"""Steps of a sample."""


def samples(step: Callable[[], Any], seconds: float) -> list[float]:
    """The seconds of each step, for so long, after as many that are not counted."""
    # Two threads that have just begun wake each other more slowly than two that train for hours.
    _timed(step, seconds)
    return _timed(step, seconds)


def _timed(step: Callable[[], Any], seconds: float) -> list[float]:
    clock = time.perf_counter
    taken: list[float] = []
    now = clock()
    end = now + seconds
    while now < end or len(taken) < FEWEST:
        begin = now
        step()
        now = clock()
        taken.append(now - begin)
    return taken


class EarlierBuild:
    """That process: between two questions it waits."""

    def __init__(self, folder: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def median_step(self, case: str, optimizer: str, threads: int, seconds: float) -> float:
        """Seconds of a median step."""
        questions, answers = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        questions.write(f"{case} {optimizer} {threads} {seconds}\n")
        questions.flush()
        return float(answers.readline())

    def processor_seconds(self) -> float:
        """How long it has computed so far."""
        taken = psutil.Process(self._process.pid).cpu_times()
        return float(taken.user + taken.system)


def commit(folder: str) -> str:
    """Which commit is checked out there, and of which day."""
    command = ["git", "-C", folder, "log", "-1", "--format=%h of %cs"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.strip()


def _serve() -> None:
    from threadpoolctl import ThreadpoolController

    from benchmarks.contenders import Step, find, nnviz_step
    from benchmarks.engine_process import workers_for

    steps: dict[tuple[str, ...], Step] = {}
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        for line in sys.stdin:
            *asked, seconds = line.split()
            case, optimizer, threads = key = tuple(asked)
            if key not in steps:
                steps[key] = nnviz_step(find(case), optimizer, workers_for(int(threads)))
                gc.collect()
                gc.freeze()
            print(statistics.median(samples(steps[key], float(seconds))), flush=True)


if __name__ == "__main__":
    # This file's own folder would come first.
    sys.path[0] = str(Path(sys.argv[1]).resolve())
    _serve()
