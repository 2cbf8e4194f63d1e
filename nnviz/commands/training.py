"""The command that trains one run without a screen."""

from pathlib import Path
from typing import Annotated

import typer

from nnviz.commands.arguments import Json
from nnviz.commands.leaving import leave
from nnviz.errors import InputError
from nnviz.options import Options, takes_options


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
    train_as_asked(options, as_json=json, resume=resume)


def train_as_asked(options: Options, as_json: bool, resume: Path | None = None) -> None:
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
    leave(finished.ending, finished.exit_code, lambda: print_result(finished))
