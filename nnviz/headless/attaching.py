"""What is told of watched trainings without a screen: which there are."""

import json
from pathlib import Path

import typer
from msgspec.structs import asdict

from nnviz.headless.console import note
from nnviz.live.wire import Hello
from nnviz.outside_text import printable
from nnviz.wording import count, integer


def print_trainings(trainings: list[tuple[Path, Hello]], as_json: bool) -> None:
    """A line each: by what name to attach to it, what it trains, and how far it is."""
    if as_json:
        typer.echo(json.dumps([{"attach": path.stem, **asdict(hello)} for path, hello in trainings]))
        return
    if not trainings:
        note("no training is watched here; nnviz.live.watch(model, optimizer) in a PyTorch script makes it one")
    for path, hello in trainings:
        told = f"{printable(hello.model)}, {count(hello.parameters, 'parameter')}, step {integer(hello.steps)}"
        typer.echo(f"{printable(path.stem)}   {told}{', a screen is there' if hello.busy else ''}")
