"""How a command that trained ends."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import typer

from nnviz.errors import OutputError

if TYPE_CHECKING:
    from nnviz.runs.ending import Ending


def leave(ending: "Ending", exit_code: int, print_result: Callable[[], None]) -> NoReturn:
    """Print the result of a run and exit. Where it cannot be printed, it is still told where the run is."""
    try:
        print_result()
    except OutputError as error:
        from nnviz.headless.console import note

        note(f"{error}; {ending.where}")
        exit_code = exit_code or error.exit_code
    raise typer.Exit(exit_code)
