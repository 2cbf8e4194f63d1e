"""All runs of a place: sorted, filtered, marked, watched while they are trained, and opened."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static

from nnviz.collection.collection import Collection
from nnviz.collection.differences import differences
from nnviz.collection.filters import conditions
from nnviz.collection.listed_run import ListedRun
from nnviz.collection.order import ORDERS, ordered
from nnviz.errors import InputError
from nnviz.outside_text import cut, printable
from nnviz.runs.removing import refuse_unremovable, remove
from nnviz.tui.drawing.rows import fit
from nnviz.tui.panes.key_line import KeyLine
from nnviz.tui.panes.run_list import RunList
from nnviz.tui.run_keys import RUN_KEYS
from nnviz.tui.screens.asking_first import AskingFirst
from nnviz.tui.screens.help import HelpScreen, key_entries
from nnviz.tui.screens.run_curves import CurvesScreen
from nnviz.tui.screens.run_differences import DifferencesScreen
from nnviz.tui.themes import palette_for
from nnviz.tui.watcher import Looked, Watcher
from nnviz.wording import age, byte_size, count, integer, listed

ABOUT_LINES = 4
HINT = "/ finds runs: a text, lr>0.01, optimizer=adam; several with spaces between"


@dataclass
class Chosen:
    """What somebody has chosen in the list, which stays while a run is open.

    text       what is looked for
    column     what runs are sorted by, and `backwards`, whether the other way round
    marked     the keys of marked runs
    at         the key of the run that was opened, where the cursor is to be again
    """

    text: str = ""
    column: str = "run"
    backwards: bool = False
    marked: set[tuple[Path, str]] = field(default_factory=set)
    at: tuple[Path, str] | None = None


class RunFilter(Input):
    """Where it is typed what runs are found by."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape", "screen.end_find", "back to the list", id="filter.close")
    ]


