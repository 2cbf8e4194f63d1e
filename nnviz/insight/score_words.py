"""What is told of how well a network does on examples that it never trained on: sentences, and rows of tables."""

import math

import numpy as np

from nnviz.outside_text import apart, short
from nnviz.scores.calibration import Calibration
from nnviz.scores.thresholds import Thresholds
from nnviz.training.judgement import ClassJudgement, NumberJudgement
from nnviz.wording import fixed, in_unit, integer, number, percent

# Widths of names in tables.
NAME, TARGET = 20, 24
# Where a table has a row for some thresholds only.
TENTHS = np.arange(1, 10) / 10
UNSAID, WITHOUT = "never said", "no examples"
NOT_FINITE = "not finite"
NO_CALIBRATION = "Not told: the outputs of this network are no probabilities."
NO_THRESHOLDS = "Not told: the network gives numbers that are not finite."


def beside_accuracy(judgement: ClassJudgement, names: tuple[str, ...]) -> str:
    """What an accuracy is to be compared with."""
    commonest = judgement.commonest
    return (
        f"95% interval {percent(judgement.interval.low)} to {percent(judgement.interval.high)} · "
        f"always saying {short(names[commonest.number])}, the commonest: {percent(commonest.accuracy)}"
    )


def class_rows(judgement: ClassJudgement, names: tuple[str, ...]) -> list[list[str]]:
    """A row for each class, below a row of headings."""
    rows = [["class", "examples", "said", "right", "precision", "recall", "F1"]]
    for name, score in zip(apart(names, NAME), judgement.classes, strict=True):
        counts = map(integer, (score.examples, score.said, score.right))
        shares = _share(score.precision, UNSAID), _share(score.recall, WITHOUT), _share(score.f1, WITHOUT)
        rows.append([name, *counts, *shares])
    return rows


def _share(share: float | None, instead: str) -> str:
    return instead if share is None or math.isnan(share) else percent(share)


def rule(thresholds: Thresholds, positive: str, other: str) -> str:
    """What is said at a threshold, and how well the probabilities put the two classes in order."""
    name = short(positive)
    if thresholds.area is None:
        area = f"no ROC area, as there is no {short(other if thresholds.positives else positive)}"
    else:
        area = f"ROC area {number(thresholds.area)}"
    return f"Saying {name} from p({name}) ≥ threshold on; {area}"


def threshold_rows(thresholds: Thresholds) -> list[list[str]]:
    """A row for each threshold, below a row of headings."""
    rows = [["threshold", "said", "right", "precision", "recall", "false-positive rate"]]
    said = thresholds.true_positives + thresholds.false_positives
    counts = zip(thresholds.values.tolist(), said.tolist(), thresholds.true_positives.tolist(), strict=True)
    shares = (thresholds.precision.tolist(), thresholds.recall.tolist(), thresholds.false_positive_rate.tolist())
    for (value, *whole), precision, recall, false in zip(counts, *shares, strict=True):
        told = _share(precision, UNSAID), _share(recall, WITHOUT), _share(false, WITHOUT)
        rows.append([fixed(value, 2), *map(integer, whole), *told])
    return rows


def calibration_error(calibration: Calibration, accuracy: float) -> str:
    """How far a network is from being as often right as it is sure."""
    return (
        f"{percent(calibration.confidence)} sure on average, and {percent(accuracy)} right: expected calibration error "
        f"{percent(calibration.error)}."
    )


def calibration_rows(calibration: Calibration) -> list[list[str]]:
    """A row for each bin that has examples, below a row of headings."""
    rows = [["sure by", "examples", "on average", "right"]]
    for each in calibration.bins:
        if each.confidence is not None and each.accuracy is not None:
            reach = f"{percent(each.low)} to {percent(each.high)}"
            rows.append([reach, integer(each.examples), percent(each.confidence), percent(each.accuracy)])
    return rows


def number_rows(judgement: NumberJudgement, names: tuple[str, ...]) -> list[list[str]]:
    """A row for each target, below a row of headings: how far off the network is, and always saying the mean."""
    rows = [["target", "RMSE", "(the mean)", "MAE", "(the mean)", "R²"]]
    for place, name in enumerate(apart(names, TARGET)):
        both = judgement.distances[place], *judgement.of_mean[place : place + 1]
        measures = [in_unit(getattr(of, measure)) for measure in ("rmse", "mae") for of in both]
        rows.append([name, *measures, determination(judgement.determination[place])])
    return rows


def determination(share: float | None) -> str:
    """R², where there is one."""
    return "none" if share is None else number(share)
