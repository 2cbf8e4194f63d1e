"""How the network does on examples that it never trained on."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, Vertical, VerticalScroll
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from nnviz.array import Array
from nnviz.outside_text import apart, short
from nnviz.remote.messages import Mistake, TestReport
from nnviz.tui.drawing.confusion import Confusion
from nnviz.tui.drawing.grid import picture
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.scatter import scatter
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.page import Page
from nnviz.wording import count, in_unit, integer, number, percent

THUMBNAIL = 20
TEXT = 40
SCATTER_WIDTH, SCATTER_HEIGHT = 72, 22
MEASURES = ("rmse", "mae")
# Width of a target's name.
TARGET = 24


class TestScreen(Page[None]):
    """The score, the confusion table and the worst mistakes."""

    CSS_PATH = "test.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,t,q,enter", "dismiss_page", "close", id="test.close"),
        Binding("question_mark", "help", "help", id="test.help"),
    ]

    def __init__(self, report: TestReport, palette: Palette) -> None:
        super().__init__()
        self._report = report
        self._palette = palette

    def compose(self) -> ComposeResult:
        report = self._report
        with VerticalScroll(id="page") as page:
            page.border_title = f"Test on unseen examples · after step {integer(report.step)}"
            page.border_subtitle = "? explains · escape closes"
            yield Static(self._score())
            if len(report.distances) > 1:
                yield Static(_distances(report))
            if report.confusion is not None:
                yield Static(Confusion(report.confusion, report.task.class_names))
            if report.true is not None and report.predicted is not None and report.task.targets is not None:
                name = report.task.targets.names[0]
                yield Static(_scatter_heading(name), classes="heading")
                yield Static(scatter(report.true, report.predicted, SCATTER_WIDTH, SCATTER_HEIGHT))
            if report.mistakes:
                yield Static(Text("The worst mistakes", style="bold"), classes="heading")
                widest = THUMBNAIL + 2 if report.mistakes[0].text is None else TEXT
                with ItemGrid(id="mistakes", classes="pictures" if widest < TEXT else "texts", min_column_width=widest):
                    for mistake in report.mistakes:
                        yield _Wrong(mistake, self._palette)

    def _score(self) -> Text:
        report = self._report
        if not report.examples:
            return Text("This data set has no examples that were kept out of the training.")
        text = Text()
        if report.accuracy is not None:
            right = round(report.accuracy * report.examples)
            text.append(f"{percent(report.accuracy)} right", style="bold")
            text.append(f"  ({integer(right)} of {count(report.examples, f'{report.split} example')})   ")
        if len(report.distances) == 1:
            for name in MEASURES:
                value, of_mean = (getattr(of[0], name) for of in (report.distances, report.of_mean))
                text.append(f"{name.upper()} {in_unit(value)}", style="bold")
                text.append(f" (the mean {in_unit(of_mean)})   ")
        text.append(f"loss {number(report.loss)}")
        if report.distances:
            text.append(f"   {count(report.examples, f'{report.split} example')}")
        return text

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen())


def _distances(report: TestReport) -> Table:
    """How far off the network is from each target, beside always predicting the mean."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("target")
    for name in MEASURES:
        for heading in (name.upper(), "(the mean)"):
            table.add_column(heading, justify="right")
    names = apart(tuple(distance.target for distance in report.distances), TARGET)
    for target, *both in zip(names, report.distances, report.of_mean, strict=True):
        table.add_row(Text(target), *(in_unit(getattr(of, name)) for name in MEASURES for of in both))
    return table


def _scatter_heading(name: str) -> Text:
    text = Text("Predicted and true", style="bold")
    text.append(f"   across: true {short(name)} · up: predicted · on the dots, both agree", style="not bold")
    return text


class _Wrong(Vertical):
    """One mistake: its picture or text, and what was said."""

    def __init__(self, mistake: Mistake, palette: Palette) -> None:
        super().__init__()
        self._mistake = mistake
        self._palette = palette

    def compose(self) -> ComposeResult:
        mistake = self._mistake
        if mistake.pixels is not None:
            yield _Picture(mistake.pixels, self._palette)
        if mistake.text is not None:
            yield Static(mistake.text, markup=False, classes="heading")
        yield Static(f"{mistake.label}\nsaid {mistake.said} {percent(mistake.probability)}", markup=False)


class _Picture(Widget):
    """A small picture in half-blocks."""

    def __init__(self, pixels: Array, palette: Palette) -> None:
        super().__init__()
        self._strips = picture(pixels, THUMBNAIL, THUMBNAIL // 2, palette)

    def render_line(self, y: int) -> Strip:
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)
