"""The health of the run: what each layer does over time, and what the rules say."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from nnviz.frame.health_view import Alert, Diagnosis, HealthView
from nnviz.frame.layer_measures import MEASURES
from nnviz.insight.health.alert_words import since
from nnviz.remote.messages import Follow, Try
from nnviz.tui.drawing.layer_table import COLUMNS, Cell, readout, table
from nnviz.tui.drawing.loss_legend import ALERT
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.page import Page
from nnviz.wording import count, integer

# Seconds between two looks: while training runs, the page follows it.
LOOKS = 0.5
TO_TRY, BY_HAND = "To try", "To do by hand"
# Cells and rows that the page's border takes.
ACROSS, DOWN = 4, 2


class Numbers(Static, can_focus=True):
    """The table of layers, whose cursor the arrows move where it has the focus."""


class HealthScreen(Page[Try | Follow | None]):
    """`look` asks the trainer for the health of the run as it is now; None where there is no trainer any more.

    Ends with what is asked of the trainer, or with None.
    """

    CSS_PATH = "health.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h,q", "dismiss_page", "close", id="health.close"),
        Binding("up", "move(-1, 0)", "layer before", show=False, id="health.up"),
        Binding("down", "move(1, 0)", "next layer", show=False, id="health.down"),
        Binding("left", "move(0, -1)", "number before", show=False, id="health.left"),
        Binding("right", "move(0, 1)", "next number", show=False, id="health.right"),
        Binding("l", "follow", "into the loss pane", show=False, id="health.follow"),
        Binding("question_mark", "help", "help", id="health.help"),
    ]

    def __init__(self, view: HealthView, palette: Palette, look: Callable[[], Awaitable[HealthView | None]]) -> None:
        super().__init__()
        self._view, self._palette, self._look = view, palette, look
        self._cell = Cell(0, 0)
        self._diagnosis: Diagnosis | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_subtitle = "enter tries · tab: alerts, numbers · l: its curve into Loss · ? · escape"
            yield Numbers(id="layers")
            yield Static(id="readout")
            yield OptionList(id="rules")

    def on_mount(self) -> None:
        """Show what there is, and look again and again."""
        self.set_interval(LOOKS, self._look_again)
        self._show()
        self.query_one("#rules" if self._view.diagnosis.alerts else "#layers").focus()

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

    def action_follow(self) -> None:
        """Lay the curve of the chosen number into the loss pane."""
        layer, measure = self._cell.layer, COLUMNS[self._cell.column][0]
        if self._view.has[layer, MEASURES.index(measure)]:
            self.dismiss(Follow(layer, measure))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        """Have done what the alert says, if it takes no person."""
        alerts = self._view.diagnosis.alerts
        if event.option_index >= len(alerts):
            return
        alert = alerts[event.option_index]
        if alert.changes:
            self.dismiss(Try(alert.rule, alert.layer))
        else:
            self.notify(f"That takes a person: {alert.attempt}", timeout=5)

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen())

    def _show(self) -> None:
        view, palette = self._view, self._palette
        often = _often(view.apart)
        back = f" of {integer(view.total)}" if view.done < view.total else ""
        self.query_one("#page").border_title = f"Health · after step {integer(view.done)}{back} · layers read {often}"
        width, height = self.size.width - ACROSS, (self.size.height - DOWN) * 3 // 5
        self.query_one(Numbers).update(table(view, self._cell, width, height, palette))
        self.query_one("#readout", Static).update(Text(readout(view, self._cell), palette.style(palette.accent)))
        if view.diagnosis != self._diagnosis:
            self._tell(view.diagnosis)

    def _tell(self, diagnosis: Diagnosis) -> None:
        """List the alerts anew; the cursor stays at the one that it was at."""
        rules = self.query_one(OptionList)
        before, place = self._diagnosis, rules.highlighted
        alerts = before.alerts if before is not None else ()
        kept = alerts[place] if place is not None and place < len(alerts) else None
        self._diagnosis = diagnosis
        rules.clear_options()
        rules.add_options([Option(text) for text in _told(diagnosis, self._palette)])
        same = (i for i, alert in enumerate(diagnosis.alerts) if kept and _is_same(alert, kept))
        rules.highlighted = next(same, 0)


def _is_same(alert: Alert, other: Alert) -> bool:
    return (alert.rule, alert.layer) == (other.rule, other.layer)


def _told(diagnosis: Diagnosis, palette: Palette) -> list[Text]:
    """Each alert, the rules that found nothing, and those that could not run."""
    bad, plain, faint = palette.style(palette.bad, bold=True), palette.style(palette.text), palette.style(palette.faint)
    told = [
        Text.assemble(
            (f"{ALERT} {alert.rule}{f' · {alert.layer}' if alert.layer else ''} · {since(alert)}\n", bad),
            (f"{alert.seen} {alert.why}\n{TO_TRY if alert.changes else BY_HAND}: {alert.attempt}", plain),
        )
        for alert in diagnosis.alerts
    ]
    if not told:
        told.append(Text("No rule has found anything.", plain))
    if diagnosis.quiet:
        told.append(Text(f"Ran, and found nothing: {', '.join(diagnosis.quiet)}.", faint))
    told += [Text(f"Could not run: {unable.rule}, because {unable.reason}.", faint) for unable in diagnosis.unable]
    return told


def _often(apart: int) -> str:
    """How often layers are read that are so many steps apart in a long run: at first, they are so more often."""
    if not apart:
        return "now and then"
    return "every step" if apart == 1 else f"at least every {count(apart, 'step')}"
