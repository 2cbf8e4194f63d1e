"""What is told of the difference between two experiments."""

from typing import Any

from nnviz.experiment import Experiment
from nnviz.wording import count, listed, trimmed

NAMES = {
    "layers": "the layers",
    "learning_rate": "a learning rate of",
    "momentum": "a momentum of",
    "batch_size": "batches of",
    "clip": "gradients no longer than",
    "l1": "an L1 penalty of",
    "l2": "an L2 penalty of",
    "weight_decay": "a weight decay of",
    "warmup": "a warm-up in epochs of",
    "patience": "a patience of",
    "class_weights": "class weights",
    "inputs": "inputs",
    "initial": "first weights by chance,",
}
WITHOUT = {"l1": "L1 penalty", "l2": "L2 penalty", "warmup": "warm-up"}
# What two keys say together is said with the first of them.
SILENT = ("weights", "weights_digest")
LONG = 24


def told_changes(before: Experiment, after: Experiment) -> str:
    """What the second experiment has otherwise: `a learning rate of 0.001 instead of 0.01`; nothing if they are alike.

    Values so long that nobody would compare them are told alone.
    """
    changes = before.differences(after)
    old = {name: getattr(before, name) for name in changes}
    told = [
        _told(key, getattr(old[name], key), value)
        for name, table in changes.items()
        for key, value in table.items()
        if key not in SILENT
    ]
    return listed(told)


def _told(key: str, old: Any, new: Any) -> str:
    name = NAMES.get(key, key.replace("_", " "))
    if new is None or (new == 0 and key in ("l1", "l2", "weight_decay", "warmup")):
        return f"no {WITHOUT.get(key, key.replace('_', ' '))}"
    value, instead = _value(key, new), "" if old is None else _value(key, old)
    return f"{name} {value}" + (f" instead of {instead}" if instead and len(instead) <= LONG else "")


def _value(key: str, value: Any) -> str:
    if key == "patience":
        return count(value, "epoch")
    if isinstance(value, int | float):
        return trimmed(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {trimmed(weight)}" for name, weight in value.items())
    return f"“{value}”" if key == "layers" else str(value)
