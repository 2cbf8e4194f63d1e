"""Human or not: heads and shoulders of people, drawn by code, against things that are none.

A person is drawn in the coordinates of the head, whose middle is 0 and whose half-height is 1.
"""

import numpy as np

from nnviz.array import Array
from nnviz.data.drawn.backdrops import backdrop, light
from nnviz.data.drawn.choice import WHITE, Choice
from nnviz.data.drawn.shapes import (
    PaintLayer,
    Shape,
    box,
    ellipse,
    frame,
    half_plane,
    mirrored,
    placed,
    render,
    triangle,
)
from nnviz.data.drawn.things import THINGS, Paint

CLASS_NAMES = ("human", "not human")
NOTICE = "A face between hair and shoulders: human. Cars, houses, trees, lamps, balls, flowers, mugs, pets: not."

SKINS = np.array(
    [[246, 214, 190], [232, 186, 150], [214, 160, 118], [176, 122, 84], [134, 88, 60], [88, 58, 44]], float
)
HAIRS = np.array([[30, 24, 24], [66, 44, 32], [120, 78, 44], [206, 168, 104], [150, 70, 40], [168, 166, 166]], float)
CLOTHES = np.array(
    [[196, 54, 52], [48, 84, 160], [56, 128, 84], [238, 238, 234], [44, 44, 54], [226, 178, 62], [130, 76, 140]], float
)
IRISES = np.array([[60, 40, 30], [80, 110, 150], [80, 110, 70]], float)
DARK = np.array([32.0, 24.0, 26.0])
LIP = np.array([170.0, 60.0, 64.0])


def draw(count: int, size: int, generator: np.random.Generator) -> tuple[Array, Array]:
    """Half people (class 0) and half things (class 1), in random order, of each thing about as many.

    Returns images (count, size, size, 3) uint8 and labels (count,) int64. The same state of the generator draws the
    same images.
    """
    labels = generator.permutation(np.arange(count) % 2)
    images = np.empty((count, size, size, 3), np.uint8)
    images[labels == 0] = _people(Choice(int((labels == 0).sum()), generator), size)
    places = np.flatnonzero(labels == 1)
    for kind, thing in enumerate(THINGS):
        these = places[kind :: len(THINGS)]
        choice = Choice(len(these), generator)
        paint = Paint(choice)
        place = frame(choice.around(0, 0.1), choice.around(0, 0.1), *_scale(choice, 0.68, 0.85), choice.around(0, 0.12))
        layers = [*backdrop(choice, paint.main), *placed(thing(choice, paint), place), *light(choice)]
        images[these] = render(layers, choice.n, size)
    return images, labels


def _scale(choice: Choice, low: float, high: float) -> tuple[Array, Array]:
    """Width and height of a frame, sometimes mirrored."""
    height = choice.between(low, high)
    return height * choice.around(1, 0.08) * choice.side(), height


def _people(choice: Choice, size: int) -> Array:
    """Pictures of people: (n, size, size, 3) uint8."""
    skin = choice.near(choice.pick(SKINS), 6)
    place = frame(
        choice.around(0, 0.1), choice.around(-0.08, 0.08), *_scale(choice, 0.44, 0.54), choice.around(0, 0.14)
    )
    layers = [*backdrop(choice, skin), *placed(_person(choice, skin), place), *light(choice)]
    return render(layers, choice.n, size)


def _both(shape: Shape) -> list[Shape]:
    return [shape, mirrored(shape)]


def _person(choice: Choice, skin: Array) -> list[PaintLayer]:
    """Shoulders, neck and head, with hair or a hat."""
    hair = choice.near(choice.pick(HAIRS), 8)
    style = choice.between(0, 1)
    is_long, has_bun, has_hat, is_bald = (
        ((style >= low) & (style < high)).astype(float)
        for low, high in ((0.0, 0.35), (0.35, 0.48), (0.48, 0.66), (0.66, 0.76))
    )
    turn = choice.around(0, 0.26)
    face = frame(turn, choice.around(0, 0.06), 1 - np.abs(turn) * 0.5, 1.0)
    return [
        PaintLayer(hair * 0.8, [ellipse(0.0, 0.25, choice.between(0.9, 1.15), choice.between(1.1, 1.5))], is_long),
        PaintLayer(hair, [ellipse(0.0, -1.1, 0.42, 0.36)], has_bun),
        *_clothes(choice, skin),
        PaintLayer(skin * 0.92, _both(ellipse(0.76, 0.06, 0.12, 0.2)), 1 - is_long),
        PaintLayer(skin, [ellipse(0.0, 0.0, 0.76, 0.98)]),
        *placed(_face(choice, skin, hair), face),
        *_hair(choice, hair, 1 - is_bald),
        *_hat(choice, has_hat),
    ]


