"""Pieces of the Python programs that exports write."""

from pprint import pformat

from nnviz import __version__
from nnviz.export.blueprint import Blueprint
from nnviz.export.facts import origin_of

WIDTH = 100


def heading(blueprint: Blueprint, *lines: str) -> list[str]:
    """The comment that a program begins with."""
    return [f"# {line}" for line in (f"Written by nnviz {__version__}: the network of {origin_of(blueprint)}.", *lines)]


def names_of(blueprint: Blueprint) -> list[str]:
    """The names of outputs and inputs as constants."""
    outputs = "CLASSES" if blueprint.task.class_names else "OUTPUTS"
    return [
        *_constant(outputs, blueprint.output_names),
        *(_constant("INPUTS", blueprint.input_names) if blueprint.input_names else []),
    ]


def _constant(name: str, values: tuple[str, ...]) -> list[str]:
    return f"{name} = {pformat(values, width=WIDTH, compact=True)}".splitlines()


def program(lines: list[str]) -> bytes:
    """The lines as a file."""
    return ("\n".join(lines) + "\n").encode()
