"""What is only computed when somebody looks, judged by PyTorch at the same weights, over networks drawn by chance."""

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, note, settings

from nnviz.experiment import combine
from nnviz.frame.blame_view import Measure
from nnviz.frame.focus import Focus
from nnviz.frame.stages import Phase
from nnviz.remote.blaming import blame, input_gradient
from nnviz.remote.messages import Blame
from nnviz.training.assembly import assemble
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.example_gradients import example_gradients
from nnviz.training.outcome import Outcomes
from tests.oracle.test_pytorch import Twin, maps
from tests.tui import chance, test_numbers

torch = pytest.importorskip("torch")
functional = torch.nn.functional

pytestmark = pytest.mark.oracle

MOST_LAYERS = 4
KINK = 1e-12
BY_CHANCE = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def trainer_by_chance(random: Random):
    """A trainer in float64 of any layers, on numbers or pictures, with any output, after a step's forward pass."""
    pictures = chance.pictures(random.randint(4, 8), random.randint(4, 8)), {"loss": random.choice([None, "mse"])}
    dataset, choices = random.choice([pictures, test_numbers.dataset(random)])
    layers = chance.small_network(random, dataset.task.input_shape, MOST_LAYERS)
    training = {
        "dtype": "float64",
        "batch_size": random.randint(2, 6),
        "threads": 1,
        "seed": random.getrandbits(16),
        "momentum": random.choice([0.0, 0.9]),
        "l2": random.choice([0.0, 0.1]),
        "class_weights": random.choice([None, "balanced"]) if dataset.class_names else None,
    }
    trainer = assemble(combine({"network": {"layers": layers, **choices}, "training": training}), dataset)
    note(f"{layers} · {trainer.network.loss.name} · {choices}")
    for _ in range(random.choice([0, 1])):
        trainer.step()
    # Then a training step has its batch, and all that its layers gave.
    trainer.finish_phase(Phase.FORWARD)
    # PyTorch refuses to normalise a batch of one.
    assume(len(trainer.engine.batch.indices) > 1)
    assume(not is_at_a_kink(trainer))
    return trainer


def is_at_a_kink(trainer):
    """Whether rounding decides on which side of its kink a relu is: of three normalised numbers one may be 0."""
    layers, outputs = trainer.network.layers, trainer.engine.outputs
    given = [outputs[number - 1] for number, layer in enumerate(layers) if number and layer.kind.endswith("relu")]
    return any((np.abs(numbers) < KINK).any() for numbers in given)


def losses_of(trainer, z):
    """The prediction of each example of the batch (n, outputs), and the loss of each (n,), from its logits."""
    loss, y = trainer.network.loss, torch.from_numpy(trainer.engine.batch.targets)
    if loss.name == "scaled squared error":
        mean, deviation = (
            torch.from_numpy(np.asarray(numbers)) for numbers in (loss.output.mean, loss.output.deviation)
        )
        p = mean + deviation * z
        return p, (((p - y) / deviation) ** 2).mean(dim=1)
    p = {"softmax": lambda z: torch.softmax(z, 1), "sigmoid": torch.sigmoid, "linear": lambda z: z}[loss.output.name](z)
    if loss.name == "cross-entropy":
        return p, -(y * torch.log_softmax(z, 1)).sum(dim=1)
    if loss.name.endswith("binary cross-entropy"):
        each = functional.binary_cross_entropy_with_logits(z, y, reduction="none")
        return p, each.sum(dim=1) if loss.name.startswith("summed") else each.mean(dim=1)
    squares = (p - y) ** 2
    return p, squares.sum(dim=1) / 2 if loss.name == "quadratic loss" else squares.mean(dim=1)


def shares_of(trainer):
    """What each example counts of the mean."""
    batch = trainer.engine.batch
    weights = torch.from_numpy(np.ones(len(batch.indices)) if batch.weights is None else batch.weights)
    return weights / weights.sum()


def asked(trainer):
    """What PyTorch makes of the batch with the weights as they are: (twin, prediction, losses, their mean)."""
    twin = Twin(trainer.network)
    prediction, losses = losses_of(trainer, twin.logits(trainer.engine.batch.inputs))
    return twin, prediction, losses, (losses * shares_of(trainer)).sum()


@BY_CHANCE
@given(random=chance.RANDOMS)
def test_what_an_update_does_to_the_loss_is_what_pytorch_says(random):
    trainer = trainer_by_chance(random)
    twin, _, _, mean = asked(trainer)
    mean.backward()
    gradient = twin.flat(lambda tensor: tensor.grad)
    before = trainer.network.parameters.values.copy()
    trainer.step()
    place = random.randrange(len(trainer.engine.batch.indices))
    outcome = Outcomes(trainer).take(place)
    expected = float(gradient @ (trainer.network.parameters.values - before))
    assert outcome.expected == pytest.approx(expected, rel=1e-10, abs=1e-12)
    _, prediction, losses, mean = asked(trainer)
    np.testing.assert_allclose(outcome.again.prediction, prediction.detach().numpy()[place], rtol=1e-10, atol=1e-10)
    assert outcome.again.loss == pytest.approx(losses[place].item(), rel=1e-10, abs=1e-10)
    assert outcome.again.batch_loss == pytest.approx(mean.item(), rel=1e-10, abs=1e-10)


