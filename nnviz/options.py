"""What can be asked for on the command line, and the experiment that it makes."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnviz.change import Change
from nnviz.described import KEYS, Key
from nnviz.errors import InputError

if TYPE_CHECKING:
    from nnviz.data.sources import Source
    from nnviz.experiment import Experiment, Tables
    from nnviz.remote.messages import Order
    from nnviz.remote.terminal import Terminal
    from nnviz.runs.checkpoint_rule import CheckpointRule

Cache = Annotated[
    bool,
    typer.Option(
        "--cache/--no-cache",
        help="Keep decoded images in the cache directory, so that the next start need not decode them.",
    ),
]
Config = Annotated[
    Path | None, typer.Option(metavar="FILE.toml", help="Read settings from a file; options given here win over it.")
]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Directory to keep the run in, instead of one below runs/.")
]
CheckpointEvery = Annotated[
    str | None,
    typer.Option(
        metavar="STEPS|TIME",
        help="Write a checkpoint after so many training steps, as in 500, or so much time, as in 60s or 5m; "
        "without it, every 2 to 30 seconds, as it costs little.",
    ),
]
KeepCheckpoints = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="How much of the disk the checkpoints of the whole run may take, 1GB without it; the last three and "
        "the best one are kept in any case.",
    ),
]

OWN = ("config", "out", "checkpoint_every", "keep_checkpoints", "cache")
ORDER = ("network", "training", "stopping", "data")
LIMITS = ("epochs", "steps", "seconds")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a command that trains.

    asked_for   what is to be in the experiment, by the parameters of its keys; what was not given is not there
    configured  the tables of a file, where somebody has read it already
    """

    asked_for: Mapping[str, Any] = field(default_factory=dict)
    config: Config = None
    out: Out = None
    checkpoint_every: CheckpointEvery = None
    keep_checkpoints: KeepCheckpoints = None
    cache: Cache = True
    configured: "Tables | None" = None

    @staticmethod
    def of(**given: Any) -> "Options":
        """Those of all options that were given; None, and an empty list, is one that was not."""
        own = {name: given.pop(name) for name in OWN if name in given}
        return Options(asked_for={name: value for name, value in given.items() if value not in (None, [])}, **own)

    @property
    def source(self) -> str | None:
        """What to learn from, if that was given."""
        return self.asked_for.get("source")

    def without_source(self) -> "Options":
        """The same, as if no source had been given."""
        return replace(self, asked_for={name: value for name, value in self.asked_for.items() if name != "source"})

    @property
    def checkpoints(self) -> "CheckpointRule":
        """When checkpoints are made, and how many are kept. Raises InputError."""
        from nnviz.runs.checkpoint_rule import checkpoint_rule

        return checkpoint_rule(self.checkpoint_every, self.keep_checkpoints)

    def limits(self, run: "Experiment") -> dict[str, float]:
        """Where a run that goes on is to end, if these options say so: epochs, steps and seconds.

        Raises InputError for all else that is not as it was when the run began.
        """
        from nnviz.outside_text import printable

        for option, given in (("--config", self.config), ("--out", self.out)):
            if given is not None:
                raise InputError(f"{option}: a run goes on in its own directory, as its experiment.toml says")
        limits = {}
        tables = self._tables()
        for key in KEYS:
            value = tables[key.table].get(key.name)
            if value is None:
                continue
            if key.name in LIMITS:
                limits[key.name] = value
                continue
            was, is_now = key.of(run), tuple(value) if isinstance(value, list) else value
            if was != is_now:
                raise InputError(
                    f"{key.option}: a run goes on as it began, with {'none' if was is None else printable(str(was))}; "
                    "only --epochs, --steps and --seconds may be raised"
                )
        return limits

    @property
    def run(self) -> Path | None:
        """The run that the source is; None if it is anything else."""
        from nnviz.runs.paths import is_run

        return Path(self.source) if self.source and is_run(Path(self.source)) else None

    def of_a_run(self) -> "Options":
        """The same, but a source that is a run means the source of that run, opened as it was there."""
        if self.config is not None or self.run is None:
            return self
        return replace(self.without_source(), config=self.run / "experiment.toml")

    def experiment(self) -> "Experiment":
        """What these options ask for, over the config file, over what the source suggests. Raises InputError."""
        return self.asked()[0]

    def asked(self) -> "tuple[Experiment, Source]":
        """The experiment, and what was found of its source. Raises InputError."""
        from nnviz.data.cores import available_cores
        from nnviz.data.sources import find_source, suggested
        from nnviz.data.suggestions import for_hill, for_other_network
        from nnviz.data.written.known_weights import pinned
        from nnviz.experiment import combine, read_tables

        tables = self.configured or (read_tables(self.config) if self.config else {})
        configured = combine(tables, origin=str(self.config))
        if self.source == "":
            raise InputError("SOURCE is empty; give a name, a folder or a file, or leave it out")
        source = find_source(self.source or configured.data.source)
        # The number of threads has a say in the last bits of what comes out, so it is written down with the rest.
        chosen: Tables = {"training": {"threads": min(2, available_cores())}}
        given = self._tables(source=source.name)
        pictured = (given["data"].get("image_column") or configured.data.image_column) is not None
        text_column = given["data"].get("text_column", configured.data.text_column)
        settings = suggested(source, pictured, text_column)
        if (given["network"].get("output") or configured.network.output) == "hill":
            settings = for_hill(settings)
        if {"layers", "output"} & {*tables.get("network", {}), *given["network"]}:
            settings = for_other_network(settings)
        return pinned(combine(chosen, settings, tables, given, origin="options")), source

    def _tables(self, **instead: Any) -> "Tables":
        """What was asked for, by table and key. Raises InputError."""
        asked_for = {**self.asked_for, **instead}
        tables: Tables = {key.table: {} for key in KEYS}
        for key in KEYS:
            given = asked_for.get(key.parameter)
            if given is not None:
                is_written = isinstance(given, str) and (key.is_several or key.kind is dict)
                given = ";".join(given) if key.kind is Change and isinstance(given, list) else given
                is_written = is_written or key.kind is Change
                tables[key.table][key.name] = key.read(given) if is_written else given
        return tables

    def order(self, terminal: "Terminal | None" = None, at_step: str | None = None) -> "Order":
        """What is to be trained, where it is kept, and the terminal that it is watched on.

        A source that is a run is opened, at a place of it if one is given. Raises InputError for all that can be seen
        to be wrong without reading examples.
        """
        if self.run is not None:
            return self._order_of(self.run, terminal, at_step)
        if at_step is not None:
            raise InputError(f"--at-step: for a run that is opened, and {self.source or 'pets'} is none; leave it out")
        from nnviz.data.sources import refuse_misplaced
        from nnviz.remote.messages import Order
        from nnviz.runs.paths import new_run_path, refuse_unusable, refuse_unwritable

        experiment, source = self.asked()
        data = experiment.data
        for text in (self.source, data.target, data.image_column, data.text_column, *(data.keep or ())):
            refuse_unwritable(text or "")
        refuse_misplaced(data, source)
        if "network" in self.asked_for or self.config is not None:
            # Asked only where it can be wrong, since NumPy comes with it, and the screen is to be there at once.
            from nnviz.nn.notation import parse

            parse(experiment.network.layers)
        out = refuse_unusable(self.out or new_run_path(experiment.data.source))
        return Order(experiment, out, terminal, self.cache, source, self.checkpoints)

    def _order_of(self, run: Path, terminal: "Terminal | None", at_step: str | None) -> "Order":
        """A run to be opened. Raises InputError for options that are of no use there."""
        from nnviz.experiment import combine, read_tables
        from nnviz.remote.messages import Order
        from nnviz.runs.paths import new_run_path, refuse_unusable
        from nnviz.runs.places import END, checked_place

        given = [key.option for key in KEYS if key.parameter in self.without_source().asked_for]
        for option in [*given, *(["--config"] if self.config is not None else [])]:
            raise InputError(
                f"{option}: {run} is a run, and is opened as it is; to begin another one like it, leave out SOURCE "
                f"and give --config {run / 'experiment.toml'}"
            )
        if not (run / "experiment.toml").is_file():
            raise InputError(f"{run}: a run whose experiment.toml is missing; it cannot be opened without")
        experiment = combine(read_tables(run / "experiment.toml"), origin=str(run / "experiment.toml"))
        out = refuse_unusable(self.out) if self.out else new_run_path(experiment.data.source)
        place = END if at_step is None else checked_place(at_step)
        return Order(experiment, out, terminal, self.cache, None, self.checkpoints, run, place)


