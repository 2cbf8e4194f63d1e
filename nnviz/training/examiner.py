"""An examiner: a trainer that never trains, with a copy of a network as it is asked, for a look at one example."""

from nnviz.data.one_example import OneExample
from nnviz.data.split import Split
from nnviz.nn.optimizers import SGD
from nnviz.training.engine import StepEngine
from nnviz.training.trainer import Trainer
from nnviz.training.update_rule import UpdateRule


def examiner_of(trainer: Trainer, split: Split, number: int) -> tuple[Trainer, OneExample]:
    """A trainer with the network as it is now, and what its batch is made of: example `number` of the split.

    Nothing is left to chance in it, batches are normalised by what was measured in training, and the target is the
    plain one: its prediction and loss are those of an evaluation. Its stages leave the other trainer as it is.
    """
    network = trainer.network.replica().for_evaluation()
    example = OneExample(split, trainer.encoder, number)
    engine = StepEngine(network, UpdateRule(SGD(trainer.update_rule.learning_rate)), example)
    return Trainer(trainer.dataset, engine, trainer.encoder, trainer.experiment), example
