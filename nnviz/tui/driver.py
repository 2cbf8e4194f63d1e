"""Driver: what passes between the terminal and the app, on the event loop."""

import asyncio
import os
from codecs import getincrementaldecoder
from collections.abc import Iterable
from contextlib import suppress

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from nnviz.substitutes import SUBSTITUTES
from nnviz.tui.key_parser import KeyParser

# Seconds after which an escape that stands alone is the escape key, and not the beginning of a sequence.
LONE_ESCAPE = 0.1
# Seconds after which a paste of which nothing more comes is at its end.
LONGEST_PAUSE = 1.0


class PromptDriver(LinuxDriver):
    """Reads and writes on the event loop: to wake a thread takes longer than either.

    A terminal that reads slowly makes the screen wait. With a thread it would do so too, thirty paints later.
    """

    def start_application_mode(self) -> None:
        """Take the terminal over, and listen to it."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        assert self._file is not None  # without standard error there is no screen
        self._parser = KeyParser(self._debug)
        self._decoder = getincrementaldecoder(self._file.encoding)(errors="replace")
        self._silence: asyncio.TimerHandle | None = None
        self._loop.add_reader(self.fileno, self._read)

    def disable_input(self) -> None:
        """Listen no more."""
        self._loop.remove_reader(self.fileno)
        super().disable_input()

    def run_input_thread(self) -> None:
        """Nothing: the event loop reads."""

    def _read(self) -> None:
        data = b""
        with suppress(OSError):
            data = os.read(self.fileno, 4096)
        if not data:  # the terminal is closed
            self._loop.remove_reader(self.fileno)
            self._loop.create_task(self._app.action_quit())
        elif text := self._decoder.decode(data):
            self._pass_on(self._parser.feed(text))
            self._loop.call_later(LONE_ESCAPE, lambda: self._pass_on(self._parser.tick()))
            self._end_paste_in_silence()

    def _end_paste_in_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
        if self._parser.pasting:
            self._silence = self._loop.call_later(LONGEST_PAUSE, lambda: self._pass_on(self._parser.end_paste()))

    def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            # A size that nobody has asked the terminal for is something that was typed or pasted.
            if not isinstance(message, events.Resize) or self._in_band_window_resize:
                self.process_message(message)

    def send_message(self, message: Message) -> None:
        """Hand the app what the terminal said."""
        self._app.post_message(message)

    def write(self, data: str) -> None:
        """Write this to the terminal, as far as it has the characters. What a closed terminal would show is lost."""
        assert self._file is not None
        rest = memoryview(data.encode(self._file.encoding, SUBSTITUTES))
        # Not through the file: one of Textual's signal handlers may write in the middle of a write.
        with suppress(OSError):
            while rest:
                rest = rest[os.write(self._file.fileno(), rest) :]
