"""What it costs to keep a run while it is trained without a screen: checkpoints and metrics, at their defaults.

The same run in two trainers, in interleaved rounds: one is kept in a directory, the other one only trained.
"""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.going_back import Case
from benchmarks.results import table
from nnviz.runs.directory import RunDirectory
from nnviz.runs.keeper import Keeper
from nnviz.runs.kept_steps import kept_steps
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.history import Evaluation
from nnviz.training.process import prepare_process

TITLE = "Keeping a run"
CASES = (
    Case("pets, dense 64 relu, dense 32 relu", "pets", "dense 64 relu, dense 32 relu", 0),
    Case("2-8-2", "circles", "dense 8 tanh", 0),
    Case("pets, dense 1024 relu, dense 1024 relu", "pets", "dense 1024 relu, dense 1024 relu", 0),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long it is measured."""
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=4.0, help="of training, with and without, in each round")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    prepare_process()
    rows = [_row(case, options.rounds, options.seconds) for case in CASES]
    return (
        f"Training steps a second with Adam, without a screen, of {options.rounds} interleaved rounds of "
        f"{options.seconds:g} s each: medians, and the lowest and the highest of the rounds' ratios. “In keeping” is "
        f"the share of the time of the kept one that went to it.\n\n"
        f"{table(['run', 'only trained', 'kept', 'ratio', 'in keeping', 'checkpoints', 'MB'], rows)}"
    )


class _Timed(Keeper):
    """Adds up the seconds that go to keeping."""

    spent = 0.0

    def record(self, evaluation: Evaluation) -> None:
        began = time.perf_counter()
        super().record(evaluation)
        self.spent += time.perf_counter() - began

    def keep_up(self) -> None:
        began = time.perf_counter()
        super().keep_up()
        self.spent += time.perf_counter() - began


class _Unasked:
    """No rules of health: they have a benchmark of their own."""

    due = 1 << 62

    def look(self) -> None:
        """Never."""


def _row(case: Case, rounds: int, seconds: float) -> list[str]:
    experiment = case.experiment()
    dataset = open_dataset(experiment)
    plain, kept = (assemble(experiment, dataset) for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        keeper = _Timed(kept, RunDirectory(Path(folder) / "run", experiment), print)
        steps = kept_steps(kept, keeper, _Unasked())
        bare_steps = iter(plain.step, "never")
        rates = [(_rate(bare_steps, seconds), _rate(steps, seconds)) for _ in range(rounds)]
        files = [*(Path(folder) / "run" / "checkpoints").glob("*.safetensors")]
        megabytes = sum(file.stat().st_size for file in files) / 1e6
    ratios = [with_it / bare for bare, with_it in rates]
    return [
        case.name,
        *(f"{statistics.median(column):,.0f}" for column in zip(*rates, strict=True)),
        f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})",
        f"{keeper.spent / (rounds * seconds):.2%}",
        str(len(files)),
        f"{megabytes:.0f}",
    ]


def _rate(steps: Iterator[object], seconds: float) -> float:
    """Training steps a second."""
    begin = time.perf_counter()
    end = begin + seconds
    for done, _ in enumerate(steps, 1):
        if time.perf_counter() >= end:
            return done / (time.perf_counter() - begin)
    return math.nan
