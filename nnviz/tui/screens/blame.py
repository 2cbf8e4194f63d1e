"""Which weights are to blame: a page of those that the loss depends on most."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from nnviz.array import strongest
from nnviz.frame.blame_view import BlamedWeight, BlameView, Measure, Saliency
from nnviz.frame.focus import Focus
from nnviz.insight.blame_words import SALIENCY, SIGNS, compared, missing, ordered_by, remarks
from nnviz.remote.messages import Blame
from nnviz.tui.drawing.grid import fitted, heatmap, magnitudes, picture
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.rows import fit, fit_right
from nnviz.tui.screens.help import HelpScreen
from nnviz.tui.screens.page import Page
from nnviz.wording import addition, fitted_signed, integer, percent, signed

NUMBER, PART = 9, 7
FROM_TO = "from → to"
WIDEST = 110
# Lines of the screen from which on the pictures are large.
TALL = 32


def first_asked(focus: Focus) -> Blame:
    """What the page begins with."""
    return Blame(focus, Measure.SENSITIVITY, of_example=True, everywhere=False)


Ask = Callable[[Blame], Awaitable[BlameView | None]]


class BlameScreen(Page[None]):
    """The most blamed weights, for an example or the batch, of a layer or of all."""

    CSS_PATH = "blame.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,q,enter", "dismiss_page", "close", id="blame.close"),
        Binding("w", "measure", "order", id="blame.measure"),
        Binding("e", "whose", "example or batch", id="blame.whose"),
        Binding("a", "everywhere", "layer or all", id="blame.everywhere"),
        Binding("left_square_bracket", "block(-1)", "layer", id="blame.layer_before"),
        Binding("right_square_bracket", "block(1)", "next layer", id="blame.layer_after"),
        Binding("comma", "example(-1)", "example before", id="blame.example_before"),
        Binding("full_stop", "example(1)", "next example", id="blame.example_after"),
        Binding("question_mark", "help", "help", id="blame.help"),
    ]

    def __init__(self, asked: Blame, view: BlameView, blocks: int, ask: Ask, palette: Palette) -> None:
        """`view` answers `asked`, of a network of so many `blocks`; `ask` asks again."""
        super().__init__()
        self._asked, self._view, self._blocks = asked, view, blocks
        self._ask, self._palette = ask, palette

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="page") as page:
            page.border_subtitle = "w order · e example or batch · a all layers · [ ] layer · escape"
            yield Static(id="what", markup=False)
            with Horizontal(id="pixels"):
                yield _Pictures(self._palette)
                yield Static(id="told", markup=False)
            yield Static(id="weights", markup=False)

    def on_mount(self) -> None:
        """Show the first answer."""
        self._show()

    def on_resize(self) -> None:
        """Names take the room that numbers leave."""
        self._show()

    def _show(self) -> None:
        view = self._view
        self.query_one("#page").border_title = f"Blame · training step {integer(view.step + 1)}"
        what = Text(ordered_by(view), style="bold")
        what.append(f"\n{compared(view)}", style="not bold")
        self.query_one("#what", Static).update(what)
        width = min(self.app.size.width, WIDEST) - 6
        lines = [missing(view)] if view.worst is None else _table(view.worst, view.measure, width)
        self.query_one("#weights", Static).update("\n" + "\n".join([*lines, *remarks(view)]))
        shown = view.saliency
        self.query_one("#pixels").display = shown is not None
        if shown is not None:
            self.query_one(_Pictures).show(shown, 10 if self.app.size.height >= TALL else 6)
            self.query_one("#told", Static).update(SALIENCY + _largest(shown))

    async def _change(self, **changes: object) -> None:
        asked = replace(self._asked, **changes)
        view = await self._ask(asked)
        if view is not None:
            self._asked, self._view = asked, view
            self._show()

    async def action_measure(self) -> None:
        """Order them by the next measure."""
        measures = list(Measure)
        await self._change(measure=measures[(measures.index(self._asked.measure) + 1) % len(measures)])

    async def action_whose(self) -> None:
        """For the example alone, or the batch."""
        await self._change(of_example=not self._asked.of_example)

    async def action_everywhere(self) -> None:
        """Of this layer, or of all."""
        await self._change(everywhere=not self._asked.everywhere)

    async def action_block(self, change: int) -> None:
        """The layer before or after this one."""
        focus = self._asked.focus
        block = min(max(focus.block + change, 0), self._blocks - 1)
        await self._change(focus=replace(focus, block=block), everywhere=False)

    async def action_example(self, change: int) -> None:
        """The example before or after this one in the batch."""
        focus = self._asked.focus
        await self._change(focus=replace(focus, example=focus.example + change), of_example=True)

    def action_help(self) -> None:
        """What the words of this page mean."""
        self.app.push_screen(HelpScreen())


def _table(weights: tuple[BlamedWeight, ...], measure: Measure, width: int) -> list[str]:
    """A line for each weight in `width` cells, under a heading."""
    if measure is Measure.UPDATE:
        told = [_moved(weight) for weight in weights]
        wide = max(map(len, told))
        heading = fit_right("w + Δw", wide)
    else:
        told = [_numbers(weight, measure) for weight in weights]
        wide = max(map(len, told))
        heads = ["w", "∂L/∂w"] if measure is Measure.SENSITIVITY else ["w", "∂L/∂w", SIGNS[measure]]
        heading = " ".join(fit_right(head, NUMBER) for head in heads)
    ends = [f"{weight.source} → {weight.target}" for weight in weights]
    names = max(min(width - wide - PART - 2, max(map(cell_len, [FROM_TO, *ends]))), 8)
    parts = [percent(weight.part) for weight in weights]
    return [
        f"{fit(FROM_TO, names)} {heading} {fit_right('share', PART)}",
        *(
            f"{fit(end, names)} {fit_right(line, wide)} {fit_right(part, PART)}"
            for end, line, part in zip(ends, told, parts, strict=True)
        ),
    ]


def _numbers(weight: BlamedWeight, measure: Measure) -> str:
    numbers = [weight.before, weight.gradient]
    if measure is Measure.SHARE:
        numbers.append(weight.measured)
    return " ".join(fit_right(fitted_signed(number, NUMBER), NUMBER) for number in numbers)


def _moved(weight: BlamedWeight) -> str:
    assert weight.update is not None
    assert weight.after is not None
    return addition(weight.before, weight.update, weight.after)


def _largest(shown: Saliency) -> str:
    """Where ∂L/∂x is largest; of a picture that is shown in part, as is its number of largest magnitude."""
    row, column = divmod(strongest(magnitudes(shown.slopes)), shown.slopes.shape[1])
    value = signed(float(shown.slopes[row, column]))
    return f" Largest: {value} at row {integer(row * shown.step)}, column {integer(column * shown.step)}."


class _Pictures(Widget):
    """The example's picture, and ∂L/∂x of it."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._strips: list[Strip] = []

    def show(self, seen: Saliency, lines: int) -> None:
        """Both side by side, `lines` lines tall."""
        picture_strips = picture(seen.pixels, 2 * lines, lines, self._palette)
        width, height = picture_strips[0].cell_length, len(picture_strips)
        slopes, _, _ = fitted(seen.slopes, min(2 * height, seen.pixels.shape[0] * 8), width)
        drawn = heatmap(slopes, float(magnitudes(seen.slopes).max()), self._palette)
        gap = Strip.blank(2, self._palette.style(self._palette.text))
        self._strips = [Strip.join([left, gap, right]) for left, right in zip(picture_strips, drawn, strict=False)]
        self.styles.width = self._strips[0].cell_length
        self.styles.height = len(self._strips)
        self.refresh(layout=True)

    def render_line(self, y: int) -> Strip:
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)
