"""R², by its closed forms."""

import numpy as np
import pytest

from nnviz.scores.distance import determination

GENERATOR = np.random.default_rng(5)
LABELS = GENERATOR.normal(size=(50, 2)) * [1, 1000] + [0, 5000]


def test_the_labels_themselves_are_perfect_and_their_mean_explains_nothing():
    assert determination(LABELS, LABELS) == (1, 1)
    assert determination(np.broadcast_to(LABELS.mean(axis=0), LABELS.shape), LABELS) == pytest.approx((0, 0))


def test_of_the_best_line_it_is_the_squared_correlation():
    x = LABELS[:, 0] + GENERATOR.normal(size=50)
    fitted = np.polyval(np.polyfit(x, LABELS[:, 0], 1), x)
    found = determination(fitted[:, None], LABELS[:, :1])[0]
    assert found == pytest.approx(np.corrcoef(x, LABELS[:, 0])[0, 1] ** 2)


def test_it_is_below_0_where_the_mean_would_be_better():
    assert determination(-LABELS, LABELS)[0] < 0


def test_there_is_none_where_labels_are_all_the_same_or_a_prediction_is_not_finite():
    labels = np.full((4, 1), 0.1)
    assert determination(labels + 1, labels) == (None,)
    assert determination(np.array([[np.inf], [1.0]]), np.array([[1.0], [2.0]])) == (None,)
    assert determination(np.array([[np.nan], [1.0]]), np.array([[1.0], [2.0]])) == (None,)
