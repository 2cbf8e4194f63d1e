"""What the rules of health say of runs by their curves alone."""

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from nnviz.frame.health_view import Diagnosis
from nnviz.outside_text import printable
from nnviz.tui.drawing.loss_legend import ALERT
from nnviz.tui.run_keys import CURVE_KEYS
from nnviz.tui.screens.help import HelpScreen, key_entries
from nnviz.tui.screens.page import Page
from nnviz.wording import count, integer, listed

MOST = 20
"""Of the names of runs of which the same is to be said."""


class CurveHealthScreen(Page[None]):
    """The alerts of each run; of those without, together, which rules found nothing and which cannot tell."""

    CSS_PATH = "run_differences.tcss"
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h,q", "dismiss_page", "close", id="curve_health.close"),
        Binding("question_mark", "help", "help", id="curve_health.help"),
    ]

    def __init__(self, found: Mapping[str, Diagnosis]) -> None:
        """`found` has what there is to say of each run by its name."""
        super().__init__()
        self._found = found

    def compose(self) -> ComposeResult:
        with Vertical(id="page") as page:
            page.border_title = f"Health of {count(len(self._found), 'run')}, by the curves alone"
            page.border_subtitle = "? explains · escape closes"
            with VerticalScroll(id="rows"):
                yield Static(self._told())

    def _told(self) -> Text:
        text = Text()
        for name, diagnosis in self._found.items():
            if diagnosis.alerts:
                text.append(f"{printable(name)}\n", style="bold")
                for alert in diagnosis.alerts:
                    text.append(f"  {ALERT} {alert.rule} from {integer(alert.step)} on\n", style="bold")
                    text.append(f"    {alert.seen} {alert.why} To try: {alert.attempt}\n")
                _tell_rest(text, diagnosis)
        for diagnosis, names in self._alike().items():
            text.append(f"{listed(list(map(printable, names)), MOST)}\n", style="bold")
            _tell_rest(text, diagnosis)
        return text

    def _alike(self) -> dict[Diagnosis, list[str]]:
        """The runs without alerts, by what there is to say of them."""
        found: dict[Diagnosis, list[str]] = {}
        for name, diagnosis in self._found.items():
            if not diagnosis.alerts:
                found.setdefault(diagnosis, []).append(name)
        return found

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen(keys=key_entries(CURVE_KEYS)))


def _tell_rest(text: Text, diagnosis: Diagnosis) -> None:
    """The rules that found nothing, and those that cannot tell, by why."""
    if diagnosis.quiet:
        text.append(f"  nothing found by {listed(diagnosis.quiet)}\n")
    for reason in dict.fromkeys(unable.reason for unable in diagnosis.unable):
        rules = [unable.rule for unable in diagnosis.unable if unable.reason == reason]
        text.append(f"  {listed(rules)} cannot tell: {reason}\n")
