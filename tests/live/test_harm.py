"""What a watcher could do to somebody's training, and does not: copies, files, faults, signals, other processes."""

import itertools
import os
import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import torch.distributed as dist  # noqa: E402
from torch import nn  # noqa: E402

from nnviz.live.recorder import Recorder  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402
from tests.live.programs import PROGRAMS, Hand  # noqa: E402

pytestmark = pytest.mark.live


def watched(model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> Watch:
    clock = itertools.count(step=10_000)
    watch = Watch(model, optimizers, "test", None, lambda: float(next(clock)))
    watch.screen.attach(True)
    return watch


def hooks(model: nn.Module) -> int:
    return sum(len(each._forward_hooks) + len(each._forward_pre_hooks) for each in model.modules())


def test_a_model_that_is_looked_at_can_be_kept_and_opened_without_nnviz() -> None:
    made = PROGRAMS["mlp"]()
    watch = watched(made.model, list(made.optimizers))
    assert hooks(made.model) == 2 * len(list(made.model.modules()))
    kept = pickle.dumps(made.model)
    assert b"nnviz" not in kept
    torch.testing.assert_close(pickle.loads(kept)(torch.ones(2, 6)), made.model(torch.ones(2, 6)))
    watch.close()
    assert hooks(made.model) == 0
    assert torch.autograd.backward.__module__ == "torch.autograd"


def test_a_fault_of_nnviz_ends_looking_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = PROGRAMS["cnn"]()
    for i in range(3):
        bare.step(Hand(bare.model), i)
    made = PROGRAMS["cnn"]()
    watch = watched(made.model, list(made.optimizers))
    seen = itertools.count()

    def fail(*_: object) -> None:
        if next(seen) == 4:
            raise OSError("a fault")

    monkeypatch.setattr(Recorder, "_come_back", fail)
    for i in range(3):
        made.step(Hand(made.model), i)
    assert isinstance(watch.shared.guard.fault, OSError)
    assert watch.shared.steps == 3
    assert hooks(made.model) == 0
    for one, other in zip(bare.model.parameters(), made.model.parameters(), strict=True):
        assert torch.equal(one, other)
    watch.close()


def test_ctrl_c_inside_a_hook_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    made = PROGRAMS["mlp"]()
    watch = watched(made.model, list(made.optimizers))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Recorder, "_given", interrupt)
        with pytest.raises(KeyboardInterrupt):
            made.step(Hand(made.model), 0)
    assert watch.shared.guard.fault is None
    made.step(Hand(made.model), 1)
    frame = watch.screen.view(None)
    assert frame is not None
    watch.close()


def test_gradients_of_several_processes_are_the_averaged_ones(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(_train_in_one_of_two, (str(tmp_path / "meeting"),), nprocs=2)


def _train_in_one_of_two(rank: int, meeting: str) -> None:
    dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=2)
    torch.manual_seed(0)
    inner = nn.Linear(3, 1)
    model = nn.parallel.DistributedDataParallel(inner)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    watch = watched(model, [optimizer])
    inputs = torch.full((4, 3), float(rank + 1))
    for _ in range(2):
        optimizer.zero_grad()
        model(inputs).mean().backward()
        optimizer.step()
    if watch.shared.guard.fault is not None:
        raise watch.shared.guard.fault
    assert watch.screen.view(None) is not None
    assert watch.screen._camera is not None
    recording = watch.screen._camera.trace.recording
    # 1 of the one and 2 of the other.
    assert recording.gradients["module.weight"].tolist() == [[1.5] * 3]
    assert not watch.screen._camera.trace.adds_up(0)
    assert watch.screen._camera.trace.layers[0].name == "linear"
    dist.destroy_process_group()
    # Left to itself, PyTorch now and then aborts such a process as it ends, whatever it did.
    os._exit(0)
