"""Whether the gradients are true: a page of comparisons, while they are made."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from nnviz.frame.verification_view import Comparison, VerificationView
from nnviz.insight.verification_words import METHOD, compared, crossings, progress, tolerance
from nnviz.remote.messages import LookAtVerification
from nnviz.tui.drawing.rows import fit, fit_right
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.page import Page
from nnviz.wording import integer, percent

LOOKS_PER_SECOND = 10
NAME, NUMBER, SHARE = 12, 11, 9

Ask = Callable[[LookAtVerification], Awaitable[VerificationView | None]]


class VerificationScreen(Page[None]):
    """The chosen weight and some of each layer: gradient and central difference."""

    CSS_PATH = "verification.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,v,q,enter", "dismiss_page", "close", id="verification.close"),
        Binding("question_mark", "help", "help", id="verification.help"),
    ]

    def __init__(self, view: VerificationView, ask: Ask) -> None:
        super().__init__()
        self._view, self._ask = view, ask

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="page") as page:
            page.border_title = f"Is the gradient true? · training step {integer(self._view.step + 1)}"
            page.border_subtitle = "? explains · escape closes"
            yield Static(METHOD, markup=False)
            yield Static(id="told", markup=False)

    def on_mount(self) -> None:
        """Look again and again until all is compared."""
        self._clock = self.set_interval(1 / LOOKS_PER_SECOND, self._look)
        self._show()

    async def _look(self) -> None:
        view = await self._ask(LookAtVerification())
        if view is None:
            self._clock.stop()
            return
        self._view = view
        self._show()
        if view.done == view.total:
            self._clock.stop()

    def _show(self) -> None:
        view = self._view
        text = Text(f"\n{progress(view)}", style="bold")
        lines = [crossings(view), tolerance(view), ""]
        if view.chosen is not None:
            lines += ["The weight that the heatmap reads out:", *_told(view.chosen), ""]
        lines += _table(view)
        if view.worst:
            lines += ["", "Furthest off:"]
            lines += [line for comparison in view.worst for line in _told(comparison)]
        text.append("\n" + "\n".join(lines), style="not bold")
        self.query_one("#told", Static).update(text)

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen())


def _told(one: Comparison) -> list[str]:
    return [f"{one.source} → {one.target}", f"  {compared(one)}"]


def _table(view: VerificationView) -> list[str]:
    """A line for each layer."""
    heads = ("weights", "compared", "agree", "kinks")
    heading = fit("layer", NAME) + "".join(fit_right(head, NUMBER) for head in heads) + fit_right("off by", SHARE)
    return [
        heading,
        *(
            fit(layer.name, NAME)
            + "".join(
                fit_right(integer(many), NUMBER)
                for many in (layer.weights, layer.checked, layer.agreeing, layer.crossed)
            )
            + fit_right(percent(layer.furthest), SHARE)
            for layer in view.layers
        ),
    ]
