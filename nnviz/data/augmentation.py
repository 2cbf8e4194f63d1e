"""Augmentation: pictures changed a little each time they are shown, so that a network cannot learn them by heart."""

from collections.abc import Collection

import numpy as np

from nnviz.array import Array

SHIFT = 1 / 8
ROTATION = 15.0
BRIGHTNESS = 0.3


class Augmentation:
    """Changes pictures by chance, by the changes that are named.

    flip        left and right are exchanged, every second time
    shift       by up to an eighth of the picture, in both directions
    rotate      by up to 15 degrees
    brightness  all numbers times 0.7 to 1.3

    What shifting and rotating would leave empty is filled with the picture's mirror image.
    """

    def __init__(self, changes: Collection[str], entropy: int) -> None:
        self.changes = frozenset(changes)
        self._entropy = entropy

    def by(self, changes: Collection[str]) -> "Augmentation":
        """The same chance, for other changes."""
        return Augmentation(changes, self._entropy)

    def __call__(self, stored: Array, epoch: int, batch: int) -> Array:
        """(n, height, width, channels) uint8 → the same, changed. The same place of a run changes alike every time."""
        n, height, width, _ = stored.shape
        generator = np.random.default_rng((self._entropy, epoch, batch))
        # All are drawn whatever is named, so that one change does not alter what chance makes of the others.
        flipped: Array = generator.random((n,)) < 0.5
        right, down = (np.rint(generator.uniform(-SHIFT, SHIFT, n) * side) for side in (width, height))
        angles = np.radians(generator.uniform(-ROTATION, ROTATION, n))
        factors: Array = generator.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS, (n,)).astype(np.float32)
        pictures = stored
        flipped &= "flip" in self.changes
        shifts = np.stack([right, down], axis=1) * ("shift" in self.changes)
        if "rotate" in self.changes:
            pictures = _turned(_shifted(pictures, flipped, np.zeros_like(shifts)), shifts, angles)
        elif self.changes & {"flip", "shift"}:
            pictures = _shifted(pictures, flipped, shifts)
        if "brightness" in self.changes:
            brighter = pictures.reshape(n, -1) * factors[:, None]
            pictures = np.minimum(brighter, 255, out=brighter).astype(np.uint8).reshape(pictures.shape)
        return pictures


def _shifted(pictures: Array, flipped: Array, shifts: Array) -> Array:
    """Left and right exchanged of those that are `flipped` (n,), then all shifted by `shifts` (n, 2) whole pixels."""
    n, height, width, channels = pictures.shape
    right, down = shifts.astype(np.intp).T
    # Where each pixel comes from.
    rows, columns = (_mirrored(np.arange(side) - by[:, None], side) for side, by in ((height, down), (width, right)))
    columns = np.where(flipped[:, None], width - 1 - columns, columns)
    places = (np.arange(n)[:, None, None] * height + rows[:, :, None]) * width + columns[:, None, :]
    # The channels of a pixel are moved as one thing.
    pixels = np.ascontiguousarray(pictures).reshape(-1, channels).view(np.dtype((np.void, channels)))[:, 0]
    moved: Array = pixels.take(places).view(np.uint8).reshape(pictures.shape)
    return moved


def _mirrored(places: Array, side: int) -> Array:
    """Places beyond either end of a side, by less than its length, are those of its mirror image."""
    inside = np.where(places < 0, -1 - places, places)
    return np.where(inside >= side, 2 * side - 1 - inside, inside)


def _turned(pictures: Array, shifts: Array, angles: Array) -> Array:
    """Pictures turned about their middle by `angles` (n,) in radians, then shifted by `shifts` (n, 2) in pixels."""
    from PIL import Image

    _, height, width, channels = pictures.shape
    # Half of a picture's own size is more than a shift and a turn can uncover.
    margin = max(height, width) // 2 + 1
    padded = np.pad(pictures, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    if channels == 1:
        padded = padded[..., 0]
    moved = np.empty_like(pictures)
    middle = np.array([width / 2, height / 2])
    for target, source, shift, angle in zip(moved, padded, shifts, angles, strict=True):
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        # Where in the padded picture the pixel comes from: turn · (place − middle − shift) + middle + margin.
        start = middle + margin - turn @ (middle + shift)
        affine = (*turn[0], start[0], *turn[1], start[1])
        turned = Image.fromarray(source).transform(
            (width, height), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
        )
        target[...] = np.asarray(turned).reshape(target.shape)
    return moved
