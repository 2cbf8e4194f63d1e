"""What a sweep tries of a setting: values in a list, or a range that chance draws from."""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import msgspec
import numpy as np

from nnviz.described import Key
from nnviz.errors import InputError
from nnviz.outside_text import excerpt
from nnviz.wording import count, integer, listed, trimmed

DECADE = 10.0
"""A range that reaches over so many times its beginning, or more, is drawn from by its logarithm."""
DIGITS = 4
TRIES = 200
_RANGE = re.compile(r"\s*([^.\s]\S*?|\.\d\S*?)\.\.(\S+)\s*")
Setting = dict[str, Any]
"""One choice of all that is tried: values by the parameters of their keys."""


class Range(msgspec.Struct, frozen=True):
    """From `low` to `high`, both of which may be drawn."""

    low: float
    high: float
    is_whole: bool

    @property
    def is_logarithmic(self) -> bool:
        """Whether chance draws the logarithm, so that 0.001 to 0.01 comes as often as 0.01 to 0.1."""
        return self.low > 0 and self.high / self.low >= DECADE

    def draw(self, generator: np.random.Generator) -> float:
        """A number of the range, with few digits."""
        low, high = (self.low - 0.5, self.high + 0.5) if self.is_whole else (self.low, self.high)
        if self.is_logarithmic:
            value = math.exp(generator.uniform(math.log(low), math.log(high)))
        else:
            value = generator.uniform(low, high)
        value = round(value) if self.is_whole else float(f"{value:.{DIGITS}g}")
        return min(max(value, self.low), self.high)

    def told(self) -> str:
        """As words."""
        how = "by its logarithm" if self.is_logarithmic else "evenly"
        return f"from {trimmed(self.low)} to {trimmed(self.high)}, {how}"


class Choice(msgspec.Struct, frozen=True):
    """What is tried of one key: all of `values`, or what is drawn from `range`."""

    key: Key
    values: tuple[Any, ...] = ()
    range: Range | None = None

    def draw(self, generator: np.random.Generator) -> Any:
        """One of them by chance."""
        return self.range.draw(generator) if self.range else self.values[int(generator.integers(len(self.values)))]


def has_list(key: Key) -> bool:
    """Whether several values of a key may stand in one text, with commas: not where a single one may have commas."""
    return not (key.is_several or key.kind is dict) and (key.kind is not str or bool(key.choices))


def read_choice(key: Key, texts: Sequence[str]) -> Choice:
    """What somebody wrote for a key, each time that it was given. Raises InputError."""
    if len(texts) == 1 and key.kind in (int, float) and (found := _RANGE.fullmatch(texts[0])):
        low, high = (key.read(end) for end in found.groups())
        return of_range(key, low, high)
    parts = [part for text in texts for part in text.split(",")] if has_list(key) else list(texts)
    if has_list(key) and not all(part.strip() for part in parts):
        raise InputError(f"{_option(key)}: '{excerpt(','.join(texts))}' has an empty value between its commas")
    return of_values(key, [key.read(part) if has_list(key) else part for part in parts])


def of_range(key: Key, low: float, high: float) -> Choice:
    """What is drawn from low to high. Raises InputError."""
    if not (low < high and math.isfinite(high - low)):
        raise InputError(f"{_option(key)}: a range goes from a number to a larger one, as in 0.001..0.1")
    return Choice(key, range=Range(low, high, key.kind is int))


def of_values(key: Key, values: Sequence[Any]) -> Choice:
    """Each of these. Raises InputError for one that is there twice."""
    for place, value in enumerate(values):
        if value in values[:place]:
            raise InputError(f"{_option(key)}: {excerpt(str(value))} is there twice; the same training gives the same")
    return Choice(key, tuple(values))


def _option(key: Key) -> str:
    return key.option.partition("/")[0]


def every(choices: Sequence[Choice]) -> list[Setting]:
    """Every value with every other. Raises InputError for a range, which has no end of values."""
    for choice in choices:
        if choice.range is not None:
            raise InputError(f"{_option(choice.key)}: a range; say how many to draw from it, with --random")
    names = [choice.key.parameter for choice in choices]
    return [dict(zip(names, values, strict=True)) for values in product(*(choice.values for choice in choices))]


def drawn(choices: Sequence[Choice], many: int, seed: int) -> list[Setting]:
    """So many different settings by chance; the same ones for the same seed, and the first of a longer list.

    Raises InputError if there are not so many.
    """
    if not any(choice.range or len(choice.values) > 1 for choice in choices):
        raise InputError("--random: there is nothing to draw from; give ranges, as in --lr 0.001..0.1, or lists")
    found: dict[str, Setting] = {}
    for setting in _draws(choices, seed, many * TRIES):
        found.setdefault(repr(setting), setting)
        if len(found) == many:
            return list(found.values())
    raise InputError(f"--random: {integer(many)} were asked for, and only {count(len(found), 'setting')} came out")


def _draws(choices: Sequence[Choice], seed: int, most: int) -> Iterator[Setting]:
    generator = np.random.default_rng(seed)
    for _ in range(most):
        yield {choice.key.parameter: choice.draw(generator) for choice in choices}


def told(choices: Sequence[Choice]) -> str:
    """The ranges in words; nothing where there is none."""
    return listed([f"{_option(choice.key)} {choice.range.told()}" for choice in choices if choice.range])
