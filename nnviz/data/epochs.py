"""Epochs: which examples of a shuffled split each training step has, also where the size of a batch changes."""

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple


class Place(NamedTuple):
    """The place of a training step in its epoch, all counted from 0.

    batch    how many steps of the epoch there were before; of `batches` in all, as long as their size stays
    start    how many examples of the epoch they had, and `size` is how many the step has, unless fewer are left
    """

    epoch: int
    batch: int
    batches: int
    start: int
    size: int


class _Piece(NamedTuple):
    """From training step `step` on batches are `size` examples large; there, the epoch has had `batch` of them."""

    step: int
    epoch: int
    batch: int
    start: int
    size: int


class Epochs:
    """Passes over so many examples, in batches of which the last one of an epoch may be smaller.

    A size that changes within an epoch holds for what is left of it. Any step's place follows from the sizes alone.
    """

    def __init__(self, examples: int, size: int, later: Sequence[tuple[int, int]] = ()) -> None:
        """`later` are other sizes, each with the training step that it holds from, in the order of their steps."""
        self._examples = examples
        self._pieces = [_Piece(0, 0, 0, 0, min(size, examples))]
        for step, other in later:
            epoch, batch, _, start, _ = self.at(step)
            self._pieces.append(_Piece(step, epoch, batch, start, min(other, examples)))
        last = self._pieces[-1]
        self._regular_from, self._per_epoch = last.step + self._rest(last), -(-examples // last.size)

    def at(self, step: int) -> Place:
        """The place of a training step."""
        piece = self._pieces[bisect_right(self._pieces, step, key=itemgetter(0)) - 1]
        further, rest = step - piece.step, self._rest(piece)
        if further < rest:
            batch = piece.batch + further
            return Place(piece.epoch, batch, piece.batch + rest, piece.start + further * piece.size, piece.size)
        per_epoch = -(-self._examples // piece.size)
        epochs, batch = divmod(further - rest, per_epoch)
        return Place(piece.epoch + 1 + epochs, batch, per_epoch, batch * piece.size, piece.size)

    def _rest(self, piece: _Piece) -> int:
        """How many steps of its size end the epoch that a piece begins in."""
        return -(-(self._examples - piece.start) // piece.size)

    def are_over(self, steps: int) -> bool:
        """Whether an epoch ends when so many training steps are done."""
        # Asked after every step; nearly all are in the last piece, after the epoch that it begins in.
        further = steps - self._regular_from
        return further % self._per_epoch == 0 if further >= 0 else self.at(steps).start == 0

    def begun(self, steps: int) -> int:
        """How many epochs have begun when so many training steps are done; one that is over is followed by none yet."""
        return self.at(steps - 1).epoch + 1 if steps else 0

    def end_of(self, epochs: int) -> int:
        """How many training steps are done when so many epochs are over."""
        if epochs <= 0:
            return 0
        piece = next(piece for piece in reversed(self._pieces) if piece.epoch < epochs)
        per_epoch = -(-self._examples // piece.size)
        return piece.step + self._rest(piece) + (epochs - 1 - piece.epoch) * per_epoch

    def examples_in(self, steps: int) -> int:
        """How many examples so many training steps from the beginning go through."""
        place = self.at(steps)
        return place.epoch * self._examples + place.start
