"""What a path holds, told by names alone. Light to import, and nothing is read but a folder's list of names."""

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

Format = Literal["images", "texts", "idx", "cifar", "npz", "table"]

TEXT_SUFFIX = ".txt"
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".jp2")
TABLE_FILE = re.compile(r".*\.(csv|tsv)(\.gz)?")
FIRST_FILES, FIRST_FOLDERS = 500, 2000
IDX_FILE = re.compile(r"(images|labels).*(idx|ubyte)")
IDX_SET = re.compile(r"(train|t10k)-(images-idx3|labels-idx1)-ubyte")
CIFAR_10_FILE = re.compile(r"(data_batch_\d+|test_batch)\.bin")
CIFAR_100_FILE = re.compile(r"(train|test)\.bin")


def format_of(path: Path) -> Format | None:
    """The format of the folder or file at `path`, None if it is not a file that can be opened."""
    if path.is_dir():
        return _format_of_folder(path)
    if path.suffix.lower() == ".npz":
        return "npz"
    if TABLE_FILE.fullmatch(path.name.lower()):
        return "table"
    return "idx" if IDX_FILE.search(idx_key(path.name)) else None


def idx_key(name: str) -> str:
    """The name of an IDX file as its first publisher wrote it: some copies are unpacked, some have dots for dashes."""
    return name.lower().removesuffix(".gz").replace(".", "-")


def _format_of_folder(folder: Path) -> Format:
    try:
        paths = list(folder.iterdir())
    except OSError:
        return "images"  # Whose reader says what is wrong with the folder.
    if any(IDX_SET.fullmatch(idx_key(path.name)) for path in paths):
        return "idx"
    if any(CIFAR_10_FILE.fullmatch(path.name) for path in paths):
        return "cifar"
    # Other people's files, too, are called train.bin, and may lie beside folders of images.
    folders = any(path.is_dir() and not path.name.startswith(".") for path in paths)
    if not folders and any(CIFAR_100_FILE.fullmatch(path.name) for path in paths):
        return "cifar"
    return "texts" if _holds_texts(folder) else "images"


def _holds_texts(folder: Path) -> bool:
    """Whether most files, of the first that are found below the folder, are texts, and none an image.

    Beside images, texts are captions, boxes and lists of names.
    """
    first = list(islice(_files_below(folder), FIRST_FILES))
    texts = sum(name.endswith(TEXT_SUFFIX) for name in first)
    return 2 * texts > len(first) and not any(name.endswith(IMAGE_SUFFIXES) for name in first)


def _files_below(folder: Path) -> Iterator[str]:
    """The names, in small letters, of files below the folder, not of hidden ones. Links are followed, but once."""
    seen = set()
    for place, inside, files in islice(os.walk(folder, followlinks=True), FIRST_FOLDERS):
        real = os.path.realpath(place)
        if real in seen:
            inside.clear()
            continue
        seen.add(real)
        inside[:] = [name for name in inside if not name.startswith(".")]
        yield from (name.lower() for name in files if not name.startswith("."))
