"""A short run under the rules of health; of a run that was trained already, the run itself."""

from contextlib import closing
from typing import Any

import msgspec

from nnviz.insight.checks.outcome import Outcome, by_rules
from nnviz.insight.checks.subject import Subject, Watch, affordable, evenly
from nnviz.insight.health.evidence import Beginning, Evidence
from nnviz.insight.health.rules import RULES, Rule, examine
from nnviz.training.assembly import assemble
from nnviz.training.cost import example_cost, step_cost
from nnviz.training.trainer import Trainer
from nnviz.wording import count, integer, number, percent, trimmed

SECONDS, LEAST, MOST = 8.0, 60, 1000
JUDGED, LEAST_JUDGED, JUDGED_SECONDS = 2048, 64, 1.0
ALREADY = (
    "shared-examples",
    "inputs-badly-scaled",
    "targets-badly-scaled",
    "unequal-classes",
    "contradicting-labels",
    "first-loss",
)
"""The rules of other checks."""


def short_run(subject: Subject, watch: Watch) -> Outcome:
    """As it would be trained, as far as it is worth waiting for."""
    if subject.run is not None:
        return _outcome(subject.run, "The run came to")
    with closing(_judged_by_some(subject)) as trainer:
        steps = affordable(SECONDS, step_cost(trainer.engine), LEAST, MOST)
        rules = trainer.stopping
        trainer.take_up(msgspec.structs.replace(rules, steps=min(rules.steps or steps, steps)))
        while trainer.stopped_by is None:
            watch()
            trainer.step()
        return _outcome(trainer, "A run, as it is asked for, came to")


def _judged_by_some(subject: Subject) -> Trainer:
    """The trainer as it is asked for, judged by no more validation examples than there is time for."""
    data = subject.dataset
    with closing(subject.trainer()) as trainer:
        most = affordable(JUDGED_SECONDS, example_cost(trainer.engine), LEAST_JUDGED, JUDGED)
    some = msgspec.structs.replace(data, validation=data.validation.select(evenly(data.validation, most)))
    return assemble(subject.experiment, some, subject.weights_copy)


def _outcome(trainer: Trainer, which: str) -> Outcome:
    beginning = Beginning(trainer)
    evidence = Evidence(trainer, beginning)
    latest = trainer.history.latest
    validation = latest.validation if latest else None
    epochs = evidence.steps / trainer.batches.epochs.end_of(1)
    done = [
        f"{which} {count(evidence.steps, 'training step')} ({trimmed(epochs, 3)} epochs). Its loss was "
        f"{number(evidence.first_loss or float('nan'))} at the first and {number(evidence.recent_loss)} over the last "
        f"ones; always saying the same would give {number(beginning.constant)}."
    ]
    numbers: dict[str, Any] = {
        "steps": evidence.steps,
        "epochs": epochs,
        "stopped_by": trainer.stopped_by,
        "first_loss": evidence.first_loss,
        "recent_loss": evidence.recent_loss,
        "constant": beginning.constant,
        "validation": None,
        "commonest": None,
    }
    if validation is not None:
        judged = len(trainer.dataset.validation)
        told = f"On {count(judged, 'validation example')} the loss is {number(validation.loss)}"
        if validation.accuracy is not None:
            told += (
                f", and {percent(validation.accuracy)} are put in their class; the commonest one has "
                f"{percent(beginning.commonest)}"
            )
            numbers["commonest"] = float(beginning.commonest)
        done.append(f"{told}.")
        numbers["validation"] = {"examples": judged, **validation.plain()}
    rules: list[Rule] = [rule for rule in RULES if rule.id not in ALREADY]
    diagnosis = examine(evidence, rules)
    done.append(
        f"{integer(len(rules))} rules of health looked at it: {integer(len(diagnosis.quiet))} found nothing, "
        f"{integer(len(diagnosis.unable))} could not run."
    )
    return by_rules(diagnosis, tuple(done), numbers)