def _parameter(key: Key) -> inspect.Parameter:
    """A key as typer takes it: what nobody gave is None."""
    kind = list[str] if key.is_several and not key.choices else str if key.kind is dict or key.is_several else key.kind
    metavar = key.about.values or ("," if key.is_several else "|").join(key.choices) or None
    told: Any = (
        typer.Argument(metavar=metavar, help=key.about.help)
        if key.is_argument
        else typer.Option(key.option, metavar=metavar, help=key.about.help)
    )
    annotation = Annotated[kind | None, told]  # type: ignore[valid-type]
    return inspect.Parameter(key.parameter, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def takes(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let typer see those options as parameters of a command, which gets them as one, `options`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [parameter for name, parameter in inspect.signature(command).parameters.items() if name != "options"]

        @wraps(command)
        def with_options(**given: Any) -> None:
            options = Options.of(**{name: given.pop(name) for name in names})
            command(options=options, **given)

        parameters = [*own, *(PARAMETERS[name] for name in names)]
        with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        )
        return with_options

    return decorate


# The network comes first, as in a sentence that says what is to be trained; files come last.
_IN_ORDER = sorted((key for key in KEYS if key.is_asked), key=lambda key: ORDER.index(key.table))
PARAMETERS = {key.parameter: _parameter(key) for key in _IN_ORDER} | {
    name: parameter for name, parameter in inspect.signature(Options).parameters.items() if name in OWN
}
takes_options = takes(*PARAMETERS)
takes_data_options = takes(
    *("source", "target", "task", "image_column", "text_column", "keep", "image_size", "grayscale"),
    *("noise", "examples", "seed", "config", "cache"),
)
# Of nothing that is looked over a run is kept.
KEEPING = ("out", "checkpoint_every", "keep_checkpoints")
takes_check_options = takes(*(name for name in PARAMETERS if name not in KEEPING))
