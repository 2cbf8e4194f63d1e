"""`nnviz test`: how good a trained network is on examples that it never trained on."""

import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.encoding import Encoding
from nnviz.data.reading import Reading
from nnviz.data.sources import TABLE_KEYS, Source, find_source, has_task, may_hold_images, open_source
from nnviz.data.split import Split, joined
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.errors import InputError
from nnviz.experiment import Data
from nnviz.frame.task import Task
from nnviz.headless.console import json_result, note, result
from nnviz.headless.reading_progress import told_reading
from nnviz.headless.skipped import tell_skipped
from nnviz.headless.trained import trained_at
from nnviz.headless.training import unseen
from nnviz.outside_text import listed_names
from nnviz.runs.digests import is_of
from nnviz.runs.trained_network import TrainedNetwork
from nnviz.scores.calibration import Calibration
from nnviz.scores.thresholds import Thresholds
from nnviz.training.assembly import ending, refuse_untellable
from nnviz.training.evaluation import Assessment, assess, finite
from nnviz.training.judgement import ClassJudgement, Judgement, beside_the_score, judge
from nnviz.training.process import prepare_process
from nnviz.training.randomness import from_seed
from nnviz.wording import count


class Tested(msgspec.Struct, frozen=True):
    """A trained network's score on one split of a source, or on `all` of it: the examples that were `scored`."""

    run: Path
    source: str
    split: str
    task: Task
    scored: Split
    assessment: Assessment
    judgement: Judgement


def score(run: Path, source: str | None, cached: bool = True, at_step: str | None = None) -> Tested:
    """Score the network of a run on the unseen examples of its own source, or of another one with the same classes.

    It is the one that the run kept, or the one that it had at a place.

    The run's source is split as it was for the run, by the run's seed; if it has changed since, a note says so. All of
    another source is scored, unless it has splits of its own. Raises InputError.
    """
    prepare_process()
    trained = trained_at(run, at_step, cached)
    with told_reading(cached) as reading:
        dataset = _open(trained, source, reading)
    tell_skipped(dataset)
    if source is None and trained.trained_on is not None and not is_of(dataset.train, trained.trained_on):
        note(
            f"{trained.experiment.data.source} has changed since the run: it is split anew, and some of the examples "
            "that are tested here may have been trained on; give others with --data"
        )
    name, split = unseen(dataset) if source is None else _unseen_of_other(trained, dataset, source)
    if not len(split):
        raise InputError(f"{dataset.name}: it has no examples for validation or test, so nothing here is unseen")
    net = trained.experiment.network
    refuse_untellable(net, ending(net, trained.task), split.labels)
    assessment = assess(trained.network, trained.task, split, trained.encoder)
    judgement = judge(assessment, split.labels, trained.task)
    return Tested(run, source or trained.experiment.data.source, name, trained.task, split, assessment, judgement)


def _unseen_of_other(trained: TrainedNetwork, dataset: Dataset, source: str) -> tuple[str, Split]:
    """What to score of a source that was given, and its name."""
    if "test" not in dataset.taken:
        return unseen(dataset)
    if os.path.abspath(source) == os.path.abspath(trained.experiment.data.source) or trained.trained_on is None:
        return unseen(dataset)
    if is_of(dataset.train, trained.trained_on):
        note(
            f"{source}: its training examples are those that the run was trained on; those that were set aside are "
            "scored"
        )
        return unseen(dataset)
    every = joined([dataset.train, dataset.validation, dataset.test])
    own = trained.experiment.data.source
    note(f"{source}: all of it, {count(len(every), 'example')}, is scored, because the run was trained on {own}")
    return "all", every


def _open(trained: TrainedNetwork, other: str | None, reading: Reading) -> Dataset:
    experiment = trained.experiment
    generator = from_seed(experiment.training.seed).splitting
    try:
        source = find_source(other or experiment.data.source)
        data = _as_trained(trained, source) if other else experiment.data
        dataset = open_source(data, generator, trained.encoding, reading, source)
    except InputError as error:
        if other:
            raise
        raise InputError(f"{error} (what the run was trained on; if it has moved, say where with --data)") from None
    if not dataset.task.fits(trained.task):
        raise InputError(
            f"{data.source}: it holds {_described(dataset.task)}; the run was trained on {_described(trained.task)}"
        )
    _check_columns(trained, dataset, data.source)
    return dataset


