"""What a camera in a car sees of the road, drawn by code, and how to steer to stay in the lane.

The ground is flat, and each pixel below the horizon looks at one point of it: so many metres ahead and so many to the
side. The lane is a curve over that ground. Light, weather, surface, markings and the camera vary and say nothing of
the steering; only where the lane goes does.
"""

import numpy as np

from nnviz.array import Array
from nnviz.data.drawn.choice import WHITE, Choice

TARGET_NAMES = ("steering",)
NOTICE = "Where the lane leads is where to steer: −1 is hard to the left, 0 straight ahead, 1 hard to the right."

LOOK_AHEAD = 10.0
"""So many metres ahead is the point of the lane that the car is steered to."""
HARDEST = 3.5
"""So many metres to the side is that point where steering is ±1."""

SKIES = np.array([[120, 170, 230], [190, 205, 220], [240, 200, 165], [70, 85, 120], [150, 155, 165]], float)
VERGES = np.array([[106, 156, 70], [150, 160, 84], [190, 162, 112], [120, 170, 96], [216, 220, 226]], float)
SURFACES = np.array([[84, 86, 92], [62, 62, 68], [100, 98, 96], [96, 80, 70]], float)
MARKS = np.array([[240, 240, 236], [236, 200, 80]], float)
LEAVES = np.array([[46, 84, 44], [78, 112, 52], [150, 104, 46]], float)
BARK = np.array([76.0, 58.0, 44.0])
AT_A_TIME = 32
FARTHEST = 80.0
TREES = 5


def draw(count: int, size: int, generator: np.random.Generator) -> tuple[Array, Array]:
    """Roads that lead anywhere from hard left to hard right, all equally often.

    Returns images (count, size, size, 3) uint8 and the steering of each (count, 1) float32, from −1 (left) to 1. The
    same state of the generator draws the same images.
    """
    images = np.empty((count, size, size, 3), np.uint8)
    steering = np.empty((count, 1), np.float32)
    for start in range(0, count, AT_A_TIME):
        part = slice(start, min(start + AT_A_TIME, count))
        choice = Choice(part.stop - start, generator)
        lane = Lane(choice)
        steering[part, 0] = lane.steering
        images[part] = _Painter(choice, lane, size).paint()
    return images, steering


class Lane:
    """The middle of the lane as seen from the car: x metres to the right at z metres ahead.

    x = offset + heading · z + curvature · z² / 2, each (n, 1, 1). `steering` (n,) is what leads to the point of the
    lane that lies `LOOK_AHEAD` metres ahead: its x as a share of `HARDEST`.
    """

    def __init__(self, choice: Choice) -> None:
        self.steering = choice.around(0, 1)
        offset, heading = choice.around(0, 0.5), choice.around(0, 0.04)
        bend = self.steering * HARDEST - offset - heading * LOOK_AHEAD
        self._offset, self._heading, self._curvature = map(_each, (offset, heading, bend * 2 / LOOK_AHEAD**2))

    def middle(self, z: Array) -> Array:
        """x of the middle of the lane, at z metres ahead: any shape (n, rows, columns)."""
        x: Array = self._offset + self._heading * z + self._curvature / 2 * z**2
        return x


def _each(values: Array) -> Array:
    """One number for each image (n,) → (n, 1, 1), to go with its pixels."""
    each: Array = values.astype(np.float32)[:, None, None]
    return each


