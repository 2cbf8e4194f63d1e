"""Commands that draw: the visualizer, the runs of a place, a training that is watched, and pictures."""

import gc
import os
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnviz.commands.arguments import AtStep, Json, Light, Mouse
from nnviz.commands.leaving import leave
from nnviz.commands.training import train_as_asked
from nnviz.errors import InputError, StoppedError
from nnviz.options import Options, takes_options

if TYPE_CHECKING:
    from nnviz.live.ports import Port
    from nnviz.remote.terminal import Terminal
    from nnviz.remote.worker_process import Worker
    from nnviz.runs.ending import Ending
    from nnviz.tui.terminal_app import TerminalApp


@takes_options
def run(
    context: typer.Context,
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
    worker: Worker | None = context.obj
    if (logs := _logs_named(options)) is not None:
        if worker is not None:
            worker.dismiss()
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
        train_as_asked(options, as_json=False)
        return
    if _is_elsewhere():
        # Through stdout, the driver talks to whoever shows the screen.
        with redirect_stdout(sys.stderr):
            _visualize(options, worker, None, at_step, mouse, light, lesson)
        return
    from nnviz.remote.terminal import Terminal

    terminal = Terminal(os.ttyname(sys.stderr.fileno()))
    with terminal.guarded():
        _visualize(options, worker, terminal, at_step, mouse, light, lesson)


def _visualize(
    options: Options,
    worker: "Worker | None",
    terminal: "Terminal | None",
    at_step: str | None,
    mouse: bool,
    light: bool,
    lesson: bool,
) -> None:
    from nnviz.headless.console import passing

    # What is loaded from here on stays: to look through it for garbage again and again takes a tenth of the time. The
    # visualizer takes that up again when it is ready.
    gc.disable()
    # What draws the screen takes a moment to load; until then there is at least a word.
    with passing(f"nnviz   opening {options.source or 'the examples'} …"):
        from nnviz.remote.client import RemoteTrainer

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
    leave(ending, exit_code, lambda: _print_closing(ending))


def _print_closing(ending: "Ending") -> None:
    """What is left on the terminal when the screen has closed."""
    from nnviz.headless.console import result
    from nnviz.headless.report import closing

    if ending.result is not None:
        result(closing(ending.result))


def attach(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Of a watched training, or its process number; or HOST:PORT of one that listens there, by the token "
            "in NNVIZ_TOKEN or asked for.",
        ),
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
    place = _place(name)
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise InputError("there is no terminal here to draw on; 'nnviz attach' without a name lists the trainings")
    from nnviz.headless.console import note
    from nnviz.remote.attached import AttachedTrainer
    from nnviz.remote.terminal import Terminal

    with Terminal(os.ttyname(sys.stderr.fileno())).guarded():
        trainer = AttachedTrainer(place)
        from nnviz.tui.app import visualize

        shown = visualize(trainer, title=trainer.hello.name, mouse=mouse, light=light)
        trainer.close()
    if shown.fault is not None:
        raise shown.fault
    note(f"{trainer.hello.name} goes on without the screen")


def _place(name: str) -> "Path | Port":
    """Of a training on this machine, or of one that is reached by a port."""
    from nnviz.live.places import chosen
    from nnviz.live.ports import Port, address_in

    address = address_in(name)
    return chosen(name) if address is None else Port(address, _token())


def _token() -> str:
    """By which a screen comes in from another machine."""
    from getpass import getpass

    from nnviz.live.ports import TOKEN, known_token

    known = known_token()
    if known is None and not sys.stdin.isatty():
        raise InputError(f"there is no terminal here to ask for the token; set {TOKEN}")
    return known or getpass("token (standard error of the training told it): ")


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


def _is_elsewhere() -> bool:
    """Whether somebody shows the screen elsewhere, as in a browser: whose driver is named, and draws through pipes."""
    return "TEXTUAL_DRIVER" in os.environ


def _has_screen() -> bool:
    """Whether there is somewhere to draw. That is on stderr; what is left of the screen in the end goes to stdout."""
    return _is_elsewhere() or all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


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
