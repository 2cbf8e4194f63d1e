"""Pictures in half-blocks: every cell has the colours of its two pixels."""

import numpy as np
import pytest
from textual.strip import Strip

from nnviz.tui.drawing.grid import fitted, heatmap, picture
from nnviz.tui.drawing.palette import DARK


def colours(strips: list[Strip]) -> list[list[list[int]]]:
    """Rows of pixels as they are seen."""
    rows = []
    for strip in strips:
        styles = [segment.style for segment in strip for _ in segment.text]
        rows.append([list(style.color.triplet) for style in styles])
        rows.append([list(style.bgcolor.triplet) for style in styles])
    return rows


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_an_enlarged_picture_repeats_its_pixels(factor):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    pixels[1], pixels[:, 2] = pixels[0], pixels[:, 1]
    strips = picture(pixels, 5 * factor, 2 * factor, DARK)
    assert {strip.text for strip in strips} == {"▀" * 5 * factor}
    assert {strip.cell_length for strip in strips} == {5 * factor}
    assert colours(strips) == pixels.repeat(factor, axis=0).repeat(factor, axis=1).tolist()


def test_a_matrix_fills_its_room_and_half_a_cell_without_a_number_is_empty():
    numbers, row_step, column_step = fitted(np.array([[0.0, 1.0], [-1.0, 0.5], [0.0, 0.25]]), 22, 31)
    assert (row_step, column_step) == (7, 15)
    drawn = colours(heatmap(numbers, 1.0, DARK))
    assert len(drawn) == 22
    assert drawn[21] == [list(DARK.background)] * 30
    assert drawn[20] == [list(DARK.zero)] * 15 + [list(DARK.signed(0.25, 1.0))] * 15
