"""`nnviz data`: what there is to learn from, as numbers for another program and as text for people."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.formats import Format
from nnviz.data.left_out import by_cause, counted, named, total
from nnviz.data.sources import BUILT_IN, Source
from nnviz.data.split import Split
from nnviz.data.splitting import SHARE
from nnviz.experiment import Data, Experiment
from nnviz.headless.console import json_result, result
from nnviz.headless.reading_progress import told_reading
from nnviz.headless.report import table
from nnviz.outside_text import apart, printable, shown_names
from nnviz.training.assembly import open_dataset
from nnviz.wording import count, in_unit, integer, trimmed

IN_WORDS: dict[Format, str] = {
    "images": "a folder of images",
    "texts": "a folder of texts",
    "idx": "IDX files, as those of MNIST",
    "cifar": "the binary files of CIFAR",
    "stl10": "the binary files of STL-10",
    "numpy": "arrays of NumPy",
    "table": "a table, a row for each example",
}
SPLITS = ("train", "validation", "test")
TOLD_CLASSES, TOLD_INPUTS = 20, 12
NAME = 30
PORTION = 512
"""Images that are looked at together."""


def built_in() -> list[dict[str, str]]:
    """Name and sentence of each source that comes with nnviz."""
    from nnviz.data.drawn.pictures import PICTURES
    from nnviz.data.drawn.plane import PLANES
    from nnviz.data.written import language, worked

    notices = {
        **{name: pictures.notice for name, pictures in PICTURES.items()},
        **{name: plane.notice for name, plane in PLANES.items()},
        "worked": worked.NOTICE,
        "language": language.NOTICE,
    }
    return [{"name": name, "notice": notices[name]} for name in BUILT_IN]


def describe(experiment: Experiment, source: Source, cached: bool) -> dict[str, Any]:
    """Open the experiment's source, and tell what is in it, in values that JSON knows.

    `source` is what was found of it, and `cached` says whether decoded images are kept for the next time. Raises
    InputError.
    """
    data = experiment.data
    with told_reading(cached) as reading:
        dataset = open_dataset(experiment, reading, source)
    task = dataset.task
    splits = {name: getattr(dataset, name) for name in SPLITS}
    told: dict[str, Any] = {
        "source": data.source,
        "name": dataset.name,
        "format": _format(data, source, dataset),
        "notice": dataset.notice,
        "input_shape": list(task.input_shape),
        "examples": {name: len(split) for name, split in splits.items()},
        "taken": list(dataset.taken),
        "seed": experiment.training.seed,
        "classes": _classes(dataset, splits),
        "targets": [] if task.targets is None else _targets(task.targets.names, splits),
        "inputs": _inputs(dataset),
        "notes": list(dataset.notes),
        "skipped": [
            {"reason": reason, "kind": kind, "count": total(skips), "names": [skip.name for skip in skips]}
            for (reason, kind), skips in by_cause(dataset.skipped).items()
        ],
    }
    training = experiment.training
    return told | {
        "settings": {
            "layers": experiment.network.layers,
            "optimizer": training.optimizer,
            "learning_rate": training.learning_rate,
            "batch_size": training.batch_size,
            "epochs": experiment.stopping.epochs,
        }
    }


def _format(data: Data, source: Source, dataset: Dataset) -> str:
    texts = _is_texts(dataset)
    if source.found is None:
        kind = "texts" if texts else "points of the plane" if dataset.feature_names else "pictures drawn by code"
        return f"built in, {kind}"
    if source.format == "table" and (texts or data.image_column is not None):
        return f"a table with {'a text' if texts else 'the name of an image'} in each row"
    return IN_WORDS[source.found.format]


def _is_texts(dataset: Dataset) -> bool:
    return dataset.encoding is not None and dataset.encoding.ngrams is not None


def _classes(dataset: Dataset, splits: dict[str, Split]) -> list[dict[str, Any]]:
    """The name of each class, and how many examples each split has of it."""
    if not dataset.class_names:
        return []
    counts = [np.bincount(split.labels, minlength=len(dataset.class_names)).tolist() for split in splits.values()]
    return [
        {"name": name, **dict(zip(splits, each, strict=True))}
        for name, *each in zip(dataset.class_names, *counts, strict=True)
    ]


def _targets(names: tuple[str, ...], splits: dict[str, Split]) -> list[dict[str, Any]]:
    """The name of each number to predict, and what values it has in each split; None where that is empty."""
    return [
        {"name": name, **{role: _spread(split.labels[:, k]) for role, split in splits.items()}}
        for k, name in enumerate(names)
    ]


def _spread(values: Array) -> dict[str, float] | None:
    """(n,) floats → where they lie."""
    if not len(values):
        return None
    wide = values.astype(np.float64)
    return {
        "min": float(wide.min()),
        "mean": float(wide.mean()),
        "max": float(wide.max()),
        "deviation": float(wide.std()),
    }


def _inputs(dataset: Dataset) -> dict[str, Any]:
    """The smallest and the largest number to train on; where inputs have names, also those of each, and its blanks."""
    inputs = dataset.train.inputs
    portions = [inputs[start : start + PORTION] for start in range(0, len(inputs), PORTION)]
    low, high = min(portion.min() for portion in portions), max(portion.max() for portion in portions)
    told = {"min": low.item(), "max": high.item()}
    if _is_texts(dataset):
        return {"kind": "counts of n-grams", **told, "features": []}
    kind = "bytes" if inputs.dtype == np.uint8 else "numbers"
    return {"kind": kind, **told, "features": list(_features(dataset))}


def _features(dataset: Dataset) -> Iterator[dict[str, Any]]:
    # Beside a column that has blanks, another one says where they are.
    beside = dataset.encoding.blank_inputs if dataset.encoding is not None else set()
    for place, name in enumerate(dataset.feature_names):
        if place not in beside:
            spread = _spread(dataset.train.inputs[:, place])
            yield {"name": name, **(spread or {}), "blanks": dataset.filled.get(name, 0)}


def print_json(told: dict[str, Any]) -> None:
    """The description as one JSON object."""
    json_result(told)


def print_built_in_json() -> None:
    """The sources that come with nnviz as one JSON object."""
    json_result({"built_in": built_in()})


def print_built_in() -> None:
    """The sources that come with nnviz, one a line."""
    width = max(map(len, BUILT_IN))
    result("\n".join(f"{source['name']:{width}}  {source['notice']}" for source in built_in()))


def print_report(told: dict[str, Any]) -> None:
    """The description for people."""
    parts = [
        _heading(told),
        printable(told["notice"]),
        _classes_table(told),
        _targets_table(told),
        _inputs_table(told),
        _left_out(told),
    ]
    result("\n\n".join(filter(None, [*parts, _settings(told["settings"])])))


def _heading(told: dict[str, Any]) -> str:
    shape = "×".join(map(integer, told["input_shape"]))
    inputs = told["inputs"]
    kind = inputs["kind"].removesuffix("s") if told["input_shape"] == [1] else inputs["kind"]
    lines = [
        f"{printable(told['name'])}: {told['format']}",
        f"  an example is {shape} {kind}, here from {_value(inputs['min'])} to {_value(inputs['max'])}",
        f"  {_counts(told['examples'])}",
        f"  {_origin(told)}",
    ]
    return "\n".join(lines)


def _value(value: float) -> str:
    return integer(value) if isinstance(value, int) else in_unit(value)


def _counts(examples: dict[str, int]) -> str:
    train, validation, test = examples.values()
    return f"{count(train, 'example')} to train on, {integer(validation)} for validation, {integer(test)} for test"


def _origin(told: dict[str, Any]) -> str:
    taken = told["taken"]
    if not taken:
        return "split as the source says"
    rest, share = f"{trimmed(100 - 200 * SHARE)}%", f"{trimmed(100 * SHARE)}%"
    both = f"split {rest} / {share} / {share}"
    said = both if len(taken) == 2 else f"{taken[0]} is {share} of what the source has to train on"
    return f"{said}, by chance (seed {told['seed']})"


def _classes_table(told: dict[str, Any]) -> str:
    classes = told["classes"]
    if not classes:
        return ""
    shown = classes if len(classes) <= TOLD_CLASSES else classes[: TOLD_CLASSES // 2]
    names = _names(shown)
    rows = [["class", *SPLITS]]
    rows += [[name, *(integer(one[role]) for role in SPLITS)] for name, one in zip(names, shown, strict=True)]
    rest = classes[len(shown) :]
    if rest:
        rows.append([f"{integer(len(rest))} more", *(_from_to([one[role] for one in rest]) for role in SPLITS)])
    rows.append([count(len(classes), "class"), *(integer(told["examples"][role]) for role in SPLITS)])
    return table(rows)


def _from_to(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return integer(low) if low == high else f"{integer(low)}–{integer(high)}"


def _names(named: list[dict[str, Any]]) -> tuple[str, ...]:
    """The names of classes, targets or inputs, cut so that they can still be told apart."""
    return apart(shown_names(tuple(one["name"] for one in named)), NAME)


def _targets_table(told: dict[str, Any]) -> str:
    columns = ("min", "mean", "max", "deviation")
    rows = [["to predict", "", *columns]]
    for name, target in zip(_names(told["targets"]), told["targets"], strict=True):
        for role in SPLITS:
            spread = target[role]
            if spread is not None:
                rows.append([name, role, *(in_unit(spread[column]) for column in columns)])
    return table(rows) if told["targets"] else ""


def _inputs_table(told: dict[str, Any]) -> str:
    features = told["inputs"]["features"]
    if not features:
        return ""
    columns = ("min", "mean", "max", "deviation")
    # Few tables have blanks, which would be a column of nothing in all others.
    blanks = ["blanks filled"] if any(feature["blanks"] for feature in features) else []
    rows = [["input", *columns, *blanks]]
    shown = features[:TOLD_INPUTS]
    for name, feature in zip(_names(shown), shown, strict=True):
        filled = [integer(feature["blanks"])] if blanks else []
        rows.append([name, *(in_unit(feature[column]) for column in columns), *filled])
    more = len(features) - TOLD_INPUTS
    return table(rows) + (f"\n  and {count(more, 'more input')}" if more > 0 else "")


def _left_out(told: dict[str, Any]) -> str:
    lines = [f"note: {note}" for note in told["notes"]]
    skipped = told["skipped"]
    if skipped:
        lines.append(f"skipped {counted((cause['kind'], cause['count']) for cause in skipped)}:")
        lines += [f"  {integer(cause['count'])} {cause['reason']}: {named(cause['names'])}" for cause in skipped]
    return "\n".join(map(printable, lines))


def _settings(settings: dict[str, Any]) -> str:
    length = "" if settings["epochs"] is None else f", {count(settings['epochs'], 'epoch')}"
    return (
        f"to be trained with: {settings['layers'] or 'no hidden layer'}; {settings['optimizer']}, learning rate "
        f"{trimmed(settings['learning_rate'])}, batches of {integer(settings['batch_size'])}{length}"
    )
