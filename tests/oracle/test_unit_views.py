"""PyTorch as the judge of what is told of a unit: each number, each sum, each link of the chain rule."""

import random

import numpy as np
import pytest
from hypothesis import given

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
from tests.oracle.test_looking import BY_CHANCE, losses_of, shares_of, trainer_by_chance
from tests.oracle.test_pytorch import Twin, torch
from tests.tui import chance

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
# Layers that a network may begin with, whose units are the numbers that come in.
FOLLOWING = {"batchnorm", "relu", "leakyrelu", "sigmoid", "tanh", "dropout", "flatten"}
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
    """The outputs of all layers, with ∂L/∂ them, the prediction, and the twin with the gradients of the parameters."""
    network, batch = trainer.network, trainer.engine.batch
    twin = Twin(network)
    outputs = [torch.tensor(batch.inputs.astype(np.float64), requires_grad=True)]
    for layer in network.layers:
        outputs.append(twin.apply(layer, outputs[-1]))
        outputs[-1].retain_grad()
    prediction, losses = losses_of(trainer, outputs[-1])
    prediction.retain_grad()
    (losses * shares_of(trainer)).sum().backward()
    return outputs, prediction, twin


class Judge:
    """PyTorch's numbers of a training step, beside which those of any unit are held."""

    def __init__(self, trainer):
        self.outputs, self.prediction, self.twin = judged(trainer)
        self.layers = trainer.network.layers
        self.names = [layer.name for layer in self.layers]
        # A rounding grows on its way through a network with whatever it is a part of.
        sizes = [tensor.detach().abs().max() for tensor in self.outputs[1:]]
        slopes = [tensor.grad.abs().max() for tensor in self.outputs[1:]]
        self.near = {"rtol": 1e-10, "atol": 1e-12 * max(1.0, *map(float, [*sizes, *slopes]))}

    def number(self, place, layer, at, gradient=False):
        tensor = self.prediction if layer == len(self.layers) else self.outputs[layer + 1]
        return float((tensor.grad if gradient else tensor.detach())[place].reshape(-1)[at])

    def close(self, found, expected):
        np.testing.assert_allclose(found, expected, **self.near)

    def check(self, view, place):
        """Hold every number of a unit beside PyTorch's; what its links are is returned."""
        leader = self.names.index(view.name)
        layer, index = self.layers[leader], view.unit
        if view.place is not None:
            shape = layer.input_shape if layer.kind in FOLLOWING else layer.output_shape
            index = (view.place[0] * shape[1] + view.place[1]) * view.total + view.unit
        self.close(view.value, self.number(place, leader - (layer.kind in FOLLOWING), index))
        if view.sum is not None:
            self._check_sum(view.sum, place, leader, index)
        for passing in view.passings:
            self._check_passing(passing, place, index)
        assert view.links
        last = view.links[-1]
        assert isinstance(last.how, FromLoss) or not last.sum.terms or not last.sum.total
        for link in view.links:
            self._check_link(link, place)
        if view.weight is not None:
            self.check_weight(view.weight)
            if view.weight.kind == "weights":
                array = self.twin.named[f"{view.name}.weights"]
                assert view.weight.at[-1] == view.unit
                assert np.ravel_multi_index(view.weight.at[:-1], array.shape[:-1]) == view.weight.input
                assert view.weight.weights * layer.output_shape[-1] == array.numel()
        return {type(link.how).__name__ for link in view.links}

    def _check_sum(self, total, place, leader, index):
        self.close(total.total, self.number(place, leader, index))
        products = [term.factor * term.weight for term in total.terms]
        assert products == [term.product for term in total.terms]
        self.close(sum(products) + total.others + (total.bias or 0), total.total)
        for term in total.terms:
            self.close(term.factor, self.number(place, leader - 1, term.index))

    def _check_passing(self, passing, place, index):
        layer = self.names.index(passing.name)
        self.close(passing.came, self.number(place, layer - 1, index))
        self.close(passing.gave, self.number(place, layer, index))
        if passing.mean is not None:
            normed = (passing.came - passing.mean) / (passing.variance + 1e-5) ** 0.5
            self.close(normed * passing.scale + passing.shift, passing.gave)
        if passing.factor is not None:
            self.close(passing.came * passing.factor, passing.gave)

    def _check_link(self, link, place):
        self.close(link.sum.total, self.number(place, link.layer, link.index, gradient=True))
        self.close(sum(term.product for term in link.sum.terms) + link.sum.others, link.sum.total)
        if type(link.how).__name__ not in ("FromLoss", "Normalisation"):
            for term in link.sum.terms:
                self.close(term.factor, self.number(place, link.above, term.index, gradient=True))

    def check_weight(self, weight):
        array = self.twin.named[f"{self.names[weight.layer]}.{weight.kind}"]
        self.close(weight.value, array.detach()[weight.at])
        self.close(weight.gradient, array.grad[weight.at])
        self.close(weight.share + weight.others, weight.gradient)
        if weight.a is not None:
            self.close(weight.a * weight.grad_z, weight.share)


