"""Trainings of frameworks that are looked at in every step, and what a plain loop of PyTorch's makes of the same."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from nnviz.live import watching
from nnviz.live.watched_training import Watch
from nnviz.live.watching import Watching
from tests.live.programs import Hand

SIZE, CLASSES = 6, 4
Batch = tuple[Tensor, Tensor]


@contextmanager
def looking(folder: Path) -> Iterator[None]:
    """Whatever is watched here is looked at in every step."""

    def looks(*args: Any, **kwargs: Any) -> Watch:
        watch = Watch(*args, clock=partial(next, itertools.count(step=10_000)), **kwargs)
        watch.screen.attach(True)
        return watch

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.setattr(watching, "Watch", looks)
        yield


def network() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(SIZE, 8), nn.ReLU(), nn.Tanh(), nn.Linear(8, CLASSES))


def examples(n: int, seed: int = 1) -> Batch:
    by = torch.Generator().manual_seed(seed)
    return torch.randn(n, SIZE, generator=by), torch.randint(0, CLASSES, (n,), generator=by)


def plain_loop(model: nn.Module, optimizer: torch.optim.Optimizer, steps: Sequence[Sequence[Batch]]) -> Hand:
    """Each step has one or several batches, the gradients of which are averaged."""
    hand = Hand(model)
    for step in steps:
        optimizer.zero_grad()
        for inputs, labels in step:
            hand.backward(F.cross_entropy(model(inputs), labels) / len(step))
        hand.step(optimizer)
    return hand


def check(found: Watching | None, hand: Hand, prefix: str = "") -> None:
    """The losses of all steps and the gradients and updates of the last one are those; `prefix` is before its names."""
    assert found is not None
    if found.fault is not None:
        raise found.fault
    watch = found._watch
    watch.shared.past.read()
    assert watch.shared.steps == len(hand.losses)
    np.testing.assert_allclose(watch.shared.past.history.training.means[: watch.shared.steps], hand.losses, rtol=1e-6)
    frame = watch.screen.view(None)
    assert frame is not None
    assert frame.moment.step == watch.shared.steps - 1
    assert watch.screen._camera is not None
    recording = watch.screen._camera.trace.recording
    for name, update in hand.updates[-1].items():
        np.testing.assert_array_equal(recording.updates[prefix + name], update.numpy(), err_msg=name)
    for name, gradient in hand.gradients[-1].items():
        np.testing.assert_array_equal(recording.gradients[prefix + name], gradient.numpy(), err_msg=name)
    assert not any(module._forward_hooks for _, module in watch.training._recorder._modules)


def bits(model: nn.Module) -> list[bytes]:
    """Of all that the model holds, and of the random generator."""
    return [
        *(each.detach().numpy().tobytes() for each in model.state_dict().values()),
        torch.get_rng_state().numpy().tobytes(),
    ]
