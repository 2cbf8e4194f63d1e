"""The command line: all commands, in the order of the help."""

import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from nnviz.commands import on_screen, sources, trained, training
from nnviz.errors import StoppedError

# Rich would take longer to load than the help takes to read.
app = typer.Typer(add_completion=True, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


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


app.command()(on_screen.run)
app.command()(on_screen.attach)
app.command()(training.train)
app.command("test")(trained.score)
app.command()(trained.predict)
app.command()(sources.data)
app.command()(sources.explain)
app.command()(sources.check)
app.command()(on_screen.runs)
app.command()(trained.compare)
app.command()(training.sweep)
app.command()(trained.export)
app.command()(trained.report)
app.command()(on_screen.serve)
app.command()(sources.draw)
app.command()(on_screen.screenshot)


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
