"""Schedules: by what the learning rate is multiplied at which step."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.nn.schedules import Cosine, Plateau, Schedule, StepDecay, WarmUp


def factors(schedule, steps):
    return pytest.approx([schedule.factor(step) for step in steps], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Schedule(), [1, 1, 1, 1, 1, 1, 1]),
        (StepDecay(2, 0.1), [1, 1, 0.1, 0.1, 0.01, 0.01, 0.001]),
        (Cosine(4), [1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2, 0, 0, 0]),
        (WarmUp(4, Schedule()), [0.25, 0.5, 0.75, 1, 1, 1, 1]),
        (WarmUp(1, Schedule()), [1, 1, 1, 1, 1, 1, 1]),
        (WarmUp(2, StepDecay(2, 0.1)), [0.5, 1, 0.1, 0.1, 0.01, 0.01, 0.001]),
    ],
)
def test_factors_step_by_step(schedule, expected):
    assert factors(schedule, range(7)) == expected


def test_a_plateau_lowers_the_rate_after_more_than_patience_epochs_without_progress():
    schedule, after = Plateau(patience=2, drop=0.5), []
    # 0.99995 is less than 1, but not by a ten-thousandth.
    for epoch, loss in enumerate((1.0, 1.0, 0.99995, 1.2, 1.2, 1.2, 0.8, 1.0, 1.0, 1.0, 0.8), 1):
        schedule.observe(loss, epoch)
        after.append(schedule.factor(0))
    assert after == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize(("apart", "drops"), [(1, [4, 7, 10]), (2, [5, 9]), (3, [4, 7, 10]), (5, [6])])
def test_a_plateau_counts_epochs_and_not_how_often_it_hears_of_them(apart, drops):
    """The best loss is that of epoch 1; more than two epochs later, the rate is lowered at the next report."""
    schedule, seen = Plateau(patience=2, drop=0.5), []
    for epoch in range(1, 11, apart):
        before = schedule.factor(0)
        schedule.observe(1.0, epoch)
        if schedule.factor(0) < before:
            seen.append(epoch)
    assert seen == drops


LOSSES = st.lists(st.floats(0, 2) | st.just(math.inf), max_size=20)


@given(LOSSES, LOSSES, st.integers(0, 3))
def test_a_restored_plateau_goes_on_as_the_one_that_was_saved(before, after, patience):
    saved, restored = Plateau(patience, 0.5), WarmUp(3, Plateau(patience, 0.5))
    for epoch, loss in enumerate(before):
        saved.observe(loss, epoch)
    restored.observe(0.0, 0)
    # Through JSON, as in a checkpoint, which knows no infinity.
    restored.restore(json.loads(json.dumps(saved.state(), allow_nan=False)))
    for epoch, loss in enumerate(after, len(before)):
        saved.observe(loss, epoch)
        restored.observe(loss, epoch)
        assert restored.factor(3) == saved.factor(3)
    assert restored.state() == saved.state()


def test_schedules_that_hear_nothing_remember_nothing():
    for schedule in (Schedule(), StepDecay(2, 0.1), Cosine(4), WarmUp(2, Cosine(4))):
        schedule.observe(1.0, 1)
        assert schedule.state() == {}
        schedule.restore({})
    assert WarmUp(2, Cosine(4)).kind == "cosine"
