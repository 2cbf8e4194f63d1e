"""Choosing: what of a session's experiment can be changed at once, what takes a new run, and the run that it begins."""

from typing import Any

from msgspec.structs import replace

from nnviz.about import Effect
from nnviz.data.sources import find_source, suggested
from nnviz.data.written.known_weights import pinned
from nnviz.described import KEYS, Key
from nnviz.errors import InputError
from nnviz.experiment import Experiment, Stopping, Tables, combine
from nnviz.remote.messages import OptionsView
from nnviz.remote.session import Session
from nnviz.training.assembly import has, weight_decay
from nnviz.training.trainer import Trainer
from nnviz.wording import count

KEY_AT = {key.place: key for key in KEYS}
LIMITS = ("epochs", "steps")


def options(session: Session, refused: str | None = None) -> OptionsView:
    """The options of the run as they are now, and why one was refused, if one was."""
    at_once = tuple(key.place for key in KEYS if _may_change_at_once(key, session))
    return OptionsView(present(session), at_once, session.trainer.is_back, refused)


def present(session: Session) -> Experiment:
    """The experiment, with all that was chosen anew since: to begin with it is to begin with what there is now."""
    trainer, experiment = session.trainer, session.experiment
    rate = {"learning_rate": trainer.update_rule.learning_rate}
    chosen = {**rate, **trainer.journal.chosen_at(session.next_proposal), **session.chosen}
    for key in KEYS:
        if key.name in chosen:
            experiment = _with(experiment, key, chosen[key.name])
    return replace(experiment, stopping=trainer.stopping)


def choose(session: Session, place: str, value: Any) -> None:
    """Go by that value from here on; in the past, once somebody goes on. Raises InputError if that cannot be."""
    key = KEY_AT[place]
    if not _may_change_at_once(key, session):
        raise InputError(f"{place}: a run cannot change it on the way; begin again with it")
    asked = _with(present(session), key, value)
    if key.table == "stopping":
        _refuse_passed(asked.stopping, key, session.trainer)
        session.trainer.stop_by(asked.stopping)
        return
    chosen = weight_decay(asked.training) if key.name == "weight_decay" else key.of(asked)
    if session.trainer.is_back:
        session.choose(key.name, chosen)
    else:
        session.trainer.choose(key.name, chosen)


def changed(session: Session, tables: Tables) -> Experiment:
    """The experiment to begin again with: the present one with some keys of some tables changed.

    Another source comes with the settings that fit it, but for those that are changed too. Raises InputError.
    """
    now = present(session)
    if tables.get("data", {}).get("source") not in (None, now.data.source):
        source = find_source(tables["data"]["source"])
        kept = {"training": {"seed": now.training.seed, "threads": now.training.threads}}
        return pinned(combine(kept, suggested(source), tables, {"data": {"source": source.name}}, origin="options"))
    for key in KEYS:
        if key.name in tables.get(key.table, {}):
            now = _with(now, key, tables[key.table][key.name])
            if key.name == "weights":
                now = replace(now, network=replace(now.network, weights_digest=None))
    return pinned(now)


def _with(experiment: Experiment, key: Key, value: Any) -> Experiment:
    """The same with another value of a key. Raises InputError for one that it must not have."""
    typed = key.of(combine({key.table: {key.name: value}}, origin="options"))
    table = replace(getattr(experiment, key.table), **{key.name: typed})
    return replace(experiment, **{key.table: table})


def _may_change_at_once(key: Key, session: Session) -> bool:
    """Whether this run can change a key on its way: it has to have what the key is about."""
    if key.about.effect is not Effect.AT_ONCE:
        return False
    training, trainer = session.experiment.training, session.trainer
    if not has(key.name, trainer.update_rule, trainer.dataset.task):
        return False
    goes_by_end = training.schedule == "cosine" or (training.schedule == "step" and training.drop_every is None)
    return not (goes_by_end and key.name in LIMITS)


def _refuse_passed(stopping: Stopping, key: Key, trainer: Trainer) -> None:
    """Raises InputError if the run has come to that end already."""
    if key.name not in LIMITS or getattr(stopping, key.name) is None:
        return
    epochs = trainer.batches.epochs
    ends = {"epochs": epochs.end_of(stopping.epochs or 0), "steps": stopping.steps or 0}
    if ends[key.name] <= trainer.furthest:
        had = {"epochs": epochs.at(trainer.furthest).epoch, "steps": trainer.furthest}
        raise InputError(f"{key.place}: the run has {count(had[key.name], key.name[:-1])} already; give more")
