"""All branches of the run: where each of them began, and what became of it."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from nnviz.frame.branch_views import BranchView
from nnviz.insight.branch_words import began, came_to
from nnviz.remote.messages import LayOver, Visit
from nnviz.tui.drawing.loss_legend import OVER
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.page import Page

HERE = "▶"


class BranchesScreen(Page[Visit | LayOver | None]):
    """Ends with what is asked of the trainer, or with None."""

    CSS_PATH = "branches.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,B,q", "dismiss_page", "close", id="branches.close"),
        Binding("o", "lay_over", "lay over", id="branches.lay_over"),
        Binding("question_mark", "help", "help", id="branches.help"),
    ]

    def __init__(self, branches: Sequence[BranchView]) -> None:
        super().__init__()
        self._branches = branches

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_title = "Branches of the run"
            page.border_subtitle = "enter goes there · o lays it over · ? · escape"
            yield OptionList(*(Option(_told(view), str(view.number)) for view in self._branches))

    def on_mount(self) -> None:
        """Begin at the branch that goes on."""
        options = self.query_one(OptionList)
        options.highlighted = next(i for i, view in enumerate(self._branches) if view.is_current)
        options.focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(Visit(int(event.option.id or 0)))

    def action_lay_over(self) -> None:
        """Lay the branch over the one that goes on; once more, and it is none."""
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            view = self._branches[highlighted]
            self.dismiss(LayOver(None if view.is_chosen or view.is_current else view.number))

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen())


def _told(view: BranchView) -> Text:
    sign = HERE if view.is_current else OVER if view.is_chosen else " "
    text = Text(f"{sign} ")
    text.append(view.name, style="bold")
    text.append(f"  {began(view)}\n", style="not bold")
    text.append(f"    {came_to(view)}")
    return text
