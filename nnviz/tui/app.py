"""The visualizer: a Textual app around a trainer that is asked and answers.

Only what the first paint needs is imported here; the panes, with NumPy and plotext behind them, come after it.
"""

import asyncio
import gc
import os

# Textual waits up to a frame's time before it paints; a key is to be answered within a few milliseconds.
os.environ.setdefault("TEXTUAL_FPS", "1000")

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from rich.color import ColorSystem
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from nnviz.errors import NnvizError
from nnviz.remote.client import AskableTrainer
from nnviz.remote.messages import Summary
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.tui.driver import PromptDriver
from nnviz.tui.keys import KEYS
from nnviz.tui.link import Link
from nnviz.tui.screens.opening import OpeningScreen
from nnviz.tui.themes import DARK_NAME, LIGHT_NAME, system_of, themes
from nnviz.wording import cut, printable

# Of a message: its lines, and the cells that border, padding and the ends of wrapped lines take from each.
NOTICE_LINES, MARGINS = 2, 14


class NnvizApp(App[Summary | None]):
    """Opens on a light screen, and goes on to the training screen when the first frame is there."""

    TITLE = "nnviz"
    ENABLE_COMMAND_PALETTE = True
    CSS = f"""
    ToastRack {{ margin-bottom: 0; }}
    Toast {{ width: auto; max-width: 100%; max-height: {NOTICE_LINES}; margin-top: 0; padding: 0 1; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "quit", show=False, id="app.leave"),
        Binding("ctrl+c", "leave", "quit", show=False, id="app.interrupt"),
    ]

    def __init__(
        self, trainer: AskableTrainer, source: str, light: bool = False, system: ColorSystem | None = None
    ) -> None:
        """Draw with the colours of `system`, or with those that the terminal has."""
        # Textual looks for the name of another driver in the environment, as in a browser.
        super().__init__(driver_class=None if "TEXTUAL_DRIVER" in os.environ else PromptDriver)
        self.link = Link(trainer)
        self.failure: NnvizError | None = None
        self.ready = asyncio.Event()
        self._source = source
        self._leaving = False
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

    async def _open(self) -> None:
        # While the trainer does the same in its own process.
        from nnviz.training.frame import Frame
        from nnviz.tui.screens.training import TrainingScreen

        try:
            frame = await self.link.first(self._hear)
        except NnvizError as failure:
            self.failure = failure
            self.exit(None)
            return
        if isinstance(frame, Frame):
            opening = self.screen
            await self.push_screen(TrainingScreen(self.link, frame, self.colours))
            for key in opening.pressed if isinstance(opening, OpeningScreen) else ():
                self.simulate_key(key)
            _tame_garbage_collection()
            self.ready.set()

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

    @property
    def training(self) -> bool:
        """Whether a training screen is there and its trainer is running."""
        return any(getattr(screen, "is_training", False) for screen in self.screen_stack)

    async def action_leave(self) -> None:
        """Have the run kept, then end."""
        if self._leaving:
            return
        self._leaving = True
        self.exit(await self.link.close() if self.ready.is_set() else None)


def _tame_garbage_collection() -> None:
    """Leave what was loaded so far out of the collections: one over everything stops the screen for 20 ms and more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def visualize(trainer: AskableTrainer, title: str, mouse: bool = True, light: bool = False) -> Summary | None:
    """Show a trainer until the user leaves; returns how the run ended. Raises NnvizError if it never began."""
    app = NnvizApp(trainer, title, light)
    try:
        summary = app.run(mouse=mouse)
    finally:
        # However the screen ended, no trainer must outlive it.
        app.link.trainer.close()
    if app.failure is not None:
        raise app.failure
    return summary
