"""What a watched training leaves in a directory is what happened, whatever ends it, and nobody else writes there."""

import errno
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import nnviz.live  # noqa: E402
from nnviz.errors import InputError  # noqa: E402
from nnviz.frame.series import Series  # noqa: E402
from nnviz.headless.reporting import write_report  # noqa: E402
from nnviz.live.run_log import RunLog, about  # noqa: E402
from nnviz.logs.logged_run import FINISHED, UNFINISHED, LoggedRun  # noqa: E402
from nnviz.logs.logs import logs_of  # noqa: E402
from nnviz.runs.claim import is_claimed  # noqa: E402
from tests.failing_disk import fail  # noqa: E402
from tests.waiting import wait_for  # noqa: E402

pytestmark = pytest.mark.live
MANY = 300
"""More than are kept before they are read."""


@pytest.fixture(autouse=True)
def _own_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


class Classifier:
    """A small training, and what somebody would note of it in the loop."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1, momentum=0.9)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, 0.99)
        self.losses: list[float] = []
        self.right: list[float] = []
        self.rates: list[float] = []
        self.sizes: list[tuple[float, float]] = []

    def train(self, steps: int) -> None:
        for _ in range(steps):
            inputs, labels = torch.randn(10, 4), torch.randint(0, 3, (10,))
            self.optimizer.zero_grad()
            logits = self.model(inputs)
            loss = F.cross_entropy(logits, labels)
            loss.backward()
            self.optimizer.step()
            self.losses.append(loss.item())
            self.right.append((logits.argmax(1) == labels).float().mean().item())
            self.rates.append(self.schedule.get_last_lr()[0])
            last = self.model[2].weight
            self.sizes.append((last.square().mean().sqrt().item(), last.grad.square().mean().sqrt().item()))
            self.schedule.step()


def only_run(place: Path) -> LoggedRun:
    (run,) = logs_of(place).runs
    return run


def curve(run: LoggedRun, name: str) -> Series:
    (found,) = (series for series in run.curves if series.name == name)
    return found


def at_its_steps(series: Series, taken: Sequence[float]) -> None:
    """A curve is what was taken by hand at each of the steps that it has."""
    steps = series.points["step"].astype(int)
    assert len(steps) > 0
    np.testing.assert_allclose(series.points["mean"], np.array(taken)[steps - 1], rtol=1e-5)


def test_all_that_happened_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Classifier()
    monkeypatch.chdir(tmp_path)
    watching = nnviz.live.watch(made.model, made.optimizer, "first try", out="runs/first")
    # Where a script goes later does not matter.
    monkeypatch.chdir("/")
    made.train(MANY)
    assert only_run(tmp_path / "runs").state == UNFINISHED
    assert is_claimed(tmp_path / "runs/first")
    watching.close()
    assert watching.fault is None

    run = only_run(tmp_path / "runs")
    assert (run.name, run.title, run.kind, run.state) == ("first", "first try", "PyTorch", FINISHED)
    assert run.settings["optimizer.momentum"] == "0.9"
    assert (run.settings["model"], run.settings["parameters"]) == ("Sequential", str(4 * 8 + 8 + 8 * 3 + 3))
    losses = curve(run, "train/loss")
    assert (losses.metric, losses.split, losses.total) == ("loss", "train", MANY)
    at_its_steps(losses, made.losses)
    at_its_steps(curve(run, "train/accuracy"), made.right)
    at_its_steps(curve(run, "lr"), made.rates)
    at_its_steps(curve(run, "layers/2 linear/weights"), [weights for weights, _ in made.sizes])
    at_its_steps(curve(run, "layers/2 linear/gradient"), [gradient for _, gradient in made.sizes])
    assert not is_claimed(tmp_path / "runs/first")
    assert write_report([tmp_path / "runs"], tmp_path / "report.html") == 1


def test_few_lines_for_layers_however_many_looks(tmp_path: Path) -> None:
    made = Classifier()
    log = RunLog(tmp_path / "run", about("it", made.model, [made.optimizer]))
    steps = range(1, 20_001)
    for step in steps:
        log.look(step, math.nan, [0.1, 0.2], {"a/b": {"mean": -math.inf, "weights": 1 / 3}})
    log.losses([*steps], [math.nan] * len(steps))
    log.close(FINISHED)
    run = only_run(tmp_path / "run")
    of_layers = curve(run, "layers/a/b/weights")
    assert set(run.curves[0].points["mean"]) == {0.1}
    assert {series.name for series in run.curves} >= {"lr/1", "lr/2", "layers/a/b/mean"}
    assert 500 < of_layers.total < 1000
    assert np.diff(of_layers.points["step"]).max() <= 200
    assert of_layers.latest is not None
    assert of_layers.latest.value == 0.3333333
    assert curve(run, "train/loss").total == len(steps)
    assert not np.isfinite(curve(run, "train/loss").points["mean"]).any()


def test_a_directory_that_is_taken_is_refused_and_nothing_is_watched(tmp_path: Path) -> None:
    made, taken = Classifier(), tmp_path / "taken"
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"taken: already exists and is not empty; choose another directory with out="):
        nnviz.live.watch(made.model, made.optimizer, out=taken)
    assert [path.name for path in taken.iterdir()] == ["notes.txt"]
    assert torch.autograd.backward.__module__ == "torch.autograd"
    assert not made.optimizer._optimizer_step_post_hooks
    empty = tmp_path / "empty"
    empty.mkdir()
    nnviz.live.watch(made.model, made.optimizer, out=empty).close()
    with pytest.raises(InputError, match="empty: already exists"):
        nnviz.live.watch(made.model, made.optimizer, out=empty)


def test_a_disk_that_is_full_ends_the_log_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Classifier()
    bare.train(3 * MANY)
    made, out = Classifier(), tmp_path / "run"
    watching = nnviz.live.watch(made.model, made.optimizer, out=out)
    fail("write", errno.ENOSPC, str(out), first=3, put=monkeypatch.setattr)
    made.train(3 * MANY)
    assert isinstance(watching.fault, OSError)
    assert watching.fault.errno == errno.ENOSPC
    assert watching._watch.screen.told_fault == (
        "what happens is not written down any more, and training goes on: OSError: "
        f"[Errno {errno.ENOSPC}] {os.strerror(errno.ENOSPC)}: '{out}'"
    )
    # It is looked at as before.
    assert watching._watch.shared.guard.fault is None
    assert watching.steps == 3 * MANY
    watching.close()
    for one, other in zip(bare.model.parameters(), made.model.parameters(), strict=True):
        assert torch.equal(one, other)
    lines = (out / "metrics.jsonl").read_text().splitlines(keepends=True)
    assert all(line.endswith("}\n") for line in lines)
    run = only_run(out)
    assert run.state == UNFINISHED
    assert 0 < curve(run, "train/loss").total < 3 * MANY
    at_its_steps(curve(run, "train/loss"), made.losses)


def test_of_several_processes_the_first_one_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, number, writes in (("RANK", "1", False), ("LOCAL_RANK", "1", False), ("RANK", "0", True)):
        monkeypatch.setenv(variable, number)
        made = Classifier()
        watching = nnviz.live.watch(made.model, made.optimizer, out=tmp_path / "run")
        watching.close()
        assert (tmp_path / "run").exists() is writes
        assert watching.name == f"Sequential-rank{number}.{os.getpid()}"
    monkeypatch.setenv("WORLD_SIZE", "1")
    alone = nnviz.live.watch(made.model, made.optimizer)
    alone.close()
    assert alone.name == f"Sequential.{os.getpid()}"


PROGRAM = """
import os, sys
sys.path[:0] = {path!r}
from pathlib import Path
import torch
import nnviz.live
from nnviz.runs.claim import is_claimed
from tests.live.test_run_log import Classifier

