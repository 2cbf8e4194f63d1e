"""The test of a network on examples that it never trained on, as a report for the screen."""

import numpy as np

from nnviz.data.shown_task import shown_task
from nnviz.data.split import Split
from nnviz.frame.task import Task
from nnviz.outside_text import apart, printable
from nnviz.remote import messages as m
from nnviz.training.distance import Distances, distances_of_mean
from nnviz.training.evaluation import Assessment, chosen_class, class_probabilities
from nnviz.training.text_marks import excerpt
from nnviz.training.trainer import Trainer

MISTAKES = 12
# Characters of a text that is one of them, and cells of a class's name beside it.
EXCERPT, NAME = 160, 40
# Of the picture of predicted against true numbers.
POINTS = 2000


def report(trainer: Trainer) -> m.TestReport:
    """How the network does as it is now. Raises AbandonedError if somebody would rather leave."""
    dataset = trainer.dataset
    name = next((name for name in ("test", "validation") if len(getattr(dataset, name))), None)
    if name is None:
        return m.TestReport("none", shown_task(dataset.task), 0, trainer.steps_done, 0.0, None, None, ())
    split = getattr(dataset, name)
    assessment = trainer.assess(split)
    task = shown_task(dataset.task)
    targets, shown = dataset.task.targets, slice(None, None, -(-len(split) // POINTS))
    told = dataset.task.told_numbers(assessment.predictions)
    return m.TestReport(
        split=name,
        task=task,
        examples=len(split),
        step=trainer.steps_done,
        loss=assessment.score.loss,
        accuracy=assessment.score.accuracy,
        confusion=assessment.confusion,
        mistakes=_mistakes(assessment, split, dataset.task),
        distances=_named(assessment.score.distances, task),
        of_mean=_named(distances_of_mean(targets, split.labels), task) if targets else (),
        true=split.labels[shown, 0].copy() if targets else None,
        predicted=told[shown, 0].copy() if targets else None,
    )


def _named(distances: Distances, task: Task) -> Distances:
    """The same, by the names of targets that are fit to be shown."""
    if task.targets is None:
        return distances
    return tuple(distance._replace(target=name) for distance, name in zip(distances, task.targets.names, strict=True))


def _mistakes(assessment: Assessment, split: Split, task: Task) -> tuple[m.Mistake, ...]:
    """The wrongly classified examples with the highest loss, the worst first."""
    if not task.class_names:
        return ()
    names, said = apart(shown_task(task).class_names, NAME), chosen_class(assessment.predictions, task)
    probabilities = class_probabilities(assessment.predictions, task)
    wrong = np.flatnonzero(said != split.labels)
    worst = wrong[np.argsort(-assessment.losses[wrong], kind="stable")][:MISTAKES]
    return tuple(
        m.Mistake(
            name=printable(split.names[i]),
            label=names[split.labels[i]],
            said=names[said[i]],
            probability=float(probabilities[i, said[i]]),
            loss=float(assessment.losses[i]),
            pixels=split.inputs[i].copy() if split.inputs.ndim == 4 else None,
            text=excerpt(split.texts[i], EXCERPT) if split.texts is not None else None,
        )
        for i in worst
    )
