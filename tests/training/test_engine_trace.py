"""What the engine says of its layers, and of how far a training step is."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nnviz
from nnviz.data.dataset import Dataset
from nnviz.experiment import Experiment
from nnviz.frame.focus import Quantity
from nnviz.frame.operations import Function, LeavingOut
from nnviz.frame.stages import Phase
from nnviz.nn.notation import ACTIVATIONS, FOLLOWERS
from nnviz.training.assembly import assemble
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.trainer import Trainer

ALL_KINDS = (
    "conv 2 3x3 batchnorm relu, pool 2, conv 2 2x2 stride 2 padding 1 leakyrelu, globalpool, flatten, "
    "dense 3 sigmoid dropout 0.5, dense 3 tanh"
)


@pytest.fixture
def trainer(make_experiment: Callable[..., Experiment], picture_dataset: Dataset) -> Trainer:
    return assemble(make_experiment(layers=ALL_KINDS), picture_dataset)


def test_every_layer_of_the_notation_says_what_it_is(trainer: Trainer) -> None:
    layers = EngineTrace(trainer.engine).layers
    by_kind = {layer.kind: layer.operation for layer in layers}
    assert set(by_kind) >= {*FOLLOWERS, "dense", "conv", "pool", "globalpool", "flatten"}
    assert {kind for kind, operation in by_kind.items() if operation.follows} == {*FOLLOWERS, "flatten"}
    assert {kind for kind, operation in by_kind.items() if operation.weighted} == {"dense", "conv"}
    assert {kind for kind, operation in by_kind.items() if operation.spatial} == {"conv", "pool", "globalpool"}
    assert {kind for kind, operation in by_kind.items() if operation.elementwise} == {*ACTIVATIONS, "dropout"}
    functions = {kind: operation.activation for kind, operation in by_kind.items() if isinstance(operation, Function)}
    assert functions == {kind: kind for kind in ACTIVATIONS}
    assert by_kind["dropout"] == LeavingOut(0.5)


def test_what_a_step_has_not_reached_is_none(trainer: Trainer) -> None:
    trace, depth = EngineTrace(trainer.engine), len(trainer.network.layers)
    for done in range(2 * depth + 4):
        assert trace.done == done
        assert (trace.scores is not None) == trace.reached(Phase.LOSS) == (done > depth)
        assert trace.reached(Phase.FORWARD) == (done >= depth)
        assert trace.reached(Phase.BACKWARD) == (done >= 2 * depth + 1)
        assert (trace.proposed, trace.reached(Phase.UPDATE)) == (done >= 2 * depth + 2, done == 2 * depth + 3)
        for number, layer in enumerate(trace.layers):
            assert (trace.output(number) is not None) == (done > number)
            known = done >= (depth + 2 if number == depth - 1 else 2 * depth - number)
            assert (trace.output_gradient(number) is not None) == known
            for kind in layer.parameters:
                there = [trace.parameter(number, kind, quantity) is not None for quantity in Quantity]
                assert there == [done >= 2 * depth + 1 - number, True, done >= 2 * depth + 2, False]
            given = done > number
            assert (trace.winners(number, 0) is not None) == (given and layer.kind == "pool")
            assert (trace.factors(number, 0) is not None) == (given and layer.kind == "dropout")
            assert (trace.moments(number) is not None) == (given and layer.kind == "batchnorm")
        assert trace.output_gradient(-1) is None
        assert trace.output(-1) is trace.batch.inputs
        trainer.advance()


def test_what_a_layer_left_to_chance_or_to_the_batch_is_what_it_gave_by(trainer: Trainer) -> None:
    trainer.step()
    trace = EngineTrace(trainer.engine)
    for number in range(len(trace.layers)):
        came, gave = trace.output(number - 1), trace.output(number)
        assert came is not None
        assert gave is not None
        if (factors := trace.factors(number, 2)) is not None:
            np.testing.assert_array_equal(came[2] * factors, gave[2])
        if (moments := trace.moments(number)) is not None:
            axes = tuple(range(came.ndim - 1))
            np.testing.assert_allclose(moments, [came.mean(axes), came.var(axes)], rtol=1e-4, atol=1e-6)


def test_nobody_who_shows_a_network_goes_by_the_names_of_layers_or_counts_stages() -> None:
    room = Path(nnviz.__file__).parent
    readers = [*room.glob("insight/*.py"), *room.glob("tui/**/*.py")]
    readers += [room / "training" / f"{name}.py" for name in ("camera", "blocks", "heatmaps", "shown_units")]
    guess = r"training_step\(|end_of\(|\.depth\b|(layer|view|leader)\.kind (==|!=|in|not)|match \w+\.kind"
    lines = [(path.name, line) for path in readers for line in path.read_text().splitlines()]
    assert len(lines) > 1000
    assert not [(name, line) for name, line in lines if re.search(guess, line)]
