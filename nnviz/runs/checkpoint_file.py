"""The files of checkpoints: engine states, with the task and all that it takes to make examples ready.

Tensors by name, as PyTorch opens them too; no code can hide in one.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.encoding import Encoding
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.data.texts.text_encoding import TextEncoding
from nnviz.errors import InputError
from nnviz.experiment import Experiment
from nnviz.frame.task import Task
from nnviz.nn.schedules import ScheduleState
from nnviz.runs.digests import Origin
from nnviz.training.engine import EngineState, StepEngine
from nnviz.training.trainer import Trainer
from nnviz.training.trainer_state import TrainerState, network_of
from nnviz.training.update_rule import UpdateRuleState

# All that is not a tensor stands under one key: safetensors writes several in another order each time.
FACTS = "nnviz"
VERSION = 3
HISTORY, BEST, GOOD = "history.", "best.", "good."
OPTIMIZER = "optimizer."


class Place(msgspec.Struct, frozen=True):
    """Where in its run a checkpoint was made.

    learning_rate  the one that was chosen at the beginning of the step, which the schedule multiplies; None, as what
                   the schedule remembers is empty, where the file only keeps a network
    done           how many stages of the training step had run
    chosen_rate    the rate that was chosen when it was made, where that is another one
    """

    step: int
    learning_rate: float | None = None
    schedule: ScheduleState = {}
    done: int = 0
    chosen_rate: float | None = None


class Account(msgspec.Struct, frozen=True):
    """What a run goes on by, beside its tensors.

    evaluated, journaled  how many evaluations and entries of the journal belong to it
    owes                  whether an evaluation was due, and was not waited for
    best, good            the steps of the best network, if there is one, and of the last one with finite numbers
    is_slim               whether these two are left out: of a place that is there to be looked at
    """

    evaluated: int
    journaled: int
    owes: bool
    best: int | None
    good: int
    is_slim: bool = False


class Facts(msgspec.Struct, frozen=True):
    """What a checkpoint holds beside its tensors.

    trained_on    the digest of the training examples, and `judged_on` that of the others
    table, texts  how examples were read, if that needs to be known
    experiment    what was asked for, and `account` what the run goes on by: None where it only keeps a network
    """

    task: Task
    place: Place
    trained_on: str | None = None
    judged_on: str | None = None
    table: TableEncoding | None = None
    texts: TextEncoding | None = None
    experiment: Experiment | None = None
    account: Account | None = None
    version: int = 1

    @property
    def encoding(self) -> Encoding | None:
        """How examples were read."""
        return self.table or self.texts


def encode_network(trainer: Trainer, kept: EngineState, origin: Origin) -> bytes:
    """A network of the trainer's run as the content of a file. The same training gives the same bytes."""
    facts = msgspec.structs.replace(_facts(trainer, kept, origin), place=Place(kept.step))
    return sealed(_tensors(trainer, network_of(kept)), facts)


def encode_state(trainer: Trainer, state: TrainerState, experiment: Experiment, origin: Origin) -> bytes:
    """A state of the trainer as the content of a file, from which its run can go on. The same for the same training."""
    engine, best, good = state.engine, state.best, state.last_good
    tensors = _tensors(trainer, engine)
    tensors |= {HISTORY + name: array for name, array in state.numbers.items()}
    tensors |= _other(BEST, best, engine) if best else {}
    tensors |= {} if best and best.step == good.step else _other(GOOD, good, engine)
    account = Account(state.evaluated, state.journaled, state.owes, best.step if best else None, good.step)
    facts = msgspec.structs.replace(_facts(trainer, engine, origin), experiment=experiment, account=account)
    return sealed(tensors, facts)


def slimmed(path: Path) -> bytes | None:
    """What is left of the content of a checkpoint when it is there to go to its place, and no more to be gone on from.

    None if that is no less. Raises InputError.
    """
    tensors, facts = read(path)
    kept = {name: array for name, array in tensors.items() if not name.startswith((BEST, GOOD))}
    if facts.account is None or len(kept) == len(tensors):
        return None
    account = msgspec.structs.replace(facts.account, is_slim=True)
    return sealed(kept, msgspec.structs.replace(facts, account=account, version=VERSION))


def _tensors(trainer: Trainer, state: EngineState) -> dict[str, Array]:
    dataset, parameters = trainer.dataset, trainer.network.parameters
    tensors = {name: np.ascontiguousarray(view) for name, view in parameters.named(state.values).items()}
    tensors |= parameters.named_statistics(state.statistics)
    tensors |= {OPTIMIZER + name: array for name, array in state.update_rule.optimizer.items()}
    tensors["standardization.mean"] = dataset.standardization.mean
    tensors["standardization.deviation"] = dataset.standardization.deviation
    return tensors


def _facts(trainer: Trainer, state: EngineState, origin: Origin) -> Facts:
    rule, encoding = state.update_rule, trainer.dataset.encoding
    changed = None if state.learning_rate == rule.learning_rate else state.learning_rate
    return Facts(
        trainer.dataset.task,
        Place(state.step, rule.learning_rate, rule.schedule, state.done, changed),
        origin.trained_on,
        origin.judged_on,
        encoding if isinstance(encoding, TableEncoding) else None,
        encoding if isinstance(encoding, TextEncoding) else None,
        version=VERSION,
    )


