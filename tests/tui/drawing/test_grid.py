"""Pictures in half-blocks: every cell has the colours of its two pixels."""

import numpy as np
import pytest
from textual.strip import Strip

from nnviz.tui.drawing.grid import picture


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
    strips = picture(pixels, 5 * factor, 2 * factor)
    assert {strip.text for strip in strips} == {"▀" * 5 * factor}
    assert {strip.cell_length for strip in strips} == {5 * factor}
    assert colours(strips) == pixels.repeat(factor, axis=0).repeat(factor, axis=1).tolist()
