"""Placing: where the panes stand for the size of the terminal, which of them is in front, and which fills it."""

from typing import Any

from textual import events, on
from textual.geometry import Size
from textual.widgets import Static

from nnviz.errors import NnvizError
from nnviz.remote import messages as m
from nnviz.tui.layouts import SMALLEST, TABBED, Body, arrange
from nnviz.tui.panes.pane import Pane
from nnviz.tui.panes.tabs import TabsPane
from nnviz.tui.screens.pointing import PointingScreen
from nnviz.tui.wants import wants_of


class PlacingScreen(PointingScreen):
    """A screen whose panes have places in a body of its size."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._tab = TABBED[0]
        self._maximized: str | None = None
        self._wants = wants_of(self.frame)

    def _present(self) -> None:
        """Where a frame would fill other places than the one before, panes get them, which shows it to them, too."""
        wants = wants_of(self.frame)
        if self._wants == wants:
            super()._present()
        else:
            self._wants = wants
            self._place(self.size)

    def on_resize(self, event: events.Resize) -> None:
        """Place the panes anew."""
        self._place(event.size)

    def _place(self, size: Size) -> None:
        too_small = size.width < SMALLEST.width or size.height < SMALLEST.height
        self.set_class(too_small, "-too-small")
        if too_small:
            message = f"nnviz needs {SMALLEST.width}×{SMALLEST.height}, this is {size.width}×{size.height}"
            self.query_one("#too-small", Static).update(message)
            return
        body = Size(size.width, size.height - 3)
        self.query_one(Body).place(arrange(body, self._wants, self._tab, self._maximized))
        self.query_one(TabsPane).choose(self._tab)
        if not self._is_at_full_speed():
            self._show(self.frame)
        elif not self._dead:
            # Of what was not on screen, nothing was asked for.
            self.run_worker(self._ask(m.Look()))

    @on(TabsPane.Chosen)
    def _tab_clicked(self, event: TabsPane.Chosen) -> None:
        self.action_tab(event.tab)

    def action_tab(self, name: str) -> None:
        """Bring a pane to the front where only one fits, and give it the keys."""
        self._tab = name
        if self._maximized is not None:
            self._maximized = name
        self._place(self.size)
        self.query_one(f"#{name}").focus()
        if name == "inspect":
            self._open_inspector()

    def action_maximize_pane(self) -> None:
        """Let the focused pane (the network if none is) fill the screen, or go back to all of them."""
        focused = self.focused.id if isinstance(self.focused, Pane) else TABBED[0]
        self._maximized = None if self._maximized else focused
        self._place(self.size)

    def _trainer_died(self, failure: NnvizError) -> None:
        """What is said of it stands in panes that another one may cover."""
        super()._trainer_died(failure)
        if self._maximized is not None:
            self.action_maximize_pane()
