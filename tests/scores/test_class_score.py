"""Precision, recall and F1, counted one example after the other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnviz.scores.class_score import ClassScore, Commonest, class_scores, commonest

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(PAIRS)
def test_counted_by_hand(pairs):
    confusion = np.zeros((4, 4), np.int64)
    for label, said in pairs:
        confusion[label, said] += 1
    for k, score in enumerate(class_scores(confusion)):
        right = sum(label == said == k for label, said in pairs)
        examples, said = (sum(pair[place] == k for pair in pairs) for place in (0, 1))
        assert score == ClassScore(examples, said, right)
        assert score.precision == (right / said if said else None)
        assert score.recall == (right / examples if examples else None)
        if right:
            assert abs(score.f1 - 2 / (1 / score.precision + 1 / score.recall)) < 1e-12
        else:
            assert score.f1 == (0 if examples else None)


def test_nothing_is_told_of_a_class_without_examples_and_no_precision_of_one_that_is_never_said():
    never_there, never_said = class_scores(np.array([[0, 0], [3, 0]]))
    assert (never_there.precision, never_there.recall, never_there.f1) == (0, None, None)
    assert (never_said.precision, never_said.recall, never_said.f1) == (None, 0, 0)


@given(PAIRS)
def test_no_single_answer_is_right_more_often_than_the_commonest_class(pairs):
    labels = [label for label, _ in pairs]
    found = commonest(np.bincount(labels, minlength=4))
    shares = [labels.count(k) / len(labels) for k in range(4)]
    assert found == Commonest(shares.index(max(shares)), max(shares))
