"""PyTorch as the judge of what is told of a unit: each number, each sum, each link of the chain rule."""

import random

import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import combine
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Rates, State
from nnviz.frame.stages import Phase
from nnviz.frame.unit_view import FromLoss
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera
from tests.oracle.test_pytorch import Twin, functional, torch

pytestmark = pytest.mark.oracle

NETWORKS = [
    "dense 30 relu, dense 6 tanh",
    "batchnorm, dense 5 batchnorm leakyrelu dropout 0.3, dense 4 sigmoid",
    "dense 4 sigmoid batchnorm, dense 3",
    "conv 4 3x3 batchnorm relu dropout 0.2, pool 2, conv 3 2x2 stride 2 padding 1 tanh, flatten, dense 5 relu",
    "conv 2 3x3 stride 2 padding 0 leakyrelu, conv 3 2x2 batchnorm sigmoid, globalpool, dense 3 tanh",
    "dense 6 relu",
]
LOSSES = [{}, {"loss": "mse"}, {"output": "single"}, {"output": "single", "loss": "mse"}, {"numbers": True}]
LOSSES += [{"output": "sigmoid", **loss} for loss in ({}, {"loss": "mse"}, {"loss": "quadratic"})]
LOSSES += [{"loss": "quadratic"}]
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def made(layers, loss, chance, **training):
    """A trainer of pictures of noise, in float64."""
    generator = np.random.default_rng(chance.randrange(1000))
    numbers = loss.get("numbers", False)
    classes = () if numbers else ("ant", "bee", "cow")[: 2 if loss.get("output") == "single" else 3]
    images = generator.integers(0, 256, (11, 6, 5, 2), dtype=np.uint8)
    labels = generator.normal(3, 5, (11, 2)) if numbers else np.arange(11) % len(classes)
    split = Split(images, labels, [f"{i}.png" for i in range(11)])
    named = {"loss": loss["loss"]} if "loss" in loss else {}
    named |= {"output": loss["output"]} if "output" in loss else {}
    experiment = combine(
        {
            "network": {"layers": layers, **named},
            "training": {"dtype": "float64", "batch_size": 7, "learning_rate": 0.1, **training},
        }
    )
    trainer = assemble(experiment, Dataset("noise", classes, split, split, split, Standardization.of(images)))
    for _ in range(chance.randrange(3)):
        trainer.step()
    return trainer


def judged(trainer):
    """The outputs of all layers, with ∂L/∂ them, and the twin that has the gradients of the parameters."""
    network, batch = trainer.network, trainer.engine.batch
    twin = Twin(network)
    outputs = [torch.as_tensor(batch.inputs.astype(np.float64))]
    for layer in network.layers:
        outputs.append(twin.apply(layer, outputs[-1]))
        outputs[-1].retain_grad()
    z, y = outputs[-1], torch.as_tensor(batch.targets)
    weights = (
        torch.ones(len(y), dtype=torch.float64) / len(y)
        if batch.weights is None
        else torch.as_tensor(batch.weights / batch.weights.sum())
    )
    name = network.loss.name
    p = torch.softmax(z, 1) if network.loss.output.name == "softmax" else torch.sigmoid(z)
    if name == "cross-entropy":
        each = -(y * torch.log_softmax(z, 1)).sum(1)
    elif name == "binary cross-entropy":
        each = functional.binary_cross_entropy_with_logits(z, y, reduction="none").mean(1)
    elif name == "scaled squared error":
        output = network.loss.output
        each = ((z - (y - torch.as_tensor(output.mean)) / torch.as_tensor(output.deviation)) ** 2).mean(1)
    elif name == "summed binary cross-entropy":
        each = functional.binary_cross_entropy_with_logits(z, y, reduction="none").sum(1)
    elif name == "quadratic loss":
        each = ((p - y) ** 2).sum(1) / 2
    else:
        each = ((p - y) ** 2).mean(1)
    p.retain_grad()
    (each * weights).sum().backward()
    return outputs, p, twin


