"""What can be asked for on the command line, and the experiment that it makes.

Light to import: help comes at once.
"""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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


# Of use where a run is opened, too.
OF_OPENED = ("source", "out", "checkpoint_every", "keep_checkpoints", "cache")
# What options are called, if not as their fields.
OPTION_OF = {"grayscale": "grayscale/--color"}
LIMITS = ("epochs", "steps", "seconds")
# What keys are called on the command line, if not by their own names.
OPTIONS = {"source": "SOURCE", "layers": "--network", "learning_rate": "--lr"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of every command that trains; each one that is not given is None."""

    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="What to learn from: 'pets', 'people', 'road', 'language', 'worked', 'xor', 'circles', 'spiral', "
            "'gauss' or 'waves' (built in), a folder with a sub-folder of images or texts or a .txt file of lines per "
            "class, the files of MNIST, CIFAR or STL-10, a table (.csv, .tsv, .data or .txt, also .gz) with a row per "
            "example, or an .npz file with arrays x and y.",
        ),
    ] = None
    network: Annotated[
        str | None,
        typer.Option(
            help="Hidden layers from input to output, such as 'dense 64 relu, dense 32 relu', or for pictures "
            "'conv 16 3x3 batchnorm relu, pool 2, dense 64 relu, dropout 0.3'; '' for none."
        ),
    ] = None
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="cross-entropy|mse|quadratic",
            help="How a prediction is scored; training makes this number small. Squared errors count as their mean "
            "(mse), or as half their sum over the outputs (quadratic), as in many textbooks.",
        ),
    ] = None
    output: Annotated[
        str | None,
        typer.Option(
            metavar="softmax|single|sigmoid|hill",
            help="How classes are told apart: by probabilities that add up to 1 (softmax), two of them by one in all "
            "(single), or by a yes or no of its own for each (sigmoid). Numbers from 0 to 1 can be told by sigmoids "
            "too, and one number from −1 to 1 by a hill of activation over 45 units (hill).",
        ),
    ] = None
    initial: Annotated[
        str | None,
        typer.Option(
            metavar="scaled|normal",
            help="How chance gives the first weights: scaled by the number of inputs (He, Glorot), or of variance 1, "
            "biases too, as in Nielsen's book (normal).",
        ),
    ] = None
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Begin with the weights in a file of safetensors, by their names in a checkpoint (dense1.weights, …); "
            "without it chance gives them.",
        ),
    ] = None
    optimizer: Annotated[
        str | None,
        typer.Option(
            metavar="sgd|nesterov|rmsprop|adam|adamw", help="The rule that turns a gradient into an update of weights."
        ),
    ] = None
    lr: Annotated[
        float | None,
        typer.Option(help="Learning rate: how far each step follows the gradient. Too large and training diverges."),
    ] = None
    momentum: Annotated[
        float | None,
        typer.Option(help="How much of the last update an SGD step keeps on top of its own, 0 to below 1."),
    ] = None
    schedule: Annotated[
        str | None,
        typer.Option(
            metavar="constant|step|cosine|plateau",
            help="How the learning rate changes: not; in steps down; smoothly down to nothing at the end of the run; "
            "or down whenever the validation loss gets no better.",
        ),
    ] = None
    warmup: Annotated[
        float | None, typer.Option(help="Lead the learning rate up from nearly nothing over so many epochs.")
    ] = None
    drop: Annotated[
        float | None, typer.Option(help="What step and plateau multiply the learning rate by, such as 0.1.")
    ] = None
    drop_every: Annotated[
        int | None,
        typer.Option(help="After how many epochs step does so, or for how many plateau waits for something better."),
    ] = None
    weight_decay: Annotated[
        float | None,
        typer.Option(help="Share of every weight that each step takes away, times the learning rate; 0.01 in adamw."),
    ] = None
    l1: Annotated[
        float | None, typer.Option("--l1", help="Strength of a penalty on Σ |w|, which makes weights vanish.")
    ] = None
    l2: Annotated[
        float | None, typer.Option("--l2", help="Strength of a penalty on Σ w² / 2, which keeps weights small.")
    ] = None
    clip: Annotated[float | None, typer.Option(help="Shorten gradients that are longer than this.")] = None
    class_weights: Annotated[
        str | None,
        typer.Option(
            metavar="balanced|NAME=NUMBER,...",
            help="How much an example of each class counts: 'balanced' makes up for classes with few examples.",
        ),
    ] = None
    label_smoothing: Annotated[
        float | None, typer.Option(help="Share of each target that is spread over all classes, such as 0.1.")
    ] = None
    augment: Annotated[
        str | None,
        typer.Option(
            metavar="flip,shift,rotate,brightness",
            help="Change the training images a little every time they are shown, in the ways named.",
        ),
    ] = None
    threads: Annotated[
        int | None,
        typer.Option(help="1 or 2 threads that compute; without it two, where they pay. Part of what a seed gives."),
    ] = None
    batch_size: Annotated[int | None, typer.Option(help="How many examples make one training step.")] = None
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Stop after so many passes over all training examples. The source suggests a number, which holds "
            "unless --steps or --seconds is given without --epochs."
        ),
    ] = None
    steps: Annotated[int | None, typer.Option(help="Stop after so many training steps (batches).")] = None
    seed: Annotated[
        int | None, typer.Option(help="Where chance starts: the same seed gives exactly the same training again.")
    ] = None
    image_size: Annotated[
        int | None,
        typer.Option(
            help="Width and height, in pixels, of an image as the network sees it; without it 32, and pictures in "
            "arrays stay as they are."
        ),
    ] = None
    grayscale: Annotated[bool | None, typer.Option("--grayscale/--color", help="Look at images in shades of gray.")] = (
        None
    )
    target: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Of a table: the column that the network learns to predict, by its name or its number, counted from "
            "1; without it the one that is called as targets are, such as label or class, else the last one.",
        ),
    ] = None
    task: Annotated[
        str | None,
        typer.Option(
            metavar="classify|regress",
            help="Of a table, and of arrays of NumPy: whether the target names a class or is a number to come close "
            "to, where nnviz would take it for the other.",
        ),
    ] = None
    image_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Of a table: the column that names an image file in each row; the network looks at these images.",
        ),
    ] = None
    text_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Of a table: the column of texts, whose n-grams of letters and words the network counts; without it "
            "one is found where there is one, and '' is none.",
        ),
    ] = None
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Of a table: a column to learn from although it counts or names the rows, or says their split; may be "
            "given several times, or with commas between.",
        ),
    ] = None
    inputs: Annotated[
        str | None,
        typer.Option(
            metavar="standardized|raw",
            help="Bring inputs to mean 0 and deviation 1, or leave them as they are stored, pixels from 0 to 1.",
        ),
    ] = None
    noise: Annotated[
        float | None,
        typer.Option(help="Of xor, circles, spiral, gauss and waves: how far chance pushes the points, 0 to 1."),
    ] = None
    examples: Annotated[
        int | None, typer.Option(help="Of the same: how many examples to train on; those to test on in proportion.")
    ] = None
    target_loss: Annotated[
        float | None, typer.Option(help="Stop when the loss on the validation examples is this small.")
    ] = None
    target_accuracy: Annotated[
        float | None, typer.Option(help="Stop when this share of the validation examples is right, such as 0.95.")
    ] = None
    patience: Annotated[
        int | None,
        typer.Option(help="Stop when so many epochs brought no better validation loss, and go back to the best."),
    ] = None
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds of training.")] = None
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Read settings from a file; options given here win over it."),
    ] = None
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory to keep the run in, instead of one below runs/.")
    ] = None

    checkpoint_every: Annotated[
        str | None,
        typer.Option(
            metavar="STEPS|TIME",
            help="Write a checkpoint after so many training steps, as in 500, or so much time, as in 60s or 5m; "
            "without it, every 2 to 30 seconds, as it costs little.",
        ),
    ] = None
    keep_checkpoints: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="How much of the disk the checkpoints of the whole run may take, 1GB without it; the last three and "
            "the best one are kept in any case.",
        ),
    ] = None
    cache: Cache = True

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
        for name, table in self._tables(self.source).items():
            for key, value in table.items():
                if key in LIMITS:
                    limits[key] = value
                    continue
                was, is_now = getattr(getattr(run, name), key), tuple(value) if isinstance(value, list) else value
                if was != is_now:
                    option = OPTIONS.get(key, f"--{key.replace('_', '-')}")
                    raise InputError(
                        f"{option}: a run goes on as it began, with {'none' if was is None else printable(str(was))}; "
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
        return replace(self, source=None, config=self.run / "experiment.toml")

    def experiment(self) -> "Experiment":
        """What these options ask for, over the config file, over what the source suggests. Raises InputError."""
        return self.asked()[0]

    def asked(self) -> "tuple[Experiment, Source]":
        """The experiment, and what was found of its source. Raises InputError."""
        from nnviz.data.cores import available_cores
        from nnviz.data.sources import find_source, suggested
        from nnviz.data.suggestions import for_hill, for_other_network
        from nnviz.experiment import combine, read_tables

        tables = read_tables(self.config) if self.config else {}
        configured = combine(tables, origin=str(self.config))
        if self.source == "":
            raise InputError("SOURCE is empty; give a name, a folder or a file, or leave it out")
        source = find_source(self.source or configured.data.source)
        # The number of threads has a say in the last bits of what comes out, so it is written down with the rest.
        chosen: Tables = {"training": {"threads": min(2, available_cores())}}
        pictured = (self.image_column or configured.data.image_column) is not None
        text_column = configured.data.text_column if self.text_column is None else self.text_column
        settings = suggested(source, pictured, text_column)
        if (self.output or configured.network.output) == "hill":
            settings = for_hill(settings)
        given = self._tables(source.name)
        if {"layers", "output"} & {*tables.get("network", {}), *given["network"]}:
            settings = for_other_network(settings)
        return _pinned(combine(chosen, settings, tables, given, origin="options")), source

    def _tables(self, source: str | None) -> "Tables":
        tables: Tables = {
            "data": {
                "source": source,
                "image_size": self.image_size,
                "grayscale": self.grayscale,
                "augment": _names(self.augment),
                "target": self.target,
                "task": self.task,
                "image_column": self.image_column,
                "text_column": self.text_column,
                "keep": self.keep or None,
                "inputs": self.inputs,
                "noise": self.noise,
                "examples": self.examples,
            },
            "network": {
                "layers": self.network,
                "output": self.output,
                "loss": self.loss,
                "initial": self.initial,
                "weights": self.weights,
            },
            "training": {
                "optimizer": self.optimizer,
                "learning_rate": self.lr,
                "momentum": self.momentum,
                "schedule": self.schedule,
                "warmup": self.warmup,
                "drop": self.drop,
                "drop_every": self.drop_every,
                "weight_decay": self.weight_decay,
                "l1": self.l1,
                "l2": self.l2,
                "clip": self.clip,
                "class_weights": _weights(self.class_weights),
                "label_smoothing": self.label_smoothing,
                "threads": self.threads,
                "batch_size": self.batch_size,
                "seed": self.seed,
            },
            "stopping": {
                "epochs": self.epochs,
                "steps": self.steps,
                "seconds": self.seconds,
                "target_loss": self.target_loss,
                "target_accuracy": self.target_accuracy,
                "patience": self.patience,
            },
        }
        return {name: {key: v for key, v in table.items() if v is not None} for name, table in tables.items()}

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
        for text in (self.source, self.target, self.image_column, self.text_column, *(self.keep or ())):
            refuse_unwritable(text or "")
        refuse_misplaced(experiment.data, source)
        if self.network is not None or self.config is not None:
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

        for field in fields(self):
            if field.name not in OF_OPENED and getattr(self, field.name) != field.default:
                option = f"--{OPTION_OF.get(field.name, field.name.replace('_', '-'))}"
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


def _pinned(experiment: "Experiment") -> "Experiment":
    """The same, with a file of first weights named in full, and by its digest: what it takes to do the run again.

    Raises InputError if it cannot be read.
    """
    from msgspec.structs import replace

    from nnviz.data.written.known_weights import KNOWN_WEIGHTS
    from nnviz.file_digest import file_digest

    net = experiment.network
    if net.weights is None or net.weights in KNOWN_WEIGHTS:
        return experiment
    path = os.path.abspath(os.path.expanduser(net.weights))
    digest = net.weights_digest or file_digest(Path(path))
    return replace(experiment, network=replace(net, weights=path, weights_digest=digest))


def _names(listed: str | None) -> list[str] | None:
    """The names in a list with commas."""
    return None if listed is None else [name.strip() for name in listed.split(",") if name.strip()]


def _weights(listed: str | None) -> "str | dict[str, float] | None":
    """The weight of each class in "cat=1,dog=2.5"; a single word stays one. Raises InputError."""
    if listed is None or "=" not in listed:
        return listed
    weights = {}
    for item in _names(listed) or ():
        name, _, number = item.rpartition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            raise InputError(
                f"--class-weights: '{item}' is not a class and its weight, as in 'cat=1,dog=2.5'"
            ) from None
    return weights


def takes(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let typer see those fields of Options as parameters of a command, which gets them as one, `options`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        fields = inspect.signature(Options).parameters
        own = [parameter for name, parameter in inspect.signature(command).parameters.items() if name != "options"]

        @wraps(command)
        def with_options(**given: Any) -> None:
            options = Options(**{name: given.pop(name) for name in names})
            command(options=options, **given)

        parameters = [*own, *(fields[name] for name in names)]
        with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        )
        return with_options

    return decorate


takes_options = takes(*inspect.signature(Options).parameters)
takes_data_options = takes(
    *("source", "target", "task", "image_column", "text_column", "keep", "image_size", "grayscale"),
    *("noise", "examples", "seed", "config", "cache"),
)
