"""Weights that somebody sets by hand: at the end of a run at once, in its past as a branch once somebody goes on."""

from nnviz.training.engine import EngineState
from nnviz.training.journal import Weight
from nnviz.training.timeline import Position
from nnviz.training.trainer import Trainer


class ByHand:
    """What was set in the run of one trainer, and can be undone by going back."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        # Each with the moment at which it was set.
        self._set: list[tuple[Position, Weight]] = []
        # In the past: what was set there, and how the run is there without it.
        self._tried: list[Weight] = []
        self._without: EngineState | None = None

    def set(self, name: str, index: tuple[int, ...], value: float, here: Position) -> None:
        """Have that number of an array be that value from the beginning of this training step on.

        Raises InputError if it cannot be.
        """
        trainer = self._trainer
        if not trainer.is_back:
            self._set.append((here, trainer.set_weight(name, index, value)))
            return
        state = trainer.engine.state()
        self._tried.append(trainer.weight_to_be(state, name, index, value))
        self._without = self._without or state
        trainer.try_weights(self._tried, self._without)

    def undo(self, moment: Position) -> bool:
        """Have no weight set that was set at that moment or later, for a step that is not finished; say if one was."""
        trainer, undone = self._trainer, False
        while self._set and not trainer.is_back and self._set[-1][1].step == trainer.furthest:
            place, weight = self._set[-1]
            if place < moment:
                break
            self._set.pop()
            trainer.set_weight(weight.name, weight.index, weight.before)
            undone = True
        return undone

    @property
    def is_trying(self) -> bool:
        """Whether a weight is set in the past, and nobody has gone on with it."""
        return self._without is not None

    def forget(self) -> tuple[Weight, ...]:
        """Have the run as it was here. What was set in its past is returned, as far as it was another value there."""
        tried, without = self._tried, self._without
        self._tried, self._without = [], None
        if without is None:
            return ()
        self._trainer.try_weights((), without)
        there = self._trainer.network.parameters.named(without.values)
        last = {weight.place: weight for weight in tried}
        return tuple(weight for weight in last.values() if weight.value != there[weight.name][weight.index])
