"""The test of a network on examples that it never trained on, as a report for the screen."""

import msgspec
import numpy as np

from nnviz.data.shown_task import shown_task
from nnviz.data.split import Split
from nnviz.frame.task import Task
from nnviz.outside_text import apart, printable
from nnviz.remote import messages as m
from nnviz.training.evaluation import Assessment, chosen_class, class_probabilities
from nnviz.training.judgement import ClassJudgement, Judgement, judge
from nnviz.training.text_marks import excerpt
from nnviz.training.trainer import Trainer
from nnviz.wording import in_unit

MISTAKES = 12
# Characters of a text that is one of them, and cells of a class's name beside it.
EXCERPT, NAME = 160, 40
# Of the picture of predicted against true numbers.
POINTS = 2000
HUNDREDTHS = np.arange(101) / 100


def report(trainer: Trainer) -> m.TestReport:
    """How the network does as it is now. Raises AbandonedError if somebody would rather leave."""
    dataset = trainer.dataset
    name = next((name for name in ("test", "validation") if len(getattr(dataset, name))), None)
    if name is None:
        return m.TestReport("none", shown_task(dataset.task), 0, trainer.steps_done, 0.0, None, None, ())
    split = getattr(dataset, name)
    assessment = trainer.assess(split)
    targets, shown = dataset.task.targets, slice(None, None, -(-len(split) // POINTS))
    told = dataset.task.told_numbers(assessment.predictions)
    return m.TestReport(
        split=name,
        task=shown_task(dataset.task),
        examples=len(split),
        step=trainer.steps_done,
        loss=assessment.score.loss,
        accuracy=assessment.score.accuracy,
        confusion=assessment.confusion,
        mistakes=mistakes_of(assessment, split, dataset.task),
        judgement=_shown(judge(assessment, split.labels, dataset.task)),
        true=split.labels[shown, 0].copy() if targets else None,
        predicted=told[shown, 0].copy() if targets else None,
    )


def _shown(judgement: Judgement) -> Judgement:
    """The same with as many thresholds as a screen can show."""
    if not isinstance(judgement, ClassJudgement) or judgement.thresholds is None:
        return judgement
    return msgspec.structs.replace(judgement, thresholds=judgement.thresholds.at(HUNDREDTHS))


def mistakes_of(assessment: Assessment, split: Split, task: Task) -> tuple[m.Mistake, ...]:
    """The wrongly classified examples with the highest loss, or those whose numbers are furthest off, worst first."""
    return _confused(assessment, split, task) if task.class_names else _far_off(assessment, split, task)


def _confused(assessment: Assessment, split: Split, task: Task) -> tuple[m.Mistake, ...]:
    names, said = apart(shown_task(task).class_names, NAME), chosen_class(assessment.predictions, task)
    probabilities = class_probabilities(assessment.predictions, task)
    wrong = np.flatnonzero(said != split.labels)
    worst = wrong[np.argsort(-assessment.losses[wrong], kind="stable")][:MISTAKES]
    return tuple(
        _mistake(assessment, split, i, names[split.labels[i]], names[said[i]], float(probabilities[i, said[i]]))
        for i in worst.tolist()
    )


def _far_off(assessment: Assessment, split: Split, task: Task) -> tuple[m.Mistake, ...]:
    """Of several targets the one is told that is furthest off, in its own deviations."""
    shown, told = shown_task(task).targets, task.told_numbers(assessment.predictions)
    if shown is None:
        return ()
    off = np.abs(told - split.labels) / np.array(shown.deviation)
    names, furthest = apart(shown.names, NAME), off.argmax(axis=1)
    return tuple(
        _mistake(
            assessment,
            split,
            i,
            f"{names[k]} {in_unit(float(split.labels[i, k]), shown.decimals(k))}",
            in_unit(float(told[i, k]), shown.decimals(k)),
            None,
        )
        for i in np.argsort(-off.max(axis=1), kind="stable")[:MISTAKES].tolist()
        for k in [int(furthest[i])]
    )


def _mistake(
    assessment: Assessment, split: Split, i: int, label: str, said: str, probability: float | None
) -> m.Mistake:
    return m.Mistake(
        number=i,
        name=printable(split.names[i]),
        label=label,
        said=said,
        probability=probability,
        loss=float(assessment.losses[i]),
        pixels=split.inputs[i].copy() if split.inputs.ndim == 4 else None,
        text=excerpt(split.texts[i], EXCERPT) if split.texts is not None else None,
    )
