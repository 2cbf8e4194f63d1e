"""Opening a run that was trained without a screen, at any of its steps: how long until that is on screen.

From the start of the trainer's process to the frame of the step, in the same bits that training had there.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random

from benchmarks.going_back import Case
from benchmarks.results import table
from nnviz.frame.frame import Frame, State
from nnviz.remote.client import RemoteTrainer
from nnviz.remote.messages import Answer, Look, Order
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.runs.directory import RunDirectory
from nnviz.runs.keeper import Keeper
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.process import prepare_process

TITLE = "Opening a run"
CASE = Case("pets, dense 64 relu, dense 32 relu", "pets", "dense 64 relu, dense 32 relu", 1_000_000, "sgd")
# The step that is asked for first, of a million; the others are drawn by chance.
STEP = 765_432


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long the run is, and how often it is opened."""
    parser.add_argument("--share", type=float, default=1.0, help="of the steps that the run has, only so many")
    parser.add_argument("--times", type=int, default=20, help="how often it is opened")


def measure(options: argparse.Namespace) -> str:
    """The section of RESULTS.md."""
    prepare_process()
    steps, random = int(CASE.steps * options.share), Random(0)
    places = [int(STEP * options.share), *(random.randrange(1, steps + 1) for _ in range(options.times - 1))]
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        losses, seconds = _train(run, steps, set(places))
        times = [_open(run, Path(folder) / "child", place, losses[place]) for place in places]
        files = [*(run / "checkpoints").glob("step-*.safetensors")]
        megabytes = sum(file.stat().st_size for file in files) / 1e6
    apart = steps / max(len(files), 1)
    row = [CASE.name, f"{steps:,}", f"{seconds:,.0f}", str(len(files)), f"{megabytes:,.0f}", f"{apart:,.0f}"]
    row += [f"{times[0]:.2f}", f"{statistics.median(times):.2f}", f"{max(times):.2f}"]
    head = ["run", "steps", "training, s", "checkpoints", "MB", "steps from one to the next"]
    return (
        f"Seconds from the start of the trainer's process to the frame of a step, with checkpoints at their defaults; "
        f"the loss there is compared with that of training, bit by bit (n = {len(times)}; the first one is step "
        f"{places[0]:,}, the others are drawn by chance).\n\n"
        f"{table([*head, f'step {places[0]:,}', 'median', 'longest'], [row])}"
    )


def _train(run: Path, steps: int, places: set[int]) -> tuple[dict[int, float], float]:
    """Train without a screen; the losses at some steps, and how long it took."""
    experiment, losses = CASE.experiment(), {}
    trainer = assemble(experiment, open_dataset(experiment))
    keeper = Keeper(trainer, RunDirectory(run, experiment), print)
    begin = time.perf_counter()
    while trainer.steps_done < steps:
        if (evaluation := trainer.step()) is not None:
            keeper.record(evaluation)
        keeper.keep_up()
        if trainer.steps_done in places:
            losses[trainer.steps_done] = trainer.engine.scores.mean
    seconds = time.perf_counter() - begin
    trainer.interrupt()
    keeper.conclude(trainer.interruption.watch(0))
    return losses, seconds


def _open(run: Path, child: Path, place: int, loss: float) -> float:
    """Seconds until a step is on screen. Raises ValueError if it is not what training had."""
    begin = time.perf_counter()
    with closing(RemoteTrainer(Order(CASE.experiment(), child, opened=run, place=str(place)))) as trainer:
        frame = trainer.receive()
        while not _is_there(frame):
            if not isinstance(frame, OpeningProgress):
                time.sleep(0.01)
                trainer.send(Look())
            frame = trainer.receive()
        seconds = time.perf_counter() - begin
        assert isinstance(frame, Frame)
        if (frame.moment.step + 1, frame.batch_loss) != (place, loss):
            raise ValueError(f"step {place} has a loss of {frame.batch_loss}, and in training it was {loss}")
    return seconds


def _is_there(said: "Answer | OpeningProgress") -> bool:
    return isinstance(said, Frame) and said.state is not State.REPLAYING
