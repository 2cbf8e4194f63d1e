"""Small real programs in PyTorch: each is a model, its optimizers, and what its author does in a training step."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrizations, rnn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.utils.checkpoint import checkpoint

N, CLASSES = 12, 4
PROGRAMS: dict[str, Callable[[], "Program"]] = {}


class Hand:
    """What somebody would note who wanted to know: taken in the loop itself, by no hook of nnviz.

    Of every training step: the sum of the values that backward was called on, the gradients at the end of the last
    backward pass, and how the weights are then changed.
    """

    def __init__(self, model: nn.Module) -> None:
        self._named = dict(model.named_parameters())
        self.losses: list[float] = []
        self.gradients: list[dict[str, Tensor]] = []
        self.updates: list[dict[str, Tensor]] = []
        self._sum, self._found = 0.0, {}

    def throw_away(self) -> None:
        """No update comes of the passes so far."""
        self._sum = 0.0

    def backward(self, loss: Tensor, scale: float = 1.0) -> None:
        self._before = {name: each.detach().clone() for name, each in self._named.items()}
        loss.backward()
        self._sum += float(loss.detach()) / scale
        self._found = {name: each.grad.clone() / scale for name, each in self._named.items() if each.grad is not None}

    def step(self, *optimizers: Any, closure: Callable[[], Tensor] | None = None) -> None:
        for optimizer in optimizers:
            optimizer.step(closure) if closure else optimizer.step()
        self.updates.append({name: each.detach() - self._before[name] for name, each in self._named.items()})
        self.gradients.append(self._found)
        self.losses.append(self._sum)
        self._sum = 0.0


class Program(NamedTuple):
    """`step` does one training step, the number of which it gets; `scaler` where it has one."""

    model: nn.Module
    optimizers: Sequence[Optimizer]
    step: Callable[[Hand, int], None]
    scaler: Any = None


def program(make: Callable[[], Program]) -> Callable[[], Program]:
    """One of the programs, from a fixed seed."""

    def seeded() -> Program:
        torch.manual_seed(3)
        return make()

    PROGRAMS[make.__name__] = seeded
    return seeded


def rows(i: int, *shape: int) -> Tensor:
    """The inputs of step i, by a generator of their own: what the model draws stands apart."""
    return torch.randn(N, *shape, generator=torch.Generator().manual_seed(i))


def labels(i: int) -> Tensor:
    return torch.randint(0, CLASSES, (N,), generator=torch.Generator().manual_seed(100 + i))


def classify(model: nn.Module, optimizer: Optimizer, *shape: int) -> Callable[[Hand, int], None]:
    """The plainest of loops."""

    def step(hand: Hand, i: int) -> None:
        optimizer.zero_grad()
        hand.backward(F.cross_entropy(model(rows(i, *shape)), labels(i)))
        hand.step(optimizer)

    return step


def plain(model: nn.Module, *shape: int, rate: float = 0.1) -> Program:
    optimizer = SGD(model.parameters(), rate, momentum=0.9)
    return Program(model, [optimizer], classify(model, optimizer, *shape))


@program
def mlp() -> Program:
    return plain(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, CLASSES)), 6)


@program
def mlp_with_functions() -> Program:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            # b is used without being called.
            return self.c(torch.sigmoid(F.linear(torch.relu(self.a(x)), self.b.weight, self.b.bias)))

    return plain(Net(), 6)


def convolutions(in_place: bool) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=in_place),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, stride=2, bias=False),
        nn.ReLU(inplace=in_place),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(24, CLASSES),
    )


@program
def cnn() -> Program:
    return plain(convolutions(in_place=False), 3, 10, 10)


@program
def cnn_in_place() -> Program:
    return plain(convolutions(in_place=True), 3, 10, 10)


class Block(nn.Module):
    """As ResNet has it: in place, with an addition."""

    def __init__(self, before: int, maps: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, maps, 3, 1, 1, bias=False), nn.BatchNorm2d(maps)
        self.conv2, self.bn2 = nn.Conv2d(maps, maps, 3, 1, 1, bias=False), nn.BatchNorm2d(maps)
        self.relu = nn.ReLU(inplace=True)
        self.down = nn.Conv2d(before, maps, 1, bias=False) if before != maps else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += x if self.down is None else self.down(x)
        return self.relu(y)


@program
def resnet() -> Program:
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, CLASSES)]
    return plain(nn.Sequential(nn.Conv2d(3, 4, 3), Block(4, 4), Block(4, 6), *head), 3, 8, 8)


@program
def lstm_by_its_last_state() -> Program:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.head = nn.LSTM(5, 7, batch_first=True), nn.Linear(7, CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.lstm(x)[1][0][-1])

    return plain(Net(), 3, 5)


@program
def gru_of_packed_sequences() -> Program:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru, self.head = nn.GRU(5, 7, batch_first=True), nn.Linear(7, CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            lengths = torch.arange(len(x)) % 3 + 1
            packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            return self.head(self.gru(packed)[1][-1])

    return plain(Net(), 3, 5)


@program
def transformer_with_tied_weights() -> Program:
    class Language(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.positions = nn.Embedding(11, 8), nn.Parameter(torch.randn(5, 8))
            layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(8, 11, bias=False)
            self.head.weight = self.embedding.weight

        def forward(self, tokens: Tensor) -> Tensor:
            return self.head(self.encoder(self.embedding(tokens) + self.positions))

    model = Language()
    optimizer = AdamW(model.parameters(), 0.01)

    def step(hand: Hand, i: int) -> None:
        tokens = torch.randint(0, 11, (N, 6), generator=torch.Generator().manual_seed(i))
        optimizer.zero_grad()
        hand.backward(F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()))
        hand.step(optimizer)

    return Program(model, [optimizer], step)


def checkpointed(reentrant: bool) -> Program:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.head = nn.Linear(6, 8), nn.Linear(8, CLASSES)
            self.inner = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Dropout(0.2))

        def forward(self, x: Tensor) -> Tensor:
            return self.head(checkpoint(self.inner, self.first(x), use_reentrant=reentrant))

    return plain(Net(), 6)


@program
def checkpoint_without_reentry() -> Program:
    return checkpointed(reentrant=False)


@program
def checkpoint_with_reentry() -> Program:
    return checkpointed(reentrant=True)


@program
def validation_between() -> Program:
    model = convolutions(in_place=True)
    optimizer = Adam(model.parameters(), 0.01)
    train = classify(model, optimizer, 3, 10, 10)

    def step(hand: Hand, i: int) -> None:
        model.eval()
        with torch.no_grad():
            model(rows(50 + i, 3, 10, 10))
        # Somebody who forgot no_grad, and eval too.
        model(rows(60 + i, 3, 10, 10))
        model.train()
        model(rows(70 + i, 3, 10, 10))
        train(hand, i)

    return Program(model, [optimizer], step)


@program
def accumulation_and_clipping() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    optimizer = SGD(model.parameters(), 0.5)

    def step(hand: Hand, i: int) -> None:
        optimizer.zero_grad()
        for part in range(3):
            hand.backward(F.cross_entropy(model(rows(3 * i + part, 6)), labels(3 * i + part)) / 3)
        nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        hand.step(optimizer)

    return Program(model, [optimizer], step)


@program
def nesterov_that_overwrites_gradients() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9, nesterov=True, foreach=True)
    return Program(model, [optimizer], classify(model, optimizer, 6))


@program
def lbfgs() -> Program:
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1))
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)

    def step(hand: Hand, i: int) -> None:
        def closure() -> Tensor:
            optimizer.zero_grad()
            hand.throw_away()
            loss = F.mse_loss(model(rows(i, 6)), rows(80 + i, 1))
            hand.backward(loss)
            return loss

        hand.step(optimizer, closure=closure)

    return Program(model, [optimizer], step)


@program
def average_of_weights() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    optimizer = SGD(model.parameters(), 0.1)
    train, averages = classify(model, optimizer, 6), []

    def step(hand: Hand, i: int) -> None:
        averages[:] = [deepcopy(model)]
        averages[0](rows(i, 6))
        train(hand, i)

    return Program(model, [optimizer], step)


@program
def spectral_norm() -> Program:
    first = parametrizations.spectral_norm(nn.Linear(6, 8))
    return plain(nn.Sequential(first, nn.ReLU(), nn.Linear(8, CLASSES)), 6)


@program
def outputs_in_a_dict() -> Program:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Linear(6, 8), nn.Linear(8, CLASSES)

        def forward(self, *, inputs: Tensor) -> dict[str, Tensor]:
            hidden = torch.tanh(self.body(input=inputs))
            return {"logits": self.head(hidden), "hidden": hidden}

    model = Net()
    optimizer = SGD(model.parameters(), 0.1)

    def step(hand: Hand, i: int) -> None:
        optimizer.zero_grad()
        hand.backward(F.cross_entropy(model(inputs=rows(i, 6))["logits"], labels(i)))
        hand.step(optimizer)

    return Program(model, [optimizer], step)


@program
def linear_layer_of_transformers() -> Program:
    class Conv1D(nn.Module):
        """As Hugging Face's: a linear layer whose weights are (inputs, units)."""

        def __init__(self, nf: int, nx: int) -> None:
            super().__init__()
            self.nf = nf
            self.weight, self.bias = nn.Parameter(torch.randn(nx, nf)), nn.Parameter(torch.zeros(nf))

        def forward(self, x: Tensor) -> Tensor:
            return torch.addmm(self.bias, x, self.weight)

    return plain(nn.Sequential(Conv1D(8, 6), nn.ReLU(), Conv1D(CLASSES, 8)), 6, rate=0.01)


