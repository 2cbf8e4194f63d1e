"""A network of nnviz's and its twin in PyTorch, watched, give the same frames, pane by pane."""

import itertools
import math
import random

import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nnviz.frame.focus import Focus, Quantity  # noqa: E402
from nnviz.frame.frame import Frame, Rates, State  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402
from nnviz.training.camera import Camera  # noqa: E402
from tests.oracle.test_unit_views import made  # noqa: E402

pytestmark = pytest.mark.live
NETWORKS = [
    "flatten, dense 9 relu, dense 6 tanh",
    "conv 4 3x3 batchnorm relu, pool 2, conv 3 2x2 stride 2 padding 1 tanh, flatten, dense 5 leakyrelu",
]
PANES = ("example", "input", "layers", "batch_loss", "said_wrong", "worst", "errors", "matrix", "unit", "rate")
# Each has words of its own, and says otherwise where its examples come from and how they are stored.
OWN = {"name", "kind", "described", "number", "stored", "features", "pixels", "augmented", "feature_names", "text"}
FUNCTIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "leakyrelu": nn.LeakyReLU, "flatten": nn.Flatten}


def twin_of(network) -> nn.Module:
    """The same network in PyTorch, which has maps before places."""
    modules: list[nn.Module] = []
    maps = None
    for layer in network.layers:
        own = {parameter.name.rpartition(".")[2]: torch.tensor(parameter.values) for parameter in layer.parameters()}
        match layer.kind:
            case "dense":
                weights = own["weights"]
                if maps is not None:
                    height, width, channels = maps
                    folded = weights.reshape(height, width, channels, -1).permute(2, 0, 1, 3)
                    weights, maps = folded.reshape(len(weights), -1), None
                module = nn.Linear(*weights.shape, "biases" in own, dtype=torch.float64)
                own |= {"weights": weights.T}
            case "conv":
                size, _, before, after = own["weights"].shape
                sides = {"stride": layer.stride, "padding": layer.padding, "bias": "biases" in own}
                module = nn.Conv2d(before, after, size, **sides, dtype=torch.float64)
                own |= {"weights": own["weights"].permute(3, 2, 0, 1)}
            case "batchnorm":
                of_maps = len(layer.input_shape) == 3
                module = (nn.BatchNorm2d if of_maps else nn.BatchNorm1d)(layer.input_shape[-1], dtype=torch.float64)
            case "pool":
                module = nn.MaxPool2d(layer.size)
            case kind:
                module = FUNCTIONS[kind]()
        maps = layer.input_shape if layer.kind == "flatten" else maps
        named = {"weights": "weight", "biases": "bias", "scales": "weight", "shifts": "bias"}
        with torch.no_grad():
            for kind, values in own.items():
                getattr(module, named[kind]).copy_(values)
        modules.append(module)
    return nn.Sequential(*modules)


def same(one: object, other: object, where: str) -> None:
    """Both are the same, numbers to six digits."""
    assert (one is None) == (other is None), f"{where}: {one} and {other}"
    if isinstance(one, msgspec.Struct):
        assert type(one) is type(other), where
        for field in one.__struct_fields__:
            if field not in OWN:
                same(getattr(one, field), getattr(other, field), f"{where}.{field}")
    elif isinstance(one, tuple):
        assert isinstance(other, tuple), where
        assert len(one) == len(other), where
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f"{where}[{k}]")
    elif isinstance(one, float | np.ndarray):
        np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-9, err_msg=where)
    else:
        assert one == other, where


@pytest.mark.parametrize("layers", NETWORKS)
def test_the_same_frames(layers: str) -> None:
    trainer = made(layers, {}, random.Random(1), optimizer="sgd", momentum=0.0)
    trainer.advance()
    model = twin_of(trainer.network)
    batch = trainer.engine.batch
    inputs = torch.tensor(batch.inputs.astype(np.float64)).permute(0, 3, 1, 2).contiguous()
    # nnviz goes back as far as the output of its first layer; PyTorch only where somebody asks for it.
    inputs.requires_grad_()
    labels = torch.tensor(batch.targets.argmax(axis=1))
    optimizer = torch.optim.SGD(model.parameters(), trainer.update_rule.learning_rate)
    clock = itertools.count(step=10_000)
    watch = Watch(model, [optimizer], "twin", None, lambda: float(next(clock)))
    watch.screen.attach(True)
    nn.functional.cross_entropy(model(inputs), labels).backward()
    optimizer.step()
    assert watch.shared.guard.fault is None
    trainer.step()
    own = None
    for block, quantity, unit in itertools.product(range(len(model)), Quantity, (None, 1)):
        watch.screen.focus = Focus(3, block, quantity, unit)
        seen = watch.screen.view(None)
        assert isinstance(seen, Frame)
        if seen.focus.block != block:
            break
        own = Camera(trainer, watch.screen._camera.ranked) if own is None else own
        frame = own.take(watch.screen.focus, State.PAUSED, Rates())
        for pane in PANES:
            same(getattr(frame, pane), getattr(seen, pane), f"{pane} of {block} {quantity}")
    assert own is not None
    assert math.isfinite(trainer.history.training.latest)
    watch.close()
