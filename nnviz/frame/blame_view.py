"""Which weights are to blame: what a page of them needs."""

from enum import StrEnum

import msgspec

from nnviz.array import Array

LISTED = 48
"""So many weights are told, the most blamed first."""


class Measure(StrEnum):
    """By what weights are ordered: by its size.

    SENSITIVITY  ∂L/∂w: how much the loss changes with the weight
    SHARE        w · ∂L/∂w: how much of the loss, to first order, would go if the weight were 0
    UPDATE       Δw: how far the update moves it
    """

    SENSITIVITY = "sensitivity"
    SHARE = "share"
    UPDATE = "update"


class BlamedWeight(msgspec.Struct, frozen=True):
    """One weight, or bias, scale or shift.

    layer, kind  where it is: "dense1", "weights"
    index        in its array
    source       what it multiplies; for a bias, scale or shift, that word
    target       the unit or map that it leads to, and for a kernel the place in it
    before       the weight that the gradient is of: as it was in the forward pass
    gradient     ∂L/∂w of the batch, or what this example adds to it
    update       Δw, of the whole batch; None before it is proposed. `after` is what the weight becomes, or became
    measured     what it is ordered by, and `part`, its size as a part of those of all weights that were compared
    """

    layer: str
    kind: str
    index: tuple[int, ...]
    source: str
    target: str
    before: float
    gradient: float
    update: float | None
    after: float | None
    measured: float
    part: float


class Saliency(msgspec.Struct, frozen=True):
    """∂L/∂x of the example's picture, which no training step needs: it is computed when somebody looks.

    pixels  (height, width, channels) uint8, the picture as the network saw it
    slopes  (height, width) float32, of each pixel the channel's ∂L/∂x of largest magnitude, with its sign
    step    of a picture that is too large, every so many pixels are one, and its slope is the largest of theirs
    """

    pixels: Array
    slopes: Array
    step: int


class BlameView(msgspec.Struct, frozen=True):
    """The weights that are to blame most, at a moment after backprop.

    step        of the training, from 0; `landed` says whether its update has landed
    layers      those whose weights were compared, `weights` of them in all
    of_example  whether gradients are what this example adds to the batch's
    example     its name; `batch_size` is how many there are
    normalised  whether a layer looks at the batch as a whole, so that what an example adds is not its alone
    worst       the most blamed weights, the first one most; None before what is measured is known
    saliency    where the first layer that has weights is one of the layers, and the example a picture
    without_gradient  layers of which some weights have none, and were not compared
    without_share     those of which it is not known what one example adds to the gradient; likewise
    """

    step: int
    landed: bool
    layers: tuple[str, ...]
    weights: int
    measure: Measure
    of_example: bool
    example: str
    batch_size: int
    normalised: bool
    worst: tuple[BlamedWeight, ...] | None
    saliency: Saliency | None
    without_gradient: tuple[str, ...] = ()
    without_share: tuple[str, ...] = ()
