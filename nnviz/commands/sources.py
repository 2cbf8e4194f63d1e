"""Commands on what is learnt from: what is in it, whether it is fit to be learnt, and one step on it in words."""

from pathlib import Path
from typing import Annotated

import typer

from nnviz.commands.arguments import Json
from nnviz.options import Options, takes_check_options, takes_data_options, takes_options


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
