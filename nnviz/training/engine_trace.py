"""The step trace of nnviz's own engine."""

from nnviz.array import Array
from nnviz.data.batches import Batch
from nnviz.frame.focus import Quantity
from nnviz.frame.stages import PROPOSE, Phase, Stage, end_of
from nnviz.frame.step_trace import LossTraits
from nnviz.nn.dropout import Dropout
from nnviz.nn.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    MeanSquaredError,
    QuadraticLoss,
    Scores,
    SummedBinaryCrossEntropy,
)
from nnviz.nn.normalization import BatchNorm
from nnviz.nn.outputs import Logistic, Softmax
from nnviz.nn.pooling import MaxPool2d
from nnviz.nn.scaled_error import InUnits, ScaledSquaredError
from nnviz.training.engine import StepEngine
from nnviz.training.layer_traits import array_kind, traits_of


class EngineTrace:
    """An engine's buffers, as they are: a `StepTrace`. Nothing is copied here."""

    def __init__(self, engine: StepEngine) -> None:
        self._engine = engine
        self._layers = engine.network.layers
        self.stages = engine.stages
        self.input_shape = engine.network.input_shape
        self.layers = tuple(traits_of(layer) for layer in self._layers)
        self.loss = _loss(engine.network.loss, engine.network.output_shape[-1])
        self._arrays = [{array_kind(array.name): array for array in layer.parameters()} for layer in self._layers]
        self._ends = {phase: end_of(phase, self.stages) for phase in Phase}
        # How many stages are done when a layer's output is there, the gradients of its parameters, and of its input.
        self._forward, self._backward = (
            [self.stages.index(Stage(phase, layer)) + 1 for layer in range(len(self.layers))]
            for phase in (Phase.FORWARD, Phase.BACKWARD)
        )
        self._proposed = self.stages.index(Stage(Phase.UPDATE, PROPOSE)) + 1

    @property
    def done(self) -> int:
        return self._engine.done

    @property
    def index(self) -> int:
        return self._engine.index

    @property
    def batch(self) -> Batch:
        return self._engine.batch

    @property
    def scores(self) -> Scores | None:
        return self._engine.scores if self.reached(Phase.LOSS) else None

    def reached(self, phase: Phase) -> bool:
        return self.done >= self._ends[phase]

    @property
    def proposed(self) -> bool:
        return self.done >= self._proposed

    def output(self, layer: int) -> Array | None:
        there = layer < 0 or self.done >= self._forward[layer]
        return self._engine.outputs[layer + 1] if there else None

    def output_gradient(self, layer: int) -> Array | None:
        if layer < 0:
            return None
        # The backward stage of the layer after it leaves it; that of the last layer takes it from the loss.
        known = self.done >= self._backward[min(layer + 1, len(self.layers) - 1)]
        return self._engine.output_gradients[layer + 1] if known else None

    def parameter(self, layer: int, kind: str, quantity: Quantity) -> Array | None:
        array = self._arrays[layer].get(kind)
        if array is None:
            return None
        if quantity is Quantity.WEIGHT:
            return array.values
        if quantity is Quantity.GRADIENT and self.done >= self._backward[layer]:
            return array.gradients
        if quantity is Quantity.UPDATE and self.proposed:
            return array.view(self._engine.update_rule.optimizer.updates)
        return None

    def adds_up(self, layer: int) -> bool:  # noqa: ARG002
        return True

    def winners(self, layer: int, place: int) -> Array | None:
        pool = self._layers[layer]
        return pool.winners(place) if isinstance(pool, MaxPool2d) and self.output(layer) is not None else None

    def factors(self, layer: int, place: int) -> Array | None:
        dropout = self._layers[layer]
        there = isinstance(dropout, Dropout) and self.output(layer) is not None
        return dropout.factors[place] if isinstance(dropout, Dropout) and there else None

    def moments(self, layer: int) -> tuple[Array, Array] | None:
        normalised = self._layers[layer]
        there = isinstance(normalised, BatchNorm) and self.output(layer) is not None
        return normalised.moments if isinstance(normalised, BatchNorm) and there else None


def _loss(loss: Loss, outputs: int) -> LossTraits:
    match loss:
        case CrossEntropy() | SummedBinaryCrossEntropy():
            return LossTraits(None, 1.0)
        case BinaryCrossEntropy():
            return LossTraits(None, 1 / outputs)
        case ScaledSquaredError(output=InUnits(deviation=deviation)):
            return LossTraits(None, 2 / (outputs * deviation))
        case QuadraticLoss(output=output):
            return LossTraits(output.name, 1.0)
        case MeanSquaredError(output=Softmax() | Logistic() as output):
            return LossTraits(output.name, 2 / outputs)
        case MeanSquaredError():
            return LossTraits(None, 2 / outputs)
    raise TypeError(f"nobody has said how the derivative of '{loss.kind}' comes about")
