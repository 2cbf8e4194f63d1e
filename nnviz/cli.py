"""The commands.

What a command needs is imported inside it, so that help comes at once and training never loads the screen.
"""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from nnviz.errors import InputError, OutputError, StoppedError
from nnviz.options import (
    Cache,
    CheckpointEvery,
    KeepCheckpoints,
    Options,
    takes_check_options,
    takes_data_options,
    takes_options,
)
from nnviz.sweep_options import SweepOptions, takes_sweep_options

if TYPE_CHECKING:
    from nnviz.remote.terminal import Terminal
    from nnviz.runs.ending import Ending
    from nnviz.tui.terminal_app import TerminalApp

# Rich would take longer to load than the help takes to read.
app = typer.Typer(add_completion=True, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for another program to read.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a run, as 'nnviz train' leaves it.")]
AtStep = Annotated[
    str | None,
    typer.Option(
        "--at-step",
        metavar="STEP|e3|best|start|end",
        help="Of a run: where so many training steps are done, or epochs (e3), or its best network was.",
    ),
]
Mouse = Annotated[bool, typer.Option(help="Answer to the mouse as well as to keys.")]
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
    at_step: AtStep = None,
    mouse: Mouse = True,
    light: Light = False,
    lesson: Annotated[
        bool, typer.Option("--lesson", help="Begin with a lesson: how a network learns, one key at a time.")
    ] = False,
) -> None:
    """Open the visualizer and watch the network learn. Without a terminal, train like 'nnviz train'.

    SOURCE may also be a run: it is opened where it ended, or at any step of it, and stays as it is. Of a log of another
    tool, or a folder of runs, the curves are shown, as 'nnviz runs' does.
    """
    if (logs := _logs_named(options)) is not None:
        _look_through(logs, mouse, light)
        return
    if not _has_screen():
        from nnviz.headless.console import note

        if options.run is not None:
            raise InputError(
                f"{options.run}: a run, and there is no terminal here to show it on; "
                f"'nnviz train --resume {options.run}' goes on with it"
            )
        note("no terminal here to draw on: training without the screen, as 'nnviz train' does")
        _train(options, as_json=False)
        return
    if _is_elsewhere():
        # Through stdout, the driver talks to whoever shows the screen.
        with redirect_stdout(sys.stderr):
            _visualize(options, None, at_step, mouse, light, lesson)
        return
    from nnviz.remote.terminal import Terminal

    terminal = Terminal(os.ttyname(sys.stderr.fileno()))
    with terminal.guarded():
        _visualize(options, terminal, at_step, mouse, light, lesson)


def _is_elsewhere() -> bool:
    """Whether somebody shows the screen elsewhere, as in a browser: whose driver is named, and draws through pipes."""
    return "TEXTUAL_DRIVER" in os.environ


def _has_screen() -> bool:
    """Whether there is somewhere to draw. That is on stderr; what is left of the screen in the end goes to stdout."""
    return _is_elsewhere() or all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _visualize(
    options: Options, terminal: "Terminal | None", at_step: str | None, mouse: bool, light: bool, lesson: bool
) -> None:
    from nnviz.headless.console import passing

    # What is loaded from here on stays: to look through it for garbage again and again takes a tenth of the time. The
    # visualizer takes that up again when it is ready.
    gc.disable()
    # What draws the screen takes a moment to load; until then there is at least a word.
    with passing(f"nnviz   opening {options.source or 'the examples'} …"):
        from nnviz.remote.client import RemoteTrainer, Worker

        # The trainer's process starts up while this one finds out what to train, and gets the screen ready.
        worker = Worker()
        order = options.order(terminal, at_step)
        trainer = RemoteTrainer(order, worker)
        from nnviz.tui.app import visualize
    shown = visualize(trainer, title=Path(order.experiment.data.source).name, mouse=mouse, light=light, lesson=lesson)
    from nnviz.headless.leaving import closed, tell_fault, tell_leaving

    if shown.fault is not None:
        tell_fault(shown.fault, closed(shown.trainer, passing("nnviz   keeping and scoring the run …")))
        raise typer.Exit(1)
    # The screen has waited for it.
    ending = closed(shown.trainer, nullcontext())
    tell_leaving(ending)
    exit_code = ending.exit_code or (StoppedError.exit_code if shown.signalled else 0)
    _leave(ending, exit_code, lambda: _print_closing(ending))


