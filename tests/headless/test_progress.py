"""What is left of a run is judged by the limit that comes first."""

from types import SimpleNamespace

import numpy as np
import pytest

from nnviz.data.batches import Batches
from nnviz.data.encoder import Encoder
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import Stopping
from nnviz.headless.progress import Bar, Lines, outlook
from nnviz.training.evaluation import Score
from nnviz.training.history import History
from nnviz.wording import duration


def batches(examples):
    """Batches of 16 of so many examples."""
    inputs = np.zeros((examples, 2), np.float32)
    split = Split(inputs, np.zeros(examples, np.int64), [""] * examples)
    return Batches(split, Encoder(Standardization.of(inputs), np.eye(2)), 16, 0)


def trainer(done, clock=0.0, examples=160, **stopping):
    """What the progress reads of a trainer after `done` steps and `clock` seconds; an epoch has 10."""
    return SimpleNamespace(
        stopping=Stopping(**{"epochs": None, **stopping}),
        steps_done=done,
        seconds=clock,
        epoch=done // 10,
        batches=batches(examples),
        history=History(),
    )


def told(kind, running, capsys):
    """What is told of a hundred steps, one in each tenth of a second."""
    now = 0.0
    progress = kind(running, lambda: now)
    for running.steps_done in range(1, 101):
        now += 0.1
        running.history.record_step(0.25)
        progress.update()
    progress.close()
    return capsys.readouterr().err


def lines_of(running, capsys):
    return told(Lines, running, capsys).splitlines()


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


def test_a_run_that_goes_on_is_as_fast_as_it_is_now(capsys):
    """What was done before took its own time."""
    running, now = trainer(50, steps=200), 0.0
    assert outlook(running, elapsed=5.0, before=50 - 25) == (0.25, pytest.approx(30.0))
    progress = Lines(running, lambda: now)
    running.history.record_step(0.25)
    running.steps_done, now = 80, 6.0
    progress.update()
    assert "80 examples/s · 24 s left" in capsys.readouterr().err


def test_a_run_that_only_a_target_can_end_has_no_outlook():
    assert outlook(trainer(50, patience=3), elapsed=5.0) is None


def test_a_log_gets_a_line_every_few_seconds_and_no_more(capsys):
    lines = lines_of(trainer(0, epochs=100), capsys)
    assert len(lines) == 3
    assert lines[0] == "nnviz: epoch 1/100 · 160 examples/s · 1:37 min left · step loss 0.250 · step 30"


def test_examples_a_second_are_those_that_were_seen(capsys):
    # Of 17, a batch has 16 and the next one 1.
    assert "· 85 examples/s ·" in lines_of(trainer(0, examples=17), capsys)[0]


def test_a_terminal_gets_a_bar_that_fits_and_goes_away_again(capsys):
    begin, *bars, end = told(Bar, trainer(0, epochs=20), capsys).split("\r")
    assert (begin, end) == ("", "\x1b[K")
    # The first tenth of a second is over at the second step, as far as such numbers can tell.
    assert 98 <= len(bars) <= 100
    assert bars[-1] == "██████░░░░░░  50% epoch 1/20 · 160 examples/s · 10 s left · step loss 0.250\x1b[K"
    assert max(len(bar.removesuffix("\x1b[K")) for bar in bars) < 80


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (Score(0.5, 0.0), "validation 0.500 0%"),
        (Score(0.5, 1.0), "validation 0.500 100%"),
        (Score(12.5, None), "validation 12.5 · step"),
    ],
)
def test_the_latest_validation_is_told_whatever_it_is(score, words, capsys):
    running = trainer(0, epochs=100)
    running.history.record_step(2.0)
    running.history.record_evaluation(10, 1, 1.0, score)
    assert words in lines_of(running, capsys)[0]


def test_the_loss_of_the_steps_is_that_since_the_latest_evaluation(capsys):
    running = trainer(0, epochs=100)
    running.history.record_step(2.0)
    running.history.record_evaluation(10, 1, 1.0, None)
    assert "step loss 0.250" in lines_of(running, capsys)[0]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (59.4, "59 s"), (59.6, "1:00 min"), (3599.7, "1:00 h"), (7500, "2:05 h")]
)
def test_durations_are_told_in_their_own_unit(seconds, words):
    assert duration(seconds) == words
