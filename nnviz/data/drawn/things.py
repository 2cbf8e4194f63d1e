"""Things that are not people, each drawn between about −1 and 1 in its own coordinates."""

from collections.abc import Callable

import numpy as np

from nnviz.data.drawn import pets
from nnviz.data.drawn.choice import WHITE, Choice
from nnviz.data.drawn.shapes import PaintLayer, box, ellipse, frame, half_plane, placed, triangle

# Some of them are the colours of skin and hair, so that no colour gives a person away.
COLOURS = np.array(
    [
        [200, 56, 50],
        [50, 90, 170],
        [70, 140, 80],
        [232, 190, 70],
        [236, 200, 170],
        [200, 146, 106],
        [120, 78, 54],
        [60, 50, 48],
        [235, 235, 230],
        [130, 135, 145],
    ],
    float,
)
LEAVES = np.array([[60, 120, 60], [100, 150, 70], [190, 120, 50], [44, 84, 60]], float)
GLASS = np.array([150.0, 190.0, 215.0])
DARK = np.array([36.0, 32.0, 36.0])
BARK = np.array([104.0, 74.0, 52.0])
GOLD = np.array([244.0, 206.0, 96.0])


class Paint:
    """The colours of a thing."""

    def __init__(self, choice: Choice) -> None:
        self.main = choice.near(choice.pick(COLOURS), 14)
        self.second = choice.near(choice.pick(COLOURS), 14)
        self.leaves = choice.near(choice.pick(LEAVES), 12)


def car(choice: Choice, paint: Paint) -> list[PaintLayer]:
    """From the side: a body, a cabin with windows, two wheels, a lamp in front."""
    roof = choice.between(-0.62, -0.42)
    slope = choice.between(0.1, 0.35)
    cabin = [
        box(-0.55, roof, 0.3, 0.0),
        triangle((0.3, roof), (0.3 + slope, 0.0), (0.3, 0.0)),
        triangle((-0.75, 0.0), (-0.55, roof), (-0.55, 0.0)),
    ]
    return [
        PaintLayer(DARK, [ellipse(0.0, 0.5, 1.05, 0.1)], 0.4),
        PaintLayer(paint.main, [*cabin, box(-1.0, -0.08, 1.0, 0.38), ellipse(0.85, 0.15, 0.25, 0.24)]),
        PaintLayer(GLASS, [box(-0.48, roof + 0.1, -0.12, -0.06), box(-0.02, roof + 0.1, 0.28, -0.06)]),
        PaintLayer(paint.main * 0.7, [box(-1.0, 0.24, 1.05, 0.38)]),
        PaintLayer(DARK, [ellipse(x, 0.4, 0.24, 0.24) for x in (-0.58, 0.58)]),
        PaintLayer(WHITE * 0.8, [ellipse(x, 0.4, 0.11, 0.11) for x in (-0.58, 0.58)]),
        PaintLayer(GOLD, [ellipse(1.0, 0.08, 0.08, 0.08)]),
    ]


def house(choice: Choice, paint: Paint) -> list[PaintLayer]:
    """Walls, a pointed roof, a door and windows, sometimes a chimney."""
    eaves, ridge = choice.between(-0.3, 0.0), choice.between(-0.95, -0.7)
    glass = np.where(choice.chance(0.5)[:, None] > 0, GLASS, GOLD)
    windows = [box(x - 0.15, eaves + 0.16, x + 0.15, eaves + 0.44) for x in (-0.42, 0.42)]
    return [
        PaintLayer(paint.second * 0.6, [box(0.35, ridge, 0.55, -0.2)], choice.chance(0.6)),
        PaintLayer(paint.main, [box(-0.75, eaves - 0.02, 0.75, 0.85)]),
        PaintLayer(paint.second * 0.8, [triangle((-0.95, eaves), (0.0, ridge), (0.95, eaves))]),
        PaintLayer(WHITE, [box(x - 0.19, eaves + 0.12, x + 0.19, eaves + 0.48) for x in (-0.42, 0.42)]),
        PaintLayer(glass, windows),
        PaintLayer(BARK * 0.8, [box(-0.15, 0.35, 0.15, 0.85)]),
    ]


