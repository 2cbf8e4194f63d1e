"""How fast the logs of others are opened: nnviz beside TensorBoard's own EventAccumulator.

PyTorch's SummaryWriter writes a run of five curves, of which there are copies. Both open all of them and keep every
point: the accumulator with a `size_guidance` of 0, which is everything. Each is a process of its own; its imports are
not counted. Memory is what the peak grows by. The files have been read before, so that no disk is waited for. Seconds
are those of the processor, and beside them those of the clock, of which others take their share on a busy machine.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.results import table

TITLE = "Logs of others"
TAGS = ("train/loss", "validation/loss", "accuracy", "learning_rate", "gradient_norm")
CONTENDERS = ("nnviz", "accumulator")
MEGABYTE = 1e6


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much."""
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--scalars", type=int, default=10_000, help="in each run")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    load = os.getloadavg()[0]
    with TemporaryDirectory() as spare:
        folder = Path(spare)
        _write(folder, options.runs, options.scalars)
        for number in range(options.rounds):
            for place in range(len(CONTENDERS)):
                contender = CONTENDERS[(place + number) % len(CONTENDERS)]
                found[contender].append(_ask(contender, folder))
    for answers in found.values():
        assert {answer["points"] for answer in answers} == {options.runs * options.scalars}
    rows = [_row(name, found[contender]) for name, contender in zip(("nnviz", "TensorBoard"), CONTENDERS, strict=True)]
    shares = [[a[key] / b[key] for a, b in zip(found["nnviz"], found["accumulator"], strict=True)] for key in KEYS]
    rows.append(["share", *(f"{statistics.median(s):.3f} ({min(s):.3f} to {max(s):.3f})" for s in shares)])
    what = f"{options.runs:,} TensorBoard runs of {options.scalars:,} scalars opened, all points kept"
    return "\n\n".join(
        [
            f"{what}; medians of {options.rounds} rounds, with the lowest and the highest:",
            table(["", "processor, s", "clock, s", "memory, MB"], rows),
            f"The load average of the machine was {load:.1f} at the beginning.",
        ]
    )


KEYS = ("cpu", "seconds", "bytes")


def _row(name: str, answers: list[dict[str, Any]]) -> list[str]:
    cells = []
    for key, unit in zip(KEYS, (1, 1, MEGABYTE), strict=True):
        figures = [answer[key] / unit for answer in answers]
        cells.append(f"{statistics.median(figures):,.1f} ({min(figures):,.1f} to {max(figures):,.1f})")
    return [name, *cells]


def _ask(contender: str, folder: Path) -> dict[str, Any]:
    """What the process that measures answers."""
    command = [sys.executable, "-m", "benchmarks.logs_process", contender, str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _write(folder: Path, runs: int, scalars: int) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder / "run-000"), max_queue=1000) as writer:
        for step in range(scalars // len(TAGS)):
            for number, tag in enumerate(TAGS):
                writer.add_scalar(tag, (number + 1) / (step + 1), step)
    for run in range(1, runs):
        shutil.copytree(folder / "run-000", folder / f"run-{run:03}")