torch.set_num_threads(1)
made, out = Classifier(), Path({out!r})
watching = nnviz.live.watch(made.model, made.optimizer, out=out)
made.train(400)
if (child := os.fork()) == 0:
    # As a worker that loads examples, and ends as processes do. PyTorch itself may not compute in it.
    watching._watch.training._after_step()
    watching._watch.shared.past.log.losses([1], [1.0])
    watching.close()
    sys.exit()
os.waitpid(child, 0)
assert is_claimed(out)
assert "ended" not in (out / "watched.json").read_text()
{then}
"""


def started(out: Path, then: str) -> "subprocess.Popen[str]":
    program = PROGRAM.format(path=sys.path, out=str(out), then=then)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_process_that_is_killed_leaves_whole_lines(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with started(out, "while True: made.train(1)") as process:
        wait_for(lambda: process.poll() is not None or ((out / "metrics.jsonl").exists() and _lines(out) > 2000))
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors
    losses = []
    for line in (out / "metrics.jsonl").read_bytes().splitlines():
        record = json.loads(line)
        if "train/loss" in record:
            losses.append(record["step"])
    assert losses == [*range(1, len(losses) + 1)]
    assert only_run(out).state == UNFINISHED
    assert not is_claimed(out)


def _lines(out: Path) -> int:
    return (out / "metrics.jsonl").read_bytes().count(b"\n")


@pytest.mark.parametrize(
    ("then", "state"), [("", "finished"), ("raise ValueError", "failed"), ("raise KeyboardInterrupt", "interrupted")]
)
def test_how_it_ended(tmp_path: Path, then: str, state: str) -> None:
    with started(tmp_path / "run", then) as process:
        _, errors = process.communicate()
    assert "AssertionError" not in errors
    run = only_run(tmp_path / "run")
    assert run.state == state
    assert curve(run, "train/loss").total == 400