def _clothes(choice: Choice, skin: Array) -> list[PaintLayer]:
    """Shoulders in a colour, a neck, and sometimes an open collar, stripes or a jacket."""
    cloth = choice.near(choice.pick(CLOTHES), 14)
    width = choice.between(1.35, 1.9)
    shoulders = ellipse(0.0, 2.6, width, choice.between(1.25, 1.5))
    stripes = [box(-3.0, y, 3.0, y + 0.16) + shoulders for y in (1.55, 1.95, 2.35)]
    jacket = half_plane((-0.25, 1.0), (-0.5, 3.0)) + shoulders
    return [
        PaintLayer(cloth, [shoulders, box(-width, 2.6, width, 9.0)]),
        PaintLayer(choice.near(choice.pick(CLOTHES), 14), stripes, choice.chance(0.25)),
        PaintLayer(cloth * 0.6, _both(jacket), choice.chance(0.25)),
        PaintLayer(skin * 0.82, [box(-0.32, 0.5, 0.32, 1.25), ellipse(0.0, 1.25, 0.34, 0.22)]),
        PaintLayer(skin * 0.88, [triangle((-0.34, 1.2), (0.34, 1.2), (0.0, 1.9))], choice.chance(0.4)),
    ]


def _face(choice: Choice, skin: Array, hair: Array) -> list[PaintLayer]:
    """Eyes, brows, nose and mouth; of some a beard, of some glasses."""
    eye, brow = choice.between(-0.12, 0.0), choice.between(-0.36, -0.28)
    mouth = choice.between(0.48, 0.56)
    is_open = choice.chance(0.3)
    jaw = ellipse(0.0, 0.1, 0.7, 0.88) + half_plane((-1.0, 0.3), (1.0, 0.3))
    glasses, tinted = choice.chance(0.25), choice.chance(0.3)
    return [
        PaintLayer(hair, [jaw], 0.9 * choice.chance(0.22)),
        PaintLayer(DARK, [*_both(ellipse(0.31, eye, 0.26, 0.22)), box(-0.4, -0.1, 0.4, -0.04)], glasses),
        PaintLayer(skin * 0.96, _both(ellipse(0.31, eye, 0.2, 0.16)), glasses),
        PaintLayer(WHITE * 0.95, _both(ellipse(0.31, eye, 0.16, 0.1))),
        PaintLayer(choice.pick(IRISES), _both(ellipse(0.31, eye, 0.085, 0.1))),
        PaintLayer(DARK, _both(ellipse(0.31, eye, 0.24, 0.2)), glasses * tinted),
        PaintLayer(hair * 0.7, _both(ellipse(0.32, brow, 0.2, 0.05, 0.1))),
        PaintLayer(skin * 0.78, [triangle((0.0, 0.0), (0.13, 0.3), (-0.13, 0.3))], 0.8),
        PaintLayer(LIP * 0.4 + skin * 0.45, [ellipse(0.0, mouth, choice.between(0.22, 0.32), 0.07)]),
        PaintLayer(WHITE * 0.95, [ellipse(0.0, mouth, 0.2, 0.06)], is_open),
    ]


def _hair(choice: Choice, hair: Array, opacity: Array) -> list[PaintLayer]:
    """Hair over the forehead, parted at any place."""
    fringe = choice.between(-0.55, -0.35)
    crown = ellipse(0.0, -0.12, 0.86, 1.0)
    parting = choice.around(0, 0.45)
    top = fringe - 0.15
    left = half_plane((parting, top), (-1.0, fringe + choice.between(0, 0.35))) + crown
    right = half_plane((1.0, fringe + choice.between(0, 0.35)), (parting, top)) + crown
    return [PaintLayer(hair, [left, right], opacity)]


def _hat(choice: Choice, opacity: Array) -> list[PaintLayer]:
    """A cap, or a hat with a brim on both sides."""
    felt = choice.near(choice.pick(CLOTHES), 14)
    dome = ellipse(0.0, -0.45, 0.88, choice.between(0.7, 1.0)) + half_plane((1.0, -0.4), (-1.0, -0.4))
    brim = choice.between(0.9, 1.35)
    return [
        PaintLayer(felt, [dome], opacity),
        PaintLayer(felt * 0.75, [ellipse(choice.between(0.0, 0.35), -0.42, brim, 0.13)], opacity),
    ]
