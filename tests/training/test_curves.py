"""The numbers beside the loss curve are those of the latest step and evaluation, however long a run is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.frame.frame import CURVE_BINS
from nnviz.training.curves import curves_of, only_in_training
from nnviz.training.evaluation import Score
from nnviz.training.history import History
from nnviz.training.layer_history import LayerHistory


@given(st.integers(0, 3000), st.integers(1, 3))
def test_the_latest_numbers_are_the_latest_ones(evaluations, steps):
    history = History()
    for epoch in range(1, evaluations + 1):
        for step in range(steps):
            history.record_step(epoch + step / 10)
        history.record_evaluation(epoch * steps, epoch, 0.0, Score(1 / epoch, epoch / 3000))
    curves = curves_of(history, LayerHistory((), 1), evaluations * steps)
    assert len(curves.validation_steps) == len(curves.validation_losses) <= CURVE_BINS + 1
    assert len(curves.means) <= CURVE_BINS
    if not evaluations:
        assert (curves.latest, curves.accuracy, curves.best_step) == (None, None, None)
        return
    assert curves.latest == evaluations + (steps - 1) / 10
    assert (curves.validation_steps[-1], curves.validation_losses[-1]) == (evaluations * steps, 1 / evaluations)
    assert curves.validation_right is not None
    assert curves.validation_right.tolist() == [step / steps / 3000 for step in curves.validation_steps]
    assert curves.validation_losses.tolist() == [steps / step for step in curves.validation_steps]
    assert np.all(np.diff(curves.validation_steps) > 0)
    assert (curves.accuracy, curves.best_step, curves.best_loss) == (
        evaluations / 3000,
        evaluations * steps,
        1 / evaluations,
    )


def test_without_a_validation_split_there_is_nothing_of_one():
    history = History()
    history.record_step(0.5)
    history.record_evaluation(1, 1, 0.0, None)
    curves = curves_of(history, LayerHistory((), 1), 1)
    assert (curves.latest, curves.best_step, curves.best_loss, len(curves.validation_losses)) == (0.5, None, None, 0)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, ()),
        ({"layers": "dense 4 relu dropout 0"}, ()),
        ({"label_smoothing": 0.1}, ("smoothed labels",)),
        ({"class_weights": "balanced", "layers": "dense 4 batchnorm relu"}, ("class weights", "batch statistics")),
        ({"layers": "dense 4 relu dropout 0.5"}, ("dropout",)),
    ],
)
def test_what_only_training_has_is_told(make_trainer, settings, told):
    assert only_in_training(make_trainer(**settings)) == told


def test_pictures_that_are_changed_are_told(make_picture_trainer):
    assert only_in_training(make_picture_trainer()) == ("changed pictures", "dropout", "batch statistics")
