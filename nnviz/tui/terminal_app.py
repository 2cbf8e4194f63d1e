"""TerminalApp: what every app of nnviz has in common: its colours, its messages, pictures of it, and ways to leave."""

import asyncio
import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from rich.color import ColorSystem
from textual._context import active_message_pump
from textual.app import App, ReturnType
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.driver import Driver
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.timer import Timer, TimerCallback
from textual.worker import WorkerFailed

from nnviz.outside_text import cut, printable
from nnviz.tui.driver import PromptDriver
from nnviz.tui.stylesheet import ParsedOnce
from nnviz.tui.themes import DARK_NAME, LIGHT_NAME, system_of, themes
from nnviz.whole_file import write_whole

# Of a message: its lines, and the cells that border, padding and the ends of wrapped lines take from each.
NOTICE_LINES, MARGINS = 2, 14
ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What a server that shows the screen in a browser puts into the environment.
WEB_DRIVER = "textual.drivers.web_driver:WebDriver"


class TerminalApp(App[ReturnType]):
    """Draws with the colours of `system`, or with those that the terminal has.

    signalled  whether a signal has asked it to end
    fault      what it failed with, if it did
    """

    TITLE = "nnviz"
    CSS = f"""
    ToastRack {{ margin-bottom: 0; }}
    Toast {{ width: auto; max-width: 100%; max-height: {NOTICE_LINES}; margin-top: 0; padding: 0 1; }}
    Input > .input--placeholder {{ color: $foreground 60%; }}
    /* Textual fails where it has no cell for the words of an option. */
    OptionList {{ min-width: 8; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # Also where a page covers the screen, and where something is typed.
        Binding("ctrl+q", "quit", "quit", show=False, id="app.leave", priority=True),
        Binding("ctrl+c", "quit", "quit", show=False, id="app.interrupt", priority=True),
    ]

    def __init__(self, light: bool = False, system: ColorSystem | None = None) -> None:
        super().__init__(driver_class=_driver())
        self.stylesheet = ParsedOnce(self.get_css_variables())
        self.signalled = False
        self.fault: BaseException | None = None
        self.colours = None if self.no_color else system or system_of(self.console)
        for theme in themes(self.colours):
            self.register_theme(theme)
        self.theme = LIGHT_NAME if light else DARK_NAME

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
        if isinstance(error, NoMatches) and self._is_leaving_the_screen(active_message_pump.get(None)):
            return
        self._return_code = 1
        if self._exception is None:
            self.fault = error.error if isinstance(error, WorkerFailed) else error
            self._exception = self.fault if isinstance(self.fault, Exception) else error
            self._exception_event.set()
            self.give_up()
        self._close_messages_no_wait()

    def _is_leaving_the_screen(self, pump: MessagePump | None) -> bool:
        # Then its parts are gone, or never came.
        screens = [node for node in getattr(pump, "ancestors_with_self", ()) if isinstance(node, Screen)]
        return self._exit or any(screen not in self.screen_stack for screen in screens)

    async def _shutdown(self) -> None:
        # Textual's palette looks for commands as long as it is there, and fails where its list is gone before it.
        self.workers.cancel_all()
        await super()._shutdown()

    def set_timer(
        self, delay: float, callback: TimerCallback | None = None, *, name: str | None = None, pause: bool = False
    ) -> Timer:
        """As Textual has it, but what is due is done, however late.

        Textual leaves out what comes late, even where it comes but once: held up by the system for 8 ms, an app would
        never hear of a new size of its terminal.
        """
        timer = super().set_timer(delay, callback, name=name, pause=pause)
        timer._skip = False
        return timer

    def give_up(self) -> None:
        """Wait for nothing any more: there was a fault."""

    def _signalled(self) -> None:
        self.signalled = True
        self.leave()

    def leave(self) -> None:
        """End, at once."""
        self.exit()

    async def action_quit(self) -> None:
        """End."""
        self.leave()

    def notify(self, message: str, **options: Any) -> None:
        """Show a message for a while, instead of the last one. What it names is text, and no markup.

        It stands in the line of the keys, and reaches up to the border above them: no sentence is ever below it.
        """
        self.clear_notifications()
        room = NOTICE_LINES * max(self.size.width - MARGINS, 1)
        super().notify(cut(printable(message), room), **{**options, "markup": False})

    def clear_notifications(self) -> None:
        """Take them off the screen, and what held them: Textual itself would leave that there, for each of them."""
        for screen in self.screen_stack:
            screen.query("ToastHolder").remove()
        super().clear_notifications()

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


def _driver() -> type[Driver] | None:
    """The driver of the screen; None for one that the environment names, which Textual then looks for."""
    named = os.environ.get("TEXTUAL_DRIVER")
    if named is None:
        return PromptDriver
    if named != WEB_DRIVER:
        return None
    from nnviz.tui.served_driver import ServedDriver

    return ServedDriver
