"""What `nnviz sweep` can be asked for: any option of `nnviz train`, with several values, and the plan that it makes."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnviz.described import KEYS, Key
from nnviz.errors import InputError
from nnviz.options import ORDER, PARAMETERS, Options

if TYPE_CHECKING:
    from nnviz.experiment import Tables
    from nnviz.sweeping.choices import Choice, Setting
    from nnviz.sweeping.plan import Plan

FIXED = ("source", "change", "keep")
"""Of these there is one for all runs, as `nnviz train` takes it."""
TABLE = "sweep"
"""Of the file, what is no setting of a run."""
MOST = 10_000
Seeds = Annotated[
    int | None,
    typer.Option(min=1, help="Train each setting with so many seeds, from 0 on, or from --seed on."),
]
Random = Annotated[
    int | None,
    typer.Option(min=1, help="Draw so many settings by chance, from ranges as in --lr 0.001..0.1 and from lists."),
]
RandomSeed = Annotated[int, typer.Option(min=0, help="Where the chance of --random starts.")]
StopHopeless = Annotated[
    bool,
    typer.Option(
        "--stop-hopeless",
        help="End runs early that have done worse than half of the finished ones had by then (Vizier's median rule).",
    ),
]
OWN: Mapping[str, Any] = {"seeds": None, "random": None, "random_seed": 0, "stop_hopeless": False}


@dataclass(frozen=True, kw_only=True)
class SweepOptions:
    """The options that say what is to be trained.

    fixed  what is the same in all runs, by the parameters of its keys
    tried  the texts that were given for each other key, as often as it was
    """

    fixed: Mapping[str, Any] = field(default_factory=dict)
    tried: Mapping[str, Sequence[str]] = field(default_factory=dict)
    config: Path | None = None
    seeds: Seeds = None
    random: Random = None
    random_seed: RandomSeed = 0
    stop_hopeless: StopHopeless = False

    def plan(self) -> "Plan":
        """All runs. Raises InputError for the first thing that is wrong with any of them."""
        from nnviz.data.sources import refuse_misplaced
        from nnviz.experiment import read_tables
        from nnviz.nn.notation import parse
        from nnviz.runs.paths import refuse_unwritable
        from nnviz.sweeping.choices import drawn, every, read_choice
        from nnviz.sweeping.plan import Plan, Trial, named

        tables, in_file, own = _split(read_tables(self.config), self.config) if self.config else ({}, {}, {})
        found = {**in_file, **{name: read_choice(_KEYS[name], texts) for name, texts in self.tried.items()}}
        choices = {name: found[name] for name in _KEYS if name in found}
        given = {name: getattr(self, name) for name, default in OWN.items() if getattr(self, name) != default}
        asked = {**OWN, **own, **given}
        seeds = _seeds(choices, tables, asked["seeds"])
        varied = [choice for name, choice in choices.items() if name != "seed"]
        many = asked["random"]
        settings = every(varied) if many is None else drawn(varied, many, asked["random_seed"])
        if len(settings) * len(seeds) > MOST:
            raise InputError(f"these are more than {MOST} runs; try fewer values, or draw some, with --random")
        tried = [name for name, choice in choices.items() if choice.range or len(choice.values) > 1]
        rows = [
            ({**setting, "seed": seed} if seed is not None else setting) for setting, seed in product(settings, seeds)
        ]
        told = [_told(row, tried, seeds) for row in rows]
        trials = []
        for name, row, texts in zip(named(told), rows, told, strict=True):
            # As many runs as there are cores are trained at a time, each with one thread.
            asked_for = {"threads": 1, **self.fixed, **row}
            experiment, source = Options(asked_for=asked_for, configured=tables or None).asked()
            refuse_misplaced(experiment.data, source)
            refuse_unwritable(experiment.data.source)
            parse(experiment.network.layers)
            trials.append(Trial(name, experiment, texts))
        return Plan(tuple(trials), bool(asked["stop_hopeless"]))


_KEYS = {key.parameter: key for key in sorted(KEYS, key=lambda key: ORDER.index(key.table)) if key.is_asked}
_PLACES = {(key.table, key.name): key for key in KEYS}


def _told(row: "Setting", tried: Sequence[str], seeds: Sequence[int | None]) -> dict[str, str]:
    """What a run is told apart by: what was tried, and the seed where there are several."""
    names = [name for name in tried if name != "seed"] + ["seed"] * (len(seeds) > 1)
    return {name: _KEYS[name].written(row[name]) for name in names}


def _seeds(choices: "Mapping[str, Choice]", tables: "Tables", many: int | None) -> list[int | None]:
    """The seeds of each setting; that of the file, or of nnviz, where nobody says anything. Raises InputError."""
    given = choices.get("seed")
    if given is not None and given.range is not None:
        raise InputError("--seed: a range; say how many seeds there are to be, with --seeds")
    if many is None:
        return [None] if given is None else list(given.values)
    if given is not None and len(given.values) > 1:
        raise InputError("--seeds: the seeds are given by --seed already; leave one of the two out")
    first = given.values[0] if given is not None else tables.get("training", {}).get("seed", 0)
    return list(range(first, first + many))


def _split(tables: "Tables", path: Path) -> "tuple[Tables, dict[str, Choice], dict[str, Any]]":
    """What a file has for all runs, what it tries, and how it is tried. Raises InputError."""
    from nnviz.sweeping.choices import of_values, read_choice

    own = tables.pop(TABLE, {})
    if not isinstance(own, dict) or not own.keys() <= OWN.keys():
        raise InputError(f"{path}: [{TABLE}] may hold {', '.join(OWN)}, and nothing else")
    for name, value in own.items():
        kind = type(OWN[name]) if name == "stop_hopeless" else int
        if type(value) is not kind or (kind is int and value < (0 if name == "random_seed" else 1)):
            raise InputError(
                f"{path}: {TABLE}.{name}: expected {'true or false' if kind is bool else 'a whole number'}"
            )
    choices = {}
    for table, keys in tables.items():
        for name, value in list(keys.items()) if isinstance(keys, dict) else []:
            key = _PLACES.get((table, name))
            if key is None or key.parameter in FIXED or not key.is_asked:
                continue
            is_list = isinstance(value, list) and (not key.is_several or any(isinstance(one, list) for one in value))
            if is_list:
                choices[key.parameter] = of_values(key, value)
            elif isinstance(value, str) and key.kind in (int, float):
                choices[key.parameter] = read_choice(key, [value])
            else:
                continue
            del keys[name]
    return tables, choices, own


def _parameter(key: Key) -> inspect.Parameter:
    """A key as typer takes it here: as often as there are values of it, each a text."""
    values = key.about.values or ("|".join(key.choices) or key.kind.__name__.upper() if not key.is_several else None)
    metavar = f"{values},..." if (values and not key.is_several and key.kind is not str) or key.choices else values
    told: Any = typer.Option(key.option.partition("/")[0], metavar=metavar, help=key.about.help)
    return inspect.Parameter(
        key.parameter, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[list[str] | None, told]
    )


_OF_KEYS = {name: PARAMETERS[name] if name in FIXED else _parameter(key) for name, key in _KEYS.items()}
_OF_SWEEP = {name: parameter for name, parameter in inspect.signature(SweepOptions).parameters.items() if name in OWN}


def takes_sweep_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer see them as parameters of a command, which gets them as one, `options`."""
    own = [parameter for name, parameter in inspect.signature(command).parameters.items() if name != "options"]

    @wraps(command)
    def with_options(**given: Any) -> None:
        keys = {name: value for name in _OF_KEYS if (value := given.pop(name)) not in (None, [])}
        fixed = {name: value for name, value in keys.items() if name in FIXED}
        tried = {name: value for name, value in keys.items() if name not in FIXED}
        sweep = {name: given.pop(name) for name in _OF_SWEEP}
        command(options=SweepOptions(fixed=fixed, tried=tried, config=given.pop("config"), **sweep), **given)

    config = PARAMETERS["config"]
    parameters = [*_OF_KEYS.values(), *_OF_SWEEP.values(), config, *own]
    with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    )
    return with_options
