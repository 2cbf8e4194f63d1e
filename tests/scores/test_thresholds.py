"""Thresholds of two classes, against a loop over all examples, and the ROC area against one over all pairs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.scores.thresholds import thresholds

# Few different ones, so that many are equal.
EXAMPLES = st.lists(st.tuples(st.sampled_from([0.0, 1e-9, 0.25, 0.5, 0.75, 1.0]), st.booleans()), min_size=1)


def of(examples):
    return thresholds(np.array([p for p, _ in examples]), np.array([positive for _, positive in examples]))


def same(share, counted, whole):
    return math.isnan(share) if not whole else share == counted / whole


@given(EXAMPLES)
def test_every_threshold_counted_one_by_one(examples):
    found = of(examples)
    assert found.values.tolist() == sorted({p for p, _ in examples})
    positives = sum(positive for _, positive in examples)
    for seen in (found, found.at(np.arange(12) / 10)):
        for k, t in enumerate(seen.values):
            said = [positive for p, positive in examples if p >= t]
            assert same(seen.precision[k], sum(said), len(said))
            assert same(seen.recall[k], sum(said), positives)
            assert same(seen.false_positive_rate[k], len(said) - sum(said), len(examples) - positives)


@given(EXAMPLES)
def test_the_area_is_the_share_of_pairs_that_are_in_order(examples):
    pairs = [(p > q) + (p == q) / 2 for p, one in examples if one for q, other in examples if not other]
    area = of(examples).area
    assert area == (sum(pairs) / len(pairs) if pairs else None)


@given(EXAMPLES)
def test_the_area_is_that_under_the_curve(examples):
    found = of(examples)
    if found.area is not None:
        across, up = (np.append(rate[::-1], 1) for rate in (found.false_positive_rate, found.recall))
        under = np.trapezoid(np.append(0, up), np.append(0, across))
        assert found.area == pytest.approx(under, abs=1e-12)
        assert found.at(np.array([0.5])).area == found.area


def test_a_guess_and_a_perfect_order():
    labels = np.array([False, True] * 50)
    assert thresholds(np.full(100, 0.3), labels).area == 0.5
    assert thresholds(labels * 0.2, labels).area == 1
    assert thresholds(labels * -0.2, labels).area == 0


def test_nothing_is_told_of_what_is_not_finite():
    assert thresholds(np.array([0.5, np.nan]), np.array([True, False])) is None
