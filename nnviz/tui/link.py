"""Link: the screen's way to the trainer, which never makes the screen wait."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from nnviz.remote.client import AskableTrainer, Hear, nobody
from nnviz.remote.messages import Answer, Request, Summary
from nnviz.remote.opening import Opening


class Link:
    """Asks a trainer one thing at a time, in a thread that does nothing else."""

    def __init__(self, trainer: AskableTrainer) -> None:
        self.trainer = trainer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="link")
        self._pending = 0

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._pending > 0

    async def first(self, hear: Hear = nobody) -> Answer:
        """The trainer's first frame; until then, `hear` is told how far it is. Raises InputError, TrainerDiedError."""
        loop = asyncio.get_running_loop()

        def pass_on(opening: Opening) -> None:
            loop.call_soon_threadsafe(hear, opening)

        return await loop.run_in_executor(self._thread, self.trainer.first, pass_on)

    async def ask(self, request: Request) -> Answer:
        """The answer to a request, after those asked before. Raises TrainerDiedError."""
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self.trainer.ask, request)
        finally:
            self._pending -= 1

    async def start_again(self) -> Answer:
        """Replace a trainer that died by a new one of the same order, and wait for its first frame."""
        self.trainer = self.trainer.again()
        return await self.first()

    async def close(self) -> Summary | None:
        """Have the run kept and the trainer ended."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.trainer.close)
