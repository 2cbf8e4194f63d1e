"""What the heatmap of a block shows: a matrix, kernels, or feature maps."""

import math

import numpy as np
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.matrix_views import (
    MATRIX_COLUMNS,
    MATRIX_ROWS,
    TILE_NUMBERS,
    TILE_SIDE,
    ZOOM_COLUMNS,
    MatrixView,
    TilesView,
)
from nnviz.frame.operations import Convolution, LargestOfCells, MeanOfMaps
from nnviz.frame.step_trace import StepTrace
from nnviz.training.blocks import Block
from nnviz.training.reduction import places_of, reduced

# Of a matrix with more numbers it is not looked for which of them a cell is: that would take some milliseconds.
MOST_SOUGHT = 1 << 20


class Heatmaps:
    """Takes the heatmap of any block, out of the trainer's buffers."""

    def __init__(self, trace: StepTrace, blocks: list[Block]) -> None:
        self._trace = trace
        self._blocks = blocks

    def take(self, focus: Focus, place: int, batch_size: int, ranked: list[Array]) -> MatrixView | TilesView:
        """The quantity and block of a focus; `ranked` are the units of the input and of all blocks."""
        block, quantity = focus.block, focus.quantity
        shown = self._blocks[block]
        if isinstance(shown.leader.operation, Convolution) and quantity is not Quantity.ACTIVATION:
            return self._kernels(shown, quantity, ranked[block + 1], ranked[block])
        if shown.is_of_maps:
            return self._maps(shown, quantity, place, ranked[block + 1])
        return self._matrix(shown, quantity, batch_size, focus.zoom)

    def _matrix(self, block: Block, quantity: Quantity, batch_size: int, zoom: tuple[int, int] | None) -> MatrixView:
        by_example = not block.weighted or quantity is Quantity.ACTIVATION
        if by_example:
            whole, columns = self._of_outputs(block, quantity), batch_size
            whole = None if whole is None else whole.reshape(len(whole), -1)
        else:
            whole = self._trace.parameter(block.layers[0], "weights", quantity)
            columns = math.prod(block.leader.input_shape)
        shape = (block.grouping.count, columns)
        biases = None if by_example else self._biases(block, quantity)
        view = MatrixView(quantity, block.leader.name, by_example, shape, 1, 1, None, biases)
        if zoom is not None:
            return _zoomed(view, whole, zoom)
        row_step, column_step = (-(-shape[0] // MATRIX_ROWS), -(-shape[1] // MATRIX_COLUMNS))
        cells = places = None
        if whole is not None:
            cells = reduced(whole.T, row_step, column_step)
            if row_step * column_step > 1 and whole.size <= MOST_SOUGHT:
                places = places_of(cells, whole.T, row_step, column_step)
        if biases is not None:
            biases = reduced(biases[:, None], row_step, 1)[:, 0]
        return replace(view, row_step=row_step, column_step=column_step, cells=cells, biases=biases, places=places)

    def _biases(self, block: Block, quantity: Quantity) -> Array | None:
        """The biases beside the weights of a block, or their gradient or update, (units,)."""
        return self._trace.parameter(block.layers[0], "biases", quantity)

    def _of_outputs(self, block: Block, quantity: Quantity) -> Array | None:
        """What the whole block gave, or the gradient of that, for the whole batch."""
        if quantity is Quantity.ACTIVATION:
            return self._trace.output(block.layers[-1])
        return self._trace.output_gradient(block.layers[-1]) if quantity is Quantity.GRADIENT else None

    def _kernels(self, block: Block, quantity: Quantity, here: Array, before: Array) -> TilesView:
        values = self._trace.parameter(block.layers[0], "weights", Quantity.WEIGHT)
        assert values is not None
        height, width, maps_before, maps = values.shape
        rows, columns = _most(len(here), len(before), TILE_NUMBERS // (height * width))
        here, before = here[:rows], before[:columns]
        weights = self._trace.parameter(block.layers[0], "weights", quantity)
        cells = None if weights is None else weights[:, :, before[:, None], here].transpose(3, 2, 0, 1)
        biases = self._biases(block, quantity)
        return TilesView(
            quantity,
            block.leader.name,
            block.leader.operation,
            shape=(maps, maps_before),
            sides=(height, width),
            rows=here,
            columns=before,
            step=1,
            cells=None if cells is None else cells.copy(),
            before=None,
            kept=None,
            biases=None if biases is None else biases[here].copy(),
        )

    def _maps(self, block: Block, quantity: Quantity, place: int, here: Array) -> TilesView:
        sides = block.grouping.sides or (1, 1)
        step = -(-max(sides) // TILE_SIDE)
        given = self._given(block, place) if quantity is Quantity.ACTIVATION else None
        largest = math.prod(-(-side // step) for side in sides) if given is None else math.prod(given.shape[:2])
        here = here[: max(1, TILE_NUMBERS // largest)]
        batch = self._of_outputs(block, quantity)
        cells = before = kept = None
        if batch is not None:
            maps = block.grouping.maps(batch[place])[:, :, here]
            cells = reduced(maps, step, step).transpose(2, 0, 1)[:, None]
        if batch is not None and given is not None:
            before = given[:, :, here].transpose(2, 0, 1).copy()
            kept = self._kept(block, place, given, here)
        return TilesView(
            quantity,
            block.leader.name,
            block.leader.operation,
            shape=(block.grouping.count, 1),
            sides=sides,
            rows=here,
            columns=None,
            step=step,
            cells=cells,
            before=before,
            kept=kept,
            biases=None,
        )

    def _given(self, block: Block, place: int) -> Array | None:
        """The maps that go into a pool or globalpool, (height, width, maps), unless they are too large to be shown."""
        batch = self._trace.output(block.layers[0] - 1)
        shape = block.leader.input_shape
        pools = isinstance(block.leader.operation, LargestOfCells | MeanOfMaps)
        if not pools or batch is None or max(shape[:2]) > TILE_SIDE:
            return None
        given: Array = batch[place].reshape(shape)
        return given

    def _kept(self, block: Block, place: int, given: Array, here: Array) -> Array | None:
        """Which numbers of the maps `here` of those `given` a pool passed on: (maps, height, width)."""
        pool, winners = block.leader.operation, self._trace.winners(block.layers[0], place)
        if not isinstance(pool, LargestOfCells) or winners is None:
            return None
        winners = winners[:, :, here]
        kept = np.zeros((*given.shape[:2], len(here)), bool)
        rows, columns = (side * pool.size for side in winners.shape[:2])
        for number in range(pool.size**2):
            i, j = divmod(number, pool.size)
            kept[i : rows : pool.size, j : columns : pool.size] = winners == number
        return kept.transpose(2, 0, 1)


def _zoomed(view: MatrixView, whole: Array | None, zoom: tuple[int, int]) -> MatrixView:
    """The single numbers around one of them, which there is; `whole` (columns, rows)."""
    row, column = (min(max(at, 0), size - 1) for at, size in zip(zoom, view.shape, strict=True))
    top, left = max(row - MATRIX_ROWS // 2, 0), max(column - ZOOM_COLUMNS // 2, 0)
    biases = view.biases
    return replace(
        view,
        cells=None if whole is None else whole.T[top : top + MATRIX_ROWS, left : left + ZOOM_COLUMNS].copy(),
        biases=None if biases is None else biases[top : top + MATRIX_ROWS].copy(),
        first=(top, left),
        zoom=(row, column),
        largest=None if whole is None else _largest(whole),
    )


def _largest(numbers: Array) -> float:
    """The largest magnitude of those that are finite numbers."""
    largest = max(float(numbers.max()), -float(numbers.min()))
    return largest if math.isfinite(largest) else float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0))


def _most(rows: int, columns: int, count: int) -> tuple[int, int]:
    """As many rows and columns as `count` tiles allow, about as many of one as of the other."""
    fewer = min(columns, max(1, math.isqrt(count)))
    rows = min(rows, max(1, count // fewer))
    return rows, min(columns, max(1, count // rows))
