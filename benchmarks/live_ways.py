"""Trainings in PyTorch that are measured, and the ways in which people look at them.

A way hangs itself on a training while its `with` lasts, and gives the training step as it then is.
"""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

import nnviz.live
from nnviz.live import places, wire

FRAMES_PER_SECOND = 20
LOG_APART = 100
"""So many steps lie between two of what is not logged at each."""
NAME = "measured"


class Training(NamedTuple):
    """A model, its optimizer, a batch, and a training step of theirs, which gives its loss."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    inputs: Tensor
    step: Callable[[], Tensor]


Step = Callable[[], object]


def network(kind: str) -> tuple[nn.Module, Tensor, Tensor]:
    """A model, a batch, and its labels."""
    if kind == "mlp":
        model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
        return model, torch.randn(64, 784), torch.randint(0, 10, (64,))
    if kind == "cnn":
        first = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)]
        second = [nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2048, 10)]
        return nn.Sequential(*first, *second), torch.randn(32, 3, 32, 32), torch.randint(0, 10, (32,))
    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    model = nn.Sequential(nn.Embedding(100, 64), body, nn.Linear(64, 100))
    tokens = torch.randint(0, 100, (32, 33))
    return model, tokens[:, :-1], tokens[:, 1:].flatten()


def trained(kind: str) -> Training:
    """Always the same of a kind."""
    torch.manual_seed(0)
    model, inputs, labels = network(kind)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(inputs).flatten(0, -2), labels)
        loss.backward()
        optimizer.step()
        return loss

    return Training(model, optimizer, inputs, step)


@contextmanager
def alone(training: Training) -> Iterator[Step]:
    """nnviz, and nobody is attached."""
    watching = nnviz.live.watch(training.model, training.optimizer, NAME)
    yield training.step
    watching.close()


@contextmanager
def attached(training: Training) -> Iterator[Step]:
    """nnviz, and a screen asks for frames; in this process, what the screen does with them would count."""
    with alone(training) as step:
        code = "import threading; from benchmarks.live_ways import look; look(threading.Event())"
        screen = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert screen.stdout is not None
        screen.stdout.readline()
        yield step
        screen.kill()
        screen.communicate()


def look(ends: threading.Event) -> None:
    """What a screen asks for; a line is printed when it has come in."""
    connection, _ = places.connect(places.chosen(NAME))
    print(flush=True)
    with connection:
        while not ends.wait(1 / FRAMES_PER_SECOND):
            wire.send(connection, wire.Look())
            wire.receive(connection, wire.Answer)


def wandb(apart: int) -> Callable[[Training], Any]:
    """Weights & Biases, offline: gradients and parameters as histograms; the loss is logged every `apart` steps."""

    @contextmanager
    def way(training: Training) -> Iterator[Step]:
        import wandb

        with tempfile.TemporaryDirectory() as folder:
            quiet = wandb.Settings(silent=True, console="off")
            run = wandb.init(project=NAME, mode="offline", dir=folder, settings=quiet)
            run.watch(training.model, log="all", log_freq=LOG_APART)
            numbers = count(1)

            def step() -> None:
                loss = training.step()
                if next(numbers) % apart == 0:
                    run.log({"loss": loss.item()})

            yield step
            run.finish()

    return way


def torchlens(apart: int) -> Callable[[Training], Any]:
    """TorchLens: every `apart` steps a forward pass of the batch is traced, and all of its activations are kept.

    It wraps torch's own functions, for the bare training too: its ratio is rather too small.
    """

    @contextmanager
    def way(training: Training) -> Iterator[Step]:
        import torchlens

        numbers = count(1)

        def step() -> None:
            training.step()
            if next(numbers) % apart == 0:
                torchlens.trace(training.model, training.inputs)

        yield step

    return way


@contextmanager
def norms(training: Training) -> Iterator[Step]:
    """Hooks by hand: `.item()` of the norm of each module's output and of each parameter's gradient, at each step."""
    found: dict[object, float] = {}

    def of_output(module: nn.Module, _: object, output: Any) -> None:
        # Attention gives its weights as well.
        first = output[0] if isinstance(output, tuple) else output
        found[module] = first.detach().norm().item()

    def of_gradient(parameter: Tensor) -> None:
        assert parameter.grad is not None
        found[parameter] = parameter.grad.norm().item()

    hooks = [module.register_forward_hook(of_output) for module in training.model.modules()]
    hooks += [each.register_post_accumulate_grad_hook(of_gradient) for each in training.model.parameters()]
    yield training.step
    for hook in hooks:
        hook.remove()


WAYS: dict[str, Callable[[Training], Any]] = {
    "alone": alone,
    "attached": attached,
    "wandb": wandb(1),
    "wandb-seldom": wandb(LOG_APART),
    "torchlens-seldom": torchlens(LOG_APART),
    "torchlens": torchlens(1),
    "norms": norms,
}
