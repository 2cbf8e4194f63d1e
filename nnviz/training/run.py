"""A run that was kept, opened again."""

from pathlib import Path

import msgspec

from nnviz.data.encoder import Encoder
from nnviz.data.encoding import Encoding
from nnviz.data.standardization import Standardization
from nnviz.data.task import Task
from nnviz.errors import InputError
from nnviz.experiment import Experiment, combine, read_tables
from nnviz.nn.network import Network
from nnviz.training.assembly import build_encoder, build_network
from nnviz.training.checkpoint_file import not_ours, read
from nnviz.training.run_paths import CHECKPOINTS, EXPERIMENT, FINAL, newest_checkpoint
from nnviz.wording import integer


class TrainedNetwork(msgspec.Struct, frozen=True):
    """A network out of a run directory, as it is when nothing is trained, with what makes examples ready for it.

    trained_on  the digest of the examples that it was trained on, None in runs that do not have it
    notice      what has to be said of it, None if there is nothing
    """

    experiment: Experiment
    task: Task
    network: Network
    encoder: Encoder
    standardization: Standardization
    step: int
    encoding: Encoding | None = None
    trained_on: str | None = None
    notice: str | None = None


def load_run(path: Path) -> TrainedNetwork:
    """The network that the run in directory `path` kept. Raises InputError if there is none, or it is damaged."""
    checkpoint = newest_checkpoint(path) or path / CHECKPOINTS / FINAL
    for needed in (path / EXPERIMENT, checkpoint):
        if not needed.is_file():
            raise InputError(
                f"{path}: not a finished run ({needed.relative_to(path)} is missing); 'nnviz train' makes one"
            )
    experiment = combine(read_tables(path / EXPERIMENT), origin=str(path / EXPERIMENT))
    tensors, facts = read(checkpoint)
    step = facts.place.step
    try:
        standardization = Standardization(tensors["standardization.mean"], tensors["standardization.deviation"])
        network = build_network(experiment, facts.task)
        for name, view in {**network.parameters.named(), **network.parameters.named_statistics()}.items():
            if tensors[name].shape != view.shape:
                raise InputError(
                    f"{checkpoint}: {name} has shape {tensors[name].shape}, {EXPERIMENT} asks for {view.shape}"
                )
            view[...] = tensors[name]
        encoder = build_encoder(experiment, facts.task, standardization)
        return TrainedNetwork(
            experiment,
            facts.task,
            network.for_evaluation(),
            encoder,
            standardization,
            step,
            facts.encoding,
            facts.trained_on,
            None
            if checkpoint.name == FINAL
            else f"{path}: it has not ended; this is its checkpoint of step {integer(step)}",
        )
    except (KeyError, TypeError, ValueError) as error:
        raise not_ours(checkpoint, error) from None
