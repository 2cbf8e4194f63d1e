"""What a frame has of what an update does to the loss."""

import msgspec

from nnviz.array import Array


class AskedAgain(msgspec.Struct, frozen=True):
    """What the network says of the same batch once the update has landed.

    It is asked as it was in the training step: with the same changed pictures, the same units left out by dropout and
    the statistics of this batch. So what differs is what the weights have done.

    batch_loss  the mean loss of the batch; `said_wrong` as in the frame
    prediction  (outputs,) of the focused example, as `said` and `told` are; `loss` is of it alone
    """

    batch_loss: float
    said_wrong: int | None
    prediction: Array
    loss: float
    said: int | None
    told: float | None


class OutcomeView(msgspec.Struct, frozen=True):
    """What an update does to the loss of its own batch.

    expected   Σ ∂L/∂w · Δw over all parameters: by how much the loss changes, if only Δw is small enough (the first
               term of its Taylor series); of the loss alone, whatever penalties are trained together with it
    again      None until the update has landed
    """

    expected: float
    again: AskedAgain | None
