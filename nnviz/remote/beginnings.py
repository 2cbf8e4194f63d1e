"""What a service begins with: a new run, one that is opened, or one that goes on in its own directory."""

from typing import NamedTuple

from nnviz.data.reading import Reading, Tell
from nnviz.errors import InputError
from nnviz.experiment import Experiment
from nnviz.remote.messages import Order
from nnviz.runs.directory import RunDirectory
from nnviz.runs.opening import OpenedRun, open_run
from nnviz.runs.paths import free_path, spare_folders
from nnviz.runs.restoring import experiment_of
from nnviz.runs.resuming import resume
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.history import Evaluation
from nnviz.training.trainer import Trainer


class Beginning(NamedTuple):
    """A trainer, and the directory that is to keep its run.

    opened      the run that its steps are from, which stays as it is; None if they are its own
    evaluation  what a run that goes on still owed, and has made up for
    told        what is to be said first, a line each
    """

    experiment: Experiment
    trainer: Trainer
    directory: RunDirectory
    opened: OpenedRun | None = None
    evaluation: Evaluation | None = None
    told: tuple[str, ...] = ()


def begin(order: Order, tell: Tell, tell_steps: Tell) -> Beginning:
    """What was ordered. `tell` hears how far decoding is, and `tell_steps`, how many steps are done again of how many.

    Raises InputError, ChangedDataError, and UnkeptError if the directory of a run that goes on cannot be written to.
    """
    reading = Reading(order.cached, tell)
    if order.resumed is not None:
        resumed = resume(order.resumed, None, order.checkpoints.budget, reading)
        experiment = experiment_of(order.resumed)
        return Beginning(
            experiment, resumed.trainer, resumed.directory, evaluation=resumed.evaluation, told=resumed.told
        )
    if order.opened is not None:
        opened = open_run(order.opened, order.place, reading, tell_steps)
        directory = next_directory(order, opened.experiment)
        directory.begin_with(opened.metrics)
        return Beginning(opened.experiment, opened.trainer, directory, opened, told=opened.told)
    trainer = assemble(order.experiment, open_dataset(order.experiment, reading, order.source))
    return Beginning(order.experiment, trainer, RunDirectory(order.out, order.experiment, order.checkpoints.budget))


def next_directory(order: Order, experiment: Experiment) -> RunDirectory:
    """A directory beside those that there are; if there can be none any more, another place. Raises InputError."""
    budget = order.checkpoints.budget
    try:
        return RunDirectory(free_path(order.out), experiment, budget)
    except InputError:
        for folder in spare_folders(order.out.name):
            return RunDirectory(folder, experiment, budget)
        raise
