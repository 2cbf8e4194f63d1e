"""Names cut so that they can still be told apart."""

from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

CUT = "…"
# In fewer cells there is not always room for a character between two cuts.
NARROWEST = 4


def cut(name: str, width: int) -> str:
    """A name in at most `width` cells: what is too long loses its middle, for many names differ only at their end."""
    if cell_len(name) <= width:
        return name
    if width < 1:
        return ""
    return _beginning(name, width - 1 - width // 2) + CUT + _end(name, width // 2)


@lru_cache(maxsize=64)
def apart(names: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Each of the names of one set in at most `width` cells, of which there is one at least.

    They lose their ends, unless they all begin alike or would look alike then; else their middles; those that would
    still look alike are shown from where they differ on. In fewer than four cells some may look alike all the same.
    """
    shown = {name: _begun(name, width) for name in names}
    if _alike(shown) or (len(shown) > 1 and _common(shown)):
        shown = {name: cut(name, width) for name in names}
    for alike in _alike(shown):
        shown |= _from_difference(alike, width)
    return tuple(shown[name] for name in names)


def _from_difference(names: list[str], width: int) -> dict[str, str]:
    """Names without what they all begin with."""
    start = _common(names)
    shown = {name: _begun(CUT + name[start:], width) for name in names}
    if width >= NARROWEST:
        for alike in _alike(shown):
            shown |= _from_difference(alike, width)
    return shown


def _common(names: Collection[str]) -> int:
    """How many characters all names begin with."""
    first, last = min(names), max(names)
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def _alike(shown: dict[str, str]) -> list[list[str]]:
    """The names that look like others."""
    groups = defaultdict(list)
    for name, text in shown.items():
        groups[text].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _begun(name: str, width: int) -> str:
    """A name that loses its end where it is too long."""
    return name if cell_len(name) <= width else _beginning(name, width - 1) + CUT


def _beginning(name: str, width: int) -> str:
    # A wide character that does not fit in whole has become a space.
    return set_cell_size(name, width).rstrip()


def _end(name: str, width: int) -> str:
    start = len(name)
    while start and cell_len(name[start - 1 :]) <= width:
        start -= 1
    # An accent is no good without the letter below it.
    while start < len(name) and not cell_len(name[start]):
        start += 1
    return name[start:].lstrip()