def tree(choice: Choice, paint: Paint) -> list[PaintLayer]:
    """A trunk with a round crown, or a fir."""
    is_fir = choice.chance(0.4)
    crown = [ellipse(0.0, -0.35, 0.55, 0.6), ellipse(-0.4, -0.1, 0.4, 0.4), ellipse(0.4, -0.15, 0.42, 0.42)]
    fir = [triangle((-w, y), (0.0, y - 0.75), (w, y)) for w, y in ((0.42, -0.3), (0.58, 0.1), (0.72, 0.5))]
    apples = [ellipse(x, y, 0.08, 0.08) for x, y in ((-0.3, -0.3), (0.25, -0.5), (0.4, -0.05), (-0.05, -0.05))]
    return [
        PaintLayer(BARK, [box(-0.1, 0.0, 0.1, 0.95)]),
        PaintLayer(paint.leaves, crown, 1 - is_fir),
        PaintLayer(paint.leaves * 1.15, [ellipse(-0.15, -0.5, 0.25, 0.25)], 1 - is_fir),
        PaintLayer(paint.main, apples, (1 - is_fir) * choice.chance(0.4)),
        PaintLayer(paint.leaves * 0.8, fir, is_fir),
    ]


def ball(choice: Choice, paint: Paint) -> list[PaintLayer]:
    """A ball with a stripe or with spots, and its shadow."""
    radius = choice.between(0.6, 0.9)
    whole = ellipse(0.0, 0.0, radius, radius)
    lean = choice.around(0, 1.5)
    is_striped = choice.chance(0.5)
    spots = [
        ellipse(x, y, 0.2, 0.2) + whole for x, y in ((0.0, 0.0), (-0.5, -0.3), (0.5, -0.35), (-0.3, 0.55), (0.4, 0.5))
    ]
    return [
        PaintLayer(DARK, [ellipse(0.0, radius, radius * 0.8, 0.12)], 0.4),
        PaintLayer(paint.main, [whole]),
        PaintLayer(paint.second, [ellipse(0.0, 0.0, 0.95, 0.22, lean) + whole], is_striped),
        PaintLayer(paint.second * 0.8, spots, 1 - is_striped),
        PaintLayer(WHITE, [ellipse(-0.3, -0.35, 0.16, 0.12)], 0.7),
    ]


def lamp(choice: Choice, paint: Paint) -> list[PaintLayer]:
    """A shade that is wider below, on a stand with a foot: as a head stands on its shoulders."""
    top, bottom, edge = choice.between(0.2, 0.45), choice.between(0.5, 0.8), choice.between(-0.2, 0.1)
    sides = half_plane((-bottom, edge), (-top, -0.85)) + half_plane((top, -0.85), (bottom, edge))
    shade = half_plane((-1.0, -0.85), (1.0, -0.85)) + half_plane((1.0, edge), (-1.0, edge)) + sides
    glow = choice.chance(0.5)
    return [
        PaintLayer(GOLD, [ellipse(0.0, -0.3, 1.1, 1.0)], glow * 0.4, blur=0.5),
        PaintLayer(paint.second * 0.7, [box(-0.06, -0.2, 0.06, 0.85), ellipse(0.0, 0.85, 0.45, 0.12)]),
        PaintLayer(paint.second, [ellipse(0.0, 0.5, choice.between(0.05, 0.3), 0.3)]),
        PaintLayer(paint.main, [shade]),
        PaintLayer(GOLD, [shade], glow * 0.4),
    ]


