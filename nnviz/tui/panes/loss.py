"""The loss curve."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from msgspec.structs import replace
from textual import events, on
from textual.binding import Binding, BindingType
from textual.strip import Strip

from nnviz.frame.focus import Focus
from nnviz.frame.frame import Curves, Frame
from nnviz.insight.measure_words import MEASURE_WORDS
from nnviz.tui.drawing.batch_losses import batch_losses, first_shown
from nnviz.tui.drawing.curve import LossChart
from nnviz.tui.drawing.layer_table import COLUMNS
from nnviz.tui.drawing.loss_legend import INSTEAD, OVER
from nnviz.tui.drawing.loss_series import Shown, series_of
from nnviz.tui.panes.framed_pane import BORDER, SEPARATOR, Caption, FramedPane
from nnviz.wording import count, integer, listed, number, percent

HEADINGS = dict(COLUMNS)
FAR = 10
"""Places of the curve that a long move of its cursor passes."""


class LossPane(FramedPane):
    """Training loss raw and smoothed, validation loss, and the best of it; a cursor reads them out at any place.

    It draws the accuracy instead, or a number of a layer, where somebody has chosen that.
    """

    parts = frozenset({"curves"})
    turns = frozenset({3})
    title = "Loss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Cursor", show=False, id="loss.left"),
        Binding("up", f"move({FAR})", "Cursor", show=False, id="loss.up"),
        Binding("down", f"move({-FAR})", "Cursor", show=False, id="loss.down"),
        Binding("home", "point(1)", "Cursor", show=False, id="loss.home"),
        Binding("end", "point_at_end", "Cursor", show=False, id="loss.end"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._charts = {shown: LossChart() for shown in Shown}
        self._shown = Shown.LOSS
        self._cursor: int | None = None

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        accuracy, chosen, shown = frame.curves.accuracy, self.chosen, self._shown_of(frame.curves)
        if frame.batch is not None and not frame.curves.others:
            mean, begins = frame.batch_loss, "u begins the curve"
            known = [] if mean is None else [f"batch {number(mean, decimals=frame.title.decimals)}"]
            return Caption(f"Loss of each example · {frame.title.loss}", SEPARATOR.join([*known, begins]))
        title, extras = _titled(frame.curves, _drawn(frame, shown), width - BORDER), frame.title.only_in_training
        is_alone = frame.curves.branch is None and shown is Shown.LOSS
        if extras and is_alone and len(frame.curves.validation_losses):
            title = _with_extras(title, extras, width - BORDER)
        if chosen is not None and self.has_focus:
            told = f"enter goes to step {integer(chosen)}"
            return Caption(title, told if len(told) <= width - BORDER else f"enter: {integer(chosen)}")
        if accuracy is None:
            return Caption(title)
        told = f"accuracy {percent(accuracy)}"
        return Caption(title, f"validation {told}" if len(f"validation {told}") <= width - BORDER else told)

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        if frame.batch is not None and not frame.curves.others:
            classes, chosen = frame.task.class_names, frame.example.place
            return batch_losses(frame.batch, classes, chosen, width, height, self.palette, frame.title.decimals)
        shown = self._shown_of(frame.curves)
        return self._charts[shown].draw(frame.curves, self.palette, width, height, self.chosen, shown)

    # What is drawn

    def choose(self, shown: Shown) -> None:
        """Draw these curves from now on, while there are any."""
        self._shown = shown
        self.redraw()

    def choose_next(self) -> str:
        """Draw the next curves that there are: the loss, the accuracy, the number of a layer. What that is is told."""
        if self._frame is None:
            return ""
        curves = self._frame.curves
        there = [shown for shown in Shown if shown is Shown.LOSS or series_of(curves, shown) is not None]
        self.choose(there[(there.index(self._shown_of(curves)) + 1) % len(there)])
        return " · ".join(_drawn(self._frame, self._shown)[:2])

    def _shown_of(self, curves: Curves) -> Shown:
        return self._shown if series_of(curves, self._shown) is not None else Shown.LOSS

    # The cursor

    @property
    def chosen(self) -> int | None:
        """How many training steps were done at the cursor; None if there is none, or nothing is trained.

        It stays where it is when the curve grows. Where there is less than that, it is at the end.
        """
        if self._cursor is None or self._frame is None or not self._frame.curves.total:
            return None
        return min(self._cursor, self._frame.curves.total)

    def across(self, places: int) -> Focus | None:
        self.action_move(places)
        return self.focus_shown

    def leave(self) -> Focus | None:
        self.unpoint()
        return self.focus_shown

    def action_move(self, places: int) -> None:
        """Move the cursor by so many places of the curve; it starts where the run is, and stays within the curve."""
        if self._frame is None:
            return
        curves, chosen = self._frame.curves, self.chosen
        if chosen is None:
            self._point(curves.total if curves.position is None else curves.position)
        else:
            # A place may hold many steps, and is read where the last of them is done.
            series = series_of(curves, self._shown_of(curves))
            self._point(chosen if series is None else series.moved(chosen, places))

    def action_point(self, step: int) -> None:
        """Put the cursor where so many training steps were done."""
        self._point(step)

    def action_point_at_end(self) -> None:
        """Put the cursor at the end of the curve."""
        if self._frame is not None:
            self._point(self._frame.curves.total)

    def clicked(self, frame: Frame, x: int, y: int) -> Focus | None:
        """The example whose row that is, before there is a curve; then the cursor comes to where it is clicked."""
        if frame.batch is not None and not frame.curves.others:
            place = y + first_shown(frame.batch, frame.example.place, self.content_size.height)
            return replace(frame.focus, example=place) if place < len(frame.batch.numbers) else None
        step = self._charts[self._shown_of(frame.curves)].step_at(x)
        if step is not None:
            self._point(step)
        return None

    @on(events.Click)
    async def _go_there(self, event: events.Click) -> None:
        """The second of two clicks goes where the first has put the cursor."""
        if event.chain == 2 and self.chosen is not None:
            await self.screen.run_action("step_or_go")

    def unpoint(self) -> None:
        """Have no cursor any more: the latest numbers are read again."""
        self._cursor = None
        self.redraw()

    def _point(self, step: int) -> None:
        if self._frame is not None and self._frame.curves.total:
            self._cursor = min(max(step, 1), self._frame.curves.total)
            self.redraw()


class _Drawn(NamedTuple):
    """What the curves are, and more exactly, in many words and in few."""

    name: str
    exactly: str
    short: str


def _drawn(frame: Frame, shown: Shown) -> _Drawn:
    followed = frame.curves.followed
    if shown is Shown.FOLLOWED and followed is not None:
        return _Drawn(followed.layer, MEASURE_WORDS[followed.measure], HEADINGS[followed.measure])
    if shown is Shown.RIGHT:
        return _Drawn("Accuracy", "share said right, in %", "in %")
    return _Drawn("Loss", frame.title.loss, frame.title.loss)


def _titled(curves: Curves, drawn: _Drawn, room: int) -> str:
    """What is drawn, and of several branches which, with the signs of the others."""
    name, exactly, few = drawn
    if curves.branch is None:
        title = f"{name} · {exactly}"
        return title if len(title) <= room else f"{name} · {few}"
    signs = [(OVER if other.chosen else INSTEAD, other.name) for other in curves.others]
    others = f" ({', '.join(f'{sign} {name}' for sign, name in signs)})" if signs else ""
    short = f" ({', '.join(f'{sign} {name.split()[-1]}' for sign, name in signs)})" if signs else ""
    titles = [f"{name} · {curves.branch}{others} · {words}" for words in (exactly, few)]
    titles += [f"{name} · {curves.branch}{others}", f"{curves.branch}{others}"]
    return next((words for words in titles if len(words) <= room), f"{curves.branch}{short}")


def _with_extras(title: str, extras: Sequence[str], room: int) -> str:
    """The title with what only the training loss has, in as many words as there is room for."""
    alone, one = f"only train has {listed(extras)}", f"only train has {listed(extras, 1)}"
    few = f"train has {count(len(extras), 'extra')}"
    titles = [f"{title} · {alone}", f"{title} · {one}"]
    titles += [f"Loss · {alone}", f"Loss · {one}", f"Loss · {few}"]
    return next((words for words in titles if len(words) <= room), titles[-1])
