"""About: what there is to know of a key of an experiment beside its type, its bounds and its default."""

from enum import StrEnum
from typing import NamedTuple


class Effect(StrEnum):
    """What it takes to change a key of a run that has begun."""

    AT_ONCE = "at once"
    BEGIN_AGAIN = "begins again"
    NEW_NETWORK = "new network"


class About(NamedTuple):
    """Stands in the type of a key, which is all that command line, screen and documents know of it.

    help    what it means, for somebody who chooses it
    effect  what it takes to change it
    called  its option on the command line, if not named as the key; "" where it follows from others, and there is none
    values  what may be written, where the type does not tell
    """

    help: str
    effect: Effect = Effect.BEGIN_AGAIN
    called: str | None = None
    values: str | None = None
