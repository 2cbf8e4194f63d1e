import math

import numpy as np
import pytest

from nnviz.array import Array
from nnviz.data.drawn.shapes import PaintLayer, Shape, ellipse, frame, half_plane, mirrored, placed, render, triangle

BLACK, WHITE = np.zeros(3), np.full(3, 255.0)
EVERYWHERE = half_plane((1.0, 1.0), (-1.0, 1.0))
SIZE = 128


def cover(shape: Shape, place: Array | None = None) -> Array:
    """How much of each pixel is covered: (SIZE, SIZE), 0 to 1."""
    layers = [PaintLayer(WHITE, [shape])]
    return render([PaintLayer(BLACK, [EVERYWHERE]), *(layers if place is None else placed(layers, place))], 1, SIZE)[
        0, :, :, 0
    ] / np.float64(255)


def area(covered: Array) -> float:
    return float(covered.mean() * 4)


def middle(covered: Array) -> tuple[float, float]:
    """The centre of what is covered: x, y."""
    along = (np.arange(SIZE) + 0.5) * 2 / SIZE - 1
    total = covered.sum()
    return float((covered.sum(axis=0) * along).sum() / total), float((covered.sum(axis=1) * along).sum() / total)


def test_an_ellipse_has_its_area_and_place() -> None:
    covered = cover(ellipse(0.2, -0.3, 0.5, 0.25, 0.7))
    assert area(covered) == pytest.approx(math.pi * 0.5 * 0.25, rel=0.01)
    assert middle(covered) == pytest.approx((0.2, -0.3), abs=0.005)


def test_a_triangle_has_its_area_and_place() -> None:
    covered = cover(triangle((-0.5, 0.4), (0.1, -0.8), (0.7, 0.4)))
    assert area(covered) == pytest.approx(1.2 * 1.2 / 2, rel=0.01)
    assert middle(covered) == pytest.approx((0.1, 0.0), abs=0.005)


def test_an_edge_is_about_a_pixel_wide_in_a_frame_too() -> None:
    for covered in (cover(ellipse(0, 0, 0.5, 0.5)), cover(ellipse(0, 0, 1, 1), frame(0, 0, 0.5, 0.5))):
        partly = ((covered > 0.02) & (covered < 0.98)).sum()
        circumference = math.pi * 0.5 * SIZE
        assert 0.8 * circumference < partly < 2 * circumference


def test_a_frame_moves_turns_and_scales_what_is_in_it() -> None:
    inside = cover(ellipse(1.0, 0.0, 0.5, 0.25), frame(0.1, 0.2, 0.4, 0.4, math.pi / 2))
    # A quarter turn takes the right-hand side of the frame to its bottom, because y grows downward.
    outside = cover(ellipse(0.1, 0.6, 0.1, 0.2))
    assert np.abs(inside - outside).max() < 0.05


def test_a_mirrored_shape_is_on_the_other_side() -> None:
    shape = ellipse(0.4, 0.1, 0.3, 0.1, 0.5)
    assert np.abs(cover(mirrored(shape)) - cover(shape)[:, ::-1]).max() < 0.01


def test_layers_cover_the_ones_before_them_as_far_as_they_are_opaque() -> None:
    red, blue = np.array([200.0, 0, 0]), np.array([0, 0, 100.0])
    opacity = np.array([1.0, 0.25, 0.0])
    seen = render([PaintLayer(red, [EVERYWHERE]), PaintLayer(blue, [EVERYWHERE], opacity)], 3, 4)[:, 2, 2]
    np.testing.assert_array_equal(seen, [[0, 0, 100], [150, 0, 25], [200, 0, 0]])
