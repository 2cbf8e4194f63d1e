"""The run directory: what was asked, what was measured, what came out."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nnviz.data.encoder import Encoder
from nnviz.data.encoding import Encoding
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.data.task import Task
from nnviz.data.texts.text_encoding import TextEncoding
from nnviz.errors import InputError
from nnviz.experiment import Experiment, combine, read_tables
from nnviz.nn.network import Network
from nnviz.nn.schedules import ScheduleState
from nnviz.training.assembly import build_encoder, build_network
from nnviz.training.history import Evaluation
from nnviz.training.trainer import Checkpoint, Trainer

EXPERIMENT, METRICS, RESULT = "experiment.toml", "metrics.jsonl", "result.json"
CHECKPOINTS, FINAL = "checkpoints", "final.safetensors"
# All that is not a tensor stands under one key: safetensors writes several in another order each time.
FACTS = "nnviz"


class Place(msgspec.Struct, frozen=True):
    """Where in its run a checkpoint was made; `learning_rate` is the chosen one, which the schedule multiplies."""

    step: int
    learning_rate: float
    schedule: ScheduleState


class Facts(msgspec.Struct, frozen=True):
    """What a checkpoint holds beside its tensors.

    trained_on    the digest of the training examples
    table, texts  how examples were read, if that needs to be known
    """

    task: Task
    place: Place
    trained_on: str | None = None
    table: TableEncoding | None = None
    texts: TextEncoding | None = None

    @property
    def encoding(self) -> Encoding | None:
        """How examples were read."""
        return self.table or self.texts


class RunDirectory:
    """The directory that keeps one run. It is made when the first thing is written to it."""

    def __init__(self, path: Path, experiment: Experiment) -> None:
        self.path = path
        self._experiment = experiment

    def _make(self) -> None:
        if (self.path / EXPERIMENT).exists():
            return
        with self._writing():
            (self.path / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
            _write(self.path / EXPERIMENT, self._experiment.to_toml().encode())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(f"{self.path}: the run cannot be kept here ({error.strerror})") from None

    def record(self, evaluation: Evaluation) -> None:
        """Append an evaluation to the metrics, one line for each split."""
        self._make()
        with self._writing(), (self.path / METRICS).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in evaluation.records())

    def keep(self, trainer: Trainer, checkpoint: Checkpoint) -> None:
        """Write the final checkpoint: parameters by name, the optimizer's memory, the place in the run, the task.

        The same training gives the same bytes.
        """
        from safetensors.numpy import save

        self._make()
        dataset, network = trainer.dataset, trainer.network
        tensors = {
            name: np.ascontiguousarray(view) for name, view in network.parameters.named(checkpoint.values).items()
        }
        tensors |= network.parameters.named_statistics(checkpoint.statistics)
        tensors |= {f"optimizer.{name}": array for name, array in checkpoint.update_rule.optimizer.items()}
        tensors["standardization.mean"] = dataset.standardization.mean
        tensors["standardization.deviation"] = dataset.standardization.deviation
        rule = checkpoint.update_rule
        place = Place(checkpoint.step, rule.learning_rate, rule.schedule)
        encoding = dataset.encoding
        table = encoding if isinstance(encoding, TableEncoding) else None
        texts = encoding if isinstance(encoding, TextEncoding) else None
        facts = Facts(dataset.task, place, digest(dataset.train), table, texts)
        metadata = {FACTS: json.dumps(msgspec.to_builtins(facts), allow_nan=False)}
        with self._writing():
            _write(self.path / CHECKPOINTS / FINAL, save(tensors, metadata))

    def finish(self, result: dict[str, Any]) -> None:
        """Write what came out, and what stopped it."""
        self._make()
        with self._writing():
            _write(self.path / RESULT, (json.dumps(result, indent=2, ensure_ascii=False) + "\n").encode())


class TrainedNetwork(msgspec.Struct, frozen=True):
    """A network out of a run directory, as it is when nothing is trained, with what makes examples ready for it.

    trained_on  the digest of the examples that it was trained on, None in runs that do not have it
    """

    experiment: Experiment
    task: Task
    network: Network
    encoder: Encoder
    standardization: Standardization
    step: int
    encoding: Encoding | None = None
    trained_on: str | None = None


def digest(split: Split) -> str:
    """The same for the same examples, by their names and labels, in the same order."""
    names = hashlib.sha256("\0".join(split.names).encode(errors="surrogateescape"))
    names.update(np.ascontiguousarray(split.labels).tobytes())
    return names.hexdigest()


def load_run(path: Path) -> TrainedNetwork:
    """The network that the run in directory `path` kept. Raises InputError if there is none, or it is damaged."""
    checkpoint = path / CHECKPOINTS / FINAL
    for needed in (path / EXPERIMENT, checkpoint):
        if not needed.is_file():
            raise InputError(
                f"{path}: not a finished run ({needed.relative_to(path)} is missing); 'nnviz train' makes one"
            )
    experiment = combine(read_tables(path / EXPERIMENT), origin=str(path / EXPERIMENT))
    tensors, metadata = _read_checkpoint(checkpoint)
    try:
        facts = _facts(metadata)
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
            facts.place.step,
            facts.encoding,
            facts.trained_on,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{checkpoint}: not a checkpoint of nnviz ({type(error).__name__}: {error})") from None


def _read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: damaged or not a checkpoint ({error})") from None


def _facts(metadata: dict[str, str]) -> Facts:
    """What the metadata of a checkpoint say. Raises KeyError or ValueError if that is not what nnviz writes."""
    if FACTS in metadata:
        return msgspec.convert(json.loads(metadata[FACTS]), Facts)
    # Earlier runs have a key for each.
    fields = {name: json.loads(metadata.get(f"{FACTS}.{name}", "null")) for name in ("task", "place", "table")}
    if fields["table"] and not fields["table"]["target"]:
        # Texts in files were kept as a table without columns.
        fields["texts"] = fields.pop("table")
    return msgspec.convert({**fields, "trained_on": metadata.get(f"{FACTS}.trained_on")}, Facts)


def _write(path: Path, content: bytes) -> None:
    """Write a whole file or nothing of it: a run that is killed leaves the earlier file as it was."""
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
