"""Camera: takes frames of a trainer."""

import math

import numpy as np

from nnviz.data.dataset import Array
from nnviz.nn.layers import Layer
from nnviz.nn.notation import ACTIVATIONS, describe
from nnviz.training import frame as f
from nnviz.training.evaluation import chosen_class
from nnviz.training.stages import Phase, end_of
from nnviz.training.trainer import Trainer

# The units that are shown are chosen anew after so many steps, not at every frame: a diagram whose nodes change
# places cannot be read.
CHOICE_STEPS = 256


class Camera:
    """Takes frames of one trainer, at any stage."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._blocks = _blocks(trainer.network.layers)
        self._chosen_at: int | None = None
        self._chosen: list[Array] = []

    @property
    def blocks(self) -> int:
        """How many blocks can be focused."""
        return len(self._blocks)

    def take(self, focus: f.Focus, state: f.State, rates: f.Rates) -> f.Frame:
        """A frame of this moment. A block that does not exist is moved to the nearest one; examples go round."""
        trainer = self._trainer
        focus = f.Focus(focus.example, min(max(focus.block, 0), self.blocks - 1), focus.quantity)
        place = focus.example % len(trainer.batch.indices)
        self._choose_units()
        scored = self._reached(Phase.LOSS)
        task = trainer.dataset.task
        wrong = None
        if scored and task.class_names:
            said = chosen_class(trainer.scores.prediction, task)
            wrong = int(np.count_nonzero(said != trainer.dataset.train.labels[trainer.batch.indices]))
        return f.Frame(
            title=self._title(),
            task=task,
            state=state,
            stopped_by=trainer.stopped_by,
            moment=self._moment(),
            focus=focus,
            learning_rate=trainer.optimizer.learning_rate,
            example=self._example(place),
            input=self._units(-1, place),
            layers=tuple(self._layer(i, place) for i in range(trainer.depth)),
            batch_loss=trainer.scores.mean if scored else None,
            said_wrong=wrong,
            errors=self._errors(focus.block, place),
            matrix=self._matrix(focus),
            curves=self._curves(),
            rates=rates,
        )

    # What has been reached

    def _reached(self, phase: Phase) -> bool:
        return self._trainer.done >= end_of(phase, self._trainer.depth)

    def _proposed(self) -> bool:
        return self._trainer.done > end_of(Phase.BACKWARD, self._trainer.depth)

    def _output(self, layer: int) -> Array | None:
        """What layer number `layer` (−1: the input) gave for the whole batch, if it has run."""
        return self._trainer.outputs[layer + 1] if self._trainer.done > layer else None

    def _output_gradient(self, layer: int) -> Array | None:
        """∂L/∂(output of layer number `layer`) for the whole batch, if backprop has come there."""
        # The backward stage of the layer after it leaves it; that of the last layer takes it from the loss.
        depth = self._trainer.depth
        known = self._trainer.done >= max(2 * depth - layer, depth + 2)
        return self._trainer.output_gradients[layer + 1] if known and layer >= 0 else None

    def _gradients_known(self, layer: int) -> bool:
        return self._trainer.done >= 2 * self._trainer.depth + 1 - layer

    # Parts of a frame

    def _title(self) -> f.Title:
        trainer = self._trainer
        network = trainer.network
        return f.Title(
            dataset=trainer.dataset.name,
            notice=trainer.dataset.notice,
            network=describe(network.layers[:-1]),
            loss=network.loss.name,
            output=network.loss.output.name,
            optimizer=trainer.optimizer.describe(),
            parameters=network.parameters.size,
            epochs=trainer.stopping.epochs,
            skipped=len(trainer.dataset.skipped),
        )

    def _moment(self) -> f.Moment:
        t = self._trainer
        return f.Moment(t.index, t.epoch, t.batch_index, t.batches.per_epoch, t.depth, t.done)

    def _example(self, place: int) -> f.ExampleView:
        trainer = self._trainer
        split, task = trainer.dataset.train, trainer.dataset.task
        number = int(trainer.batch.indices[place])
        stored = split.inputs[number]
        is_picture = stored.ndim == 3
        logits = self._output(trainer.depth - 1)
        target = trainer.batch.targets[place].copy()
        prediction = loss = said = None
        if self._reached(Phase.LOSS):
            prediction = trainer.scores.prediction[place].copy()
            loss = float(trainer.scores.each[place])
            if task.class_names:
                said = int(chosen_class(prediction[None], task)[0])
        return f.ExampleView(
            number=number,
            place=place,
            batch_size=len(trainer.batch.indices),
            name=split.names[number],
            label=int(split.labels[number]) if task.class_names else None,
            pixels=_thinned(stored) if is_picture else None,
            features=None if is_picture else trainer.batch.inputs[place, : f.FEATURES].copy(),
            target=target,
            logits=None if logits is None else logits[place].copy(),
            prediction=prediction,
            error=None if prediction is None else prediction - target,
            loss=loss,
            said=said,
        )

    def _choose_units(self) -> None:
        """Choose the units of each block (and of the input) that are shown: those with the strongest weights."""
        turn = self._trainer.steps_done // CHOICE_STEPS
        if turn == self._chosen_at:
            return
        self._chosen_at = turn
        weighted = [layer.parameters()[0].values for layer in self._trainer.network.layers if layer.parameters()]
        weighted = [values.reshape(-1, values.shape[-1]) for values in weighted]
        outgoing = [np.einsum("ij,ij->i", w, w) for w in weighted]
        incoming = [np.einsum("ij,ij->j", w, w) for w in weighted]
        strengths = [outgoing[0], *(i * o for i, o in zip(incoming, outgoing[1:], strict=False)), incoming[-1]]
        self._chosen = [_largest(strength, f.UNITS) for strength in strengths]
        # All outputs are there for a reason: they are shown in their own order.
        self._chosen[-1] = np.arange(min(len(strengths[-1]), f.UNITS))

    def _units(self, layer: int, place: int) -> f.Units:
        indices = self._chosen[self._block_of(layer) + 1]
        output, gradient = self._output(layer), self._output_gradient(layer)
        shape = self._trainer.network.input_shape if layer < 0 else self._trainer.network.layers[layer].output_shape
        return f.Units(
            total=math.prod(shape),
            indices=indices,
            activations=None if output is None else output[place].reshape(-1)[indices],
            gradients=None if gradient is None else gradient[place].reshape(-1)[indices],
        )

    def _block_of(self, layer: int) -> int:
        return next((number for number, block in enumerate(self._blocks) if layer in block), -1)

    def _layer(self, number: int, place: int) -> f.LayerView:
        trainer = self._trainer
        layer = trainer.network.layers[number]
        parameters = layer.parameters()
        block = self._block_of(number)
        edges = weights = gradients = updates = None
        if parameters:
            span = slice(parameters[0].span.start, parameters[-1].span.stop)
            edges = parameters[0].values[np.ix_(self._chosen[block], self._chosen[block + 1])]
            weights = _spread(trainer.network.parameters.values[span])
            if self._gradients_known(number):
                gradients = _spread(trainer.network.parameters.gradients[span])
            if self._proposed():
                updates = _spread(trainer.optimizer.updates[span])
        return f.LayerView(
            name=layer.name,
            kind=layer.kind,
            described=layer.describe(),
            block=block,
            input_shape=layer.input_shape,
            output_shape=layer.output_shape,
            parameters=sum(math.prod(parameter.shape) for parameter in parameters),
            units=self._units(number, place),
            edges=edges,
            weights=weights,
            gradients=gradients,
            updates=updates,
        )

    def _errors(self, number: int, place: int) -> f.BlockErrors:
        block = self._blocks[number]
        z, a, grad_z, grad_a = (
            None if batch is None else batch[place].reshape(-1)
            for batch in (
                self._output(block[0]),
                self._output(block[-1]),
                self._output_gradient(block[0]),
                self._output_gradient(block[-1]),
            )
        )
        total = math.prod(self._trainer.network.layers[block[0]].output_shape)
        last = number == self.blocks - 1
        # ∂L/∂a arrives a stage before ∂L/∂z.
        known = grad_a if grad_z is None else grad_z
        if known is None or last:
            indices = np.arange(min(total, f.LISTED_UNITS))
        else:
            indices = _largest(np.abs(known), f.LISTED_UNITS)
        z, a, grad_z, grad_a = (None if unit is None else unit[indices] for unit in (z, a, grad_z, grad_a))
        return f.BlockErrors(self._block_name(number), total, indices, z, a, grad_z, grad_a)

    def _block_name(self, block: int) -> str:
        return self._trainer.network.layers[self._blocks[block][0]].name

    def _matrix(self, focus: f.Focus) -> f.MatrixView:
        trainer = self._trainer
        block = self._blocks[focus.block]
        layer = trainer.network.layers[block[0]]
        name = self._block_name(focus.block)
        if focus.quantity is f.Quantity.ACTIVATION:
            output = self._output(block[-1])
            units = math.prod(layer.output_shape)
            matrix = None if output is None else output.reshape(len(output), -1).T
            shape = (units, len(trainer.batch.indices))
        else:
            weights = layer.parameters()[0]
            matrix = self._of_weights(focus.quantity, block[0])
            shape = (weights.shape[-1], math.prod(weights.shape[:-1]))
        row_step, column_step = (-(-shape[0] // f.MATRIX_ROWS), -(-shape[1] // f.MATRIX_COLUMNS))
        cells = None if matrix is None else _reduced(matrix, row_step, column_step)
        return f.MatrixView(focus.quantity, name, shape, row_step, column_step, cells)

    def _of_weights(self, quantity: f.Quantity, layer: int) -> Array | None:
        """The matrix (outputs, inputs) of one quantity that belongs to a layer's weights."""
        trainer = self._trainer
        weights = trainer.network.layers[layer].parameters()[0]
        if quantity is f.Quantity.WEIGHT:
            matrix = weights.values
        elif quantity is f.Quantity.GRADIENT and self._gradients_known(layer):
            matrix = weights.gradients
        elif quantity is f.Quantity.UPDATE and self._proposed():
            matrix = weights.view(trainer.optimizer.updates)
        else:
            return None
        return matrix.reshape(-1, matrix.shape[-1]).T

    def _curves(self) -> f.Curves:
        history = self._trainer.history
        stride, means, lows, highs = history.training.binned(f.CURVE_BINS)
        evaluations = [e for e in history.evaluations if e.validation is not None]
        evaluations = evaluations[:: max(1, -(-len(evaluations) // f.CURVE_BINS))]
        best, latest = history.best, history.latest
        validated = best is not None and best.validation is not None
        return f.Curves(
            stride=stride,
            total=self._trainer.steps_done,
            means=means,
            lows=lows,
            highs=highs,
            validation_steps=np.array([e.step for e in evaluations]),
            validation_losses=np.array([e.validation.loss for e in evaluations if e.validation]),
            best_step=best.step if best and validated else None,
            best_loss=best.validation.loss if best and best.validation else None,
            accuracy=latest.validation.accuracy if latest and latest.validation else None,
        )


def _blocks(layers: list[Layer]) -> list[list[int]]:
    """Numbers of the layers that share their units: a layer, and the activation functions that follow it."""
    blocks: list[list[int]] = []
    for number, layer in enumerate(layers):
        if blocks and layer.kind in ACTIVATIONS:
            blocks[-1].append(number)
        else:
            blocks.append([number])
    return blocks


def _largest(values: Array, count: int) -> Array:
    """Places of the `count` largest of `values` (n,), the largest first."""
    if len(values) > count:
        places = np.argpartition(values, -count)[-count:]
    else:
        places = np.arange(len(values))
    return places[np.argsort(-values[places], kind="stable")]


def _spread(values: Array) -> f.Spread:
    largest = max(float(values.max()), -float(values.min()))
    return f.Spread(math.sqrt(float(np.dot(values, values)) / values.size), largest)


def _reduced(matrix: Array, row_step: int, column_step: int) -> Array:
    """The number of largest magnitude, with its sign, of each block of `row_step` × `column_step`; float32."""
    columns_done = _extremes(matrix.T, column_step).T
    return _extremes(columns_done, row_step).astype(np.float32)


def _extremes(matrix: Array, step: int) -> Array:
    """The number of largest magnitude of each `step` rows, column by column."""
    if step == 1:
        return matrix
    # Whole rows at a time: five times as fast as reduceat.
    highs = matrix[::step].copy()
    lows = highs.copy()
    for offset in range(1, step):
        rows = matrix[offset::step]
        np.maximum(highs[: len(rows)], rows, out=highs[: len(rows)])
        np.minimum(lows[: len(rows)], rows, out=lows[: len(rows)])
    return np.where(highs >= -lows, highs, lows)


def _thinned(pixels: Array) -> Array:
    """A picture of at most `PIXELS` on a side, every k-th pixel of a larger one."""
    step = -(-max(pixels.shape[:2]) // f.PIXELS)
    return pixels[::step, ::step].copy()
