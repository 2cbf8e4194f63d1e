"""What every form of export has in common."""

from pathlib import Path
from typing import Protocol

from nnviz.export.blueprint import Blueprint
from nnviz.export.facts import End


class Form(Protocol):
    """A form in which a network is written, as one file or several beside each other."""

    def paths(self, target: Path) -> tuple[Path, ...]:
        """The files that there will be, `target` first. Raises InputError for a name that they cannot have."""

    def contents(self, blueprint: Blueprint, target: Path) -> tuple[bytes, ...]:
        """What is in each of them. Raises InputError if there is no such form of this network, or here."""

    def reads(self, blueprint: Blueprint) -> End:
        """What goes in."""

    def use(self, blueprint: Blueprint, target: Path) -> str:
        """The lines of Python that ask the network."""
