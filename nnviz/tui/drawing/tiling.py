"""Where tiles of one size stand: as many as fit, as large as fits."""

import msgspec

# A tile is enlarged by such factors, and reduced only as long as this many pixels are left of a side.
LARGEST = 8
SMALLEST_SIDE = 10


class Tiling(msgspec.Struct, frozen=True):
    """Rows of tiles, side by side in bands where there is room; a band begins with a label.

    Bands are read like words: the first row of tiles is at the left of the first line, the second one at its right.
    Lengths are in pixels: a cell of the screen is one wide and two high.

    step     pixels for a number (> 0), or numbers for a pixel (< 0)
    height, width  of a tile
    label    room for a label at the left of each row
    head     lines of the screen above each band
    rows, columns  how many of the tiles are shown
    bands    how many rows stand side by side
    """

    step: int
    height: int
    width: int
    label: int
    head: int
    rows: int
    columns: int
    bands: int

    @property
    def lines(self) -> int:
        """Rows of tiles below each other."""
        return -(-self.rows // self.bands)

    @property
    def line_height(self) -> int:
        """Lines of the screen from one row of tiles to the next; at least one pixel is empty."""
        return self.height // 2 + 1

    @property
    def band_width(self) -> int:
        """Cells of the screen from one band to the next."""
        return self.label + self.columns * (self.width + 1)

    def told(self, sides: tuple[int, int]) -> int:
        """How many numbers a tile of that size in numbers still tells apart."""
        return min(self.height, sides[0]) * min(self.width, sides[1])

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Where on screen a tile begins: (x, y)."""
        line, band = divmod(row, self.bands)
        return band * self.band_width + self.label + column * (self.width + 1), self.head + line * self.line_height


def tile(
    count: tuple[int, int], sides: tuple[int, int], label: int, head: int, room: tuple[int, int], steps: list[int]
) -> Tiling | None:
    """At the largest of `steps` at which all tiles are shown, or else most of their numbers; None if no tile fits.

    count  (rows, columns) of tiles
    sides  (height, width) of a tile in numbers
    room   (width, height) in cells of the screen
    """
    tilings = [tiling for step in steps if (tiling := _tiled(count, sides, label, head, room, step)) is not None]
    whole = [tiling for tiling in tilings if (tiling.rows, tiling.columns) == count]
    return max(
        whole or tilings,
        key=lambda tiling: (tiling.rows * tiling.columns * tiling.told(sides), tiling.step),
        default=None,
    )


def tile_any(
    count: tuple[int, int], sides: tuple[int, int], label: int, head: int, room: tuple[int, int]
) -> Tiling | None:
    """The same for tiles that may be enlarged and reduced, where nothing else helps as much as it takes."""
    smaller = [-step for step in range(2, max(sides) + 1)]
    readable = [step for step in smaller if min(sides) // -step >= SMALLEST_SIDE]
    enlarged = list(range(LARGEST, 0, -1))
    return tile(count, sides, label, head, room, enlarged + readable) or next(
        (tiling for step in smaller if (tiling := _tiled(count, sides, label, head, room, step))), None
    )


def _tiled(
    count: tuple[int, int], sides: tuple[int, int], label: int, head: int, room: tuple[int, int], step: int
) -> Tiling | None:
    height, width = (side * step if step > 0 else -(-side // -step) for side in sides)
    lines = 1 + (room[1] - head - -(-height // 2)) // (height // 2 + 1)
    # Nothing needs to be empty after the last tile.
    columns = min(count[1], (room[0] + 1 - label) // (width + 1))
    if lines < 1 or columns < 1:
        return None
    fitting = (room[0] + 1) // (label + columns * (width + 1))
    needed = -(-count[0] // lines)
    # What has one column is read across; a grid keeps its rows below each other as long as they fit.
    bands = min(fitting, count[0] if count[1] == 1 else needed)
    return Tiling(step, height, width, label, head, min(count[0], bands * lines), columns, bands)
