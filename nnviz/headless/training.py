"""`nnviz train`: one run from its first step to its end."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from nnviz.data.dataset import Dataset
from nnviz.data.sources import Source
from nnviz.data.split import Split
from nnviz.experiment import Experiment
from nnviz.headless.console import colorful, json_result, note, result, width
from nnviz.headless.progress import progress_of
from nnviz.headless.reading_progress import told_reading
from nnviz.headless.skipped import tell_skipped
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.process import prepare_process
from nnviz.training.result import summarize
from nnviz.training.run import RunDirectory
from nnviz.training.stopping import DIVERGED, INTERRUPTED
from nnviz.training.trainer import Trainer

EXIT_CODES = {DIVERGED: 3, INTERRUPTED: 130}


class Finished(msgspec.Struct, frozen=True):
    """A run that is over and kept. The trainer's network is the one that is kept."""

    trainer: Trainer
    result: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """0, unless the training did not end by itself."""
        return EXIT_CODES.get(self.result["stopped_by"], 0)


def train(experiment: Experiment, out: Path, cached: bool = True, source: Source | None = None) -> Finished:
    """Train, telling the progress on stderr, and keep the run in directory `out`. Ctrl+C ends it early.

    `cached` says whether decoded images are kept for the next time, and `source` what was found of the experiment's
    source, if somebody has looked already.

    Raises InputError.
    """
    prepare_process()
    with told_reading(cached) as reading:
        dataset = open_dataset(experiment, reading, source)
    tell_skipped(dataset)
    trainer = assemble(experiment, dataset)
    directory = RunDirectory(out, experiment)
    note(f"{dataset.name}: {len(dataset.train):,} examples to train on; the run is kept in {out}")
    with _ctrl_c() as pressed:
        _go(trainer, directory, pressed)
        directory.keep(trainer, trainer.kept())
        finished = Finished(trainer, {"run": str(out), **summarize(trainer)})
        directory.finish(finished.result)
    if trainer.stopped_by == DIVERGED:
        note(f"training diverged at step {trainer.steps_done:,}; the last good state is kept. Try a smaller --lr")
    return finished


def _go(trainer: Trainer, directory: RunDirectory, interrupted: Callable[[], bool]) -> None:
    with contextlib.closing(progress_of(trainer)) as progress:
        while trainer.stopped_by is None:
            evaluation = trainer.step()
            if evaluation is not None:
                directory.record(evaluation)
            if interrupted():
                trainer.interrupt()
            progress.update()


@contextlib.contextmanager
def _ctrl_c() -> Iterator[Callable[[], bool]]:
    """Whether ctrl+C has been pressed. The first one waits until it is asked for; a second one is Python's own."""
    presses: list[int] = []

    def remember(number: int, _: object) -> None:
        presses.append(number)
        signal.signal(number, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: bool(presses)
    finally:
        signal.signal(signal.SIGINT, before)


def unseen(dataset: Dataset) -> tuple[str, Split]:
    """The split that says most about new examples, and its name: test, or validation where that is empty."""
    return ("test", dataset.test) if len(dataset.test) else ("validation", dataset.validation)


def print_json(finished: Finished) -> None:
    """The result as one JSON object."""
    json_result(finished.result)


def print_report(finished: Finished) -> None:
    """The result for people: loss curve, confusion table, scores."""
    from nnviz.headless.report import closing, confusion_table, loss_curve

    trainer = finished.trainer
    dataset = trainer.dataset
    parts = [loss_curve(trainer.history, width(sys.stdout), colorful(sys.stdout))]
    name, split = unseen(dataset)
    if dataset.class_names and len(split):
        parts.append(confusion_table(trainer.assess(split), dataset.task, name))
    parts.append(closing(finished.result))
    result("\n\n".join(parts))
