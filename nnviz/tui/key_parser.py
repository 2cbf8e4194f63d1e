"""KeyParser: what a terminal sends, as keys, clicks and pastes."""

from collections.abc import Callable, Iterable

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

from nnviz.outside_text import printable


class KeyParser:
    """Textual's parser, which has no end after what makes no sense to it, and knows of a paste whether it goes on.

    `pasting` says that the beginning of a paste has come and its end has not: all keys are taken for more of it.
    """

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self._parser = XTermParser(debug)
        self._before = ""
        self.pasting = False

    def feed(self, text: str) -> list[Message]:
        """What this means, after what came before."""
        seen = self._before + text
        begin, end = seen.rfind(BRACKETED_PASTE_START), seen.rfind(BRACKETED_PASTE_END)
        self.pasting = begin > end if begin != end else self.pasting
        # Each of the two may come in pieces.
        self._before = seen[1 - len(BRACKETED_PASTE_START) :]
        return [message for character in text for message in self._understood(self._parser.feed, character)]

    def tick(self) -> list[Message]:
        """What is understood because nothing has come for a while: that an escape is a key, and begins nothing."""
        return self._understood(self._parser.tick)

    def end_paste(self) -> list[Message]:
        """The paste so far, where its end got lost."""
        return self.feed(BRACKETED_PASTE_END)

    def _understood(self, ask: Callable[..., Iterable[Message]], *text: str) -> list[Message]:
        try:
            return [self._made_fit(message) for message in ask(*text)]
        except (ValueError, OverflowError):
            # Textual's parser understands nothing any more after a number that is none, or too large.
            self._parser, self.pasting = XTermParser(self._debug), False
            return []

    def _made_fit(self, message: Message) -> Message:
        return events.Paste(printable(message.text)) if isinstance(message, events.Paste) else message
