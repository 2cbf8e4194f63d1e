"""What is left of a run is judged by the limit that comes first."""

from types import SimpleNamespace

import pytest

from nnviz.experiment import Stopping
from nnviz.headless.progress import Lines, outlook
from nnviz.training.history import History
from nnviz.wording import duration


def trainer(done, clock=0.0, **stopping):
    """What the progress reads of a trainer after `done` steps and `clock` seconds; an epoch has 10."""
    return SimpleNamespace(
        stopping=Stopping(**{"epochs": None, **stopping}),
        steps_done=done,
        seconds=clock,
        epoch=done // 10,
        batches=SimpleNamespace(per_epoch=10, batch_size=16),
        history=History(),
        scores=SimpleNamespace(mean=0.25),
    )


@pytest.mark.parametrize(
    ("stopping", "share", "left"),
    [
        ({"steps": 200}, 0.25, 15.0),
        ({"epochs": 10}, 0.5, 5.0),
        ({"seconds": 16.0}, 0.25, 12.0),
        ({"steps": 200, "epochs": 10}, 0.5, 5.0),
        ({"steps": 60, "epochs": 10, "seconds": 16.0}, 50 / 60, 1.0),
    ],
)
def test_the_nearest_limit_says_what_is_left(stopping, share, left):
    ahead = outlook(trainer(50, clock=4.0, **stopping), elapsed=5.0)
    assert ahead == (pytest.approx(share), pytest.approx(left))


def test_a_run_that_only_a_target_can_end_has_no_outlook():
    assert outlook(trainer(50, patience=3), elapsed=5.0) is None


def test_a_log_gets_a_line_every_few_seconds_and_no_more(capsys, monkeypatch):
    now = 0.0
    monkeypatch.setattr("nnviz.headless.progress.time.perf_counter", lambda: now)
    running = trainer(0, epochs=100)
    lines = Lines(running)
    for running.steps_done in range(1, 101):
        now += 0.1
        lines.update()
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert told[0] == "nnviz: epoch 1/100 · 160 examples/s · 1:37 min left · loss 0.25 · step 30"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (59.4, "59 s"), (59.6, "1:00 min"), (3599.7, "1:00 h"), (7500, "2:05 h")]
)
def test_durations_are_told_in_their_own_unit(seconds, words):
    assert duration(seconds) == words
