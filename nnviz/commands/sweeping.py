"""The command that trains many runs without a screen."""

from pathlib import Path
from typing import Annotated

import typer

from nnviz.commands.arguments import Json
from nnviz.errors import InputError
from nnviz.options import Cache, CheckpointEvery, KeepCheckpoints
from nnviz.sweep_options import SweepOptions, takes_sweep_options


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