def _check_columns(trained: TrainedNetwork, dataset: Dataset, source: str) -> None:
    """Raises InputError if both are not numbers of the same kind: as many need not mean the same."""
    learnt, found = _kind(trained.encoding), _kind(dataset.encoding)
    if learnt != found:
        raise InputError(
            f"{source}: it holds {found}; the run was trained on {learnt}, and nothing says which is which"
        )


def _kind(encoding: Encoding | None) -> str:
    """What a network reads."""
    if encoding is not None and encoding.ngrams is not None:
        ngrams = encoding.ngrams
        return f"counts of n-grams ({ngrams.fewest} to {ngrams.most} letters, {ngrams.words} words)"
    return "columns of a table" if isinstance(encoding, TableEncoding) and encoding.features else "numbers of no table"


def _as_trained(trained: TrainedNetwork, source: Source) -> Data:
    """The other source, with its pictures made what the network sees, whatever they were in the run's own source."""
    changes: dict[str, Any] = {"source": source.name, "noise": None, "examples": None}
    if source.format != "table":
        changes |= dict.fromkeys(TABLE_KEYS)
    if not has_task(source):
        changes["task"] = None
    data = msgspec.structs.replace(trained.experiment.data, **changes)
    if not may_hold_images(data, source):
        return msgspec.structs.replace(data, image_size=None, grayscale=False)
    match trained.task.input_shape:
        case (height, width, channels) if height == width:
            return msgspec.structs.replace(data, image_size=height, grayscale=channels == 1)
    return data


def _described(task: Task) -> str:
    shape = "×".join(map(str, task.input_shape))
    what = listed_names(task.class_names) or f"{count(task.numbers, 'number')} to predict"
    return f"{what} from inputs of {shape}"


def print_json(tested: Tested) -> None:
    """The score as one JSON object."""
    json_result(_object(tested))


def _object(tested: Tested) -> dict[str, Any]:
    confusion, task = tested.assessment.confusion, tested.task
    return {
        "run": str(tested.run),
        "source": tested.source,
        "split": tested.split,
        "examples": len(tested.scored),
        **tested.assessment.score.plain(),
        **beside_the_score(tested.judgement, task),
        "classes": list(task.class_names),
        "confusion": None if confusion is None else confusion.tolist(),
        **(_of_classes(tested.judgement, task) if isinstance(tested.judgement, ClassJudgement) else {}),
    }


def _of_classes(judgement: ClassJudgement, task: Task) -> dict[str, Any]:
    """What is measured of classes, for JSON: null where there is nothing to measure it on."""
    named = zip(task.class_names, judgement.classes, strict=True)
    return {
        "each_class": [
            {
                "class": name,
                "examples": score.examples,
                "said": score.said,
                "right": score.right,
                "precision": score.precision,
                "recall": score.recall,
                "f1": score.f1,
            }
            for name, score in named
        ],
        "calibration": _calibration(judgement.calibration),
        **({"thresholds": _thresholds(judgement.thresholds, task)} if len(judgement.classes) == 2 else {}),
    }


def _calibration(calibration: Calibration | None) -> dict[str, Any] | None:
    if calibration is None:
        return None
    return {
        "confidence": calibration.confidence,
        "expected_calibration_error": calibration.error,
        "bins": [msgspec.structs.asdict(each) for each in calibration.bins],
    }


def _thresholds(thresholds: Thresholds | None, task: Task) -> dict[str, Any] | None:
    """Columns, with a row for each probability that there is."""
    if thresholds is None:
        return None
    columns = {
        "threshold": thresholds.values.astype(np.float64),
        "precision": thresholds.precision,
        "recall": thresholds.recall,
        "false_positive_rate": thresholds.false_positive_rate,
    }
    return {
        "class": task.class_names[task.positive_class],
        "roc_area": thresholds.area,
        **{name: [finite(value) for value in column.tolist()] for name, column in columns.items()},
    }


def print_report(tested: Tested) -> None:
    """The score for people."""
    from nnviz.headless.report import confusion_table, scores
    from nnviz.headless.score_report import details

    beside = {name: {tested.split: value} for name, value in beside_the_score(tested.judgement, tested.task).items()}
    parts = [
        confusion_table(tested.assessment, tested.task, tested.split),
        *details(tested.judgement, tested.task, tested.assessment.score.accuracy),
        scores({tested.split: tested.assessment.score.plain(), **beside}),
    ]
    result("\n\n".join(filter(None, parts)))
