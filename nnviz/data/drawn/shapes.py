"""Shapes with soft edges, drawn for many images at once.

Every shape is made of quadratic forms. For a point h = (x, y, 1), the number hᵀ Q h is about the distance to the
edge, positive inside; so one matrix product evaluates a form at all pixels of many images. A form is an array
(n, 3, 3) for n images, or (1, 3, 3) where all share it. Images reach from −1 to 1, with y growing downward.
"""

from collections.abc import Sequence
from functools import reduce

import msgspec
import numpy as np
from msgspec.structs import replace

from nnviz.array import Array

Number = float | Array
Point = tuple[Number, Number]
Shape = tuple[Array, ...]
"""Forms: a point is inside the shape if it is inside all of them."""


def _matrices(rows: Sequence[Sequence[Number]]) -> Array:
    """3 × 3 numbers, each of them one for all images or one for each → (n, 3, 3)."""
    entries = np.broadcast_arrays(*(np.atleast_1d(np.float64(entry)) for row in rows for entry in row))
    return np.stack(entries, axis=-1).reshape(-1, 3, 3)


def frame(x: Number, y: Number, width: Number, height: Number, turn: Number = 0.0) -> Array:
    """(n, 3, 3): what takes a point to the place's own coordinates, where (x, y) is 0 and width and height are 1."""
    cos, sin = np.cos(turn), np.sin(turn)
    return _matrices(
        [
            [cos / width, sin / width, -(x * cos + y * sin) / width],
            [-sin / height, cos / height, (x * sin - y * cos) / height],
            [0.0, 0.0, 1.0],
        ]
    )


def ellipse(x: Number, y: Number, width: Number, height: Number, turn: Number = 0.0) -> Shape:
    """Around (x, y), with these half-axes, turned by so many radians."""
    place = frame(x, y, width, height, turn)
    radius = np.minimum(width, height) / 2
    return (place.swapaxes(1, 2) @ (np.diag([-1.0, -1.0, 1.0]) @ place) * np.reshape(radius, (-1, 1, 1)),)


def half_plane(start: Point, end: Point) -> Shape:
    """All that lies to the right of someone who walks from start to end (y grows downward)."""
    (x, y), (end_x, end_y) = start, end
    length = np.hypot(end_x - x, end_y - y)
    right_x, right_y = (y - end_y) / length, (end_x - x) / length
    distance = -(right_x * x + right_y * y)
    # The form is not symmetric, which costs nothing: only the sum of its two halves counts.
    return (_matrices([[0.0, 0.0, right_x], [0.0, 0.0, right_y], [0.0, 0.0, distance]]),)


def triangle(a: Point, b: Point, c: Point) -> Shape:
    """With these corners, clockwise on the screen."""
    return half_plane(a, b) + half_plane(b, c) + half_plane(c, a)


def box(left: Number, top: Number, right: Number, bottom: Number) -> Shape:
    """All between these four edges."""
    walls = half_plane((left, top), (right, top)) + half_plane((right, bottom), (left, bottom))
    return walls + half_plane((right, top), (right, bottom)) + half_plane((left, bottom), (left, top))


def mirrored(shape: Shape) -> Shape:
    """The same shape on the other side of x = 0."""
    flip = np.diag([-1.0, 1.0, 1.0])
    return tuple(flip @ form @ flip for form in shape)


class PaintLayer(msgspec.Struct, frozen=True):
    """Shapes painted in one colour.

    `colour` (n, 3) or (3,), 0 to 255; `opacity` (n,) or one number, at most 1. `blur` is the width of the edge where
    it shall be softer than a pixel, in the coordinates of the image.
    """

    colour: Array
    shapes: Sequence[Shape]
    opacity: Number = 1.0
    blur: float = 0.0


def placed(layers: Sequence[PaintLayer], place: Array) -> list[PaintLayer]:
    """Layers drawn in the coordinates of a frame, as they lie outside of it."""
    # Distances grow with the frame, so that an edge stays a pixel wide.
    growth = np.abs(np.linalg.det(place[:, :2, :2])) ** -0.5
    back = place.swapaxes(1, 2) * growth[:, None, None]
    return [
        replace(layer, shapes=[tuple(back @ form @ place for form in shape) for shape in layer.shapes])
        for layer in layers
    ]


CHUNK_PIXELS = 32 * 32 * 32
"""So many pixels at a time, so that what is worked on stays in the processor's cache."""


def render(layers: Sequence[PaintLayer], count: int, size: int) -> Array:
    """Paint the layers, the first one at the back: (count, size, size, 3) uint8."""
    canvas = _Canvas(layers, count, size)
    images = np.empty((count, size * size, 3), np.uint8)
    chunk = max(1, CHUNK_PIXELS // size**2)
    for start in range(0, count, chunk):
        part = slice(start, start + chunk)
        images[part] = canvas.paint(part) + 0.5  # Turned into bytes by cutting off, so this rounds.
    return images.reshape(count, size, size, 3)


class _Canvas:
    """Layers made ready to be painted, any part of the images at a time."""

    def __init__(self, layers: Sequence[PaintLayer], count: int, size: int) -> None:
        along = (np.arange(size) + 0.5) * (2 / size) - 1
        y, x = (axis.ravel() for axis in np.meshgrid(along, along, indexing="ij"))
        point = np.stack([x, y, np.ones_like(x)])
        self._products = (point[:, None] * point).reshape(9, -1).astype(np.float32)

        def ready(form: Array, blur: float) -> Array:
            """The form as a coverage: 1/2 on the edge, 0 and 1 half an edge's width away from it."""
            steep = form.reshape(-1, 9) / max(blur, 2 / size)
            steep[:, 8] += 0.5
            return np.broadcast_to(steep.astype(np.float32), (count, 9))

        self._layers = [[[ready(form, layer.blur) for form in shape] for shape in layer.shapes] for layer in layers]
        self._opacities = [np.broadcast_to(np.float32(layer.opacity), count)[:, None] for layer in layers]
        colours = [np.broadcast_to(layer.colour, (count, 3)) for layer in layers]
        self._colours = np.stack(colours, axis=1).astype(np.float32)

    def paint(self, part: slice) -> Array:
        """Those images: (n, size², 3) float32, 0 to 255."""
        colours = self._colours[part]
        shares = np.empty((*colours.shape[:2], self._products.shape[1]), np.float32)
        # From the front to the back, each layer takes its share of what is still to be seen.
        visible = np.ones_like(shares[:, 0])
        for k in reversed(range(len(self._layers))):
            np.multiply(self._cover(k, part), visible, out=shares[:, k])
            visible -= shares[:, k]
        painted: Array = shares.swapaxes(1, 2) @ colours
        return painted

    def _cover(self, k: int, part: slice) -> Array:
        """How much of each pixel layer k covers: (n, size²)."""
        shapes = (reduce(np.minimum, (form[part] @ self._products for form in shape)) for shape in self._layers[k])
        cover: Array = reduce(np.maximum, shapes)
        return np.clip(cover, 0, self._opacities[k][part], out=cover)
