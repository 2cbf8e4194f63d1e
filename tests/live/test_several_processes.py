"""Parameters that are spread over two processes (FSDP2): each is shown its part, and not a bit of it changes."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.distributed as dist  # noqa: E402
from torch import nn  # noqa: E402
from torch.distributed.fsdp import fully_shard  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import nnviz.live  # noqa: E402
from nnviz.errors import InputError  # noqa: E402
from nnviz.frame.focus import Focus, Quantity  # noqa: E402
from nnviz.frame.frame import Frame  # noqa: E402
from nnviz.live import places  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402
from nnviz.live.watching import Watching  # noqa: E402
from nnviz.remote.attached import AttachedTrainer  # noqa: E402
from tests.live.programs import PROGRAMS, N, Program, labels, rows  # noqa: E402

pytestmark = pytest.mark.live
PART = "The parameters are spread over several processes: what is shown of them is this process's part."
SEVERAL = "Several processes train: gradients may be the mean of all, so no example's share is told."
REPLACED = "The model's parameters were replaced after watch was called: a step where that was is not shown."
Parts = dict[str, np.ndarray]


def network() -> nn.Module:
    """Of its last layer, the second process has no row."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))


def shard(model: nn.Module) -> None:
    fully_shard(model[0])
    fully_shard(model)


def parts(tensors: dict[str, torch.Tensor]) -> Parts:
    return {name: each.detach().to_local().numpy().copy() for name, each in tensors.items()}


def train(model: nn.Module, optimizer: torch.optim.Optimizer, rank: int) -> tuple[Parts, Parts]:
    """This process's part of the gradients of the last step, and of its updates, taken by hand."""
    for step in range(3):
        optimizer.zero_grad()
        targets = (labels(step) > 1).float()[:, None]
        F.binary_cross_entropy_with_logits(model(rows(2 * step + rank, 6)), targets).backward()
        before = parts(dict(model.named_parameters()))
        gradients = parts({name: each.grad for name, each in model.named_parameters()})
        optimizer.step()
    after = parts(dict(model.named_parameters()))
    return gradients, {name: after[name] - before[name] for name in after}


def test_each_process_is_shown_its_part(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(_in_one_of_two, (str(tmp_path / "meeting"),), nprocs=2)


def _in_one_of_two(rank: int, meeting: str) -> None:
    dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=2)
    # It is spread before it is watched, and after.
    for is_before in (True, False):
        watched_and_not(rank, is_before)
    dist.destroy_process_group()
    # Left to itself, PyTorch now and then aborts such a process as it ends, whatever it did.
    os._exit(0)


def watched_and_not(rank: int, is_before: bool) -> None:
    bare = network()
    shard(bare)
    train(bare, torch.optim.SGD(bare.parameters(), 0.1), rank)

    model = network()
    if is_before:
        shard(model)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    clock = itertools.count(step=10_000)
    watch = Watch(model, [optimizer], "test", None, lambda: float(next(clock)))
    watch.screen.attach(True)
    if not is_before:
        shard(model)
        optimizer.param_groups[0]["params"] = list(model.parameters())
    gradients, updates = train(model, optimizer, rank)
    if watch.shared.guard.fault is not None:
        raise watch.shared.guard.fault
    for name, part in parts(dict(bare.named_parameters())).items():
        np.testing.assert_array_equal(parts(dict(model.named_parameters()))[name], part)
    check(watch, gradients, updates, rank)
    frame = watch.screen.view(None)
    assert isinstance(frame, Frame)
    assert {PART, SEVERAL} <= {*frame.title.caveats}
    assert (REPLACED in frame.title.caveats) == (not is_before)
    assert frame.moment.step == 2
    watch.close()


def check(watch: Watch, gradients: Parts, updates: Parts, rank: int) -> None:
    """What is recorded is what was taken by hand, and all frames can be taken."""
    for block, quantity, unit in itertools.product(range(4), Quantity, (None, 0, 7)):
        watch.screen.focus = Focus(N - 1, block, quantity, unit)
        assert watch.screen.view(None) is not None
    assert watch.screen._camera is not None
    recording = watch.screen._camera.trace.recording
    for name, update in updates.items():
        np.testing.assert_array_equal(recording.updates[name], update)
        np.testing.assert_array_equal(recording.gradients[name], gradients[name])
    assert [layer.kind for layer in watch.screen._camera.trace.layers if layer.kind != "fsdp"] == [
        "linear",
        "batchnorm1d",
        "relu",
        "linear",
    ]
    held = {each.parameter for entry in watch.screen._camera.structure.entries for each in entry.held.values()}
    assert held == {name for name, update in updates.items() if update.size}
    assert len(held) == (6 if rank == 0 else 4)


def stale() -> tuple[Watching, Program]:
    """A model that trains by another optimizer than the one that is watched."""
    made = PROGRAMS["mlp"]()
    watching = nnviz.live.watch(made.model, made.optimizers, "stale")
    # As by fully_shard: they are others from here on.
    made.model.load_state_dict({name: each.clone() for name, each in made.model.state_dict().items()}, assign=True)
    optimizer = torch.optim.SGD(made.model.parameters(), 0.1)
    for step in range(3):
        F.cross_entropy(made.model(rows(step, 6)), labels(step)).backward()
        optimizer.step()
    assert watching.steps == 0
    return watching, made


def test_an_optimizer_that_has_none_of_the_parameters_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    watching, made = stale()
    # Its own steps would move nothing.
    watching._watch.screen.attach(True)
    for step in range(3):
        F.cross_entropy(made.model(rows(step, 6)), labels(step)).backward()
        made.optimizers[0].step()
    frame = watching._watch.screen.view(None)
    assert isinstance(frame, Frame)
    assert "The optimizer has none of the model's parameters: make it after what replaces them." in frame.title.caveats
    watching.close()


def test_where_no_step_is_heard_whoever_comes_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    watching, _ = stale()
    with pytest.raises(
        InputError, match="stale: the optimizer that watch was given has none of the model's parameters"
    ):
        AttachedTrainer(places.chosen("stale"))
    watching.close()
