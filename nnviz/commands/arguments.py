"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

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
