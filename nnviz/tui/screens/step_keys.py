"""The keys that move the training: on, back, at which pace and rate, and from the beginning again."""

import math
from functools import partial

from nnviz.experiment import HIGHEST_RATE, LOWEST_RATE
from nnviz.frame.frame import Frame, State
from nnviz.remote import messages as m
from nnviz.tui.panes.loss import LossPane
from nnviz.tui.panes.story import StoryPane
from nnviz.tui.panes.title import TitlePane
from nnviz.tui.screens.asking import in_turn
from nnviz.tui.screens.teaching import TeachingScreen
from nnviz.wording import integer, trimmed


class StepKeys(TeachingScreen):
    """Actions that become requests about the training."""

    @in_turn
    async def action_advance(self, goal: str) -> None:
        """Go on to a goal: in this training step, or, where it has passed here, in the next one."""
        before, stages = self.frame.moment, len(self.frame.stages)
        await self._ask(m.Advance(m.Goal(goal)))
        if goal in ("loss", "backward") and 0 < before.done < stages and self.frame.moment.step == before.step + 1:
            self.notify(
                f"training step {integer(before.step + 1)} was finished first: its update has landed", timeout=3
            )

    @in_turn
    async def action_step_or_go(self) -> None:
        """A training step; or more of the chain rule, or to the cursor of the loss curve, where that has the focus."""
        if self._learn("enter") or await self._points("enter"):
            return
        place = self.focused.chosen if isinstance(self.focused, LossPane) else None
        await self._ask(m.Advance(m.Goal.STEP) if place is None else m.GoTo(place))

    @in_turn
    async def action_onward(self) -> None:
        """A stage on; or the cursor, where a pane that has one has the focus."""
        if not await self._points("across", 1):
            await self._ask(m.Advance(m.Goal.STAGE))

    @in_turn
    async def action_back(self, place: str) -> None:
        """A stage or a training step back."""
        await self._go_back(m.Destination(place))

    @in_turn
    async def action_fold_or_back(self) -> None:
        """A training step back; or less of the chain rule, where the inspector has the focus."""
        if not await self._points("fold"):
            await self._go_back(m.Destination.STEP_BACK)

    @in_turn
    async def action_backward(self) -> None:
        """A stage back; or the cursor, where a pane that has one has the focus."""
        if not await self._points("across", -1):
            await self._go_back(m.Destination.STAGE_BACK)

    async def _go_back(self, place: m.Destination) -> None:
        before = self.frame.moment
        await self._ask(m.GoTo(place))
        if self.frame.moment == before and not before.step and not before.done:
            self.notify("this is the beginning of the run", timeout=2)

    @in_turn
    async def action_stay(self) -> None:
        """Leave the way to another moment, and go back to where it began; a test example, the lesson, or a cursor."""
        if self.frame.state is State.REPLAYING or self.frame.examined is not None:
            await self._ask(m.Stay())
        elif not self._leave_lesson():
            await self._points("leave")

    @in_turn
    async def action_play(self) -> None:
        """Train on at the chosen pace, or pause."""
        await self._ask(m.Pause() if self.is_training else m.Run(m.PACES[self._pace]))

    @in_turn
    async def action_pace(self, change: int) -> None:
        """Slower or faster; a training that runs goes on at the new pace."""
        if self.frame.title.is_watched:
            self.notify("the pace of this training is its own: n and enter go on step by step", timeout=4)
            return
        self._pace = min(max(self._pace + change, 0), len(m.PACES) - 1)
        words = m.PACES[self._pace].words
        self.query_one(TitlePane).show_pace(words)
        if self.is_training:
            await self._ask(m.Run(m.PACES[self._pace]))
        else:
            self.notify(f"space will run at {words}", timeout=2)

    @in_turn
    async def action_rate(self, direction: int) -> None:
        """The next learning rate of 1, 2, 5, 10, …, up or down."""
        if not 0 < self.frame.learning_rate < math.inf:
            self.notify("this learning rate has no next one: it is 0, or not a number", timeout=4)
            return
        rate = next_rate(self.frame.learning_rate, direction)
        if rate == self.frame.learning_rate:
            self.notify(f"the learning rate ends at {trimmed(rate)}", timeout=2)
            return
        await self._change("learning_rate", partial(m.Change, rate))
        if self.frame.moment.is_back and self.frame.learning_rate == rate:
            self.notify("the next step with it begins a branch; what was is kept (B)", timeout=5)

    @in_turn
    async def action_restart(self) -> None:
        """From the same weights again; or, if the trainer died, with a new one."""
        if not self._dead:
            await self._ask(m.Restart())
            return
        self._dead = False
        self.query_one(TitlePane).show_fault(None)
        self.query_one(StoryPane).show_fault(None)
        answer = await self._answer(self._link.start_again())
        if isinstance(answer, Frame):
            self._show(answer)

    @in_turn
    async def action_reseed(self) -> None:
        """From other initial weights."""
        await self._ask(m.Reseed())


def next_rate(rate: float, direction: int) -> float:
    """The next of …, 0.1, 0.2, 0.5, 1, 2, … above (+1) or below (−1) `rate`; at the end of all rates, the same."""
    exponent = math.floor(math.log10(rate))
    steps = [float(f"{factor}e{power}") for power in range(exponent - 1, exponent + 2) for factor in (1, 2, 5)]
    if direction > 0:
        return min(next(step for step in steps if step > rate * 1.001), max(rate, HIGHEST_RATE))
    return max(next(step for step in reversed(steps) if step < rate * 0.999), min(rate, LOWEST_RATE))