class Apart(Twin):
    """Every example of a batch has parameters of its own, all alike: ∂L/∂w of one is of that example's alone."""

    def __init__(self, network, examples):
        super().__init__(network)
        self.named = {
            name: tensor.detach().expand(examples, *tensor.shape).clone().requires_grad_()
            for name, tensor in self.named.items()
        }

    def apply(self, layer, a):
        def own(name):
            return self.named[f"{layer.name}.{name}"]

        biases = self.named.get(f"{layer.name}.biases")
        if layer.kind == "dense":
            z = torch.einsum("ni,nio->no", a.flatten(1), own("weights"))
            return z if biases is None else z + biases
        if layer.kind == "conv":
            pictures = [
                functional.conv2d(
                    maps(x[None]), w.permute(3, 2, 0, 1).contiguous(), None, layer.stride, layer.padding
                ).movedim(1, -1)
                for x, w in zip(a, own("weights"), strict=True)
            ]
            z = torch.cat(pictures)
            return z if biases is None else z + biases[:, None, None]
        if layer.kind == "batchnorm":
            among = tuple(range(a.ndim - 1))
            mean, variance = a.mean(among), a.var(among, unbiased=False)
            places = (slice(None), *([None] * (a.ndim - 2)))
            return (a - mean) / torch.sqrt(variance + 1e-5) * own("scales")[places] + own("shifts")[places]
        return super().apply(layer, a)


@BY_CHANCE
@given(random=chance.RANDOMS)
def test_what_an_example_adds_to_the_gradients_and_the_slope_of_its_input_are_what_pytorch_says(random):
    trainer = trainer_by_chance(random)
    batch, layers = trainer.engine.batch, trainer.network.layers
    examples = len(batch.indices)
    twin, x = Apart(trainer.network, examples), torch.tensor(batch.inputs, requires_grad=True)
    (losses_of(trainer, twin.logits(x))[1] * shares_of(trainer)).sum().backward()
    trainer.finish_phase(random.choice([Phase.BACKWARD, Phase.UPDATE]))
    trace = EngineTrace(trainer.engine)
    largest = max([float(tensor.grad.abs().max()) for tensor in twin.named.values()], default=1.0)
    near = {"rtol": 0, "atol": 1e-10 * max(largest, 1.0)}
    for number, layer in enumerate(layers):
        ours = [example_gradients(trace, number, place) for place in range(examples)]
        for parameter in layer.parameters():
            kind = parameter.name.rpartition(".")[2]
            each = np.array([of_example[kind]() for of_example in ours])
            np.testing.assert_allclose(each, twin.named[parameter.name].grad.numpy(), **near)
            np.testing.assert_allclose(each.sum(axis=0), parameter.gradients, **near)
    np.testing.assert_allclose(input_gradient(trainer), x.grad.numpy(), rtol=1e-10, atol=near["atol"])


@BY_CHANCE
@given(random=chance.RANDOMS)
def test_blamed_weights_are_the_largest_of_all_with_pytorch_s_numbers(random):
    trainer = trainer_by_chance(random)
    place = random.randrange(len(trainer.engine.batch.indices))
    measure, of_example = random.choice(list(Measure)), random.random() < 0.5
    twin = Apart(trainer.network, len(trainer.engine.batch.indices))
    (losses_of(trainer, twin.logits(trainer.engine.batch.inputs))[1] * shares_of(trainer)).sum().backward()
    before = {name: array.copy() for name, array in trainer.network.parameters.named().items()}
    trainer.finish_phase(random.choice([Phase.BACKWARD, Phase.UPDATE]))
    if trainer.engine.done < len(trainer.engine.stages):
        trainer.advance()
    update = trainer.network.parameters.named(trainer.update_rule.optimizer.updates)
    slopes = {
        name: tensor.grad.numpy()[place] if of_example else tensor.grad.numpy().sum(axis=0)
        for name, tensor in twin.named.items()
    }
    view = blame(trainer, Blame(Focus(place), measure, of_example, True))
    measured = {
        name: {"sensitivity": slopes[name], "share": slopes[name] * before[name], "update": update[name]}[measure]
        for name in before
    }
    sizes = np.sort(np.concatenate([np.abs(array).ravel() for array in measured.values()]))[::-1]
    near = {"rel": 1e-10, "abs": 1e-10 * max(float(sizes[0]), 1.0)}
    assert view.weights == len(sizes)
    assert len(view.worst) == min(len(sizes), 48)
    for weight, size in zip(view.worst, sizes, strict=False):
        name = f"{weight.layer}.{weight.kind}"
        assert abs(weight.measured) == pytest.approx(size, **near)
        assert weight.measured == pytest.approx(measured[name][weight.index], **near)
        assert weight.gradient == pytest.approx(slopes[name][weight.index], **near)
        assert weight.before == pytest.approx(before[name][weight.index], rel=1e-10, abs=1e-12)
        assert weight.after == pytest.approx(
            before[name][weight.index] + update[name][weight.index], rel=1e-10, abs=1e-12
        )
        assert weight.part == pytest.approx(size / max(sizes.sum(), 1e-300), abs=1e-10)
