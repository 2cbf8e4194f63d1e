"""What the two ends of a weight are called in a training of nnviz's own, whose data have names."""

from nnviz.data.shown_task import shown_task
from nnviz.frame.example_view import NAME
from nnviz.outside_text import apart, shown_names
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.trainer import Trainer
from nnviz.training.unit_names import UnitNames

# Of texts there are thousands of n-grams; a name is made for those alone that are told.
NAMED = 1 << 16


def names_of(trainer: Trainer) -> UnitNames:
    """What the weights of a trainer's network lead from and to."""
    features = apart(shown_names(tuple(trainer.dataset.feature_names[:NAMED])), NAME)
    outputs = shown_task(trainer.dataset.task).output_names(int(trainer.network.output_shape[0]))
    return UnitNames(EngineTrace(trainer.engine), features, apart(outputs, NAME))
