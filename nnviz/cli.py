"""The command line: all commands, in the order of the help."""

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from nnviz.errors import StoppedError

if TYPE_CHECKING:
    from nnviz.remote.worker_process import Worker

COMMANDS = {
    "run": "on_screen.run",
    "attach": "on_screen.attach",
    "train": "training.train",
    "test": "trained.score",
    "predict": "trained.predict",
    "data": "sources.data",
    "explain": "sources.explain",
    "check": "sources.check",
    "runs": "on_screen.runs",
    "compare": "trained.compare",
    "sweep": "sweeping.sweep",
    "export": "trained.export",
    "report": "trained.report",
    "serve": "on_screen.serve",
    "draw": "sources.draw",
    "screenshot": "on_screen.screenshot",
}
"""By name: the module of `nnviz.commands`, and its function."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from nnviz import __version__

        typer.echo(f"nnviz {__version__}")
        raise typer.Exit


def nnviz(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A microscope for neural-network training: watch a network learn, one stage of one step at a time."""


def application(names: Iterable[str]) -> typer.Typer:
    """The program with the commands of these names: to make all takes longer than what most of them do first."""
    # Rich would take longer to load than the help takes to read.
    app = typer.Typer(add_completion=True, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(nnviz)
    for name in names:
        module, _, function = COMMANDS[name].partition(".")
        app.command(name)(getattr(import_module(f"nnviz.commands.{module}"), function))
    return app


def main(worker: "Worker | None" = None) -> None:
    """Run the command that the arguments name, and exit. No traceback reaches the user.

    `worker` is the process of a trainer that has begun to load, for a command that needs one.
    """
    from nnviz.headless.streams import open_streams

    open_streams()
    # A second BLAS thread has no work here (see `prepare_process`), but it would spin for a tenth of a second from
    # NumPy's import on, on the core that another process of nnviz starts on.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        # Help, completion, and a command that there is not, need all of them.
        app = application([name for name in COMMANDS if name in sys.argv[1:2]] or COMMANDS)
        sys.exit(app(prog_name="nnviz", standalone_mode=False, obj=worker))
    except TyperException as error:
        from nnviz.headless.errors_told import tell_usage

        sys.exit(tell_usage(error))
    except KeyboardInterrupt:
        sys.exit(StoppedError.exit_code)
    except Exception as error:
        from nnviz.headless.errors_told import tell_error

        sys.exit(tell_error(error))
