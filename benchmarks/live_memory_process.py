"""Trains a small MLP and samples memory: `python -m benchmarks.live_memory_process bare|alone STEPS`; prints JSON."""

import contextlib
import gc
import json
import sys

import psutil
import torch
from torch import Tensor, nn
from torch.nn import functional

# What watching imports, it would import later: a bare training has it too.
import nnviz.live.watching  # noqa: F401
from benchmarks.live_ways import Training, alone

SAMPLES = 21
FIRST = 0.02
"""The first sample comes after such a share of all steps: caches are warm."""


def small() -> Training:
    """64-32-10 with AdamW; each batch is drawn anew."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(torch.randn(32, 64)), torch.randint(0, 10, (32,)))
        loss.backward()
        optimizer.step()
        return loss

    return Training("mlp", model, optimizer, torch.randn(32, 64), step)


def sample(step: int) -> tuple[int, ...]:
    """The step, bytes of resident memory and of what of it is no file, objects, tensors, and bytes in tensors."""
    gc.collect()
    objects = gc.get_objects()
    tensors = [each for each in objects if issubclass(type(each), Tensor)]
    numbers = sum({each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in tensors}.values())
    memory = psutil.Process().memory_info()
    return step, memory.rss, memory.rss - memory.shared, len(objects), len(tensors), numbers


def main() -> None:
    """Train, and print the samples."""
    way, steps = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    training = small()
    first = round(FIRST * steps)
    places = {first + round(place * (steps - first) / (SAMPLES - 1)) for place in range(SAMPLES)}
    found = []
    with alone(training) if way == "alone" else contextlib.nullcontext():
        for step in range(1, steps + 1):
            training.step()
            if step in places:
                found.append(sample(step))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
