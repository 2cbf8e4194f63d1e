"""PyTorch as the judge: same weights, batches and optimizer, so the same losses and parameters."""

import numpy as np
import pytest

from nnviz.nn.layers import Dense
from nnviz.nn.losses import BinaryCrossEntropy, CrossEntropy, Identity, Logistic, MeanSquaredError, Softmax
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.optimizers import SGD, Adam

torch = pytest.importorskip("torch")
functional = torch.nn.functional

pytestmark = pytest.mark.oracle

ACTIVATIONS = {
    "relu": torch.relu,
    "leakyrelu": functional.leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
LOSSES = {
    "cross-entropy": (CrossEntropy, functional.cross_entropy),
    "binary cross-entropy": (BinaryCrossEntropy, functional.binary_cross_entropy_with_logits),
    "mse softmax": (
        lambda: MeanSquaredError(Softmax()),
        lambda z, y: functional.mse_loss(torch.softmax(z, dim=1), y),
    ),
    "mse sigmoid": (
        lambda: MeanSquaredError(Logistic()),
        lambda z, y: functional.mse_loss(torch.sigmoid(z), y),
    ),
    "mse linear": (lambda: MeanSquaredError(Identity()), functional.mse_loss),
}
OPTIMIZERS = {
    "sgd": (lambda: SGD(0.1), lambda tensors: torch.optim.SGD(tensors, lr=0.1)),
    "momentum": (
        lambda: SGD(0.05, momentum=0.9),
        lambda tensors: torch.optim.SGD(tensors, lr=0.05, momentum=0.9),
    ),
    "adam": (lambda: Adam(0.01), lambda tensors: torch.optim.Adam(tensors, lr=0.01)),
}
NETWORKS = [
    "dense 8 relu, dense 6 relu",
    "dense 8 leakyrelu, dense 6 tanh",
    "dense 8 sigmoid, dense 6",
]
# As in an epoch of 37 examples: the last batch is smaller.
BATCHES = (16, 16, 5)
INPUTS, OUTPUTS = 4, 3


class Twin:
    """A network's parameters as PyTorch tensors, and its forward pass in PyTorch."""

    def __init__(self, network, loss):
        self.kinds = [layer.kind for layer in network.layers]
        self.tensors = [torch.tensor(array, requires_grad=True) for array in network.parameters.named().values()]
        self.loss = loss

    def forward(self, x, target):
        a, tensors = torch.from_numpy(x), iter(self.tensors)
        for kind in self.kinds:
            a = a @ next(tensors) + next(tensors) if kind == "dense" else ACTIVATIONS[kind](a)
        return self.loss(a, torch.from_numpy(target))

    def flat(self, of=lambda tensor: tensor.detach()):
        return torch.cat([of(tensor).ravel() for tensor in self.tensors]).numpy()


def build(text, loss):
    ours, theirs = LOSSES[loss]
    network = Network([*parse(text), Dense(OUTPUTS)], ours(), (INPUTS,), np.random.default_rng(11), np.float64)
    return network, Twin(network, theirs)


def draw_batch(loss, n, seed):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, INPUTS))
    if loss == "mse linear":
        return x, np.sin(x[:, :OUTPUTS] * 2)
    if loss == "binary cross-entropy":
        return x, (x[:, :OUTPUTS] * x[:, -1:] > 0).astype(float)
    return x, np.eye(OUTPUTS)[np.argmax(x[:, :OUTPUTS] * x[:, -1:], axis=1)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("text", NETWORKS)
def test_loss_and_gradients_of_one_batch(text, loss):
    network, twin = build(text, loss)
    for n in (1, 16):
        x, target = draw_batch(loss, n, seed=n)
        mean = network.loss.forward(network.forward(x), target).mean
        network.backward()
        expected = twin.forward(x, target)
        for tensor in twin.tensors:
            tensor.grad = None
        expected.backward()
        assert mean == pytest.approx(expected.item(), rel=1e-12, abs=1e-12)
        gradients = twin.flat(lambda tensor: tensor.grad)
        assert np.abs(gradients).max() > 1e-3
        np.testing.assert_allclose(network.parameters.gradients, gradients, rtol=0, atol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("text", NETWORKS)
def test_hundred_training_steps(text, loss, optimizer):
    network, twin = build(text, loss)
    values = network.parameters.values
    start = values.copy()
    ours, theirs = OPTIMIZERS[optimizer][0](), OPTIMIZERS[optimizer][1](twin.tensors)
    ours.attach(values)
    losses, expected_losses = [], []
    for step in range(100):
        x, target = draw_batch(loss, BATCHES[step % len(BATCHES)], seed=step % 9)
        losses.append(network.loss.forward(network.forward(x), target).mean)
        network.backward()
        values += ours.propose(network.parameters.gradients)

        theirs.zero_grad()
        expected = twin.forward(x, target)
        expected.backward()
        theirs.step()
        expected_losses.append(expected.item())

    np.testing.assert_allclose(losses, expected_losses, rtol=0, atol=1e-10)
    np.testing.assert_allclose(values, twin.flat(), rtol=0, atol=1e-10)
    # The agreement is about a training that went somewhere.
    assert np.abs(values - start).max() > 0.01
    assert np.mean(losses[-9:]) < np.mean(losses[:9])
