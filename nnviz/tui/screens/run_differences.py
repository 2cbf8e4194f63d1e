"""What the settings of some runs differ in, and what came out of each."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from nnviz.collection.differences import short_names
from nnviz.collection.listed_run import ListedRun
from nnviz.outside_text import apart, cut, printable, shown_names
from nnviz.tui.drawing.row_table import RowTable
from nnviz.tui.drawing.run_table import NOTHING, cells_of
from nnviz.tui.run_keys import RUN_KEYS
from nnviz.tui.screens.help import HelpScreen, key_entries
from nnviz.tui.screens.page import Page
from nnviz.wording import count

NAME, VALUE = 28, 24


class DifferencesScreen(Page[None]):
    """A row for each run, and a column for each setting that is not the same in all of them."""

    CSS_PATH = "run_differences.tcss"
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,d,q", "dismiss_page", "close", id="differences.close"),
        Binding("question_mark", "help", "help", id="differences.help"),
    ]

    def __init__(self, runs: Sequence[ListedRun], found: Mapping[str, Sequence[str | None]]) -> None:
        super().__init__()
        self._runs, self._found = runs, found

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_title = f"Settings that are not the same in {count(len(self._runs), 'run')}"
            page.border_subtitle = "? explains · escape closes"
            with VerticalScroll(id="rows"):
                if not self._found:
                    yield Static("All of their settings are the same.")
                yield Static(RowTable(self._rows()))

    def _rows(self) -> list[list[str]]:
        names = apart(shown_names(tuple(run.name for run in self._runs)), NAME)
        rows = [["run", "best", "of", *map(printable, short_names(list(self._found)))]]
        for place, (name, run) in enumerate(zip(names, self._runs, strict=True)):
            cells = cells_of(run, 0.0)
            settings = [values[place] for values in self._found.values()]
            told = [NOTHING if value is None else cut(printable(value), VALUE) for value in settings]
            rows.append([name, cells["best"], cells["of"], *told])
        return rows

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen(keys=key_entries(RUN_KEYS)))
