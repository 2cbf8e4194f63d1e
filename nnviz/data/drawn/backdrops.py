"""What stands behind the people and the things, alike for both: rooms and open country, in any colours."""

import numpy as np

from nnviz.array import Array
from nnviz.data.drawn.choice import Choice
from nnviz.data.drawn.shapes import PaintLayer, box, ellipse, half_plane

SKIES = np.array([[150.0, 190.0, 235.0], [205.0, 215.0, 225.0], [240.0, 190.0, 150.0], [90.0, 105.0, 140.0]])
GROUNDS = np.array([[110.0, 145.0, 80.0], [170.0, 150.0, 110.0], [125.0, 125.0, 130.0], [225.0, 228.0, 232.0]])
SHADOW = np.array([20.0, 18.0, 26.0])


def backdrop(choice: Choice, main: Array) -> list[PaintLayer]:
    """A wall with something on it, or sky and ground; `main` (n, 3) is a colour that has to stand off from it."""
    outdoors = choice.chance(0.45)
    horizon = choice.between(-0.1, 0.8)
    tilt = choice.around(0, 0.08)
    ground = half_plane((-1.0, horizon), (1.0, horizon + tilt))
    left, top = choice.between(-1.1, 0.7), choice.between(-1.1, 0.5)
    picture = box(left, top, left + choice.between(0.25, 0.9), top + choice.between(0.25, 0.9))
    bush = ellipse(choice.around(0, 1), horizon, choice.between(0.15, 0.6), choice.between(0.1, 0.5))
    return [
        PaintLayer(choice.wall(main), [half_plane((1.0, 1.0), (-1.0, 1.0))]),
        PaintLayer(choice.wall(main), [half_plane((0.0, 0.0), (choice.around(0, 1), choice.side()))], blur=2.0),
        PaintLayer(choice.wall(main), [picture], (1 - outdoors) * choice.chance(0.4)),
        PaintLayer(choice.wall(main), [ground], (1 - outdoors) * choice.chance(0.4)),
        PaintLayer(choice.near(choice.pick(SKIES), 15), [half_plane((1.0, 1.0), (-1.0, 1.0))], outdoors),
        PaintLayer(choice.near(choice.pick(GROUNDS), 18), [bush], outdoors * choice.chance(0.6)),
        PaintLayer(choice.near(choice.pick(GROUNDS), 18), [ground], outdoors),
    ]


def light(choice: Choice) -> list[PaintLayer]:
    """Less light on one side."""
    edge = half_plane((0.0, 0.0), (choice.around(0, 1), choice.side()))
    return [PaintLayer(SHADOW, [edge], choice.between(0, 0.3), blur=2.5)]
