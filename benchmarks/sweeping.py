"""What a sweep gains by the cores of the machine: twelve runs at once on all of them, beside one after the other.

The same command with `--jobs 1` and with one job for each core, each into an empty folder, in interleaved rounds:
starts of all processes, the reading of data, training, scores and the table are in both. A run has one thread,
and both give the same numbers, which is checked. A third row is `nnviz train` once for each run, as a loop of the shell
does it. Seconds are those of the clock.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.results import table

TITLE = "Many runs"
RATES, SEEDS = ("0.003", "0.01", "0.03"), ("0", "1", "2", "3")
WAYS = ("one after the other", "train in a loop", "on all cores")


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much."""
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=60, help="of each run")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    load = os.getloadavg()[0]
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(options.rounds):
        for place in range(len(WAYS)):
            way = WAYS[(place + number) % len(WAYS)]
            found[way].append(_seconds(way, options.epochs))
    base = statistics.median(found[WAYS[0]])
    rows = [[way, f"{statistics.median(s):.1f}", f"{min(s):.1f} to {max(s):.1f}", f"{statistics.median(s) / base:.3f}"]
            for way, s in found.items()]  # fmt: skip
    return "\n\n".join(
        [
            f"12 runs of pets, {options.epochs} epochs each; medians of {options.rounds} rounds:",
            table(["", "clock, s", "lowest to highest", "share"], rows),
            f"The load average of the machine was {load:.1f} at the beginning.",
        ]
    )


def _seconds(way: str, epochs: int) -> float:
    with TemporaryDirectory() as folder:
        begin = time.perf_counter()
        if way == WAYS[1]:
            for rate, seed in product(RATES, SEEDS):
                _nnviz(folder, "train", epochs, "--lr", rate, "--seed", seed, "--threads", "1")
        else:
            jobs = "1" if way == WAYS[0] else str(len(os.sched_getaffinity(0)))
            _nnviz(folder, "sweep", epochs, "--lr", ",".join(RATES), "--seed", ",".join(SEEDS), "--jobs", jobs)
        seconds = time.perf_counter() - begin
        results = [json.loads(path.read_text()) for path in Path(folder).rglob("result.json")]
        assert [result["stopped_by"] for result in results] == ["epochs"] * 12
        _same({(str(r["test"]), str(r["validation"])) for r in results})
    return seconds


_SCORES: list[set[tuple[str, str]]] = []


def _same(scores: set[tuple[str, str]]) -> None:
    """Every way has to give the same numbers."""
    _SCORES.append(scores)
    assert scores == _SCORES[0]


def _nnviz(folder: str, command: str, epochs: int, *options: str) -> None:
    program = "import sys; sys.argv[0] = 'nnviz'; from nnviz.cli import main; main()"
    arguments = [sys.executable, "-c", program, command, "pets", "--epochs", str(epochs), *options]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    subprocess.run(
        arguments, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
