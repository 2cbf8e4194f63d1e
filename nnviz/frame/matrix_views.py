"""What a frame has of the weights, or of the activations, of the focused block."""

import msgspec

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.operations import Operation

# Bounds that keep a frame small however large the network is.
MATRIX_ROWS, MATRIX_COLUMNS = 96, 192
# Of single numbers around one of them, so many columns.
ZOOM_COLUMNS = 64
# Of kernels and feature maps: so many in a row or column, numbers on a side, and numbers in all.
TILES = 64
TILE_SIDE = 48
TILE_NUMBERS = 12_288


class MatrixView(msgspec.Struct, frozen=True, tag=True):
    """A matrix of the focused block, reduced to what a screen can hold.

    Rows are the units of the block. Columns are the units before it (gradient, weight, update), or the examples of
    the batch (activation). A cell is the number of largest magnitude, with its sign, in a block of
    `row_step` × `column_step` numbers of the whole matrix of `shape`.

    Zoomed in, cells are single numbers: those around `zoom`, from `first` on.

    by_example  whether columns are examples; in a block without weights they always are, and its gradient is ∂L/∂a
    biases      (rows,) the same quantity of the units' biases; None where there are none, or not yet
    places      (rows, columns) which number of its block a cell is, counted row by row; the block's size where it is no
                number. None where cells are single numbers, or the matrix has too many to look for them
    first       (row, column) of the first cell's first number in the whole matrix
    zoom        (row, column) in the whole matrix of the number that is looked at; None for the whole matrix
    largest     magnitude of the largest number of the whole matrix, where that is not in the cells
    """

    quantity: Quantity
    name: str
    by_example: bool
    shape: tuple[int, int]
    row_step: int
    column_step: int
    cells: Array | None
    biases: Array | None
    places: Array | None = None
    first: tuple[int, int] = (0, 0)
    zoom: tuple[int, int] | None = None
    largest: float | None = None


class TilesView(msgspec.Struct, frozen=True, tag=True):
    """Small pictures of the focused block: the kernels of a convolution, or feature maps of the focused example.

    A block with kernels shows them for gradient, weight and update, and its feature maps for activation. One without
    (pool, globalpool) has feature maps for activation and their ∂L/∂a for gradient, and nothing for weight and update.

    operation  of the block's first layer
    shape    (maps, maps before them) of all kernels; (maps, 1) of feature maps
    sides    (height, width) of one of them, before it was reduced
    rows     (r,) numbers of the maps, those whose weights were the strongest at the start first
    columns  (c,) numbers of the maps before them, in the same order; None for feature maps
    step     a cell is the number of largest magnitude, with its sign, of `step` × `step` numbers
    cells    (r, c, height, width), feature maps with c = 1
    before   (r, height, width), the maps that go into a pool or globalpool, for activation; None where too large
    kept     (r, height, width) bool, which of these numbers a pool passed on
    biases   (r,) of kernels: the same quantity of their biases; None where there are none, or not yet
    """

    quantity: Quantity
    name: str
    operation: Operation
    shape: tuple[int, int]
    sides: tuple[int, int]
    rows: Array
    columns: Array | None
    step: int
    cells: Array | None
    before: Array | None
    kept: Array | None
    biases: Array | None
