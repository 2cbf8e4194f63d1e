"""Cats and dogs, drawn by code: the same furs, poses, lights and walls for both, so that only shape tells.

An animal is drawn in the coordinates of its head, whose middle is 0 and whose half-axes are about 1.
"""

import numpy as np

from nnviz.array import Array
from nnviz.data.drawn.choice import WHITE, Choice
from nnviz.data.drawn.shapes import (
    Number,
    PaintLayer,
    Shape,
    ellipse,
    frame,
    half_plane,
    mirrored,
    placed,
    render,
    triangle,
)

CLASS_NAMES = ("cat", "dog")
NOTICE = "Pointed ears, slit pupils and whiskers: cat. Hanging ears, round eyes and a large nose: dog."

BLACK = np.array([28.0, 22.0, 24.0])
PINK = np.array([232.0, 138.0, 142.0])
BROWN = np.array([110.0, 70.0, 45.0])
GINGER = np.array([222.0, 135.0, 60.0])
CREAM = np.array([232.0, 200.0, 150.0])
SAND = np.array([196.0, 150.0, 100.0])
SILVER = np.array([148.0, 148.0, 155.0])
SLATE = np.array([92.0, 98.0, 112.0])
CHARCOAL = np.array([58.0, 54.0, 58.0])
FURS = np.stack([GINGER, CREAM, SAND, BROWN, SILVER, SLATE, CHARCOAL, WHITE * 0.93])
EYES = np.array([[150.0, 170.0, 60.0], [220.0, 170.0, 50.0], [130.0, 180.0, 215.0], [170.0, 110.0, 50.0]])
NOSES = np.stack([BLACK, BLACK, PINK, BROWN])
WHISKERS = np.stack([BLACK, WHITE])


def draw(count: int, size: int, generator: np.random.Generator) -> tuple[Array, Array]:
    """Half cats (class 0) and half dogs (class 1), in random order.

    Returns images (count, size, size, 3) uint8 and labels (count,) int64. The same state of the generator draws the
    same images.
    """
    labels = generator.permutation(np.arange(count) % 2)
    images = np.empty((count, size, size, 3), np.uint8)
    for label, animal in enumerate((cat, dog)):
        these = labels == label
        choice = Choice(int(these.sum()), generator)
        coat = Coat(choice)
        layers = [*scene(choice, coat.fur), *placed(animal(choice, coat), pose(choice)), *shade(choice)]
        images[these] = render(layers, choice.n, size)
    return images, labels


class Coat:
    """The colours of an animal, found among cats and dogs alike."""

    def __init__(self, choice: Choice) -> None:
        self.fur = choice.near(choice.pick(FURS), 7)
        self.chest = choice.tone(self.fur, 0.3, 0.8)
        self.muzzle = choice.tone(self.fur, 0.4, 0.8)
        self.ear = choice.tone(self.fur, 0.5, 0.4)
        self.patch = choice.tone(self.fur, 0.5, 0.7)
        self.blaze = choice.tone(self.fur, 0.3, 0.8)
        self.stripes = self.fur * 0.6
        self.eye = choice.pick(EYES)
        self.nose = choice.pick(NOSES)
        self.whiskers = choice.pick(WHISKERS)


def pose(choice: Choice) -> Array:
    """Where the head is, how large, and how it is held."""
    size = choice.between(0.5, 0.6)
    width = size * choice.around(1.0, 0.08) * choice.side()
    return frame(choice.around(0.0, 0.14), choice.around(0.1, 0.1), width, size, choice.around(0.0, 0.2))


def scene(choice: Choice, fur: Array) -> list[PaintLayer]:
    """A wall of two colours that run into each other, sometimes something round on it, and a floor."""
    spot = ellipse(choice.around(0, 1), choice.around(0, 1), choice.between(0.1, 0.5), choice.between(0.1, 0.5))
    floor = choice.between(0.2, 0.8)
    return [
        PaintLayer(choice.wall(fur), [half_plane((1.0, 1.0), (-1.0, 1.0))]),
        PaintLayer(choice.wall(fur), [half_plane((0.0, 0.0), (choice.around(0, 1), choice.side()))], blur=2.0),
        PaintLayer(choice.wall(fur), [spot], choice.chance(0.6)),
        PaintLayer(
            choice.wall(fur), [half_plane((1.0, floor), (-1.0, floor + choice.around(0, 0.1)))], choice.chance(0.5)
        ),
    ]


def shade(choice: Choice) -> list[PaintLayer]:
    """Less light on one side."""
    edge = half_plane((0.0, 0.0), (choice.around(0, 1), choice.side()))
    return [PaintLayer(BLACK, [edge], choice.between(0, 0.3), blur=2.5)]


