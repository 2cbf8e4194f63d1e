"""The curves of runs over each other, which follow what is trained."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from nnviz.collection.differences import short_names
from nnviz.collection.groups import grouped, settings_to_group_by
from nnviz.collection.lines import Line, lines_of, lines_of_groups
from nnviz.collection.listed_run import ListedRun
from nnviz.collection.look import Look
from nnviz.collection.metrics import metrics_of, splits_of
from nnviz.collection.overlay import Asked, Curve, Overlay, extent
from nnviz.collection.x_axis import X, first_of, told
from nnviz.insight.health.curve_rules import diagnosis
from nnviz.outside_text import cut, printable, shown_names
from nnviz.tui.drawing.run_axes import View, x_words
from nnviz.tui.drawing.run_picture import ABOVE, BELOW, INFINITE, NOT_A_NUMBER
from nnviz.tui.panes.key_line import KeyLine
from nnviz.tui.panes.run_curves import RunCurves
from nnviz.tui.run_keys import CURVE_KEYS
from nnviz.tui.screens.after_drawing import once_drawn
from nnviz.tui.screens.curve_health import CurveHealthScreen
from nnviz.tui.screens.help import HelpScreen, key_entries
from nnviz.tui.themes import palette_for
from nnviz.wording import count, trimmed

Choice = TypeVar("Choice")
ASIDE = 0.25
"""Of what is seen, so much is passed at a time."""
FAR = 10
WORDS = {
    NOT_A_NUMBER: "NaN",
    INFINITE: "∞ or −∞",
    ABOVE: "above the edge",
    BELOW: "below the edge",
}


class CurvesScreen(Screen[None]):
    """Curves of some runs. `latest` gives these runs as they are now; `open_run` opens one of nnviz's."""

    CSS_PATH = "run_curves.tcss"
    AUTO_FOCUS = "#curves"
    BINDINGS: ClassVar[list[BindingType]] = [*CURVE_KEYS]

    def __init__(self, runs: Sequence[ListedRun], open_run: Callable[[Path], None]) -> None:
        super().__init__()
        self._runs, self._open_run = list(runs), open_run
        self._overlay = Overlay()
        self.look = Look(x=first_of(runs) if runs else X.STEP)
        self._curves: list[Curve] = []
        self._lines: list[Line] = []
        self._begin()

    def _begin(self) -> None:
        metrics = metrics_of(self._runs)
        if metrics and self.look.metric not in metrics:
            self._measure(metrics[0])

    def _measure(self, metric: str) -> None:
        """Draw this metric: of several runs on one split, the most telling one, of a single run on each."""
        self.look.metric, self.look.limits = metric, None
        splits = splits_of(self._runs, metric)
        if self.look.split not in splits:
            self.look.split = splits[0] if splits and len(self._runs) > 1 else None

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        yield Static(id="said")
        yield RunCurves()
        yield KeyLine()

    def on_mount(self) -> None:
        """Draw, in the colours of the theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._recolour())
        self._recolour()

    def on_resize(self) -> None:
        """What is said fits another width."""
        once_drawn(self, self._say)

    def _recolour(self) -> None:
        self._pane.palette = palette_for(self.app.current_theme, getattr(self.app, "colours", None))
        self._show()

    @property
    def _pane(self) -> RunCurves:
        return self.query_one(RunCurves)

    @property
    def keys(self) -> set[tuple[Path, str]]:
        """The runs whose curves these are."""
        return {run.key for run in self._runs}

    def take(self, runs: Sequence[ListedRun]) -> None:
        """Draw these runs, as they are now, in the order in which they were."""
        now = {run.key: run for run in runs}
        fresh = [now[run.key] for run in self._runs if run.key in now]
        if any(a is not b for a, b in zip(fresh, self._runs, strict=False)) or len(fresh) != len(self._runs):
            self._runs = fresh
            self._begin()
            self._show()

    # What is drawn

    @property
    def _extent(self) -> tuple[float, float]:
        return extent(self._curves) or (0.0, 1.0)

    def _show(self, keeps_scale: bool = True) -> None:
        look = self.look
        names = shown_names(tuple(run.name for run in self._runs))
        self._curves = self._overlay.curves(self._runs, Asked(look.metric, look.split, look.x, look.weight))
        if look.group is None:
            self._lines = lines_of(self._curves, names)
        else:
            groups = grouped(self._runs, look.group)
            self._lines = lines_of_groups(self._curves, groups, look.deviation)
        look.chosen = min(look.chosen, max(len(self._lines) - 1, 0))
        first, last = look.span or self._extent
        view = View(look.x, first, last, look.log, look.limits, look.cursor, look.chosen)
        self._pane.show(self._lines, self._grouped_by, view, keeps_scale)
        self._say()

    @property
    def _grouped_by(self) -> str:
        """What it is that has a line each: a run, or the values of a setting, by the name of that."""
        if self.look.group is None:
            return "run"
        choices = settings_to_group_by(self._runs)
        short = dict(zip(choices, short_names(choices), strict=True))
        return printable(short.get(self.look.group, self.look.group))

    def _say(self) -> None:
        look, view = self.look, self._pane.view
        if view is None:
            return
        parts = [look.metric or "no curve yet", look.split or "all splits", f"over {x_words(view)}"]
        if look.log:
            parts.append("log scale")
        if look.weight:
            parts.append(f"smoothed {trimmed(look.weight)}")
        if look.group is not None:
            parts.append(f"{'mean ± deviation' if look.deviation else 'mean'} by {self._grouped_by}")
        parts.append(count(len(self._runs), "run"))
        room = max(self.size.width, 1)
        self.query_one("#title", Static).update(Text(cut(printable(" · ".join(parts)), room)))
        self.query_one("#said", Static).update(Text(cut(printable(" · ".join(self._remarks())), room)))

    def _remarks(self) -> list[str]:
        """What is to be said of the picture, besides what it shows."""
        look, picture = self.look, self._pane.drawn()
        told = [f"{sign} {WORDS[sign]}: {count(many, 'line')}" for sign, many in picture.beyond.items()]
        if look.log and (lost := sum(int((curve.drawn.lows <= 0).sum()) for curve in self._curves)):
            told.append(f"{count(lost, 'point')} ≤ 0 cannot be on a log scale")
        if look.weight and (few := sum(not curve.is_smoothed for curve in self._curves)):
            told.append(f"{count(few, 'curve')} with too few points to smooth")
        if self._overlay.unplaced:
            told.append(f"{count(len(self._overlay.unplaced), 'run')} without {look.x.value}")
        if look.span is not None:
            told.append("zoomed: 0 shows all")
        return told

    # Keys

    def _next(self, choices: Sequence[Choice], now: Choice, by: int = 1) -> Choice:
        place = choices.index(now) if now in choices else -1
        return choices[(place + by) % len(choices)]

    def action_metric(self, by: int) -> None:
        """The next number that there is of any of the runs."""
        metrics = metrics_of(self._runs)
        if len(metrics) < 2:
            self.notify("there is no other number of these runs")
        else:
            self._measure(self._next(metrics, self.look.metric, by))
            self._show(keeps_scale=False)

    def action_split(self) -> None:
        """The next split, and then all of them."""
        splits: list[str | None] = [*splits_of(self._runs, self.look.metric), None]
        self.look.split = self._next(splits, self.look.split)
        self._show(keeps_scale=False)

    def action_x(self) -> None:
        """Lay the curves over something else that any of them tells."""
        axes = [x for x in X if any(x in told(run) for run in self._runs)]
        if len(axes) < 2:
            self.notify("there is nothing else that these runs can be laid over")
        else:
            self.look.other_x(self._next(axes, self.look.x))
            self._show()

    def action_log(self) -> None:
        """A logarithmic axis, and back."""
        self.look.log, self.look.limits = not self.look.log, None
        self._show(keeps_scale=False)

    def action_smooth(self, more: int) -> None:
        """Smooth more, or less."""
        before = self.look.weight
        self.look.smooth(more)
        if self.look.weight == before:
            self.notify("the lines are as smooth as they get" if before else "the lines are not smoothed")
        self._show(keeps_scale=False)

    def action_group(self) -> None:
        """Put runs together by the next setting in which they differ; then none."""
        choices: list[str | None] = [None, *settings_to_group_by(self._runs)]
        if len(choices) == 1:
            self.notify("all settings of these runs are the same")
            return
        self.look.group, self.look.chosen = self._next(choices, self.look.group), 0
        self._show(keeps_scale=False)

    def action_spread(self) -> None:
        """Of groups, the deviation; and back."""
        if self.look.group is None:
            self.notify("there is no group: g makes some")
            return
        self.look.deviation = not self.look.deviation
        self._show(keeps_scale=False)

    def action_zoom(self, factor: float) -> None:
        """See more of x, or less."""
        first, last = self.look.span or self._extent
        around = (first + last) / 2 if self.look.cursor is None else self.look.cursor
        self.look.zoom(self._extent, factor, around)
        self._show()

    def action_whole(self) -> None:
        """All of it."""
        self.look.whole()
        self._show(keeps_scale=False)

    def action_pan(self, parts: int) -> None:
        """To the right, or to the left."""
        if self.look.span is None:
            self.notify("all of it is shown: + zooms in")
            return
        self.look.pan(self._extent, ASIDE * parts)
        self._show()

    def action_zoom_y(self, factor: float) -> None:
        """See more of y, or less."""
        if (scale := self._pane.drawn().scale) is not None:
            self.look.zoom_y((scale.low, scale.high), factor)
            self._bound_log()
            self._show()

    def action_move_y(self, parts: int) -> None:
        """Further up, or down."""
        if (scale := self._pane.drawn().scale) is not None:
            self.look.move_y((scale.low, scale.high), ASIDE * parts)
            self._bound_log()
            self._show()

    def _bound_log(self) -> None:
        """A logarithmic axis begins above 0."""
        if self.look.log and self.look.limits is not None and self.look.limits[0] <= 0:
            self.look.limits = self.look.limits[1] / 1e3, self.look.limits[1]

    def action_move(self, places: int) -> None:
        """Move the cursor."""
        if self._lines:
            curve = self._lines[self.look.chosen].curves[0]
            self.look.move(self._extent, curve, self._pane.drawn().columns, places)
            self._show()

    def action_end(self, last: bool) -> None:
        """The cursor to where the curves begin, or end."""
        self.look.cursor = (self.look.span or self._extent)[1 if last else 0]
        self._show()

    def action_choose(self, by: int) -> None:
        """Another line on top."""
        if len(self._lines) < 2:
            self.notify("there is no other line")
            return
        self.look.chosen = (self.look.chosen + by) % len(self._lines)
        self._show()

    def action_open(self) -> None:
        """Open the run of the line on top in the visualizer."""
        if not self._lines:
            return
        line = self._lines[self.look.chosen]
        run = self._runs[line.curves[0].run]
        if len(line.curves) > 1:
            self.notify(f"this line stands for {count(len(line.curves), 'run')}: choose one in the list")
        elif run.is_own:
            self._open_run(run.place)
        else:
            self.notify("nnviz did not train it, and cannot open more of it than its curves")

    def action_health(self) -> None:
        """What the rules say of these runs by their curves."""
        names = shown_names(tuple(run.name for run in self._runs))
        found = {name: diagnosis(run.curves) for name, run in zip(names, self._runs, strict=True)}
        self.app.push_screen(CurveHealthScreen(found))

    def action_back(self) -> None:
        """No cursor; and then back to the list."""
        if self.look.cursor is not None:
            self.look.cursor = None
            self._show()
        else:
            self.dismiss()

    def action_help(self) -> None:
        """All words and signs."""
        self.app.push_screen(HelpScreen(keys=key_entries(CURVE_KEYS)))

    # The mouse

    @on(RunCurves.Pointed)
    def _point(self, event: RunCurves.Pointed) -> None:
        self.look.cursor = event.x
        self._show()

    @on(RunCurves.Chose)
    def _chose(self, event: RunCurves.Chose) -> None:
        self.look.chosen = event.number
        self._show()

    @on(RunCurves.Wheeled)
    def _wheel(self, event: RunCurves.Wheeled) -> None:
        if event.aside:
            self.look.pan(self._extent, ASIDE * event.aside)
        else:
            self.look.zoom(self._extent, 0.5 if event.inwards else 2.0, event.x)
        self._show()

    @on(RunCurves.Dragged)
    def _drag(self, event: RunCurves.Dragged) -> None:
        self.look.pan(self._extent, -event.share)
        self._show()
