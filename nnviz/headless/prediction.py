"""`nnviz predict`: what a trained network says of pictures, of arrays, of the rows of a table, or of texts."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nnviz.array import Array
from nnviz.data.file_kinds import kind_of
from nnviz.data.folder_walk import files_below, name_in
from nnviz.data.formats import found_at
from nnviz.data.left_out import told
from nnviz.data.split import Skipped
from nnviz.data.tables.table_encoding import TableEncoding
from nnviz.data.texts.text_encoding import TextEncoding
from nnviz.data.unlabelled import Unlabelled
from nnviz.errors import InputError
from nnviz.frame.task import Task
from nnviz.headless.console import json_result, note, result
from nnviz.headless.trained import trained_at
from nnviz.outside_text import printable, shown_names
from nnviz.runs.trained_network import TrainedNetwork
from nnviz.training.evaluation import chosen_class, class_probabilities, logits_of
from nnviz.training.process import prepare_process
from nnviz.wording import in_unit, listed, percent

TOLD_CLASSES = 3
DECIMALS = 3
"""Of a number of which nobody knows how large it usually is."""


class Prediction(NamedTuple):
    """What the network says of one example.

    kind           what is at the path: an image, or a file of another kind
    path           the image, the text, or the file or folder that it is a row, a line or an element of
    place          the line there, the place (from 0 on) in an array there, or None for what is all of it
    array          the array, or the file of a set of arrays, that it is an element of
    label          its class, None where numbers are predicted
    probabilities  how probable the network finds each class
    numbers        what it predicts of each number, and with how many decimals that is worth telling
    """

    kind: Literal["image", "file"]
    path: Path
    place: int | None
    array: str | None
    label: str | None
    probabilities: dict[str, float]
    numbers: dict[str, tuple[float, int]]

    @property
    def says_nothing(self) -> bool:
        """Whether weights that are not numbers have left it without any."""
        return any(map(math.isnan, self.probabilities.values()))

    @property
    def where(self) -> str:
        """The path, and the place there."""
        if self.place is None:
            return str(self.path)
        return f"{self.path} line {self.place}" if self.array is None else f"{self.path} {self.array}[{self.place}]"


def predict(run: Path, paths: Sequence[Path], tell: Callable[[Prediction], None], at_step: str | None = None) -> int:
    """Tell the prediction for each image, array's element, row or text; a folder stands for those in it.

    The network is the one that the run kept, or had at a place. Returns the exit code.

    A file that cannot be read is named on stderr, and the others are still predicted. Raises InputError if the run
    cannot be used for files at all.
    """
    prepare_process()
    trained = trained_at(run, at_step)
    if len(trained.task.input_shape) == 3:
        predictions, files = _of_pictures, list(_files(paths, _images_in))
        height, width, _ = trained.task.input_shape
        if height != width and not all(map(_is_of_arrays, files)):
            raise InputError(f"{run}: this network sees {height}×{width}, not squares; train one with --image-size")
    elif trained.encoding is not None and trained.encoding.ngrams is not None:
        predictions, files = _of_texts, list(_files(paths, _texts_in))
    elif isinstance(trained.encoding, TableEncoding):
        predictions, files = _of_rows, list(paths)
    else:
        predictions, files = _of_arrays, list(paths)
    if not files:
        raise InputError(f"{listed([str(path) for path in paths])}: nothing there that this network can read")
    exit_code = 0
    for path in files:
        try:
            for prediction in predictions(trained, path):
                tell(prediction)
        except InputError as error:
            note(str(error))
            exit_code = error.exit_code
    return exit_code


def _files(paths: Sequence[Path], found_in: Callable[[Path, list[Skipped]], Iterable[str]]) -> Iterator[Path]:
    """The files themselves, and what is `found_in` the folders among them; what is skipped there is named."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        skipped: list[Skipped] = []
        yield from map(Path, found_in(path, skipped))
        if skipped:
            note(f"{path}: {told(skipped)}")


def _images_in(folder: Path, skipped: list[Skipped]) -> Iterable[str]:
    """The images in a folder; the folder itself if it holds a set of files of arrays."""
    if _is_of_arrays(folder):
        yield str(folder)
        return
    for file in files_below(folder, folder, skipped):
        if kind_of(Path(file)) in ("image", "other"):
            yield file
        else:
            skipped.append(Skipped(name_in(file, folder), "not an image"))


def _is_of_arrays(path: Path) -> bool:
    """Whether there are arrays at a path. Raises InputError."""
    found = None if kind_of(path) == "image" or not path.exists() else found_at(path)
    return found is not None and found.format in ("idx", "cifar", "stl10", "numpy")


def _texts_in(folder: Path, skipped: list[Skipped]) -> Iterable[str]:
    from nnviz.data.texts.text_files import are_of_any_ending, texts_below

    return map(str, texts_below(folder, folder, skipped, are_of_any_ending([folder])))


