"""About how long things take, worked out and not measured: what is seen and kept must not depend on the machine's pace.

The numbers, in nanoseconds, are what was measured on a two-core machine.
"""

import math

from nnviz.training.engine import StepEngine

# A number that a layer gives and a weight that it is multiplied with, on the way forward and of one example; all that
# a training step does to a parameter; and what a step takes however small it is, for itself and for each of its layers.
NUMBER, WEIGHT, PARAMETER = 2.0, 0.04, 1.2
STEP, LAYER = 18_000, 5_000
# What it takes to read a number that a layer gave, and one of its parameters with its gradient and update, each in
# float64; and, however small they are, a reading for itself and for each of the layers.
READ_NUMBER, READ_PARAMETER, READING, READ_LAYER = 3.0, 1.0, 60_000, 40_000

# All rules of health, asked once.
RULES = 4_000_000


def example_cost(engine: StepEngine) -> float:
    """Of one more example on the way forward."""
    return NUMBER * sum(math.prod(layer.output_shape) for layer in engine.network.layers) + WEIGHT * _weights(engine)


def step_cost(engine: StepEngine) -> float:
    """Of a training step. On the way back, each layer does about twice what it did on the way forward."""
    whole = STEP + LAYER * len(engine.network.layers) + PARAMETER * _weights(engine)
    return whole + 3 * engine.batches.epochs.at(engine.index).size * example_cost(engine)


def reading_cost(engine: StepEngine) -> float:
    """Of a reading of what each layer did at a training step."""
    layers = engine.network.layers
    numbers = engine.batches.epochs.at(engine.index).size * sum(math.prod(layer.output_shape) for layer in layers)
    return READING + READ_LAYER * len(layers) + READ_NUMBER * numbers + READ_PARAMETER * _weights(engine)


def _weights(engine: StepEngine) -> int:
    return sum(parameter.values.size for layer in engine.network.layers for parameter in layer.parameters())
