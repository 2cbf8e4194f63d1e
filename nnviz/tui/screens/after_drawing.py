"""What a screen does once it has been drawn, with the sizes that its parts have then."""

from collections.abc import Callable
from typing import Any

from textual.screen import Screen


def once_drawn(screen: Screen[Any], action: Callable[[], object]) -> None:
    """Do it then, unless the screen is being closed by then: Textual would do it with the next screen's drawing."""
    screen.call_after_refresh(lambda: action() if screen.is_attached and screen.display else None)
