"""Asking: requests to the trainer, one after the other, and the frames that come back."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial, wraps
from typing import Any

from msgspec.structs import replace
from textual.screen import Screen

from nnviz.errors import NnvizError
from nnviz.frame.frame import Frame, FrameUpdate, Parts, State
from nnviz.remote import messages as m
from nnviz.tui.link import Link
from nnviz.tui.panes.pane import TURNS, Pane
from nnviz.tui.panes.story import StoryPane
from nnviz.tui.panes.title import TitlePane
from nnviz.tui.turns import Turns, Work
from nnviz.wording import count, integer

FRAMES_PER_SECOND = 20
# Most answers take a moment, which needs no words; some take very long.
SILENCE_SECONDS, WORKING_SECONDS = 1.0, 3600.0
# So often it is looked for what another process has trained.
WATCHING_SECONDS = 0.5
# So long is seen what a trainer says once.
SAID_SECONDS = 10.0

Action = Callable[..., Coroutine[Any, Any, None]]


def in_turn(action: Action) -> Action:
    """An action that asks the trainer: it comes after those before it, and keeps no other key waiting."""

    @wraps(action)
    async def asked(self: "AskingScreen", *arguments: Any) -> None:
        await self._turns.take(partial(action, self, *arguments))

    return asked


class AskingScreen(Screen[None]):
    """A screen of panes that show what a trainer answers. A trainer that dies is told; what it showed last stays."""

    def __init__(self, link: Link, frame: Frame, panes: Sequence[Pane]) -> None:
        super().__init__()
        self._link, self.frame, self._panes = link, frame, panes
        self._pace = len(m.PACES) - 1
        self._dead = self._told_working = False
        self._tick = 0
        self._turns = Turns(self._do)

    def on_mount(self) -> None:
        """Show the first frame, and look again and again while training runs."""
        self._clock = self.set_interval(1 / FRAMES_PER_SECOND, self._look, pause=True)
        self._slow_clock = self.set_interval(WATCHING_SECONDS, self._look, pause=True)
        self._link.watch(self._hear_end)
        self._show(self.frame)

    # Turns

    async def _do(self, work: Work) -> None:
        """Have something done; if it takes long, that is said until it is over."""
        word = asyncio.get_running_loop().call_later(SILENCE_SECONDS, self._tell_working)
        try:
            if not self._link.is_closing:
                await work()
        except Exception as error:
            # No loop of Textual's waits for it.
            self.app._handle_exception(error)
        finally:
            word.cancel()
            if self._told_working and self.is_running:
                self._told_working = False
                self.app.clear_notifications()

    def _tell_working(self) -> None:
        # How far it is says more.
        if not self._link.is_told:
            self._told_working = True
            self.notify("The trainer is still at work on that. q leaves.", timeout=WORKING_SECONDS)

    def _hear_end(self) -> None:
        """The trainer has ended by itself: whoever asks it hears why."""
        if not self._dead:
            self.call_later(self._turns.take, partial(self._ask, m.Look()))

    # Frames

    async def _ask(self, request: m.Request) -> None:
        """Send a request and show the frame that comes back."""
        self.take(await self._answer(self._link.ask(request)))

    async def _answer(self, coming: "Awaitable[m.Answer]") -> "m.Answer | None":
        """What the trainer answers; None if it died instead, which the screen then says."""
        try:
            answer = await coming
        except NnvizError as failure:
            self._trainer_died(failure)
            return None
        # Who leaves wants to see nothing more.
        return None if self._link.is_closing else answer

    async def _look(self) -> None:
        """The frame clock: what is still awaited is not asked for twice."""
        if self._link.busy or self._dead:
            return
        if self._is_at_full_speed():
            self._tick = (self._tick + 1) % TURNS
            await self._glance(m.Look, [pane for pane in self._panes if self._tick in pane.turns])
            return
        answer = await self._answer(self._link.ask(m.Look()))
        # At a slow pace most looks see what the last one saw.
        if isinstance(answer, Frame) and _shown_of(answer) != _shown_of(self.frame):
            self._show(answer)

    async def _change(self, what: str, request: Callable[[Parts | None], m.Request]) -> None:
        """Send a request that changes one thing; at full speed, the panes that follow it show that at once."""
        if self._is_at_full_speed():
            await self._glance(request, [pane for pane in self._panes if what in pane.follows])
        else:
            await self._ask(request(None))

    async def _glance(self, request: Callable[[Parts | None], m.Request], panes: list[Pane]) -> None:
        """Send a request to a running trainer, and show some panes what they need of its answer."""
        panes = [pane for pane in panes if pane.display]
        parts = frozenset(part for pane in panes for part in pane.parts) - self._lasting()
        answer = await self._answer(self._link.ask(request(parts)))
        if isinstance(answer, Frame):  # training has stopped
            self._show(answer)
        elif isinstance(answer, FrameUpdate):
            # Other panes keep what they were shown: some parts of this frame are older than others.
            self.frame = answer.over(self.frame)
            for pane in panes:
                pane.show(self.frame)

    def _lasting(self) -> Parts:
        """What of the frame is dear to take and has not lasted long enough to be asked for again."""
        surface = self.frame.surface
        lasts = surface is not None and self.frame.moment.step < surface.steps + surface.lasts
        return frozenset({"surface"}) if lasts else frozenset()

    def take(self, answer: "m.Answer | None") -> None:
        """Show an answer that somebody else has asked for."""
        if isinstance(answer, Frame):
            self._show(answer)

    def _show(self, frame: Frame) -> None:
        """Show all panes a whole frame; what comes with it to be said is said once."""
        if frame.said is not None:
            self.notify(frame.said, timeout=SAID_SECONDS)
            frame = replace(frame, said=None)
        self.frame = frame
        follows = {self._clock: (State.RUNNING, State.REPLAYING), self._slow_clock: (State.WATCHING,)}
        for clock, states in follows.items():
            if frame.state in states:
                clock.resume()
            else:
                clock.pause()
        self._present()

    def _present(self) -> None:
        """Have the panes that are on screen draw the frame."""
        for pane in self._panes:
            if pane.display:
                pane.show(self.frame)

    @property
    def is_training(self) -> bool:
        """Whether the trainer is running, as far as this screen knows."""
        return self.frame.state is State.RUNNING

    def _is_at_full_speed(self) -> bool:
        return self.is_training and m.PACES[self._pace].per_second is None

    # The end of a trainer

    def _trainer_died(self, failure: NnvizError) -> None:
        self._dead = True
        self._clock.pause()
        self._slow_clock.pause()
        self.query_one(TitlePane).show_fault(str(failure))
        said = f"{failure}. What you see is the last frame. {self._way_on()}"
        self.query_one(StoryPane).show_fault(said[0].upper() + said[1:])
        if self.app.screen is not self:
            self.notify(said[0].upper() + said[1:], severity="error")
            # The palette has no notices; it shows what is behind it, but only when it paints.
            self.app.screen.refresh()

    def _way_on(self) -> str:
        """What there is to do when the trainer died."""
        step, lost = self._link.trainer.goes_on_from(), self.frame.moment.furthest
        if step is None:
            return "Press r to start again, q to leave."
        after = f"; {count(lost - step, 'step')} after it are lost" if lost > step else ""
        return f"Press r to go on from step {integer(step)}{after}. q leaves."


def _shown_of(frame: Frame) -> tuple[object, ...]:
    """What tells frames apart, unless a trainer was asked to change something."""
    return frame.state, frame.moment, frame.focus, frame.learning_rate
