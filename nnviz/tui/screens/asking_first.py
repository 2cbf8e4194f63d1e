"""A question that is asked before something is done that cannot be undone."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from nnviz.tui.screens.page import Page


class AskingFirst(Page[bool]):
    """Ends with whether it is to be done."""

    CSS_PATH = "asking_first.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", id="asking_first.yes"),
        Binding("n,escape,q", "answer(False)", "no", id="asking_first.no"),
    ]

    def __init__(self, title: str, question: str, deed: str) -> None:
        super().__init__()
        self._title, self._question, self._deed = title, question, deed

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_title = self._title
            page.border_subtitle = f"y: {self._deed} · n, escape: leave it"
            yield Static(self._question, markup=False)

    def action_answer(self, yes: bool) -> None:
        """Close it with the answer."""
        self.dismiss(yes)