def units(camera, chance, examples):
    """Foci by chance: any example, block and unit; a weight, or, counted from the end, a bias, scale or shift."""
    for _ in range(12):
        incoming = chance.choice([None, chance.randrange(200), -1, -2, -3])
        block, unit = chance.randrange(camera.blocks), chance.randrange(40)
        yield Focus(chance.randrange(examples), block, Quantity.GRADIENT, unit, incoming)


@pytest.mark.parametrize("layers", NETWORKS)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: " ".join(map(str, loss.values())) or "classes")
def test_every_number_told_of_a_unit_is_pytorchs(layers, loss):
    chance = random.Random(f"{layers} {loss}")
    weighed = {"class_weights": "balanced"} if not loss and chance.random() < 0.5 else {}
    trainer = made(layers, loss, chance, **weighed)
    trainer.advance()
    judge = Judge(trainer)
    trainer.finish_phase(Phase.BACKWARD)
    camera, after, kinds = Camera(trainer), chance.random() < 0.5, set()
    if after:
        # The weights that this step used are told, and not those that the update made of them.
        trainer.finish_phase(Phase.UPDATE)
    for focus in units(camera, chance, len(trainer.engine.batch.indices)):
        view = camera.take(focus, State.PAUSED, Rates()).unit
        kinds |= judge.check(view, focus.example)
        assert view.weight is None or (view.weight.update is not None) == after
    assert len(kinds) > 1


@BY_CHANCE
@given(chance=chance.RANDOMS)
def test_every_number_told_of_a_unit_of_a_network_by_chance_is_pytorchs(chance):
    trainer = trainer_by_chance(chance)
    judge = Judge(trainer)
    trainer.finish_phase(chance.choice([Phase.BACKWARD, Phase.UPDATE]))
    camera = Camera(trainer)
    for focus in units(camera, chance, len(trainer.engine.batch.indices)):
        judge.check(camera.take(focus, State.PAUSED, Rates()).unit, focus.example)


@pytest.mark.parametrize("layers", NETWORKS)
def test_what_a_unit_has_beside_its_weights_has_pytorchs_gradients(layers):
    trainer = made(layers, {}, random.Random(layers))
    trainer.advance()
    judge = Judge(trainer)
    trainer.finish_phase(Phase.BACKWARD)
    camera, found = Camera(trainer), set()
    for block in range(camera.blocks):
        for incoming in (-1, -2, -3):
            weight = camera.take(Focus(3, block, unit=1, input=incoming), State.PAUSED, Rates()).unit.weight
            if weight is not None:
                judge.check_weight(weight)
                found.add(f"{judge.names[weight.layer]}.{weight.kind}")
    assert found >= {name for name in judge.twin.named if not name.endswith("weights")}


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
