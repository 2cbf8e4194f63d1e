"""The visualizer: a Textual app around a trainer that is asked and answers.

Only what the first paint needs is imported here; the panes, with NumPy and plotext behind them, come after it.
"""

import asyncio
import gc
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.color import ColorSystem
from textual import on
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from nnviz.errors import NnvizError
from nnviz.remote.client import KEEPING_SECONDS, AskableTrainer
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.tui.keys import KEYS
from nnviz.tui.link import Link
from nnviz.tui.screens.opening import OpeningScreen
from nnviz.tui.terminal_app import TerminalApp
from nnviz.wording import whole_percent

if TYPE_CHECKING:
    from nnviz.remote.messages import Answer
    from nnviz.tui.screens.training import TrainingScreen

# To keep a run takes a moment, which needs no words.
SILENCE_SECONDS = 0.3


class NnvizApp(TerminalApp[None]):
    """Opens on a light screen, and goes on to the training screen when the first frame is there."""

    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        # While it is told how far the scores are.
        Binding("escape", "stay_here", "stay", show=False, id="app.stay", priority=True),
    ]

    def __init__(
        self,
        trainer: AskableTrainer,
        source: str,
        light: bool = False,
        system: ColorSystem | None = None,
        lesson: bool = False,
    ) -> None:
        """Draw with the colours of `system`, or with those that the terminal has; begin with the lesson if asked."""
        super().__init__(light, system)
        self.link = Link(trainer)
        self.failure: NnvizError | None = None
        self.ready = asyncio.Event()
        self._source, self._lesson = source, lesson
        self._leaving: asyncio.Task[None] | None = None
        self._stays = False
        self._training_screen: TrainingScreen | None = None

    def get_default_screen(self) -> Screen[Any]:
        """What is painted first."""
        return OpeningScreen(self._source)

    @on(OpeningScreen.Painted)
    def _painted(self) -> None:
        """Everything heavy comes after the first paint."""
        self.run_worker(self._open(), exit_on_error=True)

    def give_up(self) -> None:
        if self._leaving is None:
            # What awaits an answer holds up the end.
            self.link.abandon()

    async def _open(self) -> None:
        # While the trainer does the same in its own process.
        from nnviz.frame.frame import Frame
        from nnviz.tui.lesson import Lesson
        from nnviz.tui.screens.training import TrainingScreen

        try:
            frame = await self.link.first(self._hear)
        except NnvizError as failure:
            self.failure = failure
            self.exit()
            return
        if isinstance(frame, Frame):
            opening = self.screen
            lesson = Lesson() if self._lesson else None
            self._training_screen = TrainingScreen(self.link, frame, self.colours, lesson)
            await self.push_screen(self._training_screen)
            for key in opening.pressed if isinstance(opening, OpeningScreen) else ():
                self.simulate_key(key)
            _tame_garbage_collection()
            self.link.listen(self._hear_scores)
            self.ready.set()

    def _hear_scores(self, progress: OpeningProgress | None) -> None:
        if progress is None:
            self.clear_notifications()
            return
        ways = "escape stays, q leaves the scores out" if self.is_leaving else "escape stays"
        done = whole_percent(progress.share)
        self.notify(f"Scores of what was trained: {done} done. {ways[0].upper()}{ways[1:]}.", timeout=KEEPING_SECONDS)

    def _hear(self, opening: OpeningProgress) -> None:
        if isinstance(self.screen, OpeningScreen):
            self.screen.show(opening)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every key of the training screen as a command, and what Textual has of its own."""
        yield from super().get_system_commands(screen)
        for binding in KEYS:
            run = partial(screen.run_action, binding.action)
            yield SystemCommand(
                f"{binding.description} ({binding.key_display or binding.key})", binding.tooltip or "", run
            )

    @property
    def training(self) -> bool:
        """Whether a training screen is there and its trainer is running."""
        return any(getattr(screen, "is_training", False) for screen in self.screen_stack)

    @property
    def is_leaving(self) -> bool:
        """Whether it has been asked to end."""
        return self._leaving is not None

    def leave(self) -> None:
        """Have the run kept, then end, whatever is still to be answered. Who asks again does not wait for scores."""
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave())
        else:
            self.link.hurry()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where nothing is to be left, escape is for others."""
        return self.link.is_told if action == "stay_here" else super().check_action(action, parameters)

    def action_stay_here(self) -> None:
        """Rather stay than wait for scores: all is as it was."""
        self._stays = True
        self.link.hurry()

    async def _leave(self) -> None:
        word = asyncio.get_running_loop().call_later(SILENCE_SECONDS, self._tell_keeping)
        self._stays = False
        try:
            if self.ready.is_set():
                if await self._stays_after_all():
                    return
                await self.link.close()
        except Exception as error:
            self._handle_exception(error)
        finally:
            word.cancel()
            if not self._stays:
                self.exit()

    async def _stays_after_all(self) -> bool:
        """Have the run kept and scored; whether somebody would rather stay meanwhile."""
        answer: Answer | None = None
        with suppress(NnvizError):
            answer = await self.link.set_down()
        if self._stays:
            self._leaving = None
            self.link.stay()
            if self._training_screen is not None:
                self._training_screen.take(answer)
        return self._stays

    def _tell_keeping(self) -> None:
        # How far it is says more.
        if not self.link.is_told:
            self.notify("The run is being kept and scored. q again leaves the scores out.", timeout=KEEPING_SECONDS)


def _tame_garbage_collection() -> None:
    """Leave what was loaded so far out of the collections: one over everything stops the screen for 20 ms and more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


class Shown(NamedTuple):
    """How a screen ended.

    trainer    the one that it was at in the end, which is still to be closed where the screen did not come to it
    signalled  whether a signal has asked for it
    fault      what it failed with, if it did
    """

    trainer: AskableTrainer
    signalled: bool
    fault: BaseException | None


def visualize(
    trainer: AskableTrainer, title: str, mouse: bool = True, light: bool = False, lesson: bool = False
) -> Shown:
    """Show a trainer until the user leaves. Raises NnvizError if it never began."""
    app = NnvizApp(trainer, title, light, lesson=lesson)
    try:
        app.run(mouse=mouse)
        if app.failure is not None:
            raise app.failure
    except NnvizError:
        app.link.trainer.close()
        raise
    except Exception as error:
        app.fault = app.fault or error
    return Shown(app.link.trainer, app.signalled, app.fault)