class _Painter:
    """Paints one after the other, from the back to the front: sky, ground, road, markings, shadows, trees."""

    def __init__(self, choice: Choice, lane: Lane, size: int) -> None:
        self._choice, self._lane = choice, lane
        self._pixel = 2 / size
        along = ((np.arange(size) + 0.5) * self._pixel - 1).astype(np.float32)
        self._x, self._y = along[None, None, :], along[None, :, None]
        # The camera: its height in metres, how far it zooms, and where it sees the horizon.
        self._height, self._zoom = _each(choice.between(1.35, 1.6)), _each(choice.between(1.25, 1.4))
        self._horizon = _each(choice.around(-0.2, 0.05))
        self._below = self._y + _each(choice.around(0, 0.03)) * self._x - self._horizon
        steepness = self._height * self._zoom
        self._z = steepness / np.maximum(self._below, steepness / FARTHEST)
        self._right = self._x * self._z / self._zoom
        # What a pixel covers of the ground, in metres: to the side and ahead.
        self._wide, self._deep = self._z / self._zoom * self._pixel, self._z**2 / steepness * self._pixel
        self._from_middle = self._right - lane.middle(self._z)
        self._image = np.empty((choice.n, size, size, 3), np.float32)

    def paint(self) -> Array:
        """The images: (n, size, size, 3) uint8."""
        self._sky()
        self._ground()
        self._road()
        self._shadows()
        self._trees()
        light = self._choice.between(0.75, 1.1)[:, None] * self._choice.near(WHITE * 0.95, 8) / 255
        return np.clip(self._image * light[:, None, None] + 0.5, 0, 255).astype(np.uint8)

    def _cover(self, colour: Array, share: Array) -> None:
        """Paint a colour (n, 3) over the share (n, size, size) of each pixel."""
        self._image += share[..., None].astype(np.float32) * (colour[:, None, None].astype(np.float32) - self._image)

    def _sky(self) -> None:
        choice = self._choice
        sky = choice.near(choice.pick(SKIES), 12)
        self._image[:] = sky[:, None, None]
        self._cover(choice.tone(sky, 0.0, 0.7), np.clip(1 + self._below * 1.2, 0, 1))
        hills = sum(
            _each(choice.between(0.01, 0.09)) * np.sin(self._x * waves + _each(choice.between(0, 6.3)))
            for waves in (2.0, 5.0, 11.0)
        )
        self._cover(
            choice.near(choice.pick(LEAVES), 14), np.clip((self._below + 0.06 + hills) / self._pixel + 0.5, 0, 1)
        )

    def _ground(self) -> None:
        self._cover(self._choice.near(self._choice.pick(VERGES), 9), np.clip(self._below / self._pixel + 0.5, 0, 1))
        self._texture(0.16, self._below > 0)

    def _texture(self, strength: float, where: Array) -> None:
        """Patches of lighter and darker ground, as large as a car or a foot; too far away, they are one."""
        choice = self._choice
        pattern = np.zeros_like(self._z)
        for length in (0.9, 2.5, 7.0):
            across, ahead = choice.between(0.5, 1.5), choice.between(0.5, 1.5)
            wave = np.sin((self._right * _each(across) + _each(choice.between(0, 6.3))) * 6.3 / length)
            wave *= np.sin((self._z * _each(ahead) + _each(choice.between(0, 6.3))) * 6.3 / length)
            pattern += wave * np.clip(1.2 - self._deep * 2 / length, 0, 1)
        shade = 1 + pattern * _each(choice.between(0, strength)) * where
        self._image *= shade[..., None].astype(np.float32)

    def _between(self, left: Array, right: Array) -> Array:
        """How much of each pixel lies so many metres to the right of the middle of the lane."""
        to_edge = np.minimum(self._from_middle - left, right - self._from_middle)
        # No pixel covers more of a narrow line than there is of the line.
        share: Array = np.clip(to_edge / self._wide + 0.5, 0, np.minimum(1, (right - left) / self._wide))
        return share * (self._below > 0)

    def _road(self) -> None:
        choice = self._choice
        half = choice.between(1.7, 1.9)
        lanes = choice.chance(0.7)
        shoulder = choice.between(0.1, 0.7)
        # Where there is a lane for those who come the other way, it is on the left.
        left, right = -half - 2 * half * lanes, half
        surface = choice.near(choice.pick(SURFACES), 8)
        asphalt = self._between(_each(left - shoulder), _each(right + shoulder))
        self._cover(surface, asphalt)
        self._texture(0.1, asphalt)
        mark, is_marked, width = (
            choice.pick(MARKS),
            _each(choice.between(0.55, 0.95)),
            _each(choice.between(0.06, 0.12)),
        )
        for edge in (left, right):
            self._cover(mark, self._between(_each(edge) - width, _each(edge) + width) * is_marked)
        period = _each(choice.between(4.0, 8.0))
        phase = (self._z / period + _each(choice.between(0, 1))) % 1
        dash = np.clip(0.5 + (0.25 - np.abs(phase - 0.5)) * period / self._deep, 0, 1)
        divide = _each(-half)
        dashes = self._between(divide - width, divide + width) * dash * is_marked * _each(lanes)
        self._cover(choice.pick(MARKS), dashes)

    def _shadows(self) -> None:
        """Of trees or houses that are not in the picture, across the road."""
        choice = self._choice
        for _ in range(2):
            z, x = choice.between(3, 22), choice.around(0, 5)
            reach, depth = choice.between(2, 7), choice.between(0.6, 2.5)
            away = ((self._right - _each(x)) / _each(reach)) ** 2 + ((self._z - _each(z)) / _each(depth)) ** 2
            soft = np.clip((1 - away) * 2, 0, 1) * (self._below > 0)
            self._image *= (1 - soft * _each(choice.between(0, 0.4)))[..., None].astype(np.float32)

    def _trees(self) -> None:
        """Beside the road, on either side, the farthest first."""
        choice = self._choice
        leaves = choice.near(choice.pick(LEAVES), 12)
        for far in np.linspace(45, 9, TREES):
            z = _each(np.full(choice.n, far) * choice.around(1, 0.15))
            side = choice.side()
            beside = _each(side * choice.between(7.5, 13.0))
            scale = self._zoom / z
            x = (self._lane.middle(z) + beside) * scale
            foot = self._height * scale
            tall, broad = _each(choice.between(2.5, 6.0)) * scale, _each(choice.between(1.0, 2.2)) * scale
            is_there = _each(choice.chance(0.6))
            trunk = np.minimum(
                0.2 * scale - np.abs(self._x - x), np.minimum(foot - self._below, self._below - foot + tall)
            )
            self._cover(np.broadcast_to(BARK, leaves.shape), np.clip(trunk / self._pixel + 0.5, 0, 1) * is_there)
            middle = foot - tall * 0.75
            away = np.hypot((self._x - x) / broad, (self._below - middle) / (tall * 0.5))
            crown = np.clip((1 - away) * np.minimum(broad, tall * 0.5) / self._pixel + 0.5, 0, 1)
            self._cover(leaves * choice.between(0.8, 1.15)[:, None], crown * is_there)
