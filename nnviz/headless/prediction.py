"""`nnviz predict`: what a trained network says of pictures, or of the rows of a table."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nnviz.data.dataset import Array, Skipped, Task
from nnviz.data.folder_walk import files_below
from nnviz.errors import InputError
from nnviz.headless.console import json_result, note, printable, result
from nnviz.training.evaluation import chosen_class, class_probabilities
from nnviz.training.evaluation import predict as predict_all
from nnviz.training.process import prepare_process
from nnviz.training.run import TrainedNetwork, load_run

TOLD_CLASSES = 3
DECIMALS = 3
"""Of a number of which nobody knows how large it usually is."""


class Prediction(NamedTuple):
    """What the network says of one example.

    path           the image, or the file that it is a row of
    line           the line there, None for an image
    label          its class, None where numbers are predicted
    probabilities  how probable the network finds each class
    numbers        what it predicts of each number, and with how many decimals that is worth telling
    """

    path: Path
    line: int | None
    label: str | None
    probabilities: dict[str, float]
    numbers: dict[str, tuple[float, int]]


def predict(run: Path, paths: Sequence[Path], tell: Callable[[Prediction], None]) -> int:
    """Tell the prediction for each image or row; a folder stands for the images in it. Returns the exit code.

    A file that cannot be read is named on stderr, and the others are still predicted. Raises InputError if the run
    cannot be used for files at all.
    """
    prepare_process()
    trained = load_run(run)
    if len(trained.task.input_shape) == 3:
        predictions, files = _of_image, list(_files(paths))
        height, width, _ = trained.task.input_shape
        if height != width:
            raise InputError(f"{run}: this network sees {height}×{width}, not squares; train one with --image-size")
    elif trained.table is not None:
        predictions, files = _of_rows, list(paths)
    else:
        raise InputError(f"{run}: this network was trained neither on pictures nor on a table; 'nnviz test' scores it")
    exit_code = 0
    for path in files:
        try:
            for prediction in predictions(trained, path):
                tell(prediction)
        except InputError as error:
            note(str(error))
            exit_code = error.exit_code
    return exit_code


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        skipped: list[Skipped] = []
        yield from map(Path, files_below(path, path, skipped))
        for skip in skipped:
            note(f"{path}: skipped {skip.name} ({skip.reason})")


def _of_image(trained: TrainedNetwork, path: Path) -> Iterator[Prediction]:
    from nnviz.data.images.image_files import read_image

    height, _, channels = trained.task.input_shape
    stored = read_image(path, height, grayscale=channels == 1)
    yield from _said(trained, path, [None], stored[None])


def _of_rows(trained: TrainedNetwork, path: Path) -> Iterator[Prediction]:
    from nnviz.data.tables.unlabelled import read_unlabelled

    assert trained.table is not None
    rows = read_unlabelled(path, trained.table)
    for told in rows.notes:
        note(f"{path}: {told}")
    yield from _said(trained, path, rows.lines, rows.inputs)


def _said(trained: TrainedNetwork, path: Path, lines: Sequence[int | None], stored: Array) -> Iterator[Prediction]:
    """What the network says of examples (n, *input_shape) as they are stored."""
    task = trained.task
    predictions = predict_all(trained.network, stored, trained.encoder)
    if not task.class_names:
        for line, numbers in zip(lines, task.told_numbers(predictions).tolist(), strict=True):
            yield Prediction(path, line, None, {}, _named(task, numbers))
        return
    chosen, probabilities = chosen_class(predictions, task), class_probabilities(predictions, task)
    for line, label, each in zip(lines, chosen.tolist(), probabilities.tolist(), strict=True):
        yield Prediction(path, line, task.class_names[label], dict(zip(task.class_names, each, strict=True)), {})


def _named(task: Task, numbers: Sequence[float]) -> dict[str, tuple[float, int]]:
    names = task.output_names(len(numbers))
    decimals = [task.targets.decimals(k) if task.targets else DECIMALS for k in range(len(names))]
    return dict(zip(names, zip(numbers, decimals, strict=True), strict=True))


def print_json(prediction: Prediction) -> None:
    """One JSON object an image or a row."""
    where: dict[str, Any] = {"image": str(prediction.path)}
    if prediction.line is not None:
        where = {"file": str(prediction.path), "line": prediction.line}
    if prediction.label is None:
        # JSON knows no infinity.
        numbers = {name: n if math.isfinite(n) else None for name, (n, _) in prediction.numbers.items()}
        json_result({**where, "prediction": numbers})
    else:
        json_result({**where, "label": prediction.label, "probabilities": prediction.probabilities})


def print_line(prediction: Prediction) -> None:
    """One line an image or a row, the most probable classes first."""
    where = f"{prediction.path}" if prediction.line is None else f"{prediction.path} line {prediction.line}"
    if prediction.label is None:
        said = ", ".join(f"{name} {n:,.{decimals}f}" for name, (n, decimals) in prediction.numbers.items())
    else:
        ordered = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
        said = f"{prediction.label} ({', '.join(f'{name} {p:.1%}' for name, p in ordered[:TOLD_CLASSES])})"
    result(printable(f"{where}: {said}"))
