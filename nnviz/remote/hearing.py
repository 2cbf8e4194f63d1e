"""Hearing, on an event loop, of a connection whose other side says nothing without having been asked."""

from collections.abc import Callable


class Hearing:
    """When the other side speaks, and when it ends while nobody waits for what it says."""

    def __init__(self, descriptor: Callable[[], int]) -> None:
        """`descriptor` is the connection's, a negative number when that is closed."""
        self._descriptor = descriptor
        self._ended: Callable[[], None] | None = None

    async def has_spoken(self) -> None:
        """Wait until there is something to receive, or the end."""
        if (descriptor := self._descriptor()) < 0:
            return
        # It takes longer to import than all that is needed to start the trainer's process.
        import asyncio

        loop, speaks = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(descriptor, speaks.set)
        try:
            await speaks.wait()
        finally:
            # The connection may have been closed by now.
            loop.remove_reader(descriptor)
            self._listen()

    def watch(self, ended: Callable[[], None] | None) -> None:
        """Have this called once, when the connection ends while nobody waits; or no more."""
        self._ended = ended
        self._listen()

    def _listen(self) -> None:
        if (descriptor := self._descriptor()) < 0:
            return
        import asyncio

        loop = asyncio.get_running_loop()
        if self._ended is None:
            loop.remove_reader(descriptor)
        else:
            loop.add_reader(descriptor, self._hear_end)

    def _hear_end(self) -> None:
        ended = self._ended
        self.watch(None)
        if ended is not None:
            ended()
