"""What an update does to the loss of its own batch: what theory expects, and what came."""

import numpy as np

from nnviz.array import Array
from nnviz.frame.outcome_view import AskedAgain, OutcomeView
from nnviz.frame.stages import Phase
from nnviz.nn.losses import Scores
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.evaluation import chosen_class
from nnviz.training.trainer import Trainer

# Numbers that are multiplied in float64 at a time.
CHUNK = 1 << 16


class Outcomes:
    """Takes the outcome of one trainer's updates. To ask again takes a forward pass: it is done once for an update."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._trace = EngineTrace(trainer.engine)
        self._known: tuple[float, ...] = ()

    def take(self, place: int) -> OutcomeView | None:
        """The outcome for the example at `place` of the batch; None until an update is proposed."""
        engine = self._trainer.engine
        if not self._trace.proposed:
            return None
        gradients, updates = engine.network.parameters.gradients, engine.update_rule.optimizer.updates
        expected = product(gradients, updates)
        again = self._asked_again(place, (engine.index, expected)) if self._trace.reached(Phase.UPDATE) else None
        return OutcomeView(expected, again)

    def _asked_again(self, place: int, update: tuple[float, ...]) -> AskedAgain:
        trainer = self._trainer
        values = trainer.network.parameters.values
        known = (*update, product(values, values))
        if known != self._known:
            self._scores, self._known = asked_again(trainer), known
        scores, task = self._scores, trainer.dataset.task
        prediction = scores.prediction[place].copy()
        said = wrong = told = None
        if task.class_names:
            chosen = chosen_class(scores.prediction, task)
            said = int(chosen[place])
            wrong = int(np.count_nonzero(chosen != trainer.dataset.train.labels[trainer.engine.batch.indices]))
        elif task.numbers == 1:
            told = float(task.told_numbers(prediction[None])[0, 0])
        return AskedAgain(scores.mean, wrong, prediction, float(scores.each[place]), said, told)


def asked_again(trainer: Trainer) -> Scores:
    """What the network as it is now makes of the current batch, asked as a training step does; on copies."""
    engine = trainer.engine
    network, batch = engine.network.replica(), engine.batch
    network.at_step(engine.index)
    return network.loss.forward(network.forward(batch.inputs), batch.targets, batch.weights)


def product(first: Array, second: Array) -> float:
    """Σ first · second of two flat vectors, in float64."""
    starts = range(0, len(first), CHUNK)
    return sum(
        float(np.dot(first[i : i + CHUNK].astype(np.float64), second[i : i + CHUNK].astype(np.float64))) for i in starts
    )
