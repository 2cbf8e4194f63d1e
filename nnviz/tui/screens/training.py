"""The screen on which a network is trained and watched."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial, wraps
from typing import Any, ClassVar

from msgspec.structs import replace
from rich.color import ColorSystem
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widgets import Static

from nnviz.errors import NnvizError
from nnviz.experiment import HIGHEST_RATE, LOWEST_RATE
from nnviz.frame.blame_view import BlameView
from nnviz.frame.focus import Quantity
from nnviz.frame.frame import Frame, FrameUpdate, Parts, State
from nnviz.frame.health_view import HealthView
from nnviz.frame.stages import Phase
from nnviz.frame.verification_view import VerificationView
from nnviz.remote import messages as m
from nnviz.tui.keys import KEYS
from nnviz.tui.layouts import SMALLEST, TABBED, TABS, Body, arrange
from nnviz.tui.lesson import Lesson
from nnviz.tui.link import Link
from nnviz.tui.panes.errors import ErrorsPane
from nnviz.tui.panes.example import ExamplePane
from nnviz.tui.panes.heatmap import HeatmapPane
from nnviz.tui.panes.inspector import InspectPane
from nnviz.tui.panes.key_line import KeyLine
from nnviz.tui.panes.loss import LossPane
from nnviz.tui.panes.network import NetworkPane
from nnviz.tui.panes.pane import TURNS, Pane
from nnviz.tui.panes.prediction import PredictionPane
from nnviz.tui.panes.rail import RailPane
from nnviz.tui.panes.story import StoryPane
from nnviz.tui.panes.tabs import TabsPane
from nnviz.tui.panes.title import TitlePane
from nnviz.tui.screens.pointing import PointingScreen
from nnviz.tui.themes import palette_for
from nnviz.tui.turns import Turns, Work
from nnviz.wording import count, integer, trimmed

FRAMES_PER_SECOND = 20
# Most answers take a moment, which needs no words; some take very long.
SILENCE_SECONDS, WORKING_SECONDS = 1.0, 3600.0
# So often it is looked for what another process has trained.
WATCHING_SECONDS = 0.5
# So long is seen what a trainer says once.
SAID_SECONDS = 10.0
# In the order of the tab key.
PANES: tuple[type[Pane], ...] = (
    TitlePane,
    RailPane,
    NetworkPane,
    ExamplePane,
    PredictionPane,
    ErrorsPane,
    LossPane,
    HeatmapPane,
    InspectPane,
    StoryPane,
)


def _in_turn(action: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Coroutine[Any, Any, None]]:
    """An action that asks the trainer: it comes after those before it, and keeps no other key waiting."""

    @wraps(action)
    async def asked(self: "TrainingScreen", *arguments: Any) -> None:
        await self._turns.take(partial(action, self, *arguments))

    return asked


class TrainingScreen(PointingScreen):
    """Keys become requests to the trainer; the frames that it answers with go to the panes."""

    CSS_PATH = "training.tcss"
    # Nothing of its own is to be seen; Textual asks for it at every paint.
    BLANK = True
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *KEYS,
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
    ]

    def __init__(self, link: Link, frame: Frame, colours: ColorSystem | None, lesson: Lesson | None = None) -> None:
        super().__init__()
        self._link = link
        self._colours = colours
        self.frame = frame
        self._lesson, self._taught = lesson, -1
        self._pace = len(m.PACES) - 1
        self._tab = TABBED[0]
        self._maximized: str | None = None
        self._dead = self._told_working = self._inspects = False
        self._tick = 0
        self._turns = Turns(self._do)
        self._panes = [pane() for pane in PANES]

    def compose(self) -> ComposeResult:
        title, rail, *framed = self._panes
        yield Static("", id="too-small")
        yield title
        yield rail
        with Body():
            yield TabsPane(TABS)
            yield from framed
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the first frame, and look again and again while training runs."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._recolour())
        self._recolour()
        self.query_one(TitlePane).show_pace(m.PACES[self._pace].words)
        self._clock = self.set_interval(1 / FRAMES_PER_SECOND, self._look, pause=True)
        self._slow_clock = self.set_interval(WATCHING_SECONDS, self._look, pause=True)
        self._link.watch(self._hear_end)
        self._show(self.frame)

    def _recolour(self) -> None:
        self._palette = palette_for(self.app.current_theme, self._colours)
        for pane in self._panes:
            pane.recolour(self._palette)
        self.query_one(TabsPane).recolour(self._palette)

    # Requests

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
        self._told_working = True
        self.notify("The trainer is still at work on that. q leaves.", timeout=WORKING_SECONDS)

    def _hear_end(self) -> None:
        """The trainer has ended by itself: whoever asks it hears why."""
        if not self._dead:
            self.call_later(self._turns.take, partial(self._ask, m.Look()))

    # Frames

    async def _ask(self, request: m.Request) -> None:
        """Send a request and show the frame that comes back."""
        answer = await self._answer(self._link.ask(request))
        if isinstance(answer, Frame):
            self._show(answer)

    async def _answer(self, coming: "Awaitable[m.Answer]") -> "m.Answer | None":
        """What the trainer answers; None if it died instead, which the screen then says."""
        try:
            return await coming
        except NnvizError as failure:
            self._trainer_died(failure)
            return None

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

    def _show(self, frame: Frame) -> None:
        """Show all panes a whole frame; what comes with it to be said is said once."""
        if frame.said is not None:
            self.notify(frame.said, timeout=SAID_SECONDS)
            frame = replace(frame, said=None)
        self.frame = frame
        if self._inspects != (frame.unit is not None):
            self._inspects = frame.unit is not None
            # Which shows the frame, too.
            self._place(self.size)
            return
        self._teach()
        for pane in self._panes:
            if pane.display:
                pane.show(frame)
        follows = {self._clock: (State.RUNNING, State.REPLAYING), self._slow_clock: (State.WATCHING,)}
        for clock, states in follows.items():
            if self.frame.state in states:
                clock.resume()
            else:
                clock.pause()

    def _teach(self) -> None:
        """Tell the passage of the lesson that has been come to, and bring its pane to the front; or end it."""
        if self._lesson is None:
            return
        self._lesson.hear(self.frame)
        story = self.query_one(StoryPane)
        if self._lesson.is_over:
            self._lesson = None
            story.show_lesson(None)
            return
        passage = self._lesson.passage
        story.show_lesson((self._lesson.title, passage.words(self.frame)))
        if self._taught != self._lesson.number:
            self._taught = self._lesson.number
            self._tab = passage.pane if passage.pane in TABBED else self._tab
            self.call_later(self._place, self.size)
            self.query_one(f"#{passage.pane}").focus()

    def _learn(self, key: str) -> bool:
        """Go on in the lesson by a key; say whether it was for that."""
        goes_on = self._lesson is not None and self._lesson.press(key)
        if goes_on:
            self._teach()
        return goes_on

    @property
    def is_training(self) -> bool:
        """Whether the trainer is running, as far as this screen knows."""
        return self.frame.state is State.RUNNING

    def _is_at_full_speed(self) -> bool:
        return self.is_training and m.PACES[self._pace].per_second is None

    def _trainer_died(self, failure: NnvizError) -> None:
        self._dead = True
        self._clock.pause()
        self._slow_clock.pause()
        self.query_one(TitlePane).show_fault(str(failure))
        if self._maximized is not None:
            self.action_maximize_pane()
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

    # Layout

    def on_resize(self, event: events.Resize) -> None:
        """Destination the panes anew."""
        self._place(event.size)

    def _place(self, size: Size) -> None:
        too_small = size.width < SMALLEST.width or size.height < SMALLEST.height
        self.set_class(too_small, "-too-small")
        if too_small:
            message = f"nnviz needs {SMALLEST.width}×{SMALLEST.height}, this is {size.width}×{size.height}"
            self.query_one("#too-small", Static).update(message)
            return
        body = Size(size.width, size.height - 3)
        example = self.frame.example
        outputs = min(len(example.target), 10)
        side = 0 if example.pixels is None else max(example.pixels.shape[:2])
        self.query_one(Body).place(arrange(body, outputs, side, self._tab, self._maximized, self._inspects))
        self.query_one(TabsPane).choose(self._tab)
        if not self._is_at_full_speed():
            self._show(self.frame)
        elif not self._dead:
            # Of what was not on screen, nothing was asked for.
            self.run_worker(self._ask(m.Look()))

    @on(TabsPane.Chosen)
    def _tab_clicked(self, event: TabsPane.Chosen) -> None:
        self.action_tab(event.tab)

    def action_tab(self, name: str) -> None:
        """Bring a pane to the front where only one fits, and give it the keys."""
        self._tab = name
        if self._maximized is not None:
            self._maximized = name
        self._place(self.size)
        self.query_one(f"#{name}").focus()
        if name == "inspect":
            self._open_inspector()

    def action_maximize_pane(self) -> None:
        """Let the focused pane (the network if none is) fill the screen, or go back to all of them."""
        focused = self.focused.id if isinstance(self.focused, Pane) else TABBED[0]
        self._maximized = None if self._maximized else focused
        self._place(self.size)

    # Training

    @_in_turn
    async def action_advance(self, goal: str) -> None:
        """Go on to a goal: in this training step, or, where it has passed here, in the next one."""
        before, stages = self.frame.moment, len(self.frame.stages)
        await self._ask(m.Advance(m.Goal(goal)))
        if goal in ("loss", "backward") and 0 < before.done < stages and self.frame.moment.step == before.step + 1:
            self.notify(
                f"training step {integer(before.step + 1)} was finished first: its update has landed", timeout=3
            )

    def action_copy(self) -> None:
        """Copy what the heatmap reads out."""
        told = self.query_one(HeatmapPane).readout()
        if told is not None:
            self.app.copy_to_clipboard(told)
            self.notify(f"copied: {told}", timeout=2)

    @_in_turn
    async def action_step_or_go(self) -> None:
        """A training step; or more of the chain rule, or to the cursor of the loss curve, where that has the focus."""
        if self._learn("enter") or await self._points("enter"):
            return
        place = self.focused.chosen if isinstance(self.focused, LossPane) else None
        await self._ask(m.Advance(m.Goal.STEP) if place is None else m.GoTo(place))

    @_in_turn
    async def action_onward(self) -> None:
        """A stage on; or the cursor, where a pane that has one has the focus."""
        if not await self._points("across", 1):
            await self._ask(m.Advance(m.Goal.STAGE))

    @_in_turn
    async def action_back(self, place: str) -> None:
        """A stage or a training step back."""
        await self._go_back(m.Destination(place))

    @_in_turn
    async def action_fold_or_back(self) -> None:
        """A training step back; or less of the chain rule, where the inspector has the focus."""
        if not await self._points("fold"):
            await self._go_back(m.Destination.STEP_BACK)

    @_in_turn
    async def action_backward(self) -> None:
        """A stage back; or the cursor, where a pane that has one has the focus."""
        if not await self._points("across", -1):
            await self._go_back(m.Destination.STAGE_BACK)

    async def _go_back(self, place: m.Destination) -> None:
        before = self.frame.moment
        await self._ask(m.GoTo(place))
        if self.frame.moment == before and not before.step and not before.done:
            self.notify("this is the beginning of the run", timeout=2)

    def action_go_to(self) -> None:
        """Ask where to, and go there."""
        from nnviz.tui.screens.go_to import GoToScreen

        moment = self.frame.moment
        self.app.push_screen(GoToScreen(moment.furthest, moment.batches), self._go_to)

    @_in_turn
    async def _go_to(self, place: m.Destination | int | None) -> None:
        if place is not None:
            await self._ask(m.GoTo(place))

    @_in_turn
    async def action_health(self) -> None:
        """What each layer does, and what the rules of health say."""
        from nnviz.tui.screens.health import HealthScreen

        view = await self._health()
        if view is not None:
            self.app.push_screen(HealthScreen(view, self._palette, self._health))

    async def _health(self) -> HealthView | None:
        answer = None if self._dead else await self._answer(self._link.ask(m.Health()))
        return answer if isinstance(answer, HealthView) else None

    @_in_turn
    async def action_branches(self) -> None:
        """List what has become of the run in its branches, and do what is chosen there."""
        from nnviz.tui.screens.branches import BranchesScreen

        answer = await self._answer(self._link.ask(m.ListBranches()))
        if isinstance(answer, m.BranchList):
            self.app.push_screen(BranchesScreen(answer.branches), self._ask_of_branch)

    @_in_turn
    async def _ask_of_branch(self, request: m.Visit | m.LayOver | None) -> None:
        if request is not None:
            await self._ask(request)

    @_in_turn
    async def action_stay(self) -> None:
        """Leave the way to another moment, and go back to where it began; or leave the cursor of the loss curve."""
        if self.frame.state is State.REPLAYING:
            await self._ask(m.Stay())
        elif self._lesson is not None:
            self._lesson.leave()
            self._teach()
        else:
            await self._points("leave")

    @_in_turn
    async def action_play(self) -> None:
        """Train on at the chosen pace, or pause."""
        await self._ask(m.Pause() if self.is_training else m.Run(m.PACES[self._pace]))

    @_in_turn
    async def action_pace(self, change: int) -> None:
        """Slower or faster; a training that runs goes on at the new pace."""
        self._pace = min(max(self._pace + change, 0), len(m.PACES) - 1)
        words = m.PACES[self._pace].words
        self.query_one(TitlePane).show_pace(words)
        if self.is_training:
            await self._ask(m.Run(m.PACES[self._pace]))
        else:
            self.notify(f"space will run at {words}", timeout=2)

    @_in_turn
    async def action_rate(self, direction: int) -> None:
        """The next learning rate of 1, 2, 5, 10, …, up or down."""
        rate = next_rate(self.frame.learning_rate, direction)
        if rate == self.frame.learning_rate:
            self.notify(f"the learning rate ends at {trimmed(rate)}", timeout=2)
            return
        await self._change("learning_rate", partial(m.Change, rate))
        if self.frame.moment.is_back:
            self.notify("the next step with it begins a branch; what was is kept (B)", timeout=5)

    @_in_turn
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

    @_in_turn
    async def action_reseed(self) -> None:
        """From other initial weights."""
        await self._ask(m.Reseed())

    # Looking

    @_in_turn
    async def action_example(self, change: int) -> None:
        """The example before or after this one in the batch."""
        focus = self.frame.focus
        await self._change("example", partial(m.SetFocus, replace(focus, example=focus.example + change)))

    @_in_turn
    async def action_worst(self) -> None:
        """The example of the batch with the highest loss, which takes the end of the forward pass to know."""
        if self.frame.worst is None:
            await self._ask(m.Advance(m.Goal.LOSS))
        if self.frame.worst is not None:
            focus = self.frame.focus
            await self._change("example", partial(m.SetFocus, replace(focus, example=self.frame.worst)))

    @_in_turn
    async def action_block(self, change: int) -> None:
        """The layer before or after this one."""
        focus = self.frame.focus
        await self._change("block", partial(m.SetFocus, replace(focus, block=focus.block + change)))

    @_in_turn
    async def action_quantity(self) -> None:
        """The next thing that the heatmap can show."""
        focus = self.frame.focus
        quantities = list(Quantity)
        following = quantities[(quantities.index(focus.quantity) + 1) % len(quantities)]
        await self._change("quantity", partial(m.SetFocus, replace(focus, quantity=following)))

    def action_lock(self) -> None:
        """Keep the heatmap's scale as it is, or let it follow the numbers."""
        self.query_one(HeatmapPane).toggle_lock()

    @_in_turn
    async def action_test(self) -> None:
        """Score the network on examples that it never trained on."""
        from nnviz.tui.screens.test import TestScreen

        answer = await self._answer(self._link.ask(m.Test()))
        if isinstance(answer, m.TestReport):
            self.app.push_screen(TestScreen(answer, self._palette))
        self._learn("t")

    @_in_turn
    async def action_blame(self) -> None:
        """Which weights are to blame, which takes backprop to know."""
        from nnviz.tui.screens.blame import BlameScreen, first_asked

        await self._have_gradients()
        asked = first_asked(self.frame.focus)
        view = await self._blamed(asked)
        if view is not None:
            blocks = 1 + max(layer.block for layer in self.frame.layers)
            self.app.push_screen(BlameScreen(asked, view, blocks, self._blamed, self._palette))

    async def _blamed(self, asked: m.Blame) -> BlameView | None:
        answer = await self._answer(self._link.ask(asked))
        return answer if isinstance(answer, BlameView) else None

    @_in_turn
    async def action_verify(self) -> None:
        """Whether the gradients are true, which takes backprop to know."""
        from nnviz.tui.screens.verification import VerificationScreen

        await self._have_gradients()
        asked = m.Verify(self.frame.focus.block, self.query_one(HeatmapPane).chosen_weights())
        view = await self._verified(asked)
        if view is not None:
            await self._ask(m.Look())
            self.app.push_screen(VerificationScreen(view, self._verified), self._stop_verification)

    async def _verified(self, asked: m.Verify | m.LookAtVerification) -> VerificationView | None:
        answer = await self._answer(self._link.ask(asked))
        return answer if isinstance(answer, VerificationView) else None

    @_in_turn
    async def _stop_verification(self, _: None) -> None:
        await self._ask(m.Pause())

    async def _have_gradients(self) -> None:
        if not self.frame.has_reached(Phase.BACKWARD):
            await self._ask(m.Advance(m.Goal.BACKWARD))

    def action_help(self) -> None:
        """All keys, how the data were read, and the words of the screen."""
        from nnviz.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.frame.title.caveats))

    def action_picture(self) -> None:
        """Keep what the screen shows as an SVG file."""
        self.app.deliver_screenshot()


def _shown_of(frame: Frame) -> tuple[object, ...]:
    """What tells frames apart, unless a trainer was asked to change something."""
    return frame.state, frame.moment, frame.focus, frame.learning_rate


def next_rate(rate: float, direction: int) -> float:
    """The next of …, 0.1, 0.2, 0.5, 1, 2, … above (+1) or below (−1) `rate`; at the end of all rates, the same."""
    exponent = math.floor(math.log10(rate))
    steps = [float(f"{factor}e{power}") for power in range(exponent - 1, exponent + 2) for factor in (1, 2, 5)]
    if direction > 0:
        return min(next(step for step in steps if step > rate * 1.001), max(rate, HIGHEST_RATE))
    return max(next(step for step in reversed(steps) if step < rate * 0.999), min(rate, LOWEST_RATE))