@pytest.mark.parametrize("layers", NETWORKS)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: " ".join(map(str, loss.values())) or "classes")
def test_every_number_told_of_a_unit_is_pytorchs(layers, loss):
    chance = random.Random(f"{layers} {loss}")
    weighed = {"class_weights": "balanced"} if not loss and chance.random() < 0.5 else {}
    trainer = made(layers, loss, chance, **weighed)
    trainer.advance()
    outputs, prediction, twin = judged(trainer)
    trainer.finish_phase(Phase.BACKWARD)
    camera, after = Camera(trainer), chance.random() < 0.5
    if after:
        # The weights that this step used are told, and not those that the update made of them.
        trainer.finish_phase(Phase.UPDATE)
    kinds, names = set(), [layer.name for layer in trainer.network.layers]

    def number(place, layer, at, gradient=False):
        tensor = prediction if layer == len(names) else outputs[layer + 1]
        return float((tensor.grad if gradient else tensor.detach())[place].reshape(-1)[at])

    for _ in range(12):
        example, block = chance.randrange(7), chance.randrange(camera.blocks)
        # The last ones are biases, scales and shifts.
        incoming = chance.choice([None, chance.randrange(200), -1, -2, -3])
        view = camera.take(
            Focus(example, block, Quantity.GRADIENT, chance.randrange(40), incoming), State.PAUSED, Rates()
        ).unit
        place = example % len(trainer.engine.batch.indices)
        index = view.unit if view.place is None else None
        leader = names.index(view.name)

        if index is None:
            width = trainer.network.layers[leader].output_shape[1]
            index = (view.place[0] * width + view.place[1]) * view.total + view.unit
        begins = trainer.network.layers[leader].kind == "batchnorm"
        np.testing.assert_allclose(view.value, number(place, leader - begins, index), **CLOSE)
        if view.sum is not None:
            np.testing.assert_allclose(view.sum.total, number(place, leader, index), **CLOSE)
            products = [term.factor * term.weight for term in view.sum.terms]
            assert products == [term.product for term in view.sum.terms]
            np.testing.assert_allclose(sum(products) + view.sum.others + (view.sum.bias or 0), view.sum.total, **CLOSE)
            for term in view.sum.terms:
                np.testing.assert_allclose(term.factor, number(place, leader - 1, term.index), **CLOSE)
        for passing in view.passings:
            layer = names.index(passing.name)
            np.testing.assert_allclose(passing.came, number(place, layer - 1, index), **CLOSE)
            np.testing.assert_allclose(passing.gave, number(place, layer, index), **CLOSE)
            if passing.mean is not None:
                normed = (passing.came - passing.mean) / (passing.variance + 1e-5) ** 0.5
                np.testing.assert_allclose(normed * passing.scale + passing.shift, passing.gave, **CLOSE)
            if passing.factor is not None:
                np.testing.assert_allclose(passing.came * passing.factor, passing.gave, **CLOSE)
        assert view.links
        assert isinstance(view.links[-1].how, FromLoss) or not view.links[-1].sum.terms or not view.links[-1].sum.total
        for link in view.links:
            kinds.add(type(link.how).__name__)
            np.testing.assert_allclose(link.sum.total, number(place, link.layer, link.index, gradient=True), **CLOSE)
            total = sum(term.product for term in link.sum.terms) + link.sum.others
            np.testing.assert_allclose(total, link.sum.total, **CLOSE)
            if type(link.how).__name__ not in ("FromLoss", "Normalisation"):
                for term in link.sum.terms:
                    np.testing.assert_allclose(
                        term.factor, number(place, link.above, term.index, gradient=True), **CLOSE
                    )
        if view.weight is not None:
            weight = view.weight
            agree(weight, twin, names)
            if weight.kind == "weights":
                units = trainer.network.layers[leader].output_shape[-1]
                assert weight.at[-1] == view.unit
                assert (
                    np.ravel_multi_index(weight.at[:-1], twin.named[f"{view.name}.weights"].shape[:-1]) == weight.input
                )
                assert weight.weights * units == twin.named[f"{view.name}.weights"].numel()
            assert (weight.update is not None) == after
    assert len(kinds) > 1


def agree(weight, twin, names):
    """The weight under the cursor is PyTorch's."""
    array = twin.named[f"{names[weight.layer]}.{weight.kind}"]
    np.testing.assert_allclose(weight.value, array.detach()[weight.at], **CLOSE)
    np.testing.assert_allclose(weight.gradient, array.grad[weight.at], **CLOSE)
    np.testing.assert_allclose(weight.share + weight.others, weight.gradient, **CLOSE)
    if weight.a is not None:
        np.testing.assert_allclose(weight.a * weight.grad_z, weight.share, **CLOSE)


@pytest.mark.parametrize("layers", NETWORKS)
def test_what_a_unit_has_beside_its_weights_has_pytorchs_gradients(layers):
    trainer = made(layers, {}, random.Random(layers))
    trainer.advance()
    _, _, twin = judged(trainer)
    trainer.finish_phase(Phase.BACKWARD)
    camera, found, names = Camera(trainer), set(), [layer.name for layer in trainer.network.layers]
    for block in range(camera.blocks):
        for incoming in (-1, -2, -3):
            weight = camera.take(Focus(3, block, unit=1, input=incoming), State.PAUSED, Rates()).unit.weight
            if weight is not None:
                agree(weight, twin, names)
                found.add(f"{names[weight.layer]}.{weight.kind}")
    assert found >= {name for name in twin.named if not name.endswith("weights")}


@pytest.mark.parametrize(
    "layers", ["dense 30 relu, dense 6 tanh", "conv 2 3x3 stride 2 padding 0 leakyrelu, pool 2, dense 4"]
)
@pytest.mark.parametrize("incoming", [7, -1])
def test_a_share_is_what_this_example_alone_adds(layers, incoming):
    trainer = made(layers, {}, random.Random(3))
    trainer.finish_phase(Phase.BACKWARD)
    weight = Camera(trainer).take(Focus(2, 0, unit=1, input=incoming), State.PAUSED, Rates()).unit.weight
    batch = trainer.engine.batch
    alone = batch._replace(targets=batch.targets.copy())
    others = np.arange(len(batch.targets)) != 2
    # Whose target is what was predicted has no error, and so no share.
    alone.targets[others] = trainer.engine.scores.prediction[others]
    trainer.engine.batch = alone
    outputs, _, twin = judged(trainer)
    assert outputs
    name = f"{trainer.network.layers[0].name}.{weight.kind}"
    assert weight.kind == ("weights" if incoming > 0 else "biases")
    np.testing.assert_allclose(weight.share, twin.named[name].grad[weight.at], **CLOSE)