def both(shape: Shape) -> list[Shape]:
    """The shape and its mirror image."""
    return [shape, mirrored(shape)]


def body(coat: Coat) -> list[PaintLayer]:
    """Shoulders and chest, below the head."""
    return [
        PaintLayer(coat.fur * 0.88, [ellipse(0.0, 1.9, 0.95, 1.3)]),
        PaintLayer(coat.chest, [ellipse(0.0, 1.6, 0.45, 0.8)]),
    ]


def eyes(coat: Coat, x: float, y: Number, radius: float, pupil: Number) -> list[PaintLayer]:
    """Rimmed irises with pupils of that width, and in both a glint from the same light."""
    glint = radius * 0.3
    return [
        PaintLayer(BLACK, both(ellipse(x, y, radius * 1.12, radius * 1.12))),
        PaintLayer(coat.eye, both(ellipse(x, y, radius, radius))),
        PaintLayer(BLACK, both(ellipse(x, y, pupil, radius * 0.9))),
        PaintLayer(WHITE, [ellipse(side * x - glint, y - glint, glint, glint) for side in (-1, 1)]),
    ]


def markings(choice: Choice, coat: Coat) -> list[PaintLayer]:
    """A blaze on the forehead, a patch around one eye, stripes between the ears: some of them or none."""
    head = ellipse(0.0, 0.0, 0.92, 0.85)
    stripes = [ellipse(0.0, -0.68, 0.06, 0.22), *both(ellipse(0.22, -0.64, 0.06, 0.2, 0.2))]
    return [
        PaintLayer(coat.blaze, [ellipse(0.0, -0.4, 0.16, 0.6) + head], choice.chance(0.3)),
        PaintLayer(coat.patch, [ellipse(0.45, -0.2, 0.36, 0.4) + head], choice.chance(0.3)),
        PaintLayer(coat.stripes, [stripe + head for stripe in stripes], choice.chance(0.3)),
    ]


def cat(choice: Choice, coat: Coat) -> list[PaintLayer]:
    """Pointed ears that stand up, slit pupils, a small nose, whiskers."""
    tip_x, tip_y = choice.between(0.7, 0.95), choice.between(-1.6, -1.3)
    mouth = both(ellipse(0.11, 0.41, 0.12, 0.03, -0.4))
    whiskers = both(ellipse(0.9, 0.28, 0.5, 0.025, -0.15)) + both(ellipse(0.9, 0.43, 0.5, 0.025, 0.15))
    return [
        *body(coat),
        PaintLayer(coat.fur, both(triangle((-0.98, -0.1), (-tip_x, tip_y), (-0.1, -0.7)))),
        PaintLayer(coat.ear, both(triangle((-0.82, -0.4), (-tip_x, tip_y * 0.86), (-0.35, -0.7)))),
        PaintLayer(coat.fur, [ellipse(0.0, 0.0, 1.02, 0.85)]),
        *markings(choice, coat),
        PaintLayer(coat.muzzle, both(ellipse(0.2, 0.36, 0.3, 0.24))),
        *eyes(coat, 0.42, choice.around(-0.15, 0.05), 0.22, choice.between(0.06, 0.12)),
        PaintLayer(coat.nose, [triangle((-0.14, 0.15), (0.14, 0.15), (0.0, 0.3))]),
        PaintLayer(BLACK, mouth, 0.8),
        PaintLayer(coat.whiskers, whiskers, 0.7),
    ]


def dog(choice: Choice, coat: Coat) -> list[PaintLayer]:
    """Round ears that hang down, round dark eyes, a long muzzle with a large nose, sometimes the tongue."""
    ear = ellipse(-0.98, choice.between(0.0, 0.2), 0.3, choice.between(0.6, 0.8), choice.between(0.05, 0.4))
    mouth = [ellipse(0.0, 0.5, 0.03, 0.14), *both(ellipse(0.14, 0.64, 0.16, 0.03, -0.4))]
    return [
        *body(coat),
        PaintLayer(coat.fur, [ellipse(0.0, 0.0, 0.92, 0.95)]),
        *markings(choice, coat),
        PaintLayer(coat.ear, both(ear)),
        PaintLayer(PINK, [ellipse(0.0, 0.85, 0.16, 0.24)], choice.chance(0.5)),
        PaintLayer(coat.muzzle, [ellipse(0.0, 0.45, 0.45, 0.42)]),
        *eyes(coat, 0.38, choice.around(-0.2, 0.05), 0.17, 0.14),
        PaintLayer(coat.nose, [ellipse(0.0, 0.24, 0.24, 0.17)]),
        PaintLayer(WHITE, [ellipse(-0.07, 0.17, 0.07, 0.04)], 0.6),
        PaintLayer(BLACK, mouth, 0.8),
    ]
