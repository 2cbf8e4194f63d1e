"""The command that does a run again."""

import shlex
from collections.abc import Iterator

from nnviz.described import KEYS, Key
from nnviz.experiment import Experiment, Tables


def command(experiment: Experiment, suggested: Tables) -> str:
    """What asks for an experiment on the command line, where its source suggests these settings.

    What is so without being asked for is left out.
    """
    suggestible = {(name, key) for name, table in suggested.items() for key in table} | {("training", "threads")}
    words = ["nnviz", "train"]
    for key in KEYS:
        value = key.of(experiment)
        is_so = value == key.default and not key.is_argument and (key.table, key.name) not in suggestible
        if key.is_asked and value is not None and not is_so:
            words += _option(key, value)
    return shlex.join(words)


def _option(key: Key, value: object) -> Iterator[str]:
    yes, _, no = key.option.partition("/")
    if key.is_argument:
        yield key.written(value)
    elif key.kind is bool:
        yield yes if value else no
    elif key.is_several and not key.choices:
        for part in value if isinstance(value, tuple) else ():
            yield from (yes, key.written((part,)))
    else:
        yield from (yes, value if isinstance(value, str) else key.written(value))


def unsaid(experiment: Experiment, suggested: Tables) -> list[str]:
    """The places of keys that have no value, where the source suggests one: no command takes that away."""
    is_limited = experiment.stopping.steps is not None or experiment.stopping.seconds is not None
    return [
        key.place
        for key in KEYS
        if key.of(experiment) is None
        and suggested.get(key.table, {}).get(key.name) is not None
        # Other limits lift that on epochs.
        and not (key.name == "epochs" and is_limited)
        # Another network lifts the weights of the suggested one.
        and key.name != "weights"
    ]
