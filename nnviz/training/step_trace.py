"""What the current stage has filled of an engine's buffers; what belongs to the step before is None."""

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.stages import Phase, end_of
from nnviz.nn.parameters import Parameter
from nnviz.training.engine import StepEngine


class StepTrace:
    """An engine's buffers, as they are: nothing is copied here."""

    def __init__(self, engine: StepEngine) -> None:
        self._engine = engine

    def phase(self, phase: Phase) -> bool:
        """Whether that phase is done."""
        return self._engine.done >= end_of(phase, self._engine.depth)

    @property
    def proposal(self) -> bool:
        """Whether the update has been proposed."""
        return self._engine.done > end_of(Phase.BACKWARD, self._engine.depth)

    def output(self, layer: int) -> Array | None:
        """What layer number `layer` (−1: the input) gave for the whole batch, (n, *shape)."""
        return self._engine.outputs[layer + 1] if self._engine.done > layer else None

    def output_gradient(self, layer: int) -> Array | None:
        """∂L/∂(output of layer number `layer`) for the whole batch, (n, *shape)."""
        # The backward stage of the layer after it leaves it; that of the last layer takes it from the loss.
        depth = self._engine.depth
        known = self._engine.done >= max(2 * depth - layer, depth + 2)
        return self._engine.output_gradients[layer + 1] if known and layer >= 0 else None

    def gradients(self, layer: int) -> bool:
        """Whether the gradients of a layer's parameters are there."""
        return self._engine.done >= 2 * self._engine.depth + 1 - layer

    def of_weights(self, quantity: Quantity, layer: int, weights: Parameter) -> Array | None:
        """The weights of a layer, or their gradient or update, in their own shape."""
        if quantity is Quantity.WEIGHT:
            return weights.values
        if quantity is Quantity.GRADIENT and self.gradients(layer):
            return weights.gradients
        if quantity is Quantity.UPDATE and self.proposal:
            return weights.view(self._engine.update_rule.optimizer.updates)
        return None
