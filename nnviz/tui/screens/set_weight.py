"""A weight that is set by hand: its new value is asked for in one line, beside the old one."""

import math
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from nnviz.tui.screens.page import Page
from nnviz.wording import MINUS, signed


class SetWeightScreen(Page[float | None]):
    """Ends with the value, or with None if the weight is to stay as it is."""

    CSS_PATH = "set_weight.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_page", "close", id="set_weight.close")]

    def __init__(self, name: str, value: float, decimals: int | None, holds: str) -> None:
        """`name` says which weight it is, `value` what it is now, and `holds` from when on the new one does."""
        super().__init__()
        self._name, self._value, self._decimals, self._holds = name, value, decimals, holds

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_title = "Set a weight by hand"
            page.border_subtitle = "enter takes it · escape leaves it"
            yield Static(f"{self._name} is {signed(self._value, decimals=self._decimals)}")
            yield Input(placeholder="a number, as 0.5 or −1.2e−3", compact=True)
            yield Static(f"{self._holds}. Going back undoes it.", id="told")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        value = read_value(event.value)
        if value is None:
            told = self.query_one("#told", Static)
            told.update("That is no finite number.")
            told.add_class("wrong")
        else:
            self.dismiss(value)


def read_value(text: str) -> float | None:
    """A finite number as somebody writes it: −0.5, 1e−3; None if it is none."""
    try:
        value = float(text.replace(MINUS, "-"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
