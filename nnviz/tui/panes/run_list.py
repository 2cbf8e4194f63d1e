"""The list of runs, with a cursor; it draws what it was shown, and says what is asked of it."""

from collections.abc import Collection, Sequence
from pathlib import Path

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from nnviz.collection.listed_run import ListedRun
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.rows import page
from nnviz.tui.drawing.run_table import SORTED_BY, Laid, Table, run_table

WHEEL = 3
"""Rows that the wheel of a mouse passes."""


class RunList(Widget, can_focus=True):
    """Drawn once for each change and size."""

    class SortedBy(Message):
        """A heading was clicked."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    class Opened(Message):
        """The run under the cursor was clicked twice."""

    class Moved(Message):
        """Another run is under the cursor."""

    def __init__(self) -> None:
        super().__init__(id="list")
        self.palette = DARK
        self._table = Table((), (), 0, 0, "run", False, 0.0)
        self._lines: list[Strip] | None = None
        self._laid: list[Laid] = []

    @property
    def chosen(self) -> ListedRun | None:
        """The run under the cursor."""
        table = self._table
        return table.runs[table.cursor] if table.cursor < len(table.runs) else None

    def show(
        self,
        runs: Sequence[ListedRun],
        marked: Collection[tuple[Path, str]],
        column: str,
        backwards: bool,
        now: float,
    ) -> None:
        """Draw these from now on. The cursor stays at its run, if that is still there, else at its place."""
        chosen = self.chosen
        place = next((i for i, run in enumerate(runs) if chosen is not None and run.key == chosen.key), None)
        cursor = self._table.cursor if place is None else place
        self._table = Table(runs, marked, cursor, self._table.first, column, backwards, now)
        self.move_to(cursor)

    def move(self, rows: int) -> None:
        """Move the cursor down by so many rows, or up."""
        self.move_to(self._table.cursor + rows)

    def move_to(self, place: int) -> None:
        """Put the cursor there, or at the nearest place that there is, which is seen then."""
        last, room = max(len(self._table.runs) - 1, 0), max(self.size.height - 1, 1)
        cursor = min(max(place, 0), last)
        first = min(max(self._table.first, cursor - room + 1), cursor)
        first = max(min(first, last + 1 - room), 0)
        self._table = self._table._replace(cursor=cursor, first=first)
        self.redraw()
        self.post_message(self.Moved())

    @property
    def rows_seen(self) -> int:
        """How many runs there is room for."""
        return max(self.size.height - 1, 1)

    def redraw(self) -> None:
        """Draw again, at the next paint."""
        self._lines = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row of it."""
        width, height = self.size
        if self._lines is None:
            drawn, self._laid = run_table(self._table, self.palette, width, height)
            self._lines = page(drawn, width, height, self.palette)
        return self._lines[y] if y < len(self._lines) else Strip.blank(width)

    def on_resize(self) -> None:
        """The cursor stays where it can be seen."""
        self.move(0)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Further down."""
        event.stop()
        self.move(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Further up."""
        event.stop()
        self.move(-WHEEL)

    def on_click(self, event: events.Click) -> None:
        """Sort by a heading, or go to a run, and open it at the second click."""
        if event.y == 0:
            for column, start, width in self._laid:
                if start <= event.x < start + width:
                    self.post_message(self.SortedBy(SORTED_BY.get(column.name, column.name)))
            return
        place = self._table.first + event.y - 1
        if place < len(self._table.runs):
            self.move_to(place)
            if event.chain == 2:
                self.post_message(self.Opened())
