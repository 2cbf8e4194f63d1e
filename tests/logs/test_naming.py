"""What a curve's name says of metric and split."""

import pytest

from nnviz.logs.naming import metric_and_split


@pytest.mark.parametrize(
    ("name", "metric", "split"),
    [
        ("train/loss", "loss", "train"),
        ("Loss/train", "Loss", "train"),
        ("val_loss", "loss", "validation"),
        ("loss_val", "loss", "validation"),
        ("eval_accuracy", "accuracy", "validation"),
        ("validation accuracy", "accuracy", "validation"),
        ("Training-Loss", "Loss", "train"),
        ("test.acc", "acc", "test"),
        ("val/cls/loss", "cls/loss", "validation"),
        ("train_loss_epoch", "loss_epoch", "train"),
        ("loss", "loss", ""),
        ("train", "train", ""),
        ("metrics/mAP50(B)", "metrics/mAP50(B)", ""),
        ("value", "value", ""),
        ("latest_loss", "latest_loss", ""),
        ("interval", "interval", ""),
        ("train/", "train/", ""),
    ],
)
def test_metric_and_split(name: str, metric: str, split: str) -> None:
    assert metric_and_split(name) == (metric, split)
