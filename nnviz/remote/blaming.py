"""Who is to blame, as a report for the screen."""

import math

import numpy as np

from nnviz.array import Array
from nnviz.frame.blame_view import BlameView, Saliency
from nnviz.frame.example_view import PIXELS
from nnviz.frame.operations import Normalisation
from nnviz.frame.stages import Phase
from nnviz.outside_text import printable
from nnviz.remote.messages import Blame
from nnviz.training.blame import blamed
from nnviz.training.blocks import blocks_of
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.reduction import extreme, reduced
from nnviz.training.trainer import Trainer
from nnviz.training.trainer_names import names_of


def blame(trainer: Trainer, asked: Blame) -> BlameView:
    """The most blamed weights of the focused block, or of all layers: for the focused example, or the batch."""
    trace, engine, focus = EngineTrace(trainer.engine), trainer.engine, asked.focus
    measure, of_example, everywhere = asked.measure, asked.of_example, asked.everywhere
    blocks = blocks_of(trace)
    place = focus.example % len(engine.batch.indices)
    block = blocks[min(max(focus.block, 0), len(blocks) - 1)]
    layers = [
        layer for layer in (range(len(trace.layers)) if everywhere else block.layers) if trace.layers[layer].parameters
    ]
    names = names_of(trainer)
    arrays = [(layer, kind) for layer in layers for kind in trace.layers[layer].parameters]
    worst = blamed(trace, arrays, measure, place if of_example else None, names)
    seen = worst is not None and len(trainer.dataset.task.input_shape) == 3 and (everywhere or 0 in block.layers)
    number = int(engine.batch.indices[place])
    own = [array for layer in layers for array in engine.network.layers[layer].parameters()]
    return BlameView(
        step=engine.index,
        landed=trace.reached(Phase.UPDATE),
        layers=tuple(trace.layers[layer].name for layer in layers),
        weights=sum(math.prod(array.shape) for array in own),
        measure=measure,
        of_example=of_example,
        example=printable(trainer.batches.split.names[number]),
        batch_size=len(engine.batch.indices),
        normalised=any(isinstance(layer.operation, Normalisation) for layer in trace.layers),
        worst=worst,
        saliency=_saliency(trainer, trace, place) if seen else None,
    )


def input_gradient(trainer: Trainer) -> Array:
    """∂L/∂x of the current batch (n, *input_shape), at the weights of its forward pass; on copies.

    No training step needs it. Comes after backprop.
    """
    engine = trainer.engine
    replica = engine.network.replica()
    if EngineTrace(engine).reached(Phase.UPDATE):
        replica.parameters.values -= engine.update_rule.optimizer.updates
    replica.at_step(engine.index)
    first = replica.layers[0]
    first.forward(engine.batch.inputs)
    return first.backward(engine.output_gradients[1])


def _saliency(trainer: Trainer, trace: EngineTrace, place: int) -> Saliency | None:
    if not trace.reached(Phase.BACKWARD):
        return None
    batch = trainer.engine.batch
    stored = trainer.batches.split.inputs[int(batch.indices[place])] if batch.seen is None else batch.seen[place]
    slopes = extreme(np.moveaxis(input_gradient(trainer)[place], -1, 0))
    step = -(-max(stored.shape[:2]) // PIXELS)
    return Saliency(stored[::step, ::step].copy(), reduced(slopes, step, step), step)
