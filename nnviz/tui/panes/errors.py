"""The error of each node of the focused block."""

import numpy as np
from rich.cells import cell_len
from textual.strip import Strip

from nnviz.array import Array
from nnviz.training.frame import Frame
from nnviz.tui.drawing.bars import signed_bar
from nnviz.tui.drawing.rows import Run, centred, fit, fit_right, row
from nnviz.tui.panes.framed_pane import Caption, FramedPane
from nnviz.wording import apart, signed

NUMBER = 9


class ErrorsPane(FramedPane):
    """For the outputs: error p − y and ∂L/∂z. For hidden units: ∂L/∂a and ∂L/∂z, the largest first.

    Of a feature map, they are the ones of largest magnitude in it. Of too many classes, the target's and those with the
    largest errors are shown, in their own order: the same ones as beside the prediction.
    """

    parts = frozenset({"example", "errors"})
    # Those of the example's pane, so that both are of one example.
    turns = frozenset({1, 5})
    follows = frozenset({"example"})
    title = "Error of each node"

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        is_output = frame.focus.block == frame.layers[-1].block
        of_maps = frame.errors.of_maps
        who = "output" if is_output else frame.errors.name
        hidden = frame.errors.total - min(max(height - 1, 1), len(frame.errors.indices))
        smaller = "" if is_output or of_maps else ", smaller"
        layer = next(layer for layer in frame.layers if layer.block == frame.focus.block)
        notes = ["largest of each map"] if layer.units.sides else []
        notes += [f"{hidden:,} more{smaller}"] if hidden > 0 else []
        return Caption(f"Error of each {'map' if of_maps else 'node'} · {who}", " · ".join(notes))

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        errors = frame.errors
        is_output = frame.focus.block == frame.layers[-1].block
        if is_output:
            error = frame.example.error
            if error is None:
                return centred("The error is known once the loss is: press f", width, height, self.palette)
            places = errors.indices[: max(height - 1, 1)].argsort(kind="stable")
            shown = errors.indices[places]
            outputs = _of_one_width(frame.task.output_names(len(frame.example.target)), width)
            right = None if errors.grad_z is None else errors.grad_z[places]
            return self._table([outputs[k] for k in shown], "p − y", error[shown], right, _largest(error), width)
        names = tuple(f"{'map' if errors.of_maps else 'unit'} {k}" for k in errors.indices)
        if errors.grad_z is None and errors.grad_a is None:
            return centred("No error has come back to this layer yet: press b", width, height, self.palette)
        left, right, largest = errors.grad_a, errors.grad_z, _largest(errors.grad_a) or _largest(errors.grad_z)
        return self._table(_of_one_width(names, width)[: height - 1], "∂L/∂a", left, right, largest, width)

    def _table(
        self, names: list[str], left_name: str, left: Array | None, right: Array | None, largest: float, width: int
    ) -> list[Strip]:
        """A row for each name, with bars on a scale that ends at `largest`."""
        palette = self.palette
        text, faint = palette.style(palette.text), palette.style(palette.faint)
        name_width = cell_len(names[0]) if names else 0
        bar_width = max(width - name_width - 2 * NUMBER - 2, 3)
        bar_width -= 1 - bar_width % 2
        middle = "0".center(bar_width)
        header = fit("", name_width) + fit_right(left_name, NUMBER) + f" {middle} " + fit_right("∂L/∂z", NUMBER)
        rows = [row([(header, faint)], width, palette)]
        for k, name in enumerate(names):
            value = None if left is None else float(left[k])
            runs: list[Run] = [(name, text), _number(value, self)]
            runs.append((" ", text))
            runs += signed_bar((value or 0.0) / (largest or 1.0), bar_width, palette)
            runs += [(" ", text), _number(None if right is None else float(right[k]), self)]
            rows.append(row(runs, width, palette))
        return rows


def _of_one_width(names: tuple[str, ...], width: int) -> list[str]:
    """Names cut or filled to what a pane of that width has for them."""
    name_width = max(4, min(max(map(cell_len, names)), width // 4))
    return [fit(name, name_width) for name in apart(names, name_width)]


def _number(value: float | None, pane: ErrorsPane) -> Run:
    palette = pane.palette
    if value is None:
        return fit_right("·", NUMBER), palette.style(palette.faint)
    colour = palette.positive if value > 0 else palette.negative if value < 0 else palette.faint
    return fit_right(signed(value), NUMBER), palette.style(colour)


def _largest(values: Array | None) -> float:
    return float(np.nan_to_num(np.abs(values)).max()) if values is not None and values.size else 0.0
