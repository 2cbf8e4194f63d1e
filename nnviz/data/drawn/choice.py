"""Random choices for many images at once, of numbers and of colours."""

import numpy as np

from nnviz.array import Array

WHITE = np.array([255.0, 255.0, 255.0])


class Choice:
    """Random choices, one for each of n images: arrays (n,), or (n, 3) where they are colours."""

    def __init__(self, n: int, generator: np.random.Generator) -> None:
        self.n = n
        self._generator = generator

    def between(self, low: float, high: float) -> Array:
        return self._generator.uniform(low, high, self.n)

    def around(self, middle: float, most: float) -> Array:
        return self.between(middle - most, middle + most)

    def chance(self, share: float) -> Array:
        """1 for that share of the images, 0 for the others."""
        return (self._generator.random(self.n) < share).astype(np.float64)

    def side(self) -> Array:
        """−1 or 1."""
        return 1 - 2 * self.chance(0.5)

    def pick(self, colours: Array) -> Array:
        """One of these colours (k, 3)."""
        picked: Array = colours[self._generator.integers(len(colours), size=self.n)]
        return picked

    def near(self, colour: Array, spread: float) -> Array:
        """A colour that differs from the given one (n, 3) by about so much in red, green and blue."""
        return np.clip(colour + self._generator.normal(0, spread, (self.n, 3)), 0, 255)

    def tone(self, colour: Array, darker: float, paler: float) -> Array:
        """The colour (n, 3), at most by those shares of the way to black or to white."""
        way = self.between(-darker, paler)[:, None]
        toned: Array = np.where(way < 0, colour * (1 + way), colour + (WHITE - colour) * way)
        return toned

    def wall(self, fur: Array) -> Array:
        """A colour that stands off from the fur: paler behind a dark one, darker behind a pale one."""
        away = np.where(fur.mean(axis=1) < 128, 1, -1) * self.between(60, 130)
        return self.near(fur + away[:, None], 26)
