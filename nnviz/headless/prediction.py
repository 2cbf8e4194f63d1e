"""`nnviz predict`: what a trained network says of pictures."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from nnviz.data.image_files import read_image
from nnviz.errors import InputError
from nnviz.headless.console import json_result, note, printable, result
from nnviz.training.evaluation import chosen_class, class_probabilities
from nnviz.training.process import prepare_process
from nnviz.training.run import TrainedNetwork, load_run


class Prediction(NamedTuple):
    """What the network says of one picture: its class, and how probable it finds each."""

    image: Path
    label: str
    probabilities: dict[str, float]


def predict(run: Path, images: Sequence[Path], tell: Callable[[Prediction], None]) -> int:
    """Tell the prediction for each image, a folder standing for the images in it. Returns the exit code.

    An image that cannot be read is named on stderr, and the others are still predicted. Raises InputError if the
    run cannot be used for pictures at all.
    """
    prepare_process()
    trained = load_run(run)
    if len(trained.task.input_shape) != 3 or not trained.task.class_names:
        raise InputError(f"{run}: this network was not trained to tell pictures apart")
    height, width, _ = trained.task.input_shape
    if height != width:
        raise InputError(f"{run}: this network sees {height}×{width}, not squares; train one with --image-size")
    exit_code = 0
    for path in _files(images):
        try:
            tell(_predict(trained, path))
        except InputError as error:
            note(str(error))
            exit_code = error.exit_code
    return exit_code


def _files(images: Sequence[Path]) -> Iterator[Path]:
    for path in images:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        else:
            yield path


def _predict(trained: TrainedNetwork, path: Path) -> Prediction:
    task = trained.task
    height, _, channels = task.input_shape
    stored = read_image(path, height, grayscale=channels == 1)
    prediction = trained.network.predict(trained.encoder.inputs(stored[None]))
    probabilities = class_probabilities(prediction, task)[0]
    label = task.class_names[int(chosen_class(prediction, task)[0])]
    return Prediction(path, label, {name: float(p) for name, p in zip(task.class_names, probabilities, strict=True)})


def print_json(prediction: Prediction) -> None:
    """One JSON object an image."""
    json_result({**prediction._asdict(), "image": str(prediction.image)})


def print_line(prediction: Prediction) -> None:
    """One line an image, the most probable classes first."""
    ordered = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    named = ", ".join(f"{name} {p:.1%}" for name, p in ordered[:3])
    result(printable(f"{prediction.image}: {prediction.label} ({named})"))
