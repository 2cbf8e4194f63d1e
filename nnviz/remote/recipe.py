"""Recipe: the run that somebody is in as a file and as a command, which do it again."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict, replace

from nnviz.change import Change
from nnviz.command import command, unsaid
from nnviz.data.sources import find_source, suggested
from nnviz.described import KEYS
from nnviz.experiment import Experiment, Stopping
from nnviz.remote.messages import Recipe
from nnviz.remote.session import Session
from nnviz.training.journal import Choice, Journal, Lifted, Limits, Rate, Weight
from nnviz.wording import count

PLACE_OF = {key.name: key.place for key in KEYS}


def recipe(session: Session) -> Recipe:
    """What does the run again that goes on in a session, with all that was chosen on its way."""
    trainer, begun = session.trainer, session.experiment
    changes = list(_changes(trainer.journal, begun.stopping, trainer.furthest))
    experiment = begun
    for change in changes:
        if change.step == 0 and not change.key.startswith("stopping."):
            experiment = _with(experiment, change)
    # What the rate goes by may be where the run was to end: that stays as it was asked for.
    later = [one for one in changes if one.step or one.key.startswith("stopping.")]
    planned = [one for one in begun.training.changes if one.step > trainer.furthest]
    experiment = experiment.with_training(changes=(*later, *planned))
    data = experiment.data
    settings = suggested(find_source(data.source), data.image_column is not None, data.text_column)
    notes = tuple(_notes(session, unsaid(experiment, settings)))
    return Recipe(command(experiment, settings), experiment.to_toml(), notes)


def _with(experiment: Experiment, change: Change) -> Experiment:
    name, _, key = change.key.partition(".")
    return replace(experiment, **{name: replace(getattr(experiment, name), **{key: change.value})})


def _changes(journal: Journal, stopping: Stopping, furthest: int) -> Iterator[Change]:
    """What was chosen, in the order of its steps. A run that was let go on ends where it has come to."""
    for entry in journal.entries:
        match entry:
            case Rate(step, rate):
                yield Change(step, PLACE_OF["learning_rate"], rate)
            case Choice(step, key, value):
                yield Change(step, PLACE_OF[key], value)
            case Limits() | Lifted():
                before, stopping = stopping, _rules(entry, stopping, furthest)
                yield from _other_rules(entry.step, before, stopping)
            case _:
                pass


def _rules(entry: Limits | Lifted, stopping: Stopping, furthest: int) -> Stopping:
    return entry.over(stopping) if isinstance(entry, Limits) else Stopping(epochs=None, steps=furthest)


def _other_rules(step: int, before: Stopping, now: Stopping) -> Iterator[Change]:
    was: dict[str, Any] = asdict(before)
    for key, value in asdict(now).items():
        if value != was[key]:
            yield Change(step, f"stopping.{key}", value)


def _notes(session: Session, unsaid: list[str]) -> Iterator[str]:
    """What neither says."""
    weights = sum(isinstance(entry, Weight) for entry in session.trainer.journal.entries)
    if weights:
        yield f"{count(weights, 'weight')} set by hand: the run has them, and neither file nor command can say so"
    for place in unsaid:
        yield f"{place} has no value, and the source suggests one: a command cannot say that"
