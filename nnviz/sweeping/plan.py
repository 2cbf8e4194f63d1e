"""What a sweep is to train, and the folder that keeps its runs."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from nnviz.data.sources import BUILT_IN
from nnviz.errors import InputError
from nnviz.experiment import Experiment, Tables
from nnviz.runs.claim import Claim, is_taken, taken
from nnviz.runs.paths import refuse_unusable
from nnviz.whole_file import unwritten, write_whole
from nnviz.wording import count

FILE = "sweep.json"
NAME = 60
"""Characters of a run's name, behind its number."""
DIGEST = 8
WORDS = "-_.=+"
"""Signs that may stand in a run's name."""


class Trial(msgspec.Struct, frozen=True):
    """One run that is to be trained.

    settings  what was tried in it, as texts by the parameters of their keys
    """

    name: str
    experiment: Experiment
    settings: Mapping[str, str]


class Plan(msgspec.Struct, frozen=True):
    """All runs of a sweep. `stops_hopeless` says that the median rule may end them early."""

    trials: tuple[Trial, ...]
    stops_hopeless: bool = False

    def content(self) -> dict[str, Any]:
        """What its file holds."""
        runs = {trial.name: msgspec.to_builtins(trial.experiment) for trial in self.trials}
        return {"median_rule": self.stops_hopeless, "runs": runs}

    def with_whole_paths(self) -> "Plan":
        """The same, with sources and first weights by whole paths, which workers in other directories find as well."""
        trials = [msgspec.structs.replace(trial, experiment=_whole(trial.experiment)) for trial in self.trials]
        return msgspec.structs.replace(self, trials=tuple(trials))

    def folder(self) -> Path:
        """Where it is kept if nobody says otherwise: always the same place for the same plan."""
        text = json.dumps(self.content(), sort_keys=True)
        source = Path(self.trials[0].experiment.data.source).name
        return Path("runs") / f"sweep-{_word(source)}-{hashlib.sha256(text.encode()).hexdigest()[:DIGEST]}"


def _whole(experiment: Experiment) -> Experiment:
    source, weights = experiment.data.source, experiment.network.weights
    tables: Tables = {"data": {}, "network": {}}
    if source not in BUILT_IN:
        tables["data"]["source"] = str(Path(os.path.expanduser(source)).resolve())
    if weights is not None and Path(weights).exists():
        tables["network"] = {
            "weights": str(Path(weights).resolve()),
            "weights_digest": experiment.network.weights_digest,
        }
    return experiment.changed(tables)


def named(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """A name for each run: its number, which is all that tells it from the others, and what is tried in it."""
    digits = len(str(len(settings)))
    return [
        f"{str(number).zfill(digits)}-{_word('-'.join(f'{name}={value}' for name, value in one.items()))}"[:NAME]
        for number, one in enumerate(settings, 1)
    ]


def _word(text: str) -> str:
    return "".join(c if (c.isalnum() and c.isascii()) or c in WORDS else "-" for c in text)


def claimed(plan: Plan, folder: Path) -> Claim:
    """The sweep's folder, with its plan in it, which is this process's own until it is released.

    Raises InputError if something else is there, another plan, or another process that works on it.
    """
    content = json.dumps(plan.content(), indent=1).encode() + b"\n"
    file = folder / FILE
    if file.exists():
        _refuse_other(folder, plan, file)
    elif is_taken(folder):
        raise InputError(taken(folder))
    try:
        refuse_unusable(folder) if not file.exists() else None
        folder.mkdir(parents=True, exist_ok=True)
        claim = Claim.again(folder)
        if not file.exists():
            write_whole(file, content)
    except OSError as error:
        raise unwritten(folder, error) from None
    return claim


def _refuse_other(folder: Path, plan: Plan, file: Path) -> None:
    try:
        kept = json.loads(file.read_bytes())
    except (OSError, ValueError):
        raise InputError(f"{file}: cannot be read; choose another directory with --out") from None
    # As JSON has it: a tuple is a list there.
    if kept != json.loads(json.dumps(plan.content())):
        raise InputError(
            f"{folder}: another sweep is there ({_other(kept, plan)}); choose another directory with --out"
        )


def _other(kept: Any, plan: Plan) -> str:
    """In what it is another one."""
    runs = kept.get("runs") if isinstance(kept, dict) else None
    if not isinstance(runs, dict):
        return "one of another version"
    if len(runs) != len(plan.trials):
        return f"of {count(len(runs), 'run')}, and this one has {len(plan.trials)}"
    for trial in plan.trials:
        if trial.name not in runs:
            return f"without a run {trial.name}"
        mine = json.loads(json.dumps(msgspec.to_builtins(trial.experiment)))
        for table, keys in mine.items():
            for key, value in keys.items():
                if runs[trial.name].get(table, {}).get(key) != value:
                    return f"with another {table}.{key}"
    return "with another --stop-hopeless"
