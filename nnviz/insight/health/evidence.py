"""Evidence: all that the rules of health go by."""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from nnviz.array import Array
from nnviz.data.alike import Place, alike
from nnviz.experiment import Experiment, Tables, Training
from nnviz.frame.layer_measures import Measure, size
from nnviz.frame.operations import Convolution, Normalisation, WeightedSums
from nnviz.frame.step_trace import LayerTraits
from nnviz.insight.health.attempts import Remedy, to_try
from nnviz.insight.health.scale import Scale
from nnviz.nn.outputs import Identity
from nnviz.scores.class_score import commonest
from nnviz.training.history import Evaluation
from nnviz.training.trainer import Trainer

# So many training examples tell how inputs and targets are scaled; fewer, where they are of more numbers than that.
MEASURED, MEASURED_NUMBERS = 4096, 1 << 20
CURVE_BINS = 256
TRAINING_KEYS = frozenset(Training.__struct_fields__)


class CannotRunError(Exception):
    """A rule has nothing to go by; the text says why."""


class Loss(NamedTuple):
    """The loss of training steps: (bins,) each, of `stride` steps; `steps` is that of the first one, from 1."""

    stride: int
    steps: Array
    means: Array
    highs: Array


class Beginning:
    """What is known before the first training step, and stays.

    weights   the weights that each weighted layer began with, by its number
    inputs    (n, …) training examples as the network gets them; targets (n, outputs), as the loss gets them
    chance    the loss of a network that says the same of all outputs: ln K for softmax and cross-entropy
    constant  the lowest loss of one that says the same of all examples
    counts    (classes,) training examples of each; `commonest` is the share of the commonest class of validation
    splits    those of the data; `alike`, which examples have the same inputs, and where they are
    of_texts  whether the inputs count the n-grams of texts
    is_raw    whether the outputs are numbers that nothing scales
    """

    def __init__(self, trainer: Trainer) -> None:
        self.layers = trainer.layers.traits
        named = trainer.network.parameters.named(trainer.first.values)
        self.weights = {number: named[f"{self.layers[number].name}.weights"] for number in self.weighted}
        data = trainer.dataset
        self.splits = {"training": data.train, "validation": data.validation, "test": data.test}
        encoder, split = trainer.batches.encoder, data.train
        most = min(MEASURED, max(MEASURED_NUMBERS // math.prod(trainer.network.input_shape), 1))
        # From the whole split: examples may be in the order of their classes.
        chosen = slice(None, None, -(-len(split) // most))
        labels = split.labels[chosen]
        self.inputs = encoder.inputs(split.inputs[chosen])
        self.targets = encoder.targets(labels)
        self._loss, self._shares = trainer.network.for_evaluation().loss, encoder.weights(labels)
        self.task, self.is_linear = trainer.dataset.task, self._loss.output.name == Identity.name
        self.is_raw = isinstance(self._loss.output, Identity)
        self.of_texts = split.texts is not None
        self.batch_size = trainer.batches.epochs.at(0).size
        validation = trainer.dataset.validation
        many = len(self.task.class_names)
        self.counts = np.bincount(split.labels, minlength=many) if many else np.zeros(0, np.int64)
        self.has_validation = len(validation) > 0
        some = many and len(validation)
        self.commonest = commonest(np.bincount(validation.labels)).accuracy if some else 1.0

    @property
    def weighted(self) -> list[int]:
        """The numbers of the layers that have weights."""
        return [n for n, layer in enumerate(self.layers) if isinstance(layer.operation, WeightedSums | Convolution)]

    @property
    def normalised(self) -> list[LayerTraits]:
        """The layers that normalise by the batch."""
        return [layer for layer in self.layers if isinstance(layer.operation, Normalisation)]

    @cached_property
    def sizes(self) -> dict[int, float]:
        """The root mean square of `weights`, by the layer's number."""
        return {number: size(weights) for number, weights in self.weights.items()}

    @cached_property
    def scale_of_inputs(self) -> Scale:
        return Scale(self.inputs.reshape(len(self.inputs), -1))

    @cached_property
    def scale_of_targets(self) -> Scale:
        return Scale(self.targets)

    @cached_property
    def alike(self) -> list[list[Place]]:
        """The places count the splits in their order."""
        return alike([*self.splits.values()])

    @cached_property
    def chance(self) -> float:
        return self._loss_of(np.zeros(self.targets.shape[1]))

    @cached_property
    def constant(self) -> float:
        shares = np.ones(len(self.targets)) if self._shares is None else self._shares
        mean = np.average(self.targets.astype(np.float64), axis=0, weights=shares)
        if self.is_linear:
            return self._loss_of(mean if self.is_raw else np.zeros_like(mean))
        mean = np.clip(mean, 1e-6, 1 - 1e-6)
        return self._loss_of(np.log(mean) if self._loss.output.name == "softmax" else np.log(mean / (1 - mean)))

    def _loss_of(self, logits: Array) -> float:
        said = np.broadcast_to(logits.astype(self.targets.dtype), self.targets.shape).copy()
        return float(self._loss.forward(said, self.targets, self._shares).mean)


class LayerEvidence(Protocol):
    """What the rules about layers go by, whoever trains them."""

    @property
    def layers(self) -> Sequence[LayerTraits]:
        """All layers, in their order."""

    @property
    def weighted(self) -> Sequence[int]:
        """The numbers of those that have weights."""

    @property
    def learnt(self) -> float:
        """How much of the loss is gone that is to be got rid of: 0 nothing, 1 all of it. May raise CannotRunError."""

    def began_with(self, layer: int) -> float:
        """The size, a root mean square, of the weights that a layer began with."""

    def series(self, layer: int, measure: Measure) -> tuple[Array, Array]:
        """(steps, means) of what was read of a layer, where it is a number."""

    def having(self, measure: Measure) -> Iterator[tuple[int, LayerTraits]]:
        """The layers that have a measure."""

    def after(self, steps: int) -> None:
        """Raises CannotRunError if fewer training steps are done."""

    def to_try(self, by_hand: str, *remedies: Remedy) -> tuple[str, Tables]:
        """What to try, in words and as changes of the experiment; `by_hand` is what only a person can do."""


class Evidence:
    """What is known of a run at its present end."""

    def __init__(self, trainer: Trainer, beginning: Beginning) -> None:
        self.beginning, self.layers = beginning, beginning.layers
        self.steps = trainer.furthest
        self.stopped_by, self.first_loss = trainer.stopped_by, trainer.history.training.first
        self.latest_loss, self.last_good = trainer.history.training.latest, trainer.standing.last_good.step
        self.evaluations: Sequence[Evaluation] = [one for one in trainer.history.evaluations if one.validation]
        self.missed = trainer.standing.said.missed
        self.spikes = trainer.history.spikes
        self._history = trainer.layers
        self._trainer = trainer

    @cached_property
    def experiment(self) -> Experiment:
        """What the run was assembled from, with what was chosen anew since for how it is trained."""
        trainer, journal = self._trainer, self._trainer.journal
        chosen = {**journal.chosen_at(trainer.furthest), "learning_rate": journal.rate_at(trainer.furthest)}
        return trainer.experiment.with_training(**{key: chosen[key] for key in chosen if key in TRAINING_KEYS})

    def to_try(self, by_hand: str, *remedies: Remedy) -> tuple[str, Tables]:
        """What to try in the experiment as it is now, in words and as changes of it; see `attempts.to_try`."""
        return to_try(self.experiment, by_hand, *remedies)

    def series(self, layer: int, measure: Measure) -> tuple[Array, Array]:
        """(steps, means) of what was read of a layer, where it is a number."""
        steps, means, _, _ = self._history.series(layer, measure)
        known = np.isfinite(means)
        return steps[known], means[known]

    @property
    def weighted(self) -> list[int]:
        """The numbers of the layers that have weights."""
        return self.beginning.weighted

    def began_with(self, layer: int) -> float:
        """The size of the weights that a layer began with."""
        return self.beginning.sizes[layer]

    def having(self, measure: Measure) -> Iterator[tuple[int, LayerTraits]]:
        """The layers that have a measure."""
        found = {number for number, of in self._history.cells if of is measure}
        return ((number, layer) for number, layer in enumerate(self.layers) if number in found)

    @cached_property
    def loss(self) -> Loss:
        stride, means, _, highs = self._trainer.history.training.binned(CURVE_BINS)
        return Loss(stride, 1 + stride * np.arange(len(means)), means, highs)

    @cached_property
    def recent_loss(self) -> float:
        """The mean of the last eighth of the training steps."""
        return float(self.loss.means[-max(len(self.loss.means) // 8, 1) :].mean()) if self.steps else math.nan

    @property
    def learnt(self) -> float:
        """How much of the best constant prediction's loss is gone: 0 nothing, 1 all of it."""
        constant = self.beginning.constant
        return 1 - self.recent_loss / constant if constant > 0 else math.nan

    def validated(self) -> None:
        """Raises CannotRunError if no evaluation has a score on the validation split."""
        if not self.evaluations:
            missing = (
                "there is no validation loss yet" if self.beginning.has_validation else "there is no validation split"
            )
            raise CannotRunError(missing)

    def after(self, steps: int) -> None:
        """Raises CannotRunError if fewer training steps are done."""
        if self.steps < steps:
            raise CannotRunError(f"it takes {steps} training steps to tell")
