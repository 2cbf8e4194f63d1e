"""The visualizer: a Textual app around a trainer that is asked and answers.

Only what the first paint needs is imported here; the panes, with NumPy and plotext behind them, come after it.
"""

import asyncio
import gc
import os
import signal

# Textual waits up to a frame's time before it paints; a key is to be answered within a few milliseconds.
os.environ.setdefault("TEXTUAL_FPS", "1000")

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.color import ColorSystem
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen
from textual.worker import WorkerFailed

from nnviz.errors import NnvizError
from nnviz.outside_text import cut, printable
from nnviz.remote.client import KEEPING_SECONDS, AskableTrainer
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.tui.driver import PromptDriver
from nnviz.tui.keys import KEYS
from nnviz.tui.link import Link
from nnviz.tui.screens.opening import OpeningScreen
from nnviz.tui.themes import DARK_NAME, LIGHT_NAME, system_of, themes
from nnviz.whole_file import write_whole
from nnviz.wording import whole_percent

if TYPE_CHECKING:
    from nnviz.remote.messages import Answer
    from nnviz.tui.screens.training import TrainingScreen

# Of a message: its lines, and the cells that border, padding and the ends of wrapped lines take from each.
NOTICE_LINES, MARGINS = 2, 14

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What a server that shows the screen in a browser puts into the environment.
WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
# To keep a run takes a moment, which needs no words.
SILENCE_SECONDS = 0.3


class NnvizApp(App[None]):
    """Opens on a light screen, and goes on to the training screen when the first frame is there."""

    TITLE = "nnviz"
    ENABLE_COMMAND_PALETTE = True
    CSS = f"""
    ToastRack {{ margin-bottom: 0; }}
    Toast {{ width: auto; max-width: 100%; max-height: {NOTICE_LINES}; margin-top: 0; padding: 0 1; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # Also where a page covers the screen, and where something is typed.
        Binding("ctrl+q", "quit", "quit", show=False, id="app.leave", priority=True),
        Binding("ctrl+c", "quit", "quit", show=False, id="app.interrupt", priority=True),
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
        super().__init__(driver_class=_driver())
        self.link = Link(trainer)
        self.failure: NnvizError | None = None
        self.fault: BaseException | None = None
        self.ready = asyncio.Event()
        self.signalled = False
        self._source, self._lesson = source, lesson
        self._leaving: asyncio.Task[None] | None = None
        self._stays = False
        self._training_screen: TrainingScreen | None = None
        self.colours = None if self.no_color else system or system_of(self.console)
        for theme in themes(self.colours):
            self.register_theme(theme)
        self.theme = LIGHT_NAME if light else DARK_NAME

    def get_default_screen(self) -> Screen[Any]:
        """What is painted first."""
        return OpeningScreen(self._source)

    @on(OpeningScreen.Painted)
    def _painted(self) -> None:
        """Everything heavy comes after the first paint."""
        self.run_worker(self._open(), exit_on_error=True)

    def on_mount(self) -> None:
        """A signal that asks to end is a way to leave; what fails outside of Textual's own loops is a fault as well."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self._handle_stray(context))
        for number in ASKING:
            # One that is ignored from the start, as nohup has it, stays so.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._signalled)

    def _handle_stray(self, context: dict[str, Any]) -> None:
        # What comes too late for a screen that ends harms nobody.
        if isinstance(error := context.get("exception"), Exception) and not self._exit:
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """End because of a fault. Textual's own method would print all that it knows of it, and the exit code is 0."""
        self._return_code = 1
        if self._exception is None:
            self.fault = error.error if isinstance(error, WorkerFailed) else error
            self._exception = self.fault if isinstance(self.fault, Exception) else error
            self._exception_event.set()
            if self._leaving is None:
                # What awaits an answer holds up the end.
                self.link.abandon()
        self._close_messages_no_wait()

    async def _shutdown(self) -> None:
        # Textual's palette looks for commands as long as it is there, and fails where its list is gone before it.
        self.workers.cancel_all()
        await super()._shutdown()

    def _signalled(self) -> None:
        self.signalled = True
        self.leave()

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

    def notify(self, message: str, **options: Any) -> None:
        """Show a message for a while, instead of the last one. What it names is text, and no markup.

        It stands in the line of the keys, and reaches up to the border above them: no sentence is ever below it.
        """
        self.clear_notifications()
        room = NOTICE_LINES * max(self.size.width - MARGINS, 1)
        super().notify(cut(printable(message), room), **{**options, "markup": False})

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every key of the training screen as a command, and what Textual has of its own."""
        yield from super().get_system_commands(screen)
        for binding in KEYS:
            run = partial(screen.run_action, binding.action)
            yield SystemCommand(
                f"{binding.description} ({binding.key_display or binding.key})", binding.tooltip or "", run
            )

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Keep the screen as an SVG file in the working directory, and say where, or why not; a browser gets it."""
        filename = filename or f"nnviz-{datetime.now():%Y-%m-%d-%H%M%S}.svg"
        if self.is_web:
            return super().deliver_screenshot(filename, path, time_format)
        try:
            file = Path(path or os.getcwd()) / filename
            write_whole(file, self.export_screenshot().encode())
        except OSError as error:
            self.notify(f"no picture: {filename} cannot be written here ({error.strerror})", severity="error")
        else:
            self.notify(f"kept as {file}", timeout=4)
        return None

    @property
    def training(self) -> bool:
        """Whether a training screen is there and its trainer is running."""
        return any(getattr(screen, "is_training", False) for screen in self.screen_stack)

    @property
    def is_leaving(self) -> bool:
        """Whether it has been asked to end."""
        return self._leaving is not None

    async def action_quit(self) -> None:
        """Have the run kept, then end. Who asks again does not wait for scores."""
        self.leave()

    def leave(self) -> None:
        """The same, at once: whatever is still to be answered, or whoever asks."""
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


def _driver() -> type[Driver] | None:
    """The driver of the screen; None for one that the environment names, which Textual then looks for."""
    named = os.environ.get("TEXTUAL_DRIVER")
    if named is None:
        return PromptDriver
    if named != WEB_DRIVER:
        return None
    from nnviz.tui.served_driver import ServedDriver

    return ServedDriver


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
