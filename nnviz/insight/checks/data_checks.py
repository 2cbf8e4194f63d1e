"""Checks of the examples, before anything is trained: splits, inputs and targets."""

import numpy as np

from nnviz.data.alike import looked_through
from nnviz.insight.checks.outcome import Outcome, by_rules
from nnviz.insight.checks.subject import Subject, Watch
from nnviz.insight.health.data_rules import outvoted_examples, shared_with_training
from nnviz.insight.health.evidence import Evidence
from nnviz.insight.health.rules import examine, named_rules
from nnviz.outside_text import short, shown_names
from nnviz.wording import count, integer, listed, number, percent

TOLD_CLASSES = 5


def splits(subject: Subject, _: Watch) -> Outcome:
    """Whether what the network is judged by is new to it."""
    evidence = subject.evidence
    parts = {name: split for name, split in evidence.beginning.splits.items() if len(split)}
    compared = {name: len(looked_through(split)) for name, split in parts.items()}
    shared = {name: shared_with_training(evidence, name) for name in parts if name != "training"}
    repeated = sum(max(sum(not at.split for at in group) - 1, 0) for group in evidence.beginning.alike)
    whole = {name: len(split) for name, split in parts.items()}
    done = [
        f"The inputs of {_counts(compared, whole)} were compared, number for number.",
        f"{integer(repeated)} of training repeat an earlier one"
        + "".join(f"; {integer(many)} of {name} stand there too" for name, many in shared.items())
        + ".",
    ]
    numbers = {"examples": whole, "compared": compared, "shared_with_training": shared, "repeated": repeated}
    return by_rules(examine(evidence, named_rules("shared-examples")), tuple(done), numbers)


def _counts(compared: dict[str, int], whole: dict[str, int]) -> str:
    """How many of each split were looked at, and of how many, where that is not all."""
    parts: list[str] = []
    for name, many in compared.items():
        told = count(many, "example") if not parts else integer(many)
        parts.append(f"{told} of {name}" if many == whole[name] else f"{told} of the {integer(whole[name])} of {name}")
    return listed(parts)


def inputs(subject: Subject, _: Watch) -> Outcome:
    """Whether the inputs tell anything, and have the size that networks are made for."""
    evidence = subject.evidence
    examples = evidence.beginning.inputs.reshape(len(evidence.beginning.inputs), -1)
    wide = examples.astype(np.float64)
    constant = int((np.ptp(examples, axis=0) == 0).sum())
    size = evidence.beginning.scale_of_inputs.size
    numbers = {
        "examples": len(examples),
        "inputs": examples.shape[1],
        "constant": constant,
        "mean": float(wide.mean()),
        "size": size,
        "lowest": float(examples.min()),
        "highest": float(examples.max()),
    }
    done = (
        f"{count(examples.shape[1], 'input')} of {count(len(examples), 'training example')}, as the network gets "
        f"them, were measured: from {number(numbers['lowest'])} to {number(numbers['highest'])}, mean "
        f"{number(numbers['mean'])}, size (root mean square) {number(size)}.",
        f"{integer(constant) if constant else 'None'} of them {'are' if constant > 1 else 'is'} the same in all these "
        "examples.",
    )
    return by_rules(examine(evidence, named_rules("inputs-badly-scaled")), done, numbers)


def targets(subject: Subject, _: Watch) -> Outcome:
    """Whether there is something to learn, for all classes, that does not contradict itself."""
    evidence = subject.evidence
    if subject.dataset.class_names:
        return _classes(evidence)
    found = evidence.beginning.targets.astype(np.float64)
    size = evidence.beginning.scale_of_targets.size
    numbers = {
        "examples": len(found),
        "targets": found.shape[1],
        "size": size,
        "lowest": float(found.min()),
        "highest": float(found.max()),
    }
    done = (
        f"{count(found.shape[1], 'number')} to predict of {count(len(found), 'training example')} "
        f"{'was' if found.shape[1] == 1 else 'were'} measured: from {number(numbers['lowest'])} to "
        f"{number(numbers['highest'])}, size (root mean square) {number(size)}.",
    )
    return by_rules(examine(evidence, named_rules("targets-badly-scaled")), done, numbers)


def _classes(evidence: Evidence) -> Outcome:
    counts, names = evidence.beginning.counts, evidence.beginning.task.class_names
    outvoted = outvoted_examples(evidence)
    order = np.argsort(-counts, kind="stable")
    shown = shown_names(names)
    told = [f"{short(shown[k])} {percent(float(counts[k] / counts.sum()))}" for k in order.tolist()]
    done = (
        f"{integer(counts.sum())} training examples of {count(len(names), 'class')} were counted: "
        f"{listed(told, TOLD_CLASSES)}.",
        f"{integer(outvoted) if outvoted else 'None'} of them {'have' if outvoted > 1 else 'has'} the same inputs as "
        "others with another label.",
    )
    numbers = {"classes": dict(zip(names, counts.tolist(), strict=True)), "contradicting": outvoted}
    return by_rules(examine(evidence, named_rules("unequal-classes", "contradicting-labels")), done, numbers)
