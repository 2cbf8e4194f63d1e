"""Trainings in PyTorch that are measured, and the ways in which people look at them.

A way hangs itself on a training while its `with` lasts, and gives the training step as it then is, and one to compare
it with.
"""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
SETTLED_SECONDS = 15.0
"""After so long, as few of short steps are heard of as ever: at the beginning it is one for each point of the curve."""
NAME = "measured"
PLAIN_BACKWARD = torch.autograd.backward


class Training(NamedTuple):
    """A model of some kind, its optimizer, a batch, and a training step of theirs, which gives its loss."""

    kind: str
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

    return Training(kind, model, optimizer, inputs, step)


class Looked(NamedTuple):
    """A training step that is looked at, and one that is not while a `rest` lasts; whether a look is going on."""

    step: Step
    bare: Step
    rest: Callable[[], AbstractContextManager[None]]
    is_busy: Callable[[], bool] = lambda: False


class StoppedClock:
    """Seconds, without those of rests."""

    def __init__(self) -> None:
        self._rested = 0.0

    def __call__(self) -> float:
        return time.perf_counter() - self._rested

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """A rest."""
        began = time.perf_counter()
        yield
        self._rested += time.perf_counter() - began


@contextmanager
def _unheard() -> Iterator[None]:
    """Backward, with nobody who hears of it."""
    heard, torch.autograd.backward = torch.autograd.backward, PLAIN_BACKWARD
    yield
    torch.autograd.backward = heard


@contextmanager
def _unhooked(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Without the hooks of an optimizer."""
    names = "_optimizer_step_pre_hooks", "_optimizer_step_post_hooks"
    hooks = [getattr(optimizer, name) for name in names]
    for name in names:
        setattr(optimizer, name, OrderedDict())
    yield
    for name, hung in zip(names, hooks, strict=True):
        setattr(optimizer, name, hung)


def beside_another(training: Training, step: Step) -> Looked:
    """Compared with the same training once more, on a model of its own."""
    return Looked(step, trained(training.kind).step, _unheard)


@contextmanager
def alone(training: Training) -> Iterator[Looked]:
    """nnviz, and nobody is attached; compared with the very same model while nothing of nnviz hangs on it.

    Two models in one process differ by more than what is to be measured, as their numbers happen to lie.
    """
    watching = nnviz.live.watch(training.model, training.optimizer, NAME)
    side, clock = watching._watch.training, StoppedClock()
    side._clock = clock
    ends = time.perf_counter() + SETTLED_SECONDS
    while time.perf_counter() < ends:
        training.step()

    @contextmanager
    def rest() -> Iterator[None]:
        with clock.stopped(), _unheard(), _unhooked(training.optimizer):
            yield

    yield Looked(training.step, training.step, rest, lambda: side._recorder.is_armed)
    watching.close()


@contextmanager
def attached(training: Training) -> Iterator[Looked]:
    """nnviz, and a screen asks for frames; in this process, what the screen does with them would count."""
    with alone(training) as looked:
        code = "import threading; from benchmarks.live_ways import look; look(threading.Event())"
        screen = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert screen.stdout is not None
        screen.stdout.readline()

        @contextmanager
        def rest() -> Iterator[None]:
            screen.send_signal(signal.SIGSTOP)
            with looked.rest():
                yield
            screen.send_signal(signal.SIGCONT)

        yield looked._replace(rest=rest)
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
    def way(training: Training) -> Iterator[Looked]:
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

            yield beside_another(training, step)
            run.finish()

    return way


def torchlens(apart: int) -> Callable[[Training], Any]:
    """TorchLens: every `apart` steps a forward pass of the batch is traced, and all of its activations are kept.

    It wraps torch's own functions, for the bare training too: its ratio is rather too small.
    """

    @contextmanager
    def way(training: Training) -> Iterator[Looked]:
        import torchlens

        numbers = count(1)

        def step() -> None:
            training.step()
            if next(numbers) % apart == 0:
                torchlens.trace(training.model, training.inputs)

        yield beside_another(training, step)

    return way


@contextmanager
def norms(training: Training) -> Iterator[Looked]:
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
    yield beside_another(training, training.step)
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
