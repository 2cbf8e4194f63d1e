"""Whether gradients are true: what a page of comparisons needs."""

import msgspec

WORST = 6
"""So many weights that were furthest off are told."""


class Comparison(msgspec.Struct, frozen=True):
    """The gradient of one weight beside what the loss does when that weight alone changes a little.

    layer, kind, index, source, target  as those of a blamed weight
    shown     ∂L/∂w by backprop, in the network's own kind of numbers
    measured  (L(w + h) − L(w − h)) / 2h in float64
    off       ∣shown − measured∣ as a share of the larger of the two; 0 where both are 0
    agrees    whether that is no more than rounding
    crossed   whether a kink of the loss lies between w − h and w + h, where no derivative says what it does
    """

    layer: str
    kind: str
    index: tuple[int, ...]
    source: str
    target: str
    shown: float
    measured: float
    off: float
    agrees: bool
    crossed: bool


class LayerVerification(msgspec.Struct, frozen=True):
    """How the weights of a layer came out so far.

    weights     of the layer in all, `checked` of them drawn by chance and compared
    agreeing    of these, as of `crossed`; the two do not overlap
    furthest    the largest `off` of those that crossed no kink, 0 before the first
    """

    name: str
    weights: int
    checked: int
    agreeing: int
    crossed: int
    furthest: float


class VerificationView(msgspec.Struct, frozen=True):
    """How far a verification is.

    step    of the training, from 0
    done    weights that were compared, of `total`
    chosen  the one that was asked for, if there was one
    worst   of all others that crossed no kink, those that do not agree, then those that are furthest off
    digits  how far backprop in float64 may be off from what was measured, as a share of it
    share, rounding  how far the gradient on screen may be off from that: by this share, or by that part of the largest
            gradient of all
    """

    step: int
    done: int
    total: int
    layers: tuple[LayerVerification, ...]
    chosen: Comparison | None
    worst: tuple[Comparison, ...]
    digits: float
    share: float
    rounding: float
