"""The part of a test's page that lists the worst mistakes: a cursor goes from one to the next."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from nnviz.array import Array
from nnviz.remote.messages import Mistake
from nnviz.tui.drawing.grid import picture
from nnviz.tui.drawing.palette import Palette
from nnviz.wording import percent

THUMBNAIL = 20
TEXT = 36
CURSOR = "▶ "


class MistakesPart(ItemGrid):
    """The mistakes side by side. The one with the focus is the chosen one; arrows go to others."""

    KEYS = "arrows · enter looks into it"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1, 0)", "mistake before", show=False, id="test.left"),
        Binding("right", "move(1, 0)", "next mistake", show=False, id="test.right"),
        Binding("up", "move(0, -1)", "mistake above", show=False, id="test.up"),
        Binding("down", "move(0, 1)", "mistake below", show=False, id="test.down"),
        Binding("enter", "look_into", "look into", show=False, id="test.look_into"),
    ]

    class LookedInto(Message):
        """The mistake at this place of the list is to be looked into."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, mistakes: tuple[Mistake, ...], palette: Palette) -> None:
        pictures = mistakes[0].pixels is not None
        super().__init__(
            *(MistakeCard(mistake, palette) for mistake in mistakes),
            id="mistakes",
            classes="pictures" if pictures else "texts",
            min_column_width=THUMBNAIL + 2 if pictures else TEXT,
        )

    @property
    def chosen(self) -> Mistake | None:
        """The one under the cursor."""
        focused = self.screen.focused
        return focused.mistake if isinstance(focused, MistakeCard) else None

    def action_look_into(self) -> None:
        """Look into the one under the cursor."""
        cards = list(self.query(MistakeCard))
        self.post_message(self.LookedInto(next((place for place, card in enumerate(cards) if card.has_focus), 0)))

    def on_click(self, event: events.Click) -> None:
        """Look into the one that is clicked, which has the focus then."""
        if any(card.region.contains_point(event.screen_offset) for card in self.query(MistakeCard)):
            self.action_look_into()

    def action_move(self, right: int, down: int) -> None:
        """Go to a neighbour, where there is one."""
        cards = list(self.query(MistakeCard))
        across = sum(card.region.y == cards[0].region.y for card in cards)
        at = next((place for place, card in enumerate(cards) if card.has_focus), 0)
        to = at + right + down * across
        if 0 <= to < len(cards):
            cards[to].focus()


class MistakeCard(Vertical, can_focus=True):
    """One mistake: its picture or text, what it is, and what was said."""

    def __init__(self, mistake: Mistake, palette: Palette) -> None:
        super().__init__()
        self.mistake = mistake
        self._palette = palette

    def compose(self) -> ComposeResult:
        mistake = self.mistake
        if mistake.pixels is not None:
            yield _Picture(mistake.pixels, self._palette)
        yield Static(self._words(), markup=False, classes="words")

    def _words(self) -> str:
        mistake = self.mistake
        sure = "" if mistake.probability is None else f" {percent(mistake.probability)}"
        said = f"{CURSOR if self.has_focus else ''}{mistake.label}\nsaid {mistake.said}{sure}"
        shown = mistake.text if mistake.pixels is None else None
        return f"{said}\n{mistake.name if shown is None else shown}"

    def watch_has_focus(self, focused: bool) -> None:
        """Show the cursor on the one with the focus."""
        super().watch_has_focus(focused)
        for words in self.query(".words").results(Static):
            words.update(self._words())


class _Picture(Widget):
    """A small picture in half-blocks."""

    def __init__(self, pixels: Array, palette: Palette) -> None:
        super().__init__()
        self._strips = picture(pixels, THUMBNAIL, THUMBNAIL // 2, palette)

    def render_line(self, y: int) -> Strip:
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)
