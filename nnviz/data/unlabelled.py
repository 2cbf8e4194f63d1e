"""Examples whose targets nobody knows, of which a network is asked. Light to import."""

from collections.abc import Sequence
from typing import NamedTuple

from nnviz.array import Array


class Unlabelled(NamedTuple):
    """Examples of one file without targets.

    lines   the line (n) of the file that each begins in, None for an example that is the whole file
    inputs  (n, inputs) as a dataset stores them
    notes   what was left out, or could not be read as it was meant
    """

    lines: Sequence[int | None]
    inputs: Array
    notes: Sequence[str]
