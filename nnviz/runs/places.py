"""Places of a run, as somebody writes them. Light to import."""

import re
from collections.abc import Callable
from typing import TypeVar

from nnviz.errors import InputError

START, BEST, END = NAMED = ("start", "best", "end")
PLACE = re.compile(r"(e|epoch\s*|step\s*)?([0-9][0-9,_]*)")
LAST = 10**12
"""No run has more steps than that."""


EpochEnd = TypeVar("EpochEnd")


def read_place(text: str, end_of: Callable[[int], EpochEnd]) -> EpochEnd | int | str | None:
    """As somebody writes it: how many steps are done (1,234, or e3 for epochs), or its name. None if it is none.

    `end_of` says what the place is where so many epochs are over.
    """
    word = text.strip().lower()
    if word in NAMED:
        return word
    found = PLACE.fullmatch(word)
    if found is None:
        return None
    number = int(found[2].replace(",", "").replace("_", "")[:15])
    is_epoch = (found[1] or "").startswith("e")
    return end_of(min(number, LAST)) if is_epoch else min(number, LAST)


def checked_place(text: str) -> str:
    """What was given as --at-step, if it is a place. Raises InputError."""
    if read_place(text, int) is None:
        raise InputError(f"--at-step: '{text}' is no step, no epoch (as e3), and none of {START}, {BEST} and {END}")
    return text
