"""What an assessment says of a network, measure by measure."""

from typing import Any, TypeAlias

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.frame.task import Task
from nnviz.scores.calibration import Calibration, calibration
from nnviz.scores.class_score import ClassScore, Commonest, class_scores, commonest
from nnviz.scores.distance import Distances, determination, distances_of_mean
from nnviz.scores.interval import Interval, wilson
from nnviz.scores.thresholds import Thresholds, thresholds
from nnviz.training.evaluation import Assessment, chosen_class, class_probabilities, plain


class ClassJudgement(msgspec.Struct, frozen=True):
    """How well classes are told.

    right        examples whose class was said
    interval     of the accuracy
    classes      in the order of the task
    calibration  None where the outputs are no probabilities
    thresholds   for saying the positive one of two classes; None for more, or where a probability is not finite
    """

    right: int
    interval: Interval
    commonest: Commonest
    classes: tuple[ClassScore, ...]
    calibration: Calibration | None
    thresholds: Thresholds | None


class NumberJudgement(msgspec.Struct, frozen=True):
    """How well numbers are told, each target by itself.

    distances      how far predictions are off
    of_mean        how far the mean of the training targets would be
    determination  R² of each, None where there is none
    """

    distances: Distances
    of_mean: Distances
    determination: tuple[float | None, ...]


Judgement: TypeAlias = ClassJudgement | NumberJudgement


def judge(assessment: Assessment, labels: Array, task: Task) -> Judgement:
    """Of an assessment of examples with these labels: (n,) classes, or (n, targets) numbers; n > 0."""
    if assessment.confusion is None:
        return _of_numbers(assessment, labels, task)
    said = chosen_class(assessment.predictions, task)
    probabilities = class_probabilities(assessment.predictions, task)
    right = said == labels
    classes = class_scores(assessment.confusion)
    two = len(classes) == 2
    return ClassJudgement(
        right=int(right.sum()),
        interval=wilson(int(right.sum()), len(labels)),
        commonest=commonest(np.array([each.examples for each in classes])),
        classes=classes,
        calibration=calibration(probabilities[np.arange(len(labels)), said], right),
        thresholds=thresholds(probabilities[:, task.positive_class], labels == task.positive_class) if two else None,
    )


def _of_numbers(assessment: Assessment, labels: Array, task: Task) -> NumberJudgement:
    told = task.told_numbers(assessment.predictions)
    of_mean = () if task.targets is None else distances_of_mean(task.targets, labels)
    return NumberJudgement(assessment.score.distances, of_mean, determination(told, labels))


def beside_the_score(judgement: Judgement, task: Task) -> dict[str, Any]:
    """What a score is to be compared with, for JSON: `accuracy_interval` and `commonest_class`, or `mean_prediction`
    and `r2`, a number, or where there are several targets, a number by the name of each.
    """
    if isinstance(judgement, ClassJudgement):
        name = task.class_names[judgement.commonest.number]
        return {
            "accuracy_interval": list(judgement.interval),
            "commonest_class": {"class": name, "accuracy": judgement.commonest.accuracy},
        }
    names = task.output_names(task.numbers)
    several = dict(zip(names, judgement.determination, strict=True))
    return {
        "mean_prediction": plain(judgement.of_mean),
        "r2": several if len(several) > 1 else judgement.determination[0],
    }
