"""Which end of a metric is the better one."""

import pytest

from nnviz.logs.goals import is_lower_better


@pytest.mark.parametrize(
    "metric", ["loss", "box_loss", "Loss", "mean_step_loss", "RMSE", "word_error", "f1_loss", "val ppl"]
)
def test_lower_is_better(metric: str) -> None:
    assert is_lower_better(metric) is True


@pytest.mark.parametrize(
    "metric", ["accuracy", "top1-acc", "metrics/mAP50(B)", "F1", "macro f1", "roc/auc", "acc5", "rougeL"]
)
def test_higher_is_better(metric: str) -> None:
    assert is_lower_better(metric) is False


@pytest.mark.parametrize(
    "metric", ["learning_rate", "epoch", "grad_norm", "lossless", "acceleration", "merry", "odd", ""]
)
def test_nobody_knows(metric: str) -> None:
    assert is_lower_better(metric) is None
