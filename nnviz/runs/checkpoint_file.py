"""The files of checkpoints: engine states, with the task and all that it takes to make examples ready.

Tensors by name, as PyTorch opens them too; no code can hide in one.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nnviz.data.encoding import Encoding
from nnviz.data.split import Split
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.data.texts.text_encoding import TextEncoding
from nnviz.errors import InputError
from nnviz.frame.task import Task
from nnviz.nn.schedules import ScheduleState
from nnviz.training.engine import EngineState
from nnviz.training.trainer import Trainer

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


def encode(trainer: Trainer, checkpoint: EngineState, trained_on: str) -> bytes:
    """A state of the trainer as the content of a file; `trained_on` is the digest of its training examples.

    The same training gives the same bytes.
    """
    from safetensors.numpy import save

    dataset, parameters, rule = trainer.dataset, trainer.network.parameters, checkpoint.update_rule
    tensors = {name: np.ascontiguousarray(view) for name, view in parameters.named(checkpoint.values).items()}
    tensors |= parameters.named_statistics(checkpoint.statistics)
    tensors |= {f"optimizer.{name}": array for name, array in rule.optimizer.items()}
    tensors["standardization.mean"] = dataset.standardization.mean
    tensors["standardization.deviation"] = dataset.standardization.deviation
    place = Place(checkpoint.step, rule.learning_rate, rule.schedule)
    encoding = dataset.encoding
    table = encoding if isinstance(encoding, TableEncoding) else None
    texts = encoding if isinstance(encoding, TextEncoding) else None
    facts = Facts(dataset.task, place, trained_on, table, texts)
    content: bytes = save(tensors, {FACTS: json.dumps(msgspec.to_builtins(facts), allow_nan=False)})
    return content


def digest(split: Split) -> str:
    """The same for the same examples, by their names and labels, in the same order."""
    names = hashlib.sha256("\0".join(split.names).encode(errors="surrogateescape"))
    names.update(np.ascontiguousarray(split.labels).tobytes())
    return names.hexdigest()


def read(path: Path) -> tuple[dict[str, Any], Facts]:
    """The tensors of a checkpoint by name, and what else it holds. Raises InputError if it is damaged, or not one."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, _facts(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: damaged or not a checkpoint ({error})") from None
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise not_ours(path, error) from None


def not_ours(path: Path, error: Exception) -> InputError:
    """What to say of a file that is sound and holds something else."""
    return InputError(f"{path}: not a checkpoint of nnviz ({type(error).__name__}: {error})")


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