@program
def frozen_layers() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    model[0].requires_grad_(False)
    optimizer = SGD(model[2].parameters(), 0.1)
    return Program(model, [optimizer], classify(model, optimizer, 6))


@program
def two_optimizers() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    both = [SGD(model[0].parameters(), 0.1), Adam(model[2].parameters(), 0.01)]

    def step(hand: Hand, i: int) -> None:
        model.zero_grad()
        hand.backward(F.cross_entropy(model(rows(i, 6)), labels(i)))
        hand.step(*both)

    return Program(model, both, step)


class Scaled(NamedTuple):
    """An optimizer that steps by a scaler."""

    scaler: Any
    optimizer: Optimizer

    def step(self) -> None:
        self.scaler.step(self.optimizer)
        self.scaler.update()


@program
def gradient_scaler() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    optimizer = SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def step(hand: Hand, i: int) -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.cross_entropy(model(rows(i, 6)).float(), labels(i))
        hand.backward(scaler.scale(loss), 1024.0)
        hand.step(Scaled(scaler, optimizer))

    return Program(model, [optimizer], step, scaler)


@program
def step_left_out_by_the_scaler() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    optimizer = SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def forward_and_back(hand: Hand, i: int, factor: float) -> None:
        # Somebody who keeps the memory of the gradients.
        optimizer.zero_grad(set_to_none=i == 1)
        hand.backward(scaler.scale(F.cross_entropy(model(rows(i, 6)), labels(i)) * factor), scaler.get_scale())

    def step(hand: Hand, i: int) -> None:
        for part in range(2):
            # The last one is not finite.
            forward_and_back(hand, i, float("inf") if part else 1.0)
            optimizer.zero_grad(set_to_none=i == 1) if not part else scaler.step(optimizer)
            hand.throw_away()
        scaler.update()
        forward_and_back(hand, i, 1.0)
        hand.step(Scaled(scaler, optimizer))

    return Program(model, [optimizer], step, scaler)


