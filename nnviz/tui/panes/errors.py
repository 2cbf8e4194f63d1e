"""The error of each node of the focused block."""

from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from rich.cells import cell_len
from textual.strip import Strip

from nnviz.array import Array
from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame
from nnviz.outside_text import apart
from nnviz.tui.drawing.bars import signed_bar
from nnviz.tui.drawing.rows import Run, centred, fit, fit_right, row
from nnviz.tui.panes.framed_pane import BORDER, SEPARATOR, Caption, FramedPane
from nnviz.wording import fitted_signed, integer

NUMBER = 9
PUBLISHED_BAR = 5
"""Of a number with its published decimals, there are all of them where so many cells are left for a bar."""


class ErrorsPane(FramedPane):
    """For the outputs: error p − y and ∂L/∂z. For hidden units: ∂L/∂a and ∂L/∂z, the largest ∂L/∂a first.

    Of a feature map, both are of the place where its ∂L/∂a is of largest magnitude. A block without weighted sums has
    no z. Of too many classes, the target's and those with the largest errors are shown, in their own order: the same
    ones as beside the prediction.
    """

    parts = frozenset({"example", "errors"})
    # Those of the example's pane, so that both are of one example.
    turns = frozenset({1, 6})
    follows = frozenset({"example"})
    title = "Error of each node"

    def caption(self, frame: Frame, width: int, height: int) -> Caption:
        errors = frame.errors
        is_output = frame.focus.block == frame.layers[-1].block
        who = "output" if is_output else errors.name
        hidden = errors.total - min(max(height - 1, 1), len(errors.indices))
        layer = next(layer for layer in frame.layers if layer.block == frame.focus.block)
        # Those that are not shown are the last ones of their order, where there is one.
        smaller = ", none larger" if errors.grad_a is not None and not is_output else ""
        notes = [f"{integer(hidden)} more{smaller}"] if hidden > 0 else []
        notes += ["largest of each map"] if layer.units.sides else []
        title = f"Error of each {'map' if errors.of_maps else 'node'} · {who}"
        return Caption(title if cell_len(title) <= width - BORDER else f"Errors · {who}", SEPARATOR.join(notes))

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        errors = frame.errors
        is_output = frame.focus.block == frame.layers[-1].block
        if is_output:
            error = frame.example.error
            places = _places(frame, height)
            shown = errors.indices[places]
            outputs = _of_one_width(frame.task.output_names(len(frame.example.target)), width)
            right = None if errors.grad_z is None else errors.grad_z[places]
            left = _Bars("p − y", None, 0.0) if error is None else _Bars("p − y", error[shown], _largest(error))
            return self._table([outputs[k] for k in shown], left, _Numbers("∂L/∂z", right), width, frame.title.decimals)
        if errors.grad_a is None:
            return centred("No error has come back to this layer yet: press b", width, height, self.palette)
        names = tuple(f"{'map' if errors.of_maps else 'unit'} {k}" for k in errors.indices)
        if max(map(len, names)) > width // 4:
            names = tuple(map(str, errors.indices))
        left = _Bars("∂L/∂a", errors.grad_a, _largest(errors.grad_a))
        right_column = _Numbers("∂L/∂z", errors.grad_z) if errors.weighted else None
        return self._table(_of_one_width(names, width)[: height - 1], left, right_column, width, frame.title.decimals)

    def clicked(self, frame: Frame, x: int, y: int) -> Focus | None:  # noqa: ARG002
        """The unit whose row that is, once there are rows."""
        is_output = frame.focus.block == frame.layers[-1].block
        known = frame.example.error if is_output else frame.errors.grad_a
        places = _places(frame, self.content_size.height)
        if known is None or not 0 < y <= len(places):
            return None
        return replace(frame.focus, unit=int(frame.errors.indices[places[y - 1]]), input=None)

    def _table(
        self, names: list[str], left: "_Bars", right: "_Numbers | None", width: int, decimals: int | None
    ) -> list[Strip]:
        """A row for each name: a number, a bar as long as it is large, and another number where there is one."""
        palette = self.palette
        text, faint = palette.style(palette.text), palette.style(palette.faint)
        name_width = cell_len(names[0]) if names else 0
        columns, room = 1 if right is None else 2, width - name_width - 2
        # With a blank, a sign, and a 0 and a point before the decimals.
        wide = max(NUMBER, min((decimals or 0) + 4, (room - PUBLISHED_BAR) // columns))
        bar_width = max(room - wide * columns, 3)
        bar_width -= 1 - bar_width % 2
        header = f"{fit('', name_width)}{fit_right(left.name, wide)} {'0'.center(bar_width)} "
        header += "" if right is None else fit_right(right.name, wide)
        rows = [row([(header, faint)], width, palette)]
        for k, name in enumerate(names):
            value = None if left.values is None else float(left.values[k])
            runs: list[Run] = [(name, text), self._number(value, wide, decimals), (" ", text)]
            runs += [*signed_bar((value or 0.0) / (left.end or 1.0), bar_width, palette), (" ", text)]
            if right is not None:
                number = None if right.values is None else float(right.values[k])
                runs.append(self._number(number, wide, decimals))
            rows.append(row(runs, width, palette))
        return rows

    def _number(self, value: float | None, width: int, decimals: int | None) -> Run:
        palette = self.palette
        if value is None:
            return fit_right("·", width), palette.style(palette.faint)
        colour = palette.positive if value > 0 else palette.negative if value < 0 else palette.faint
        return fit_right(fitted_signed(value, width - 1, decimals=decimals), width), palette.style(colour)


class _Bars(NamedTuple):
    """A column of numbers (k,) that have bars, on a scale that ends at ±`end`; None where they are not known yet."""

    name: str
    values: Array | None
    end: float


class _Numbers(NamedTuple):
    """A column of numbers (k,), None where they are not known yet."""

    name: str
    values: Array | None


def _places(frame: Frame, height: int) -> Array:
    """Which of the units that are listed have a row: those of the output in their own order."""
    places = np.arange(min(len(frame.errors.indices), max(height - 1, 1)))
    if frame.focus.block != frame.layers[-1].block:
        return places
    return frame.errors.indices[places].argsort(kind="stable")


def _of_one_width(names: tuple[str, ...], width: int) -> list[str]:
    """Names cut or filled to what a pane of that width has for them."""
    name_width = max(4, min(max(map(cell_len, names)), width // 4))
    return [fit(name, name_width) for name in apart(names, name_width)]


def _largest(values: Array) -> float:
    return float(np.nan_to_num(np.abs(values)).max()) if values.size else 0.0
