"""Turns: what keys ask of a trainer, one thing after the other and never in the way of the next key."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

# Whoever has something done waits so long for it. Nearly all is done by then, and the next key acts on what it brought.
WAITING_SECONDS = 0.25


class Turns:
    """Has one thing after the other done by `do`, in the order in which they came."""

    def __init__(self, do: Callable[[Work], Coroutine[Any, Any, None]]) -> None:
        self._do = do
        self._last: asyncio.Task[None] | None = None

    async def take(self, work: Work) -> None:
        """Do this after what came before. Returns when it is done; sooner if it takes long, or has to wait."""
        before = self._last if self._last is not None and not self._last.done() else None
        self._last = asyncio.create_task(self._after(before, work))
        if before is None:
            await asyncio.wait({self._last}, timeout=WAITING_SECONDS)

    async def _after(self, before: "asyncio.Task[None] | None", work: Work) -> None:
        if before is not None:
            await asyncio.wait({before})
        await self._do(work)
