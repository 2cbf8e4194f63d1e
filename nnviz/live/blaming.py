"""Which weights of a watched model are to blame, from a step that was recorded."""

import math
from collections.abc import Callable

from torch.nn.modules.batchnorm import _BatchNorm

from nnviz.frame.blame_view import BlameView, Measure, Saliency
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.stages import Phase
from nnviz.frame.task import Task
from nnviz.live.recording import Recording
from nnviz.live.trace import WatchedTrace
from nnviz.training.blame import blamed
from nnviz.training.blocks import blocks_of
from nnviz.training.example_gradients import example_gradients
from nnviz.training.unit_names import UnitNames
from nnviz.wording import integer

Arrays = list[tuple[int, str]]


def blame(
    trace: WatchedTrace,
    task: Task,
    focus: Focus,
    measure: Measure,
    of_example: bool,
    everywhere: bool,
    saliency: Callable[[int], Saliency | None],
) -> BlameView:
    """The most blamed weights of the focused block, or of all layers: for the focused example, or the batch.

    saliency  that of an example of the batch, where it is known; it is asked where the first layer is one of those
    """
    blocks = blocks_of(trace)
    place = focus.example % len(trace.batch.indices)
    block = blocks[min(max(focus.block, 0), len(blocks) - 1)]
    every = _arrays(trace, list(range(len(trace.layers))) if everywhere else list(block.layers))
    is_back = trace.reached(Phase.BACKWARD)
    with_gradient = [array for array in every if not is_back or trace.parameter(*array, Quantity.GRADIENT) is not None]
    # An update is the whole batch's.
    of_this = of_example and measure is not Measure.UPDATE
    known = [array for array in with_gradient if not (of_this and is_back) or _is_told(trace, *array, place)]
    worst = blamed(trace, known, measure, place if of_this else None, UnitNames(trace, (), task.class_names))
    return BlameView(
        step=trace.index,
        landed=trace.reached(Phase.UPDATE),
        layers=_names(trace, known),
        weights=sum(math.prod(trace.shape(*array)) for array in known),
        measure=measure,
        of_example=of_example,
        example=f"example #{integer(place + 1)}",
        batch_size=len(trace.batch.indices),
        normalised=_is_normalised(trace.recording),
        worst=worst,
        saliency=saliency(place) if is_back and (everywhere or 0 in block.layers) else None,
        without_gradient=_names(trace, [array for array in every if array not in with_gradient]),
        without_share=_names(trace, [array for array in with_gradient if array not in known]),
    )


def _arrays(trace: WatchedTrace, layers: list[int]) -> Arrays:
    """The arrays of some layers, by layer and kind; one that several layers have, once."""
    found: dict[str, tuple[int, str]] = {}
    for layer in layers:
        for kind in trace.layers[layer].parameters:
            found.setdefault(trace.name_of(layer, kind), (layer, kind))
    return list(found.values())


def _is_told(trace: WatchedTrace, layer: int, kind: str, place: int) -> bool:
    """Whether what one example adds to an array's gradient can be told."""
    return trace.adds_up(layer) and kind in example_gradients(trace, layer, place)


def _names(trace: WatchedTrace, arrays: Arrays) -> tuple[str, ...]:
    return tuple(dict.fromkeys(trace.layers[layer].name for layer, _ in arrays))


def _is_normalised(recording: Recording) -> bool:
    """Whether a module normalises by the batch."""
    modules = (call.module for call in recording.calls)
    return any(isinstance(m, _BatchNorm) and (m.training or m.running_mean is None) for m in modules)
