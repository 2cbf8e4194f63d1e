"""Measures one model: `python -m benchmarks.live_process KIND SECONDS`; prints a bare step's seconds and two ratios."""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

import nnviz.live
from nnviz.live import places, wire

BLOCK_SECONDS = 0.5
FRAMES_PER_SECOND = 20


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


def trained(kind: str) -> tuple[nn.Module, torch.optim.Optimizer, Callable[[], None]]:
    """A model, its optimizer, and a training step of theirs."""
    torch.manual_seed(0)
    model, inputs, labels = network(kind)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(model(inputs).flatten(0, -2), labels).backward()
        optimizer.step()

    return model, optimizer, step


def block(step: Callable[[], None]) -> float:
    """Mean seconds of a step, over about half a second: looks are rare, and all that they take counts."""
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < BLOCK_SECONDS:
        step()
        steps += 1
    return (time.perf_counter() - began) / steps


def ratio(bare: Callable[[], None], watched: Callable[[], None], seconds: float) -> tuple[float, float]:
    """Seconds of a bare step, and what it is to a watched one's; pairs of blocks, each the other way round."""
    block(bare), block(watched)
    pairs, both = [], (bare, watched)
    for turn in range(max(2, round(seconds / BLOCK_SECONDS))):
        order = both if turn % 2 else both[::-1]
        found = {step: block(step) for step in order}
        pairs.append((found[bare], found[watched]))
    return statistics.median(b for b, _ in pairs), statistics.median(w / b for b, w in pairs)


def look(ends: threading.Event) -> None:
    """What a screen asks for."""
    connection, _ = places.connect(places.chosen("measured"))
    with connection:
        while not ends.wait(1 / FRAMES_PER_SECOND):
            wire.send(connection, wire.Look())
            wire.receive(connection, wire.Answer)


def main() -> None:
    """Measure the model of the first argument for the seconds of the second, twice."""
    kind, seconds = sys.argv[1], float(sys.argv[2])
    torch.set_num_threads(1)
    _, _, bare = trained(kind)
    model, optimizer, watched = trained(kind)
    nnviz.live.watch(model, optimizer, "measured")
    step, alone = ratio(bare, watched, seconds)
    # In this process, what the screen does with a frame would count: it is asked from another one.
    looking = _screen()
    _, attached = ratio(bare, watched, seconds)
    looking.kill()
    print(step, alone, attached)


def _screen() -> subprocess.Popen[bytes]:
    code = "import threading; from benchmarks.live_process import look; look(threading.Event())"
    screen = subprocess.Popen([sys.executable, "-c", code])
    time.sleep(8)
    return screen


if __name__ == "__main__":
    main()
