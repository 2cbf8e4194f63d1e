"""The keys that choose what is looked at: which example, layer and quantity, and on which scale."""

from functools import partial

from msgspec.structs import replace

from nnviz.frame.focus import Quantity
from nnviz.remote import messages as m
from nnviz.tui.panes.heatmap import HeatmapPane
from nnviz.tui.panes.loss import LossPane
from nnviz.tui.screens.asking import AskingScreen, in_turn


class LookKeys(AskingScreen):
    """Actions that move the focus, or take along what is seen."""

    @in_turn
    async def action_example(self, change: int) -> None:
        """The example before or after this one in the batch."""
        focus = self.frame.focus
        await self._change("example", partial(m.SetFocus, replace(focus, example=focus.example + change)))

    @in_turn
    async def action_worst(self) -> None:
        """The example of the batch with the highest loss, which takes the end of the forward pass to know."""
        if self.frame.worst is None:
            await self._ask(m.Advance(m.Goal.LOSS))
        if self.frame.worst is not None:
            focus = self.frame.focus
            await self._change("example", partial(m.SetFocus, replace(focus, example=self.frame.worst)))

    @in_turn
    async def action_block(self, change: int) -> None:
        """The layer before or after this one."""
        focus = self.frame.focus
        await self._change("block", partial(m.SetFocus, replace(focus, block=focus.block + change)))

    @in_turn
    async def action_quantity(self) -> None:
        """The next thing that the heatmap can show."""
        focus = self.frame.focus
        quantities = list(Quantity)
        following = quantities[(quantities.index(focus.quantity) + 1) % len(quantities)]
        await self._change("quantity", partial(m.SetFocus, replace(focus, quantity=following)))

    def action_curve(self) -> None:
        """The next curves that the loss pane can show."""
        pane = self.query_one(LossPane)
        told = pane.choose_next()
        if not pane.display:
            self.notify(f"the loss pane shows: {told}", timeout=2)

    @in_turn
    async def action_zoom(self) -> None:
        """Single numbers around the heatmap's cursor, or the whole matrix again."""
        focus = self.query_one(HeatmapPane).zoomed()
        if focus is None:
            self.notify("there is no matrix in the heatmap to zoom in on", timeout=3)
        else:
            await self._change("zoom", partial(m.SetFocus, focus))

    def action_lock(self) -> None:
        """Keep the heatmap's scale as it is, or let it follow the numbers."""
        self.query_one(HeatmapPane).toggle_lock()

    def action_copy(self) -> None:
        """Copy what the heatmap reads out."""
        told = self.query_one(HeatmapPane).readout()
        if told is not None:
            self.app.copy_to_clipboard(told)
            self.notify(f"copied: {told}", timeout=2)

    def action_picture(self) -> None:
        """Keep what the screen shows as an SVG file."""
        self.app.deliver_screenshot()
