"""What it costs to keep a run while it is trained without a screen: checkpoints and metrics, at their defaults.

The same run in two trainers, in interleaved rounds: one is kept in a directory, the other one only trained.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.going_back import Case
from benchmarks.results import table
from nnviz.runs.directory import RunDirectory
from nnviz.runs.keeper import Keeper
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.process import prepare_process
from nnviz.training.trainer import Trainer

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


def _row(case: Case, rounds: int, seconds: float) -> list[str]:
    experiment = case.experiment()
    dataset = open_dataset(experiment)
    plain, kept = (assemble(experiment, dataset) for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        keeper = Keeper(kept, RunDirectory(Path(folder) / "run", experiment), print)
        rates, spent = [], 0.0
        for _ in range(rounds):
            bare = _rate(plain, None, seconds)[0]
            with_it, keeping = _rate(kept, keeper, seconds)
            rates.append((bare, with_it))
            spent += keeping
        files = [*(Path(folder) / "run" / "checkpoints").glob("*.safetensors")]
        megabytes = sum(file.stat().st_size for file in files) / 1e6
    ratios = [with_it / bare for bare, with_it in rates]
    return [
        case.name,
        *(f"{statistics.median(column):,.0f}" for column in zip(*rates, strict=True)),
        f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})",
        f"{spent / (rounds * seconds):.2%}",
        str(len(files)),
        f"{megabytes:.0f}",
    ]


def _rate(trainer: Trainer, keeper: Keeper | None, seconds: float) -> tuple[float, float]:
    """Training steps a second, and the seconds that went to keeping them."""
    steps, spent, begin = trainer.steps_done, 0.0, time.perf_counter()
    end = begin + seconds
    while (now := time.perf_counter()) < end:
        evaluation = trainer.step()
        if keeper is None:
            continue
        if evaluation is not None or now >= keeper.due:
            began = time.perf_counter()
            if evaluation is not None:
                keeper.record(evaluation)
            keeper.keep_up()
            spent += time.perf_counter() - began
        else:
            keeper.keep_up()
    return (trainer.steps_done - steps) / (time.perf_counter() - begin), spent
