"""How the network does on examples that it never trained on."""

from collections.abc import Iterator
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from nnviz.insight.score_words import (
    NO_CALIBRATION,
    NO_THRESHOLDS,
    beside_accuracy,
    calibration_error,
    calibration_rows,
    class_rows,
    determination,
    number_rows,
)
from nnviz.outside_text import short
from nnviz.remote.messages import Examine, TestReport
from nnviz.training.judgement import ClassJudgement, NumberJudgement
from nnviz.tui.drawing.confusion import Confusion
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.row_table import RowTable
from nnviz.tui.panes.tabs import TabsPane
from nnviz.tui.screens.after_drawing import once_drawn
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.mistakes import MistakesPart
from nnviz.tui.screens.page import Page
from nnviz.tui.screens.scatter import ScatterPart
from nnviz.tui.screens.thresholds import ThresholdPart
from nnviz.wording import count, in_unit, integer, number, percent

MEASURES = ("rmse", "mae")
MOST_PARTS = 4
# Of the screen's height the page takes so much at most, and its border so many rows.
SHARE, DOWN = 0.94, 2
# The tabs, with the rows above and below them.
TABS, LEAST = 3, 3


class TestScreen(Page[Examine]):
    """The score, and below it one of its parts: classes, thresholds, calibration, mistakes."""

    CSS_PATH = "test.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,t,q,enter", "dismiss_page", "close", id="test.close"),
        *(Binding(str(k), f"part({k})", f"part {k}", show=False, id=f"test.part{k}") for k in range(1, MOST_PARTS + 1)),
        Binding("question_mark", "help", "help", id="test.help"),
    ]

    def __init__(self, report: TestReport, palette: Palette) -> None:
        super().__init__()
        self._report = report
        self._palette = palette
        self._parts = dict(self._made())
        self._told_keys: list[str] = []

    def compose(self) -> ComposeResult:
        report = self._report
        with Vertical(id="page") as page:
            page.border_title = f"Test on unseen examples · after step {integer(report.step)}"
            yield Static(self._score(), id="score")
            if self._parts:
                yield TabsPane({name: name for name in self._parts})
                with ContentSwitcher(initial=f"part-{next(iter(self._parts))}"):
                    for name, widgets in self._parts.items():
                        yield VerticalScroll(*widgets, id=f"part-{name}", classes="part")

    def on_mount(self) -> None:
        """Give the keys to the first part."""
        for tabs in self.query(TabsPane):
            tabs.recolour(self._palette)
        self.action_part(1)

    def on_resize(self, _: events.Resize) -> None:
        """Fit the parts, once it is known how much room the score takes."""
        once_drawn(self, self._fit)

    def _fit(self) -> None:
        """A part takes what the score leaves of the page, and no more than it needs."""
        width = self.query_one("#page").size.width
        room = int(self.size.height * SHARE) - DOWN - self.query_one("#score").outer_size.height - TABS
        for part in self.query(".part"):
            part.styles.max_height = max(room, LEAST)
        self._tell_keys()
        for drawn in self.query("*"):
            if isinstance(drawn, ThresholdPart | ScatterPart):
                drawn.fit(width, room)

    def _tell_keys(self) -> None:
        """On the border: those of the part, of all parts and of the page, as many as there is room for."""
        page, told = self.query_one("#page"), [*self._told_keys, "? explains", "escape closes"]
        while len(told) > 1 and cell_len(" · ".join(told)) > page.size.width:
            told.pop(-2)
        page.border_subtitle = " · ".join(told)

    def on_tabs_pane_chosen(self, event: TabsPane.Chosen) -> None:
        """A tab was clicked."""
        self.action_part(1 + list(self._parts).index(event.tab))

    def on_mistakes_part_looked_into(self, event: MistakesPart.LookedInto) -> None:
        """Close the page for a mistake, with all of them at hand."""
        numbers = tuple(mistake.number for mistake in self._report.mistakes)
        self.dismiss(Examine(self._report.split, numbers, event.place))

    def action_part(self, place: int) -> None:
        """Show another part of the page."""
        if place > len(self._parts):
            return
        name = list(self._parts)[place - 1]
        self.query_one(TabsPane).choose(name)
        self.query_one(ContentSwitcher).current = f"part-{name}"
        part = self.query_one(f"#part-{name}")
        next((widget for widget in part.query("*") if widget.can_focus), part).focus()
        keys = [widget.KEYS for widget in part.query("*") if isinstance(widget, ThresholdPart | MistakesPart)]
        others = [f"1…{len(self._parts)} a part"] if len(self._parts) > 1 else []
        self._told_keys = [*keys, *others]
        self._tell_keys()

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen())

    def _made(self) -> Iterator[tuple[str, list[Widget]]]:
        """The parts that there are, by name."""
        report, judgement = self._report, self._report.judgement
        if isinstance(judgement, ClassJudgement):
            yield "classes", _classes(report, judgement)
            if len(judgement.classes) == 2:
                yield "thresholds", [_thresholds(report, judgement, self._palette)]
            yield "calibration", _calibration(report, judgement)
        if isinstance(judgement, NumberJudgement):
            yield "numbers", _numbers(report, judgement)
        if report.mistakes:
            yield "mistakes", [MistakesPart(report.mistakes, self._palette)]

    def _score(self) -> Text:
        report, judgement = self._report, self._report.judgement
        if not report.examples:
            return Text("This data set has no examples that were kept out of the training.")
        text, tested = Text(), count(report.examples, f"{report.split} example")
        if isinstance(judgement, ClassJudgement) and report.accuracy is not None:
            text.append(f"{percent(report.accuracy)} right", style="bold")
            text.append(f"  ({integer(judgement.right)} of {tested})   loss {number(report.loss)}\n")
            text.append(beside_accuracy(judgement, report.task.class_names))
        elif isinstance(judgement, NumberJudgement):
            text.append_text(_distance(judgement))
            text.append(f"loss {number(report.loss)}   ({tested})")
        return text


