"""`nnviz export`: a trained network in a form that other programs take."""

import os
from pathlib import Path

import msgspec

from nnviz.errors import InputError
from nnviz.export.blueprint import blueprint_of
from nnviz.export.facts import End, origin_of, output_of
from nnviz.export.forms import form_of
from nnviz.headless.console import json_result, result
from nnviz.headless.trained import trained_at
from nnviz.outside_text import printable, shown_names
from nnviz.training.process import prepare_process
from nnviz.whole_file import write_asked
from nnviz.wording import listed

TOLD_NAMES = 12


class Exported(msgspec.Struct, frozen=True):
    """What was written.

    files         the one that was asked for first
    program       the Python file among them, if there is one
    origin        which network it is
    input_names   what each number of a row stands for, as far as that is known
    output_names  what each number that comes out stands for
    use           the lines of Python that ask the network
    """

    run: Path
    step: int
    files: tuple[Path, ...]
    program: str
    origin: str
    read: End
    said: End
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    use: str


def export(run: Path, target: Path, at_step: str | None = None, force: bool = False, cached: bool = True) -> Exported:
    """Write the network that a run kept, or had at a place, as the ending of `target` says.

    Raises InputError if there is no such form or network, or a file is there already that is not to be replaced;
    UnkeptError if the disk does not take it.
    """
    prepare_process()
    form = form_of(target)
    paths = form.paths(target)
    there = [str(path) for path in paths if os.path.lexists(path)]
    if there and not force:
        raise InputError(f"{listed(there)}: there already; choose another name, or replace with --force")
    blueprint = blueprint_of(trained_at(run, at_step, cached), run.resolve().name)
    contents = form.contents(blueprint, target)
    # What the file that was asked for needs is there before it.
    for path, content in reversed(list(zip(paths, contents, strict=True))):
        write_asked(path, content)
    return Exported(
        run,
        blueprint.step,
        paths,
        "".join(content.decode() for path, content in zip(paths, contents, strict=True) if path.suffix == ".py"),
        origin_of(blueprint),
        form.reads(blueprint),
        output_of(blueprint),
        blueprint.input_names,
        blueprint.output_names,
        form.use(blueprint, target),
    )


def print_json(exported: Exported) -> None:
    """What was written, as one JSON object."""
    json_result(
        {
            "run": str(exported.run),
            "step": exported.step,
            "files": [str(path) for path in exported.files],
            "input": {**_end(exported.read), "names": list(exported.input_names)},
            "output": {**_end(exported.said), "names": list(exported.output_names)},
        }
    )


def _end(end: End) -> dict[str, object]:
    return {"name": end.name, "shape": [None, *end.shape], "meaning": end.meaning}


def print_report(exported: Exported) -> None:
    """What was written, and how it is used, for people."""
    lines = [
        f"{printable(' and '.join(map(str, exported.files)))}: {exported.origin}",
        f"in   {exported.read.name}, {exported.read.told('float32')}{_names(exported.input_names)}",
        f"out  {exported.said.name}, {exported.said.told('float32')}{_names(exported.output_names)}",
        *(["", exported.program] if exported.program else [""]),
        *exported.use.splitlines(),
    ]
    result("\n".join(lines))


def _names(names: tuple[str, ...]) -> str:
    return f": {listed(list(shown_names(names)), TOLD_NAMES)}" if names else ""
