"""Training steps of an earlier build of nnviz, which is in another folder, in a process of its own.

Run by its path with that folder as argument, so that the builds of both nnviz and the networks are that folder's. For
each line on stdin, a network, an optimizer, a number of threads and a number of seconds, it trains for so long and
writes a line to stdout: the seconds of a median step.
"""

import gc
import statistics
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import psutil

CASES = ("2-8-2", "64-32-10", "784-128-10", "3072-256-64-2", "784-1024-1024-10", "convolutional")
"""Those networks that earlier builds know as well."""


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
    from benchmarks.engine_process import samples, workers_for

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
