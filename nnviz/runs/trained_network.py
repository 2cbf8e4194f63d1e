"""A run that was kept, opened again."""

from pathlib import Path

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.encoder import Encoder
from nnviz.data.encoding import Encoding
from nnviz.data.standardization import Standardization
from nnviz.errors import InputError
from nnviz.experiment import Experiment, combine, read_tables
from nnviz.frame.task import Task
from nnviz.nn.network import Network
from nnviz.runs.checkpoint_file import Facts, not_ours, read
from nnviz.runs.paths import CHECKPOINTS, EXPERIMENT, FINAL, newest_checkpoint
from nnviz.training.assembly import build_encoder, build_network, declared
from nnviz.training.memory import available_bytes
from nnviz.wording import integer

# Far more than texts are ever counted in.
MOST_BUCKETS = 1 << 20


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
        refuse_unfit(checkpoint, tensors, experiment, facts)
        standardization = Standardization(tensors["standardization.mean"], tensors["standardization.deviation"])
        network = build_network(experiment, facts.task)
        for name, view in {**network.parameters.named(), **network.parameters.named_statistics()}.items():
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


def refuse_unfit(checkpoint: Path, tensors: dict[str, Array], experiment: Experiment, facts: Facts) -> None:
    """Raises InputError, before anything is built, for what does not fit together, or into memory.

    Raises KeyError or ValueError for what nnviz does not write.
    """
    task, ngrams = facts.task, facts.encoding and facts.encoding.ngrams
    if len(task.input_shape) not in (1, 3) or min(task.input_shape) < 1 or min(task.numbers, facts.place.step) < 0:
        raise ValueError("its task or its step is none that there is")
    if ngrams and not 0 < ngrams.buckets <= MOST_BUCKETS:
        raise ValueError("no texts are counted in so many buckets")
    if max(len(task.class_names), task.numbers) > sum(tensor.size for tensor in tensors.values()):
        raise ValueError("it speaks of more outputs than it has weights")
    parameters, numbers = declared(experiment, task)
    channels = (task.input_shape[-1],)
    shapes = parameters.shapes() | {f"standardization.{name}": channels for name in ("mean", "deviation")}
    for name, shape in shapes.items():
        if tensors[name].shape != shape:
            raise InputError(f"{checkpoint}: {name} has shape {tensors[name].shape}, {EXPERIMENT} asks for {shape}")
        if tensors[name].dtype.kind != "f":
            raise InputError(f"{checkpoint}: {name} has the type {tensors[name].dtype}, which no weights have")
    needed, available = numbers * np.dtype(experiment.training.dtype).itemsize, available_bytes()
    if needed > available:
        raise InputError(
            f"{checkpoint}: an example would fill {integer(needed >> 20)} MB, and there are "
            f"{integer(available >> 20)} MB of memory"
        )
