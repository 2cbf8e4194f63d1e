"""Which runs of a list are wanted: `lr>0.01 optimizer=adam pets`.

Conditions stand beside each other, and all of them have to hold. One with a sign compares a setting, or a column of the
list; one without is a text that stands anywhere in what is known of a run.
"""

import math
import re
import shlex
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import NamedTuple

from nnviz.collection.listed_run import ListedRun
from nnviz.described import KEYS
from nnviz.errors import InputError

SIGNS: dict[str, Callable[[float, float], bool]] = {">=": ge, "<=": le, "!=": ne, "=": eq, ">": gt, "<": lt}
_COMPARED = re.compile(r"([^<>=!]+)(>=|<=|!=|=|>|<)(.*)", re.DOTALL)
COLUMNS: dict[str, Callable[[ListedRun], str | float]] = {
    "run": lambda run: run.name,
    "by": lambda run: run.by,
    "source": lambda run: run.source,
    "network": lambda run: run.network,
    "state": lambda run: run.state,
    "best": lambda run: math.nan if run.best is None else run.best.value,
    "steps": lambda run: run.reached,
    "size": lambda run: run.size,
}
"""Those of the list that can be compared."""


class Condition(NamedTuple):
    """One thing that has to hold. Without a `sign`, `wanted` is a text to be found."""

    name: str
    sign: str
    wanted: str

    def holds(self, run: ListedRun) -> bool:
        """Whether it does, of a run. What has no such setting, or no number where one is compared, does not."""
        if not self.sign:
            return self.wanted.casefold() in _all_of(run)
        found = _found(run, self.name)
        return found is not None and _compared(found, self.sign, self.wanted)


def conditions(text: str) -> list[Condition]:
    """What somebody has written. Raises InputError where that is not finished, or cannot be compared."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise InputError("a quotation mark has no end yet") from None
    return [_condition(word) for word in words]


def _condition(word: str) -> Condition:
    parts = _COMPARED.fullmatch(word)
    if parts is None:
        if word[:1] in tuple("<>=!"):
            raise InputError(f"{word}: the name of a setting is missing, as in lr{word}")
        return Condition("", "", word)
    name, sign, wanted = parts.groups()
    if not wanted:
        raise InputError(f"{word}: a value is missing, as in {name}{sign}0.01")
    if sign in ("<", ">", "<=", ">=") and as_number(wanted) is None:
        raise InputError(f"{word}: {wanted} is not a number; = and != compare texts")
    return Condition(name.casefold(), sign, wanted)


def as_number(text: str) -> float | None:
    """A number as settings and people write it; None if it is none."""
    try:
        return None if "_" in text else float(text.replace("−", "-"))
    except ValueError:
        return None


def setting(settings: Mapping[str, str], name: str) -> str | None:
    """A setting by its whole name, by the last part of that, or by its option: `lr` is `training.learning_rate`."""
    for wanted in (name, _OPTIONS.get(name, name)):
        for key, value in settings.items():
            if wanted == key.casefold():
                return value
        for key, value in settings.items():
            if wanted == re.split(r"[./]", key)[-1].casefold():
                return value
    return None


_OPTIONS = {key.parameter.casefold(): key.place.casefold() for key in KEYS}


def _found(run: ListedRun, name: str) -> str | float | None:
    found = setting(run.settings, name)
    if found is None and name in COLUMNS:
        return COLUMNS[name](run)
    return found


def _compared(found: str | float, sign: str, wanted: str) -> bool:
    number, limit = found if isinstance(found, int | float) else as_number(found), as_number(wanted)
    if number is not None and limit is not None:
        return not math.isnan(number) and SIGNS[sign](number, limit)
    if sign not in ("=", "!="):
        return False
    return (str(found).casefold() == wanted.casefold()) == (sign == "=")


def _all_of(run: ListedRun) -> str:
    return _text((run.name, run.by, run.source, run.network, run.state), tuple(run.settings.values()))


@lru_cache(maxsize=4096)
def _text(known: tuple[str, ...], settings: tuple[str, ...]) -> str:
    return "\n".join([*known, *settings]).casefold()