def _print_closing(ending: "Ending") -> None:
    """What is left on the terminal when the screen has closed."""
    from nnviz.headless.console import result
    from nnviz.headless.report import closing

    if ending.result is not None:
        result(closing(ending.result))


def _leave(ending: "Ending", exit_code: int, print_result: Callable[[], None]) -> NoReturn:
    """Print the result of a run and exit. Where it cannot be printed, it is still told where the run is."""
    try:
        print_result()
    except OutputError as error:
        from nnviz.headless.console import note

        note(f"{error}; {ending.where}")
        exit_code = exit_code or error.exit_code
    raise typer.Exit(exit_code)


@app.command()
def attach(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of a watched training, or its process number.")
    ] = None,
    *,
    mouse: Annotated[bool, typer.Option(help="Answer to the mouse as well as to keys.")] = True,
    light: Light = False,
    json: Json = False,
) -> None:
    """Open the visualizer on a PyTorch training that is watched (nnviz.live.watch), or list those that there are.

    Leaving it leaves the training alone.
    """
    from nnviz.live import places

    if name is None:
        from nnviz.headless.attaching import print_trainings

        print_trainings(places.found(), json)
        return
    path = places.chosen(name)
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise InputError("there is no terminal here to draw on; 'nnviz attach' without a name lists the trainings")
    from nnviz.headless.console import note
    from nnviz.remote.attached import AttachedTrainer
    from nnviz.remote.terminal import Terminal

    with Terminal(os.ttyname(sys.stderr.fileno())).guarded():
        trainer = AttachedTrainer(path)
        from nnviz.tui.app import visualize

        shown = visualize(trainer, title=trainer.hello.name, mouse=mouse, light=light)
        trainer.close()
    if shown.fault is not None:
        raise shown.fault
    note(f"{trainer.hello.name} goes on without the screen")


@app.command()
@takes_options
def train(
    *,
    options: Options,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Go on with a run that was ended, however that was: it ends as if it had never been. Its --epochs and "
            "--steps may be raised.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Train a network without the screen, and print what came out. Ctrl+C ends it early and keeps what is there."""
    _train(options, as_json=json, resume=resume)


def _train(options: Options, as_json: bool, resume: Path | None = None) -> None:
    from nnviz.headless import training

    if resume is None:
        if options.run is not None:
            from nnviz.runs.opening import in_one_line

            raise InputError(
                f"{in_one_line(options.run)}; 'nnviz train --resume {options.run}' goes on with it, and "
                f"'nnviz run {options.run}' opens it"
            )
        order = options.order()
        finished = training.train(order.experiment, order.out, order.cached, order.source, order.checkpoints)
    else:
        from nnviz.runs.restoring import experiment_of

        limits = options.limits(experiment_of(resume))
        finished = training.go_on(resume, limits, options.cache, options.checkpoints)
    print_result = training.print_json if as_json else training.print_report
    _leave(finished.ending, finished.exit_code, lambda: print_result(finished))


@app.command("test")
def score(
    run: Run,
    data: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Score on another source, with the same classes.")
    ] = None,
    at_step: AtStep = None,
    cache: Cache = True,
    json: Json = False,
) -> None:
    """Score a trained network on examples that it has never seen."""
    from nnviz.headless import scoring

    tested = scoring.score(run, data, cache, at_step)
    (scoring.print_json if json else scoring.print_report)(tested)