def _other(prefix: str, network: EngineState, engine: EngineState) -> dict[str, Array]:
    """The numbers of a network that the run may yet be remembered by; of the same step, they are there already."""
    if network.step == engine.step and np.array_equal(network.values, engine.values, equal_nan=True):
        return {}
    return {f"{prefix}values": network.values, f"{prefix}statistics": network.statistics}


def state_of(tensors: Mapping[str, Any], facts: Facts, trainer: Trainer | StepEngine, seconds: float) -> TrainerState:
    """The state that a file holds, for a trainer of the same network. Raises KeyError, ValueError if it holds none."""
    place, account, parameters = facts.place, facts.account, trainer.network.parameters
    if account is None or place.learning_rate is None:
        raise ValueError("it holds a network to use, and nothing to go on from")
    values, statistics = np.empty_like(parameters.values), np.empty_like(parameters.statistics)
    for name, view in {**parameters.named(values), **parameters.named_statistics(statistics)}.items():
        view[...] = tensors[name]
    memory = {name: tensors[OPTIMIZER + name] for name in trainer.update_rule.optimizer.state()}
    rule = UpdateRuleState(place.learning_rate, memory, place.schedule)
    rate = place.learning_rate if place.chosen_rate is None else place.chosen_rate
    engine = EngineState(place.step, place.done, values, statistics, rule, rate)

    def network(prefix: str, step: int) -> EngineState:
        numbers = tensors.get(f"{prefix}values", values), tensors.get(f"{prefix}statistics", statistics)
        return EngineState(step, 0, *numbers, UpdateRuleState(rate, {}, place.schedule), rate)

    best, good = account.best, account.good
    if account.is_slim:
        # The networks of other steps are not in it.
        best, good = best if best == place.step else None, place.step
    return TrainerState(
        engine,
        {name.removeprefix(HISTORY): array for name, array in tensors.items() if name.startswith(HISTORY)},
        account.evaluated,
        account.journaled,
        account.owes,
        None if best is None else network(BEST, best),
        network(BEST if best == good else GOOD, good),
        seconds,
    )


def sealed(tensors: Mapping[str, Array], facts: Facts | dict[str, Any]) -> bytes:
    """The content of a file with these tensors and facts, and a checksum of all of them."""
    from safetensors.numpy import save

    told = facts if isinstance(facts, dict) else msgspec.to_builtins(facts)
    told = {**told, "checksum": _checksum(tensors, told)}
    content: bytes = save(dict(tensors), {FACTS: json.dumps(told, allow_nan=False)})
    return content


def _checksum(tensors: Mapping[str, Array], told: dict[str, Any]) -> str:
    """Of tensors and facts: safetensors has none of its own, and a flipped bit would be a weight like any other."""
    found = hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16)
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        found.update(f"{name} {array.dtype.str} {array.shape}".encode())
        found.update(array.reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def read(path: Path) -> tuple[dict[str, Any], Facts]:
    """The tensors of a checkpoint by name, and what else it holds.

    Raises InputError if it is damaged, of a newer version, or not one.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
        return tensors, _told(path, tensors, metadata)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: damaged or not a checkpoint ({error})") from None
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise not_ours(path, error) from None


def read_facts(path: Path) -> Facts:
    """What a checkpoint holds beside its tensors, which are not looked at. Raises InputError."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
        return msgspec.convert(json.loads(metadata[FACTS]), Facts) if FACTS in metadata else _told_by_earlier(metadata)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: damaged or not a checkpoint ({error})") from None
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise not_ours(path, error) from None


def not_ours(path: Path, error: Exception) -> InputError:
    """What to say of a file that is sound and holds something else."""
    return InputError(f"{path}: not a checkpoint of nnviz ({type(error).__name__}: {error})")


def _told(path: Path, tensors: Mapping[str, Any], metadata: dict[str, str]) -> Facts:
    """What the metadata of a checkpoint say.

    Raises InputError if they or the tensors are not as they were written, KeyError or ValueError if they are not what
    nnviz writes.
    """
    if FACTS not in metadata:
        return _told_by_earlier(metadata)
    told = json.loads(metadata[FACTS])
    if not isinstance(told, dict):
        raise TypeError("what it says of itself is not in a table")
    version, checksum = told.get("version", 1), told.pop("checksum", None)
    if version > VERSION:
        raise InputError(f"{path}: written by a newer nnviz (version {version} of its kind, this one reads {VERSION})")
    if version > 1 and checksum != _checksum(tensors, told):
        raise InputError(f"{path}: damaged: its numbers are not those that were written")
    return msgspec.convert(told, Facts)


def _told_by_earlier(metadata: dict[str, str]) -> Facts:
    """The same of earlier runs, which have a key for each fact."""
    fields = {name: json.loads(metadata.get(f"{FACTS}.{name}", "null")) for name in ("task", "place", "table")}
    if fields["table"] and not fields["table"]["target"]:
        # Texts in files were kept as a table without columns.
        fields["texts"] = fields.pop("table")
    return msgspec.convert({**fields, "trained_on": metadata.get(f"{FACTS}.trained_on")}, Facts)
