"""Every key of an experiment, described: for the command line, the screen and the documents.

All of it is read from the types in `Experiment`; nothing is said here a second time.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Meta

from nnviz.about import About, Effect
from nnviz.change import Change
from nnviz.errors import InputError
from nnviz.experiment import LOWEST_RATE, Experiment, Table

YES, NO = ("yes", "true", "on"), ("no", "false", "off")
"""What may be written for true and false; the first of each is what is shown."""
LARGEST_TOLD = 1e11
EMPTY = "''"
"""An empty text, where writing nothing means that there is no value."""


@dataclass(frozen=True)
class Key:
    """One key, and the place where it stands.

    kind         bool, int, float or str, dict for numbers by name; of several, what each of them is
    choices      the texts that it may be; none where any may stand
    least, most  the bounds of a number, and whether it may be just that; None without
    is_several   whether it holds any number of these
    is_optional  whether it may have no value
    """

    table: str
    name: str
    about: About
    default: Any
    kind: type
    choices: tuple[str, ...]
    least: tuple[float, bool] | None
    most: tuple[float, bool] | None
    is_several: bool
    is_optional: bool

    @property
    def place(self) -> str:
        """As errors name it: `training.learning_rate`."""
        return f"{self.table}.{self.name}"

    @property
    def title(self) -> str:
        """As the screen names it: `learning rate`."""
        return self.name.replace("_", " ")

    @property
    def is_asked(self) -> bool:
        """Whether anybody may choose it."""
        return self.about.called != ""

    @property
    def option(self) -> str:
        """Its option: `--lr`; and the one for no, where it is yes or no: `--grayscale/--color`."""
        return "SOURCE" if self.is_argument else f"--{(self.about.called or self.name).replace('_', '-')}"

    @property
    def is_argument(self) -> bool:
        """Whether it is given without an option."""
        return self.name == "source"

    @property
    def parameter(self) -> str:
        """The same as a parameter: `lr`."""
        return (self.about.called or self.name).partition("/")[0]

    @property
    def values(self) -> str:
        """What it may be, in words."""
        if self.about.values is not None:
            return self.about.values
        if self.choices:
            return f"{'any of ' if self.is_several else ''}{', '.join(self.choices)}"
        if self.kind is bool:
            return f"{YES[0]}, {NO[0]}"
        if self.kind is str:
            return "a text"
        return f"{'a whole number' if self.kind is int else 'a number'} {self._bounds()}"

    def _bounds(self) -> str:
        """From where to where. What a float32 or a TOML file just holds is no bound that anybody would meet."""
        from nnviz.wording import trimmed

        (least, may_be_least), (most, may_be_most) = self.least or (0, True), self.most or (math.inf, True)
        begin = f"from {trimmed(least)}" if may_be_least and least != LOWEST_RATE else "above 0"
        if most > LARGEST_TOLD:
            return begin
        return f"{begin} to {trimmed(most)}" if may_be_most else f"{begin}, below {trimmed(most)}"

    def of(self, experiment: Experiment) -> Any:
        """Its value in an experiment."""
        return getattr(getattr(experiment, self.table), self.name)

    def read(self, text: str) -> Any:
        """The value that a text says, whose bounds are left to `combine`; None for none. Raises InputError."""
        text = text.strip()
        if self.is_optional and text in ("", EMPTY):
            return "" if text else None
        if self.kind is Change:
            return [self._change(part) for part in text.split(";") if part.strip()]
        if self.is_several:
            return _parts(text)
        if self.kind is dict and "=" in text:
            return dict(self._named_number(part) for part in _parts(text))
        if self.kind in (int, float):
            return self._number(text)
        if self.kind is bool:
            return self._yes_or_no(text)
        return text

    def _number(self, text: str) -> float:
        try:
            return self.kind(text.replace("−", "-"))  # type: ignore[no-any-return]
        except ValueError:
            what = "a whole number" if self.kind is int else "a number"
            raise InputError(f"{self.place}: expected {what}, got {_shown(text)}") from None

    def _change(self, text: str) -> dict[str, Any]:
        step, _, said = text.strip().partition(":")
        name, is_said, value = said.partition("=")
        known = {key.parameter: key for key in KEYS if key.about.effect is Effect.AT_ONCE}
        if not (step.isdecimal() and is_said and name in known):
            raise InputError(
                f"{self.option}: {_shown(text)} is no step with an option that a run can change on its way, such as "
                f"120:lr=0.001; these are {', '.join(known)}"
            )
        return {"step": int(step), "key": known[name].place, "value": known[name].read(value)}

    def _yes_or_no(self, text: str) -> bool:
        if text.lower() not in (*YES, *NO):
            raise InputError(f"{self.place}: expected {YES[0]} or {NO[0]}, got {_shown(text)}")
        return text.lower() in YES

    def _named_number(self, text: str) -> tuple[str, float]:
        name, _, number = text.rpartition("=")
        try:
            return name.strip(), float(number)
        except ValueError:
            raise InputError(
                f"{self.option}: {_shown(text)} is not a class and its weight, as in 'cat=1,dog=2.5'"
            ) from None

    def written(self, value: Any) -> str:
        """A value as text that `read` makes the same value of; nothing for none."""
        match value:
            case None:
                return ""
            case bool():
                return (YES if value else NO)[0]
            case dict():
                return ",".join(f"{name}={number!r}" for name, number in value.items())
            case tuple() | list() if self.kind is Change:
                return ";".join(_written_change(change) for change in value)
            case tuple() | list():
                return ",".join(value)
            case "" if self.is_optional:
                return EMPTY
            case _:
                return str(value).removesuffix(".0")


def _written_change(change: Change) -> str:
    key = next(key for key in KEYS if key.place == change.key)
    return f"{change.step}:{key.parameter}={key.written(change.value)}"


def _shown(text: str) -> str:
    # It brings what measures text on a screen with it, which help has no use for.
    from nnviz.outside_text import printable

    return f"'{printable(text)}'"


def _parts(text: str) -> list[str]:
    """The texts in a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _keys_of(table: str, kind: type[Table]) -> Iterator[Key]:
    defaults = kind()
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if name not in kind.__struct_fields__:
            continue
        leaves: list[Any] = []
        notes: list[Any] = []
        for part in _inside(hint):
            (leaves if isinstance(part, type) or get_origin(part) else notes).append(part)
        about = next(note for note in notes if isinstance(note, About))
        bounds = [note for note in notes if isinstance(note, Meta)]
        choices = [choice for leaf in leaves if get_origin(leaf) is Literal for choice in get_args(leaf)]
        kinds = [get_origin(leaf) or leaf for leaf in leaves]
        yield Key(
            table,
            name,
            about,
            getattr(defaults, name),
            next((each for each in (Change, dict, bool, int, float) if each in kinds), str),
            tuple(choices),
            next((one for meta in bounds if (one := _bound(meta.ge, meta.gt))), None),
            next((one for meta in bounds if (one := _bound(meta.le, meta.lt))), None),
            tuple in kinds,
            NoneType in kinds,
        )


def _inside(hint: Any) -> Iterator[Any]:
    """The types that a hint is made of, and what is noted beside them."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        yield from _inside(inner[0])
        yield from inner[1:]
    elif origin is tuple:
        yield origin
        yield from _inside(inner[0])
    elif origin in (None, Literal, dict):
        yield hint
    else:
        for part in inner:
            yield from _inside(part)


def _bound(with_it: float | None, without_it: float | None) -> tuple[float, bool] | None:
    if with_it is not None:
        return with_it, True
    return None if without_it is None else (without_it, False)


KEYS: Sequence[Key] = tuple(
    key
    for table, kind in get_type_hints(Experiment).items()
    if table in Experiment.__struct_fields__
    for key in _keys_of(table, kind)
)
