"""Link: the screen's way to the trainer, which does not keep the screen waiting while the trainer is at work."""

import asyncio
from collections.abc import Callable

from nnviz.remote.client import AskableTrainer
from nnviz.remote.messages import Answer, Closing, Request, SetDown
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.runs.ending import Ending

# After that, a trainer that was told to hurry is not waited for any more.
ANSWER_SECONDS = 20.0


class Link:
    """Asks a trainer one thing at a time."""

    def __init__(self, trainer: AskableTrainer) -> None:
        self.trainer = trainer
        self._turn = asyncio.Lock()
        self._ended: Callable[[], None] = lambda: None
        self._hear: Callable[[OpeningProgress | None], None] = lambda _: None
        self.is_told = False
        self.is_closing = False

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._turn.locked()

    async def first(self, hear: Callable[[OpeningProgress], None]) -> Answer:
        """The trainer's first frame; until then, `hear` is told how far it is. Raises InputError, TrainerDiedError."""
        async with self._turn:
            while isinstance(said := await self._next(), OpeningProgress):
                hear(said)
            return said

    async def ask(self, request: Request) -> Answer:
        """The answer to a request, after those asked before. Raises TrainerDiedError, InputError."""
        async with self._turn:
            self.trainer.send(request)
            return await self._answer()

    def listen(self, hear: Callable[["OpeningProgress | None"], None]) -> None:
        """Have `hear` told how far it is what an answer waits for, where that takes long, and None when it is over.

        Until then `is_told` says so.
        """
        self._hear = hear

    async def _answer(self) -> Answer:
        try:
            while isinstance(said := await self._next(), OpeningProgress | Closing):
                if isinstance(said, OpeningProgress):
                    self.is_told = True
                    self._hear(said)
            return said
        finally:
            if self.is_told:
                self.is_told = False
                self._hear(None)

    def watch(self, ended: Callable[[], None]) -> None:
        """Have `ended` called when the trainer ends while nobody asks it; so with those that replace it."""
        self._ended = ended
        self.trainer.watch(ended)

    async def _next(self) -> "Answer | OpeningProgress":
        await self.trainer.has_spoken()
        return self.trainer.receive()

    async def start_again(self) -> Answer:
        """Replace a trainer that died by a new one of the same order, and wait for its first frame."""
        self.trainer.watch(None)
        self.trainer = self.trainer.again()
        self.trainer.watch(self._ended)
        return await self.first(lambda _: None)

    def hurry(self) -> None:
        """Have the trainer leave whatever evaluation goes on, because somebody wants out."""
        self.trainer.hurry()

    def abandon(self) -> asyncio.TimerHandle:
        """The same; what is answered even then too late, until what is returned is cancelled, ends the trainer."""
        self.hurry()
        return asyncio.get_running_loop().call_later(ANSWER_SECONDS, self.trainer.give_up)

    async def set_down(self) -> Answer:
        """Have the run kept and scored, after the answer that is awaited; its frame. Raises TrainerDiedError.

        Who calls `hurry` meanwhile does not wait for the scores, and who calls `stay` then does not leave.
        """
        self.is_closing = True
        limit = self.abandon()
        try:
            async with self._turn:
                self.trainer.send(SetDown())
                await self.trainer.has_spoken()
                # It has heard.
                limit.cancel()
                return await self._answer()
        finally:
            limit.cancel()

    def stay(self) -> None:
        """There is more to be asked after all."""
        self.is_closing = False

    async def close(self) -> Ending:
        """Have the run kept and the trainer ended, after the answer that is awaited; no evaluation is waited for."""
        self.is_closing = True
        limit = self.abandon()
        try:
            await self._turn.acquire()
        finally:
            limit.cancel()
        self.trainer.watch(None)
        try:
            return await asyncio.to_thread(self.trainer.close)
        finally:
            self._turn.release()
