"""How the network does on examples that it never trained on."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from nnviz.data.dataset import Array
from nnviz.insight.wording import short
from nnviz.remote.messages import Mistake, TestReport
from nnviz.tui.drawing.grid import picture
from nnviz.tui.drawing.numbers import plain
from nnviz.tui.drawing.scatter import scatter

THUMBNAIL = 20
MOST_CLASSES = 12
SCATTER_WIDTH, SCATTER_HEIGHT = 72, 22


class TestScreen(ModalScreen[None]):
    """The score, the confusion table and the worst mistakes."""

    CSS_PATH = "test.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,t,q,enter", "dismiss_page", "close", id="test.close")]

    def __init__(self, report: TestReport) -> None:
        super().__init__()
        self._report = report

    def compose(self) -> ComposeResult:
        report = self._report
        with VerticalScroll(id="page") as page:
            page.border_title = f"Test on unseen examples · after step {report.step:,}"
            page.border_subtitle = "escape closes"
            yield Static(self._score())
            if report.confusion is not None:
                yield Static(_heading(len(report.task.class_names)), classes="heading")
                yield Static(_confusion(report.confusion, report.task.class_names))
            if report.true is not None and report.predicted is not None and report.task.targets is not None:
                name = report.task.targets.names[0]
                yield Static(_scatter_heading(name), classes="heading")
                yield Static(scatter(report.true, report.predicted, SCATTER_WIDTH, SCATTER_HEIGHT))
            if report.mistakes:
                yield Static(Text("The worst mistakes", style="bold"), classes="heading")
                with ItemGrid(id="mistakes", min_column_width=THUMBNAIL + 2):
                    for mistake in report.mistakes:
                        yield _Wrong(mistake)

    def _score(self) -> Text:
        report = self._report
        if not report.examples:
            return Text("This data set has no examples that were kept out of the training.")
        text = Text()
        if report.accuracy is not None:
            right = round(report.accuracy * report.examples)
            text.append(f"{report.accuracy:.1%} right", style="bold")
            text.append(f"  ({right:,} of {report.examples:,} {report.split} examples)   ")
        if report.distance is not None and report.of_mean is not None:
            for name in ("rmse", "mae"):
                value, of_mean = getattr(report.distance, name), getattr(report.of_mean, name)
                text.append(f"{name.upper()} {plain(value, 4)}", style="bold")
                text.append(f" (the mean {plain(of_mean, 4)})   ")
        text.append(f"loss {plain(report.loss)}")
        if report.distance is not None:
            text.append(f"   {report.examples:,} {report.split} examples")
        return text

    def action_dismiss_page(self) -> None:
        """Back to the training screen."""
        self.dismiss()


def _scatter_heading(name: str) -> Text:
    text = Text("Predicted and true", style="bold")
    text.append(f"   across: true {short(name)} · up: predicted · on the dots, both agree", style="not bold")
    return text


def _heading(classes: int) -> Text:
    text = Text("Confusion", style="bold")
    text.append("   rows: what the label says · columns: what the network said", style="not bold")
    if classes > MOST_CLASSES:
        text.append(f" · the {MOST_CLASSES} classes with most mistakes, of {classes:,}", style="not bold")
    return text


def _confusion(confusion: Array, names: tuple[str, ...]) -> Table:
    """Rows are labels, columns what the network said; the most confused classes where there are many."""
    shown = list(range(len(names)))
    if len(names) > MOST_CLASSES:
        wrong = confusion.sum(axis=1) - confusion.diagonal()
        shown = sorted((-wrong).argsort(kind="stable")[:MOST_CLASSES].tolist())
    table = Table(box=None, padding=(0, 1))
    table.add_column("")
    for k in shown:
        table.add_column(names[k], justify="right", no_wrap=True)
    for i in shown:
        cells = [Text(str(confusion[i, j]), style="bold" if i == j else "") for j in shown]
        table.add_row(Text(names[i], style="bold"), *cells)
    return table


class _Wrong(Vertical):
    """One mistake: its picture, and what was said."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__()
        self._mistake = mistake

    def compose(self) -> ComposeResult:
        mistake = self._mistake
        if mistake.pixels is not None:
            yield _Picture(mistake.pixels)
        yield Static(f"{mistake.label}\nsaid {mistake.said} {mistake.probability:.0%}", markup=False)


class _Picture(Widget):
    """A small picture in half-blocks."""

    def __init__(self, pixels: Array) -> None:
        super().__init__()
        self._strips = picture(pixels, THUMBNAIL, THUMBNAIL // 2)

    def render_line(self, y: int) -> Strip:
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)
