"""How a source is read, with no say in what is read: whether decoded images are kept, and who hears how far it is.

Light to import.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

Tell: TypeAlias = Callable[[int, int], None]
"""Called again and again with the number of images decoded so far, and of all; by any thread, one at a time."""


def nobody(done: int, total: int) -> None:
    """Nobody wants to know."""


class Reading(msgspec.Struct, frozen=True):
    """`cached`: look for decoded images in the cache, and keep them there. `tell` hears how far decoding is."""

    cached: bool = True
    tell: Tell = nobody


CACHED = Reading()
"""Where nobody chooses otherwise, or wants to know how far it is."""