@program
def another_model_beside() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    judge = nn.Sequential(nn.Linear(CLASSES, 5), nn.Tanh(), nn.Linear(5, 1))
    optimizer, other = SGD(model.parameters(), 0.1), SGD(judge.parameters(), 0.1)

    def step(hand: Hand, i: int) -> None:
        optimizer.zero_grad()
        made = model(rows(i, 6))
        other.zero_grad()
        F.binary_cross_entropy_with_logits(judge(made.detach()), torch.ones(N, 1)).backward()
        other.step()
        hand.backward(F.cross_entropy(made, labels(i)) + judge(made).square().mean())
        hand.step(optimizer)
        other.zero_grad()
        judge(rows(i, CLASSES)).mean().backward()

    return Program(model, [optimizer], step)


@program
def module_called_twice() -> Program:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shared, self.head = nn.Linear(6, 6), nn.Linear(6, CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(torch.relu(self.shared(torch.relu(self.shared(x)))))

    return plain(Net(), 6)


@program
def exception_in_the_middle() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES))
    optimizer = SGD(model.parameters(), 0.1)
    train = classify(model, optimizer, 6)

    def step(hand: Hand, i: int) -> None:
        try:
            model(rows(i, 5))
        except RuntimeError:
            model(rows(90 + i, 6))
        train(hand, i)

    return Program(model, [optimizer], step)


@program
def one_logit() -> Program:
    model = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    optimizer = SGD(model.parameters(), 0.1)

    def step(hand: Hand, i: int) -> None:
        optimizer.zero_grad()
        targets = (labels(i) > 1).float()[:, None]
        hand.backward(F.binary_cross_entropy_with_logits(model(rows(i, 6)), targets))
        hand.step(optimizer)

    return Program(model, [optimizer], step)


@program
def compiled() -> Program:
    torch._dynamo.reset()
    model = torch.compile(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, CLASSES)), backend="eager")
    return plain(model, 6)


@program
def loss_in_a_row_of_one() -> Program:
    model = nn.Linear(6, 1)
    optimizer = SGD(model.parameters(), 0.1)

    def step(hand: Hand, _: int) -> None:
        optimizer.zero_grad()
        hand.backward(((model(torch.randn(N, 6)) - 1) ** 2).mean(0))
        hand.step(optimizer)

    return Program(model, [optimizer], step)
