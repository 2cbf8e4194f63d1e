"""What is only computed when somebody looks, judged by PyTorch at the same weights, over networks drawn by chance."""

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings

from nnviz.experiment import combine
from nnviz.training.assembly import assemble
from nnviz.training.outcome import Outcomes
from tests.oracle.test_pytorch import Twin
from tests.tui import chance, test_numbers

torch = pytest.importorskip("torch")
functional = torch.nn.functional

pytestmark = pytest.mark.oracle

MOST_LAYERS = 8
BY_CHANCE = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def trainer_by_chance(random: Random):
    """A trainer in float64 of any layers, on numbers or pictures, with any output, at the beginning of a step."""
    pictures = chance.pictures(random.randint(4, 8), random.randint(4, 8)), {"loss": random.choice([None, "mse"])}
    dataset, choices = random.choice([pictures, test_numbers.dataset(random)])
    layers = chance.network(random, dataset.task.input_shape)
    # Through many layers of batch normalisation, a rounding becomes a large number.
    while len(layers.split()) > MOST_LAYERS:
        layers = chance.network(random, dataset.task.input_shape)
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
    # From its first stage on, a training step has its batch.
    trainer.advance()
    return trainer


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
    if loss.name == "binary cross-entropy":
        return p, functional.binary_cross_entropy_with_logits(z, y, reduction="none").mean(dim=1)
    return p, ((p - y) ** 2).mean(dim=1)


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
    assert outcome.expected == pytest.approx(expected, rel=1e-8, abs=1e-12)
    _, prediction, losses, mean = asked(trainer)
    np.testing.assert_allclose(outcome.again.prediction, prediction.detach().numpy()[place], rtol=1e-10, atol=1e-10)
    assert outcome.again.loss == pytest.approx(losses[place].item(), rel=1e-10, abs=1e-10)
    assert outcome.again.batch_loss == pytest.approx(mean.item(), rel=1e-10, abs=1e-10)
