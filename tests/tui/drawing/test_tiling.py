"""Tiles stand side by side, all of them inside the room that there is."""

import pytest

from nnviz.tui.drawing.tiling import tile_any

COUNTS = [(1, 1), (8, 1), (64, 1), (8, 3), (5, 64), (40, 30)]
SIDES = [(1, 1), (3, 3), (4, 4), (16, 16), (32, 24), (43, 43)]
ROOMS = [(20, 4), (42, 12), (58, 8), (98, 14), (196, 44)]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("room", ROOMS)
def test_no_tile_stands_on_another_or_outside(count, sides, room):
    tiling = tile_any(count, sides, label=3, head=1, room=room)
    assert tiling is not None
    taken = set()
    for row in range(tiling.rows):
        for column in range(tiling.columns):
            left, top = tiling.corner(row, column)
            cells = {(x, y) for x in range(left, left + tiling.width) for y in range(top, top + -(-tiling.height // 2))}
            assert all(3 <= x < room[0] and 1 <= y < room[1] for x, y in cells)
            assert not cells & taken
            taken |= cells


def test_tiles_are_as_large_as_fits_and_as_many_as_fit():
    assert tile_any((4, 3), (3, 3), 2, 1, (60, 40)).step == 6
    few = tile_any((64, 1), (16, 16), 3, 0, (60, 8))
    assert (few.step, few.rows) == (1, 3)
    assert tile_any((2, 1), (32, 32), 2, 0, (60, 8)).step == -2
    assert tile_any((2, 1), (3, 3), 3, 0, (3, 1)) is None