@app.command()
def predict(
    run: Run,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Images, folders of them, or files of arrays; for a network that learnt from a table, tables with the "
            "same columns; for one that learnt from texts, files with a text in each line, or folders of texts.",
        ),
    ],
    at_step: AtStep = None,
    json: Json = False,
) -> None:
    """Say what a trained network sees in images, rows or texts of yours: a line for each."""
    from nnviz.headless import prediction

    tell = prediction.print_json if json else prediction.print_line
    raise typer.Exit(prediction.predict(run, files, tell, at_step))


@app.command()
@takes_data_options
def data(*, options: Options, json: Json = False) -> None:
    """Describe what is to be learnt from: examples, classes, values, and what cannot be used and why.

    SOURCE may also be a run, whose data is described. Without SOURCE, list what is built in.
    """
    from nnviz.headless import description

    if options.source is None and options.config is None:
        (description.print_built_in_json if json else description.print_built_in)()
        return
    if options.run is not None and options.config is None:
        from nnviz.headless.console import note
        from nnviz.runs.opening import in_one_line

        note(in_one_line(options.run))
    told = description.describe(*options.of_a_run().asked(), options.cache)
    (description.print_json if json else description.print_report)(told)


@app.command()
@takes_options
def explain(
    *,
    options: Options,
    at_step: Annotated[int, typer.Option(min=1, help="Which training step, from 1.")] = 1,
    example: Annotated[int, typer.Option(min=1, help="Which example of its batch, from 1.")] = 1,
    weight: Annotated[
        str | None,
        typer.Option(
            metavar="LAYER[UNIT,INPUT]",
            help="Follow the chain rule to this weight, such as 'dense2[dog, 7]' or 'dense1[3, bias]'; without it, to "
            "the one of the last layer with the largest gradient.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Tell one training step in words and numbers: forward, error, loss, chain rule, blame, update, and what it did.

    SOURCE may also be a run, whose step is told as it was.
    """
    from nnviz.headless import explanation
    from nnviz.headless.explanation_words import print_text

    wanted = explanation.Wanted(at_step, example, weight)
    if options.run is not None and options.config is None:
        from nnviz.runs.restoring import experiment_of

        # A run is told as it was, so nothing of it can be chosen.
        options.without_source().limits(experiment_of(options.run))
        told = explanation.explain_run(options.run, wanted, options.cache)
    else:
        experiment, source = options.asked()
        told = explanation.explain(experiment, wanted, options.cache, source)
    (explanation.print_json if json else print_text)(told)


@app.command()
@takes_check_options
def check(*, options: Options, json: Json = False) -> None:
    """Look a source over before training on it, and the network too: data, first loss, gradients, rate, a short run.

    SOURCE may also be a run, which is looked at as it ended. Exit code 4 says that something is wrong.
    """
    from nnviz.headless import check as checking

    if options.run is not None and options.config is None:
        from nnviz.runs.restoring import experiment_of

        experiment = experiment_of(options.run)
        # A run is looked at as it was, so nothing of it can be chosen.
        options.without_source().limits(experiment)
        checked = checking.check_run(options.run, experiment, options.cache)
    else:
        asked, source = options.asked()
        checked = checking.check(asked, options.cache, source)
    (checking.print_json if json else checking.print_text)(checked)
    raise typer.Exit(checked.exit_code)


@app.command()
def runs(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="[DIR]",
            help="A folder below which runs are, or a single log: of nnviz, TensorBoard, W&B, MLflow, trackio, "
            "Lightning, Keras, YOLO, Hugging Face, or tables and lines of JSON with a step or an epoch.",
        ),
    ] = Path("runs"),
    *,
    json: Json = False,
    mouse: Mouse = True,
    light: Light = False,
) -> None:
    """Look runs through, whoever trained them: sorted, filtered, marked, beside each other, while they are trained too.

    Without a terminal, list them, with how far they came, and their last and best values; of a single one, its curves.
    """
    if json:
        from nnviz.headless import listing

        listing.print_runs(place, as_json=True)
        return
    _look_through(place, mouse, light)


def _logs_named(options: Options) -> Path | None:
    """The place of logs, or of several runs, that is named instead of something to learn from."""
    if options.source is None or options.run is not None or options.config is not None:
        return None
    place = Path(options.source)
    if not place.exists():
        return None
    from nnviz.logs.recognising import is_log

    return place if is_log(place) else None


def _look_through(place: Path, mouse: bool, light: bool) -> None:
    if not _has_screen():
        from nnviz.headless import listing

        listing.print_runs(place, as_json=False)
        return
    from nnviz.tui.runs_app import look_through

    if _is_elsewhere():
        with redirect_stdout(sys.stderr):
            _end(look_through(place, mouse, light))
        return
    from nnviz.remote.terminal import Terminal

    with Terminal(os.ttyname(sys.stderr.fileno())).guarded():
        _end(look_through(place, mouse, light))


def _end(app: "TerminalApp[Any]") -> None:
    """Exit as an app has ended."""
    if app.fault is not None:
        raise app.fault
    if app.signalled:
        raise typer.Exit(StoppedError.exit_code)


@app.command()
def compare(
    places: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Runs, of nnviz or of others, or folders below which they are."),
    ],
    *,
    at_step: Annotated[
        str | None,
        typer.Option(
            metavar="STEP|best|end",
            help="Take each value where so many steps are done, or the best one of its curve; without it, what came "
            "out in the end.",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="Compare this one alone, such as validation/loss; without it, all that say what is better."),
    ] = None,
    json: Json = False,
) -> None:
    """Lay runs beside each other: the settings that differ, what came out, and whether it is more than chance.

    Runs that differ in the seed alone count as one setting, with mean and standard deviation.
    """
    from nnviz.headless import comparing

    compared = comparing.compared(places, at_step, metric)
    (comparing.print_json if json else comparing.print_report)(compared)


@app.command()
@takes_sweep_options
def sweep(
    *,
    options: SweepOptions,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder for all runs; without it one below runs/ that the plan names."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="How many runs at a time; without it, one for each core.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Train on the workers of a Dask cluster instead, as in tcp://10.0.0.1:8786. Needs the extra 'dask'.",
        ),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="Which one the table is ordered by, such as validation/loss or test/accuracy.")
    ] = None,
    checkpoint_every: CheckpointEvery = None,
    keep_checkpoints: KeepCheckpoints = None,
    cache: Cache = True,
    json: Json = False,
) -> None:
    """Train many runs: options with several values, as in --lr 0.01,0.1 or --network A --network B, each with each.

    The same command again goes on where it was. Ctrl+C ends it early and keeps what is there.
    """
    from nnviz.headless import sweep as sweeping
    from nnviz.runs.checkpoint_rule import checkpoint_rule

    rule = checkpoint_rule(checkpoint_every, keep_checkpoints)
    if scheduler is None:
        plan, train = options.plan(), sweeping.on_cores(jobs)
    elif jobs is None:
        train = sweeping.on_cluster(scheduler)
        plan = options.plan().with_whole_paths()
    else:
        raise InputError("--jobs: of this machine; how many runs a cluster trains at a time, its workers say")
    swept = sweeping.sweep(plan, out, cache, rule, train, metric)
    (sweeping.print_json if json else sweeping.print_report)(swept)
    raise typer.Exit(swept.exit_code)


@app.command()
def export(
    run: Run,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="model.onnx for onnxruntime and others, model.safetensors for PyTorch (with model_torch.py, which "
            "defines the module), model.py for NumPy alone (with model.npz).",
        ),
    ],
    at_step: AtStep = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
    cache: Cache = True,
    json: Json = False,
) -> None:
    """Write a trained network for other programs: ONNX, PyTorch, or a few lines of NumPy. What goes in is told."""
    from nnviz.headless import exporting

    exported = exporting.export(run, file, at_step, force, cache)
    (exporting.print_json if json else exporting.print_report)(exported)


@app.command()
def report(
    places: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Runs, of nnviz or of others, or folders below which they are."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="The file to write.")] = Path(
        "report.html"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
    cache: Cache = True,
) -> None:
    """Write what there is to know of runs as one page that opens in any browser, offline: curves, mistakes, layers."""
    from nnviz.headless.console import note
    from nnviz.headless.reporting import write_report
    from nnviz.wording import count as counted

    note(f"{counted(write_report(places, out, force, cache), 'run')} told in {out}")


@app.command()
@takes_options
def serve(
    *,
    options: Options,
    at_step: AtStep = None,
    host: Annotated[
        str,
        typer.Option(help="This machine alone, or 0.0.0.0 for whoever can reach it and has the token."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.")] = 8000,
    pages: Annotated[int, typer.Option(min=1, help="How many pages may be open at a time; each one trains.")] = 8,
) -> None:
    """Show the visualizer in browsers, for whoever has no terminal: each page opens one of its own.

    Needs the extra 'serve'.
    """
    from nnviz.headless import serving

    # What is wrong is told here, and not on an empty page.
    options.order(at_step=at_step)
    own = ("--host", "--port", "--pages")
    serving.serve(serving.without(sys.argv[sys.argv.index("serve") + 1 :], own), host, port, pages)


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
    from nnviz.wording import count as counted

    note(f"{counted(len(write_folder(name, directory, count, size)), 'image')} written to {directory}")


@app.command()
@takes_options
def screenshot(
    *,
    picture: Annotated[Path, typer.Argument(metavar="OUT.svg", help="The picture to write.")],
    options: Options,
    keys: Annotated[str, typer.Option(help="Keys to press first, separated by spaces: 'f b u'.")] = "",
    at_step: AtStep = None,
    size: Annotated[str, typer.Option(metavar="COLUMNSxROWS", help="How large a terminal to draw.")] = "120x40",
    light: Light = False,
) -> None:
    """Make a picture of the visualizer after some keys were pressed."""
    if picture.suffix.lower() != ".svg":
        raise InputError(f"{picture}: a screenshot is an SVG file; give a name that ends in .svg")
    columns_and_rows = _columns_and_rows(size)
    with TemporaryDirectory() as spare:
        if (logs := _logs_named(options)) is not None:
            from nnviz.tui.screenshot import screenshot_of_runs

            screenshot_of_runs(logs, picture, keys=keys.split(), size=columns_and_rows, light=light)
            return
        # What is trained for a picture is not kept, unless it is asked for.
        order = replace(options, out=options.out or Path(spare) / "run").order(at_step=at_step)
        from nnviz.tui.screenshot import screenshot as take

        take(order, picture, keys=keys.split(), size=columns_and_rows, light=light)


def _columns_and_rows(size: str) -> tuple[int, int]:
    columns, _, rows = size.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and 0 < int(columns) <= 1000 and 0 < int(rows) <= 1000):
        raise InputError(f"--size: '{size}' is not a size such as 120x40")
    return int(columns), int(rows)


def main() -> None:
    """Run the command that the arguments name, and exit. No traceback reaches the user."""
    from nnviz.headless.streams import open_streams

    open_streams()
    # A second BLAS thread has no work here (see `prepare_process`), but it would spin for a tenth of a second from
    # NumPy's import on, on the core that another process of nnviz starts on.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        sys.exit(app(prog_name="nnviz", standalone_mode=False))
    except TyperException as error:
        from nnviz.headless.errors_told import tell_usage

        sys.exit(tell_usage(error))
    except KeyboardInterrupt:
        sys.exit(StoppedError.exit_code)
    except Exception as error:
        from nnviz.headless.errors_told import tell_error

        sys.exit(tell_error(error))
