"""Of steps that are too short to hear of each, the loss curve has enough, and each loss at the step that it is of."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from nnviz.frame.frame import CURVE_BINS, Frame  # noqa: E402
from nnviz.live.past import Past  # noqa: E402
from nnviz.live.run_log import METRICS, RunLog  # noqa: E402
from nnviz.live.training_side import FEWEST_APART, HEARD_SECONDS  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402

pytestmark = pytest.mark.live
MANY = 9_000
APART = 9
"""So many of these steps are over when the next one is heard of."""
SHORT = HEARD_SECONDS / (APART - 0.5)
UNHEARD = "the loss curve has"


class Training:
    """A small training, the clock of which goes on by a time for each step."""

    def __init__(self, seconds: float) -> None:
        torch.manual_seed(0)
        self.model = nn.Linear(2, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), 1e-9)
        self.seconds, self.now = seconds, 0.0
        self.losses: list[float] = []
        self.watch = Watch(self.model, [self.optimizer], "short", clock=lambda: self.now)

    def train(self, steps: int) -> None:
        inputs = torch.ones(4, 2)
        for step in range(len(self.losses), len(self.losses) + steps):
            self.optimizer.zero_grad()
            # Each has a loss of its own, by which it is known.
            loss = F.mse_loss(self.model(inputs), torch.full((4, 1), 1e4 + step))
            loss.backward()
            self.now += self.seconds
            self.optimizer.step()
            self.losses.append(loss.item())


def heard(training: Training, steps: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which steps are heard of, counted from 1, each with its own loss."""
    found: list[tuple[int, float]] = []
    add = Past.add

    def told(past: Past, step: int, loss: float) -> bool:
        found.append((step, loss))
        return add(past, step, loss)

    with monkeypatch.context() as patched:
        patched.setattr(Past, "add", told)
        training.train(steps)
    assert [loss for _, loss in found] == [training.losses[step - 1] for step, _ in found]
    training.watch.shared.past.read()
    return [step for step, _ in found]


def test_of_short_steps_some_are_heard_and_no_part_of_the_curve_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(SHORT)
    found = np.array(heard(training, MANY, monkeypatch))
    all_heard = FEWEST_APART * CURVE_BINS
    assert found[:all_heard].tolist() == list(range(1, all_heard + 1))
    assert np.diff(found).max() == APART
    assert len(found) < MANY / 3
    curve = training.watch.shared.past.history.training
    assert training.watch.shared.steps == MANY
    assert MANY - APART < curve.steps == found[-1]
    stride, means, lows, highs = curve.binned(CURVE_BINS)
    # The loss grows from step to step: each bin has one of its own steps, and those that stand for its others.
    firsts = stride * np.arange(len(means))
    losses = np.array(training.losses + training.losses[-1:] * (stride + APART))
    assert (np.diff(losses[:MANY]) > 0).all()
    assert (lows >= losses[firsts]).all()
    assert (lows <= losses[firsts + APART - 1]).all()
    assert (highs <= losses[np.minimum(firsts + stride, MANY) - 1 + APART - 1]).all()
    assert (highs >= losses[np.minimum(firsts + stride, found[-1]) - APART]).all()
    assert ((means >= lows) & (means <= highs)).all()
    training.watch.close()


def test_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(SHORT)
    training.watch.screen.attach(True)
    found = heard(training, MANY, monkeypatch)
    frame = training.watch.screen.view(None)
    assert isinstance(frame, Frame)
    (told,) = (each for each in frame.title.caveats if UNHEARD in each)
    assert f"{len(found):,} losses of {found[-1]:,} steps" in told
    training.watch.close()


def test_steps_without_backward_are_not_told_to_be_short() -> None:
    training = Training(2 * HEARD_SECONDS)
    training.watch.screen.attach(True)
    training.train(3)
    for _ in range(3):
        for parameter in training.model.parameters():
            parameter.grad = torch.ones_like(parameter)
        training.now += training.seconds
        training.optimizer.step()
        training.losses.append(0.0)
    training.train(3)
    frame = training.watch.screen.view(None)
    assert isinstance(frame, Frame)
    assert training.watch.shared.past.losses < training.watch.shared.steps == 9
    assert not any(UNHEARD in told for told in frame.title.caveats)
    training.watch.close()


def test_of_long_steps_all_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(1.01 * HEARD_SECONDS)
    assert heard(training, 3_000, monkeypatch) == list(range(1, 3_000 + 1))
    training.watch.close()


def test_what_is_written_down_has_the_loss_of_each_step(tmp_path: Path) -> None:
    training = Training(SHORT)
    training.watch.shared.past.log = RunLog(tmp_path / "run", {})
    training.train(3_000)
    training.watch.close()
    lines = map(json.loads, (tmp_path / "run" / METRICS).read_text().splitlines())
    told = {line["step"]: line["train/loss"] for line in lines if "train/loss" in line}
    np.testing.assert_allclose([told[step] for step in range(1, 3_000 + 1)], training.losses, rtol=1e-6)


def test_where_it_is_told_to_stop_the_next_step_is_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(SHORT)
    heard(training, MANY, monkeypatch)
    watch = training.watch
    watch.screen.attach(True)
    watch.screen.pause()
    trains = threading.Thread(target=training.train, args=(APART + 1,))
    trains.start()
    assert watch.shared.gate.wait_for_stop(60)
    shown = watch.shared.shown
    watch.screen.attach(False)
    trains.join()
    assert shown is not None
    assert MANY <= shown.recording.index <= MANY + APART
    assert shown.recording.loss == training.losses[shown.recording.index]
    assert shown.recording.is_backward_over
    watch.close()


def test_gradients_thrown_away_are_counted_as_so_many_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    training = Training(SHORT)
    heard(training, MANY, monkeypatch)
    assert training.watch.shared.past.left_out == 0
    training.watch.screen.attach(True)
    for _ in range(3 * APART):
        # As one that is not finite is; the next step takes them away.
        (1e3 * training.model(torch.ones(1, 2)).sum()).backward()
        training.train(1)
    left_out = training.watch.shared.past.left_out
    assert 2 <= left_out <= 5
    frame = training.watch.screen.view(None)
    assert isinstance(frame, Frame)
    assert any(f"thrown away before an update at least {left_out} times" in told for told in frame.title.caveats)
    training.watch.close()
