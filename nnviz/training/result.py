"""What came out of a run: the scores of the network that is kept, and what it cost."""

from typing import Any

from nnviz.training.distance import distances_of_mean
from nnviz.training.evaluation import plain
from nnviz.training.trainer import Trainer


def summarize(trainer: Trainer) -> dict[str, Any]:
    """Put the network into the state that is kept, score it on every split, and tell the run in one object.

    Empty splits score None. `epochs` counts finished ones. Where targets are numbers, `mean_prediction` has the
    distances of always predicting the mean of the training targets, of each target in its own unit.
    """
    kept = trainer.kept()
    steps = trainer.steps_done
    trainer.network.parameters.values[...] = kept.values
    trainer.network.parameters.statistics[...] = kept.statistics
    dataset = trainer.dataset
    examples = trainer.batches.examples_in(steps)
    result: dict[str, Any] = {
        "steps": steps,
        "epochs": steps // trainer.batches.per_epoch,
        "seconds": round(trainer.seconds, 3),
        "examples_per_second": round(examples / trainer.seconds, 1) if trainer.seconds else None,
        "parameters": trainer.network.parameters.size,
        "stopped_by": trainer.stopped_by,
        "kept_step": kept.step,
    }
    for name in ("train", "validation", "test"):
        split = getattr(dataset, name)
        score = trainer.assess(split).score if len(split) else None
        result[name] = score.plain() if score else None
    if dataset.task.targets is not None:
        result["mean_prediction"] = {
            name: plain(distances_of_mean(dataset.task.targets, split.labels)) if len(split) else None
            for name, split in (("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test))
        }
    return result
