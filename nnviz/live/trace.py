"""The step trace of a foreign model: a recording, read as the layers of its structure."""

import math

import numpy as np

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.operations import LargestOfCells, LeavingOut, Normalisation
from nnviz.frame.stages import Phase
from nnviz.frame.step_trace import LossTraits
from nnviz.live.loss_reading import LossReading
from nnviz.live.recording import Recording, Seen
from nnviz.live.structure import Entry, Structure

NO_LOSS = LossTraits(None, 1.0)
"""Of a loss that is not known here; nothing is told by it."""


class WatchedBatch:
    """The examples that a watched step trains on: a `StepBatch`."""

    def __init__(self, inputs: Array, targets: Array) -> None:
        self.inputs, self.targets = inputs, targets
        self.indices: Array = np.arange(len(inputs))
        self.weights = None
        self.seen = None


class WatchedTrace:
    """A `StepTrace` of one recording at a time; `at` another one it is of that."""

    def __init__(self, structure: Structure, recording: Recording) -> None:
        self._structure = structure
        self.input_shape, self.layers, self.stages = structure.input_shape, structure.layers, structure.stages
        self._ends = structure.ends
        self.at(recording, 0)

    def at(self, recording: Recording, done: int) -> None:
        """Be of that recording, in which so many stages are done."""
        self.recording, self.done = recording, done
        self._read: dict[tuple[int, bool], Array | None] = {}
        inputs = recording.inputs
        shown = (
            np.zeros((1, *self.input_shape), np.float32)
            if inputs is None
            else self._structure.input_layout.array(inputs)
        )
        outputs = self.layers[-1].output_shape[-1] if self.layers else 1
        reading = recording.reading
        unknown = np.full((len(shown), outputs), np.nan, np.float32)
        fits = reading is not None and len(reading.targets) == len(shown)
        self.reading: LossReading | None = reading if fits else None
        self.batch = WatchedBatch(shown, self.reading.targets if self.reading is not None else unknown)

    @property
    def index(self) -> int:
        """The training step's number, from 0."""
        return self.recording.index

    @property
    def scores(self) -> LossReading | None:
        """What the loss made of the batch, where all of the value that backward was called on is known."""
        reading = self.reading
        return reading if reading is not None and reading.traits is not None and self.reached(Phase.LOSS) else None

    @property
    def loss(self) -> LossTraits:
        """What the loss is."""
        traits = None if self.reading is None else self.reading.traits
        return NO_LOSS if traits is None else traits

    def reached(self, phase: Phase) -> bool:
        """Whether that phase is done."""
        return self.done >= self._ends[phase]

    @property
    def proposed(self) -> bool:
        """Whether the update is there: of somebody else's optimizer it is known once it has landed."""
        return self.reached(Phase.UPDATE)

    def output(self, layer: int) -> Array | None:
        """What a layer gave, (n, *shape)."""
        return self.batch.inputs if layer < 0 else self._numbers(layer, of_gradient=False)

    def output_gradient(self, layer: int) -> Array | None:
        """∂L/∂ the same."""
        return None if layer < 0 else self._numbers(layer, of_gradient=True)

    def _numbers(self, layer: int, of_gradient: bool) -> Array | None:
        key = (layer, of_gradient)
        if key not in self._read:
            entry = self._structure.entries[layer]
            self._read[key] = self._in_frame(entry, entry.seen(self.recording), of_gradient)
        return self._read[key]

    def _in_frame(self, entry: Entry, seen: Seen | None, of_gradient: bool) -> Array | None:
        numbers = None if seen is None else seen.gradient if of_gradient else seen.numbers
        if numbers is None:
            return None
        array = entry.layout.array(numbers)
        return array if array.shape[1:] == entry.traits.output_shape else None

    def parameter(self, layer: int, kind: str, quantity: Quantity) -> Array | None:
        """One of a layer's arrays: its values, gradient or update."""
        held = self._structure.entries[layer].held.get(kind)
        numbers = None if held is None else self._of_parameter(held.parameter, quantity)
        return None if held is None or numbers is None else held.in_frame(kind, numbers)

    def name_of(self, layer: int, kind: str) -> str:
        """What the model calls one of a layer's arrays."""
        return self._structure.entries[layer].held[kind].parameter

    def shape(self, layer: int, kind: str) -> tuple[int, ...]:
        """Of one of a layer's arrays, in the model's own order."""
        return tuple(self.recording.before[self.name_of(layer, kind)].shape)

    def places(self, layer: int, kind: str) -> Array:
        """Where each number of one of a layer's arrays is in the model's own, counted as in one long row."""
        held, shape = self._structure.entries[layer].held[kind], self.shape(layer, kind)
        return held.in_frame(kind, np.arange(math.prod(shape), dtype=np.int64).reshape(shape))

    def _of_parameter(self, name: str, quantity: Quantity) -> Array | None:
        recording = self.recording
        match quantity:
            case Quantity.WEIGHT:
                return recording.values[name] if self.proposed else recording.before[name]
            case Quantity.GRADIENT:
                return recording.gradients.get(name) if self.reached(Phase.BACKWARD) else None
            case Quantity.UPDATE:
                return recording.updates.get(name) if self.proposed else None
        return None

    def adds_up(self, layer: int) -> bool:
        """Whether a layer's gradients come of this batch alone, by this layer alone."""
        recording, held = self.recording, self._structure.entries[layer].held.values()
        is_alone = not any(each.parameter in self._structure.tied for each in held)
        return is_alone and recording.passes == 1 and not recording.is_averaged

    def winners(self, layer: int, place: int) -> Array | None:
        """Of an example: which number of its cell won, the first where several are as large."""
        pool, given, gave = self.layers[layer].operation, self.output(layer - 1), self.output(layer)
        if not isinstance(pool, LargestOfCells) or given is None or gave is None:
            return None
        (rows, columns, maps), size = gave.shape[1:], pool.size
        cells = given[place, : rows * size, : columns * size].reshape(rows, size, columns, size, maps)
        won: Array = cells.transpose(0, 2, 4, 1, 3).reshape(rows, columns, maps, size * size).argmax(axis=-1)
        return won

    def factors(self, layer: int, place: int) -> Array | None:
        """Of an example: what each number was multiplied by, where a layer leaves some out by chance."""
        leaving, given, gave = self.layers[layer].operation, self.output(layer - 1), self.output(layer)
        if not isinstance(leaving, LeavingOut) or given is None or gave is None:
            return None
        # Of a 0, what came back tells; before that, it does not matter.
        kept = gave[place] != 0
        came, went = self.output_gradient(layer), self.output_gradient(layer - 1)
        silent = given[place] == 0
        if came is not None and went is not None:
            kept = np.where(silent, went[place] != 0, kept)
        else:
            kept |= silent
        factors: Array = np.where(kept, 1 / (1 - leaving.share), 0).astype(gave.dtype)
        return factors

    def moments(self, layer: int) -> tuple[Array, Array] | None:
        """(units,) mean and variance of the batch, where a layer normalises by them."""
        given = self.output(layer - 1)
        if not isinstance(self.layers[layer].operation, Normalisation) or given is None or self.output(layer) is None:
            return None
        numbers = given.reshape(-1, given.shape[-1]).astype(np.float64)
        return numbers.mean(axis=0), numbers.var(axis=0)
