"""The screen on which a network is trained and watched."""

from typing import ClassVar

from rich.color import ColorSystem
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from nnviz.frame.frame import Frame
from nnviz.remote import messages as m
from nnviz.tui.keys import KEYS
from nnviz.tui.layouts import TABS, Body
from nnviz.tui.lesson import Lesson
from nnviz.tui.link import Link
from nnviz.tui.panes.errors import ErrorsPane
from nnviz.tui.panes.example import ExamplePane
from nnviz.tui.panes.heatmap import HeatmapPane
from nnviz.tui.panes.inspector import InspectPane
from nnviz.tui.panes.key_line import KeyLine
from nnviz.tui.panes.loss import LossPane
from nnviz.tui.panes.network import NetworkPane
from nnviz.tui.panes.pane import Pane
from nnviz.tui.panes.prediction import PredictionPane
from nnviz.tui.panes.rail import RailPane
from nnviz.tui.panes.story import StoryPane
from nnviz.tui.panes.tabs import TabsPane
from nnviz.tui.panes.title import TitlePane
from nnviz.tui.screens.look_keys import LookKeys
from nnviz.tui.screens.page_keys import PageKeys
from nnviz.tui.screens.step_keys import StepKeys
from nnviz.tui.themes import palette_for

# In the order of the tab key.
PANES: tuple[type[Pane], ...] = (
    TitlePane,
    RailPane,
    NetworkPane,
    ExamplePane,
    PredictionPane,
    ErrorsPane,
    LossPane,
    HeatmapPane,
    InspectPane,
    StoryPane,
)


class TrainingScreen(StepKeys, LookKeys, PageKeys):
    """Keys become requests to the trainer; the frames that it answers with go to the panes."""

    CSS_PATH = "training.tcss"
    # Nothing of its own is to be seen; Textual asks for it at every paint.
    BLANK = True
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *KEYS,
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
    ]

    def __init__(self, link: Link, frame: Frame, colours: ColorSystem | None, lesson: Lesson | None = None) -> None:
        super().__init__(link, frame, [pane() for pane in PANES], lesson)
        self._colours = colours

    def compose(self) -> ComposeResult:
        title, rail, *framed = self._panes
        yield Static("", id="too-small")
        yield title
        yield rail
        with Body():
            yield TabsPane(TABS)
            yield from framed
        yield KeyLine()

    def on_mount(self) -> None:
        """Draw in the colours of the theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._recolour())
        self._recolour()
        self.query_one(TitlePane).show_pace(m.PACES[self._pace].words)

    def _recolour(self) -> None:
        self._palette = palette_for(self.app.current_theme, self._colours)
        for pane in self._panes:
            pane.recolour(self._palette)
        self.query_one(TabsPane).recolour(self._palette)
