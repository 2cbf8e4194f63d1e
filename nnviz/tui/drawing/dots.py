"""Dots: lines of many colours in braille, eight dots to a cell, fast enough for a hundred of them at a time.

plotext draws the loss of one run well; of a hundred lines of 300 points each, it takes a third of a second.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nnviz.array import Array

ACROSS, DOWN = 2, 4
"""Dots of a cell."""
EMPTY = 0x2800
# Which bit of a braille character each dot is, by its row and column (Unicode, section 21.1).
BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.int64)
NOBODY = -1


class Dots:
    """A picture of `rows` of `columns` cells. What is drawn later is on top, and gives a cell its colour.

    What is faint is below all that is not, and gone from a cell where something is.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.width, self.height = ACROSS * columns, DOWN * rows
        self._bold = np.full((self.height, self.width), NOBODY, np.int16)
        self._faint = np.full((self.height, self.width), NOBODY, np.int16)
        self._signs: dict[tuple[int, int], tuple[str, Style]] = {}

    def lines(self, heights: Array, dashed: Array) -> None:
        """Lines through heights (lines, width) in dots from the top, with gaps where they are NaN.

        dashed  (lines,) whether a line is; owners are 0, 1, 2, …, and the last one is on top
        """
        is_kept = ~dashed[:, None] | (np.arange(self.width) // 3 % 2 == 0)
        self._fill(self._bold, heights, heights, np.arange(len(heights)), is_kept)

    def band(self, upper: Array, lower: Array, owner: int) -> None:
        """All between two heights (width,) in dots from the top, faintly."""
        self._fill(self._faint, upper[None], lower[None], np.array([owner]), True)

    def sign(self, column: int, row: int, sign: str, style: Style, always: bool = True) -> None:
        """A character in a cell, instead of its dots; unless `always`, not where there is one already."""
        if 0 <= column < self.columns and 0 <= row < self.rows and (always or (column, row) not in self._signs):
            self._signs[column, row] = sign, style

    def empty_rows(self, column: int) -> list[int]:
        """The rows in which a column has no dot and no sign."""
        own = slice(ACROSS * column, ACROSS * (column + 1))
        drawn = (self._bold[:, own] != NOBODY) | (self._faint[:, own] != NOBODY)
        rows = np.flatnonzero(~drawn.reshape(self.rows, -1).any(axis=1)).tolist()
        return [level for level in rows if (column, level) not in self._signs]

    def strips(self, bold: Callable[[int], Style], faint: Callable[[int], Style], empty: Style) -> list[Strip]:
        """The picture; `bold` and `faint` give the styles of owners."""
        codes, owners = self._cells(self._bold)
        faint_codes, faint_owners = self._cells(self._faint)
        is_faint = codes == 0
        shown = np.where(is_faint, faint_codes, codes) + EMPTY
        # Owners of one kind and of the other, and nobody, as one number each.
        kinds = np.where(is_faint, np.where(faint_codes > 0, -2 - faint_owners, NOBODY), owners)
        styles = {
            kind: empty if kind == NOBODY else bold(kind) if kind >= 0 else faint(-2 - kind)
            for kind in np.unique(kinds).tolist()
        }
        changes = np.diff(kinds, axis=1) != 0
        drawn = []
        for row in range(self.rows):
            cuts = [0, *(np.flatnonzero(changes[row]) + 1).tolist(), self.columns]
            text = "".join(map(chr, shown[row].tolist())).replace(chr(EMPTY), " ")
            segments = [Segment(text[a:b], styles[int(kinds[row, a])]) for a, b in pairwise(cuts)]
            drawn.append(Strip(segments, self.columns))
        return self._signed(drawn)

    def _fill(self, onto: Array, upper: Array, lower: Array, owners: Array, kept: Array | bool) -> None:
        """All dots from one height to another, and half of the way to each neighbour: the other half is its own."""
        top, bottom = _reaching(upper, np.fmin), _reaching(lower, np.fmax)
        # What is out of the picture as a whole is not drawn; a height that is NaN is neither above nor below.
        seen = (bottom > -0.5) & (top < self.height - 0.5) & np.isfinite(upper) & np.isfinite(lower) & kept
        line, columns = np.nonzero(seen)
        first = np.clip(top[line, columns], 0, self.height - 1).round().astype(np.int32)
        last = np.clip(bottom[line, columns], 0, self.height - 1).round().astype(np.int32)
        # Each dot by itself: lines have few of them, and a picture many. Of those at one place, the last one stays.
        lengths = last - first + 1
        begins = np.cumsum(lengths) - lengths
        # A dot's place counts along the rows: the dot below one is a whole row after it.
        tops = (first - begins) * self.width + columns
        places = np.arange(int(lengths.sum())) * self.width + np.repeat(tops, lengths)
        onto.reshape(-1)[places] = np.repeat(owners[line].astype(onto.dtype), lengths)

    def _cells(self, owned: Array) -> tuple[Array, Array]:
        """The braille of each cell as a number, and whose it is."""
        blocks = owned.reshape(self.rows, DOWN, self.columns, ACROSS)
        codes = ((blocks != NOBODY) * BITS[None, :, None, :]).sum(axis=(1, 3))
        return codes, blocks.max(axis=(1, 3)).astype(np.int64)

    def _signed(self, strips: list[Strip]) -> list[Strip]:
        by_row: dict[int, list[tuple[int, str, Style]]] = {}
        for (column, row), (sign, style) in self._signs.items():
            by_row.setdefault(row, []).append((column, sign, style))
        for row, signs in by_row.items():
            parts, at = [], 0
            for column, sign, style in sorted(signs, key=lambda found: found[0]):
                parts += [strips[row].crop(at, column), Strip([Segment(sign, style)], 1)]
                at = column + 1
            strips[row] = Strip.join([*parts, strips[row].crop(at, self.columns)])
        return strips


def _reaching(heights: Array, reach: np.ufunc) -> Array:
    """Heights (…, width) and half of the way to those on both sides, where there are some: the outermost of them."""
    found = heights.copy()
    halves = (heights[..., 1:] + heights[..., :-1]) / 2
    found[..., 1:] = reach(found[..., 1:], halves)
    found[..., :-1] = reach(found[..., :-1], halves)
    return found
