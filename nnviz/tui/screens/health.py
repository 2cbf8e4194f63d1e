"""The health of the run: what each layer does over time, and what the rules say."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from nnviz.frame.health_view import Diagnosis, HealthView
from nnviz.insight.health.alert_words import since
from nnviz.tui.drawing.layer_table import COLUMNS, Cell, readout, table
from nnviz.tui.drawing.loss_legend import ALERT
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.page import Page
from nnviz.wording import count, integer

# Seconds between two looks: while training runs, the page follows it.
LOOKS = 0.5
# Cells and rows that the page's border takes.
ACROSS, DOWN = 4, 2


class HealthScreen(Page[None]):
    """`look` asks the trainer for the health of the run as it is now; None where there is no trainer any more."""

    CSS_PATH = "health.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h,q", "dismiss_page", "close", id="health.close"),
        Binding("up", "move(-1, 0)", "layer before", show=False, id="health.up", priority=True),
        Binding("down", "move(1, 0)", "next layer", show=False, id="health.down", priority=True),
        Binding("left", "move(0, -1)", "number before", show=False, id="health.left", priority=True),
        Binding("right", "move(0, 1)", "next number", show=False, id="health.right", priority=True),
        Binding("question_mark", "help", "help", id="health.help"),
    ]

    def __init__(self, view: HealthView, palette: Palette, look: Callable[[], Awaitable[HealthView | None]]) -> None:
        super().__init__()
        self._view, self._palette, self._look = view, palette, look
        self._cell = Cell(0, 0)

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_subtitle = "arrows choose a number · ? explains · escape closes"
            yield Static(id="layers")
            yield Static(id="readout")
            with VerticalScroll(id="rules"):
                yield Static(id="told")

    def on_mount(self) -> None:
        """Show what there is, and look again and again."""
        self.query_one("#rules").focus()
        self.set_interval(LOOKS, self._look_again)
        self._show()

    def on_resize(self, _: events.Resize) -> None:
        """Draw the table anew."""
        self._show()

    async def _look_again(self) -> None:
        view = await self._look()
        if view is not None and self.is_mounted and view.total != self._view.total:
            self._view = view
            self._show()

    def action_move(self, down: int, right: int) -> None:
        """Choose another number of the table."""
        layer, column = self._cell.layer + down, self._cell.column + right
        self._cell = Cell(layer % len(self._view.layers), column % len(COLUMNS))
        self._show()

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen())

    def _show(self) -> None:
        view, palette = self._view, self._palette
        back = f" of {integer(view.total)}" if view.done < view.total else ""
        self.query_one(
            "#page"
        ).border_title = (
            f"Health · after step {integer(view.done)}{back} · layers are looked at every {count(view.apart, 'step')}"
        )
        width, height = self.size.width - ACROSS, (self.size.height - DOWN) * 3 // 5
        self.query_one("#layers", Static).update(table(view, self._cell, width, height, palette))
        self.query_one("#readout", Static).update(Text(readout(view, self._cell), palette.style(palette.accent)))
        self.query_one("#told", Static).update(_told(view.diagnosis, palette))


def _told(diagnosis: Diagnosis, palette: Palette) -> Text:
    """All alerts, the rules that found nothing, and those that could not run."""
    bad, plain, faint = palette.style(palette.bad, bold=True), palette.style(palette.text), palette.style(palette.faint)
    text = Text()
    for alert in diagnosis.alerts:
        where = f" · {alert.layer}" if alert.layer else ""
        text.append(f"{ALERT} {alert.rule}{where} · {since(alert)}\n", bad)
        text.append(f"{alert.seen} {alert.why}\nTo try: {alert.attempt}\n", plain)
    if not diagnosis.alerts:
        text.append("No rule has found anything.\n", plain)
    if diagnosis.quiet:
        text.append(f"Ran, and found nothing: {', '.join(diagnosis.quiet)}.\n", faint)
    for unable in diagnosis.unable:
        text.append(f"Could not run: {unable.rule}, because {unable.reason}.\n", faint)
    text.rstrip()
    return text
