"""Account: what a run cost and why it stopped, and the scores of the network that is kept."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from nnviz.runs.result import OptionChange, PartedFrom, RateChange, Result, WeightChange
from nnviz.training.evaluation import batches_of
from nnviz.training.interruption import AbandonedError, unwatched
from nnviz.training.journal import Choice, Parted, Rate, Weight
from nnviz.training.judgement import beside_the_score, judge
from nnviz.training.trainer import Trainer

SPLITS = ("train", "validation", "test")


def account(trainer: Trainer) -> Result:
    """The account of a trainer's run, before the network that is kept is scored."""
    steps, seconds = trainer.furthest, trainer.seconds
    examples = trainer.batches.epochs.examples_in(steps)
    rates = [entry for entry in trainer.journal.entries if isinstance(entry, Rate)]
    choices = [entry for entry in trainer.journal.entries if isinstance(entry, Choice)]
    origins = [entry for entry in trainer.journal.log if isinstance(entry, Parted)]
    return Result(
        steps=steps,
        epochs=trainer.batches.epochs.at(steps).epoch,
        seconds=round(seconds, 3),
        examples_per_second=round(examples / seconds, 1) if seconds else None,
        parameters=trainer.network.parameters.size,
        stopped_by=trainer.stopped_by,
        kept_step=trainer.kept().step,
        learning_rate_changes=tuple(RateChange(rate.step, rate.learning_rate) for rate in rates),
        option_changes=tuple(OptionChange(one.step, one.key, one.value) for one in choices),
        weight_changes=tuple(
            WeightChange(one.step, one.name, one.index, one.value, one.before)
            for one in trainer.journal.entries
            if isinstance(one, Weight)
        ),
        parted_from=PartedFrom(origins[-1].run, origins[-1].step) if origins else None,
    )


def batches_to_score(trainer: Trainer) -> int:
    """How often `scored` asks whether it is to go on."""
    return sum(batches_of(trainer.network, getattr(trainer.dataset, name)) for name in SPLITS)


def scored(result: Result, trainer: Trainer, check: Callable[[], None] = unwatched) -> Result:
    """Put the network into the state that is kept, and add its scores on every split to the account.

    Those that `check` leaves no time for are left out, the largest one first. Distances are in each target's own unit.
    The examples of training were not drawn for a score: its accuracy has no interval.
    """
    kept = trainer.kept()
    trainer.network.parameters.values[...] = kept.values
    trainer.network.parameters.statistics[...] = kept.statistics
    dataset = trainer.dataset
    splits = {name: split for name in SPLITS if len(split := getattr(dataset, name))}
    found: dict[str, Any] = {}
    with suppress(AbandonedError):
        for name in sorted(splits, key=lambda name: len(splits[name])):
            assessment = trainer.assess(splits[name], check)
            found[name] = assessment.score.plain()
            beside = beside_the_score(judge(assessment, splits[name].labels, dataset.task), dataset.task)
            for measure, value in beside.items():
                if (name, measure) != ("train", "accuracy_interval"):
                    found.setdefault(measure, dict.fromkeys(SPLITS))[name] = value
    return msgspec.convert(msgspec.to_builtins(result) | found, Result)