def _distance(judgement: NumberJudgement) -> Text:
    """How far off the network is from the one target, beside always predicting the mean; of several, nothing."""
    text = Text()
    if len(judgement.distances) == 1:
        for name in MEASURES:
            value, of_mean = (getattr(of[0], name) for of in (judgement.distances, judgement.of_mean))
            text.append(f"{name.upper()} {in_unit(value)}", style="bold")
            text.append(f" (the mean {in_unit(of_mean)})   ")
        text.append(f"R² {determination(judgement.determination[0])}\n")
    return text


def _heading(title: str, told: str = "") -> Static:
    return Static(Text.assemble((title, "bold"), f"   {told}"), classes="heading")


def _table(rows: list[list[str]]) -> Static:
    return Static(RowTable(rows))


def _classes(report: TestReport, judgement: ClassJudgement) -> list[Widget]:
    names = report.task.class_names
    confusion = [] if report.confusion is None else [Static(Confusion(report.confusion, names))]
    return [*confusion, _heading("Each class"), _table(class_rows(judgement, names))]


def _thresholds(report: TestReport, judgement: ClassJudgement, palette: Palette) -> Widget:
    positive = report.task.positive_class
    names = report.task.class_names
    if judgement.thresholds is None:
        return Static(NO_THRESHOLDS)
    return ThresholdPart(judgement.thresholds, names[positive], names[1 - positive], palette)


def _calibration(report: TestReport, judgement: ClassJudgement) -> list[Widget]:
    calibration = judgement.calibration
    if calibration is None or report.accuracy is None:
        return [Static(NO_CALIBRATION)]
    return [Static(calibration_error(calibration, report.accuracy)), _table(calibration_rows(calibration))]


def _numbers(report: TestReport, judgement: NumberJudgement) -> list[Widget]:
    parts: list[Widget] = []
    targets = report.task.targets
    if len(judgement.distances) > 1:
        parts.append(_table(number_rows(judgement, report.task.output_names(report.task.numbers))))
    if report.true is not None and report.predicted is not None and targets is not None:
        told = f"across: true {short(targets.names[0])} · up: predicted · dots: equal"
        parts += [_heading("Predicted and true", told), ScatterPart(report.true, report.predicted)]
    return parts
