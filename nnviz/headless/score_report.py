"""Class by class, how good a network is on unseen examples, as text."""

from nnviz.data.shown_task import shown_task
from nnviz.frame.task import Task
from nnviz.headless.report import table
from nnviz.insight.score_words import (
    NO_CALIBRATION,
    NO_THRESHOLDS,
    TENTHS,
    calibration_error,
    calibration_rows,
    class_rows,
    rule,
    threshold_rows,
)
from nnviz.training.judgement import ClassJudgement, Judgement


def details(judgement: Judgement, task: Task, accuracy: float | None) -> list[str]:
    """Paragraphs on each class, on thresholds of two classes, and on calibration; none where targets are numbers."""
    if not isinstance(judgement, ClassJudgement) or accuracy is None:
        return []
    names = shown_task(task).class_names
    parts = [f"each class\n{table(class_rows(judgement, names))}"]
    if len(names) == 2:
        parts.append(f"thresholds\n{_thresholds(judgement, names, task.positive_class)}")
    return [*parts, f"calibration\n{_calibration(judgement, accuracy)}"]


def _thresholds(judgement: ClassJudgement, names: tuple[str, ...], positive: int) -> str:
    thresholds = judgement.thresholds
    if thresholds is None:
        return f"  {NO_THRESHOLDS}"
    rows = table(threshold_rows(thresholds.at(TENTHS)))
    return f"  {rule(thresholds, names[positive], names[1 - positive])}\n{rows}"


def _calibration(judgement: ClassJudgement, accuracy: float) -> str:
    if judgement.calibration is None:
        return f"  {NO_CALIBRATION}"
    rows = table(calibration_rows(judgement.calibration))
    return f"  {calibration_error(judgement.calibration, accuracy)}\n{rows}"
