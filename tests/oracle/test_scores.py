"""scikit-learn as the judge of every score: the same labels and probabilities, so the same numbers."""

import numpy as np
import pytest

metrics = pytest.importorskip("sklearn.metrics")

from nnviz.frame.task import Targets, Task  # noqa: E402
from nnviz.scores.distance import distances  # noqa: E402
from nnviz.training.evaluation import Assessment, Score, chosen_class  # noqa: E402
from nnviz.training.judgement import judge  # noqa: E402

pytestmark = pytest.mark.oracle

CLASSES = ("ant", "bee", "cow", "dog")


def judged(probabilities, labels, names):
    task = Task((2,), names)
    said = chosen_class(probabilities, task)
    confusion = metrics.confusion_matrix(labels, said, labels=range(len(names)))
    score = Score(0.0, metrics.accuracy_score(labels, said))
    return judge(Assessment(score, probabilities, np.zeros(len(labels)), confusion), labels, task), said


def drawn(classes, digits, seed):
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(300, classes))
    labels = generator.integers(0, classes, 300)
    logits[np.arange(300), labels] += 1
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.round(probabilities, digits), labels


@pytest.mark.parametrize("classes", [2, 4])
def test_of_each_class(classes):
    probabilities, labels = drawn(classes, 6, classes)
    if classes == 4:
        # One that is there and never said, and one that is said and never there.
        probabilities[:, 2], labels[labels == 3] = 0, 0
    found, said = judged(probabilities, labels, CLASSES[:classes])
    expected = metrics.precision_recall_fscore_support(labels, said, labels=range(classes), zero_division=np.nan)
    for k, score in enumerate(found.classes):
        precision, recall, f1, examples = (of[k] for of in expected)
        assert score.examples == examples
        assert (np.nan if score.precision is None else score.precision) == pytest.approx(precision, nan_ok=True)
        assert (np.nan if score.recall is None else score.recall) == pytest.approx(recall, nan_ok=True)
        assert score.f1 == pytest.approx(f1) if examples else score.f1 is None
    dummy = max(metrics.accuracy_score(labels, np.full(300, k)) for k in range(classes))
    assert found.commonest.accuracy == dummy


@pytest.mark.parametrize("digits", [1, 2, 9])
@pytest.mark.parametrize("single", [False, True])
def test_of_thresholds(digits, single):
    probabilities, labels = drawn(2, digits, digits)
    found, _ = judged(probabilities[:, 1:] if single else probabilities, labels, ("no", "yes"))
    p, curve = probabilities[:, 1], found.thresholds
    assert curve.area == pytest.approx(metrics.roc_auc_score(labels, p), abs=1e-12)
    false, true, values = metrics.roc_curve(labels, p, drop_intermediate=False)
    assert curve.values[::-1].tolist() == values[1:].tolist()
    assert curve.recall[::-1] == pytest.approx(true[1:])
    assert curve.false_positive_rate[::-1] == pytest.approx(false[1:])
    precision, recall, values = metrics.precision_recall_curve(labels, p)
    assert curve.values.tolist() == values.tolist()
    assert curve.precision == pytest.approx(precision[:-1])
    assert curve.recall == pytest.approx(recall[:-1])


def test_of_numbers():
    generator = np.random.default_rng(3)
    labels = generator.normal(size=(80, 2)) * [1, 50]
    predictions = labels + generator.normal(size=(80, 2)) * [0.5, 30]
    task = Task((2,), (), 2, Targets(("a", "b"), (0.1, 2.0), (1.0, 50.0)))
    far = distances(predictions, labels, ("a", "b"))
    found = judge(Assessment(Score(0.0, None, far), predictions, np.zeros(80), None), labels, task)
    assert found.determination == pytest.approx(metrics.r2_score(labels, predictions, multioutput="raw_values"))
    mean = np.broadcast_to([0.1, 2.0], labels.shape)
    for told, said in ((found.distances, predictions), (found.of_mean, mean)):
        rmse = metrics.root_mean_squared_error(labels, said, multioutput="raw_values")
        mae = metrics.mean_absolute_error(labels, said, multioutput="raw_values")
        assert [each.rmse for each in told] == pytest.approx(rmse)
        assert [each.mae for each in told] == pytest.approx(mae)
