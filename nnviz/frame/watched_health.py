"""What a watched training tells of its health: the rules are asked by whoever looks at it."""

import msgspec

from nnviz.array import Array
from nnviz.frame.health_view import HealthView
from nnviz.frame.step_trace import LayerTraits


class WatchedHealth(msgspec.Struct, frozen=True):
    """What its layers did at the steps that were looked at, and its losses.

    view        without a diagnosis
    layers      what they are, in the order of `view`
    began       (layers,) the size of the weights that each had before the first step that was looked at; NaN without
    losses      those of all training steps, as `Series.numbers` has them
    first_loss  that of the first one; None before it
    """

    view: HealthView
    layers: tuple[LayerTraits, ...]
    began: Array
    losses: dict[str, Array]
    first_loss: float | None
