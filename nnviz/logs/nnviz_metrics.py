"""nnviz's own `metrics.jsonl`, read as any other log: for the curves of a run, not to go on with it.

Tried with nnviz 0.1.0.

| trap | what nnviz does |
| --- | --- |
| a line for each split of an evaluation | curves named after their split |
| `seconds` is the time spent in training, not the hour | times since the start |
| a run that goes on from a checkpoint cuts its metrics back to it, and goes on | noticed by the size, and read anew |
| how it ended lies in `result.json`, what was asked in `experiment.toml` | state, settings, results |
"""

import json
import math
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nnviz.logs.jsonl import JsonlReader, numbers_in
from nnviz.logs.logged_run import DIVERGED, FINISHED, INTERRUPTED, STOPPED, UNFINISHED
from nnviz.logs.naming import TEST, TRAIN, VALIDATION

FILE, EXPERIMENT, RESULT = "metrics.jsonl", "experiment.toml", "result.json"
STATES = {"diverged": DIVERGED, "interrupted": INTERRUPTED, "median rule": STOPPED}
"""What ended a run, where that was not an end that it was meant to have."""


class NnvizReader(JsonlReader):
    """The metrics of one run directory."""

    def read(self) -> None:
        """Take what has been added since the last time. Raises InputError if it cannot be read."""
        super().read()
        (run,) = self.runs
        folder = run.source.parent
        run.settings = dict(flat(parsed(folder / EXPERIMENT, tomllib.loads)))
        ended = parsed(folder / RESULT, json.loads)
        run.results = dict(_scores(ended))
        run.state = STATES.get(str(ended.get("stopped_by")), FINISHED) if ended else UNFINISHED


def parsed(path: Path, parse: Callable[[str], Any]) -> dict[str, Any]:
    """What is in a file beside the metrics; nothing if it is not there, or half written."""
    try:
        found = parse(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _scores(ended: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """What `validation/accuracy` and its like are in the end. A loss that is not finite is null there."""
    for split in (VALIDATION, TEST, TRAIN):
        if isinstance(scores := ended.get(split), dict):
            told = {name: math.nan if value is None and name == "loss" else value for name, value in scores.items()}
            yield from numbers_in(told, f"{split}/")


def flat(settings: dict[str, Any], beginning: str = "") -> Iterator[tuple[str, str]]:
    """Settings as texts, those of tables behind the names of these."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from flat(value, f"{beginning}{key}.")
        else:
            yield f"{beginning}{key}", str(value)
