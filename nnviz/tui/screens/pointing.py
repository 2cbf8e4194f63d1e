"""Pointing: the keys that a pane with a cursor takes for itself, and what is looked at then."""

from functools import partial
from typing import Literal

from textual import on

from nnviz.frame.focus import Focus
from nnviz.remote import messages as m
from nnviz.tui.panes.framed_pane import FramedPane
from nnviz.tui.panes.heatmap import HeatmapPane
from nnviz.tui.panes.network import NetworkPane
from nnviz.tui.screens.asking import AskingScreen

Move = Literal["across", "enter", "fold", "leave"]


class PointingScreen(AskingScreen):
    """A screen of panes, some of which have cursors."""

    async def _points(self, move: Move, *places: int) -> bool:
        """Have the focused pane move its cursor, and look at what it then points at; say whether it has a cursor."""
        pane = self.focused
        focus = getattr(pane, move)(*places) if isinstance(pane, FramedPane) else None
        if focus is not None:
            await self._look_at(focus)
        return focus is not None

    async def _look_at(self, focus: Focus | None) -> None:
        if focus is None or focus == self.frame.focus:
            return
        is_open, seen = self.frame.unit is not None, self.frame.focus
        if (focus.unit is None and focus.input is None) is is_open:
            # Where the inspector opens or closes, all panes get another place.
            await self._ask(m.SetFocus(focus))
            return
        if focus.zoom != seen.zoom:
            changed = "zoom"
        else:
            changed = "example" if focus.example != seen.example else "unit" if is_open else "block"
        await self._change(changed, partial(m.SetFocus, focus))

    def _open_inspector(self) -> None:
        """Point at a unit, if none is pointed at."""
        if self.frame.unit is None:
            self.query_one(NetworkPane).action_move(0)

    @on(NetworkPane.Moved)
    async def _cursor_moved(self, event: NetworkPane.Moved) -> None:
        async def move() -> None:
            await self._look_at(self.query_one(NetworkPane).down(event.places))

        await self._turns.take(move)

    @on(HeatmapPane.Moved)
    async def _zoom_moved(self, event: HeatmapPane.Moved) -> None:
        async def move() -> None:
            await self._look_at(self.query_one(HeatmapPane).moved(event.down, event.right))

        await self._turns.take(move)

    @on(FramedPane.Pointed)
    async def _pointed(self, event: FramedPane.Pointed) -> None:
        await self._turns.take(partial(self._look_at, event.focus))
