"""The style sheet of the app: what it has parsed is not parsed again."""

from functools import lru_cache
from typing import Any

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

# Textual keeps what comes of 64 sources, and the widgets of the training screen alone have more: asked for one after
# the other, none of them is still there when its turn comes again.
MOST_SOURCES = 512
MOST_THEMES = 8


class ParsedOnce(Stylesheet):
    """Textual's style sheet, which would parse all sources anew for each page that brings some of its own.

    What comes of a source depends on the source and on the variables, which are the theme's colours; it is never
    changed. So it is kept for the variables, for as long as this process is.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parse_cache = _parsed(frozenset(variables.items()))

    def set_variables(self, variables: dict[str, str]) -> None:
        # Textual's own empties the cache that is there.
        self._parse_cache = LRUCache(1)
        super().set_variables(variables)
        self._parse_cache = _parsed(frozenset(variables.items()))

    def reparse(self) -> None:
        self.parse()


@lru_cache(MOST_THEMES)
def _parsed(_: frozenset[tuple[str, str]]) -> LRUCache[tuple[Any, ...], Any]:
    """What was parsed with these variables; the key of a source is Textual's."""
    return LRUCache(MOST_SOURCES)
