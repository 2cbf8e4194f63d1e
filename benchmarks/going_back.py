"""Going to another moment of a run: how long until its frame is taken, and what it costs to be able to.

Beside it: to train there again from the first step, which is what one does without keyframes. The rate of training is
that with keyframes to that without, in interleaved rounds of the same run in two trainers.
"""

import argparse
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from random import Random

import msgspec
import numpy as np

from benchmarks.results import table
from nnviz.experiment import Experiment, combine
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.camera import Camera
from nnviz.training.process import prepare_process
from nnviz.training.timeline import Position, Timeline
from nnviz.training.trainer import Trainer

TITLE = "Going back"
# So many, or as many as there is time for.
JUMPS, SECONDS, FEWEST = 100, 40.0, 10
# Written by chance for the case that needs them: of 28 × 28 numbers, in 10 classes.
PICTURES = "pictures.npz"
# Of a round in which rates are compared, at least.
KEYFRAMES, STEPS = 4, 400


class Case(msgspec.Struct, frozen=True):
    """A network on a source, and how many steps are behind it."""

    name: str
    source: str
    layers: str
    steps: int
    optimizer: str = "adam"

    def experiment(self) -> Experiment:
        """What is trained, without an end."""
        tables = {"data": {"source": self.source}, "network": {"layers": self.layers}}
        return combine({**tables, "training": {"optimizer": self.optimizer}, "stopping": {"epochs": 10**9}})


CASES = (
    Case("pets, its defaults (SGD with momentum)", "pets", "dense 64 relu, dense 32 relu", 100_000, "sgd"),
    Case("2-8-2", "circles", "dense 8 tanh", 1_000_000),
    Case("784-1024-1024-10, SGD with momentum", PICTURES, "dense 1024 relu, dense 1024 relu", 20_000, "sgd"),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long the runs are."""
    parser.add_argument("--share", type=float, default=1.0, help="of the steps that a case has, only so many")
    parser.add_argument("--rounds", type=int, default=9)


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    prepare_process()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        _write_pictures()
        rows = [_row(case, int(case.steps * options.share), options.rounds) for case in CASES]
    times = ["any step", "p99", "again from 0", "ratio", "a stage back", "p99", "a step back", "p99"]
    return (
        "Milliseconds, with Adam where nothing else is said: from a request to the frame (n of each kind; steps drawn "
        "by chance; stages and steps back from the last one of these). “Again from 0” is half the time of the "
        "whole run. Last is the rate of training with keyframes to that without, of "
        f"{options.rounds} interleaved rounds: its median, lowest and highest.\n\n"
        f"{table(['run', 'steps', 'n', *times, 'rate with keyframes'], rows)}"
    )


def _write_pictures() -> None:
    """2,000 of them, each that of its class and noise."""
    random = np.random.default_rng(0)
    labels = np.arange(2000) % 10
    classes = random.integers(0, 192, (10, 28, 28))
    noise = random.integers(0, 64, (len(labels), 28, 28))
    np.savez(PICTURES, x_train=(classes[labels] + noise).astype(np.uint8), y_train=labels)


def _row(case: Case, steps: int, rounds: int) -> list[str]:
    trainer = assemble(case.experiment(), open_dataset(case.experiment()))
    timeline = Timeline(trainer.engine, trainer.first)
    again = _train(trainer, timeline, steps) / 2 * 1e3
    random, last, engine = Random(0), len(trainer.engine.stages), trainer.engine

    def any_step() -> Position:
        return Position(random.randrange(steps), last)

    def stage_back() -> Position:
        return Position(engine.index, engine.done - 1) if engine.done > 1 else Position(engine.index - 1, last)

    def step_back() -> Position:
        return Position(engine.index - 1, last)

    jumps = _jumps(trainer, timeline, any_step)
    trainer.go_to(Position(steps - 1, last), timeline)
    backs = [_jumps(trainer, timeline, back) for back in (stage_back, step_back)]
    ratios = _rates(case, rounds)
    told = [text for found in (jumps, *backs) for text in _median_and_percentile(found)]
    ratio = f"1/{again / statistics.median(jumps):,.0f}"
    rate = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
    return [case.name, f"{steps:,}", str(len(jumps)), *told[:2], f"{again:,.0f}", ratio, *told[2:], rate]


def _jumps(trainer: Trainer, timeline: Timeline, where: Callable[[], Position]) -> list[float]:
    """Milliseconds, each time, of going somewhere and taking the frame there."""
    camera, end = Camera(trainer), time.perf_counter() + SECONDS
    times: list[float] = []
    while len(times) < FEWEST or (len(times) < JUMPS and time.perf_counter() < end):
        begin = time.perf_counter()
        trainer.go_to(where(), timeline)
        camera.take(Focus(), State.PAUSED, Rates())
        times.append((time.perf_counter() - begin) * 1e3)
    return times


def _median_and_percentile(times: Sequence[float]) -> list[str]:
    return [f"{statistics.median(times):,.1f}", f"{statistics.quantiles(times, n=100, method='inclusive')[98]:,.1f}"]


def _rates(case: Case, rounds: int) -> list[float]:
    """The rate with keyframes divided by that without, round by round, of the same run in two trainers."""
    dataset = open_dataset(case.experiment())
    plain, keeping = (assemble(case.experiment(), dataset) for _ in range(2))
    timeline = Timeline(keeping.engine, keeping.first)
    many = max(KEYFRAMES * timeline.due, STEPS)
    return [_without(plain, many) / _train(keeping, timeline, many) for _ in range(rounds)]


def _train(trainer: Trainer, timeline: Timeline, many: int) -> float:
    """Train on, keeping keyframes; the seconds that it takes."""
    begin = time.perf_counter()
    for _ in range(many):
        trainer.step()
        if trainer.steps_done == timeline.due:
            timeline.keep()
    return time.perf_counter() - begin


def _without(trainer: Trainer, many: int) -> float:
    begin = time.perf_counter()
    for _ in range(many):
        trainer.step()
    return time.perf_counter() - begin