class RunsScreen(Screen[None]):
    """The list. `open_run` is what is done with a run of nnviz that is entered."""

    CSS_PATH = "runs.tcss"
    AUTO_FOCUS = "#list"
    BINDINGS: ClassVar[list[BindingType]] = [*RUN_KEYS]

    class Looked(Message):
        """The watcher has found something."""

        def __init__(self, looked: Looked) -> None:
            super().__init__()
            self.looked = looked

    def __init__(
        self,
        collection: Collection,
        chosen: Chosen,
        open_run: Callable[[Path], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._collection, self._chosen, self._open_run, self._clock = collection, chosen, open_run, clock
        self._runs: Sequence[ListedRun] = collection.runs
        self._faults: Sequence[str] = ()
        self._whole = False
        self._wrong = ""
        # Of a single log there is nothing to choose.
        self._opens_curves = True
        self._watcher = Watcher(collection, lambda looked: self.post_message(self.Looked(looked)))

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        yield RunList()
        yield Static(id="about")
        yield RunFilter(self._chosen.text, placeholder=HINT, compact=True, select_on_focus=False, id="filter")
        yield KeyLine()

    def on_mount(self) -> None:
        """Look, in the colours of the theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._recolour())
        self._recolour()
        self._watcher.start()

    def on_unmount(self) -> None:
        """Look no more."""
        self._watcher.stop()

    def _recolour(self) -> None:
        self._list.palette = palette_for(self.app.current_theme, getattr(self.app, "colours", None))
        self._show()

    @property
    def _list(self) -> RunList:
        return self.query_one(RunList)

    @property
    def is_whole(self) -> bool:
        """Whether everything that is there has been read."""
        return self._whole

    @property
    def shown(self) -> Sequence[ListedRun]:
        """The runs that are listed, in their order."""
        return self._shown

    @property
    def marked(self) -> list[ListedRun]:
        """Those that are marked, in the order of the list; the one under the cursor if none is."""
        found = [run for run in ordered(self._runs, self._chosen.column) if run.key in self._chosen.marked]
        chosen = self._list.chosen
        return found or ([chosen] if chosen is not None else [])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Where something is typed, letters are letters."""
        is_typing = isinstance(self.focused, Input)
        known = any(binding.action.partition("(")[0] == action for binding in RUN_KEYS)
        return not (is_typing and known)

    # What there is to show

    @on(Looked)
    def _take(self, event: Looked) -> None:
        looked = event.looked
        if looked.fault is not None and not isinstance(looked.fault, InputError):
            raise looked.fault
        self._runs, self._whole = looked.runs, looked.whole or self._whole
        self._faults = [str(looked.fault)] if looked.fault else looked.faults
        if self._opens_curves and looked.runs:
            self._opens_curves = False
            if self._collection.is_single and len(looked.runs) == 1 and not looked.runs[0].is_own:
                self._draw(looked.runs)
        if looked.whole:
            self._chosen.marked &= {run.key for run in looked.runs}
        for screen in self.app.screen_stack:
            if isinstance(screen, CurvesScreen):
                screen.take(looked.runs)
        self._show()

    def _show(self) -> None:
        chosen, self._wrong = self._chosen, ""
        try:
            wanted = conditions(chosen.text)
        except InputError as error:
            wanted, self._wrong = [], str(error)
        kept = [run for run in self._runs if all(condition.holds(run) for condition in wanted)]
        self._shown = ordered(kept, chosen.column, chosen.backwards)
        self._list.show(self._shown, chosen.marked, chosen.column, chosen.backwards, self._clock())
        places = [place for place, run in enumerate(self._shown) if run.key == chosen.at]
        if places:
            chosen.at = None
            self._list.move_to(places[0])
        self._tell()

    @on(RunList.Moved)
    def _tell(self) -> None:
        """What there is above the list, and about the run under the cursor."""
        parts = [f"nnviz  {cut(printable(str(self._collection.place)), 40)}", self._counted()]
        if self._chosen.marked:
            parts.append(f"{integer(len(self._chosen.marked))} marked")
        if not self._whole:
            parts.append("looking …")
        self.query_one("#title", Static).update(
            Text(" · ".join(parts), style="bold", no_wrap=True, overflow="ellipsis")
        )
        self.query_one("#about", Static).update(self._about())

    def _counted(self) -> str:
        many, shown = len(self._runs), len(self._shown)
        return count(many, "run") if many == shown else f"{integer(shown)} of {count(many, 'run')}"

    def _about(self) -> Text:
        if self._wrong:
            return Text(printable(self._wrong), style="bold")
        run = self._list.chosen
        if run is None:
            nothing = "No run is found by that; escape leads back to all." if self._runs else "There is no run yet."
            return Text(nothing if self._whole or self._chosen.text else "looking …")
        lines = [f"{printable(run.name)} · {run.by} · {run.state} · {byte_size(run.size)}"]
        lines[0] += f" · written {age(self._clock() - run.written)} ago · {count(len(run.curves), 'curve')}"
        # What tells it from the others that are listed comes first.
        telling = [name for name in differences([one.settings for one in self._shown]) if name in run.settings]
        names = dict.fromkeys([*telling, *run.settings])
        settings = [f"{printable(name)} {printable(run.settings[name])}" for name in names]
        if settings:
            lines.append(listed(settings, 40))
        lines += [printable(note) for note in (*run.notes, *self._faults)]
        width = max(self.size.width - 1, 1)
        # Settings have two lines, from the first one on.
        shown = [fit(line, 2 * width).rstrip() if i == 1 else cut(line, width) for i, line in enumerate(lines)]
        return Text("\n".join(shown[:ABOUT_LINES]))

    # Keys

    def action_move(self, rows: int) -> None:
        """Another run."""
        self._list.move(rows)

    def action_page(self, pages: int) -> None:
        """As many further as are seen."""
        self._list.move(pages * self._list.rows_seen)

    def action_mark(self) -> None:
        """Mark the run, or mark it no more, and go on to the next."""
        run = self._list.chosen
        if run is not None:
            self._chosen.marked ^= {run.key}
            self._show()
            self._list.move(1)

    def action_mark_all(self) -> None:
        """Mark all that are listed; none, if all of them are marked."""
        shown = {run.key for run in self._shown}
        self._chosen.marked = (
            self._chosen.marked - shown if shown <= self._chosen.marked else self._chosen.marked | shown
        )
        self._show()

    def action_sort(self) -> None:
        """By the next column."""
        columns = list(ORDERS)
        self._sort(columns[(columns.index(self._chosen.column) + 1) % len(columns)])

    def action_turn_round(self) -> None:
        """The last one first."""
        self._chosen.backwards = not self._chosen.backwards
        self._show()

    @on(RunList.SortedBy)
    def _sort_by(self, event: RunList.SortedBy) -> None:
        if event.column == self._chosen.column:
            self.action_turn_round()
        else:
            self._sort(event.column)

    def _sort(self, column: str) -> None:
        self._chosen.column, self._chosen.backwards = column, False
        self._show()
        self._list.move_to(0)

    # What is looked for

    def action_find(self) -> None:
        """Let something be typed that is looked for."""
        self.set_focus(self.query_one(Input))

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self._chosen.text = event.value
        self._show()

    def action_end_find(self) -> None:
        """Back to the list of what was found."""
        self.set_focus(self._list)

    def action_show_all(self) -> None:
        """All runs."""
        self.query_one(Input).value = ""

    # What is done with runs

    @on(RunList.Opened)
    def action_open(self) -> None:
        """Open the run under the cursor in the visualizer, if nnviz has trained it."""
        run = self._list.chosen
        if run is None:
            return
        if run.is_own:
            self._chosen.at = run.key
            self._open_run(run.place)
        else:
            self._draw([run])

    def action_curves(self) -> None:
        """Lay the curves of the marked runs over each other."""
        self._draw(self.marked)

    def _draw(self, runs: Sequence[ListedRun]) -> None:
        if any(run.curves for run in runs):
            self.app.push_screen(CurvesScreen(runs, self._open_run))
        else:
            self.notify("there is no curve in it yet")

    def action_compare_settings(self) -> None:
        """What the settings of the marked runs differ in."""
        runs = self.marked if len(self._chosen.marked) > 1 else self._shown
        if len(runs) < 2:
            self.notify("there is nothing to compare: it takes two runs")
            return
        if not any(run.settings for run in runs):
            self.notify("none of these logs has settings")
            return
        self.app.push_screen(DifferencesScreen(runs, differences([run.settings for run in runs])))

    def action_delete(self) -> None:
        """Delete the marked run, or the one under the cursor, when that was asked again."""
        if len(self._chosen.marked) > 1:
            self.notify("delete one run at a time: several are marked")
            return
        runs = self.marked
        if not runs:
            return
        (run,) = runs
        try:
            refuse_unremovable(run.place)
        except InputError as error:
            self.notify(str(error), severity="warning")
            return
        question = f"Delete {printable(run.name)}, {byte_size(run.size)}, for good?"
        self.app.push_screen(AskingFirst("Delete a run", question, "delete"), lambda yes: self._delete(run, bool(yes)))

    def _delete(self, run: ListedRun, yes: bool) -> None:
        if not yes:
            return
        try:
            remove(run.place)
        except InputError as error:
            self.notify(str(error), severity="warning")
        else:
            self._chosen.marked.discard(run.key)
            self._runs = [other for other in self._runs if other.key != run.key]
            self._show()

    def action_quit(self) -> None:
        """Leave."""
        self.app.exit()

    def action_help(self) -> None:
        """All words and signs."""
        self.app.push_screen(HelpScreen(keys=key_entries(RUN_KEYS)))
