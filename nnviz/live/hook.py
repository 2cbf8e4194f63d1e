"""Hooks that leave no trace: copies of a hooked model have none, and files of it do not need this package."""

from collections.abc import Callable
from typing import Any

_NOTHING: tuple[object, str] = ("", "__init__")
"""`"".__init__` takes any arguments and gives None, wherever it is unpickled."""


class Hook:
    """Calls a function, and returns None whatever that returns: a hook that returns something replaces it.

    A deep copy (an average of the weights, say) and a pickled one do nothing.
    """

    __slots__ = ("_see",)

    def __init__(self, see: Callable[..., object]) -> None:
        self._see = see

    def __call__(self, *seen: Any) -> None:
        self._see(*seen)

    def __deepcopy__(self, _: object) -> Callable[..., object]:
        return getattr(*_NOTHING)  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, str]]:
        return getattr, _NOTHING
