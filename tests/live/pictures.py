"""Pictures of the screen on two PyTorch models that are watched: `python -m tests.live.pictures FOLDER`.

A ResNet of photographs, stopped after backprop, and a transformer that goes on with a text, after a step.
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from rich.color import ColorSystem
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.optim import SGD, AdamW, Optimizer

import nnviz.live
from nnviz.array import Array
from nnviz.experiment import combine
from nnviz.frame.frame import State
from nnviz.live import places
from nnviz.live.watching import Watching
from nnviz.remote.attached import AttachedTrainer
from nnviz.training.assembly import open_dataset
from nnviz.tui.app import NnvizApp

STEPS, SIZE = 200, (160, 48)
"""Training steps before somebody looks, and columns and rows of a picture."""
CONTEXT, WIDTH = 24, 32
TEXT = (
    "to be, or not to be, that is the question: whether 'tis nobler in the mind to suffer the slings and arrows of "
    "outrageous fortune, or to take arms against a sea of troubles and by opposing end them."
)


class Watched(NamedTuple):
    """A training: what is done in a step, and what watches it."""

    step: Callable[[], None]
    watching: Watching


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, given: int, wanted: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(given, wanted, 3, stride, 1, bias=False), nn.BatchNorm2d(wanted)
        self.conv2, self.bn2 = nn.Conv2d(wanted, wanted, 3, 1, 1, bias=False), nn.BatchNorm2d(wanted)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Conv2d(given, wanted, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(inner + self.shortcut(x))


class ResNet(nn.Module):
    """Of pictures of 32 × 32, in two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 1, 1)
        self.block1, self.block2, self.block3 = Block(8, 8, 1), Block(8, 16, 2), Block(16, 32, 2)
        self.fc = nn.Linear(32, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.block3(self.block2(self.block1(self.conv(x)))).mean((2, 3)))


class Transformer(nn.Module):
    """Says the last letter of a text from those before it."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        self.embedding, self.positions = nn.Embedding(letters, WIDTH), nn.Parameter(torch.randn(CONTEXT, WIDTH))
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 2 * WIDTH, 0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, letters)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(self.embedding(tokens) + self.positions).mean(1))


def photographs() -> Watched:
    """The ResNet on the photographs of pets."""
    train = open_dataset(combine({"data": {"source": "pets"}})).train
    pictures = torch.from_numpy(train.inputs / 255).float().permute(0, 3, 1, 2)
    labels = torch.from_numpy(train.labels.astype("int64"))
    model = ResNet()
    optimizer = SGD(model.parameters(), 0.02, 0.9)
    watching = nnviz.live.watch(model, optimizer, classes=["cat", "dog"])
    return Watched(lambda: _step(model, optimizer, pictures, labels), watching)


def letters() -> Watched:
    """The transformer on a text."""
    alphabet = sorted({*TEXT})
    numbers = torch.tensor([alphabet.index(letter) for letter in TEXT])
    windows = numbers.unfold(0, CONTEXT + 1, 1)
    model = Transformer(len(alphabet))
    optimizer = AdamW(model.parameters(), 0.003)

    def example(tokens: Array, _: Array | None, place: int) -> str:
        return "".join(alphabet[token] for token in tokens[place])

    watching = nnviz.live.watch(model, optimizer, classes=[f"'{letter}'" for letter in alphabet], example=example)
    return Watched(lambda: _step(model, optimizer, windows[:, :-1], windows[:, -1]), watching)


def _step(model: nn.Module, optimizer: Optimizer, inputs: Tensor, labels: Tensor) -> None:
    batch = torch.randint(0, len(inputs), (16,))
    optimizer.zero_grad()
    F.cross_entropy(model(inputs[batch]), labels[batch]).backward()
    optimizer.step()


async def _picture(watched: Watched, keys: str) -> str:
    app = NnvizApp(AttachedTrainer(places.chosen(watched.watching.name)), "", system=ColorSystem.TRUECOLOR)
    async with app.run_test(size=SIZE) as pilot:
        await app.ready.wait()
        for key in keys.split():
            await pilot.press(key)
            await pilot.pause(0.2)
            while app.screen.frame.state is State.RUNNING:  # type: ignore[attr-defined]
                await pilot.pause(0.02)
        await pilot.pause(0.2)
        return app.export_screenshot(title="nnviz")


def picture(make: Callable[[], Watched], path: Path, keys: str) -> None:
    """Train, let a screen come, press keys, and write what is to be seen then. The first key stops the training."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    watched = make()
    gate, is_over = watched.watching._watch.shared.gate, threading.Event()
    for _ in range(STEPS):
        watched.step()

    def train() -> None:
        # A step that hears of the screen and one that is looked at, the others when a key has told where to stop: the
        # picture is of that step.
        with gate.lock:
            gate.lock.wait_for(lambda: gate.is_attached or is_over.is_set())
        watched.step()
        watched.step()
        while not is_over.is_set():
            if gate.stop is not None:
                watched.step()
            is_over.wait(0.01)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        path.write_text(asyncio.run(_picture(watched, keys)))
    finally:
        is_over.set()
        watched.watching.close()
        thread.join()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    picture(photographs, folder / "watched-resnet.svg", "b")
    picture(letters, folder / "watched-transformer.svg", "enter")