def _of_pictures(trained: TrainedNetwork, path: Path) -> Iterator[Prediction]:
    """What the network says of an image file, or of each picture in a file of arrays."""
    from nnviz.data.images.image_files import read_image

    if _is_of_arrays(path):
        yield from _of_arrays(trained, path)
        return
    height, _, channels = trained.task.input_shape
    stored = read_image(path, height, grayscale=channels == 1)
    yield from _said(trained, "image", path, [None], stored[None])


def _of_arrays(trained: TrainedNetwork, path: Path) -> Iterator[Prediction]:
    from nnviz.data.arrays.unlabelled_arrays import read_examples

    found = found_at(path) if path.exists() else None
    if found is None or found.format not in ("idx", "cifar", "stl10", "numpy"):
        what = "nothing with arrays in it" if path.exists() else "no such file or folder"
        raise InputError(f"{path}: {what}; give an .npz or .npy file with what the network reads")
    for name, inputs in read_examples(found.format, found.place, trained.task.input_shape):
        yield from _said(trained, "file", path, range(len(inputs)), inputs, name)


def _of_rows(trained: TrainedNetwork, path: Path) -> Iterator[Prediction]:
    from nnviz.data.tables.unlabelled_rows import read_rows

    assert isinstance(trained.encoding, TableEncoding)
    yield from _of_unlabelled(trained, path, read_rows(path, trained.encoding))


def _of_texts(trained: TrainedNetwork, path: Path) -> Iterator[Prediction]:
    """What the network says of each row of a table if it has learnt from one; else of the file, or of its lines."""
    from nnviz.data.tables.unlabelled_rows import holds_rows
    from nnviz.data.texts.unlabelled_texts import read_lines, read_whole_file

    encoding = trained.encoding
    assert encoding is not None
    assert encoding.ngrams is not None
    if isinstance(encoding, TableEncoding) and holds_rows(path, encoding):
        yield from _of_rows(trained, path)
        return
    whole = isinstance(encoding, TextEncoding) and encoding.whole_files
    yield from _of_unlabelled(trained, path, (read_whole_file if whole else read_lines)(path, encoding.ngrams))


def _of_unlabelled(trained: TrainedNetwork, path: Path, examples: Unlabelled) -> Iterator[Prediction]:
    for line in examples.notes:
        note(f"{path}: {line}")
    yield from _said(trained, "file", path, examples.lines, examples.inputs)


def _said(
    trained: TrainedNetwork,
    kind: Literal["image", "file"],
    path: Path,
    places: Sequence[int | None],
    stored: Array,
    array: str | None = None,
) -> Iterator[Prediction]:
    """What the network says of examples (n, *input_shape) as they are stored."""
    task, loss = trained.task, trained.network.loss
    logits = logits_of(trained.network, stored, trained.encoder)
    predictions = loss.predict(logits)
    if not task.class_names:
        for place, numbers in zip(places, task.told_numbers(predictions).tolist(), strict=True):
            yield Prediction(kind, path, place, array, None, {}, _named(task, numbers))
        return
    chosen = chosen_class(predictions, task)
    # 1 / (1 + exp(−z)) is 1 minus that of −z, which keeps the digits of a small probability.
    probabilities = class_probabilities(predictions, task, loss.predict(-logits))
    for place, label, each in zip(places, chosen.tolist(), probabilities.tolist(), strict=True):
        named = dict(zip(task.class_names, each, strict=True))
        yield Prediction(kind, path, place, array, task.class_names[label], named, {})


def _named(task: Task, numbers: Sequence[float]) -> dict[str, tuple[float, int]]:
    names = task.output_names(len(numbers))
    decimals = [task.targets.decimals(k) if task.targets else DECIMALS for k in range(len(names))]
    return dict(zip(names, zip(numbers, decimals, strict=True), strict=True))


def print_json(prediction: Prediction) -> None:
    """One JSON object an image, a row or a text; what is not a number is null there."""
    where: dict[str, Any] = {prediction.kind: str(prediction.path)}
    if prediction.array is not None:
        where["array"] = prediction.array
    if prediction.place is not None:
        where["line" if prediction.array is None else "index"] = prediction.place
    if prediction.label is None:
        json_result({**where, "prediction": {name: n for name, (n, _) in prediction.numbers.items()}})
    else:
        label = None if prediction.says_nothing else prediction.label
        json_result({**where, "label": label, "probabilities": prediction.probabilities})


def print_line(prediction: Prediction) -> None:
    """One line an image, a row or a text, the most probable classes first."""
    names = tuple(prediction.numbers or prediction.probabilities)
    shown = dict(zip(names, shown_names(names), strict=True))
    if prediction.label is None:
        said = ", ".join(f"{shown[name]} {in_unit(n, decimals)}" for name, (n, decimals) in prediction.numbers.items())
    else:
        ordered = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
        likely = ", ".join(f"{shown[name]} {percent(p)}" for name, p in ordered[:TOLD_CLASSES])
        said = f"{'no class' if prediction.says_nothing else shown[prediction.label]} ({likely})"
    result(printable(f"{prediction.where}: {said}"))
