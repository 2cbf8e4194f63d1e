"""Commands on runs that were trained: scores, predictions, comparisons, reports, and files for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from nnviz.commands.arguments import AtStep, Json, Run
from nnviz.options import Cache


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
