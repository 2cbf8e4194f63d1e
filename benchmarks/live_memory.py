"""What watching a PyTorch training keeps in memory, over many steps: beside the same training that is not watched.

Each trains in a process of its own that has imported the same; nobody is attached. Growth is counted from the first
sample on, which is taken when steps have been looked at. Resident memory has the code of libraries in it, of which
looking calls some that the training itself does not; what a process has of its own is the rest.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from typing import NamedTuple

from benchmarks.results import table

TITLE = "Memory of a watched PyTorch training"
STEPS = 100_000
MEGABYTE = 1 << 20


class Sample(NamedTuple):
    """At a step: bytes of resident memory and of the process's own in it, what Python's collector knows, and tensors.

    numbers  bytes in tensors
    """

    step: int
    resident: int
    own: int
    objects: int
    tensors: int
    numbers: int


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long."""
    parser.add_argument("--steps", type=int, default=STEPS)


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    bare, watched = (_sampled(way, options.steps) for way in ("bare", "alone"))
    head = ["process", "first", "middle", "last", "growth", "most"]
    memory = []
    for what in ("resident", "own"):
        b, w = ([getattr(sample, what) / MEGABYTE for sample in samples] for samples in (bare, watched))
        apart = [its - plain for its, plain in zip(w, b, strict=True)]
        for name, numbers in (("bare", b), ("watched", w), ("watched − bare", apart)):
            memory.append([f"{name}, {what}", *_places(numbers, 2)])
    alive = [
        [f"{name}, {called}", *_places([float(getattr(sample, what)) for sample in samples], 0)]
        for called, what in (("objects", "objects"), ("tensors", "tensors"), ("bytes in tensors", "numbers"))
        for name, samples in (("bare", bare), ("watched", watched))
    ]
    return "\n\n".join(
        [
            f"{options.steps:,} steps of a small MLP, nobody attached, {len(bare)} samples from step {bare[0].step:,} "
            "on, each after a full garbage collection. Resident memory in MB, and what of it is the process's own (no "
            "code of libraries, of which looking calls some that training does not):",
            table(head, memory),
            "What Python's collector finds alive:",
            table(head, alive),
        ]
    )


def _places(numbers: list[float], digits: int) -> list[str]:
    places = numbers[0], numbers[len(numbers) // 2], numbers[-1], numbers[-1] - numbers[0], max(numbers)
    return [f"{number:,.{digits}f}" for number in places]


def _sampled(way: str, steps: int) -> list[Sample]:
    with tempfile.TemporaryDirectory() as place:
        environment = {**os.environ, "XDG_RUNTIME_DIR": place}
        command = [sys.executable, "-m", "benchmarks.live_memory_process", way, str(steps)]
        told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [Sample(*sample) for sample in json.loads(told)]
