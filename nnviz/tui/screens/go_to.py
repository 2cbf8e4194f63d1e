"""Where in the run to go: asked for in one line."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from nnviz.remote.messages import Destination, EndOfEpoch
from nnviz.runs.places import NAMED
from nnviz.runs.places import read_place as read
from nnviz.tui.screens.page import Page
from nnviz.wording import integer


class GoToScreen(Page[Destination | EndOfEpoch | int | None]):
    """Ends with the place, or with None if nobody wants to go."""

    CSS_PATH = "go_to.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_page", "close", id="go_to.close")]

    def __init__(self, furthest: int, per_epoch: int) -> None:
        """`furthest` is how many training steps there are so far, and `per_epoch` how many an epoch has."""
        super().__init__()
        self._furthest, self._per_epoch = furthest, per_epoch

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_title = "Go to a moment of the run"
            page.border_subtitle = "enter goes · escape stays"
            yield Input(placeholder=f"step, e3, {', '.join(NAMED)}", compact=True)
            yield Static(f"138: when step 138 is done · e3: when epoch 3 is · {' · '.join(NAMED)}")
            yield Static(self._extent(), id="told")

    def _extent(self) -> str:
        so_far = f"{integer(self._furthest)} steps so far" if self._furthest else "nothing is trained yet"
        return f"{so_far}, {integer(self._per_epoch)} an epoch; what comes after that is trained"

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        place = read_place(event.value)
        if place is None:
            told = self.query_one("#told", Static)
            told.update("That is no step, no epoch (as e3), and none of start, best and end.")
            told.add_class("wrong")
        else:
            self.dismiss(place)


def read_place(text: str) -> Destination | EndOfEpoch | int | None:
    """A place as somebody writes it: 1,234 or e3 or best; None if it is none."""
    place = read(text, EndOfEpoch)
    return Destination(place) if isinstance(place, str) else place
