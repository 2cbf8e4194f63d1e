"""The commands.

What a command needs is imported inside it, so that help comes at once and training never loads the screen.
"""

import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnviz.errors import InputError, NnvizError

if TYPE_CHECKING:
    from nnviz.experiment import Experiment, Tables
    from nnviz.remote.messages import Order, Summary

# Rich would take longer to load than the help takes to read.
app = typer.Typer(add_completion=True, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of every command that trains; each one that is not given is None."""

    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="What to learn from: 'pets', 'people', 'road', 'xor', 'circles', 'spiral', 'gauss' or 'waves' (built "
            "in), a folder with a sub-folder of images per class, a folder with the files of MNIST or CIFAR, a table "
            "(.csv or .tsv, also .gz) with a row per example, or an .npz file with arrays x and y.",
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
        typer.Option(metavar="cross-entropy|mse", help="How a prediction is scored; training makes this number small."),
    ] = None
    output: Annotated[
        str | None,
        typer.Option(
            metavar="softmax|single|hill",
            help="How two classes are told apart: by one probability each (softmax) or one in all (single). "
            "Or how one number from −1 to 1 is told: by a hill of activation over 45 units (hill).",
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
            "1; without it the last one.",
        ),
    ] = None
    task: Annotated[
        str | None,
        typer.Option(
            metavar="classify|regress",
            help="Of a table: whether the target names a class or is a number to come close to, where nnviz would "
            "take it for the other.",
        ),
    ] = None
    image_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Of a table: the column that names an image file in each row; the network looks at these images.",
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

    def experiment(self) -> "Experiment":
        """What these options ask for, over the config file, over what the source suggests. Raises InputError."""
        from nnviz.data.sources import suggested
        from nnviz.experiment import combine, read_tables
        from nnviz.training.process import available_cores

        tables = read_tables(self.config) if self.config else {}
        configured = combine(tables, origin=str(self.config))
        source = self.source or configured.data.source
        # The number of threads has a say in the last bits of what comes out, so it is written down with the rest.
        chosen: Tables = {"training": {"threads": min(2, available_cores())}}
        pictured = (self.image_column or configured.data.image_column) is not None
        return combine(chosen, suggested(source, pictured), tables, self._tables(source), origin="options")

    def _tables(self, source: str) -> "Tables":
        tables: Tables = {
            "data": {
                "source": source,
                "image_size": self.image_size,
                "grayscale": self.grayscale,
                "augment": _names(self.augment),
                "target": self.target,
                "task": self.task,
                "image_column": self.image_column,
                "noise": self.noise,
                "examples": self.examples,
            },
            "network": {"layers": self.network, "output": self.output, "loss": self.loss},
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

    def order(self) -> "Order":
        """What is to be trained and where it is kept, with all found wrong that shows without reading examples."""
        from nnviz.data.sources import path_of, refuse_misplaced
        from nnviz.remote.messages import Order
        from nnviz.training.places import claim, new_run_path

        experiment = self.experiment()
        path_of(experiment.data.source)
        refuse_misplaced(experiment.data)
        if self.network is not None or self.config is not None:
            # Asked only where it can be wrong, since NumPy comes with it, and the screen is to be there at once.
            from nnviz.nn.notation import parse

            parse(experiment.network.layers)
        out = claim(self.out or new_run_path(experiment.data.source))
        return Order(experiment, out, keep_always=self.out is not None)


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


def takes_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer see every field of Options as a parameter of the command, which gets them as one, `options`."""
    fields = inspect.signature(Options).parameters
    own = [parameter for name, parameter in inspect.signature(command).parameters.items() if name != "options"]

    @wraps(command)
    def with_options(**given: Any) -> None:
        options = Options(**{name: given.pop(name) for name in fields})
        command(options=options, **given)

    parameters = [*own, *fields.values()]
    with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    )
    return with_options


Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for another program to read.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a run, as 'nnviz train' leaves it.")]
Light = Annotated[bool, typer.Option("--light/--dark", help="Draw on a light background.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        from nnviz import __version__

        typer.echo(f"nnviz {__version__}")
        raise typer.Exit


@app.callback()
def nnviz(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A microscope for neural-network training: watch a network learn, one stage of one step at a time."""


@app.command()
@takes_options
def run(
    *,
    options: Options,
    mouse: Annotated[bool, typer.Option(help="Answer to the mouse as well as to keys.")] = True,
    light: Light = False,
) -> None:
    """Open the visualizer and watch the network learn. Without a terminal, train like 'nnviz train'."""
    # The screen is drawn on stderr, and what is left of it in the end goes to stdout.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        from nnviz.headless.console import note

        note("no terminal here to draw on: training without the screen, as 'nnviz train' does")
        _train(options, as_json=False)
        return
    from nnviz.headless.console import passing

    # What draws the screen takes a moment to load; until then there is at least a word.
    with passing(f"nnviz   opening {options.source or 'the examples'} …"):
        from nnviz.remote.client import RemoteTrainer, Worker
        from nnviz.remote.terminal import Terminal

        # The trainer's process starts up while this one finds out what to train, and gets the screen ready.
        worker = Worker()
        order = options.order()
        trainer = RemoteTrainer(replace(order, terminal=Terminal(os.ttyname(sys.stderr.fileno()))), worker)
        from nnviz.tui.app import visualize
    _tell(visualize(trainer, title=Path(order.experiment.data.source).name, mouse=mouse, light=light))


def _tell(summary: "Summary | None") -> None:
    """What is left on the terminal when the screen has closed."""
    if summary is None:
        return
    from nnviz.headless.console import note, result
    from nnviz.headless.report import closing

    if summary.directory is None:
        note("no epoch was finished, so the run is not kept; with --out it is")
    else:
        result(closing(summary.result))


@app.command()
@takes_options
def train(*, options: Options, json: Json = False) -> None:
    """Train a network without the screen, and print what came out. Ctrl+C ends it early and keeps what is there."""
    _train(options, as_json=json)


def _train(options: Options, as_json: bool) -> None:
    from nnviz.headless import training

    order = options.order()
    finished = training.train(order.experiment, order.out)
    (training.print_json if as_json else training.print_report)(finished)
    raise typer.Exit(finished.exit_code)


@app.command("test")
def score(
    run: Run,
    data: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Score on another source, with the same classes.")
    ] = None,
    json: Json = False,
) -> None:
    """Score a trained network on examples that it has never seen."""
    from nnviz.headless import scoring

    tested = scoring.score(run, data)
    (scoring.print_json if json else scoring.print_report)(tested)


@app.command()
def predict(
    run: Run,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files, or folders of them.")],
    json: Json = False,
) -> None:
    """Say what a trained network sees in images of yours."""
    from nnviz.headless import prediction

    raise typer.Exit(prediction.predict(run, images, prediction.print_json if json else prediction.print_line))


@app.command()
def draw(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A built-in source, such as 'pets'.")],
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to write: a folder for each class, or a table.")
    ],
    count: Annotated[int, typer.Option("-n", min=1, help="How many images in all.")] = 40,
    size: Annotated[int, typer.Option(min=8, max=1024, help="Width and height of an image in pixels.")] = 64,
) -> None:
    """Write images of a built-in source as files, to look at or to train on: pets, people or road."""
    from nnviz.data.drawn.pictures import write_folder
    from nnviz.headless.console import note

    note(f"{len(write_folder(name, directory, count, size))} images written to {directory}")


@app.command()
@takes_options
def screenshot(
    *,
    picture: Annotated[Path, typer.Argument(metavar="OUT.svg", help="The picture to write.")],
    options: Options,
    keys: Annotated[str, typer.Option(help="Keys to press first, separated by spaces: 'f b u'.")] = "",
    size: Annotated[str, typer.Option(metavar="COLUMNSxROWS", help="How large a terminal to draw.")] = "120x40",
    light: Light = False,
) -> None:
    """Make a picture of the visualizer after some keys were pressed."""
    if picture.suffix.lower() != ".svg":
        raise InputError(f"{picture}: a screenshot is an SVG file; give a name that ends in .svg")
    columns_and_rows = _columns_and_rows(size)
    with TemporaryDirectory() as spare:
        # What is trained for a picture is not kept, unless it is asked for.
        order = replace(options, out=options.out or Path(spare) / "run").order()
        from nnviz.tui.screenshot import screenshot as take

        take(order, picture, keys=keys.split(), size=columns_and_rows, light=light)


def _columns_and_rows(size: str) -> tuple[int, int]:
    columns, _, rows = size.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and 0 < int(columns) <= 1000 and 0 < int(rows) <= 1000):
        raise InputError(f"--size: '{size}' is not a size such as 120x40")
    return int(columns), int(rows)


def main() -> None:
    """Run the command that the arguments name, and exit. No traceback reaches the user."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no Unicode shows a question mark instead of failing.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app(prog_name="nnviz")
    except Exception as error:
        sys.exit(_explain(error))


def _explain(error: Exception) -> int:
    """Say what went wrong in one line on stderr, and return the exit code."""
    from nnviz.headless.console import note

    if os.environ.get("NNVIZ_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, NnvizError):
        note(str(error))
        return error.exit_code
    note(f"a fault of nnviz itself ({type(error).__name__}: {error}); NNVIZ_TRACEBACK=1 shows where it happened")
    return 1
