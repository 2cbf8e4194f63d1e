"""All keys with what they do, how the data were read, and every word and sign that stands on a screen."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from nnviz.tui.drawing.rows import fit
from nnviz.tui.drawing.text import wrapped
from nnviz.tui.glossary import GLOSSARY, Entry, found
from nnviz.tui.keys import KEYS
from nnviz.tui.screens.page import Page

GROUPS = {
    "step": "Step",
    "time": "Back in the run",
    "train": "Train",
    "look": "Look at",
    "screen": "Screen",
    "runs": "The list of runs",
    "curves": "Curves of runs",
}
SIGNS = {
    "right": "→",
    "left": "←",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "comma": ",",
    "full_stop": ".",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "question_mark": "?",
    "slash": "/",
}
ANYWHERE = (
    Entry("tab", "The next pane; arrows move the cursor of the heatmap or the loss curve"),
    Entry("ctrl+p", "All commands, and the theme (dark or light)"),
)
DATA = "How the data were read"
TERM, GAP, LONGEST = 20, 2, 40
"""Cells of a term and behind it, and characters of what may be looked for."""


class HelpScreen(Page[None]):
    """A page to read, or to find something on."""

    CSS_PATH = "help.tcss"
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="help.back"),
        Binding("question_mark,q,enter", "dismiss_page", "close", id="help.close"),
        Binding("slash", "find", "find", id="help.find"),
    ]

    def __init__(self, caveats: Sequence[str] = (), keys: Mapping[str, tuple[Entry, ...]] | None = None) -> None:
        """`caveats` are sentences about how the data were read; `keys`, those of another screen than the main one."""
        super().__init__()
        data = {DATA: tuple(Entry("" if i else "the data", told) for i, told in enumerate(caveats))} if caveats else {}
        self._everything: dict[str, tuple[Entry, ...]] = {**(keys or key_entries()), **data, **GLOSSARY}

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_title = "Keys, words and signs"
            page.border_subtitle = "/ finds · escape closes"
            yield Input(
                placeholder="press / to find a word or a sign",
                compact=True,
                select_on_focus=False,
                max_length=LONGEST,
            )
            with VerticalScroll(id="rows"):
                yield Static(_Page(self._everything))

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        """Show what was found, or everything where nothing is looked for."""
        shown = self._everything
        if event.value.strip():
            entries = found((entry for group in shown.values() for entry in group), event.value)
            shown = {"Found": tuple(entries)} if entries else {"Nothing is called so": ()}
        self.query_one(Static).update(_Page(shown))
        self.query_one("#rows").scroll_home(animate=False)

    @on(Input.Submitted)
    def _read(self) -> None:
        self.set_focus(self.query_one("#rows"))

    def action_find(self) -> None:
        """Let something be typed that is looked for."""
        self.set_focus(self.query_one(Input))

    def action_back(self) -> None:
        """Back to the whole page, or to the screen below it."""
        sought = self.query_one(Input)
        if sought.value or sought.has_focus:
            sought.clear()
            self.set_focus(self.query_one("#rows"))
        else:
            self.action_dismiss_page()


def key_entries(bindings: Sequence[Binding] = KEYS) -> dict[str, tuple[Entry, ...]]:
    """Keys and what they do, in groups; without others, those of the main screen."""
    grouped = {
        name: tuple(
            Entry(_key(binding), binding.tooltip or "", f"key {binding.description}")
            for binding in bindings
            if binding.id and binding.id.startswith(f"{group}.")
        )
        for group, name in GROUPS.items()
    }
    return {**{name: entries for name, entries in grouped.items() if entries}, "Anywhere": ANYWHERE}


def _key(binding: Binding) -> str:
    """The keys as they stand on a keyboard."""
    parted = (key.rpartition("+") for key in binding.key.split(","))
    return " ".join(f"{modifiers}{plus}{SIGNS.get(key, key)}" for modifiers, plus, key in parted)


class _Page(NamedTuple):
    """Groups of terms with what they mean. Rich's own table takes five times as long, at every key that is typed."""

    groups: dict[str, tuple[Entry, ...]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(options.max_width - TERM - GAP, 1)
        for name, entries in self.groups.items():
            yield Segment(name, Style(bold=True))
            yield Segment.line()
            for entry in entries:
                term = entry.term
                for start, end in wrapped(entry.meaning, width):
                    yield Segment(f"{fit(term, TERM + GAP)}{entry.meaning[start:end]}\n")
                    term = ""
            yield Segment.line()
