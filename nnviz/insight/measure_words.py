"""What the measures of layers are called, and how their numbers are told."""

from nnviz.frame.layer_measures import Measure
from nnviz.wording import number, percent, signed

SHARES = (Measure.DEAD, Measure.SATURATED, Measure.SILENT)
MEASURE_WORDS = {
    Measure.WEIGHTS: "size of the weights",
    Measure.GRADIENT: "size of the gradient of the weights",
    Measure.UPDATE: "size of the update of the weights",
    Measure.RATIO: "update beside weights, as a power of 10",
    Measure.BIASES: "size of the biases",
    Measure.MEAN: "mean of what it gives",
    Measure.DEVIATION: "deviation of what it gives",
    Measure.DEAD: "share of its units silent for long",
    Measure.SATURATED: "share of what it gives near the ends",
    Measure.SILENT: "share of its units silent in this batch",
}
"""Those of weights and biases are of scales and shifts where a layer normalises."""


def told_measure(value: float, measure: Measure) -> str:
    """A number of a layer in words, as wide as it needs."""
    if measure in SHARES:
        return percent(value)
    return signed(value) if measure in (Measure.RATIO, Measure.MEAN) else number(value)