def flower(choice: Choice, paint: Paint) -> list[PaintLayer]:
    """Petals around a middle, on a stem with two leaves, sometimes in a pot."""
    reach, y = choice.between(0.3, 0.42), -0.35
    turns = np.arange(6) * np.pi / 3
    petals = [
        ellipse(np.cos(t) * reach, y + np.sin(t) * reach, choice.between(0.22, 0.3), 0.17, float(t)) for t in turns
    ]
    pot = box(-0.4, 0.6, 0.4, 1.0)
    return [
        PaintLayer(paint.leaves, [box(-0.05, y, 0.05, 0.95), *(ellipse(x, 0.4, 0.28, 0.1, -x) for x in (-0.25, 0.25))]),
        PaintLayer(paint.main, petals),
        PaintLayer(np.where(choice.chance(0.5)[:, None] > 0, GOLD, BARK * 0.7), [ellipse(0.0, y, 0.2, 0.2)]),
        PaintLayer(paint.second, [pot, box(-0.46, 0.55, 0.46, 0.68)], choice.chance(0.6)),
    ]


def mug(choice: Choice, paint: Paint) -> list[PaintLayer]:
    """A mug with a handle, sometimes with a band and steam."""
    width = choice.between(0.45, 0.62)
    handle = [ellipse(width, 0.15, 0.35, 0.38)]
    steam = [ellipse(x, -0.75, 0.05, 0.25, 0.3) for x in (-0.2, 0.05, 0.3)]
    return [
        PaintLayer(DARK, [ellipse(0.0, 0.82, 0.7, 0.1)], 0.4),
        PaintLayer(paint.main * 0.85, handle),
        PaintLayer(paint.second * 0.5, [ellipse(width, 0.15, 0.2, 0.22)]),
        PaintLayer(paint.main, [box(-width, -0.4, width, 0.75), ellipse(0.0, 0.75, width, 0.13)]),
        PaintLayer(paint.second, [box(-width, 0.05, width, 0.3)], choice.chance(0.5)),
        PaintLayer(WHITE, [ellipse(0.0, -0.4, width, 0.14)]),
        PaintLayer(BARK * 0.6, [ellipse(0.0, -0.39, width * 0.86, 0.1)]),
        PaintLayer(WHITE, steam, 0.6 * choice.chance(0.5), blur=0.1),
    ]


def clock(choice: Choice, paint: Paint) -> list[PaintLayer]:
    """A round face that is not a face: a rim, twelve marks and two hands."""
    turns = np.arange(12) * np.pi / 6
    marks = [ellipse(np.sin(t) * 0.6, np.cos(t) * 0.6, 0.06, 0.06) for t in turns]
    hour, minute = choice.between(0, 2 * np.pi), choice.between(0, 2 * np.pi)
    hands = [
        ellipse(np.sin(turn) * length, -np.cos(turn) * length, 0.07, length * 1.1, turn)
        for turn, length in ((hour, 0.2), (minute, 0.3))
    ]
    return [
        PaintLayer(paint.main, [ellipse(0.0, 0.0, 0.85, 0.85)]),
        PaintLayer(choice.tone(paint.second, 0.0, 0.8), [ellipse(0.0, 0.0, 0.72, 0.72)]),
        PaintLayer(DARK, [*marks, *hands]),
    ]


def pet(choice: Choice, paint: Paint) -> list[PaintLayer]:
    """The head of a cat or of a dog."""
    coat = pets.Coat(choice)
    paint.main = coat.fur
    is_cat = choice.chance(0.5)
    animals = ((pets.cat(choice, coat), is_cat), (pets.dog(choice, coat), 1 - is_cat))
    place = frame(0.0, 0.1, 0.75, 0.75)
    return [
        PaintLayer(layer.colour, layer.shapes, layer.opacity * chosen, layer.blur)
        for animal, chosen in animals
        for layer in placed(animal, place)
    ]


THINGS: tuple[Callable[[Choice, Paint], list[PaintLayer]], ...] = (
    car,
    house,
    tree,
    ball,
    lamp,
    flower,
    mug,
    clock,
    pet,
)
